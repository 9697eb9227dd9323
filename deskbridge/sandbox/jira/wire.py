"""Between HTTP and the handlers: who calls, what they sent, what Jira's front door refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deskbridge.sandbox.jira import errors
from deskbridge.sandbox.jira.limits import Limits
from deskbridge.sandbox.jira.model import Issue, Json, User
from deskbridge.sandbox.jira.state import Site
from deskbridge.sandbox.kernel import Refused, body_of

MAX_BODY = 10 * 1024 * 1024


@dataclass(slots=True)
class Call:
    """One API call, as the handlers see it."""

    site: Site
    request: Request
    version: str
    caller: User | None
    raw: bytes = b""
    form: FormData | None = None

    @property
    def user(self) -> User:
        """The caller, who must be signed in."""
        if self.caller is None:
            raise errors.not_signed_in()
        return self.caller

    def issue(self) -> Issue:
        """Return the issue that the path names, if the caller sees it."""
        return self.site.issue(self.caller, self.path("key"))

    def id(self, name: str = "id") -> int:
        """Return a part of the path as a number; 0, which nothing has, when it is none."""
        text = self.path(name)
        return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else 0

    def path(self, name: str) -> str:
        """Return a part of the path."""
        return str(self.request.path_params[name])

    def url(self, tail: str) -> str:
        """Return an absolute address under this API version."""
        return f"{self.site.base_url}/rest/api/{self.version}/{tail}"

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
        detail = f"Failed to convert '{name}' with value: '{value}'"
        raise errors.problem(400, detail, self.request.url.path)

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


def required(body: Json, name: str, kind: type | tuple[type, ...]) -> Any:
    """Return a member of the body that must be there and of this type."""
    value = body.get(name)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
        raise errors.invalid_payload()
    return value


def optional(body: Json, name: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
    """Return a member of the body that may be missing or null but not of another type."""
    return default if body.get(name) is None else required(body, name, kind)


def texts(body: Json, name: str) -> list[str]:
    """Return a member of the body that is a list of texts, empty when it is missing."""
    values: list[Any] = optional(body, name, list, [])
    if not all(isinstance(value, str) for value in values):
        raise errors.invalid_payload()
    return values


class Door:
    """Turns rules into routes, and guards them: sign-in, limits, content types, headers."""

    def __init__(self, site: Site, rules: list[Rule]) -> None:
        self._site, self._rules, self._limits = site, rules, Limits()
        self._answered = 0

    def forget(self) -> None:
        """Forget all calls that count towards a limit."""
        self._limits = Limits()

    def routes(self) -> list[Route]:
        """Return the routes, with one last that knows why nothing else matched."""
        routes = [Route(rule.path, self._endpoint(rule), methods=[rule.method]) for rule in self._rules]
        methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]
        return [*routes, Route("/rest/{rest:path}", self._unknown, methods=methods)]

    def finish(self, request: Request, response: Response) -> None:
        """Put Jira's own headers on an answer. Doing it twice does no harm."""
        headers = response.headers
        if headers.get("content-type") == "application/json":
            headers["content-type"] = "application/json;charset=UTF-8"
        if "atl-traceid" not in headers:
            self._answered += 1
            for name in ("Atl-Traceid", "Atl-Request-Id", "X-Arequestid"):
                headers[name] = f"{self._answered:032x}"
        for name, value in getattr(request.state, "limits", {}).items():
            headers.setdefault(name, value)

    def _endpoint(self, rule: Rule) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            call = await self._admit(rule, request)
            try:
                response = rule.handler(call)
            finally:
                if call.form is not None:
                    await call.form.close()
            self.finish(request, response)
            return response

        return endpoint

    async def _admit(self, rule: Rule, request: Request) -> Call:
        version = request.path_params.get("v", "2")
        if version not in ("2", "3", "latest"):
            raise self._no_endpoint(request)
        if rule.public:
            return Call(self._site, request, "2", None)
        caller = self._site.signed_in(request.headers.get("authorization", ""))
        self._count(rule, request)
        if rule.sign_in and caller is None:
            raise errors.not_signed_in()
        _forgery(request)
        call = Call(self._site, request, version.replace("latest", "2"), caller)
        if rule.form:
            call.form = await _form(request)
        else:
            call.raw = await body_of(request, MAX_BODY)
            _content_type(rule, call)
        return call

    def _count(self, rule: Rule, request: Request) -> None:
        if not self._site.world.limits or not rule.path.startswith("/rest/"):
            return
        now = self._site.world.clock.now()
        request.state.limits = self._limits.take(rule.method, rule.path, now)
        if rule.method != "GET" and rule.path.startswith("/rest/api/{v}/issue/{key}"):
            issue = self._site.find_issue(request.path_params["key"])
            if issue is not None:
                self._limits.write(issue.id, now)

    def _no_endpoint(self, request: Request) -> Refused:
        detail = f"No endpoint {request.method} {request.url.path}."
        return errors.problem(404, detail, request.url.path)

    async def _unknown(self, request: Request) -> Response:
        """Answer 405 or 404 as Jira does; 501 (the frame's) for calls that only the real one has."""
        if not _REAL.match(request.url.path):
            raise self._no_endpoint(request)
        paths = {rule.path for rule in self._rules if _matches(rule.path, request.url.path)}
        if paths and not any(
            (request.method, path.removeprefix("/rest/api/{v}/")) in _UNBUILT for path in paths
        ):
            detail = f"Method '{request.method}' is not supported."
            raise errors.problem(405, detail, request.url.path)
        raise HTTPException(404)


def _matches(template: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", template), path) is not None


def _forgery(request: Request) -> None:
    """Refuse what looks like a browser's forged write (reference, 1.1)."""
    browser = request.headers.get("user-agent", "").startswith("Mozilla/")
    if browser and request.method != "GET" and not _checked(request):
        raise Refused(403, "XSRF check failed")


def _checked(request: Request) -> bool:
    return request.headers.get("x-atlassian-token", "") in ("no-check", "nocheck")


async def _form(request: Request) -> FormData:
    if not _checked(request):
        raise Refused(403, "XSRF check failed")
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise _unsupported(request)
    return await request.form(max_files=1000)


def _content_type(rule: Rule, call: Call) -> None:
    """Refuse a write whose body is no JSON by its label, or missing without one (415)."""
    if rule.method in ("GET", "HEAD") or (rule.bare and not call.raw):
        return
    given = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != "application/json":
        raise _unsupported(call.request)


def _unsupported(request: Request) -> Refused:
    given = request.headers.get("content-type", "null")
    return errors.problem(415, f"Content-Type '{given}' is not supported.", request.url.path)


# The first words of paths that a real site has; below them an unknown call is one that this sandbox lacks.
_REAL = re.compile(
    r"/rest/(api/(2|3|latest)/(announcementBanner|app|application-properties|applicationrole|attachment|"
    r"auditing|avatar|bulk|changelog|comment|component|config|configuration|customFieldOption|dashboard|data-policy|"
    r"events|field|fieldconfiguration|fieldconfigurationscheme|filter|group|groups|groupuserpicker|instance|issue|"
    r"issueLink|issueLinkType|issues|issuesecurityschemes|issuetype|issuetypescheme|issuetypescreenscheme|jql|"
    r"label|license|mypermissions|mypreferences|myself|notificationscheme|permissions|permissionscheme|plans|"
    r"priority|priorityscheme|project|project-template|projectCategory|projects|projectvalidate|resolution|role|"
    r"screens|screenscheme|search|securitylevel|serverInfo|settings|status|statuscategory|statuses|task|"
    r"ui-modifications|universal_avatar|user|users|version|webhook|workflow|workflows|workflowscheme|worklog)(/|$)|"
    r"agile/|servicedeskapi/|webhooks/1\.0/|greenhopper/|auth/|applinks/)"
)
# Methods that a real site has on paths served here for other methods only.
_UNBUILT = {
    ("POST", "field"),
    ("POST", "priority"),
    ("POST", "resolution"),
    ("POST", "issuetype"),
    ("POST", "issueLinkType"),
    ("POST", "project"),
    ("PUT", "project/{key}"),
    ("DELETE", "project/{key}"),
    ("PUT", "component/{id}"),
    ("DELETE", "component/{id}"),
    ("POST", "user"),
    ("DELETE", "user"),
    ("PUT", "issue/{key}/worklog/{id}"),
    ("POST", "issue/{key}/changelog"),
}
