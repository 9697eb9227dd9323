"""Records kept in the orders in which lists show them, so that no call sorts 100,000 of them."""

from __future__ import annotations

import bisect
import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar, overload

from deskbridge.sandbox.freshdesk.records import Ticket

_T = TypeVar("_T")
PLACES = ("normal", "deleted", "spam")


class Order:
    """Ids sorted by a key, equal keys by id."""

    def __init__(self) -> None:
        self._rows: list[tuple[Any, int]] = []

    def add(self, key: Any, number: int) -> None:
        """Take in an id; cheap at the end, where new ones go."""
        bisect.insort(self._rows, (key, number))

    def remove(self, key: Any, number: int) -> None:
        """Take out an id that is there under `key`."""
        index = bisect.bisect_left(self._rows, (key, number))
        assert self._rows[index] == (key, number)
        del self._rows[index]

    def since(self, key: Any = None) -> Span:
        """Return the ids from `key` on (None: all), without copying them."""
        first = 0 if key is None else bisect.bisect_left(self._rows, (key, 0))
        return Span(self._rows, first)


class Span(Sequence[int]):
    """The end of an order from some row on, perhaps backward; of use until the order changes."""

    def __init__(self, rows: list[tuple[Any, int]], first: int, *, backward: bool = False) -> None:
        self._rows, self._first, self._backward = rows, first, backward

    def backward(self) -> Span:
        """Return the same ids, last first."""
        return Span(self._rows, self._first, backward=True)

    def __len__(self) -> int:
        return len(self._rows) - self._first

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> list[int]: ...
    def __getitem__(self, index: int | slice) -> int | list[int]:
        if isinstance(index, int):
            return self[index : index + 1][0]
        start, stop, _ = index.indices(len(self))
        if self._backward:
            start, stop = len(self) - stop, len(self) - start
        part = [number for _, number in self._rows[self._first + start : self._first + stop]]
        return part[::-1] if self._backward else part


class Tickets(Mapping[int, Ticket]):
    """The tickets that are not archived, with their orders by creation and by change, place by place."""

    def __init__(self) -> None:
        self._all: dict[int, Ticket] = {}
        self._created = {place: Order() for place in PLACES}
        self._updated = {place: Order() for place in PLACES}
        self._of: dict[tuple[str, int | None], set[int]] = {}
        self.version = 0
        """Changes with whatever could change a list."""

    def __getitem__(self, number: int) -> Ticket:
        return self._all[number]

    def __iter__(self) -> Iterator[int]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def add(self, ticket: Ticket) -> None:
        """Take in a ticket."""
        self._all[ticket.id] = ticket
        self._enter(ticket)

    def remove(self, ticket: Ticket) -> None:
        """Take out a ticket."""
        del self._all[ticket.id]
        self._leave(ticket)

    def created(self, place: str, since: datetime | None = None) -> Span:
        """Return the ids in a place that were created since, oldest first."""
        return self._created[place].since(since)

    def updated(self, place: str, since: datetime | None = None) -> Span:
        """Return the ids in a place that were changed since, the longest unchanged first."""
        return self._updated[place].since(since)

    def of(self, key: str, value: int) -> set[int]:
        """Return the ids whose `requester_id` or `company_id` (`key`) is `value`."""
        return self._of.get((key, value), set())

    @contextlib.contextmanager
    def moving(self, ticket: Ticket) -> Iterator[None]:
        """Within the block a ticket's place, times, requester and company may change."""
        known = ticket.id in self._all
        if known:
            self._leave(ticket)
        try:
            yield
        finally:
            if known:
                self._enter(ticket)

    def _enter(self, ticket: Ticket) -> None:
        self._created[ticket.place].add(ticket.created_at, ticket.id)
        self._updated[ticket.place].add(ticket.updated_at, ticket.id)
        for key in ("requester_id", "company_id"):
            self._of.setdefault((key, getattr(ticket, key)), set()).add(ticket.id)
        self.version += 1

    def _leave(self, ticket: Ticket) -> None:
        self._created[ticket.place].remove(ticket.created_at, ticket.id)
        self._updated[ticket.place].remove(ticket.updated_at, ticket.id)
        for key in ("requester_id", "company_id"):
            self._of[key, getattr(ticket, key)].discard(ticket.id)
        self.version += 1


@dataclass(slots=True)
class Cursors(Generic[_T]):
    """Lists that had to be sorted, kept for the next pages until something changes."""

    most: int = 16
    _kept: dict[Any, tuple[int, Sequence[_T]]] = field(default_factory=dict)

    def rows(self, key: Any, version: int, make: Callable[[], Sequence[_T]]) -> Sequence[_T]:
        """Return the rows under `key`, made anew if the version is another."""
        known = self._kept.get(key)
        if known is None or known[0] != version:
            known = (version, make())
            self._kept.pop(key, None)
            self._kept[key] = known
            if len(self._kept) > self.most:
                del self._kept[next(iter(self._kept))]
        return known[1]


class Row(Protocol):
    """What hangs on a ticket."""

    @property
    def id(self) -> int: ...
    @property
    def ticket_id(self) -> int: ...


_R = TypeVar("_R", bound=Row)


class Hanging(dict[int, _R]):
    """Rows by id that each hang on a ticket, also found by it."""

    def __init__(self, rows: Iterable[_R] = ()) -> None:
        super().__init__()
        self._of: dict[int, list[int]] = {}
        for row in rows:
            self.add(row)

    def add(self, row: _R) -> None:
        """Take in a row."""
        self[row.id] = row
        self._of.setdefault(row.ticket_id, []).append(row.id)

    def remove(self, row: _R) -> None:
        """Take out a row."""
        del self[row.id]
        self._of[row.ticket_id].remove(row.id)

    def of(self, ticket: int) -> list[_R]:
        """Return the rows of a ticket, oldest first."""
        return [self[number] for number in self._of.get(ticket, ())]
