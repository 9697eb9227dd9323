"""Many tickets in one call: what several workers create at the same time goes together.

It is below every decision: each ticket was planned, claimed and noted in the journal by itself, and each gets
its own answer. A worker that waits for the others gives its turn to one that does not.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from connectors.base import Connector, TicketDraft, WrittenTicket
from connectors.errors import HubError, WireError

_PATIENCE = 1.5
"""Seconds that the first one waits for others: a create must follow its note promptly."""


@dataclass(eq=False, slots=True)
class _Order:
    """One ticket that is to be created, and what came of it."""

    draft: TicketDraft
    answer: WrittenTicket | BaseException | None = None


@dataclass(eq=False, slots=True)
class _Batch:
    orders: list[_Order] = field(default_factory=list)
    sent: threading.Event = field(default_factory=threading.Event)


class Turns:
    """How many workers work at once; those who wait for a batch are not counted."""

    def __init__(self, workers: int) -> None:
        self._free = threading.Semaphore(workers)
        self.changed = threading.Condition()
        """Told when a batch is full, and when nobody works any more: what the first of a batch waits for."""
        self.working = 0
        """Workers that have a turn, or will soon: one of them may add to a batch."""

    def leave(self, workers: int) -> None:
        """Have so many workers less, for good: others work in their stead."""
        for _ in range(workers):
            self._free.acquire()

    @contextmanager
    def mine(self) -> Iterator[None]:
        """Have a turn."""
        self._enter()
        try:
            yield
        finally:
            self._leave()

    @contextmanager
    def others(self) -> Iterator[None]:
        """Let others have one's turn meanwhile."""
        self._leave()
        try:
            yield
        finally:
            self._enter()

    def _enter(self) -> None:
        with self.changed:
            self.working += 1
        self._free.acquire()

    def _leave(self) -> None:
        with self.changed:
            self.working -= 1
            if not self.working:
                self.changed.notify_all()
        self._free.release()


class Together:
    """Creates tickets, as many in one call as the connection takes."""

    def __init__(self, turns: Turns) -> None:
        self._turns, self._open = turns, dict[str, _Batch]()

    def create(self, connector: Connector, draft: TicketDraft) -> WrittenTicket:
        """Create a ticket, perhaps together with others; see `Connector.create` for what it raises."""
        most = connector.abilities(draft.place).bulk
        if most <= 1:
            return connector.create(draft)
        order = _Order(draft)
        with self._turns.others():
            self._sent(connector, order, most)
        if isinstance(order.answer, BaseException):
            raise order.answer
        if order.answer is None:
            raise HubError(f"{connector.name}: nobody heard what came of a create")
        return order.answer

    def _sent(self, connector: Connector, order: _Order, most: int) -> None:
        changed, name = self._turns.changed, connector.name
        with changed:
            batch = self._open.setdefault(name, _Batch())
            batch.orders.append(order)
            if len(batch.orders) >= most:
                self._open.pop(name)
                changed.notify_all()
        if batch.orders[0] is not order:
            batch.sent.wait()
            return
        with changed:
            full = lambda: len(batch.orders) >= most or not self._turns.working  # noqa: E731 - one look
            changed.wait_for(full, timeout=_PATIENCE)
            if self._open.get(name) is batch:
                self._open.pop(name)
        try:
            self._answer(connector, batch)
        finally:
            batch.sent.set()

    def _answer(self, connector: Connector, batch: _Batch) -> None:
        """Send a batch; whatever goes wrong is everybody's answer who has none of their own."""
        orders = batch.orders
        try:
            if len(orders) == 1:
                orders[0].answer = connector.create(orders[0].draft)
                return
            answers = connector.create_many([order.draft for order in orders])
            for order, answer in zip(orders, answers, strict=True):
                order.answer = answer
        except (WireError, ValueError) as error:
            for order in orders:
                order.answer = order.answer or error
