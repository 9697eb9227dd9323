"""The line between the reference connector and its desk: what `connectors.http` is for the others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar
from urllib.parse import urlsplit

from connectors.base import ConnectionConfig
from connectors.errors import Gone, Rejected, Throttled, Transient, Unauthorised, Uncertain, WireError
from connectors.memory_desk import DeskTicket, Fault, MemoryDesk

T = TypeVar("T")

_ATTEMPTS = 3


class Wire:
    """Calls a desk and turns its faults into errors by recovery."""

    def __init__(self, config: ConnectionConfig, desk: MemoryDesk) -> None:
        self._config, self._desk = config, desk

    def read(self, call: str, act: Callable[[], T]) -> T:
        """Return what the desk answers, asked again on passing faults."""
        return self.list(call, lambda fault: act())

    def list(self, call: str, act: Callable[[Fault | None], T]) -> T:
        """Read what a fault may make wrong: the one that is due is handed to `act`."""
        for _ in range(_ATTEMPTS - 1):
            try:
                return self.write(call, act, idempotent=True)
            except Throttled:
                raise
            except Transient:
                continue
        return self.write(call, act, idempotent=True)

    def write(self, call: str, act: Callable[[Fault | None], T], *, idempotent: bool) -> T:
        """Do something on the desk, once; the fault that is due is played or handed to `act`."""
        fault = self._desk.next_fault(call)
        self._refuse(call, fault, idempotent=idempotent)
        with self._desk.lock:
            answer = act(fault)
        if fault is Fault.LOST:
            raise self._unheard(call, idempotent=idempotent)
        return answer

    def _refuse(self, call: str, fault: Fault | None, *, idempotent: bool) -> None:
        if (until := self._config.budget.blocked_until()) is not None:
            raise Throttled(self._config.name, call, "the quota is spent", until)
        if fault is Fault.UNREACHABLE:
            raise Transient(self._config.name, call, f"{urlsplit(self._config.url).netloc} cannot be reached")
        if self._config.secret != self._desk.secret:
            raise Unauthorised(self._config.name, call, "401 wrong secret")
        if fault is Fault.RESET:
            raise self._unheard(call, idempotent=idempotent)
        if fault is Fault.REFUSED:
            raise Rejected(self._config.name, call, "400 refused", {"text": "the desk does not like it"})
        if fault is Fault.THROTTLED:
            until = self._config.now() + timedelta(seconds=30)
            self._config.budget.block(until)
            raise Throttled(self._config.name, call, "429 too many calls", until)

    def _unheard(self, call: str, *, idempotent: bool) -> WireError:
        return (Transient if idempotent else Uncertain)(self._config.name, call, "no answer")

    def find(self, call: str, key: str, *, to_write: bool = False) -> DeskTicket:
        """Return a ticket; a trashed one only where it is not `to_write`. Raises Gone."""
        ticket = self._desk.tickets.get(key)
        if ticket is None:
            raise Gone(self._config.name, call, f"no ticket {key}")
        if to_write and ticket.trashed:
            raise Gone(self._config.name, call, f"ticket {key} is in the trash")
        if to_write and ticket.archived:
            raise Rejected(self._config.name, call, f"ticket {key} is archived, and read-only")
        return ticket
