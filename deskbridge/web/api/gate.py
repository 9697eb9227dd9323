"""Before the API: who asks, whether it is small enough, and what every answer carries.

A body is read only of whoever may ask at all, and never more of it than an act can need.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deskbridge.bootstrap import Application
from deskbridge.tokens import Bearer, recognise
from deskbridge.web import body
from deskbridge.web.api.problems import SILENT, Refused, refusal
from deskbridge.web.metrics.counted import Metrics
from deskbridge.web.metrics.families import ASKED
from deskbridge.web.pages.door import FORGOTTEN, Door, home_of, waited
from sync.store.accounts import Role
from sync.store.audit import Act
from sync.store.dialects import failed
from sync.store.visits import visiting

_BODY, _QUERY = 16 << 10, 4 << 10
"""Bytes of a body and of what stands behind the question mark; acts and searches are short."""
_OPEN = "/openapi.json"
"""What anybody may read: it tells of the program, and nothing of this hub."""
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Asks:
    """Who asks, when, and from where."""

    who: str
    role: Role
    token: str
    """The token's id."""
    expires: datetime
    at: datetime
    address: str


class Gate:
    """Lets pass who has a token, one whole request at a time."""

    def __init__(self, api: ASGIApp, application: Application, door: Door, metrics: Metrics) -> None:
        self.api, self._application, self._door, self._metrics = api, application, door, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            return
        request, send = Request(scope, receive), self._counting(scope, send)
        scope.setdefault("state", {})
        with visiting():
            try:
                raw = await self._entered(request, scope)
            except Refused as why:
                await refusal(request.url.path, why)(scope, receive, _heading(send))
                return
            await _answered(self.api, scope, _again(raw), _heading(send))

    async def _entered(self, request: Request, scope: Scope) -> bytes:
        """Return the body of a request that may be answered. Raises Refused."""
        if len(scope["query_string"]) > _QUERY:
            raise Refused(414, f"the query is longer than {_QUERY} bytes", "ask for less at once")
        if not (request.method in ("GET", "HEAD") and scope["path"].endswith(_OPEN)):
            try:
                scope["state"]["asks"] = await run_in_threadpool(self._recognised, request)
            except Exception as error:
                if not failed(error):
                    raise
                raise SILENT from None
        try:
            raw = await body.read(request, _BODY)
        except body.TooLarge:
            raise Refused(413, f"the body is larger than {_BODY} bytes", "say less at once") from None
        except body.CutOff:
            raise Refused(400, "the body is cut off", "send it again") from None
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if raw and kind != "application/json":
            raise Refused(415, "the body is not said to be JSON", "send Content-Type: application/json")
        return raw

    def _counting(self, scope: Scope, send: Send) -> Send:
        """Return what sends answers and counts them, by what answered: addresses may say anything."""

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                asked = getattr(scope.get("endpoint"), "__name__", "none")
                self._metrics.count(ASKED, asked, str(message["status"]))
            await send(message)

        return counted

    def _recognised(self, request: Request) -> Asks:
        at, address = self._application.now(), self._door.address(request)
        said = request.headers.getlist("authorization")
        kind, _, text = (said[0] if len(said) == 1 else "").partition(" ")
        known = kind.lower() == "bearer" and len(text) <= 200
        bearer = recognise(self._application.store, text.strip(), at) if known else None
        if bearer is None:
            raise self._unknown(at, address, wrong=bool(text))
        return _asks(bearer, at, address)

    def _unknown(self, at: datetime, address: str, *, wrong: bool) -> Refused:
        """Return why somebody is not let in. Who tried often waits, and costs the store nothing more.

        A right token is let in all the same: nobody shuts out a program by sending wrong ones beside it.
        """
        way = "send `Authorization: Bearer TOKEN`; `deskbridge account token add NAME` makes one"
        if wrong:
            who, store = f"token:{home_of(address)}", self._application.store
            before = store.accounts.tries([who], at, FORGOTTEN).get(who)
            if before and (seconds := waited("from", *before, at)):
                more = {"Retry-After": str(seconds)}
                return Refused(429, "too many wrong tokens came from there", f"wait {seconds} s", more)
            store.accounts.tried([who], at, FORGOTTEN)
            store.audit.note(Act(at=at, who="", act="token refused", place=address))
        detail = "the token is not known, or it has expired" if wrong else "this needs a token"
        return Refused(401, detail, way, {"WWW-Authenticate": "Bearer"})


def _asks(bearer: Bearer, at: datetime, address: str) -> Asks:
    return Asks(bearer.name, bearer.role, bearer.token.id, bearer.token.expires, at, address)


class _Scheme(HTTPBearer):
    """Says in the description that a token is asked for; the gate has looked at it before."""

    async def __call__(self, request: HTTPConnection) -> Any:
        return None


_SCHEME = _Scheme(
    scheme_name="token", description="`deskbridge account token add NAME` makes one.", auto_error=False
)


def may(role: Role) -> Any:
    """Return what lets pass who has the rights of a role."""

    def let(request: Request, _: Any = Depends(_SCHEME)) -> None:  # noqa: B008 - how FastAPI is told
        asks: Asks = request.scope["state"]["asks"]
        if not asks.role.includes(role):
            detail = f"this needs the role {role}; the token {asks.token} is {asks.role}"
            raise Refused(403, detail, "ask an admin for a token that may do more")

    return Depends(let)


def _again(raw: bytes) -> Receive:
    """Return what gives a body that was read."""
    parts: list[Message] = [{"type": "http.request", "body": raw, "more_body": False}]

    async def receive() -> Message:
        return parts.pop() if parts else {"type": "http.disconnect"}

    return receive


def _heading(send: Send) -> Send:
    """Return what sends answers with the headers that all have."""

    async def headed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return headed


async def _answered(api: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    try:
        await api(scope, receive, send)
    except Exception:  # noqa: BLE001 - told and noted where it happened; Starlette raises it once more
        return
