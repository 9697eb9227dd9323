"""The search's own copy of what can be searched: it lags behind, and finds by value (reference 3.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Entry = Mapping[str, Any]
"""What one record has by key; several values are a tuple, none at all is None or nothing."""


class Index:
    """Ids by value, key by key; a key costs nothing until somebody searches by it."""

    def __init__(self) -> None:
        self.waiting: set[tuple[str, int]] = set()
        """Records whose change is on its way here."""
        self._entries: dict[int, Entry] = {}
        self._ids: dict[str, dict[Any, set[int]]] = {}

    def __contains__(self, number: int) -> bool:
        return number in self._entries

    def put(self, number: int, entry: Entry | None) -> None:
        """Know a record as `entry` from now on; None forgets it."""
        old = self._entries.pop(number, None)
        if entry is not None:
            self._entries[number] = entry
        for key, ids in self._ids.items():
            for value in _values(old, key):
                ids[value].discard(number)
            for value in _values(entry, key):
                ids.setdefault(value, set()).add(number)

    def all(self) -> set[int]:
        """Return all ids."""
        return set(self._entries)

    def equal(self, key: str, value: Any) -> set[int]:
        """Return the ids that have `value` under `key`."""
        return self._by(key).get(value, set())

    def where(self, key: str, test: Callable[[Any], bool]) -> set[int]:
        """Return the ids of which a value under `key` passes the test; it is asked once per value."""
        return set().union(*(ids for value, ids in self._by(key).items() if test(value)))

    def _by(self, key: str) -> dict[Any, set[int]]:
        if key not in self._ids:
            ids: dict[Any, set[int]] = {}
            for number, entry in self._entries.items():
                for value in _values(entry, key):
                    ids.setdefault(value, set()).add(number)
            self._ids[key] = ids
        return self._ids[key]


def _values(entry: Entry | None, key: str) -> Iterable[Any]:
    if entry is None:
        return ()
    value = entry.get(key)
    return (value or (None,)) if isinstance(value, tuple) else (value,)
