"""Looks at issues that this connection made a moment ago, many in one call.

What is written to an issue depends on where it stands and who reads it there. So it is looked at before each
text, file and status; of an issue that was just made, the answer to its making is the first look. A look
holds for a second. Then one call looks at all that were made lately (Cloud tells of a hundred at once), so
that the looks of a run cost next to nothing, and are never older than a look for each write would allow.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from pydantic import Field

from connectors.errors import WireError
from connectors.jira import wire
from connectors.jira.client import Client
from connectors.jira.side import TEXTS

_HOLDS, _SOON = 1.0, 0.6
"""Seconds for which a look holds, and after which the next one is made while others still go by it."""
_LATELY = 60.0
"""Seconds after its last use in which an issue is still looked at with the others."""
_MOST = 100
"""Issues that one call tells of (jira-api 2.1)."""


class Fetched(wire.Payload):
    """What a bulk fetch answers."""

    issues: wire.Many[wire.Issue] = Field([])


def fetched(client: Client, keys: Iterable[str], fields: Iterable[str]) -> dict[str, wire.Issue]:
    """Return issues by their ids, in one call; those that are not there are left out. Cloud alone has it."""
    body = {"issueIdsOrKeys": list(keys), "fields": list(fields)}
    found = client.ask(Fetched, f"{TEXTS}/issue/bulkfetch", body)
    return {issue.id: issue for issue in found.issues}


@dataclass(frozen=True, slots=True)
class _Look:
    issue: wire.Issue
    at: float
    """When it was answered, as of a snapshot: who asks slow servers must come to writing as well."""
    used: float
    ours: tuple[wire.File, ...] = ()
    """Files that we attached since; a look that was under way meanwhile may lack them."""


class Looks:
    """The last look at each issue that was made lately."""

    def __init__(
        self,
        client: Client,
        fields: Callable[[], list[str]],
        clock: Callable[[], float],
    ) -> None:
        """`fields` names what is read of an issue; `clock` tells the seconds, and may be set back."""
        self._client, self._fields, self._clock = client, fields, clock
        self._lock, self._looking = threading.Lock(), threading.Lock()
        self._known: dict[str, _Look] = {}

    def made(self, issue: wire.Issue) -> None:
        """Remember an issue that we made, as it was just read back."""
        now = self._clock()
        with self._lock:
            self._prune(now)
            self._known[issue.id] = _Look(issue, now, now)

    def __len__(self) -> int:
        """Return how many issues are remembered."""
        return len(self._known)

    def attached(self, key: str, file: wire.File) -> None:
        """Remember a file that we attached."""
        with self._lock:
            if known := self._known.get(key):
                self._known[key] = replace(known, ours=(*known.ours, file))

    def forget(self, key: str) -> None:
        """Look at an issue by itself from now on."""
        with self._lock:
            self._known.pop(key, None)

    def issue(self, key: str) -> wire.Issue | None:
        """Return an issue as it was within the last second; None for one that was not made lately."""
        if not self._client.site().cloud:
            return None
        if (age := self._age(key)) is None:
            return None
        if age > _HOLDS:
            with self._looking:
                if (again := self._age(key)) is None or again > _HOLDS:
                    self._look(key)
        elif age > _SOON and self._looking.acquire(blocking=False):
            try:
                self._look(key)
            finally:
                self._looking.release()
        return self._used(key)

    def _age(self, key: str) -> float | None:
        with self._lock:
            known = self._known.get(key)
            if known is None:
                return None
            age = self._clock() - known.at
            return age if age >= 0 else 2 * _HOLDS

    def _used(self, key: str) -> wire.Issue | None:
        now = self._clock()
        with self._lock:
            known = self._known.get(key)
            if known is None or not 0 <= now - known.at <= _HOLDS:
                return None
            self._known[key] = replace(known, used=now)
        there = {file.id for file in known.issue.fields.files}
        files = [*known.issue.fields.files, *(file for file in known.ours if file.id not in there)]
        return known.issue.model_copy(
            update={"fields": known.issue.fields.model_copy(update={"files": files})}
        )

    def _prune(self, at: float) -> None:
        self._known = {id: one for id, one in self._known.items() if at - one.used <= _LATELY}

    def _look(self, key: str) -> None:
        """Look at all that were made lately; what cannot be seen that way is looked at by itself."""
        at = self._clock()
        with self._lock:
            self._prune(at)
            lately = sorted(self._known, key=lambda one: self._known[one].used, reverse=True)
        keys = list(dict.fromkeys([key, *lately]))[:_MOST]
        wanted = [name for name in self._fields() if name != "description"]
        try:
            found = fetched(self._client, keys, wanted)
        except WireError:
            found = {}
        at = self._clock()
        with self._lock:
            for id in keys:
                known = self._known.get(id)
                if id not in found:
                    self._known.pop(id, None)
                elif known is not None:
                    self._known[id] = replace(known, issue=found[id], at=at)
