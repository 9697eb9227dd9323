"""Shadow: reads everything, writes nothing, in the tools or in the store; says what would be written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from connectors.errors import WireError
from sync.engine import Engine
from sync.outcome import Planned

_OVERLAP = timedelta(minutes=3)


class Shadow:
    """Watches what changes. What it remembers, it remembers for itself: the store's cursors stay."""

    def __init__(self, engine: Engine, connections: tuple[str, ...]) -> None:
        self._engine, self._connections = engine, connections
        self._since: dict[str, datetime] = {}
        self._said: dict[str, str] = {}
        self.silent: list[WireError] = []
        """Why connections did not answer the last time."""

    def look(self, at: datetime) -> Iterator[Planned]:
        """Yield what would be written to what changed; the same is said once."""
        subjects: dict[str, None] = {}
        self.silent = []
        if not self._since:
            subjects |= dict.fromkeys(self._engine.due())
        for name in self._connections:
            try:
                subjects |= dict.fromkeys(self._engine.poller.changed(name, self._since.get(name)))
            except WireError as error:
                self.silent.append(error)
                continue
            self._since[name] = at - _OVERLAP
        for planned, subject in zip(self._engine.plan(list(subjects)), subjects, strict=True):
            said = repr((planned.plan, planned.problem))
            if self._said.get(subject) != said:
                self._said[subject] = said
                yield planned
