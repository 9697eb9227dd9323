"""Projects and groups: lists, settings, archive, rename, creation and removal."""

from __future__ import annotations

import re

from starlette.responses import Response
from starlette.routing import Route

from deskbridge.sandbox.gitlab import access, entities
from deskbridge.sandbox.gitlab.access import missing
from deskbridge.sandbox.gitlab.call import Call, Router, is_number
from deskbridge.sandbox.gitlab.paging import paged
from deskbridge.sandbox.gitlab.places import Group, Level, Project
from deskbridge.sandbox.kernel import Refused, reply

_FLAGS = ("service_desk_enabled", "emails_enabled", "issues_enabled")
_SETTINGS = (
    *("name", "path", "description", "default_branch", "topics", "visibility", "emails_disabled"),
    *("issues_access_level", *_FLAGS),
)
_ORDERS = ("id", "name", "path", "created_at", "updated_at", "last_activity_at", "similarity", "star_count")
_BAD_PATH = (
    "can contain only letters, digits, '_', '-' and '.'. "
    "Cannot start with '-', end in '.git' or end in '.atom'"
)


def routes(router: Router) -> list[Route]:
    """Return the routes of this module."""
    table = (
        ("GET", "/projects", projects),
        ("POST", "/projects", create_project),
        ("GET", "/projects/{id}", project),
        ("PUT", "/projects/{id}", edit_project),
        ("DELETE", "/projects/{id}", delete_project),
        ("POST", "/projects/{id}/archive", archive),
        ("POST", "/projects/{id}/unarchive", unarchive),
        ("GET", "/groups", groups),
        ("GET", "/groups/{id}", group),
        ("PUT", "/groups/{id}", edit_group),
        ("GET", "/groups/{id}/projects", group_projects),
        ("GET", "/groups/{id}/subgroups", no_groups),
        ("GET", "/groups/{id}/descendant_groups", no_groups),
        ("GET", "/namespaces", namespaces),
        ("GET", "/namespaces/{id}", namespace),
    )
    return [router.route(*row) for row in table]


def _visible(call: Call) -> list[Project]:
    """Return the projects that the caller sees: all are private, so these are its memberships."""
    params, user = call.params, call.user
    part, archived = (params.text("search") or "").lower(), params.flag("archived")
    lowest = params.number("min_access_level") or 0
    order = params.choice("order_by", _ORDERS, "created_at")
    down = params.choice("sort", ("asc", "desc"), "desc") == "desc"
    named = order in ("name", "path")
    return [
        one
        for one in sorted(
            call.site.projects.values(), key=lambda one: (one.name if named else "", one.id), reverse=down
        )
        if access.level(user, one) >= max(lowest, Level.GUEST)
        and part in f"{one.name} {one.path}".lower()
        and archived in (None, one.archived)
        and params.choice("visibility", ("public", "internal", "private"), "private") == "private"
        and not (params.flag("owned") and access.level(user, one) < Level.OWNER)
        and not (params.flag("with_issues_enabled") and not one.issues_enabled)
    ]


def _listed(call: Call, rows: list[Project]) -> Response:
    if call.params.flag("simple"):
        return paged(call, rows, lambda one: entities.project_brief(call.site, one))
    return paged(call, rows, lambda one: entities.project(call.site, one, call.user))


def projects(call: Call) -> Response:
    """List the projects."""
    call.limit("projects_api", call.site.switches.project_lists_per_10_minutes, 600)
    return _listed(call, _visible(call))


def _shown(call: Call, place: Project, status: int = 200) -> Response:
    return reply(entities.project(call.site, place, call.user), status)


def project(call: Call) -> Response:
    """Answer a project with the caller's permissions."""
    call.limit("project_api", call.site.switches.project_reads_per_minute)
    return _shown(call, call.project())


def create_project(call: Call) -> Response:
    """Make a project in a group; personal ones nobody has here."""
    params, site = call.params, call.site
    params.need_one("name", "path")
    given = params.text("namespace_id")
    if given is None:
        refused = {
            "limit_reached": ["Your project limit is 0! Please contact your administrator to increase it"]
        }
        raise Refused(400, {"message": refused})
    place = _group_called(call, given)
    call.need(place, Level.DEVELOPER)
    name = params.text("name") or params.text("path") or ""
    path = _path(params.text("path") or re.sub(r"[^\w.-]+", "-", name.lower()).strip("-"))
    taken = site.project_at(f"{place.full_path}/{path}")
    if taken:
        raise _taken()
    made = Project(site.next("project"), name.strip(), path, place, site.now(), site.changes)
    made.members = {
        call.user: Level.OWNER if access.level(call.user, place) >= Level.OWNER else Level.MAINTAINER
    }
    site.projects[made.id] = made
    _set(call, made)
    return _shown(call, made, 201)


def _group_called(call: Call, name: str) -> Group:
    place = call.site.groups.get(int(name)) if is_number(name) else call.site.group_at(name)
    if place is None or not access.sees_group(call.site, call.user, place):
        raise Refused(404, {"message": "404 Namespace Not Found"})
    return place


def _taken() -> Refused:
    again = ["has already been taken"]
    return Refused(400, {"message": {"project_namespace.name": again, "name": again, "path": again}})


def _path(path: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.][\w.-]*", path) or path.endswith((".git", ".atom")):
        raise Refused(400, {"message": {"path": [_BAD_PATH]}})
    return path


def edit_project(call: Call) -> Response:
    """Change what a maintainer may; the path is an owner's, and the former one leads to the new (1.2)."""
    place = call.project()
    call.params.need_one(*_SETTINGS)
    if access.level(call.user, place) < Level.MAINTAINER:
        raise access.forbidden()
    if call.params.text("path") and access.level(call.user, place) < Level.OWNER:
        raise access.forbidden()
    _rename(call, place)
    _set(call, place)
    return _shown(call, place)


def _rename(call: Call, place: Project) -> None:
    place.name = (call.params.text("name") or place.name).strip()
    path = _path(call.params.text("path") or place.path)
    if path != place.path:
        if call.site.project_at(f"{place.group.full_path}/{path}"):
            raise _taken()
        call.site.redirects[place.full_path.lower()] = place
        place.path = path


def _set(call: Call, place: Project) -> None:
    params = call.params
    if params.choice("visibility", ("private", "internal", "public"), "private") != "private":
        raise Refused(501, {"sandbox": "the gitlab sandbox has private projects only"})
    for name in _FLAGS:
        value = params.flag(name)
        if value is not None:
            setattr(place, name, value)
    silent = params.flag("emails_disabled")
    place.emails_enabled = place.emails_enabled if silent is None else not silent
    reach = params.choice("issues_access_level", ("disabled", "private", "enabled"))
    place.issues_enabled = place.issues_enabled if reach is None else reach != "disabled"
    place.description = params.text("description", place.description) or ""
    place.default_branch = params.text("default_branch") or place.default_branch
    if "topics" in params:
        place.topics = params.words("topics")
    call.site.changes.renew()


def _archived(call: Call, *, archived: bool) -> Response:
    place = call.project()
    if access.level(call.user, place) < Level.OWNER:
        raise access.forbidden()
    place.archived = archived
    call.site.changes.renew()
    return _shown(call, place, 201)


def archive(call: Call) -> Response:
    """Archive a project: from now on it is only read."""
    return _archived(call, archived=True)


def unarchive(call: Call) -> Response:
    """Let a project be written to again."""
    return _archived(call, archived=False)


def delete_project(call: Call) -> Response:
    """Take a project away, for owners. The real server does so in the background, later."""
    place = call.project()
    if access.level(call.user, place) < Level.OWNER:
        raise access.forbidden()
    call.unmodified(place.created_at)
    for issue in list(place.issues.values()):
        call.site.drop_issue(issue)
    for table in (call.site.labels, call.site.milestones, call.site.boards, call.site.hooks):
        for id in [id for id, row in table.items() if row.owner is place]:
            del table[id]
    del call.site.projects[place.id]
    return reply({"message": "202 Accepted"}, 202)


def _visible_groups(call: Call) -> list[Group]:
    part = (call.params.text("search") or "").lower()
    found = (one for one in call.site.groups.values() if access.sees_group(call.site, call.user, one))
    return [one for one in found if part in f"{one.name} {one.path}".lower()]


def groups(call: Call) -> Response:
    """List the groups that the caller sees."""
    return paged(call, _visible_groups(call), lambda one: entities.group(call.site, one))


def _in_group(call: Call, place: Group) -> list[Project]:
    return [one for one in _visible(call) if one.group is place]


def group(call: Call) -> Response:
    """Answer a group, with its projects unless told not to."""
    place = call.group()
    shape = entities.group(call.site, place)
    if call.params.flag("with_projects") is not False:
        rows = [entities.project(call.site, one, call.user) for one in _in_group(call, place)]
        shape |= {"projects": rows, "shared_projects": []}
    return reply(shape)


def edit_group(call: Call) -> Response:
    """Rename a group, for its owners."""
    place = call.group()
    call.need(place, Level.OWNER)
    call.params.need_one("name", "description", "path")
    place.name = (call.params.text("name") or place.name).strip()
    if call.params.text("path", place.path) != place.path:
        raise Refused(501, {"sandbox": "the gitlab sandbox does not move groups"})
    return reply(entities.group(call.site, place))


def group_projects(call: Call) -> Response:
    """List the projects of a group."""
    call.limit("group_projects_api", call.site.switches.group_projects_per_minute)
    return _listed(call, _in_group(call, call.group()))


def no_groups(call: Call) -> Response:
    """List no group: none has any below it here."""
    call.group()
    return paged(call, [], lambda one: one)


def namespaces(call: Call) -> Response:
    """List the namespaces: groups only."""
    return paged(call, _visible_groups(call), lambda one: entities.namespace(call.site, one))


def namespace(call: Call) -> Response:
    """Answer a namespace."""
    name = call.path("id")
    found = [one for one in _visible_groups(call) if name in (str(one.id), one.full_path)]
    if not found:
        raise missing("Namespace Not Found")
    return reply(entities.namespace(call.site, found[0]))
