"""The instance itself, users, groups, projects and their members."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from deskbridge.sandbox.gitlab import access, entities
from deskbridge.sandbox.gitlab.call import Call, Router
from deskbridge.sandbox.gitlab.paging import paged
from deskbridge.sandbox.gitlab.state import Level, Owner, Project, User
from deskbridge.sandbox.kernel import reply


def routes(router: Router) -> list[Route]:
    """Return the routes of this module."""
    get = [
        ("/version", version),
        ("/metadata", metadata),
        ("/user", me),
        ("/personal_access_tokens/self", own_token),
        ("/users", users),
        ("/users/{user_id}", user),
        ("/projects", projects),
        ("/projects/{id}", project),
        ("/groups", groups),
        ("/groups/{id}", group),
        ("/groups/{id}/projects", group_projects),
    ]
    for owner in ("projects", "groups"):
        get += [
            (f"/{owner}/{{id}}/members", members),
            (f"/{owner}/{{id}}/members/all", all_members),
            (f"/{owner}/{{id}}/members/{{user_id}}", member),
            (f"/{owner}/{{id}}/members/all/{{user_id}}", member_of_all),
        ]
    found = [router.route("GET", path, handler) for path, handler in get]
    return [*found, router.route("PUT", "/projects/{id}", edit_project)]


def version(call: Call) -> Response:
    """Answer the version."""
    return reply({"version": call.site.switches.version, "revision": "0a1b2c3d4e5"})


def metadata(call: Call) -> Response:
    """Answer the version and what else the instance has."""
    shape = {"version": call.site.switches.version, "revision": "0a1b2c3d4e5"}
    kas = {"enabled": False, "externalUrl": None, "externalK8sProxyUrl": None, "version": None}
    return reply(shape | {"kas": kas, "enterprise": True})


def me(call: Call) -> Response:
    """Answer who calls."""
    return reply(entities.me(call.site, call.user))


def own_token(call: Call) -> Response:
    """Answer what the caller's token is and when it ends."""
    token = call.token
    shape = {"id": token.id, "name": token.name, "revoked": token.revoked, "user_id": token.user.id}
    times = {
        "created_at": entities.instant(token.created_at),
        "last_used_at": entities.instant(call.site.now()),
    }
    rest = {"scopes": list(token.scopes), "active": True, "expires_at": token.expires_at.isoformat()}
    return reply(shape | times | rest)


def users(call: Call) -> Response:
    """List users, by exact name in any case or by a part of it."""
    rows = list(call.site.users.values())
    name, part = call.params.text("username"), (call.params.text("search") or "").lower()
    if name:
        rows = [one for one in rows if one.username.lower() == name.lower()]
    if part:
        rows = [
            one for one in rows if part in f"{one.username} {one.name}".lower() or part == one.email.lower()
        ]
    return paged(call, rows[::-1], lambda one: entities.user(call.site, one))


def user(call: Call) -> Response:
    """Answer one user."""
    return reply(entities.user_page(call.site, call.row(call.site.users, "user_id", "User Not Found")))


def _visible_projects(call: Call) -> list[Project]:
    rows = [one for one in call.site.projects.values() if access.level(call.user, one)]
    part = (call.params.text("search") or "").lower()
    archived = call.params.flag("archived")
    lowest = call.params.number("min_access_level") or 0
    return [
        one
        for one in sorted(rows, key=lambda one: one.id, reverse=call.params.text("sort") != "asc")
        if part in f"{one.name} {one.path}".lower()
        and archived in (None, one.archived)
        and access.level(call.user, one) >= lowest
    ]


def projects(call: Call) -> Response:
    """List the projects that the caller sees: all are private, so these are its memberships."""
    rows, simple = _visible_projects(call), call.params.flag("simple")
    if simple:
        return paged(call, rows, lambda one: entities.project_brief(call.site, one))
    return paged(call, rows, lambda one: entities.project(call.site, one, call.user))


def project(call: Call) -> Response:
    """Answer a project with the caller's permissions."""
    return reply(entities.project(call.site, call.project(), call.user))


def edit_project(call: Call) -> Response:
    """Change what a maintainer may: Service Desk, notification mails, issues, the description."""
    place = call.project()
    call.need(place, Level.MAINTAINER)
    names = ("description", "service_desk_enabled", "emails_enabled", "emails_disabled", "issues_enabled")
    call.params.need_one(*names)
    for name in ("service_desk_enabled", "emails_enabled", "issues_enabled"):
        value = call.params.flag(name)
        if value is not None:
            setattr(place, name, value)
    silent = call.params.flag("emails_disabled")
    place.emails_enabled = place.emails_enabled if silent is None else not silent
    place.description = call.params.text("description", place.description) or ""
    return reply(entities.project(call.site, place, call.user))


def groups(call: Call) -> Response:
    """List the groups that the caller sees."""
    part = (call.params.text("search") or "").lower()
    rows = [
        one
        for one in call.site.groups.values()
        if access.sees_group(call.site, call.user, one) and part in f"{one.name} {one.path}".lower()
    ]
    return paged(call, rows, lambda one: entities.group(call.site, one))


def group(call: Call) -> Response:
    """Answer a group, with its projects unless told not to."""
    place = call.group()
    shape = entities.group(call.site, place)
    if call.params.flag("with_projects") is not False:
        rows = [one for one in _visible_projects(call) if one.group is place]
        shape |= {"projects": [entities.project(call.site, one, call.user) for one in rows]}
        shape |= {"shared_projects": []}
    return reply(shape)


def group_projects(call: Call) -> Response:
    """List the projects of a group."""
    place = call.group()
    rows = [one for one in _visible_projects(call) if one.group is place]
    return paged(call, rows, lambda one: entities.project(call.site, one, call.user))


def _members(owner: Owner, *, inherited: bool) -> dict[User, Level]:
    """Return the members and their levels, with ``all`` those of the group too."""
    if inherited and isinstance(owner, Project):
        users = [*owner.members, *owner.group.members]
        return {user: access.level(user, owner) for user in users}
    return owner.members


def _list_members(call: Call, *, inherited: bool) -> Response:
    owner = call.owner()
    part = (call.params.text("query") or "").lower()
    rows = [
        (one, level)
        for one, level in _members(owner, inherited=inherited).items()
        if part in f"{one.username} {one.name}".lower()
    ]
    return paged(call, rows, lambda row: entities.member(call.site, owner, *row))


def members(call: Call) -> Response:
    """List the direct members."""
    return _list_members(call, inherited=False)


def all_members(call: Call) -> Response:
    """List the direct and the inherited members."""
    return _list_members(call, inherited=True)


def _one_member(call: Call, *, inherited: bool) -> Response:
    owner, rows = call.owner(), {}
    for one, level in _members(owner, inherited=inherited).items():
        rows[one.id] = (one, level)
    found = call.row(rows, "user_id", "Not found")
    return reply(entities.member(call.site, owner, *found))


def member(call: Call) -> Response:
    """Answer one direct member."""
    return _one_member(call, inherited=False)


def member_of_all(call: Call) -> Response:
    """Answer one direct or inherited member."""
    return _one_member(call, inherited=True)
