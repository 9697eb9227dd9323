"""Reading: an issue with all its notes, and what changed."""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import requests
from pydantic import TypeAdapter

from connectors.base import Hint, Snapshot
from connectors.errors import Gone, Rejected
from connectors.gitlab.admin import Directory
from connectors.gitlab.graphql import authors, moved_to
from connectors.gitlab.labels import Side
from connectors.gitlab.status import Statuses
from connectors.gitlab.translate import hint_of, snapshot
from connectors.gitlab.wire import ISSUE, NOTES, ROWS, Issue, Note, parse
from connectors.http import Http
from mappings.ticket import Ref

T = TypeVar("T")

_PAGE = 100
"""The most rows that a page has (reference 2.1)."""
_KEY = re.compile(r"([0-9]{1,18}):([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the issues of one connection."""

    http: Http
    side: Side
    directory: Directory
    statuses: Statuses
    projects: tuple[str, ...]
    now: Callable[[], datetime] = field(repr=False)

    def fetch(self, key: str) -> Snapshot:
        """Return an issue whole. A note made while this reads is in it, or changes the version."""
        read_at, me = self.now(), self.directory.me().id
        issue = self.issue(key)
        notes = list(self._notes(key))
        outside = authors(self.http, issue) if issue.service_desk_reply_to else {}
        desk = self.directory.serves(str(issue.project_id))
        found = snapshot(self.side, issue, notes, me, read_at, outside, desk=desk)
        if issue.moved_to_id is None or (there := moved_to(self.http, issue)) is None:
            return found
        moved = Ref(self.side.connection, f"{there.project_id}:{there.iid}", there.reference)
        return replace(found, moved_to=moved)

    def issue(self, key: str) -> Issue:
        """Return an issue without its notes. Raises Gone."""
        response = self.http.call("GET", issue_path(self.http, key), idempotent=True)
        return self.whole(parse(ISSUE, self.http.connection, response))

    def whole(self, issue: Issue) -> Issue:
        """Return an issue of REST with its status, where that is a field of its own."""
        return self.statuses.stated(issue) if self.side.states else issue

    def changed(self, since: datetime) -> Iterator[Hint]:
        """Yield what changed in the connection's projects, oldest change first; from 1970 on, everything."""
        walks = [self._changed(self.directory.project(path), since) for path in self.projects]
        return heapq.merge(*walks, key=lambda hint: hint.changed)

    def _notes(self, key: str) -> Iterator[Note]:
        path = f"{issue_path(self.http, key)}/notes"
        for notes, _ in pages(self.http, NOTES, path, {"order_by": "created_at", "sort": "asc"}):
            yield from notes

    def _changed(self, project: int, since: datetime) -> Iterator[Hint]:
        """Walk by time, not by page: a row that changes meanwhile moves to the end and shifts the others.

        So after each page the walk asks again from the last stamp on. Only while that stands still (a
        hundred issues of one millisecond) does it turn to the next page (reference 2.4).
        """
        cursor: datetime | None = since.astimezone(UTC)
        given: set[Hint] = set()
        turning = self.http.turning(f"GET projects/{project}/issues", "updated_after", walk=True)
        while cursor:
            turning.page()
            after, cursor = cursor, None
            for hints, more in self._rows(project, after):
                yield from (hint for hint in hints if hint not in given)
                last = max((hint.changed for hint in hints), default=after)
                if more and last > after:
                    cursor, given = last, {hint for hint in hints if hint.changed == last}
                    break
                given.update(hints)

    def _rows(self, project: int, since: datetime) -> Iterator[tuple[list[Hint], bool]]:
        order = {"scope": "all", "state": "all", "order_by": "updated_at", "sort": "asc"}
        path, query = f"projects/{project}/issues", {**order, "updated_after": stamp(since)}
        for rows, more in pages(self.http, ROWS, path, query):
            yield [hint_of(row) for row in rows], more


def issue_path(http: Http, key: str) -> str:
    """Return the address of an issue by its key. Raises Gone for what is no key."""
    found = _KEY.fullmatch(key)
    if found is None:
        raise Gone(http.connection, "GET issue", f"{key!r} is no key of an issue")
    return f"projects/{found[1]}/issues/{found[2]}"


def is_key(text: str) -> bool:
    """Whether a text has the form of an issue's key."""
    return _KEY.fullmatch(text) is not None


def project_of(key: str) -> int:
    """Return the project in a key that `issue_path` has accepted."""
    return int(key.partition(":")[0])


def stamp(at: datetime) -> str:
    """Return an instant as a filter: milliseconds, rounded down because filters include it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def pages(
    http: Http, kind: TypeAdapter[list[T]], path: str, query: Mapping[str, Any]
) -> Iterator[tuple[list[T], bool]]:
    """Yield each page and whether there are more.

    A short or empty page is not the end: what we may not read is taken out after paging (reference 2.3).
    """
    page = 1
    turning = http.turning(f"GET {path}", "page")
    while True:
        params = {**query, "per_page": _PAGE, "page": page}
        response = http.call("GET", path, params=params, idempotent=True)
        rows, further = parse(kind, http.connection, response), _next_page(http, path, response, page)
        turning.page(response.content if rows and further else None)
        yield rows, further is not None
        if further is None:
            return
        page = further


def _next_page(http: Http, path: str, response: requests.Response, page: int) -> int | None:
    """Return the number of the next page. Raises Rejected for one that leads nowhere new."""
    said = response.headers.get("x-next-page")
    if said is None:
        return page + 1 if "next" in response.links else None
    if not said.strip():
        return None
    if not said.isdecimal() or int(said) <= page:
        raise Rejected(http.connection, f"GET {path}", f"page {page} names {said[:20]!r} as the next one")
    return int(said)
