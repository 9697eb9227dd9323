"""One API call as the handlers see it, and the rules that say which handler answers which calls."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from deskbridge.sandbox.jira import errors
from deskbridge.sandbox.jira.model import Issue, Json, User
from deskbridge.sandbox.jira.state import Site
from deskbridge.sandbox.kernel import Refused


@dataclass(slots=True)
class View:
    """How somebody sees the site: in which API version, at which address, as whom."""

    site: Site
    version: str
    caller: User | None
    base: str
    """The site's address, or the gateway's for those who come that way."""

    def url(self, tail: str) -> str:
        """Return an absolute address under this API version."""
        return f"{self.base}/rest/api/{self.version}/{tail}"

    def agile(self, tail: str) -> str:
        """Return an absolute address of the boards' API."""
        return f"{self.base}/rest/agile/1.0/{tail}"

    def desk_url(self, tail: str) -> str:
        """Return an absolute address of service management's API."""
        return f"{self.base}/rest/servicedeskapi/{tail}"

    def stamp(self, instant: Any) -> str | None:
        """Return an instant in the caller's zone."""
        return self.site.stamp(instant, self.caller)


@dataclass(slots=True)
class Call(View):
    """One API call."""

    request: Request
    params: dict[str, str]
    raw: bytes = b""
    form: FormData | None = None

    @property
    def user(self) -> User:
        """The caller, who must be signed in."""
        self.signed_in()
        assert self.caller is not None
        return self.caller

    def signed_in(self) -> None:
        """Refuse whoever is not signed in."""
        if self.caller is None:
            raise errors.not_signed_in() if self.site.cloud else errors.login_required()

    def issue(self) -> Issue:
        """Return the issue that the path names, if the caller sees it."""
        return self.site.issue(self.caller, self.path("key"))

    def id(self, name: str = "id") -> int:
        """Return a part of the path as a number; 0, which nothing has, when it is none."""
        text = self.path(name)
        return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else 0

    def path(self, name: str) -> str:
        """Return a part of the path."""
        return self.params[name]

    def query(self, name: str, default: str = "") -> str:
        """Return a query parameter's first value."""
        return self.request.query_params.get(name, default)

    def listed(self, name: str) -> list[str]:
        """Return a parameter that may be repeated and may hold commas."""
        values = self.request.query_params.getlist(name)
        return [part.strip() for value in values for part in value.split(",") if part.strip()]

    def flag(self, name: str, default: bool = False) -> bool:
        """Return a boolean parameter; a problem document when it is neither true nor false."""
        value = self.request.query_params.get(name)
        if value is None:
            return default
        if value.lower() not in ("true", "false"):
            self.inconvertible(name, value)
        return value.lower() == "true"

    def number(self, name: str, default: int) -> int:
        """Return a whole-number parameter; a problem document when it is none."""
        value = self.request.query_params.get(name)
        if value is None:
            return default
        if not re.fullmatch(r"-?[0-9]{1,18}", value):
            self.inconvertible(name, value)
        return int(value)

    def inconvertible(self, name: str, value: str) -> NoReturn:
        """Refuse a parameter of the wrong type as Jira's framework does."""
        raise self.framework(400, f"Failed to convert '{name}' with value: '{value}'")

    def framework(self, status: int, detail: str) -> Refused:
        """Return a refusal of the framework below the API, each deployment's own."""
        if self.site.cloud:
            return errors.problem(status, detail, self.request.url.path)
        return errors.servlet(status, str(self.request.url))

    def json(self) -> Any:
        """Return the body read as JSON; the payload refusal when it is unreadable."""
        try:
            value = json.loads(self.raw, parse_constant=_no_constant)
            if b"\\u" in self.raw:
                json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair is no text
        except (ValueError, RecursionError) as error:
            raise errors.invalid_payload() from error
        return value

    def object(self) -> Json:
        """Return the body, which must be a JSON object."""
        body = self.json()
        if not isinstance(body, dict):
            raise errors.invalid_payload()
        return body

    def closed(self, *names: str) -> Json:
        """Return the body of a call whose schema is closed: a word too many refuses it."""
        body = self.object()
        if not set(body) <= set(names):
            raise errors.invalid_payload()
        return body

    def page(self, default: int = 50, most: int = 100) -> tuple[int, int]:
        """Return where the page starts and its size, silently lowered to `most`."""
        start, size = self.number("startAt", 0), self.number("maxResults", default)
        return max(0, start), min(size, most) if size > 0 else default


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


Handler = Callable[[Call], Response]


@dataclass(frozen=True, slots=True)
class Rule:
    """Which handler answers which calls. `{v}` in the path is the API version."""

    method: str
    path: str
    handler: Handler
    sign_in: bool = False
    """Whether an anonymous caller is refused with 401 (else the handler decides what is visible)."""
    bare: bool = False
    """Whether a body may be missing, without a Content-Type."""
    form: bool = False
    """Whether the body is multipart instead of JSON."""
    public: bool = False
    """Whether it is outside the API: no credentials are read, no limits counted."""
    on: str = ""
    """The only deployment that has it, ``cloud`` or ``dc``; empty means both."""


def required(body: Json, name: str, kind: type | tuple[type, ...]) -> Any:
    """Return a member of the body that must be there and of this type, or a text that spells it."""
    value = body.get(name)
    if isinstance(value, str):
        value = _spelled(value, kind)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
        raise errors.invalid_payload()
    return value


def _spelled(text: str, kind: type | tuple[type, ...]) -> object:
    """Return what a text spells where a boolean or a number is wanted, as Jackson reads it; else the text."""
    if kind is bool and text in ("true", "false"):
        return text == "true"
    if kind is int and re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    return text


def optional(body: Json, name: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
    """Return a member of the body that may be missing or null but not of another type."""
    return default if body.get(name) is None else required(body, name, kind)


def texts(body: Json, name: str) -> list[str]:
    """Return a member of the body that is a list of texts, empty when it is missing."""
    values: list[Any] = optional(body, name, list, [])
    if not all(isinstance(value, str) for value in values):
        raise errors.invalid_payload()
    return values
