"""Reads a ticket once more for a verification: Freshdesk's own JSON, none of our words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from connectors.errors import Gone
from connectors.freshdesk.people import People
from connectors.http import Http
from connectors.recount import RawFile, RawText, Recount
from mappings.ticket import MESSAGE_0, Attachment

_PAGE = 100


def recount(http: Http, people: People, number: int) -> Recount:
    """Return what there is of a ticket, of an archived one too. Raises Gone."""
    place = "tickets"
    try:
        ticket = http.call("GET", f"{place}/{number}", idempotent=True).json()
    except Gone:
        place = "tickets/archived"
        ticket = http.call("GET", f"{place}/{number}", idempotent=True).json()
    said = list(_conversations(http, f"{place}/{number}/conversations"))
    first = RawText(
        MESSAGE_0,
        str(ticket.get("description") or ""),
        public=True,
        ends=people.signature(ticket.get("responder_id")),
    )
    texts = [first, *(_text(people, row) for row in said)]
    files = [file for row in (ticket, *said) for file in _files(row.get("attachments") or ())]
    return Recount(tuple(texts), tuple(files))


def _conversations(http: Http, path: str) -> Iterator[dict[str, Any]]:
    page = 1
    while True:
        asked = {"per_page": _PAGE, "page": page}
        rows = http.call("GET", path, idempotent=True, params=asked).json()
        yield from rows
        if len(rows) < _PAGE:
            return
        page += 1


def _text(people: People, row: Mapping[str, Any]) -> RawText:
    who = row.get("user_id")
    people.person(who)  # whose signature is known then
    text, public = str(row.get("body") or ""), not row.get("private")
    return RawText(str(row["id"]), text, public=public, ends=people.signature(who))


def _files(rows: Iterable[Mapping[str, Any]]) -> Iterator[RawFile]:
    for row in rows:
        size = int(row.get("size") or row.get("file_size") or 0)
        address = str(row.get("attachment_url") or "")
        name = str(row.get("name") or "")
        yield RawFile(
            name, size, Attachment(str(row.get("id")), name, "", size, inline=False, location=address)
        )
