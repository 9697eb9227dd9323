"""Tickets that we created without hearing the answer: what a connection created lately, read once for many.

One answer that is lost can be that of fifty tickets, and whoever dies leaves as many that nobody heard of.
Each is looked for among all that the account created at that time, which after an hour of a migration are
thousands: so what one of them read answers for the others too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from mappings.ticket import Ref

Read = Callable[[datetime, datetime | None], Iterator[tuple[Iterable[str], Ref]]]
"""Yields what the account created from one instant to another one (None: until now), with its markers."""
_AROUND = timedelta(minutes=1)
"""So much more is read on both sides: answers that one crash lost were sent within seconds."""
_HOLDS = timedelta(minutes=1)
"""How long what was found counts: a person may delete it, and then it is to be created after all."""
_MOST = 50_000
_READINGS = 20
"""Tickets, and readings, that are remembered at most."""


@dataclass(frozen=True, slots=True)
class _Reading:
    since: datetime
    until: datetime
    begun: datetime


class Sought:
    """What an account created at the times for which it was asked."""

    def __init__(self, read: Read, now: Callable[[], datetime]) -> None:
        self._read, self._now = read, now
        self._lock = threading.Lock()
        self._known: dict[str, tuple[Ref, datetime]] = {}
        self._readings: list[_Reading] = []

    def find(self, token: str, since: datetime, until: datetime | None, after: datetime | None) -> Ref | None:
        """See `Connector.find_created`; one that is there ends the reading, which goes backwards in time."""
        if until is None:
            return next((ref for marks, ref in self._read(since, None) if token in marks), None)
        with self._lock:
            known = self._known.get(token)
            if known is not None and self._now() - known[1] <= _HOLDS:
                return known[0]
            if known is None and self._was_read(since, until, after):
                return None
            return self._look(token, since - _AROUND, until + _AROUND)

    def _was_read(self, since: datetime, until: datetime, after: datetime | None) -> bool:
        return any(
            one.since <= since and until <= one.until and (after is None or one.begun >= after)
            for one in self._readings
        )

    def _look(self, token: str, since: datetime, until: datetime) -> Ref | None:
        """Read until it is found; only what was read to its end tells that another one is not there."""
        if len(self._known) > _MOST:
            self._known, self._readings = {}, []
        self._known.pop(token, None)
        begun = self._now()
        for marks, ref in self._read(since, until):
            self._known |= dict.fromkeys(marks, (ref, begun))
            if token in marks:
                return ref
        self._readings = [*self._readings[-_READINGS:], _Reading(since, until, begun)]
        return None
