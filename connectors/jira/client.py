"""The `jira` library on our wire: its sign-in, addresses and calls, under one layer of rules.

The library's own session repeats lost POSTs, sleeps by itself and raises its own errors (jira-api 10.4).
So it is built without a start-up request and given a session that hands every call to `connectors.http`:
what the library does well goes through it, the rest goes raw, and both raise the same errors. What is
different on Data Center (sign-in, search, who a user is) is in this file and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, TypeVar

import requests
from jira import JIRA
from jira.resilientsession import ResilientSession
from pydantic import BaseModel
from requests.auth import HTTPBasicAuth

from connectors.base import ConnectionConfig
from connectors.errors import Rejected, Uncertain
from connectors.http import TIMEOUT, Http, session
from connectors.jira import wire
from connectors.jira.translate import API, CANONICAL, Side

M = TypeVar("M", bound=BaseModel)

FILE_HOSTS = ("api.media.atlassian.com",)
"""Where Cloud redirects to for a file's bytes (jira-api 6: a signed address on another host)."""
_PAGE = 1000
"""Issues that a page may have; with more than their ids Jira gives fewer (jira-api 2.1)."""


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
        response = self._http.call(method, path, idempotent=method.upper() != "POST", **request)
        self._http.json(response)
        return response


class Client:
    """One connection's way to Jira: `http` for raw calls, `jira` for the library's. No call is made yet."""

    def __init__(self, config: ConnectionConfig) -> None:
        self._config = config
        self.jira = _library(config)
        self.http = Http(
            connection=config.name,
            base=f"{config.url}/rest",
            session=_wire(config, self.jira),
            budget=config.budget,
            now=config.now,
            explain=partial(explain, names={**CANONICAL, **{id: f for f, id in config.fields.items()}}),
            file_hosts=FILE_HOSTS,
            passing=(409,),
        )
        self.jira._session = _Routed(self.http)  # noqa: SLF001 - the library has no other way in
        self._side: Side | None = None
        self._kinds: Mapping[str, wire.FieldSchema] | None = None

    def get(self, model: type[M], path: str, params: Mapping[str, Any] | None = None) -> M:
        """Return the answer to a GET."""
        return self.parse(model, self.http.get(path, params), f"GET {path}")

    def send(self, model: type[M], path: str, **request: Any) -> M:
        """Return the answer to a POST that must not be repeated.

        An answer that cannot be read is as good as lost: raises Uncertain, since the thing was made.
        """
        response = self.http.call("POST", path, idempotent=False, **request)
        try:
            return self.parse(model, self.http.json(response), f"POST {path}")
        except Rejected as error:
            raise Uncertain(error.connection, error.call, error.text) from None

    def parse(self, model: type[M], payload: object, call: str) -> M:
        """Return a payload as `model`. Raises Rejected, naming the call and the field that is odd."""
        return wire.parse(model, payload, self.http.connection, call)

    def myself(self) -> wire.User:
        """Return the account, asked for anew. Raises Unauthorised: this call is never anonymous."""
        return self.parse(wire.User, self.jira.myself(), "GET myself")

    def side(self) -> Side:
        """Return what translating needs to know; the first use asks who we are."""
        if self._side is None:  # two threads that both ask get the same answer
            config = self._config
            me = self.myself().id
            self._side = Side(config.name, config.url, config.fields, config.vocabularies, me)
        return self._side

    def kinds(self) -> Mapping[str, wire.FieldSchema]:
        """Return what each field of the site holds, by field id; the first use asks for the (long) list."""
        if self._kinds is None:
            found = self.parse(wire.Fieldlist, self.jira.fields(), "GET field").root
            self._kinds = {field.id: field.holds for field in found}
        return self._kinds

    def pages(self, jql: str, fields: list[str], properties: str | None = None) -> Iterator[list[wire.Row]]:
        """Yield what a (bounded) query finds, page after page; Jira chooses how long they are."""
        token: str | None = None
        while True:
            answer = self.jira.enhanced_search_issues(
                jql, token, _PAGE, fields=list(fields), properties=properties, json_result=True
            )
            page = self.parse(wire.Page, answer, "GET search/jql")
            yield page.issues
            if page.last or page.next is None:
                return
            if page.next == token:
                raise Rejected(self.http.connection, "GET search/jql", "the pages go round in circles")
            token = page.next


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
    jira.deploymentType = "Cloud"
    jira._version = (1001, 0, 0)  # noqa: SLF001 - Cloud's number; some methods look at it
    jira._fields_cache_value = {"": ""}  # noqa: SLF001 - or the first search asks for all fields' names
    return jira


def _wire(config: ConnectionConfig, jira: JIRA) -> requests.Session:
    """Return the session that all calls of this connection share, with the library's headers."""
    made = session()
    made.headers.update(jira._session.headers)  # noqa: SLF001 - JSON, no-cache, no XSRF check
    made.headers["User-Agent"] = "deskbridge"
    made.auth = HTTPBasicAuth(config.user.encode(), config.secret.encode())
    return made


def explain(response: requests.Response, names: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
    """Return what an error answer says, in any of Jira's six shapes (jira-api 1.2).

    `names` turns Jira's field ids into the canonical ones.
    """
    try:
        body = response.json()
    except ValueError:
        return _unreadable(response), {}
    if not isinstance(body, dict):
        return response.text[:500], {}
    errors = body.get("errors")
    fields = {names.get(k, k): str(v) for k, v in errors.items()} if isinstance(errors, dict) else {}
    texts = [*_texts(body), *(f"{field}: {text}" for field, text in fields.items())]
    return ("; ".join(texts) or response.text)[:500], fields


def _texts(body: Mapping[str, Any]) -> list[str]:
    found = [str(text) for text in _list(body.get("errorMessages"))]
    found += [str(e.get("message", e)) for e in _list(body.get("errors")) if isinstance(e, dict)]
    for key in ("errorMessage", "message", "detail", "error_description", "error"):
        if not found and isinstance(text := body.get(key), str):
            found = [text]
    return found


def _list(found: object) -> list[Any]:
    return found if isinstance(found, list) else []


def _unreadable(response: requests.Response) -> str:
    if reason := response.headers.get("X-Authentication-Denied-Reason"):
        return reason.split(";")[0]
    if "html" in response.headers.get("Content-Type", ""):
        return "a web page instead of Jira's answer; is the connection's url right?"
    return response.text[:500]
