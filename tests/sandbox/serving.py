"""Real HTTP for tests: an ASGI application behind uvicorn on a free loopback port."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from tests.sandbox import yes_sayer


def free_socket() -> socket.socket:
    """Return a listening socket on a free loopback port.

    The protocol is named because asyncio turns TCP_NODELAY on only where it is, and without that
    each answer on a kept connection costs 40 ms.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener


def base_url(listener: socket.socket) -> str:
    """Return the URL of `listener`, without a slash at its end."""
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def serve(app: ASGIApp, listener: socket.socket | None = None) -> Iterator[str]:
    """Yield the base URL under which `app` answers until the block ends.

    Give `listener` (from `free_socket`) when the application must know its URL before it is built.
    What answers is the yes-sayer, if the environment asks for it: see test_facts_can_fail.py.
    """
    if mood := yes_sayer.mood():
        app = yes_sayer.YesSayer(mood)
    listener = listener or free_socket()
    url = base_url(listener)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.005)
    try:
        yield url
    finally:
        server.should_exit = True
        thread.join(timeout=10)
