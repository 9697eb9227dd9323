"""The loop of a run: tickets that wait, each reconciled once, and what became of it put down at once.

Everything that guards live work guards this: claims, the journal, markers, readers, quotas. What a run adds
is the order, the checkpoint, and that it pauses by itself before a mistake becomes a thousand.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from mappings.ticket import Ref
from sync.health import Breakers
from sync.migrate.alike import alike
from sync.migrate.crew import Crew
from sync.migrate.take import Taken
from sync.store import Store
from sync.store.runs import Item, State, Which

_ALIKE = 50
"""Equal reasons in a row for which a run pauses."""
_SHARE, _LEAST = 0.01, 20
"""The part of the tickets that may be parked, and how many are nobody's worry in any case."""
_TICK = 0.2
"""Seconds between two looks for more to do while all are busy, or nothing is due."""
_AHEAD = 100
"""Tickets that are looked up together: to look up one costs nearly as much."""


@dataclass(slots=True)
class Tally:
    """What a run has done since it was begun or taken up again."""

    settled: int = 0
    migrated: int = 0
    created: int = 0
    parked: int = 0
    row: int = 0
    """How many of the last tickets were parked for the same reason."""
    reason: str = ""
    waits_for: dict[str, str] = field(default_factory=dict)
    """connection -> why nothing can be done there now."""


class Loop:
    """Has the tickets of one source taken that wait, until none does or somebody stops it."""

    def __init__(
        self,
        *,
        store: Store,
        breakers: Breakers,
        connections: tuple[str, ...],
        now: Callable[[], datetime],
        crews: Sequence[Crew],
    ) -> None:
        """`connections` are the source, then those that must answer; `crews` take the tickets."""
        self._store, self._breakers, self._connections = store, breakers, connections
        self._source, self._now, self._crews = connections[0], now, crews
        self._lock, self._freed = threading.Lock(), threading.Event()
        self._running: set[Ref] = set()
        self._ahead: deque[Item] = deque()
        self._broken: list[BaseException] = []
        self._halted = False
        self.tally, self.why = Tally(), ""

    def work(self, which: Which, stopping: Callable[[], bool], *, limit: int | None = None) -> bool:
        """Work until nothing of `which` waits: True. False where it is stopped, or pauses: see `why`."""
        self._ahead.clear()
        self._halted = False
        self._store.runs.hasten(self._source)
        for crew in self._crews:
            crew.start(self._done, self._failed)
        done = False
        try:
            done = self._give(which, stopping, limit)
        finally:
            if not done:
                self._halt()
            for crew in self._crews:
                crew.finish()
            if self._broken:
                raise self._broken[0]
        return done

    def _give(self, which: Which, stopping: Callable[[], bool], limit: int | None) -> bool:
        given = 0
        while not (stopping() or self.why or self._broken):
            room = sum(crew.room() for crew in self._crews)
            if limit is not None:
                room = min(room, limit - given)
                if limit <= given and not self._busy():
                    return True
            fresh = self._fresh(which, room) if room > 0 and self._answering() else []
            for item in fresh:
                max(self._crews, key=lambda crew: crew.room()).give(item)
            given += len(fresh)
            if fresh:
                continue
            if not self._busy() and not self._store.runs.waiting(self._source, which)[0]:
                return True
            if room > 0:
                time.sleep(_TICK)
            else:
                self._freed.wait(_TICK)
                self._freed.clear()
        return False

    def _fresh(self, which: Which, room: int) -> list[Item]:
        """Return tickets that nobody is at, as many as there is room for."""
        if not self._ahead:
            with self._lock:
                running = set(self._running)
            found = self._store.runs.next(self._source, which, self._now(), _AHEAD + len(running))
            self._ahead.extend(item for item in found if item.ref not in running)
        fresh = [self._ahead.popleft() for _ in range(min(room, len(self._ahead)))]
        with self._lock:
            self._running |= {item.ref for item in fresh}
        return fresh

    def _answering(self) -> bool:
        """Whether every connection that is needed may be called; a paused one is tried when it is time."""
        before, waits = self._breakers.paused(), dict[str, str]()
        for name in self._connections:
            if name in before and not self._breakers.probe(name):
                waits[name] = str(before[name])
        if (before.keys() | self.tally.waits_for.keys()) & set(self._connections) - waits.keys():
            self._store.runs.hasten(self._source)  # what failed meanwhile was put off for longer
        self.tally.waits_for = waits
        return not waits

    def _busy(self) -> int:
        with self._lock:
            return len(self._running)

    # -- what the crews say

    def _done(self, item: Item, taken: Taken | None) -> None:
        with self._lock:
            self._running.discard(item.ref)
            if taken is not None:
                self._count(taken)
        if self.why:
            self._halt()
        self._freed.set()

    def _failed(self, error: BaseException) -> None:
        self._broken.append(error)
        self._halt()
        self._freed.set()

    def _halt(self) -> None:
        with self._lock:
            halted, self._halted = self._halted, True
        if not halted:
            for crew in self._crews:
                crew.halt()

    def _count(self, taken: Taken) -> None:
        tally = self.tally
        tally.settled += 1
        tally.migrated += taken.state is State.MIGRATED
        tally.created += taken.created
        if taken.state is not State.PARKED:
            tally.row, tally.reason = 0, ""
            return
        tally.parked += 1
        same = alike(taken.reason)
        tally.row, tally.reason = (tally.row + 1 if same == tally.reason else 1), same
        if tally.row >= _ALIKE:
            self.why = f"the last {tally.row} tickets were parked for one reason: {same}"
        elif tally.parked >= max(_LEAST, _SHARE * tally.settled):
            self.why = f"{tally.parked} of {tally.settled} tickets were parked"
