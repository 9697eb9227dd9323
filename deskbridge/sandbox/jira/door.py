"""The front door: finds the rule, lets callers in or not, counts calls, puts headers on answers."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from typing import NoReturn

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from deskbridge.sandbox.jira import errors
from deskbridge.sandbox.jira.limits import Limits, points_state
from deskbridge.sandbox.jira.paths import Paths
from deskbridge.sandbox.jira.signin import SignIn
from deskbridge.sandbox.jira.state import Site
from deskbridge.sandbox.jira.wire import Call, Rule
from deskbridge.sandbox.kernel import Refused, body_of

MAX_BODY = 10 * 1024 * 1024
_GATEWAY = re.compile(r"/ex/jira/([^/]+)(/.*)")


class Door(BaseRoute):
    """All of a site's paths, as one route."""

    def __init__(self, site: Site, rules: Iterable[Rule]) -> None:
        every = list(rules)
        self._site = site
        self._paths = Paths(rule for rule in every if rule.on in ("", site.deployment))
        self._elsewhere = Paths(rule for rule in every if rule.on not in ("", site.deployment))
        self._answered = 0
        self._versions = ("2", "3", "latest") if site.cloud else ("2", "latest")
        self.forget()

    def forget(self) -> None:
        """Forget all calls that count towards a limit, all failed logins and sessions."""
        self._limits, self.signin = Limits(), SignIn(self._site)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Take every HTTP call."""
        return (Match.FULL if scope["type"] == "http" else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except HTTPException:
            await _drain(request)
            raise
        except Refused as refusal:
            await _drain(request)
            if not isinstance(refusal.body, str):
                raise
            # What the servers below Jira refuse is a page, not JSON.
            response = Response(refusal.body, refusal.status, refusal.headers, media_type="text/html")
        self.finish(request, response)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path, gateway = self._place(request)
        found = self._paths.find(request.method, path)
        if found is None or found[1].get("v", "2") not in self._versions:
            self._unknown(request, path)
        rule, params = found
        call = await self._admit(rule, params, request, gateway=gateway)
        try:
            response = rule.handler(call)
        finally:
            if call.form is not None:
                await call.form.close()
        self._charge(request, response)
        return response

    def _place(self, request: Request) -> tuple[str, bool]:
        """Return the path on the site, and whether the call came by the gateway."""
        path = request.url.path
        match = _GATEWAY.fullmatch(path) if self._site.cloud else None
        if match is None:
            return path, False
        if match[1] != self._site.cloud_id or not match[2].startswith("/rest/"):
            raise errors.no_gateway(path, self._site.now().isoformat())
        return match[2], True

    async def _admit(self, rule: Rule, params: dict[str, str], request: Request, *, gateway: bool) -> Call:
        site = self._site
        version = params.get("v", "2").replace("latest", "2")
        base = f"{site.base_url}/ex/jira/{site.cloud_id}" if gateway else site.base_url
        if rule.public:
            return Call(site, version, None, base, request, params, await request.body())
        caller = self.signin.caller(request, gateway=gateway, rule=(rule.method, rule.path))
        request.state.caller, request.state.signin = caller, self.signin
        call = Call(site, version, caller, base, request, params)
        self._count(rule, call)
        if rule.sign_in:
            call.signed_in()
        _forgery(request)
        if rule.form:
            call.form = await _form(call)
        else:
            call.raw = await body_of(request, MAX_BODY)
            _content_type(rule, call)
        return call

    def _count(self, rule: Rule, call: Call) -> None:
        site, state = self._site, call.request.state
        now = site.world.clock.now()
        if not site.world.limits or not rule.path.startswith("/rest/"):
            return
        if not site.cloud:
            if site.switches.dc_limits:
                state.limits = self._limits.take_dc(call.caller.account_id if call.caller else "", now)
            return
        state.limits = self._limits.take(rule.method, rule.path, now)
        if pool := site.switches.points_per_hour:
            state.limits |= points_state(pool, self._limits.points_left(pool, now), now)
        if rule.method != "GET" and rule.path.startswith(_ISSUE_PATHS):
            issue = site.find_issue(call.params["key"])
            if issue is not None:
                self._limits.write(issue.id, now)

    def _charge(self, request: Request, response: Response) -> None:
        if self._site.cloud and self._site.switches.points_per_hour and hasattr(request.state, "limits"):
            self._limits.spend(request.method, bytes(getattr(response, "body", b"")))

    def finish(self, request: Request, response: Response) -> None:
        """Put Jira's own headers on an answer. Doing it twice does no harm."""
        headers = response.headers
        if headers.get("content-type") == "application/json":
            headers["content-type"] = "application/json;charset=UTF-8"
        if "x-arequestid" not in headers:
            self._answered += 1
            names = (
                ("Atl-Traceid", "Atl-Request-Id", "X-Arequestid") if self._site.cloud else ("X-AREQUESTID",)
            )
            for name in names:
                headers[name] = f"{self._answered:032x}"
        caller = getattr(request.state, "caller", None)
        if not self._site.cloud and caller is not None:
            headers.setdefault("X-Seraph-LoginReason", "OK")
            headers.setdefault("X-AUSERNAME", caller.username)
        for name, value in getattr(request.state, "limits", {}).items():
            headers.setdefault(name, value)

    def _unknown(self, request: Request, path: str) -> NoReturn:
        """Refuse as Jira does; 501 (the frame's) for calls that only the real one has."""
        if not path.startswith("/rest/"):
            raise HTTPException(404)
        dc_only = not self._site.cloud and self._elsewhere.find(request.method, path)
        version = re.match(r"/rest/api/([^/]+)/", path)
        absent = version is not None and version[1] not in self._versions
        real = _REAL.match(path) or (not self._site.cloud and _REAL_DC.match(path))
        if absent or dc_only or not real:
            raise self._framework(request, 404, f"No endpoint {request.method} {path}.")
        short = re.sub(r"^/rest/api/[^/]+/", "", path).rstrip("/")
        unbuilt = any(method == request.method and re.fullmatch(p, short) for method, p in _UNBUILT)
        if self._paths.methods(path) and not unbuilt:
            raise self._framework(request, 405, f"Method '{request.method}' is not supported.")
        raise HTTPException(404)

    def _framework(self, request: Request, status: int, detail: str) -> Refused:
        return Call(self._site, "2", None, "", request, {}).framework(status, detail)


async def _drain(request: Request) -> None:
    """Read what is left of a refused call's body, so that the connection can serve the next one."""
    with contextlib.suppress(RuntimeError):  # it was read
        async for _ in request.stream():
            pass


def _forgery(request: Request) -> None:
    """Refuse what looks like a browser's forged write (reference, 1.1)."""
    browser = request.headers.get("user-agent", "").startswith("Mozilla/")
    if browser and request.method != "GET" and not _checked(request):
        raise Refused(403, "XSRF check failed")


def _checked(request: Request) -> bool:
    return request.headers.get("x-atlassian-token", "") in ("no-check", "nocheck")


async def _form(call: Call) -> FormData:
    if not _checked(call.request):
        raise Refused(403, "XSRF check failed")
    if not call.request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise _unsupported(call)
    return await call.request.form(max_files=1000)


def _content_type(rule: Rule, call: Call) -> None:
    """Refuse a write whose body is no JSON by its label, or missing without one (415)."""
    if rule.method in ("GET", "HEAD") or (rule.bare and not call.raw):
        return
    given = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != "application/json":
        raise _unsupported(call)


def _unsupported(call: Call) -> Refused:
    given = call.request.headers.get("content-type", "null")
    return call.framework(415, f"Content-Type '{given}' is not supported.")


_ISSUE_PATHS = ("/rest/api/{v}/issue/{key}", "/rest/servicedeskapi/request/{key}")
# The first words of paths that a real site has; below them an unknown call is one that this sandbox lacks.
_REAL = re.compile(
    r"/rest/(api/(2|3|latest)/(announcementBanner|app|application-properties|applicationrole|attachment|"
    r"auditing|avatar|bulk|changelog|classification-levels|comment|component|config|configuration|"
    r"customFieldOption|dashboard|data-policy|events|expression|field|fieldconfiguration|"
    r"fieldconfigurationscheme|filter|group|groups|groupuserpicker|index|instance|issue|"
    r"issueLink|issueLinkType|issues|issuesecurityschemes|issuetype|issuetypescheme|issuetypescreenscheme|jql|"
    r"label|license|mypermissions|mypreferences|myself|notificationscheme|permissions|permissionscheme|plans|"
    r"priority|priorityscheme|prioritySchemes|project|project-template|projectCategory|projects|"
    r"projectvalidate|redact|reindex|resolution|role|"
    r"screens|screenscheme|search|securitylevel|serverInfo|settings|status|statuscategory|statuses|task|"
    r"uiModifications|universal_avatar|user|users|version|webhook|workflow|workflows|workflowscheme|worklog)"
    r"(/|$)|agile/|servicedeskapi/|webhooks/1\.0/|greenhopper/|auth/|applinks/|project-templates/|oauth2/|software/|"
    r"atlassian-connect/1/|forge/1/|builds/|deployments/|devinfo/|devopscomponents/|featureflags/|operations/|"
    r"remotelinks/|security/|plugins/|internal/)"
)
_REAL_DC = re.compile(
    r"/rest/(api/(2|latest)/(cluster|customFields|email-templates|licenseValidator|monitoring|password|"
    r"priorityschemes|terminology|upgrade)(/|$)|indexanalyzer/)"
)
# Methods that a real site has on paths served here for other methods only.
_UNBUILT = (
    ("POST", r"priority|resolution|issuetype|issueLinkType|dashboard|user|group|role|projectCategory"),
    ("PUT", r"(priority|resolution|issuetype|issueLinkType|role|statuses|issuesecurityschemes)(/[^/]+)?"),
    ("DELETE", r"(priority|resolution|issuetype|issueLinkType|role)/[^/]+|user|group|statuses|field/[^/]+"),
    ("PUT", r"notificationscheme/[^/]+|permissionscheme/[^/]+|screens/[^/]+|filter/[^/]+/columns"),
    ("POST", r"permissionscheme|screens|workflowscheme|issuesecurityschemes|workflow|statuses"),
    ("DELETE", r"screens/[^/]+|permissionscheme/[^/]+|issue/[^/]+/worklog"),
    ("PUT", r"myself|project/[^/]+/(avatar|permissionscheme|features/.*)"),
)  # fmt: skip
