"""The hub's HTTP routes. Webhooks are answered before anything is asked of anybody."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from connectors.base import BadSignature, Connector, Hint
from connectors.errors import HubError
from deskbridge.logs import note
from deskbridge.web import body
from deskbridge.web.health import Health
from deskbridge.web.letterbox import Letterbox
from deskbridge.web.metrics.counted import Metrics
from deskbridge.web.metrics.families import HOOK, HOOKS
from sync.store import Store

_PATIENCE = 0.2
"""Seconds that an answer waits for the commit, which takes a twentieth of that unless the store is locked.

Senders wait for some seconds at least. If the hub dies before the commit, the next poll finds it all."""
_KEYS = 20
"""Tickets of one webhook that a line of the log names."""
_AT_ONCE = 64 << 10
"""Bytes from which on a body is read beside the event loop rather than in it."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """What the routes need."""

    connectors: Mapping[str, Connector]
    secrets: Mapping[str, str]
    """The webhook secret of each connection."""
    letterbox: Letterbox
    store: Store
    now: Callable[[], datetime]
    ready: Callable[[], bool]
    """Whether workers are looking."""
    metrics: Metrics
    pages: Sequence[BaseRoute] = ()
    """What people look at."""

    def app(self) -> Starlette:
        """Return the application."""
        routes = [
            Route("/hooks/{connection}", self.hook, methods=["POST"]),
            *Health(store=self.store, connections=self.connectors, ready=self.ready).routes(),
            self.metrics.route(),
            *self.pages,
        ]
        return Starlette(routes=routes)

    async def hook(self, request: Request) -> Response:
        """Take a webhook in: 200 when its ticket is noted, 401 when it does not prove where it is from."""
        name = request.path_params["connection"]
        if name not in self.connectors:
            return PlainTextResponse("no such connection\n", 404)
        with self.metrics.timed(HOOK, name):
            return await self._hooked(request, name)

    async def _hooked(self, request: Request, name: str) -> Response:
        try:
            raw = await body.read(request)
        except body.TooLarge:
            return PlainTextResponse("too large\n", 413)
        except body.CutOff:
            return PlainTextResponse("cut off\n", 400)
        try:
            hints = await self._heard(name, dict(request.headers), raw)
        except BadSignature:
            self.metrics.count(HOOKS, name, "refused")
            note(_log, "webhook refused: its signature is wrong", logging.WARNING, connection=name)
            self.letterbox.refused(name)
            return PlainTextResponse("the signature does not verify\n", 401)
        except HubError:
            # It is theirs, and senders switch off hooks that fail: what it was about, the poll finds.
            self.metrics.count(HOOKS, name, "unreadable")
            note(_log, "webhook unreadable: the connection is polled", logging.WARNING, connection=name)
            self.letterbox.unreadable(name)
            return PlainTextResponse("noted\n")
        self.metrics.count(HOOKS, name, "noted")
        event = self.letterbox.put(name, hints)
        keys = ",".join(sorted({hint.key for hint in hints})[:_KEYS])
        note(_log, "webhook", event=event, connection=name, keys=keys)
        await self.letterbox.written(_PATIENCE)
        return PlainTextResponse("noted\n")

    async def _heard(self, name: str, headers: Mapping[str, str], raw: bytes) -> tuple[Hint, ...]:
        hear, secret = self.connectors[name].hear, self.secrets[name]
        if len(raw) < _AT_ONCE:
            return hear(headers, raw, secret)
        return await asyncio.to_thread(hear, headers, raw, secret)
