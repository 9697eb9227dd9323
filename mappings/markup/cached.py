"""Conversions that were made before: a ticket is looked at often, its texts change seldom."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock


class Cache:
    """Keeps the last results, as long as they have at most `room` characters together."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._kept: OrderedDict[Hashable, str] = OrderedDict()
        self._lock = Lock()
        self._used = 0

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def used(self) -> int:
        """The characters that are kept."""
        return self._used

    def get(self, key: Hashable, make: Callable[[], str]) -> str:
        """Return the result for `key`, made anew unless it is kept."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        with self._lock:
            self._used += len(made) - len(self._kept.pop(key, ""))
            self._kept[key] = made
            while self._used > self._room:
                self._used -= len(self._kept.popitem(last=False)[1])
        return made
