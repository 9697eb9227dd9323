"""Who belongs to a project or a group, and with which role (1.1)."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from deskbridge.sandbox.gitlab import access, entities
from deskbridge.sandbox.gitlab.access import missing
from deskbridge.sandbox.gitlab.call import Call, Router, nothing
from deskbridge.sandbox.gitlab.paging import paged
from deskbridge.sandbox.gitlab.places import Level, Owner, Project, User
from deskbridge.sandbox.kernel import Refused, reply

_NO_LEVEL = {"message": {"access_level": ["is not included in the list"]}}


def routes(router: Router) -> list[Route]:
    """Return the routes of this module."""
    found = []
    for owner in ("projects", "groups"):
        many = f"/{owner}/{{id}}/members"
        table = (
            ("GET", many, members),
            ("POST", many, add),
            ("GET", f"{many}/all", all_members),
            ("GET", f"{many}/all/{{user_id}}", member_of_all),
            ("GET", f"{many}/{{user_id}}", member),
            ("PUT", f"{many}/{{user_id}}", edit),
            ("DELETE", f"{many}/{{user_id}}", remove),
        )
        found += [router.route(*row) for row in table]
    return [*found, router.route("GET", "/projects/{id}/users", users)]


def _members(owner: Owner, *, inherited: bool) -> dict[User, Level]:
    """Return the members and their levels, with ``all`` those of the group too."""
    if inherited and isinstance(owner, Project):
        users = [*owner.members, *owner.group.members]
        return {user: access.level(user, owner) for user in users}
    return owner.members


def _list(call: Call, *, inherited: bool) -> Response:
    owner, part = call.owner(), (call.params.text("query") or "").lower()
    wanted = call.params.numbers("user_ids")
    rows = [
        (one, level)
        for one, level in _members(owner, inherited=inherited).items()
        if part in f"{one.username} {one.name}".lower() and (not wanted or one.id in wanted)
    ]
    return paged(call, rows, lambda row: entities.member(call.site, owner, *row))


def members(call: Call) -> Response:
    """List the direct members."""
    return _list(call, inherited=False)


def users(call: Call) -> Response:
    """List everybody who works in a project, without their roles."""
    project, part = call.project(), (call.params.text("search") or "").lower()
    left_out = call.params.numbers("skip_users")
    rows = [
        one
        for one in _members(project, inherited=True)
        if part in f"{one.username} {one.name}".lower() and one.id not in left_out
    ]
    return paged(call, rows, lambda one: entities.user(call.site, one))


def all_members(call: Call) -> Response:
    """List the direct and the inherited members."""
    return _list(call, inherited=True)


def _one(call: Call, *, inherited: bool) -> Response:
    owner = call.owner()
    rows = {one.id: (one, level) for one, level in _members(owner, inherited=inherited).items()}
    return reply(entities.member(call.site, owner, *call.row(rows, "user_id", "Not found")))


def member(call: Call) -> Response:
    """Answer one direct member."""
    return _one(call, inherited=False)


def member_of_all(call: Call) -> Response:
    """Answer one direct or inherited member."""
    return _one(call, inherited=True)


def _managed(call: Call) -> Owner:
    """Return a place whose members the caller may change: maintainers of projects, owners of groups."""
    owner = call.owner()
    if access.level(call.user, owner) < (Level.MAINTAINER if isinstance(owner, Project) else Level.OWNER):
        raise access.forbidden()
    return owner


def _level(call: Call, owner: Owner) -> Level:
    given = call.params.number("access_level")
    if given not in list(Level)[1:]:
        raise Refused(400, _NO_LEVEL)
    if given > access.level(call.user, owner):
        raise access.forbidden()
    return Level(given)


def _set(call: Call, owner: Owner, user: User, level: Level) -> Response:
    owner.members[user] = level
    until = call.params.day("expires_at")
    if until:
        owner.until[user] = until
    elif "expires_at" in call.params:
        owner.until.pop(user, None)
    call.site.changes.renew()
    created = call.request.method == "POST"
    return reply(entities.member(call.site, owner, user, level), 201 if created else 200)


def add(call: Call) -> Response:
    """Make a user a member; 409 when it is one. Bots of tokens cannot join other places."""
    owner = _managed(call)
    call.params.need("access_level")
    call.params.need_exactly_one("user_id", "username")
    name = call.params.text("username")
    wanted = call.params.number("user_id")
    user = call.site.user_named(name) if name else call.site.users.get(wanted or 0)
    if user is None:
        raise missing("User Not Found")
    if user in owner.members:
        raise Refused(409, {"message": "Member already exists"})
    if user.kind not in ("human", "service"):
        raise Refused(400, {"message": {"user": ["project bots cannot be added to other groups / projects"]}})
    return _set(call, owner, user, _level(call, owner))


def _direct(call: Call, owner: Owner) -> User:
    return call.row({one.id: one for one in owner.members}, "user_id", "Not found")


def edit(call: Call) -> Response:
    """Change a member's role."""
    owner = _managed(call)
    call.params.need("access_level")
    return _set(call, owner, _direct(call, owner), _level(call, owner))


def remove(call: Call) -> Response:
    """End a membership; a member may also leave."""
    owner = call.owner()
    user = _direct(call, owner)
    if user is not call.user:
        _managed(call)
        if owner.members[user] > access.level(call.user, owner):
            raise access.forbidden()
    del owner.members[user]
    owner.until.pop(user, None)
    call.site.changes.renew()
    return nothing()
