"""Who takes a run's tickets: threads of this process, or of another one."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Protocol

from sync.migrate.bulk import Turns
from sync.migrate.take import Taken
from sync.store.runs import Item

SPARE = 8
"""Tickets that wait for a free thread, so that none waits for the store."""

Done = Callable[[Item, Taken | None], None]
"""Hears of each ticket that was given when it has come to its end, and what became of it."""
Failed = Callable[[BaseException], None]
"""Hears what ends a run: a full disk, a process that is not there any more."""


class Crew(Protocol):
    """Takes tickets that it is given, several at once."""

    def start(self, done: Done, failed: Failed) -> None:
        """Begin."""
        ...

    def room(self) -> int:
        """Return how many more tickets it can be given now."""
        ...

    def give(self, item: Item) -> None:
        """Have a ticket taken."""
        ...

    def halt(self) -> None:
        """Begin with nothing more of what it was given; what is begun goes on to its end."""
        ...

    def finish(self) -> None:
        """Wait until what it was given is done."""
        ...


class Threads:
    """A crew of this process."""

    def __init__(self, take: Callable[[Item], Taken | None], turns: Turns, threads: int) -> None:
        """`threads` take tickets, each in its turn."""
        self._take, self._turns, self._count = take, turns, threads
        self._lock, self._given, self._busy = threading.Lock(), queue.SimpleQueue[Item | None](), 0
        self._threads: list[threading.Thread] = []
        self._halted = False

    def start(self, done: Done, failed: Failed) -> None:
        """Begin."""
        self.go_on()
        self._threads = [
            threading.Thread(target=self._work, args=(done, failed), name=f"run-{n}", daemon=True)
            for n in range(self._count)
        ]
        for thread in self._threads:
            thread.start()

    def go_on(self) -> None:
        """Begin with what it is given again."""
        self._halted = False

    def room(self) -> int:
        """Return how many more tickets it can be given now."""
        with self._lock:
            return self._count + SPARE - self._busy

    def give(self, item: Item) -> None:
        """Have a ticket taken."""
        with self._lock:
            self._busy += 1
        self._given.put(item)

    def halt(self) -> None:
        """Begin with nothing more of what it was given; what is begun goes on to its end."""
        self._halted = True

    def finish(self) -> None:
        """Wait until what it was given is done."""
        for _ in self._threads:
            self._given.put(None)
        for thread in self._threads:
            thread.join()
        self._threads = []

    def _work(self, done: Done, failed: Failed) -> None:
        while (item := self._given.get()) is not None:
            taken = None
            try:
                with self._turns.mine():
                    if not self._halted:  # one that waited for its turn has not begun either
                        taken = self._take(item)
            except BaseException as error:  # noqa: BLE001 - a full disk ends the run, and is told by its caller
                self._halted = True
                failed(error)
            finally:
                with self._lock:
                    self._busy -= 1
                done(item, taken)
