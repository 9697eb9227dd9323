"""Booked time, entry by entry: REST tells a sum alone (reference 3.6), GraphQL each entry with its text.

An entry has a day of its own and 255 characters; its author is whoever books it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from pydantic import AwareDatetime, TypeAdapter

from connectors.errors import Rejected
from connectors.gitlab.graphql import Page, Part, Reply, ask, following
from connectors.gitlab.read import Reader
from connectors.http import Http
from mappings.ticket import Person, PersonRole, TimeEntry

_LIST = """query($path: ID!, $iid: String!, $after: String) {
  project(fullPath: $path) { issue(iid: $iid) { timelogs(first: 100, after: $after) {
    nodes { id timeSpent spentAt summary user { id name username } }
    pageInfo { hasNextPage endCursor }
  } } }
}"""
_BOOK = """mutation($input: TimelogCreateInput!) {
  timelogCreate(input: $input) { errors timelog { id } }
}"""
LONGEST = 255
"""Characters that the text of an entry may have."""
_SIGN = 120
"""Of these, those at its end that say which entry it stands for: they are never cut."""


class _User(Part):
    id: str
    name: str = ""
    username: str = ""


class _Timelog(Part):
    id: str
    time_spent: int = 0
    spent_at: AwareDatetime | None = None
    summary: str | None = None
    user: _User | None = None


class _Timelogs(Part):
    nodes: tuple[_Timelog, ...] | None = None
    page_info: Page | None = None


class _Issue(Part):
    timelogs: _Timelogs | None = None


class _Project(Part):
    issue: _Issue | None = None


class _Data(Part):
    project: _Project | None = None


class _Listed(Reply):
    data: _Data | None = None


class _Made(Part):
    errors: tuple[str, ...] | None = None
    timelog: _Timelog | None = None


class _Booked(Part):
    timelog_create: _Made | None = None


class _Booking(Reply):
    data: _Booked | None = None


_LISTED, _BOOKING = TypeAdapter(_Listed), TypeAdapter(_Booking)


def entries(reader: Reader, key: str) -> Iterator[TimeEntry]:
    """Yield what was booked on an issue; what was taken off is an entry below zero, and left out.

    Raises Rejected where the server does not tell: then nobody can say that nothing was booked.
    """
    issue, me = reader.issue(key), reader.directory.me().id
    asked: dict[str, str | None] = {"path": issue.project_path, "iid": str(issue.iid), "after": None}
    turning = reader.http.turning("POST graphql", "endCursor")
    while True:
        data = ask(reader.http, _LISTED, _LIST, asked).data
        found = data.project.issue if data and data.project else None
        if found is None or found.timelogs is None:
            raise Rejected(reader.http.connection, "POST graphql", "it does not tell who booked which time")
        for one in found.timelogs.nodes or ():
            if one.time_spent > 0:
                yield _entry(reader.side.connection, one, me, issue.created_at)
        if not (after := following(found.timelogs.page_info)):
            return
        turning.page(after)
        asked["after"] = after


def book(reader: Reader, key: str, entry: TimeEntry) -> str:
    """Book work as ourselves, on its own day; the text names who did it. Not idempotent.

    Work of no length at all, which GitLab refuses, is booked as a minute.
    """
    issue = reader.issue(key)
    who = "" if entry.author.role is PersonRole.HUB else entry.author.name
    sent = {
        "issuableId": f"gid://gitlab/Issue/{issue.id}",
        "timeSpent": _words(entry.spent),
        "spentAt": entry.started.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "summary": _short(f"{who}: {entry.note}" if who else entry.note),
    }
    made = _made(reader.http, sent)
    if made.errors or made.timelog is None:
        text = reader.http.shown("; ".join(made.errors or ("nothing was booked",)))
        raise Rejected(reader.http.connection, "POST graphql timelogCreate", text)
    return made.timelog.id.rpartition("/")[2]


def _made(http: Http, sent: dict[str, str]) -> _Made:
    data = ask(http, _BOOKING, _BOOK, {"input": sent}, once=True).data
    return (data.timelog_create if data else None) or _Made()


def _entry(connection: str, one: _Timelog, me: int, otherwise: datetime) -> TimeEntry:
    number = one.user.id.rpartition("/")[2] if one.user else ""
    role = PersonRole.HUB if number == str(me) else PersonRole.STAFF if number else PersonRole.UNKNOWN
    who = one.user or _User(id="")
    return TimeEntry(
        id=one.id.rpartition("/")[2],
        author=Person(connection, number, who.name, role, handle=who.username),
        spent=timedelta(seconds=one.time_spent),
        started=one.spent_at or otherwise,
        billable=None,
        note=one.summary or "",
    )


def _words(spent: timedelta) -> str:
    """Return a length in units that mean the same on every server: its days are working days (3.6)."""
    minutes, seconds = divmod(round(spent.total_seconds()) or 60, 60)
    hours, minutes = divmod(minutes, 60)
    return " ".join(f"{many}{unit}" for many, unit in ((hours, "h"), (minutes, "m"), (seconds, "s")) if many)


def _short(text: str) -> str:
    """Return a text as long as it may be, its end whole."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - _SIGN - 1]}…{line[-_SIGN:]}"
