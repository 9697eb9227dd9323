"""Jobs in threads of this process, out of the inbox of its own store."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from random import Random

from sync.jobs.port import Look
from sync.store import Store
from sync.store.inbox import Ready

_BATCH = 100
"""Due rows that are read together."""
_DEEP = 2_000
"""Due rows that are looked through for one whose connections are not all busy."""
_TICK = 0.25
"""Seconds until the inbox is looked into without anybody saying so: timers, and other processes' rows."""
_DEEP_AGAIN = 0.5
"""Seconds between two looks that deep which found nothing."""

_log = logging.getLogger(__name__)


class Threads:
    """The embedded runner: one thread chooses what is looked at, the others look.

    What is chosen is bounded for each connection, so that one that answers slowly holds up its own tickets
    only.
    """

    def __init__(
        self,
        store: Store,
        look: Look,
        now: Callable[[], datetime],
        limits: Mapping[str, int],
        *,
        once: bool = False,
    ) -> None:
        """`limits` says of each connection how many tickets with a side on it are looked at at once.

        `once`: each ticket is looked at once at most, and `idle` tells when all that was due has been. It
        ends at the first look that raises, see `failed`; else whoever waits for its end would wait in vain.
        """
        self._store, self._look, self._now, self._limits, self._once = store, look, now, limits, once
        self._workers = max(limits.values(), default=1)
        self._given: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._lock, self._woken = threading.Lock(), threading.Event()
        self._running: dict[str, frozenset[str]] = {}
        self._seen: set[str] = set()
        self._stopping, self._idle = threading.Event(), threading.Event()
        self._deep_at = 0.0
        self._chance = Random()  # noqa: S311 - no secret
        self.peers = 0
        """How many other processes look at the same rows."""
        self.failed: Exception | None = None
        """Why the inbox could not be read, or a ticket not be looked at, when that last happened."""

    def start(self) -> None:
        """See `Jobs`."""
        for number in range(self._workers):
            threading.Thread(target=self._work, name=f"worker-{number}", daemon=True).start()
        threading.Thread(target=self._dispatch, name="dispatcher", daemon=True).start()

    def wake(self) -> None:
        """See `Jobs`."""
        self._woken.set()

    def idle(self, patience: float | None = None) -> bool:
        """Wait until all that was due has been looked at (with `once` only); whether that is so."""
        return self._idle.wait(patience)

    def stop(self, patience: timedelta) -> bool:
        """See `Jobs`."""
        self._stopping.set()
        self._woken.set()
        end = time.monotonic() + patience.total_seconds()
        while self._busy() and time.monotonic() < end:
            time.sleep(0.01)
        for _ in range(self._workers):
            self._given.put(None)
        return not self._busy()

    def _busy(self) -> int:
        with self._lock:
            return len(self._running)

    def _dispatch(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            try:
                begun = self._choose()
            except Exception as error:  # noqa: BLE001 - a store that is locked for long must not end the hub
                _log.error("the inbox cannot be read: %s", type(error).__name__)
                begun, self.failed = 0, error
            if self._once and self._over(begun):
                self._idle.set()
                return
            self._woken.wait(_TICK)

    def _over(self, begun: int) -> bool:
        """Whether nothing more will be looked at."""
        return not self._busy() and (self.failed is not None or not (begun or self._woken.is_set()))

    def _choose(self) -> int:
        """Give due tickets to free threads, longest due first; return how many."""
        now, begun, looked, after = self._now(), 0, 0, None
        deep = time.monotonic() >= self._deep_at
        while (free := self._workers - self._busy()) > 0 and not self._ending():
            rows = self._store.inbox.ready(now, _BATCH, after)
            if not rows:
                return begun
            begun += self._give(self._spread(rows, free), free)
            looked, after = looked + len(rows), rows[-1]
            if not self._once and (not deep or looked >= _DEEP):
                break
        if looked >= _DEEP and not begun:
            self._deep_at = time.monotonic() + _DEEP_AGAIN
        return begun

    def _ending(self) -> bool:
        return self._stopping.is_set() or (self._once and self.failed is not None)

    def _spread(self, rows: list[Ready], free: int) -> list[Ready]:
        """Return rows in an order in which processes that ask at once seldom take the same one first.

        Each looks among as many as all of them can begin; so what is due longest is begun at once as before.
        """
        if not self.peers:
            return rows
        near = rows[: free * (1 + self.peers)]
        self._chance.shuffle(near)
        return near + rows[len(near) :]

    def _give(self, rows: list[Ready], free: int) -> int:
        with self._lock:
            fresh = [
                r.subject for r in rows if r.subject not in self._running and r.subject not in self._seen
            ]
        where, begun = self._store.register.connections(fresh), 0
        for subject in fresh:
            if begun == free:
                break
            sides = where.get(subject, frozenset())
            with self._lock:
                load = Counter(name for held in self._running.values() for name in held)
                if any(load[name] >= self._limits.get(name, self._workers) for name in sides):
                    continue
                self._running[subject] = sides
                if self._once:
                    self._seen.add(subject)
            self._given.put(subject)
            begun += 1
        return begun

    def _work(self) -> None:
        while (subject := self._given.get()) is not None:
            try:
                if not self._stopping.is_set():
                    self._look(subject)
            except Exception as error:  # noqa: BLE001 - it stays in the inbox; the thread goes on
                _log.error("%s could not be looked at: %s", subject, type(error).__name__)
                self.failed = error
                time.sleep(_TICK)
            finally:
                with self._lock:
                    self._running.pop(subject, None)
                self._woken.set()
