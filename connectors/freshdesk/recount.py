"""Reads a ticket once more for a verification: Freshdesk's own JSON, none of our words."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from connectors.base import ConnectionConfig
from connectors.capabilities import Part
from connectors.errors import Gone, Rejected
from connectors.freshdesk.files import FILE_HOSTS, files
from connectors.freshdesk.people import People
from connectors.http import Http
from connectors.recount import RawFile, RawRating, RawText, RawTime, RawValue, Recount
from mappings.ticket import MESSAGE_0, Attachment, Field, Mood, PersonRole

FURTHER: Mapping[str, int] = {Part.TIME: 1}
"""Calls beyond the ticket and its texts."""
_PAGE = 100
_IMG = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_SRC = re.compile(r"(?<![\w-])src\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_KEPT = re.compile(r"/inline/attachment$|/data/helpdesk/attachments/")
"""What the addresses of pictures look like that Freshdesk keeps itself."""


def recount(
    http: Http, people: People, config: ConnectionConfig, number: int, also: frozenset[Part]
) -> Recount:
    """Return what there is of a ticket, of an archived one too. Raises Gone."""
    place = "tickets"
    try:
        ticket = http.call("GET", f"{place}/{number}", idempotent=True).json()
    except Gone:
        place = "tickets/archived"
        ticket = http.call("GET", f"{place}/{number}", idempotent=True).json()
    said = list(_pages(http, f"{place}/{number}/conversations", {}))
    first = RawText(
        MESSAGE_0,
        str(ticket.get("description") or ""),
        public=True,
        ends=people.signature(ticket.get("responder_id")),
    )
    texts = [first, *(_text(people, row) for row in said)]
    beside = [file for row in (ticket, *said) for file in _files(row.get("attachments") or ())]
    inside = {
        picture.file.location: picture for text in texts for picture in _pictures(text.text, config.url)
    }
    return Recount(
        tuple(texts),
        (*beside, *inside.values()),
        fields=dict(_fields(ticket, people, config)),
        times=_booked(http, people, number) if Part.TIME in also else None,
    )


def rated(http: Http, since: datetime) -> Iterator[RawRating]:
    """Yield what customers thought since then, as the account's list tells it; none without surveys.

    The first scale has 1 to 3, the later one hundreds: above a hundred is happy, below nothing is not
    (freshdesk-api 6.10). What is on neither tells nothing.
    """
    asked = {"created_since": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}
    try:
        for row in _pages(http, "surveys/satisfaction_ratings", asked):
            answers: Mapping[str, int] = row.get("ratings") or {}
            told = answers.get("default_question", next(iter(answers.values()), 0))
            mood = _MOODS.get(told) or (Mood.HAPPY if 100 < told < 104 else None)
            mood = mood or (Mood.UNHAPPY if -104 < told < -100 else None)
            if row.get("ticket_id") is not None and mood is not None:
                at, text = datetime.fromisoformat(row["created_at"]), str(row.get("feedback") or "")
                yield RawRating(str(row["ticket_id"]), str(row["id"]), mood, text, at)
    except Rejected as error:
        if not error.text.startswith("403"):
            raise


_MOODS = {1: Mood.HAPPY, 2: Mood.NEUTRAL, 3: Mood.UNHAPPY, 100: Mood.NEUTRAL}


def _fields(
    ticket: Mapping[str, Any], people: People, config: ConnectionConfig
) -> Iterator[tuple[Field, RawValue]]:
    """Yield each field that the account has, tags whole, and those that the settings name."""
    own: tuple[Field, ...] = ("subject", "status", "priority", "type")
    for name in own:
        yield name, _value(ticket.get(name))
    yield "tags", RawValue(tuple(map(str, ticket.get("tags") or ())))
    who = people.person(ticket.get("responder_id"))
    yield "assignee", RawValue(tuple(name for name in (who.key, who.email) if name) if who else ())
    custom = ticket.get("custom_fields") or {}
    for name, native in config.fields.items():
        yield name, _value(custom.get(native))


def _value(found: object) -> RawValue:
    if found is None or found in ("", []):
        return RawValue(())
    if isinstance(found, list):
        return RawValue((", ".join(map(str, found)),))
    return RawValue((str(found).lower() if isinstance(found, bool) else str(found),))


def _booked(http: Http, people: People, number: int) -> tuple[RawTime, ...] | None:
    """Return what was booked; None where the plan lacks it, or of an archived ticket, of which none tells."""
    try:
        rows = list(_pages(http, f"tickets/{number}/time_entries", {}))
    except Gone:
        return None
    except Rejected as error:
        if error.text.startswith("403"):
            return None
        raise
    return tuple(_time(people, row) for row in rows if not row.get("timer_running"))


def _time(people: People, row: Mapping[str, Any]) -> RawTime:
    who, seconds = people.person(row.get("agent_id")), row.get("time_spent_in_seconds")
    if seconds is None:
        hours, _, minutes = str(row.get("time_spent") or "0").partition(":")
        seconds = int(hours or 0) * 3600 + int(minutes or 0) * 60
    at = datetime.fromisoformat(row.get("executed_at") or row["created_at"])
    named = who.name if who and who.role is not PersonRole.HUB else ""
    text = str(row.get("note") or "")
    return RawTime(str(row["id"]), max(0, int(seconds)), text, at, named)


def _pages(http: Http, path: str, asked: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    page = 1
    while True:
        wanted = {**asked, "per_page": _PAGE, "page": page}
        rows = http.call("GET", path, idempotent=True, params=wanted).json()
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
