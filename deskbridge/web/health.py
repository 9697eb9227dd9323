"""Whether a process lives and can do its work, for whoever starts it again when it does not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sync.store import Store
from sync.store.health import Pulse

_SILENT = 2.0
"""Seconds after which a store that said nothing counts as one that does not answer."""


class _Question:
    """How connections are, asked of the store once at a time: if it hangs, one thread waits, not each."""

    def __init__(self, ask: Callable[[], Mapping[str, Pulse]]) -> None:
        self._ask = ask
        self._asked: asyncio.Task[Mapping[str, Pulse]] | None = None

    async def answer(self) -> Mapping[str, Pulse]:
        """Return what the store says. Raises TimeoutError if it says nothing, and whatever it raises."""
        if self._asked is None or self._asked.done():
            self._asked = asyncio.create_task(asyncio.to_thread(self._ask))
            # Whoever asked may be gone when it fails.
            self._asked.add_done_callback(lambda asked: asked.cancelled() or asked.exception())
        return await asyncio.wait_for(asyncio.shield(self._asked), _SILENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What is told to anybody who asks: no more than the connections' names and whether they answer."""

    store: Store
    connections: Collection[str]
    ready: Callable[[], bool]
    """Whether workers are looking."""
    _pulses: _Question = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_pulses", _Question(self.store.health.pulses))

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
            pulses = await self._pulses.answer()
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
