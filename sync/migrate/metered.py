"""A budget that counts what is taken from it, and waits where its calls would rather give up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from connectors.quota import TOTAL, Budget, Level


class Metered:
    """Another budget, with a meter. What comes after hours of reading is worth a minute's wait."""

    def __init__(self, of: Budget, now: Callable[[], datetime], sleep: Callable[[float], None]) -> None:
        self._of, self._now, self._sleep = of, now, sleep
        self._lock = threading.Lock()
        self.calls = 0
        """Calls that were made, those that were refused too."""

    def allowance(self) -> float | None:
        """Return how many calls a second the whole account may make; None while no answer told."""
        return self._of.allowance()

    def used(self) -> float | None:
        """Return which share of the account's limit is used; None while no answer told."""
        return self._of.used()

    def blocked_until(self, bucket: str = TOTAL) -> datetime | None:
        """Return when the next call may be made, or None if no refusal of the server stands."""
        return self._of.blocked_until(bucket)

    def block(self, until: datetime, bucket: str = TOTAL) -> None:
        """Keep everybody from calling before `until`."""
        self._of.block(until, bucket)

    def learn(self, levels: Iterable[Level]) -> None:
        """Take in what an answer said of its buckets."""
        self._of.learn(levels)

    def take(self, buckets: Iterable[str], patience: timedelta) -> datetime:
        """Book a call, having waited until it may be made within `patience`; return when."""
        wanted = tuple(buckets)
        while (at := self._of.take(wanted, patience)) - self._now() > patience:
            self._sleep(max(0.05, (at - self._now()).total_seconds()))
        with self._lock:
            self.calls += 1
        return at
