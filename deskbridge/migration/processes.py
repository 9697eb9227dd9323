"""More processes for one run: a Python process uses one core, whatever its threads do.

The run's own process lists, gives tickets out and keeps the tally; each other one is a crew with an engine
of its own, on the same store, and within the same quotas. They speak in lines of JSON over the pipes of the
one that began them. When that ends, however it ends, theirs close, and they end too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from connectors.errors import HubError
from deskbridge.bootstrap import Application, system_time
from sync.migrate.crew import SPARE, Done, Failed
from sync.migrate.take import Taken
from sync.store.runs import Item, State

MODULE = "deskbridge.migration.crew_process"
_WORTH = 500
"""Tickets that must wait before another process is worth its start."""
_LEAST = 4
"""Workers that a process has at least."""
_PATIENCE = 60.0
"""Seconds that a process may take to end when it was told to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrewOrders:
    """What another process is told first: all that it needs beside its environment."""

    settings: str
    run: int
    ahead: float
    """Seconds by which the run's time is ahead of the system's."""
    workers: int
    share: float | None
    customers: tuple[str, ...]
    remap: bool


def processes_for(application: Application, wanted: int | None, workers: int, waiting: int) -> int:
    """Return how many processes share the work: as many as are `wanted`, or as the machine has cores.

    One where few tickets wait, or where the time is not the system's: another process goes by how far it is
    ahead at its start, which is for whoever moves the time to want.
    """
    if wanted is not None:
        return min(wanted, workers)
    if application.now is not system_time:
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    return max(1, min(cores, workers // _LEAST)) if waiting >= _WORTH else 1


def divided(workers: int, processes: int) -> list[int]:
    """Return how many workers each process has."""
    each, more = divmod(workers, processes)
    return [each + (n < more) for n in range(processes)]


class Process:
    """A crew that is a process of its own. Its secrets are those of our environment."""

    def __init__(self, orders: CrewOrders) -> None:
        command = [sys.executable, "-m", MODULE]
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self._changed = threading.Condition()
        self._given: dict[str, Item] = {}
        self._threads = 0
        self._over, self._why = False, ""
        self._hears: tuple[Done, Failed] | None = None
        self._say(asdict(orders))
        self._reader = threading.Thread(target=self._read, name="crew", daemon=True)
        self._reader.start()

    def start(self, done: Done, failed: Failed) -> None:
        """Begin, or go on."""
        with self._changed:
            self._hears, ended = (done, failed), self._over
        if ended:  # between two rounds, when nobody heard it
            failed(HubError(self._why))
        self._say({"go": True})

    def room(self) -> int:
        """Return how many more tickets it can be given now: none before it is ready."""
        with self._changed:
            ready = self._threads and not self._over
            return self._threads + SPARE - len(self._given) if ready else 0

    def give(self, item: Item) -> None:
        """Have a ticket taken."""
        with self._changed:
            self._given[item.ref.key] = item
        self._say({"connection": item.ref.connection, "key": item.ref.key, "rank": item.rank.value})

    def halt(self) -> None:
        """Begin with nothing more of what it was given; what is begun goes on to its end."""
        self._say({"halt": True})

    def finish(self) -> None:
        """Wait until what it was given is done."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or not self._given)

    def leave(self) -> None:
        """End it."""
        self._say({"end": True})
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what nobody read is written when it is closed
                    pipe.close()

    def _say(self, told: Mapping[str, Any]) -> None:
        with self._changed, suppress(OSError):  # if it ended, its reader finds out, and says so
            if self._process.stdin is not None:
                self._process.stdin.write(json.dumps(told) + "\n")
                self._process.stdin.flush()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            told = json.loads(line)
            if "threads" in told:
                with self._changed:
                    self._threads = told["threads"]
            elif "broken" in told:
                self._broken(told["broken"])
            else:
                self._took(told)
        code = self._process.wait()
        with self._changed:
            unheard = bool(self._given) or code != 0
        if unheard:
            self._broken(f"a process of the run ended by itself ({code}): run again, it goes on")
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def _took(self, told: Mapping[str, Any]) -> None:
        taken = told["taken"]
        became = Taken(State(taken["state"]), taken["reason"], taken["created"]) if taken else None
        item, hears = self._given[told["key"]], self._hears
        if hears is not None:
            hears[0](item, became)
        with self._changed:
            del self._given[item.ref.key]
            if not self._given:
                self._changed.notify_all()

    def _broken(self, why: str) -> None:
        self._why = self._why or why
        if self._hears is not None:
            self._hears[1](HubError(why))
