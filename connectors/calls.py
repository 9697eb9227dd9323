"""That a call was made: what is told of each to whoever counts them. No address, header or body is in it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Call:
    """A call to a connection that has come to its end."""

    connection: str
    method: str
    status: int
    """What was answered; 0 where nothing was, or not the whole of it."""
    seconds: float
    """From when it was sent until its answer was read, without waiting for its turn."""


Listener = Callable[[Call], None]


def nobody(call: Call) -> None:
    """Count nothing."""


def pause(seconds: float) -> None:
    """Wait. `time.sleep` is looked up each time, as a process may have a clock of its own."""
    time.sleep(seconds)


class Ear:
    """Tells of each call to those who listen. Any thread may."""

    def __init__(self) -> None:
        self._listeners: tuple[Listener, ...] = ()

    def listen(self, listener: Listener) -> None:
        """Be told of every call from now on."""
        self._listeners = (*self._listeners, listener)

    def hear(self, call: Call) -> None:
        """Tell those who listen."""
        for listener in self._listeners:
            listener(call)
