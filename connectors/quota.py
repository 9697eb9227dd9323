"""How many calls a connection may still make. Floor 2 has the protocol and the in-process budget."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Protocol


class Budget(Protocol):
    """The calls that one connection's account may make, shared by everything that calls it."""

    def blocked_until(self) -> datetime | None:
        """Return when the next call may be made, or None if it may be made now."""

    def block(self, until: datetime) -> None:
        """Keep everybody from calling before `until`; the server said so."""


class LocalBudget:
    """The budget of one process: a server's refusal stops all its threads until the time it named."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now, self._lock = now, threading.Lock()
        self._until: datetime | None = None

    def blocked_until(self) -> datetime | None:
        """Return when the next call may be made, or None if it may be made now."""
        with self._lock:
            if self._until is not None and self._until <= self._now():
                self._until = None
            return self._until

    def block(self, until: datetime) -> None:
        """Keep everybody from calling before `until`."""
        with self._lock:
            self._until = until if self._until is None else max(self._until, until)
