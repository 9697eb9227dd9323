"""One API call: who makes it, with which parameters, on what; and how handlers become routes."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from deskbridge.sandbox.gitlab import access, params, replica
from deskbridge.sandbox.gitlab.access import missing
from deskbridge.sandbox.gitlab.limits import Limits, Throttled
from deskbridge.sandbox.gitlab.params import Params
from deskbridge.sandbox.gitlab.places import Group, Level, Owner, Project, Token, User
from deskbridge.sandbox.gitlab.records import Issue
from deskbridge.sandbox.gitlab.site import Site
from deskbridge.sandbox.kernel import Refused, reply

_T = TypeVar("_T")
API = "/api/v4"
_SPAM = "Your issue has been recognized as spam and has been discarded."
_CAPTCHA = (
    "Your issue has been recognized as spam. Please, change the content or solve the reCAPTCHA to proceed."
)


@dataclass(slots=True)
class Call:
    """One authenticated API call."""

    site: Site
    limits: Limits
    request: Request
    token: Token
    params: Params

    @property
    def user(self) -> User:
        """Return who calls."""
        return self.token.user

    def path(self, name: str) -> str:
        """Return a part of the path, decoded."""
        return unquote(self.request.path_params[name])

    def path_number(self, name: str) -> int:
        """Return a part of the path that must be a number."""
        given = self.path(name)
        if not given.isascii() or not given.isdigit() or len(given) > 18:
            raise params.bad(f"{name} is invalid")
        return int(given)

    def project(self) -> Project:
        """Return the project in the path, by number or by its full path; invisible is not found."""
        return self.project_called(self.path("id"))

    def project_called(self, name: str) -> Project:
        """Return a project that the caller sees, by number or by its full path; a former path is told."""
        projects = self.site.projects
        project = projects.get(int(name)) if is_number(name) else self.site.project_at(name)
        moved = None if project else self.site.redirects.get(name.lower())
        if moved and access.level(self.user, moved):
            raise self._redirect(name, moved)
        if project is None or not access.level(self.user, project):
            raise missing("Project Not Found")
        return project

    def _redirect(self, name: str, project: Project) -> Refused:
        """Return the answer for a path that a project had: a POST sent on by a library becomes a GET."""
        url = self.request.url.path.replace(quote(name, safe=""), str(project.id), 1)
        query = f"?{self.request.url.query}" if self.request.url.query else ""
        body = {"message": "This resource has been moved permanently"}
        return Refused(301, body, {"Location": f"{self.site.base_url}{url}{query}"})

    def group(self) -> Group:
        """Return the group in the path, by number or by its path; invisible is not found."""
        name = self.path("id")
        group = self.site.groups.get(int(name)) if is_number(name) else self.site.group_at(name)
        if group is None or not access.sees_group(self.site, self.user, group):
            raise missing("Group Not Found")
        return group

    def owner(self) -> Owner:
        """Return the project or the group in the path, as the route says."""
        in_group = self.request.url.path.startswith(f"{API}/groups/")
        return self.group() if in_group else self.project()

    def issue(self, otherwise: str = "Issue Not Found") -> Issue:
        """Return the issue in the path; one that the caller cannot read is not found."""
        iid = self.path_number("issue_iid")
        project = self.project()
        if not project.issues_enabled:
            raise access.forbidden()
        found = project.issues.get(iid)
        issue = found and replica.seen(self.site, self.user, found) if self.reading else found
        if issue is None or not access.reads(self.user, issue):
            raise missing(otherwise)
        if project.archived and not self.reading:
            raise access.forbidden()
        return issue

    @property
    def reading(self) -> bool:
        """Whether the call changes nothing."""
        return self.request.method in ("GET", "HEAD")

    def row(self, table: dict[int, _T], name: str, what: str = "Not found") -> _T:
        """Return the row whose id is in the path; refuses an unknown one with 404."""
        row = table.get(self.path_number(name))
        if row is None:
            raise missing(what)
        return row

    def need(self, owner: Owner, at_least: Level) -> None:
        """Refuse a caller whose role is lower."""
        access.need(self.user, owner, at_least)

    def limit(self, name: str, most: int, seconds: int = 60) -> None:
        """Count against a limit of the application; refuses beyond it."""
        if self.site.world.limits:
            self.limits.check((name, self.user.id), most, self.site.now(), seconds)

    def not_spam(self) -> None:
        """Refuse a text as spam, if the instance does so; a solved captcha lets it pass (1.2)."""
        mode, given = self.site.switches.spam, self.request.headers
        solved = given.get("x-gitlab-captcha-response") and given.get("x-gitlab-spam-log-id")
        if mode == "spam":
            raise Refused(400, {"message": {"error": _SPAM}})
        if mode == "captcha" and not solved:
            fields = {
                "needs_captcha_response": True,
                "spam_log_id": 42,
                "captcha_site_key": "made-up-site-key",
            }
            raise Refused(409, {**fields, "message": {"error": _CAPTCHA}})

    def unmodified(self, updated_at: datetime) -> None:
        """Refuse a delete with 412 when the row changed after ``If-Unmodified-Since``."""
        given = self.request.headers.get("if-unmodified-since")
        try:
            since = parsedate_to_datetime(given) if given else None
        except ValueError:
            since = None
        if since is not None and updated_at.replace(microsecond=0) > since:
            raise Refused(412, {"message": "412 Precondition Failed"})


Handler = Callable[[Call], Response | Awaitable[Response]]


def is_number(name: str) -> bool:
    """Whether a name is an id."""
    return name.isascii() and name.isdigit() and len(name) < 19


class Router:
    """Turns handlers into routes: before them the throttle and the token, after them the headers."""

    def __init__(self, site: Site, limits: Limits) -> None:
        self._site, self._limits = site, limits

    def route(self, method: str, path: str, handler: Handler, *, base: str = API) -> Route:
        """Return the route of one call below ``/api/v4``."""

        async def endpoint(request: Request) -> Response:
            return await self._answer(request, handler)

        return Route(base + path, endpoint, methods=[method], name=f"{method} {path}")

    async def _answer(self, request: Request, handler: Handler) -> Response:
        headers: dict[str, str] = {"X-Request-Id": self._site.world.token(26), "Vary": "Origin"}
        try:
            token = access.identify(self._site, request)
            headers |= self._throttle(token)
            values = await params.read(request)
            token.last_used_at = self._site.now()
            self._site.chain = request.headers.get("x-gitlab-event-uuid")
            result = handler(Call(self._site, self._limits, request, token, values))
            answer = await result if isinstance(result, Awaitable) else result
        except Refused as refusal:
            answer = reply(refusal.body, refusal.status, refusal.headers)
        except Throttled as refusal:
            answer = refusal.answer
        finally:
            self._site.chain = None
            await request.close()  # of uploaded files only what a handler stored is kept
        answer.headers.update(headers)
        return _unless_known(request, answer)

    def _throttle(self, token: Token) -> dict[str, str]:
        limit = self._site.switches.requests_per_minute if self._site.world.limits else 0
        return self._limits.throttle(token.user.id, limit, self._site.now())


def _unless_known(request: Request, answer: Response) -> Response:
    """Give a read its weak ETag; a caller who names it gets 304 and no body (2.4)."""
    whole = answer.status_code == 200 and not isinstance(answer, FileResponse)
    if request.method not in ("GET", "HEAD") or not whole:
        return answer
    tag = f'W/"{hashlib.md5(answer.body, usedforsecurity=False).hexdigest()}"'
    answer.headers["ETag"] = tag
    answer.headers["Cache-Control"] = "max-age=0, private, must-revalidate"
    if request.headers.get("if-none-match") != tag:
        return answer
    kept = {k: v for k, v in answer.headers.items() if k not in ("content-length", "content-type")}
    return Response(status_code=304, headers=kept)


def nothing() -> Response:
    """Return the answer of a delete."""
    return Response(status_code=204)
