"""The `jira` library on our wire: its sign-in, addresses and calls, under one layer of rules.

The library's own session repeats lost POSTs, sleeps by itself and raises its own errors (jira-api 10.4).
So it is built without a start-up request and given a session that hands every call to `connectors.http`:
what the library does well goes through it, the rest goes raw, and both raise the same errors. Whether
the site is Cloud or Data Center it says itself, once, when that is first needed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from jira import JIRA
from jira.resilientsession import ResilientSession
from pydantic import BaseModel
from requests.auth import AuthBase, HTTPBasicAuth

from connectors.base import ConnectionConfig, Upload
from connectors.errors import Gone, Rejected, Transient, Uncertain
from connectors.http import TIMEOUT, Http, unreadable
from connectors.jira import site_wire, wire
from connectors.jira.abilities import FILE_HOSTS, MAX_FILE
from connectors.jira.answers import denies, explain, genuine
from connectors.jira.limits import LIMITS
from connectors.jira.side import API, CANONICAL, SERVICE, DeskFields, Service, Side, desk_fields
from connectors.paging import Turning
from connectors.session import Session

M = TypeVar("M", bound=BaseModel)
V = TypeVar("V", bound=wire.ValuePage)

_GATEWAY = "/ex/jira/"
"""In the address that tokens with scopes need (jira-api 1.1); people open the site by another."""


@dataclass(frozen=True, slots=True)
class Site:
    """What the live system says of itself."""

    cloud: bool
    address: str
    """Where people open it."""


class _Bearer(AuthBase):
    """A personal access token of Data Center (8.14 and later)."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}".encode()  # type: ignore[assignment]
        return request


class _Routed(ResilientSession):
    """The library's session; every call goes out by our rules and raises our errors."""

    def __init__(self, http: Http) -> None:
        super().__init__(max_retries=0)
        self._http = http

    def request(  # type: ignore[override]  # as in the library: it narrows what requests allows
        self, method: str, url: str | bytes, **kwargs: Any
    ) -> requests.Response:
        """Make the library's call; only JSON comes back, so that it never meets (or logs) anything else."""
        path = str(url).removeprefix(f"{self._http.base}/")
        request = {k: v for k, v in kwargs.items() if k in ("params", "data", "json", "headers")}
        once = method.upper() == "POST"
        response = self._http.call(method, path, idempotent=not once, **request)
        if not isinstance(self._http.json(response, once=once), dict | list):
            text = "the answer is neither an object nor a list"
            raise unreadable(self._http.connection, f"{method} {path}", text, once=once)
        response.encoding = "utf-8"  # as it was just read, whatever the header says
        return response


class Client:
    """One connection's way to Jira: `http` for raw calls, `jira` for the library's. No call is made yet."""

    def __init__(self, config: ConnectionConfig) -> None:
        self._config = config
        self.jira = _library(config)
        self.names = {**CANONICAL, **{id: field for field, id in config.fields.items()}}
        """Jira's ids of fields -> the canonical ones, for people to read."""
        self.http = Http(
            connection=config.name,
            base=f"{config.url}/rest",
            session=_wire(config, self.jira),
            budget=config.budget,
            now=config.now,
            explain=partial(explain, names=self.names),
            file_hosts=FILE_HOSTS,
            passing=lambda status, said: status == 409,
            limits=LIMITS,
            denies=denies,
            genuine=genuine,
            max_file=MAX_FILE,
            bounds=config.bounds,
            sleep=config.sleep,
            heard=config.heard,
        )
        self.site_files = replace(self.http, base=config.url, genuine=lambda answer: True)
        """For files on Data Center, which lie beside the REST API and want the same sign-in (jira-api 6)."""
        self.jira._session = _Routed(self.http)  # noqa: SLF001 - the library has no other way in
        self._lock = threading.RLock()
        self._site: Site | None = None
        self._side: Side | None = None
        self._kinds: Mapping[str, site_wire.FieldSchema] | None = None

    @property
    def resolution(self) -> str:
        """The resolution that the settings name, by its name or id; empty if none."""
        return self._config.resolution

    def get(self, model: type[M], path: str, params: Mapping[str, Any] | None = None) -> M:
        """Return the answer to a GET."""
        return self.parse(model, self.http.get(path, params), f"GET {path}")

    def ask(self, model: type[M], path: str, body: object) -> M:
        """Return the answer to a POST that only reads."""
        answer = self.http.call("POST", path, idempotent=True, json=body)
        return self.parse(model, self.http.json(answer), f"POST {path}")

    def send(self, model: type[M], path: str, **request: Any) -> M:
        """Return the answer to a POST that must not be repeated.

        An answer that cannot be read is as good as lost: raises Uncertain, since the thing was made.
        """
        answer = self.http.call("POST", path, idempotent=False, **request)
        return self._made(model, answer, f"POST {path}")

    def pages(
        self, model: type[V], path: str, query: Mapping[str, Any], start: str = "startAt"
    ) -> Iterator[V]:
        """Yield the pages of a list that knows which is its last; `start` is how their place is named."""
        at, turning = 0, self.turning(f"GET {path}", start)
        while True:
            page = self.get(model, path, {**query, start: at})
            turning.page(repr(page.values) if page.values else None)
            yield page
            at += len(page.values)
            if page.last or not page.values:
                return

    def turning(self, call: str, by: str, *, walk: bool = False) -> Turning:
        """Return what ends a list that would have no end."""
        return self.http.turning(call, by, walk=walk)

    def upload(self, model: type[M], path: str, upload: Upload, name: str) -> M:
        """Return the answer to a file that is sent under a name, read while it is sent. See `send`."""
        kind = upload.content_type if "/" in upload.content_type else "application/octet-stream"
        file = ("file", name, upload.content, kind)
        answer = self.http.upload("POST", path, (), [file], {"X-Atlassian-Token": "no-check"})
        return self._made(model, answer, f"POST {path}")

    def parse(self, model: type[M], payload: object, call: str) -> M:
        """Return a payload as `model`. Raises Rejected, naming the call and the field that is odd.

        One that is wholly something else is Transient.
        """
        return wire.parse(model, payload, self.http.connection, call, answered=True)

    def myself(self) -> wire.User:
        """Return the account, asked for anew. Raises Unauthorised: this call is never anonymous."""
        return self.parse(wire.User, self.jira.myself(), "GET myself")

    @property
    def known_me(self) -> str:
        """The account's key, if it was asked for before; empty else."""
        return self._side.me if self._side else ""

    def site(self) -> Site:
        """Return what the site says of itself; the first use asks it."""
        with self._lock:
            if self._site is None:
                self._site = self._learn_site()
            return self._site

    def side(self) -> Side:
        """Return what translating needs to know; the first use asks for it."""
        with self._lock:
            if self._side is None:
                self._side = self._learn_side()
            return self._side

    def kinds(self) -> Mapping[str, site_wire.FieldSchema]:
        """Return what each field of the site holds, by field id; the first use asks for the (long) list."""
        with self._lock:
            if self._kinds is None:
                found = self.parse(site_wire.Fieldlist, self.jira.fields(), "GET field").root
                self._kinds = {field.id: field.holds for field in found}
            return self._kinds

    def _made(self, model: type[M], answer: requests.Response, call: str) -> M:
        try:
            return self.parse(model, self.http.json(answer, once=True), call)
        except (Rejected, Transient) as error:
            raise Uncertain(error.connection, error.call, error.text) from None

    def _learn_site(self) -> Site:
        told = self.get(site_wire.ServerInfo, f"{API}/serverInfo")
        cloud = told.deployment == "Cloud"
        self.jira.deploymentType = "Cloud" if cloud else "Server"
        ours, theirs = urlsplit(self._config.url), urlsplit(told.address)
        by_gateway = _GATEWAY in ours.path and theirs.hostname and theirs.scheme in ("https", ours.scheme)
        return Site(cloud, told.address.rstrip("/") if by_gateway else self._config.url)

    def _learn_side(self) -> Side:
        config, site, me = self._config, self.site(), self.myself()
        service = self._services()
        desk = DeskFields()
        if service is not Service.NONE:
            desk = desk_fields({id: kind.custom for id, kind in self.kinds().items()})
        return Side(
            config.name,
            site.address,
            config.fields,
            config.vocabularies,
            me.id,
            cloud=site.cloud,
            desk=desk,
            service=service,
        )

    def _services(self) -> Service:
        """Return which of the connection's projects are service projects; one that is not there is none."""
        types = set()
        for key in self._config.projects:
            with suppress(Gone):
                types.add(self.get(wire.Project, f"{API}/project/{key}").type)
        if SERVICE not in types:
            return Service.NONE
        return Service.ALL if types == {SERVICE} else Service.SOME


def _library(config: ConnectionConfig) -> JIRA:
    """Return the library's client, told what it would otherwise ask the site for (jira-api 10.3)."""
    jira = JIRA(
        server=config.url,
        get_server_info=False,
        max_retries=0,
        timeout=TIMEOUT,
        logging=False,
        options={"rest_api_version": API.removeprefix("api/")},
    )
    jira._version = (1001, 0, 0)  # noqa: SLF001 - Cloud's number; some methods look at it
    jira._fields_cache_value = {"": ""}  # noqa: SLF001 - or the first search asks for all fields' names
    return jira


def _wire(config: ConnectionConfig, jira: JIRA) -> Session:
    """Return the session that all calls of this connection share, with the library's headers."""
    made = Session(config.bounds)
    made.headers.update(jira._session.headers)  # noqa: SLF001 - JSON, no-cache, no XSRF check
    made.headers["User-Agent"] = "deskbridge"
    made.headers["X-ExperimentalApi"] = "opt-in"  # some of Data Center's service calls want it (jira-api 8)
    made.auth = _Bearer(config.secret) if not config.user else _basic(config)
    return made


def _basic(config: ConnectionConfig) -> AuthBase:
    return HTTPBasicAuth(config.user.encode(), config.secret.encode())
