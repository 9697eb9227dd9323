"""How many calls a connection may still make. Floor 2 has the protocol and the in-process budget.

A budget is divided into *buckets*: the whole account's, and the narrower limits that a system has inside
it (lists a minute, notes a minute, writes on one issue). What is known of a bucket comes from the
system's own answers, by a pure hook of its connector; a bucket of which nothing is known stops nobody.
"""

from __future__ import annotations

import threading
from bisect import insort
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

TOTAL = ""
"""The bucket that every call counts in."""
HEADROOM = 0.2
"""The share of each limit that is left to people and other tools, where nobody says otherwise."""
_MINUTE = timedelta(minutes=1)
_IN_FLIGHT = 16
"""Calls that a server may not have counted yet when it says how many are left."""
_UNKNOWN = 100
"""Calls that are remembered of a bucket whose limit no answer has told yet."""
_BUCKETS = 1000
"""Buckets that are remembered before those that nobody used lately are forgotten."""


class Level(NamedTuple):
    """What an answer says of one bucket."""

    bucket: str
    limit: int
    """Calls in each window, before any head-room."""
    remaining: int | None = None
    """Calls that are left in the present window; None where no answer tells, so that ours are counted."""
    resets_at: datetime | None = None
    """When the present window ends; None where no answer tells."""
    window: timedelta = _MINUTE


class Budget(Protocol):
    """The calls that one connection's account may make, shared by everything that calls it."""

    def allowance(self) -> float | None:
        """Return how many calls a second the whole account may make; None while no answer told."""

    def used(self) -> float | None:
        """Return which share of the account's limit is used, whoever used it; None while nothing told."""

    def blocked_until(self, bucket: str = TOTAL) -> datetime | None:
        """Return when the next call may be made, or None if no refusal of the server stands."""

    def block(self, until: datetime, bucket: str = TOTAL) -> None:
        """Keep everybody from calling before `until`; the server said so."""

    def take(self, buckets: Iterable[str], patience: timedelta) -> datetime:
        """Book a call in these buckets, and in TOTAL; return when it may be made: now, or later.

        If that is later than `patience` from now, nothing was booked and the call must not be made.
        """

    def learn(self, levels: Iterable[Level]) -> None:
        """Take in what an answer said of its buckets."""


def number(text: str | None) -> int | None:
    """Return the whole number that a header holds; None for anything else."""
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


@dataclass(slots=True)
class _Bucket:
    """One limit: what the server last said of it, and when our own latest calls were (or will be) made.

    Our own calls never exceed the limit in *any* stretch of a window's length, so it does not matter when
    the server's window begins; what others use up shows in `remaining`. A server that says that more is left
    than we thought has begun a window, or counts nothing: our earlier calls are forgotten.
    """

    limit: int | None = None
    window: timedelta = _MINUTE
    remaining: int | None = None
    resets_at: datetime | None = None
    blocked: datetime | None = None
    calls: list[datetime] = field(default_factory=list)

    def free(self, now: datetime, headroom: float) -> datetime:
        """Return when another call may be made."""
        at = max(now, self.blocked or now)
        if self.limit is None:
            return at
        spare = int(self.limit * headroom)
        allowed = max(1, self.limit - spare)
        if len(self.calls) >= allowed:
            at = max(at, self.calls[-allowed] + self.window)
        if self.remaining is not None and self.remaining <= spare:
            at = max(at, self.resets_at or now)
        return at

    def book(self, at: datetime) -> None:
        """Count a call that is made at `at`."""
        insort(self.calls, at)
        del self.calls[: -(self.limit or _UNKNOWN)]
        if self.remaining is not None:
            self.remaining -= 1

    def learn(self, level: Level, now: datetime) -> None:
        """Take in what the server says; an answer that was overtaken by others makes nothing more."""
        self.limit, self.window = level.limit, level.window
        if level.remaining is None:
            return
        known, ends = self.remaining, self.resets_at
        risen = known is not None and level.remaining > known + _IN_FLIGHT
        fresh = risen or known is None or ends is None or now >= ends
        if risen:
            del self.calls[:-_IN_FLIGHT]
        self.remaining = level.remaining if fresh or known is None else min(known, level.remaining)
        if level.resets_at is not None or fresh:
            self.resets_at = level.resets_at or now + self.window

    def block(self, until: datetime) -> None:
        """Shut it; what it holds after that is not known."""
        self.blocked = until if self.blocked is None else max(self.blocked, until)
        self.remaining = self.resets_at = None
        self.calls.clear()

    def idle(self, now: datetime) -> bool:
        """Whether forgetting it changes nothing."""
        used = bool(self.calls) and self.calls[-1] + self.window > now
        return not used and (self.blocked is None or self.blocked <= now)


class LocalBudget:
    """The budget of one process, for all its threads; `headroom` is the share of a limit left to others."""

    def __init__(self, now: Callable[[], datetime], headroom: float = HEADROOM) -> None:
        self._now, self._headroom, self._lock = now, headroom, threading.Lock()
        self._buckets: dict[str, _Bucket] = {TOTAL: _Bucket()}

    def allowance(self) -> float | None:
        """Return how many calls a second the whole account may make; None while no answer told."""
        with self._lock:
            total = self._buckets[TOTAL]
            return None if total.limit is None else total.limit / total.window.total_seconds()

    def used(self) -> float | None:
        """Return which share of the account's limit is used, whoever used it; None while nothing told."""
        with self._lock:
            total = self._buckets[TOTAL]
            if total.limit is None or total.remaining is None:
                return None
            return min(1.0, max(0.0, 1 - total.remaining / total.limit))

    def blocked_until(self, bucket: str = TOTAL) -> datetime | None:
        """Return when the next call may be made, or None if no refusal of the server stands."""
        with self._lock:
            until = self._bucket(bucket).blocked
            return until if until is not None and until > self._now() else None

    def block(self, until: datetime, bucket: str = TOTAL) -> None:
        """Keep everybody from calling before `until`."""
        with self._lock:
            self._bucket(bucket).block(until)

    def take(self, buckets: Iterable[str], patience: timedelta) -> datetime:
        """Book a call in these buckets; return when it may be made."""
        with self._lock:
            now = self._now()
            counted = [self._bucket(name) for name in {TOTAL, *buckets}]
            at = max(bucket.free(now, self._headroom) for bucket in counted)
            if at - now <= patience:
                for bucket in counted:
                    bucket.book(at)
            return at

    def learn(self, levels: Iterable[Level]) -> None:
        """Take in what an answer said of its buckets; a limit of nothing is no limit."""
        with self._lock:
            for level in levels:
                if level.limit > 0:
                    self._bucket(level.bucket).learn(level, self._now())

    def _bucket(self, name: str) -> _Bucket:
        if name not in self._buckets and len(self._buckets) >= _BUCKETS:
            now = self._now()
            kept = {known: b for known, b in self._buckets.items() if known == TOTAL or not b.idle(now)}
            self._buckets = kept
        return self._buckets.setdefault(name, _Bucket())
