"""Whether a process lives and can do its work, for whoever starts it again when it does not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sync.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What is told to anybody who asks: no more than the connections' names and whether they answer."""

    store: Store
    connections: Collection[str]
    ready: Callable[[], bool]
    """Whether workers are looking."""

    def routes(self) -> tuple[Route, ...]:
        """Return where it is asked for."""
        return Route("/healthz", self._alive), Route("/readyz", self._well)

    async def _alive(self, request: Request) -> Response:
        """Whether this process answers at all."""
        return PlainTextResponse("alive\n")

    async def _well(self, request: Request) -> Response:
        """Whether it can do its work: 503 if the store or the workers do not answer.

        A connection that is paused is told, and makes nobody unready: the others go on.
        """
        try:
            pulses = await asyncio.to_thread(self.store.health.pulses)
        except Exception:  # noqa: BLE001 - whatever the store has
            return JSONResponse({"ready": False}, 503)
        states = dict.fromkeys(self.connections, "ok")
        for name, pulse in pulses.items():
            if name in states and pulse.paused:
                states[name] = "refuses our credential" if pulse.denied else "does not answer"
            elif name in states and pulse.silent:
                states[name] = "silent"
        ready = self.ready()
        return JSONResponse({"ready": ready, "connections": states}, 200 if ready else 503)
