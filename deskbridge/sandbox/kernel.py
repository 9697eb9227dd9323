"""The frame around each fake server: refusals, unknown calls, faults, latency."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC
from email.utils import format_datetime
from typing import Any, cast

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deskbridge.sandbox.world import Fault, World


class Refused(Exception):
    """A handler's refusal: this status, this body, these headers are the whole answer."""

    def __init__(self, status: int, body: object = None, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, body)
        self.status, self.body, self.headers = status, body, headers or {}


def reply(body: object = None, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a JSON answer; None means an empty body."""
    if body is None:
        return Response(status_code=status, headers=headers)
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(content, status, headers, media_type="application/json")


def build(
    system: str,
    world: World,
    routes: Sequence[BaseRoute],
    *,
    finish: Callable[[Request, Response], None] = lambda request, response: None,
    media_type: str = "application/json",
) -> ASGIApp:
    """Return the ASGI application of one fake server.

    Routes are matched in order; a call that no route names answers 501 naming itself. `finish` sees
    every answer before it is sent (rate-limit headers, request ids). Bodies that handlers refuse
    with are sent with `media_type`, unless the refusal's headers name a content type.
    """

    def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        answer = reply(error.body, error.status, error.headers)
        if error.body is not None and not any(name.lower() == "content-type" for name in error.headers):
            answer.headers["content-type"] = media_type
        finish(request, answer)
        return answer

    def unknown(request: Request, error: Exception) -> Response:
        text = f"the {system} sandbox does not know {request.method} {request.url.path}"
        answer = reply({"sandbox": text}, 501)
        finish(request, answer)
        return answer

    app = Starlette(routes=list(routes), exception_handlers={Refused: refused, 404: unknown, 405: unknown})
    return _Wire(system, world, app)


class _Wire:
    """Counts the call, waits the latency, plays a fault or lets the application answer.

    uvicorn's sockets have TCP_NODELAY on, so small answers don't wait 40 ms for an acknowledgement.
    """

    def __init__(self, system: str, world: World, app: ASGIApp) -> None:
        self._system, self._world, self._app = system, world, app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._world.hooks.attach()
        self._world.calls[self._system] = self._world.calls.get(self._system, 0) + 1
        if self._world.latency:
            await asyncio.sleep(self._world.latency)
        fault = self._next_fault(scope)
        with suppress(ClientDisconnect):  # who hung up in the middle of a request waits for no answer
            if fault is None:
                await self._app(scope, receive, self._dated(send))
            else:
                await self._play(fault, scope, receive, send)

    async def _play(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        match fault.kind:
            case "answer":
                if fault.done:
                    await self._app(scope, receive, _nowhere)
                answer = Response(fault.body, fault.status, fault.headers)
                await answer(scope, receive, self._dated(send))
            case "slow":
                await asyncio.sleep(fault.seconds)
                await self._app(scope, receive, self._dated(send))
            case "truncated":
                await self._app(scope, receive, _half(send, self._dated(send)))
            case _:
                if fault.kind == "lost":
                    await self._app(scope, receive, _nowhere)
                _hang_up(send)

    def _dated(self, send: Send) -> Send:
        """Return a `send` that states in each answer what this server's clock says (RFC 9110, 6.6.1)."""

        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                stated = format_datetime(self._world.clock.now().astimezone(UTC), usegmt=True)
                dated = (b"date", stated.encode())
                message = {**message, "headers": [*message["headers"], dated]}
            await send(message)

        return send_dated

    def _next_fault(self, scope: Scope) -> Fault | None:
        for fault in self._world.faults:
            wanted = (fault.system, fault.method, fault.path)
            given = (self._system, scope["method"], scope["path"])
            hit = fault.times > 0 and all(re.fullmatch(w, g) for w, g in zip(wanted, given, strict=True))
            if hit and (fault.chance >= 1 or self._world.chance.random() < fault.chance):
                fault.times -= 1
                return fault
        return None


async def _nowhere(message: Message) -> None:
    """Take an answer and send it to nobody."""


def _half(send: Send, dated: Send) -> Send:
    """Return a `send` that ends the connection in the middle of the answer's first part."""
    ended = False

    async def send_half(message: Message) -> None:
        nonlocal ended
        if message["type"] != "http.response.body":
            await dated(message)
        elif not ended:
            ended, body = True, message["body"]
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            # Closed, not reset: what was written is to arrive.
            cast(Any, send).__self__.transport.close()

    return send_half


def _hang_up(send: Any) -> None:
    """Reset the connection. uvicorn's `send` is a method of the object that owns the transport."""
    send.__self__.transport.abort()


async def body_of(request: Request, limit: int) -> bytes:
    """Return the request's body; raises Refused(413) above `limit` bytes."""
    data = b""
    async for chunk in request.stream():
        data += chunk
        if len(data) > limit:
            raise Refused(413, {"message": f"a body may have {limit} bytes at most"})
    return data
