"""How far a run is: kept in the store for `status`, and told where it was started, line by line."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Protocol

from connectors.errors import UnsafePlan
from connectors.quota import Budget
from deskbridge.bootstrap import Application
from deskbridge.migration.run_log import by_programs, progressed
from deskbridge.migration.succeeding import beats
from sync.migrate.run import Loop, Tally
from sync.store.runs import Which
from sync.store.workers import Worker

_EVERY = 10.0
"""Seconds between two lines where nobody watches."""
_WINDOW = 60.0
"""Seconds over which the rate is measured."""
_COUNT = 5.0
"""Seconds between two counts of what waits."""


class Worked(Protocol):
    """What a run works with, as far as its progress is told by it."""

    @property
    def application(self) -> Application:
        """The store and the time."""
        ...

    @property
    def source(self) -> str:
        """The name under which the run's tickets are kept."""
        ...

    @property
    def budgets(self) -> Mapping[str, Budget]:
        """How much of each connection's quota is used."""
        ...


class Progress:
    """Says each second, in the store, that a run is worked on; a thread of its own."""

    def __init__(
        self,
        machine: Worked,
        run: int,
        worker: Worker,
        which: Which,
        *,
        hours: float | None,
        late: Callable[[str], None],
    ) -> None:
        """`late` hears once that a run will take longer than so many `hours`."""
        self._machine, self._run, self._worker, self._which = machine, run, worker, which
        self._hours, self._late = hours, late
        self._ending, self.stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._watch, name="progress", daemon=True)
        self._began, self._told, self._listed = time.monotonic(), 0.0, 0
        self._marks: deque[tuple[float, int]] = deque()
        self._waiting, self._counted, self._settled = 0, -_COUNT, 0
        self._loops: tuple[Loop, ...] = ()
        self.broken: BaseException | None = None

    def start(self) -> None:
        """Begin to tell."""
        self._thread.start()

    def end(self) -> None:
        """Tell a last time, and no more."""
        self._ending.set()
        self._thread.join()

    def listed(self, count: int) -> None:
        """Take note of how many rows of the source's lists were read."""
        self._listed = count

    def works(self, loop: Loop, which: Which) -> None:
        """Tell of `loop` from now on, which takes what waits of `which`; those before it still count."""
        self._loops += (loop,)
        self._which, self._counted = which, -_COUNT

    def stop(self) -> bool:
        """Whether the run is to stop: somebody asked, or what it says cannot be kept."""
        return self.stopping.is_set() or self.broken is not None

    def now(self) -> dict[str, Any]:
        """Return how far it is, as data."""
        at, tally = time.monotonic(), self._done()
        self._marks.append((at, tally.settled))
        while len(self._marks) > 1 and self._marks[0][0] < at - _WINDOW:
            self._marks.popleft()
        spent, done = at - self._marks[0][0], tally.settled - self._marks[0][1]
        rate = done / spent if spent > 0.5 else 0.0
        if at - self._counted >= _COUNT:
            runs = self._machine.application.store.runs
            self._waiting, self._counted = runs.waiting(self._machine.source, self._which)[0], at
            self._settled = tally.settled
        waiting = max(0, self._waiting - (tally.settled - self._settled))
        used = {name: budget.used() for name, budget in self._machine.budgets.items()}
        return {
            "phase": "migrating" if self._loops else "listing",
            "listed": self._listed,
            "settled": tally.settled,
            "created": tally.created,
            "parked": tally.parked,
            "waiting": waiting,
            "rate": round(rate, 2),
            "left_seconds": round(waiting / rate) if rate else None,
            "quota": {name: round(share, 2) for name, share in used.items() if share is not None},
            "waits_for": dict(tally.waits_for),
        }

    def _done(self) -> Tally:
        """Return what this process has done."""
        tallies = [loop.tally for loop in self._loops]
        return Tally(
            settled=sum(one.settled for one in tallies),
            created=sum(one.created for one in tallies),
            parked=sum(one.parked for one in tallies),
            waits_for=tallies[-1].waits_for if tallies else {},
        )

    def _watch(self) -> None:
        while True:
            last = self._ending.wait(1.0)
            self._counted = -_COUNT if last else self._counted
            try:
                self._tell(self.now(), last=last)
            except Exception as error:  # noqa: BLE001 - a full disk ends the run, and is told by its caller
                self.broken = error
                return
            if last:
                return

    def _tell(self, told: dict[str, Any], *, last: bool) -> None:
        store, at = self._machine.application.store, self._machine.application.now()
        with store.together():
            ours = beats(self._machine.application, self._run, self._worker)
            goes_on = not ours or store.runs.beat(self._run, told, at)
        if not ours:
            raise UnsafePlan(f"run {self._run} was taken over by another process")
        if not goes_on:
            self.stopping.set()
        self._is_late(told)
        programs = by_programs(self._machine.application)
        if sys.stderr.isatty() and not programs:
            sys.stderr.write(f"\r\x1b[2K{progress_line(told)}" + ("\n" if last else ""))
            sys.stderr.flush()
        elif last or time.monotonic() - self._told >= _EVERY:
            self._told = time.monotonic()
            if programs:
                progressed(self._run, told)
                return
            sys.stderr.write(f"{at:%Y-%m-%d %H:%M:%S} UTC {progress_line(told)}\n")
            sys.stderr.flush()

    def _is_late(self, told: dict[str, Any]) -> None:
        left = told["left_seconds"]
        if self._hours is None or left is None or told["phase"] != "migrating":
            return
        hours = (time.monotonic() - self._began + left) / 3600
        if hours > self._hours:
            self._late(f"it will take {hours:.1f} hours, and was to take {self._hours:g}")
            self._hours = None


def progress_line(told: Mapping[str, Any]) -> str:
    """Return how far a run is, in a line."""
    if told.get("phase") == "listing":
        return f"reading the lists: {told['listed']} rows"
    left = told.get("left_seconds")
    parts = [
        f"{told['settled']} done",
        f"{told['waiting']} left",
        f"{told['rate']:.1f}/s",
        f"{timedelta(seconds=left)} to go" if left is not None else "",
        f"{told['parked']} parked" if told["parked"] else "",
        *(f"{name} quota {share:.0%}" for name, share in told["quota"].items()),
        *(f"waits for {name}: {why}" for name, why in told["waits_for"].items()),
    ]
    return ", ".join(part for part in parts if part)
