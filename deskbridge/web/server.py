"""The HTTP server, and the end of it: SIGTERM and SIGINT let what has begun come to its end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator

import uvicorn
from starlette.types import ASGIApp

from connectors.errors import ConfigError
from deskbridge.web.letterbox import Letterbox
from deskbridge.web.patience import patient

_GRACE = 5
"""Seconds that requests which were begun have left."""
_BACKLOG = 2048
"""Callers who may wait at the door while we are at something else."""
_AT_ONCE = 32
"""Callers who are let in before those who are in are looked after."""


class _Server(uvicorn.Server):
    """A server that leaves signals to its owner, who has more to end than a server."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(host: str, port: int, command: str = "serve") -> socket.socket:
    """Return a socket that listens. Raises ConfigError when the port is taken or the host is not ours.

    `command` is who wants to: it begins what is complained of.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        why = f"{command}: cannot listen on {host}, port {port}: {error.strerror}"
        raise ConfigError([why]) from None
    return listener


class Server:
    """Answers until it is stopped; then ends requests, and has the letterbox write what it holds."""

    def __init__(self, app: ASGIApp, letterbox: Letterbox) -> None:
        self._letterbox = letterbox
        self._server = _Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
                proxy_headers=False,  # whom to believe is the pages' own question
                timeout_graceful_shutdown=_GRACE,
                http=patient(),  # type: ignore[arg-type]
                backlog=_AT_ONCE,
            )
        )

    def stop(self) -> None:
        """Have `serve` end. Any thread and any signal handler may say so."""
        self._server.should_exit = True

    async def serve(self, listener: socket.socket, started: Callable[[], None]) -> None:
        """Answer until `stop`, or in the main thread until SIGTERM or SIGINT; then end in order.

        `started` is called as soon as webhooks are taken in.
        """
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, self.stop)
        writing = asyncio.create_task(self._letterbox.run())
        serving = asyncio.create_task(self._server.serve(sockets=[listener]))
        while not (self._server.started or serving.done()):  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        if not serving.done():
            listener.listen(_BACKLOG)  # which asyncio lowered to as many as it lets in at once
        started()
        await serving
        self._letterbox.close()
        await writing
