"""`deskbridge serve`, and `deskbridge work` with a port: the running service, and who may ask it what."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from connectors.errors import ConfigError
from deskbridge.bootstrap import Application
from deskbridge.hooks import hook_of
from deskbridge.logs import looked
from deskbridge.service import Service
from deskbridge.web.api.app import api_of
from deskbridge.web.app import Web
from deskbridge.web.health import Health
from deskbridge.web.letterbox import Letterbox
from deskbridge.web.metrics.counted import Metrics
from deskbridge.web.pages.site import routes_of, site_of
from deskbridge.web.pages.table import PAGES
from deskbridge.web.server import Server, listen
from sync.outcome import Reconciled
from sync.rules import Role


class Listening(ABC):
    """A service that is asked over HTTP. One for each process."""

    def __init__(self, application: Application, kind: str, threads: int | None = None) -> None:
        """`kind` is the command that runs it, `threads` how many instead of the settings'."""
        self._application, self._metrics, self._kind = application, Metrics(application), kind
        self._service = Service(application, self._looked, kind=kind, threads=threads, ended=self.stop)
        self._server: Server | None = None

    def run(self, host: str, port: int, started: Callable[[str], None]) -> None:
        """Answer, and work, until `stop`; in the main thread, until SIGTERM or SIGINT.

        `started` is told where, as soon as it answers. Raises ConfigError if the port is taken, or if it is
        open to others and nobody would have to sign in.
        """
        listener = listen(host, port, self._kind)
        if why := unguarded(self._application, listener.getsockname()[0]):
            listener.close()
            raise ConfigError([f"{self._kind}: {why}"])
        host, port = listener.getsockname()[:2]
        self._service.start()
        try:
            asyncio.run(self._answer(listener, lambda: started(f"http://{host}:{port}")))
        finally:
            self._service.stop()
        self._service.complain()

    def _looked(self, result: Reconciled) -> None:
        self._metrics.looked(result)
        looked(result)

    def stop(self) -> None:
        """Have `run` return. Any thread and any signal handler may say so."""
        if self._server is not None:
            self._server.stop()

    async def _answer(self, listener: socket.socket, started: Callable[[], None]) -> None:
        letterbox = letterbox_of(self._application, self._service.wake)
        self._server = Server(self._app(letterbox), letterbox)
        await self._server.serve(listener, started)

    def _ready(self) -> bool:
        return not self._service.stopping

    @abstractmethod
    def _app(self, letterbox: Letterbox) -> Starlette:
        """Return what answers; what `letterbox` was given is written before the end."""


class Serving(Listening):
    """`deskbridge serve`: webhooks, pages and API."""

    def __init__(self, application: Application) -> None:
        super().__init__(application, "serve")

    def _app(self, letterbox: Letterbox) -> Starlette:
        application = self._application
        return Web(
            connectors=application.connectors,
            secrets={name: hook_of(application.settings, name).secret for name in application.connectors},
            letterbox=letterbox,
            store=application.store,
            now=application.now,
            ready=self._ready,
            metrics=self._metrics,
            pages=pages_of(application, self._service.wake, self._metrics),
        ).app()


class Working(Listening):
    """`deskbridge work` with a port: what it counts and whether it is well, and nothing else."""

    def __init__(self, application: Application, threads: int | None) -> None:
        super().__init__(application, "work", threads)

    def _app(self, letterbox: Letterbox) -> Starlette:
        known = self._application.connectors
        health = Health(store=self._application.store, connections=known, ready=self._ready)
        return Starlette(routes=[*health.routes(), self._metrics.route()])


def letterbox_of(application: Application, wake: Callable[[], None]) -> Letterbox:
    """Return what takes down the tickets that webhooks name."""
    roles = {name: connection.role for name, connection in application.settings.connections.items()}
    return Letterbox(application.store, application.now, lambda name: roles[name] is Role.FRONT, wake)


@contextmanager
def looking(
    application: Application, wake: Callable[[], None] = lambda: None, port: int = 0
) -> Iterator[str]:
    """Answer the pages alone, on this machine, in a thread of its own; give their address."""
    listener = listen("127.0.0.1", port)
    letterbox = Letterbox(application.store, application.now, lambda name: False, wake)
    metrics = Metrics(application)
    routes = [metrics.route(), *pages_of(application, wake, metrics)]
    server, up = Server(Starlette(routes=routes), letterbox), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(listener, up.set)), name="pages")
    thread.start()
    up.wait(30)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.stop()
        thread.join(30)


def pages_of(application: Application, wake: Callable[[], None], metrics: Metrics) -> list[BaseRoute]:
    """Return what answers to people and programs; nothing where the settings switch pages off."""
    if not application.settings.pages.on:
        return []
    return [api_of(application, wake, metrics), *routes_of(site_of(application, wake), PAGES)]


def unguarded(application: Application, host: str) -> str | None:
    """Return what stands against listening there, or None.

    Pages are for people who sign in; where nobody can, an address that others reach is most likely a mistake.
    """
    settings = application.settings.pages
    if not settings.on or ipaddress.ip_address(host).is_loopback:
        return None
    if settings.proxy is not None or application.store.accounts.any():
        return None
    ways = "make an account (`deskbridge account add`), or write `on = false` in [pages] for webhooks alone"
    return f"{host} is open to other machines, and nobody can sign in to the pages: {ways}"
