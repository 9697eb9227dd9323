"""What every call goes through before its handler, in the vendor's order of checks (reference 8)."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive

from deskbridge.sandbox.freshdesk import ruling, upkeep
from deskbridge.sandbox.freshdesk.files import Upload
from deskbridge.sandbox.freshdesk.form import invalid, refuse_unknown_query
from deskbridge.sandbox.freshdesk.limits import Meter
from deskbridge.sandbox.freshdesk.persons import User
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.kernel import Refused, body_of, reply

_PREFIX = "/api/v2"
_LARGEST_BODY = 64 * 1024 * 1024
_ALL_VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_DENIED = {"code": "access_denied", "message": "You are not authorized to perform this action."}
_NO_LOGIN = {"code": "invalid_credentials", "message": "You have to be logged in to perform this action."}
_BAD_JSON = {"code": "invalid_json", "message": "Request body has invalid json format"}


@dataclass(slots=True)
class Call:
    """One call that has passed the checks that all calls share."""

    request: Request
    account: Account
    agent: User
    """Who owns the key: the call acts as this agent."""
    query: dict[str, str]
    body: dict[str, Any] = field(default_factory=dict)
    multipart: bool = False

    @property
    def id(self) -> int:
        """Return the id in the path."""
        return int(self.request.path_params["id"])

    def includes(self, allowed: Sequence[str]) -> list[str]:
        """Return what `include` asks for; refuses what this call cannot embed."""
        wanted = _included(self.query)
        if any(name not in allowed for name in wanted):
            invalid("include", "It should be one of these values: '" + ",".join(allowed) + "'")
        return wanted

    def page(self, last: int = 0) -> tuple[int, int]:
        """Return the page and its size; refuses sizes above 100 and pages behind `last` (3.1)."""
        size = self._positive("per_page", 30)
        if size is None or size > 100:
            invalid("per_page", "It should be a Positive Integer less than or equal to 100")
        page = self._positive("page", 1)
        if page is None:
            invalid("page", "It should be a Positive Integer")
        if last and page > last:
            text = (
                f"You cannot access tickets beyond the {last}th page. Please provide a smaller page number."
            )
            invalid("page", text)
        return page, size

    def _positive(self, name: str, default: int) -> int | None:
        text = self.query.get(name, str(default))
        return int(text) if re.fullmatch(r"[1-9]\d{0,8}", text) else None


Handler = Callable[[Call], Response]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One call of the API and what it needs."""

    method: str
    path: str
    handle: Handler
    admin: bool = False
    bucket: str = ""
    """The ceiling inside the account's limit that it counts against (2)."""
    query: tuple[str, ...] = ()
    include_cost: int = 0
    """Credits per embedded resource (2)."""
    bodiless: bool = False


def routes(account: Account, meter: Meter, endpoints: Sequence[Endpoint]) -> list[Route]:
    """Return the routes of `endpoints`, then those that answer 405 to every other verb on them."""
    real = [Route(_PREFIX + e.path, _endpoint(account, meter, e), methods=[e.method]) for e in endpoints]
    verbs: dict[str, list[str]] = {}
    for endpoint in endpoints:
        verbs.setdefault(endpoint.path, []).append(endpoint.method)
    others = [
        _other_verbs(account, meter, path, used) for path, used in verbs.items() if path not in _PARTIAL
    ]
    return [*real, *others, *(_no_id(account, meter, path) for path in verbs if ":int}" in path)]


# Paths of which the vendor has verbs that are not played here: those are a 501, not a 405.
_PARTIAL = {"/ticket-forms", "/ticket-forms/{id:int}", "/ticket-forms/{id:int}/fields/{field:int}"}


# Words in an id's place that are calls of the vendor's which are not played: a 501.
_UNPLAYED = {"availability", "outbound_messages"}


def _other_verbs(account: Account, meter: Meter, path: str, used: list[str]) -> Route:
    def refuse(call: Call) -> Response:
        raise not_allowed(call.request.method, used)

    others = [verb for verb in _ALL_VERBS if verb not in used]
    return Route(_PREFIX + path, _endpoint(account, meter, Endpoint("", path, refuse)), methods=others)


def _no_id(account: Account, meter: Meter, path: str) -> Route:
    """Return the route of a path with what can be no id, e.g. ``/tickets/12a``: not found, as any wrong id.

    Where a word stands for a call that is not played, nothing is said about ids.
    """

    def refuse(call: Call) -> Response:
        if _UNPLAYED.intersection(call.request.path_params.values()):
            raise HTTPException(404)
        raise not_found()

    endpoint = _endpoint(account, meter, Endpoint("", path, refuse))
    return Route(_PREFIX + path.replace(":int}", "}"), endpoint, methods=list(_ALL_VERBS))


def not_allowed(verb: str, allowed: Sequence[str] = ("GET",)) -> Refused:
    """Return the refusal of a verb: unknown on this path, or of no use on trashed things (1.2)."""
    names = ", ".join(allowed)
    text = f"{verb} method is not allowed. It should be one of these method(s): {names}"
    return Refused(405, {"message": text}, {"Allow": names})


def not_found() -> Refused:
    """Return the refusal of an unknown id: without a body (1.2)."""
    return Refused(404)


def denied() -> Refused:
    """Return the refusal of what this agent may not do."""
    return Refused(403, _DENIED)


def created(call: Call, body: dict[str, Any], path: str) -> Response:
    """Return the answer to a create call, with the address of what is new."""
    return reply(body, 201, {"Location": f"{call.account.base_url}{_PREFIX}{path}"})


def paged(call: Call, rows: Sequence[Any], show: Callable[[Any], Any], last: int = 0) -> Response:
    """Return the asked page of `rows`, with a `link` to the next one if there is one (3.1)."""
    page, size = call.page(last)
    start = (page - 1) * size
    headers = {}
    if len(rows) > start + size:
        url = call.request.url.include_query_params(page=page + 1, per_page=size)
        headers["link"] = f'<{url}>; rel="next"'
    return reply([show(item) for item in rows[start : start + size]], 200, headers)


def finish(request: Request, response: Response) -> None:
    """Give an answer the headers that every answer of the API has (1.1). Safe to call twice."""
    state = request.state
    response.headers["X-Freshdesk-Api-Version"] = "latest=v2; requested=v2"
    response.headers.update(getattr(state, "head", {}))
    if response.headers.get("content-type", "").startswith("application/json"):
        response.headers["content-type"] = "application/json; charset=utf-8"


def _endpoint(account: Account, meter: Meter, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        request.state.head = {"X-Request-Id": account.world.token()}
        agent = _login(account, request)
        query = dict(request.query_params)
        request.state.head |= meter.spend(_cost(account, endpoint, query), endpoint.bucket)
        _check_accept(request)
        body, multipart, form = await _parse(request, bodiless=endpoint.bodiless)
        upkeep.settle(account)
        try:
            if endpoint.admin and not account.is_admin(agent):
                raise denied()
            if endpoint.method:
                refuse_unknown_query(query, endpoint.query)
            response = endpoint.handle(Call(request, account, agent, query, body, multipart))
            ruling.run(account)
        finally:
            if form is not None:
                await form.close()
        finish(request, response)
        return response

    return answer


def _login(account: Account, request: Request) -> User:
    """Return the owner of the key that is the user name of Basic authentication; refuses with 401."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        key = base64.b64decode(encoded, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        key = ""
    agent = account.by_key(key) if scheme.lower() == "basic" else None
    if agent is None or agent.role is None:
        raise Refused(401, _NO_LOGIN)
    return agent


def _included(query: dict[str, str]) -> list[str]:
    return [name for name in query.get("include", "").split(",") if name]


def _cost(account: Account, endpoint: Endpoint, query: dict[str, str]) -> int:
    included = _included(query) if endpoint.include_cost else []
    extra = account.switches.conversations_cost - 1 if "conversations" in included else 0
    return 1 + endpoint.include_cost * len(included) + extra


def _check_accept(request: Request) -> None:
    accepted = [part.partition(";")[0].strip() for part in request.headers.get("accept", "*/*").split(",")]
    if not {"application/json", "application/*", "*/*"} & set(accepted):
        raise Refused(406)


async def _parse(request: Request, *, bodiless: bool) -> tuple[dict[str, Any], bool, FormData | None]:
    """Return the body as a mapping, whether it was multipart, and the form to close afterwards."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data" and not bodiless:
        form = await _form(request)
        return _nested(form), True, form
    data = await body_of(request, _LARGEST_BODY)
    if not data.strip() or request.method == "GET":
        return {}, False, None
    if bodiless or request.method == "DELETE":
        raise Refused(
            400, {"code": "no_content_required", "message": "No body is expected with this request"}
        )
    if kind != "application/json":
        raise Refused(
            415,
            {"code": "unsupported_media_type", "message": f"{kind or 'No'} content type is not supported"},
        )
    return _json(data), False, None


def _json(data: bytes) -> dict[str, Any]:
    try:
        body = json.loads(data, parse_constant=_no_number)
        if b"\\ud" in data.lower():
            json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise Refused(400, _BAD_JSON) from error
    if not isinstance(body, dict):
        raise Refused(400, _BAD_JSON)
    return body


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


async def _form(request: Request) -> FormData:
    bounded = Request(request.scope, _bounded(request.receive))
    try:
        return await bounded.form(max_files=200, max_fields=2000, max_part_size=_LARGEST_BODY)
    except HTTPException as error:
        raise Refused(400, {"code": "invalid_multipart", "message": error.detail}) from error


def _bounded(receive: Receive) -> Receive:
    """Return `receive` that refuses once the body is larger than any answer could need."""
    seen = 0

    async def receive_some() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > _LARGEST_BODY:
            raise Refused(413, {"message": f"a body may have {_LARGEST_BODY} bytes at most"})
        return message

    return receive_some


def _nested(form: FormData) -> dict[str, Any]:
    """Return a form's values by Rails' names: ``tags[]`` is a list, ``custom_fields[cf_x]`` a mapping."""
    body: dict[str, Any] = {}
    for name, raw in form.multi_items():
        value: Any = _upload(raw) if isinstance(raw, UploadFile) else raw
        base, bracket, inner = name.partition("[")
        inner = inner.rstrip("]")
        if not bracket:
            body[base] = value
        elif not inner:
            cast(list[Any], _slot(body, base, [])).append(value)
        else:
            cast(dict[str, Any], _slot(body, base, {}))[inner] = value
    return body


def _slot(body: dict[str, Any], name: str, empty: Any) -> Any:
    """Return the list or mapping under `name`; a name used in two ways is refused."""
    slot = body.setdefault(name, empty)
    if type(slot) is not type(empty):
        invalid(name, "It is sent in two ways", "datatype_mismatch")
    return slot


def _upload(part: UploadFile) -> Upload:
    kind = part.content_type or "application/octet-stream"
    return Upload(part.filename or "attachment", kind, part.file)
