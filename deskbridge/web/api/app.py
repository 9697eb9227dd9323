"""The API: every address, who may ask for it, and what answers. What is not here does not exist."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from inspect import cleandoc
from typing import Any

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount

import deskbridge
from deskbridge.bootstrap import Application
from deskbridge.web.api import attention, standing, tickets
from deskbridge.web.api.gate import Gate, may
from deskbridge.web.api.hub import Hub
from deskbridge.web.api.metrics import metrics
from deskbridge.web.api.problems import KIND, TITLES, Problem, handle
from deskbridge.web.metrics.counted import Metrics
from deskbridge.web.pages.door import Door
from sync.store.accounts import Role

ROOT = "/api/v1"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address: who may ask for it, and what answers."""

    path: str
    answer: Callable[..., Any]
    role: Role = Role.VIEWER
    """What the token must be at least."""
    method: str = "GET"


ENDPOINTS = (
    Endpoint("/me", standing.me),
    Endpoint("/overview", standing.overview),
    Endpoint("/connections", standing.connections),
    Endpoint("/customers", standing.customers),
    Endpoint("/boards", standing.boards),
    Endpoint("/boards/{customer}", standing.board),
    Endpoint("/tickets", tickets.tickets),
    Endpoint("/tickets/{ticket}", tickets.ticket),
    Endpoint("/tickets/{ticket}/explain", tickets.explain),
    Endpoint("/tickets/{ticket}/history", tickets.history),
    Endpoint("/tickets/{ticket}/plan", tickets.plan, role=Role.AGENT),
    Endpoint("/parked", attention.parked),
    Endpoint("/findings", attention.findings),
    Endpoint("/reports/{customer}/{month}", standing.report),
    Endpoint("/metrics", metrics),
    Endpoint("/runs", standing.runs),
    Endpoint("/runs/{run}", standing.run),
    Endpoint("/audit", standing.audit, role=Role.ADMIN),
    Endpoint("/tickets/{ticket}/retry", attention.retry, role=Role.AGENT, method="POST"),
    Endpoint("/tickets/{ticket}/dismiss", attention.dismiss, role=Role.AGENT, method="POST"),
    Endpoint("/tickets/{ticket}/unlink", attention.unlink, role=Role.AGENT, method="POST"),
    Endpoint("/findings/{finding}/answer", attention.answer, role=Role.AGENT, method="POST"),
    Endpoint("/links", attention.link, role=Role.AGENT, method="POST"),
)
_ANY = (401, 403, 404, 405, 414, 422, 429, 500, 503)
_OF_POSTS = (400, 409, 413, 415)
_REFERRED = Problem.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
_SCHEMAS = {**_REFERRED.pop("$defs"), "Problem": _REFERRED}
_OF_TOOLS = (502,)
_ASKS_TOOLS = (tickets.plan, attention.link)


class _Api(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """Return the description, with what a problem is: problems come in a type of their own."""
        described = super().openapi()
        described["components"]["schemas"] |= _SCHEMAS
        return described


def api_of(application: Application, wake: Callable[[], None], counted: Metrics) -> Mount:
    """Return what answers to programs."""
    api = _Api(
        title="deskbridge",
        version=deskbridge.__version__,
        summary="What the hub knows, and what people have it do.",
        docs_url=None,
        redoc_url=None,
        servers=[{"url": ROOT}],
        root_path_in_servers=False,
        redirect_slashes=False,
    )
    api.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    api.state.hub = Hub(application, wake)
    handle(api)
    for one in ENDPOINTS:
        api.add_api_route(
            one.path,
            one.answer,
            methods=[one.method],
            dependencies=[may(one.role)],
            responses=_problems(one),
            summary=(one.answer.__doc__ or "").partition("\n")[0],
            description=_described(one),
            operation_id=one.answer.__name__,
        )
    settings, secret = application.settings, application.settings.hub.secret.get_secret_value().encode()
    mount = Mount(ROOT, Gate(api, application, Door(application.store, settings.pages, secret), counted))
    # Everything below it is the API's to answer; Starlette's own pattern lets addresses with a line break by.
    mount.path_regex = re.compile(rf"^{ROOT}/(?P<path>.*)$", re.DOTALL)
    return mount


def _described(one: Endpoint) -> str:
    more = cleandoc(one.answer.__doc__ or "").partition("\n\n")[2]
    return f"Needs the role `{one.role}`. {more}".strip()


def _problems(one: Endpoint) -> dict[int | str, dict[str, Any]]:
    told = [*_ANY, *(_OF_POSTS if one.method == "POST" else (409,))]
    told += _OF_TOOLS if one.answer in _ASKS_TOOLS else ()
    kind = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {code: {"description": TITLES[code], "content": {KIND: kind}} for code in sorted(told)}
