"""The control API: the clock, the faults, the outbox, and what people do that has no API."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

from markupsafe import Markup
from pydantic import TypeAdapter, ValidationError, validate_call
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from deskbridge.sandbox import faults
from deskbridge.sandbox.hooks import Attempt, Chances
from deskbridge.sandbox.kernel import Refused, body_of, reply
from deskbridge.sandbox.page import table_page
from deskbridge.sandbox.snapshot import Kept, SnapshotError, Snapshots
from deskbridge.sandbox.world import Fault, Mail, World

_LARGEST_BODY = 64 * 1024 * 1024
_SLOWEST = 60.0
_T = TypeVar("_T")


class System(Kept, Protocol):
    """What each fake server offers to the sandbox as a whole."""

    app: ASGIApp
    acts: Mapping[str, Callable[..., dict[str, object]]]

    def environment(self) -> dict[str, str]:
        """Return the addresses and credentials to publish."""

    def reset(self) -> None:
        """Go back to the freshly set-up account; credentials stay valid."""


class Control:
    """The sandbox's own API. It listens on loopback only and answers no foreign host name."""

    def __init__(
        self, world: World, systems: Mapping[str, System], urls: Mapping[str, str], snapshots: Snapshots
    ) -> None:
        self._world, self._systems, self._urls, self._snapshots = world, systems, urls, snapshots
        self.app: ASGIApp = Starlette(
            routes=self._routes(),
            middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "[::1]"])],
            exception_handlers={Refused: _refused},
        )

    def _routes(self) -> list[Route]:
        return [
            Route("/", self._home),
            Route("/outbox", self._outbox),
            Route("/outbox.html", self._outbox_page),
            Route("/clock", self._clock),
            Route("/clock", self._set_clock, methods=["POST"]),
            Route("/faults", self._faults),
            Route("/faults", self._add_fault, methods=["POST"]),
            Route("/faults", self._clear_faults, methods=["DELETE"]),
            Route("/faults/kinds", self._fault_kinds),
            Route("/latency", self._latency, methods=["POST"]),
            Route("/act/{system}/{act}", self._act, methods=["POST"]),
            Route("/hooks", self._hooks),
            Route("/hooks", self._set_chances, methods=["POST"]),
            Route("/hooks", self._clear_hooks, methods=["DELETE"]),
            Route("/snapshot", self._snapshot, methods=["POST"]),
            Route("/restore", self._restore, methods=["POST"]),
            Route("/reset", self._reset, methods=["POST"]),
            Route("/calls", self._calls),
        ]

    async def _home(self, request: Request) -> Response:
        own = {
            "outbox of mails": "/outbox.html",
            "clock": "/clock",
            "faults": "/faults",
            "webhooks": "/hooks",
            "calls": "/calls",
        }
        links = own | {name: url + "/" for name, url in self._urls.items() if name != "control"}
        rows = [(name, Markup('<a href="{0}">{0}</a>').format(url)) for name, url in links.items()]
        acts = [f"POST /act/{name}/{act}" for name, system in self._systems.items() for act in system.acts]
        return table_page("The sandbox", ("what", "where"), [*rows, *(("act", act) for act in acts)])

    async def _outbox(self, request: Request) -> Response:
        return reply([_mail(mail) for mail in self._world.outbox])

    async def _outbox_page(self, request: Request) -> Response:
        head = ("at", "system", "to", "customer", "subject", "cause", "actor")
        rows = [[str(value) for value in _picked(_mail(mail), head)] for mail in self._world.outbox]
        return table_page("Mails that the real systems would have sent", head, rows)

    async def _clock(self, request: Request) -> Response:
        return reply({"now": self._world.clock.now().isoformat()})

    async def _set_clock(self, request: Request) -> Response:
        body = await _object(request)
        if list(body) not in (["now"], ["advance"]):
            raise _bad('give either {"now": an ISO instant} or {"advance": seconds}')
        try:
            if "now" in body:
                self._world.clock.set(_valid(datetime, body["now"]))
            else:
                self._world.clock.advance(_valid(float, body["advance"]))
        except (ValueError, OverflowError) as error:
            raise _bad(str(error)) from error
        return await self._clock(request)

    async def _faults(self, request: Request) -> Response:
        return reply([dataclasses.asdict(fault) for fault in self._world.faults])

    async def _add_fault(self, request: Request) -> Response:
        body = faults.expanded(await _object(request), self._world.clock.now())
        self._world.faults.append(_fault(body))
        return await self._faults(request)

    async def _fault_kinds(self, request: Request) -> Response:
        return reply({name: [*faults.KINDS, *faults.kinds(name)] for name in self._systems})

    async def _clear_faults(self, request: Request) -> Response:
        self._world.faults.clear()
        return await self._faults(request)

    async def _latency(self, request: Request) -> Response:
        body = await _object(request)
        seconds = _valid(float, body.get("seconds"))
        if not 0 <= seconds <= _SLOWEST:
            raise _bad(f"give seconds from 0 to {_SLOWEST:g}")
        self._world.latency = seconds
        return reply({"seconds": seconds})

    async def _act(self, request: Request) -> Response:
        name, wanted = self._system(request.path_params["system"]), request.path_params["act"]
        acts = self._systems[name].acts
        if wanted not in acts:
            raise _bad(f"{name} has no act {wanted!r}, only {', '.join(acts)}")
        arguments = await _object(request)
        try:
            return reply(validate_call(acts[wanted])(**arguments))
        except ValidationError as error:
            raise _bad(_text(error)) from error
        except ValueError as error:
            raise _bad(str(error)) from error

    async def _hooks(self, request: Request) -> Response:
        """The log of webhooks, of one system if asked, newest last, and what is still to come."""
        wanted = request.query_params.get("system")
        hooks = self._world.hooks
        log = [_attempt(attempt) for attempt in hooks.log if wanted in (None, attempt.system)]
        chances = {name: dataclasses.asdict(chance) for name, chance in hooks.chances.items()}
        return reply({"pending": hooks.pending, "chances": chances, "log": log})

    async def _set_chances(self, request: Request) -> Response:
        body = await _object(request)
        system = self._system(body.pop("system", None))
        if unknown := sorted(set(body) - {field.name for field in dataclasses.fields(Chances)}):
            raise _bad(f"webhooks have no chance of {', '.join(unknown)}")
        self._world.hooks.chances[system] = _valid(Chances, body)
        return await self._hooks(request)

    async def _clear_hooks(self, request: Request) -> Response:
        self._world.hooks.clear()
        return await self._hooks(request)

    def _system(self, name: object) -> str:
        if name not in self._systems:
            raise _bad(f"there is no system {name!r}, only {', '.join(self._systems)}")
        return str(name)

    async def _reset(self, request: Request) -> Response:
        for system in self._systems.values():
            system.reset()
        self._world.outbox.clear()
        self._world.faults.clear()
        self._world.calls.clear()
        self._world.hooks.clear()
        self._world.latency = 0.0
        return reply({"reset": True})

    async def _snapshot(self, request: Request) -> Response:
        return await self._kept(request, self._snapshots.write)

    async def _restore(self, request: Request) -> Response:
        return await self._kept(request, self._snapshots.read)

    async def _kept(self, request: Request, act: Callable[[Path], None]) -> Response:
        """Write or read a snapshot; nothing else happens meanwhile, as in the instant it keeps."""
        path = _valid(Path, (await _object(request)).get("path"))
        try:
            act(path)
        except SnapshotError as error:
            raise _bad(str(error)) from error
        return reply({"path": str(path)})

    async def _calls(self, request: Request) -> Response:
        return reply({name: self._world.calls.get(name, 0) for name in self._systems})


def _bad(text: str) -> Refused:
    return Refused(400, {"error": text})


def _refused(request: Request, error: Exception) -> Response:
    refusal = cast(Refused, error)
    return reply(refusal.body, refusal.status, refusal.headers)


async def _object(request: Request) -> dict[str, Any]:
    """Return the JSON object in the body; none at all is an empty one."""
    data = await body_of(request, _LARGEST_BODY)
    try:
        body = json.loads(data or b"{}")
    except ValueError as error:
        raise _bad(f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise _bad("the body must be a JSON object")
    return body


def _valid(kind: type[_T], value: object) -> _T:
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        raise _bad(_text(error)) from error


def _fault(body: dict[str, Any]) -> Fault:
    known = {field.name for field in dataclasses.fields(Fault)}
    if unknown := sorted(set(body) - known):
        raise _bad(f"a fault has no {', '.join(unknown)}, only {', '.join(sorted(known))}")
    fault = _valid(Fault, body)
    if fault.kind not in faults.KINDS:
        raise _bad(f"{fault.system} has no fault {fault.kind!r}; see GET /faults/kinds")
    if not (0 <= fault.chance <= 1 and 0 <= fault.seconds <= _SLOWEST):
        raise _bad(f"chance is from 0 to 1, seconds from 0 to {_SLOWEST:g}")
    if not 200 <= fault.status <= 599:
        raise _bad("status is a number from 200 to 599")
    for pattern in (fault.system, fault.method, fault.path):
        try:
            re.compile(pattern)
        except re.error as error:
            raise _bad(f"{pattern!r} is not a regular expression: {error}") from error
    return fault


def _mail(mail: Mail) -> dict[str, object]:
    return dataclasses.asdict(mail) | {"at": mail.at.isoformat()}


def _attempt(attempt: Attempt) -> dict[str, object]:
    return dataclasses.asdict(attempt) | {"at": attempt.at.isoformat()}


def _picked(row: Mapping[str, object], names: tuple[str, ...]) -> list[object]:
    return [row[name] for name in names]


def _text(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(str(part) for part in e['loc']) or 'value'}: {e['msg']}" for e in error.errors()
    )
