"""Brings webhooks to the hub's own server, over real HTTP, one after the other."""

from __future__ import annotations

import asyncio
import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from deskbridge.bootstrap import Application
from deskbridge.hooks import hook_of
from deskbridge.web import app
from deskbridge.web.letterbox import Letterbox
from deskbridge.web.metrics.counted import Metrics
from deskbridge.web.server import Server, listen
from sync.rules import Role


def deliver(application: Application, letters: list[dict[str, Any]]) -> list[int]:
    """Return the hub's answer to each letter; what they name is in the inbox by then."""
    said: list[int] = []
    if not letters:
        return said
    with _answering(application) as port:
        for letter in letters:
            line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            line.request("POST", letter["path"], letter["body"].encode(), letter["headers"])
            said.append(line.getresponse().status)
            line.close()
    return said


@contextmanager
def _answering(application: Application) -> Iterator[int]:
    """Yield the port of the hub's server; it has written everything when this ends."""
    # An answer that does not wait for its commit would have letters share commits by chance.
    app._PATIENCE = 30.0
    settings = application.settings
    fronts = {name for name, connection in settings.connections.items() if connection.role is Role.FRONT}
    letterbox = Letterbox(application.store, application.now, fronts.__contains__, lambda: None)
    web = app.Web(
        connectors=application.connectors,
        secrets={name: hook_of(settings, name).secret for name in settings.connections},
        letterbox=letterbox,
        store=application.store,
        now=application.now,
        ready=lambda: True,
        metrics=Metrics(application),
    )
    listener = listen("127.0.0.1", 0)
    started = threading.Event()
    servers: list[Server] = []

    async def serve() -> None:
        servers.append(Server(web.app(), letterbox))
        await servers[0].serve(listener, started.set)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    started.wait(30)
    try:
        yield listener.getsockname()[1]
    finally:
        servers[0].stop()
        thread.join()
