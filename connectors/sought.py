"""Tickets that we created without hearing the answer: what a connection created lately, read once for many.

One answer that is lost can be that of fifty tickets, and whoever dies leaves as many that nobody heard of.
Each is looked for among all that the account created since, which in a migration are thousands: so what was
read for one of them answers for the others too.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from connectors.errors import WireError
from mappings.ticket import Ref

_AROUND = timedelta(minutes=1)
"""So much more is read: what one crash lost was sent within seconds, and any of it may be asked for first."""
_HOLDS = timedelta(minutes=1)
"""How long what was found counts: a person may delete it, and then it is to be created after all."""
_STEADY = timedelta(seconds=5)
"""How far the clock may jump while what was read is still believed: it tells what came before a reading."""
_MOST = 50_000
_READINGS = 20
"""Tickets, and readings, that are remembered at most."""


class Found(NamedTuple):
    """A marker that stands in a ticket of ours, and whether it is that ticket's own rather than quoted."""

    mark: str
    ref: Ref
    own: bool = True


Read = Callable[[datetime], Iterator[Sequence[Found]]]
"""Yields what the account created since an instant by the tool's clock, page by page, the last one first."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """From when on what was created was read, and when that began: by the clock, and in seconds."""

    since: datetime
    begun: datetime
    at: float


class Sought:
    """What an account created lately, as far as it was read."""

    def __init__(self, read: Read, now: Callable[[], datetime]) -> None:
        self._read, self._now = read, now
        self._lock = threading.Lock()
        self._known: dict[str, tuple[Found, _Reading]] = {}
        self._readings: list[_Reading] = []
        self._failed: tuple[WireError, float] | None = None

    def find(self, token: str, since: datetime, after: datetime | None) -> Ref | None:
        """See `Connector.find_created`."""
        asked = time.monotonic()
        with self._lock:
            if self._failed is not None and self._failed[1] >= asked:
                raise self._failed[0]  # who waited for a reading in vain does not try it once more
            if after is not None:
                known = self._known.get(token)
                if known is not None and known[0].own and self._holds(known[1], _HOLDS):
                    return known[0].ref
                if known is None and self._was_read(since, after):
                    return None
            try:
                return self._look(token, since if after is None else since - _AROUND)
            except WireError as error:
                self._failed = error, time.monotonic()
                raise

    def _was_read(self, since: datetime, after: datetime) -> bool:
        return any(
            one.since <= since and one.begun >= after and self._holds(one, timedelta.max)
            for one in self._readings
        )

    def _holds(self, reading: _Reading, most: timedelta) -> bool:
        """Whether a reading is not too old, and the clock was not set since."""
        age = self._now() - reading.begun
        jump = abs(age - timedelta(seconds=time.monotonic() - reading.at))
        return age <= most and jump <= _STEADY

    def _look(self, token: str, since: datetime) -> Ref | None:
        """Read until it is found; only what was read to its end tells that another one is not there."""
        if len(self._known) > _MOST:
            self._known, self._readings = {}, []
        reading = _Reading(since, self._now(), time.monotonic())
        for page in self._read(since):
            for found in page:
                before = self._known.get(found.mark)
                first = before is None or before[1] is not reading
                if first or (found.own and before is not None and not before[0].own):
                    self._known[found.mark] = found, reading
            mine = self._known.get(token)
            if mine is not None and mine[1] is reading and mine[0].own:
                return mine[0].ref
        self._readings = [*self._readings[-_READINGS:], reading]
        mine = self._known.get(token)
        if mine is None or mine[1] is not reading:
            self._known.pop(token, None)
            return None
        return mine[0].ref
