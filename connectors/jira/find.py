"""Finds issues: the ones that changed, all there are, and the one that we created without an answer."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from connectors.base import Hint
from connectors.errors import Gone, Rejected
from connectors.jira import site_wire, wire
from connectors.jira.client import Client
from connectors.jira.paths import path
from connectors.jira.search import Search, quoted
from connectors.jira.side import API
from connectors.sought import Found
from mappings.provenance import find_token, tokens
from mappings.ticket import Ref

PROPERTY = "deskbridge"
"""The key under which the hub keeps its own words on issues, comments and boards."""
_SLACK = timedelta(minutes=2)
"""For clocks that differ a little."""
_MINUTE = timedelta(minutes=1)
"""JQL knows no seconds (jira-api 2.2)."""
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_MANY = 100
"""Issues that one bulk fetch tells of (jira-api 2.1)."""
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Before all issues."""
_READINGS = 10
_LATEST = _DAY
"""How far in the future a stamp may be before an answer counts as nonsense."""


class Finder:
    """Searches the connection's projects."""

    def __init__(self, client: Client, projects: tuple[str, ...]) -> None:
        self._client, self._search = client, Search(client)
        self._projects = projects

    def changed(self, since: datetime) -> Iterator[Hint]:
        """Yield every issue changed at or after `since`, oldest change first, and some a little older.

        Only the first page of each query is believed: an issue that changes goes to the end, and would
        pull another one out of a second page's sight. So each further query begins with the minute in
        which the page before ended; what that minute had already is all that is remembered.
        """
        since = max(since, _EARLIEST)
        query, asked = self._query(self._lately("updated", since)), None
        given: set[Hint] = set()
        zone: tzinfo | None = None
        turning = self._client.turning("GET search", "updated", walk=True)
        while True:
            hints, last = self._first(query)
            turning.page()
            begun = asked or since - _SLACK
            yield from (hint for hint in hints if hint.changed >= begun and hint not in given)
            if last or not hints:
                return
            minute = self._reached(hints, since, asked)
            zone = zone if asked else self._zone()
            if minute == asked:
                crowd = self._crowd(query, minute)
                yield from sorted(crowd - given - set(hints), key=lambda hint: (hint.changed, hint.key))
                hints, minute = [], minute + _MINUTE
            given = {hint for hint in hints if hint.changed >= minute}
            query, asked = self._query(self._from(minute, zone)), minute

    def walk(self, since: datetime | None = None) -> Iterator[Hint]:
        """Yield every issue of the projects; Jira keeps no trash, and lists nothing that is archived."""
        if since is not None:
            yield from self.changed(since)
            return
        for project in self._projects:
            for rows in self._search.by_key(project, ["updated"]):
                yield from map(self._hint, rows)

    def created(self, since: datetime) -> Iterator[list[Found]]:
        """Yield pages of the issues that we created, the last one first, with the markers that each has."""
        cloud = self._client.site().cloud
        ours = since + self._client.http.ahead()
        mine = f"creator = currentUser() AND {self._lately('created', ours)}"
        jql = f"{self._here()} AND {mine} ORDER BY created DESC"
        yield from self._marked_by_property(jql) if cloud else self._marked(jql)

    def _marked_by_property(self, jql: str) -> Iterator[list[Found]]:
        """Yield issues of Cloud with their markers; of a request it stands in the description first."""
        for rows in self._search.pages(jql, ["created"], PROPERTY):
            kept = {row.id: _token(row.properties.get(PROPERTY)) for row in rows}
            said = self._descriptions([id for id, mark in kept.items() if not mark])
            yield [found for row in rows for found in self._marks(row, kept[row.id], said.get(row.id))]

    def _marked(self, jql: str) -> Iterator[list[Found]]:
        """Yield issues of Data Center with their markers; its search tells no property (2.3)."""
        for rows in self._search.pages(jql, ["description"]):
            said = [(row, row.fields.description or "") for row in rows]
            yield [
                found
                for row, text in said
                for found in self._marks(row, None if tokens(text) else self._kept(row.id), text)
            ]

    def _marks(self, row: site_wire.Row, kept: str | None, said: str | None) -> Iterator[Found]:
        """Yield an issue's own marker, and what else stands in its description: people write above ours."""
        ref = Ref(self._client.http.connection, row.id, row.key)
        own = kept or find_token(said or "")
        if own:
            yield Found(own, ref)
        yield from (Found(mark, ref, own=False) for mark in tokens(said or "") if mark != own)

    def _descriptions(self, ids: list[str]) -> dict[str, str | None]:
        found: dict[str, str | None] = {}
        for start in range(0, len(ids), _MANY):
            body = {"issueIdsOrKeys": ids[start : start + _MANY], "fields": ["description"]}
            page = self._client.ask(site_wire.Page, f"{API}/issue/bulkfetch", body)
            found |= {row.id: row.fields.description for row in page.issues}
        return found

    def _kept(self, id: str) -> str | None:
        with suppress(Gone):
            return _token(self._client.get(wire.Property, path(id, "properties", PROPERTY)).value)
        return None

    def _first(self, jql: str) -> tuple[list[Hint], bool]:
        rows, last = self._search.first(jql, ["updated"])
        return [self._hint(row) for row in rows], last

    def _reached(self, hints: list[Hint], since: datetime, asked: datetime | None) -> datetime:
        """Return the minute to ask from next. Raises Rejected for stamps that nobody asked for."""
        minute = max(hint.changed for hint in hints).replace(second=0, microsecond=0)
        if minute < (asked or since - _DAY) - 2 * _HOUR:
            raise self._odd("the answer has older issues than were asked for")
        if minute > self._client.http.now() + _LATEST:
            raise self._odd("the answer has issues from the future")
        return max(minute, asked) if asked else minute

    def _crowd(self, jql: str, minute: datetime) -> set[Hint]:
        """Return the changes of a minute that has more than a page of them.

        Pages must be turned here, so it is read again until two readings agree: nothing moved meanwhile.
        """
        found: set[Hint] = set()
        before: set[Hint] | None = None
        for _ in range(_READINGS):
            reading = self._reading(jql, minute)
            found |= reading
            if reading == before:
                break
            before = reading
        return found

    def _reading(self, jql: str, minute: datetime) -> set[Hint]:
        found: set[Hint] = set()
        for rows in self._search.pages(jql, ["updated"]):
            hints = [self._hint(row) for row in rows]
            found |= {hint for hint in hints if minute <= hint.changed < minute + _MINUTE}
            if any(hint.changed >= minute + _MINUTE for hint in hints):
                break
        return found

    def _hint(self, row: site_wire.Row) -> Hint:
        if row.fields.updated is None:
            raise self._odd("the answer has no updated")
        return Hint(row.id, wire.stamp(row.fields.updated), row.fields.updated)

    def _lately(self, field: str, since: datetime) -> str:
        """Return a clause by relative time, which means the same in every time zone (jira-api 2.2).

        Long ago is told in days: a number that Jira cannot read might find nothing, without a word (2.1).
        """
        back = max(_MINUTE, self._client.http.now() - since + _SLACK)
        minutes = math.ceil(back / _MINUTE)
        return f"{field} >= -{minutes}m" if minutes < 10_000 else f"{field} >= -{math.ceil(back / _DAY)}d"

    def _from(self, minute: datetime, zone: tzinfo | None) -> str:
        """Return a clause by absolute time, which Jira reads in the account's own time zone."""
        if zone is None:
            return self._lately("updated", minute)
        local = minute.astimezone(zone)
        shifts = any((minute + d).astimezone(zone).utcoffset() != local.utcoffset() for d in (-_HOUR, _HOUR))
        at = local.replace(tzinfo=None) - (_HOUR if shifts else timedelta(0))
        return f'updated >= "{at:%Y-%m-%d %H:%M}"'

    def _query(self, clause: str) -> str:
        return f"{self._here()} AND {clause} ORDER BY updated ASC, key ASC"

    def _zone(self) -> tzinfo | None:
        """Return the account's time zone, asked for anew since people move; None if it is not told."""
        try:
            return ZoneInfo(self._client.myself().zone)
        except (KeyError, ValueError, OSError):  # of no zone, and of names that are no names
            return None

    def _here(self) -> str:
        return f"project in ({', '.join(quoted(key) for key in self._projects)})"

    def _odd(self, text: str) -> Rejected:
        return Rejected(self._client.http.connection, "GET search", text)


def _token(value: Any) -> str | None:
    said = value.get("token") if isinstance(value, dict) else None
    return said if isinstance(said, str) else None
