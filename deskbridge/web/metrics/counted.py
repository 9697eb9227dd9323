"""What this process counts, and the answer to a monitor that asks for it."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from connectors.calls import Call
from deskbridge.bootstrap import Application
from deskbridge.tokens import recognise
from deskbridge.web.metrics import families as f
from deskbridge.web.metrics.families import Family, Kind
from deskbridge.web.metrics.stored import Stored
from deskbridge.web.pages.door import secure
from sync.outcome import Reconciled
from sync.store.dialects import failed
from sync.store.visits import visiting

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
"""Seconds: answers of ours are looked for below a tenth, those of tools up to a minute."""
_PASSED_ON = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")
"""What a proxy adds: whoever asks through one may be anywhere."""


class Metrics:
    """Belongs to one process. Any thread may count."""

    def __init__(self, application: Application) -> None:
        # When each was first counted is no figure of its own.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._application, self._registry = application, CollectorRegistry()
        self._counters = {one: self._counter(one) for one in f.FAMILIES if one.kind is Kind.COUNTER}
        self._histograms = {
            one: Histogram(one.name, one.means, one.labels, registry=self._registry, buckets=_BUCKETS)
            for one in f.FAMILIES
            if one.kind is Kind.HISTOGRAM
        }
        self._registry.register(Stored(application))
        ProcessCollector(registry=self._registry)
        application.ear.listen(self.called)

    def _counter(self, family: Family) -> Counter:
        return Counter(
            family.name.removesuffix("_total"), family.means, family.labels, registry=self._registry
        )

    def count(self, family: Family, *labels: str, by: int = 1) -> None:
        """Count something that happened."""
        self._counters[family].labels(*labels).inc(by)

    @contextmanager
    def timed(self, family: Family, *labels: str) -> Iterator[None]:
        """Note how long the block took."""
        began = time.monotonic()
        try:
            yield
        finally:
            self._histograms[family].labels(*labels).observe(time.monotonic() - began)

    def called(self, call: Call) -> None:
        """Count a call to a tool."""
        self.count(f.CALLS, call.connection, _class_of(call.status))
        self._histograms[f.CALL].labels(call.connection).observe(call.seconds)

    def looked(self, result: Reconciled) -> None:
        """Count a look at a ticket, and what was written."""
        self.count(f.LOOKS, type(result.outcome).__name__.lower())
        left = list(result.plan.writes)
        for write in result.made:
            self.count(f.WRITES, write.target, "made")
            if write in left:
                left.remove(write)
        for write in left:
            self.count(f.WRITES, write.target, "left")

    def route(self) -> Route:
        """Return where a monitor asks."""
        return Route("/metrics", self._answer)

    async def _answer(self, request: Request) -> Response:
        with visiting():
            return await run_in_threadpool(self._told, request)

    def _told(self, request: Request) -> Response:
        try:
            known = from_here(request) or self._known(request)
        except Exception as error:
            if not failed(error):
                raise
            return PlainTextResponse("the store does not answer: whose token it is cannot be told\n", 503)
        if not known:
            way = "ask from this machine, or with a token (`deskbridge account token add`) as a Bearer\n"
            return PlainTextResponse(way, 401, headers={"WWW-Authenticate": "Bearer"})
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST, headers=headers)

    def _known(self, request: Request) -> bool:
        said = request.headers.getlist("authorization")
        kind, _, text = (said[0] if len(said) == 1 else "").partition(" ")
        at = self._application.now()
        return kind.lower() == "bearer" and recognise(self._application.store, text.strip(), at) is not None


def from_here(request: Request) -> bool:
    """Whether a request comes from this machine itself, and from no proxy or page that passes it on."""
    try:
        here = ipaddress.ip_address(request.client.host if request.client else "").is_loopback
    except ValueError:
        return False
    # nginx, unless told otherwise, asks in its own name and in the old version, which monitors do not.
    if request.scope.get("http_version") == "1.0":
        return False
    # A page elsewhere whose name was made to mean this machine sends that name (DNS rebinding).
    return here and not secure(request) and not any(name in request.headers for name in _PASSED_ON)


def _class_of(status: int) -> str:
    if status in (0, 429):
        return "none" if status == 0 else "429"
    return f"{status // 100}xx"
