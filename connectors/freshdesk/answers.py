"""Freshdesk's answers: one, a page, all pages, and what its errors say (freshdesk-api 1.2, 1.3, 3.1)."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from functools import cache
from itertools import count
from typing import Any, Protocol, TypeVar, cast
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError
from requests import Response

from connectors.http import Http, no_json, passes, shown, unreadable
from connectors.letters import taken

PER_PAGE = 100
"""Rows on a page: the most that Freshdesk gives."""
_OURS = "X-Freshdesk-Api-Version"
"""The header that every answer of the API carries (freshdesk-api 1.1)."""
_SHUT_OUT = (
    "account_suspended",
    "invalid_credentials",
    "password_expired",
    "password_lockout",
    "ssl_required",
)
"""The codes of a 403 that concern the key, whatever it asks for (freshdesk-api 1.2)."""

T = TypeVar("T")


class HasId(Protocol):
    """A row of a list."""

    @property
    def id(self) -> int:
        """What tells a row from any other."""


R = TypeVar("R", bound=HasId)


def read(http: Http, response: Response, kind: type[T], *, once: bool = False) -> T:
    """Return an answer as `kind`. Raises Rejected, naming call and field, when a field is malformed.

    One that is wholly something else is Transient; of a write that is sent `once`, either is Uncertain.
    """
    try:
        answer: T = _adapter(cast(Hashable, kind)).validate_json(taken(response.content))
    except ValidationError as error:
        call = f"{response.request.method} {urlsplit(response.url).path}"
        text = shown(response.request, _malformed(error, response))
        whole = not error.errors()[0]["loc"] and passes(response)
        raise unreadable(http.connection, call, text, once=once, whole=whole) from None
    return answer


def made(http: Http, response: Response, kind: type[T]) -> T:
    """Return the answer to a write that is sent once; a malformed one is as good as lost: Uncertain."""
    return read(http, response, kind, once=True)


def get(http: Http, path: str, kind: type[T], params: Mapping[str, Any] | None = None) -> T:
    """Return the answer to a GET as `kind`."""
    return read(http, http.call("GET", path, params=params, idempotent=True), kind)


def page(http: Http, path: str, kind: type[R], params: Mapping[str, Any]) -> tuple[list[R], bool]:
    """Return the rows of one page, and whether another may follow.

    The last page has no `next` link; lists that never send links end with a short page
    (freshdesk-api 3.1).
    """
    response = http.call("GET", path, params=params, idempotent=True)
    rows = read(http, response, list[kind])  # type: ignore[valid-type]
    full = "per_page" in params and len(rows) >= PER_PAGE
    return rows, "next" in response.links or full


def pages(http: Http, path: str, kind: type[R], params: Mapping[str, Any]) -> Iterator[R]:
    """Yield the rows of all pages; one that shifted to the next page once. Raises Rejected without end."""
    seen: set[int] = set()
    turning = http.turning(f"GET {path}", "page")
    for number in count(1):
        asked = {**params, "page": number} if number > 1 else params
        rows, more = page(http, path, kind, asked)
        turning.page(tuple(row.id for row in rows) if more else None)
        fresh = [row for row in rows if row.id not in seen]
        yield from fresh
        if not (more and fresh):
            return
        seen = {row.id for row in rows}


def explain(response: Response) -> tuple[str, Mapping[str, str]]:
    """Return what an error's body says, and its fields with what is wrong with each.

    Bodies may be empty or another machine's HTML, of which nothing is passed on.
    """
    if response.status_code == 405:
        return _locked(response), {}
    said = _said(response)
    errors = said.get("errors")
    rows = [row for row in errors if isinstance(row, dict)] if isinstance(errors, list) else []
    fields = {_field(row): _short(row.get("message") or row.get("code")) for row in rows}
    text, code = _short(said.get("description") or said.get("message")), _short(said.get("code"))
    if not (text or code or fields):
        return _silent(response), {}
    text = f"{text} ({code})" if text and code else text or code
    return "; ".join([text, *(f"{field}: {wrong}" for field, wrong in fields.items())]), fields


def denies(response: Response) -> bool:
    """Whether a 403 shuts the key out, rather than this one call."""
    return _said(response).get("code") in _SHUT_OUT


def genuine(response: Response) -> bool:
    """Whether an answer is Freshdesk's own, and not that of a proxy or of another site."""
    return _OURS in response.headers


def _said(response: Response) -> Mapping[str, Any]:
    try:
        said = response.json()
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _malformed(error: ValidationError, response: Response) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if first["type"] == "json_invalid":
        return no_json(response)
    return f"malformed answer: {'.'.join(map(str, first['loc'])) or 'the whole'}: {first['msg']}"


def _locked(response: Response) -> str:
    """Say what a 405 means: the call exists, so it is the object that does not take it (4.5, 5.2)."""
    if "/conversations/" in urlsplit(response.url).path:
        return "only notes can be edited"
    return "it is in the trash or marked as spam, where nothing can be written"


def _silent(response: Response) -> str:
    if response.status_code == 404 and not genuine(response):
        return "not found, and the answer is not Freshdesk's; is the connection's url right?"
    return "not found" if response.status_code == 404 else "the answer says nothing"


def _field(row: Mapping[str, Any]) -> str:
    named = _short(row.get("field"))
    return "assignee" if named == "responder_id" else named


def _short(text: object) -> str:
    return " ".join(str(text or "").split())


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
