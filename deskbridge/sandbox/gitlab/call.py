"""One API call: who makes it, with which parameters, on what; and how handlers become routes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from deskbridge.sandbox.gitlab import access, params
from deskbridge.sandbox.gitlab.access import missing
from deskbridge.sandbox.gitlab.limits import Limits, Throttled
from deskbridge.sandbox.gitlab.params import Params
from deskbridge.sandbox.gitlab.state import Group, Issue, Level, Owner, Project, Site, Token, User
from deskbridge.sandbox.kernel import Refused, reply

_T = TypeVar("_T")
API = "/api/v4"


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
        """Return a project that the caller sees, by number or by its full path."""
        projects = self.site.projects
        project = projects.get(int(name)) if _is_number(name) else self.site.project_at(name)
        if project is None or not access.level(self.user, project):
            raise missing("Project Not Found")
        return project

    def group(self) -> Group:
        """Return the group in the path, by number or by its path; invisible is not found."""
        name = self.path("id")
        group = self.site.groups.get(int(name)) if _is_number(name) else self.site.group_at(name)
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
        issue = project.issues.get(iid)
        if issue is None or not access.reads(self.user, issue):
            raise missing(otherwise)
        return issue

    def row(self, table: dict[int, _T], name: str, what: str = "Not found") -> _T:
        """Return the row whose id is in the path; refuses an unknown one with 404."""
        row = table.get(self.path_number(name))
        if row is None:
            raise missing(what)
        return row

    def need(self, owner: Owner, at_least: Level) -> None:
        """Refuse a caller whose role is lower."""
        access.need(self.user, owner, at_least)

    def limit(self, name: str, a_minute: int) -> None:
        """Count against a limit of the application; refuses beyond it."""
        if self.site.world.limits:
            self.limits.check(name, self.user.id, a_minute, self.site.now())

    def unmodified(self, updated_at: datetime) -> None:
        """Refuse a delete with 412 when the row changed after ``If-Unmodified-Since``."""
        given = self.request.headers.get("if-unmodified-since")
        try:
            since = parsedate_to_datetime(given) if given else None
        except ValueError:
            since = None
        if since is not None and updated_at.replace(microsecond=0) > since:
            raise Refused(412, {"message": "412 Precondition Failed"})


Handler = Callable[[Call], Response]


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit() and len(name) < 19


class Router:
    """Turns handlers into routes: before them the throttle and the token, after them the headers."""

    def __init__(self, site: Site, limits: Limits) -> None:
        self._site, self._limits = site, limits

    def route(self, method: str, path: str, handler: Handler) -> Route:
        """Return the route of one call below ``/api/v4``."""

        async def endpoint(request: Request) -> Response:
            return await self._answer(request, handler)

        return Route(API + path, endpoint, methods=[method], name=f"{method} {path}")

    async def _answer(self, request: Request, handler: Handler) -> Response:
        headers: dict[str, str] = {"X-Request-Id": self._site.world.token(26), "Vary": "Origin"}
        try:
            token = access.identify(self._site, request)
            headers |= self._throttle(token)
            values = await params.read(request)
            answer = handler(Call(self._site, self._limits, request, token, values))
        except Refused as refusal:
            answer = reply(refusal.body, refusal.status, refusal.headers)
        except Throttled as refusal:
            answer = refusal.answer
        finally:
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
