"""`deskbridge serve`: the running service, with webhooks in."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from deskbridge.bootstrap import Application
from deskbridge.hooks import hook_of
from deskbridge.service import Service
from deskbridge.web.app import Web
from deskbridge.web.letterbox import Letterbox
from deskbridge.web.server import Server, listen
from sync.rules import Role


class Serving:
    """A service that is called. One for each process."""

    def __init__(self, application: Application) -> None:
        self._application, self._service = application, Service(application)
        self._server: Server | None = None

    def run(self, host: str, port: int, started: Callable[[str], None]) -> None:
        """Answer webhooks, and work, until `stop`; in the main thread, until SIGTERM or SIGINT.

        `started` is told where, as soon as webhooks are answered. Raises ConfigError if the port is taken.
        """
        listener = listen(host, port)
        host, port = listener.getsockname()[:2]
        self._service.start()
        try:
            asyncio.run(self._answer(listener, lambda: started(f"http://{host}:{port}")))
        finally:
            self._service.stop()

    def stop(self) -> None:
        """Have `run` return. Any thread and any signal handler may say so."""
        if self._server is not None:
            self._server.stop()

    async def _answer(self, listener: socket.socket, started: Callable[[], None]) -> None:
        application, service = self._application, self._service
        roles = {name: connection.role for name, connection in application.settings.connections.items()}
        letterbox = Letterbox(
            application.store, application.now, lambda name: roles[name] is Role.FRONT, service.wake
        )
        web = Web(
            connectors=application.connectors,
            secrets={name: hook_of(application.settings, name).secret for name in roles},
            letterbox=letterbox,
            store=application.store,
            now=application.now,
            ready=lambda: not service.stopping,
        )
        self._server = Server(web.app(), letterbox)
        await self._server.serve(listener, started)
