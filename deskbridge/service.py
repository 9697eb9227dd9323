"""The running service: workers, rounds and, for `serve`, webhooks, in one process on one store."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta

from deskbridge.bootstrap import Application
from deskbridge.hooks import hook_of
from deskbridge.parts import Settings
from deskbridge.web.app import Web
from deskbridge.web.letterbox import Letterbox
from deskbridge.web.server import Server, listen
from sync.jobs.rounds import Rounds
from sync.jobs.threads import Threads
from sync.outcome import Reconciled
from sync.rules import Role
from sync.sweep import Sweep

GRACE = timedelta(seconds=20)
"""How long looks that were begun have left when the service ends; what is not done then is done later."""
_SUPPOSED = 1.0
"""Calls a second that a connection is supposed to allow while none of its answers has said."""

Told = Callable[[Reconciled], None]


def limits_of(settings: Settings) -> dict[str, int]:
    """Return how many tickets are looked at at once for each connection.

    Every ticket has a side on the front, so the front has room for those of all work sides: one tool that
    answers slowly leaves the others theirs.
    """
    workers = settings.serve.workers
    works = sum(connection.role is Role.WORK for connection in settings.connections.values())
    every = workers * max(works, 1)
    return {n: workers if c.role is Role.WORK else every for n, c in settings.connections.items()}


def look_once(application: Application, told: Told) -> None:
    """Look at all that is due, each ticket once, and return; `told` hears of each, one at a time."""
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


class Service:
    """Polls, sweeps and looks at what is due until it is stopped. Makes nothing until it is started."""

    def __init__(self, application: Application, told: Told = lambda result: None) -> None:
        self._application, self._stopping = application, threading.Event()
        self._server: Server | None = None
        settings = application.settings
        self._jobs = Threads(
            application.store, _look(application, told), application.now, limits_of(settings)
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
        self._jobs.start()
        self._rounds.start()

    def stop(self) -> bool:
        """Begin nothing more; whether all that had begun came to its end."""
        self._stopping.set()
        return self._jobs.stop(GRACE)

    def wait(self) -> None:
        """Return when `cancel` was called."""
        while not self._stopping.wait(0.5):
            pass  # a signal is only heard between two waits

    def cancel(self) -> None:
        """Have `wait` or `serve` return. Any thread and any signal handler may call it."""
        self._stopping.set()
        if self._server is not None:
            self._server.stop()

    def serve(self, host: str, port: int, started: Callable[[str], None]) -> None:
        """Answer webhooks, and work, until SIGTERM or SIGINT. Raises ConfigError if the port is taken.

        `started` is told where, as soon as webhooks are answered.
        """
        listener = listen(host, port)
        host, port = listener.getsockname()[:2]
        application, settings = self._application, self._application.settings
        roles = {name: connection.role for name, connection in settings.connections.items()}

        async def answering() -> None:
            letterbox = Letterbox(
                application.store, application.now, lambda name: roles[name] is Role.FRONT, self._jobs.wake
            )
            web = Web(
                connectors=application.connectors,
                secrets={name: hook_of(settings, name).secret for name in roles},
                letterbox=letterbox,
                store=application.store,
                now=application.now,
                ready=lambda: not self._stopping.is_set(),
            )
            self._server = Server(web.app(), letterbox)
            await self._server.serve(listener, lambda: started(f"http://{host}:{port}"))

        self.start()
        try:
            asyncio.run(answering())
        finally:
            self.stop()

    def _pace(self, connection: str) -> float:
        return self._application.budgets[connection].allowance() or _SUPPOSED


def _look(application: Application, told: Told) -> Callable[[str], None]:
    turn = threading.Lock()

    def look(subject: str) -> None:
        result = application.engine.look(subject)
        if result is not None:
            with turn:
                told(result)

    return look
