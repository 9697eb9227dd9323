"""Finds issues: the ones that changed, and the one that we created without hearing the answer."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from connectors.base import Hint
from connectors.errors import Rejected
from connectors.jira import wire
from connectors.jira.client import Client
from mappings.ticket import Ref

PROPERTY = "deskbridge"
"""The key under which the hub keeps its own words on issues, comments and boards."""
INDEX_LAG = timedelta(seconds=60)
"""How long the index usually takes, with room; only GET issue reads what was just written (jira-api 2.1)."""
_SLACK = timedelta(minutes=2)
"""For clocks that differ a little."""


class Finder:
    """Searches the connection's projects."""

    def __init__(self, client: Client, projects: tuple[str, ...]) -> None:
        self._client = client
        self._projects = projects

    def changed(self, since: datetime) -> Iterator[Hint]:
        """Yield every issue changed at or after `since`, oldest change first, and some a little older.

        Asked for newest first: an issue that changes between two pages then pushes others to a later
        page, where the other way round it would pull one out of sight. The walk begins anew, as far as
        there is news, until nothing can have moved meanwhile.
        """
        jql = f"{self._here()} AND updated >= -{self._minutes(since)}m ORDER BY updated DESC"
        found: dict[str, Hint] = {}
        while self._walk(jql, found) > 1:
            pass
        yield from sorted(found.values(), key=lambda hint: hint.changed)

    def _walk(self, jql: str, found: dict[str, Hint]) -> int:
        """Add the newest changes until one that is known; return how many pages that took."""
        pages = 0
        for rows in self._client.pages(jql, ["updated"]):
            pages += 1
            for hint in map(self._hint, rows):
                if found.get(hint.key) == hint:
                    return pages
                found[hint.key] = hint
        return pages

    def _hint(self, row: wire.Row) -> Hint:
        if row.fields.updated is None:
            raise Rejected(self._client.http.connection, "GET search/jql", "the answer has no updated")
        return Hint(row.id, wire.stamp(row.fields.updated), row.fields.updated)

    def created(self, token: str, since: datetime) -> Ref | None:
        """Return the issue that we created with this marker, in its property or description."""
        mine = f"creator = currentUser() AND created >= -{self._minutes(since)}m"
        jql = f"{self._here()} AND {mine} ORDER BY created DESC"
        for row in chain.from_iterable(self._client.pages(jql, ["created", "description"], PROPERTY)):
            if _token(row.properties.get(PROPERTY)) == token or token in (row.fields.description or ""):
                return Ref(self._client.http.connection, row.id, row.key)
        return None

    def _here(self) -> str:
        return f"project in ({', '.join(quoted(key) for key in self._projects)})"

    def _minutes(self, since: datetime) -> int:
        """Return how far back to look; relative, because absolute times are in the account's zone (2.2)."""
        back = self._client.http.now() - since + _SLACK
        return max(1, math.ceil(back / timedelta(minutes=1)))


def quoted(text: str) -> str:
    """Return a text as JQL's string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _token(value: Any) -> object:
    return value.get("token") if isinstance(value, dict) else None
