"""The loop of a run: tickets that wait, each reconciled once, and what became of it put down at once.

Everything that guards live work guards this: claims, the journal, markers, readers, quotas. What a run adds
is the order, the checkpoint, and that it pauses by itself before a mistake becomes a thousand.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from mappings.ticket import FIELDS, Field, Ref
from sync.fields import OWN
from sync.health import Breakers
from sync.migrate.alike import alike
from sync.migrate.bulk import Turns
from sync.migrate.source import left_out
from sync.operations import CreateTicket
from sync.outcome import Later, Parked, Reconciled
from sync.store import Store
from sync.store.runs import Item, Rank, State, Tie, Which

_ALIKE = 50
"""Equal reasons in a row for which a run pauses."""
_SHARE, _LEAST = 0.01, 20
"""The part of the tickets that may be parked, and how many are nobody's worry in any case."""
_TICK = 0.2
"""Seconds between two looks for more to do while workers are busy, or nothing is due."""
_SPARE = 8
"""Tickets that wait for a free thread: looked up together, so that none waits for the store."""
_HELD = timedelta(seconds=10)
"""When a ticket is tried again that another worker holds."""
REMAPPED: frozenset[Field] = frozenset(name for name in FIELDS if name not in (*OWN, "tags"))


@dataclass(slots=True)
class Tally:
    """What one process of a run has done."""

    settled: int = 0
    migrated: int = 0
    created: int = 0
    parked: int = 0
    row: int = 0
    """How many of the last tickets were parked for the same reason."""
    reason: str = ""
    texts: int = 0
    waits_for: dict[str, str] = field(default_factory=dict)
    """connection -> why nothing can be done there now."""


_ALONE = "live work keeps promises of it and nothing of it is elsewhere: unlink it, and retry it"
"""Why a ticket is left of which only the hub's own acts are on record: it is in no other place yet."""


class Takes(Protocol):
    """An engine that takes what a run asks for."""

    @property
    def breakers(self) -> Breakers:
        """Which connections fail."""
        ...

    def take(self, ref: Ref, *, remap: frozenset[Field] = ...) -> Reconciled | None:
        """Reconcile a ticket now; None if somebody else is at it."""
        ...


class Loop:
    """Works on the tickets of one source that wait, until none does or somebody stops it."""

    def __init__(
        self,
        *,
        store: Store,
        engine: Takes,
        run: int,
        connections: tuple[str, ...],
        now: Callable[[], datetime],
        turns: Turns,
        threads: int,
    ) -> None:
        """`connections` are the source, then the targets; `threads` look at tickets, each in its turn."""
        self._store, self._engine, self._run, self._connections = store, engine, run, connections
        self._source, self._now, self._turns, self._threads = connections[0], now, turns, threads
        self._lock = threading.Lock()
        self._given: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        self._running: set[Ref] = set()
        self._broken: list[BaseException] = []
        self.tally, self.why = Tally(), ""

    def work(
        self,
        which: Which,
        stopping: Callable[[], bool],
        *,
        limit: int | None = None,
        remap: bool = False,
        customers: frozenset[str] = frozenset(),
    ) -> bool:
        """Work until nothing of `which` waits (True), or somebody stops it, or it pauses itself: see `why`.

        `remap` has the fields of what was migrated before decided again; `customers` are those asked for.
        """
        self._remap, self._customers = REMAPPED if remap else frozenset[Field](), customers
        self._store.runs.hasten(self._source)
        workers = [
            threading.Thread(target=self._worker, name=f"run-{n}", daemon=True) for n in range(self._threads)
        ]
        for worker in workers:
            worker.start()
        try:
            return self._give(which, stopping, limit)
        finally:
            for _ in workers:
                self._given.put(None)
            for worker in workers:
                worker.join()
            if self._broken:
                raise self._broken[0]

    def _give(self, which: Which, stopping: Callable[[], bool], limit: int | None) -> bool:
        given = 0
        while not (stopping() or self.why or self._broken):
            room = self._threads + _SPARE - self._busy()
            if limit is not None:
                room = min(room, limit - given)
                if limit <= given and not self._busy():
                    return True
            fresh = self._fresh(which, room) if room > 0 and self._answering() else []
            for item in fresh:
                self._given.put(item)
            given += len(fresh)
            if not fresh:
                if not self._busy() and not self._store.runs.waiting(self._source, which)[0]:
                    return True
                time.sleep(_TICK)
        return False

    def _fresh(self, which: Which, room: int) -> list[Item]:
        """Return tickets that nobody of this process is at, as many as there is room for."""
        with self._lock:
            running = set(self._running)
        found = self._store.runs.next(self._source, which, self._now(), room + len(running))
        fresh = [item for item in found if item.ref not in running][:room]
        with self._lock:
            self._running |= {item.ref for item in fresh}
        return fresh

    def _answering(self) -> bool:
        """Whether every connection that is needed may be called; a paused one is tried when it is time."""
        before, waits = self._engine.breakers.paused(), dict[str, str]()
        for name in self._connections:
            if name in before and not self._engine.breakers.probe(name):
                waits[name] = str(before[name])
        if (before.keys() | self.tally.waits_for.keys()) & set(self._connections) - waits.keys():
            self._store.runs.hasten(self._source)  # what failed meanwhile was put off for longer
        self.tally.waits_for = waits
        return not waits

    def _busy(self) -> int:
        with self._lock:
            return len(self._running)

    def _worker(self) -> None:
        while (item := self._given.get()) is not None:
            try:
                if not (self.why or self._broken):
                    with self._turns.mine():
                        self._take(item)
            except BaseException as error:  # noqa: BLE001 - a full disk ends the run, and is told by its caller
                self._broken.append(error)
            finally:
                with self._lock:
                    self._running.discard(item.ref)

    # -- one ticket

    def _take(self, item: Item) -> None:
        result = self._engine.take(item.ref, remap=self._remap)
        if result is None:
            self._later(item, self._now() + _HELD, "another worker holds it")
        elif isinstance(result.outcome, Later):
            self._later(item, result.outcome.at, str(result.outcome.error))
        else:
            state, reason = self._judged(item, result)
            if state is not None:
                self._settle(item, state, reason, result)

    def _judged(self, item: Item, result: Reconciled) -> tuple[State | None, str]:
        """Return what became of a ticket, and why; no state for one that was not asked for."""
        if result.gone:
            why = "neither a list nor the archive has it" if item.rank is Rank.UNLISTED else result.gone
            return State.GONE, why
        if isinstance(result.outcome, Parked):
            unread = item.rank is Rank.UNLISTED and self._source == _blamed(result.outcome)
            return State.UNREACHABLE if unread else State.PARKED, result.outcome.reason
        subject = self._store.bundles.subject(item.ref)
        if subject.startswith("bundle:"):
            if self._store.runs.held(subject) is not None:
                return State.MIGRATED, ""
            alone = len(self._store.bundles.load(subject).refs) == 1
            return (State.PARKED, _ALONE) if alone else (State.MIGRATED, "it was linked before")
        if self._customers and (whose := result.customer) not in self._customers:
            self._store.runs.not_asked(item.ref, whose or "")
            return None, ""
        return State.SKIPPED, left_out(result.plan, "no route of the migration takes it")

    def _tie(self, item: Item, result: Reconciled) -> None:
        ties = (Tie(item.ref.key, tie.kind.value, tie.key) for tie in result.ties)
        self._store.runs.tie(self._source, ties)

    def _settle(self, item: Item, state: State, reason: str, result: Reconciled) -> None:
        known = self._store.register.entries(self._source, {item.ref.key})[item.ref.key]
        version = known.version if state is State.MIGRATED else None
        if state is State.MIGRATED and result.ties:
            self._tie(item, result)
        self._store.runs.settle(item.ref, state, reason, self._run, version, self._now())
        with self._lock:
            self._count(state, reason, result)

    def _later(self, item: Item, at: datetime, reason: str) -> None:
        self._store.runs.later(item.ref, max(at, self._now() + timedelta(seconds=1)), reason)

    def _count(self, state: State, reason: str, result: Reconciled) -> None:
        tally = self.tally
        tally.settled += 1
        tally.migrated += state is State.MIGRATED
        tally.created += any(isinstance(write, CreateTicket) for write in result.made)
        if state is not State.PARKED:
            tally.row, tally.reason = 0, ""
            return
        tally.parked += 1
        same = alike(reason)
        tally.row, tally.reason = (tally.row + 1 if same == tally.reason else 1), same
        if tally.row >= _ALIKE:
            self.why = f"the last {tally.row} tickets were parked for one reason: {same}"
        elif tally.parked >= max(_LEAST, _SHARE * tally.settled):
            self.why = f"{tally.parked} of {tally.settled} tickets were parked"


def _blamed(outcome: Parked) -> str:
    """Return which connection a reason begins with."""
    return outcome.reason.partition(":")[0]
