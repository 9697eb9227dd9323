"""Reads a ticket once more for a verification: Freshdesk's own JSON, none of our words."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from connectors.errors import Gone
from connectors.freshdesk.files import FILE_HOSTS, files
from connectors.freshdesk.people import People
from connectors.http import Http
from connectors.recount import RawFile, RawText, Recount
from mappings.ticket import MESSAGE_0, Attachment

_PAGE = 100
_IMG = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_SRC = re.compile(r"(?<![\w-])src\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_KEPT = re.compile(r"/inline/attachment$|/data/helpdesk/attachments/")
"""What the addresses of pictures look like that Freshdesk keeps itself."""


def recount(http: Http, people: People, url: str, number: int) -> Recount:
    """Return what there is of a ticket, of an archived one too; `url` is the account's. Raises Gone."""
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
    beside = [file for row in (ticket, *said) for file in _files(row.get("attachments") or ())]
    inside = {picture.file.location: picture for text in texts for picture in _pictures(text.text, url)}
    return Recount(tuple(texts), (*beside, *inside.values()))


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


def _pictures(body: str, url: str) -> Iterator[RawFile]:
    """Yield the pictures inside a text that Freshdesk keeps; no list of it names them (freshdesk-api 5.5)."""
    for tag in _IMG.findall(body):
        found = _SRC.search(tag)
        address = html.unescape(found[1] or found[2] or "") if found else ""
        try:
            parts = urlsplit(urljoin(f"{url}/", address))
        except ValueError:
            continue
        ours = parts.netloc == urlsplit(url).netloc or parts.hostname in FILE_HOSTS
        if address and ours and _KEPT.search(parts.path):
            # It is called as the copying called it: so are the reasons for what was left out.
            known = next(iter(files((), tag, url)), None)
            id, name = (known.id, known.name) if known else (address, "a picture in a text")
            yield RawFile(name, None, Attachment(id, name, "", None, inline=True, location=address))
