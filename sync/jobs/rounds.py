"""Rounds: what is done from time to time for each connection: the poll, the probe, the ear for silence.

Each connection has a thread of its own, so that one that answers slowly delays no other's poll. Several
processes share the rounds through the store: each is made by one of them.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sync.engine import Engine
from sync.health import listen
from sync.store import Store
from sync.sweep import Sweep

_TICK = 1.0
"""Seconds between two looks at what is due."""
_SWEEP = timedelta(seconds=10)
"""How long one turn of the sweep is."""
_LISTEN = timedelta(minutes=1)

_log = logging.getLogger(__name__)


def poll_name(connection: str) -> str:
    """Return the chore of polling a connection."""
    return f"poll:{connection}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """Makes the rounds until it is told to stop."""

    store: Store
    engine: Engine
    connections: tuple[str, ...]
    now: Callable[[], datetime]
    every: timedelta
    """How often a connection is polled."""
    silence: timedelta
    """How long a connection that called us may be silent."""
    sweep: Sweep
    wake: Callable[[], None]
    """Says that something was put into the inbox."""
    stopping: threading.Event

    def start(self) -> None:
        """Begin; threads end soon after `stopping` is set."""
        for name in self.connections:
            threading.Thread(target=self._watch, args=(name,), name=f"rounds-{name}", daemon=True).start()

    def _watch(self, name: str) -> None:
        while not self.stopping.is_set():
            try:
                self.turn(name)
            except Exception as error:  # noqa: BLE001 - a round that failed is made again
                _log.error("%s: a round failed: %s", name, type(error).__name__)
            self.stopping.wait(_TICK)

    def turn(self, name: str) -> None:
        """Do what is due for a connection now."""
        now, chores = self.now(), self.store.chores
        if name not in self.engine.breakers.paused():
            if chores.begin(poll_name(name), now, now + self.every):
                self._poll(name)
        elif self.engine.breakers.probe(name):
            chores.soon(poll_name(name), now)
            self.wake()
        if chores.begin(f"listen:{name}", now, now + _LISTEN):
            listen(self.store, name, now, self.silence)
        if name == self.connections[0] and self.sweep.step(self.engine.breakers.paused(), _SWEEP):
            self.wake()

    def _poll(self, name: str) -> None:
        error = self.engine.poll(name)
        if error is not None:
            _log.warning("%s: the poll failed: %s", name, type(error).__name__)
        self.wake()
