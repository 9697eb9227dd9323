"""The running service: workers and rounds in one process, on one store."""

from __future__ import annotations

import gc
import os
import secrets
import socket
import threading
from collections.abc import Callable
from datetime import timedelta

import deskbridge
from connectors.errors import ConfigError
from deskbridge.bootstrap import Application
from deskbridge.notify import notifier_of
from deskbridge.parts import Settings
from deskbridge.refreshed import Refresh
from sync.jobs.beats import Beats
from sync.jobs.rounds import Rounds
from sync.jobs.threads import Threads
from sync.outcome import Reconciled
from sync.rules import Role
from sync.store.migrate import OUTDATED
from sync.store.workers import Worker
from sync.sweep import Sweep

GRACE = timedelta(seconds=20)
"""How long looks that were begun have left when the service ends; what is not done then is done later."""
_SUPPOSED = 1.0
"""Calls a second that a connection is supposed to allow while none of its answers has said."""

Told = Callable[[Reconciled], None]


_GARBAGE = (50_000, 20, 20)
"""How many objects more than before there must be until some are looked at, and how often older ones are.

By Python's own measure a twentieth of a run goes into looking for circles of objects, of which there are few.
"""


def settle() -> None:
    """Have the collector of garbage leave alone what is there now, before a process goes on for days.

    Modules, settings and vocabularies are never garbage, and to go over them again takes a tenth of a second
    in which nobody is answered. What comes later is collected, more seldom.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GARBAGE)


def limits_of(settings: Settings, threads: int | None = None) -> dict[str, int]:
    """Return how many tickets are looked at at once for each connection; `threads` instead of the settings'.

    Every ticket has a side on the front, so the front has room for those of all work sides: one tool that
    answers slowly leaves the others theirs.
    """
    workers = threads or settings.serve.workers
    works = sum(connection.role is Role.WORK for connection in settings.connections.values())
    every = workers * max(works, 1)
    return {n: workers if c.role is Role.WORK else every for n, c in settings.connections.items()}


def look_once(application: Application, told: Told) -> None:
    """Look at all that is due, each ticket once, and return; `told` hears of each, one at a time.

    Raises what the store failed with, which ends it early.
    """
    jobs = Threads(
        application.store,
        _look(application, told),
        application.now,
        limits_of(application.settings),
        once=True,
    )
    jobs.start()
    try:
        jobs.idle()
    finally:
        jobs.stop(GRACE)
    if jobs.failed is not None:
        raise jobs.failed


class Service:
    """Polls, sweeps, looks at what is due and tells people until it is stopped; idle until it is started."""

    def __init__(
        self,
        application: Application,
        told: Told = lambda result: None,
        *,
        kind: str,
        threads: int | None = None,
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        """`kind` is the command that runs it, `threads` how many instead of the settings' `serve.workers`.

        `ended` is called when it ends by itself, from one of its threads: see `complain`.
        """
        self._application, self._stopping, self._ended = application, threading.Event(), ended
        self._outdated = False
        self._notifier, self._refresh = notifier_of(application), Refresh(application)
        settings, limits = application.settings, limits_of(application.settings, threads)
        self._jobs = Threads(application.store, _look(application, told), application.now, limits)
        self._beats = Beats(
            application.store,
            worker_of(application, kind, max(limits.values())),
            application.now,
            beside=self._beside,
            freed=self._jobs.wake,
            outdated=self._end,
        )
        self._rounds = Rounds(
            store=application.store,
            engine=application.engine,
            connections=tuple(application.connectors),
            now=application.now,
            every=settings.serve.poll,
            silence=settings.serve.silence,
            sweep=Sweep(application.store, application.now, self._pace, share=settings.serve.sweep),
            wake=self._jobs.wake,
            stopping=self._stopping,
        )

    def start(self) -> None:
        """Begin to work, in threads."""
        self._application.engine.adopt_rules()
        self._beats.start()
        self._jobs.start()
        self._rounds.start()
        self._notifier.start(self._stopping)
        self._refresh.start(self._stopping)

    def stop(self) -> bool:
        """Begin nothing more; whether all that had begun came to its end."""
        self._stopping.set()
        ended = self._jobs.stop(GRACE)
        self._beats.stop(ended=ended)
        return ended

    def complain(self) -> None:
        """Raise ConfigError if it ended by itself: a newer program changed the store's tables."""
        if self._outdated:
            raise ConfigError([OUTDATED])

    def wait(self) -> None:
        """Return when `cancel` was called."""
        while not self._stopping.wait(0.5):
            pass  # a signal is only heard between two waits

    def cancel(self) -> None:
        """Have `wait` return. Any thread and any signal handler may call it."""
        self._stopping.set()

    @property
    def stopping(self) -> bool:
        """Whether it was told to end."""
        return self._stopping.is_set()

    def wake(self) -> None:
        """Look into the inbox at once: something was put there."""
        self._jobs.wake()

    def _beside(self, others: int) -> None:
        self._jobs.peers = others

    def _end(self) -> None:
        self._outdated = True
        self._stopping.set()
        self._ended()

    def _pace(self, connection: str) -> float:
        return self._application.budgets[connection].allowance() or _SUPPOSED


def worker_of(application: Application, kind: str, threads: int) -> Worker:
    """Return this process as it is entered among those that work on the store."""
    at = application.now()
    return Worker(
        id=secrets.token_hex(8),
        kind=kind,
        host=socket.gethostname(),
        version=deskbridge.__version__,
        pid=os.getpid(),
        threads=threads,
        beat=0,
        began=at,
        heard=at,
    )


def _look(application: Application, told: Told) -> Callable[[str], None]:
    turn = threading.Lock()

    def look(subject: str) -> None:
        result = application.engine.look(subject)
        if result is not None:
            with turn:
                told(result)

    return look
