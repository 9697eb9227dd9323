"""The HTTP server, and the end of it: SIGTERM and SIGINT let what has begun come to its end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn
from starlette.types import ASGIApp

from connectors.errors import ConfigError
from deskbridge.web.letterbox import Letterbox

_GRACE = 5
"""Seconds that requests which were begun have left."""
_BACKLOG = 2048


class _Server(uvicorn.Server):
    """A server that leaves signals to its owner, who has more to end than a server."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens. Raises ConfigError when the port is taken or the host is not ours."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        raise ConfigError([f"serve: cannot listen on {host}, port {port}: {error.strerror}"]) from None
    return listener


async def serve(
    app: ASGIApp, listener: socket.socket, letterbox: Letterbox, started: Callable[[], None]
) -> None:
    """Answer until SIGTERM or SIGINT; then end requests, and write what the letterbox holds."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=_GRACE,
    )
    server = _Server(config)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: setattr(server, "should_exit", True))
    writing = asyncio.create_task(letterbox.run())
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not (server.started or serving.done()):  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    started()
    await serving
    letterbox.close()
    await writing
