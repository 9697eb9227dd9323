"""Issues: lists, single reads, create, update, delete, move, clone, order, subscription (3)."""

from __future__ import annotations

from dataclasses import replace

from starlette.responses import Response
from starlette.routing import Route

from deskbridge.sandbox.gitlab import (
    access,
    changes,
    entities,
    entities_issue,
    issues,
    journal,
    listing,
    moving,
    replica,
)
from deskbridge.sandbox.gitlab.call import Call, Router, nothing
from deskbridge.sandbox.gitlab.changes import Edit
from deskbridge.sandbox.gitlab.paging import check_offset, keyset, paged, paged_then_filtered
from deskbridge.sandbox.gitlab.params import Params, bad
from deskbridge.sandbox.gitlab.places import Group, Level, Project, User
from deskbridge.sandbox.gitlab.records import Issue
from deskbridge.sandbox.gitlab.views import Rows
from deskbridge.sandbox.kernel import Refused, reply

_KINDS = ("issue", "incident", "test_case", "task")
_UPDATABLE = (
    *("assignee_id", "assignee_ids", "confidential", "created_at", "description", "discussion_locked"),
    *("due_date", "labels", "add_labels", "remove_labels", "milestone_id", "state_event", "title"),
    "issue_type",
)
_PAID = ("weight", "epic_id", "epic_iid")


def routes(router: Router) -> list[Route]:
    """Return the routes of this module."""
    one = "/projects/{id}/issues/{issue_iid}"
    table = (
        ("GET", "/issues", list_own),
        ("GET", "/issues_statistics", count_all),
        ("GET", "/issues/{issue_id}", show_by_id),
        ("GET", "/groups/{id}/issues", list_group),
        ("GET", "/groups/{id}/issues_statistics", count_group),
        ("GET", "/projects/{id}/issues", list_project),
        ("GET", "/projects/{id}/issues_statistics", count_project),
        ("POST", "/projects/{id}/issues", create),
        ("GET", one, show),
        ("PUT", one, update),
        ("DELETE", one, delete),
        ("PUT", f"{one}/reorder", reorder),
        ("POST", f"{one}/move", move),
        ("POST", f"{one}/clone", clone),
        ("POST", f"{one}/subscribe", subscribe),
        ("POST", f"{one}/unsubscribe", unsubscribe),
        ("POST", f"{one}/todo", todo),
        ("GET", f"{one}/user_agent_detail", show_user_agent),
        ("GET", f"{one}/participants", participants),
        ("GET", f"{one}/closed_by", no_merge_requests),
        ("GET", f"{one}/related_merge_requests", no_merge_requests),
    )
    return [router.route(*row) for row in table]


def _page(call: Call, rows: Rows, seen_from: Project | Group | None) -> Response:
    """Answer a page. What a replica does not have yet leaves a gap."""
    return paged_then_filtered(
        call, rows, lambda one: _shown(call, one, seen_from), lambda one: _seen(call, one) is not None
    )


def _seen(call: Call, one: Issue) -> Issue | None:
    return replica.seen(call.site, call.user, one)


def _shown(call: Call, one: Issue, seen_from: Project | Group | None) -> entities.Shape:
    details = bool(call.params.flag("with_labels_details"))
    one = _seen(call, one) or one
    return entities_issue.issue(call.site, one, call.user, seen_from=seen_from, details=details)


def _counted(call: Call, places: list[Project], scope: str = "all") -> Response:
    """Count by state whatever state the call names."""
    counts = {}
    for name, state in (("all", None), ("closed", "closed"), ("opened", "opened")):
        values = {key: value for key, value in call.params.values.items() if key not in ("state", "order_by")}
        counted = replace(call, params=Params(values | ({"state": state} if state else {})))
        counts[name] = len(listing.rows(counted, places, scope=scope))
    return reply({"statistics": {"counts": counts}})


def _everywhere(call: Call) -> list[Project]:
    """Return the projects whose issues ``/issues`` lists: archived ones hide theirs unless asked for."""
    hide = call.params.flag("non_archived") is not False
    return [one for one in call.site.projects.values() if one.issues_enabled and not (hide and one.archived)]


def list_own(call: Call) -> Response:
    """List issues of all projects: only those that the caller made, unless it says ``scope=all``."""
    return _page(call, listing.rows(call, _everywhere(call), scope="created_by_me"), None)


def count_all(call: Call) -> Response:
    """Count the issues that ``/issues`` lists, in every state."""
    return _counted(call, _everywhere(call), "created_by_me")


def show_by_id(call: Call) -> Response:
    """Refuse: reading by instance-wide id is for admins, and there is none here."""
    call.path_number("issue_id")
    raise access.forbidden()


def _of_group(call: Call) -> tuple[Group, list[Project]]:
    group = call.group()
    return group, [place for place in _everywhere(call) if place.group is group]


def list_group(call: Call) -> Response:
    """List the issues of a group's projects."""
    group, places = _of_group(call)
    return _page(call, listing.rows(call, places), group)


def count_group(call: Call) -> Response:
    """Count the issues of a group's projects."""
    return _counted(call, _of_group(call)[1])


def _project(call: Call) -> Project:
    project = call.project()
    if not project.issues_enabled:
        raise access.forbidden()
    return project


def list_project(call: Call) -> Response:
    """List the issues of a project, by page or (since 18.3) by cursor."""
    project, cursors = _project(call), call.site.switches.release >= (18, 3)
    if call.params.text("pagination") != "keyset":
        if cursors:
            check_offset(call)
        return _page(call, listing.rows(call, [project]), project)
    if not cursors:
        raise Refused(405, {"error": "Keyset pagination is not yet available for this type of request"})
    return keyset(call, listing.rows(call, [project]), lambda one: _shown(call, one, project))


def count_project(call: Call) -> Response:
    """Count the issues of a project."""
    return _counted(call, [_project(call)])


def _answer(call: Call, issue: Issue, status: int = 200) -> Response:
    return reply(entities_issue.issue_alone(call.site, issue, call.user), status)


def show(call: Call) -> Response:
    """Answer one issue."""
    return _answer(call, call.issue())


def create(call: Call) -> Response:
    """Make an issue; the date and the iid are an owner's to choose, from others they are dropped."""
    call.limit("issues_create", call.site.switches.issues_per_minute)
    project = call.project()
    if not project.issues_enabled:
        raise access.forbidden()
    call.need(project, Level.GUEST)
    call.params.need("title")
    call.params.not_blank("confidential")
    call.not_spam()
    edit = _edit(call, project)
    edit["title"] = call.params.text("title") or ""
    at = changes.owner_instant(call.user, project, call.params.instant("created_at"))
    iid = call.params.number("iid") if access.level(call.user, project) >= Level.OWNER else None
    issue = issues.create(call.site, call.user, project, edit, iid=iid, at=at)
    return _answer(call, issue, 201)


def update(call: Call) -> Response:
    """Edit an issue; a missing one is told in other words than by a read (1.2)."""
    call.params.need_one(*_UPDATABLE, *(_PAID if call.site.premium else ()))
    call.params.not_blank("confidential", "updated_at")
    issue = call.issue("Not found")
    if not access.edits(call.user, issue):
        raise access.forbidden()
    call.not_spam()
    edit = _edit(call, issue.project)
    state = call.params.choice("state_event", ("close", "reopen"))
    if state:
        edit["state_event"] = state
    at = changes.owner_instant(call.user, issue.project, call.params.instant("updated_at"))
    issues.update(call.site, call.user, issue, edit, at=at)
    return _answer(call, issue)


def _edit(call: Call, project: Project) -> Edit:
    """Return the edit that the parameters ask for."""
    params, edit = call.params, Edit()
    if params.text("title") is not None:
        edit["title"] = params.text("title") or ""
    if "description" in params:
        edit["description"] = params.text("description")
    if "labels" in params:
        edit["labels"] = params.words("labels")
    edit["add_labels"], edit["remove_labels"] = params.words("add_labels"), params.words("remove_labels")
    if "assignee_ids" in params or "assignee_id" in params:
        edit["assignees"] = _assignees(call)
    if "due_date" in params:
        edit["due_date"] = params.day("due_date")
    _flags(params, edit)
    _milestone(call, project, edit)
    if call.site.premium and "weight" in params:
        edit["weight"] = _weight(params)
    if call.site.premium and any(params.number(name) for name in ("epic_id", "epic_iid")):
        raise Refused(422, {"message": "Epic not found"})
    return edit


def _weight(params: Params) -> int | None:
    weight = params.number("weight")
    if weight is not None and weight < 0:
        raise bad("weight does not have a valid value")
    return weight


def _flags(params: Params, edit: Edit) -> None:
    confidential, locked = params.flag("confidential"), params.flag("discussion_locked")
    if confidential is not None:
        edit["confidential"] = confidential
    if locked is not None:
        edit["locked"] = locked
    kind = params.choice("issue_type", _KINDS)
    if kind:
        edit["kind"] = kind


def _assignees(call: Call) -> list[User]:
    """Return the assignees; 0 and nothing are nobody, and unknown ids are dropped without a word."""
    single = call.params.number("assignee_id")
    ids = call.params.numbers("assignee_ids") if "assignee_ids" in call.params else [single or 0]
    return [call.site.users[id] for id in ids if id in call.site.users]


def _milestone(call: Call, project: Project, edit: Edit) -> None:
    """Take the milestone by its instance-wide id; 0 and nothing are none, and so is a foreign one."""
    if "milestone_id" in call.params:
        wanted = call.params.number("milestone_id")
        usable = call.site.milestones_for(project)
        edit["milestone"] = next((one for one in usable if one.id == wanted), None)


def delete(call: Call) -> Response:
    """Take an issue away: for owners, and for planners."""
    issue = call.issue()
    mine = access.level(call.user, issue.project)
    planner = mine == Level.PLANNER and call.site.switches.planners_delete_issues
    if not planner and mine < Level.OWNER:
        raise access.forbidden()
    call.unmodified(issue.updated_at)
    issues.delete(call.site, call.user, issue)
    return nothing()


def reorder(call: Call) -> Response:
    """Put an issue between others, named by instance-wide id; `updated_at` stays (2.4)."""
    call.params.need_one("move_after_id", "move_before_id")
    issue = call.issue()
    if not access.edits(call.user, issue):
        raise access.forbidden()
    ends = [call.params.number(name) for name in ("move_after_id", "move_before_id")]
    near = [call.site.issues.get(id) if id else None for id in ends]
    if any(end and one is None for end, one in zip(ends, near, strict=True)) or not any(ends):
        raise Refused(422, {"message": {"error": "Unprocessable Entity"}})
    after, before = (one.position if one else None for one in near)
    low = after if after is not None else (before or 0.0) - 1026.0
    high = before if before is not None else low + 1026.0
    issue.position = (low + high) / 2
    issue.mark()
    return _answer(call, issue)


def _target(call: Call) -> Project:
    call.params.need("to_project_id")
    return call.project_called(str(call.params.number("to_project_id") or 0))


def move(call: Call) -> Response:
    """Move an issue to another project; the answer is the new one."""
    issue = call.issue()
    return _answer(call, moving.move(call.site, call.user, issue, _target(call)), 201)


def clone(call: Call) -> Response:
    """Copy an issue to a project; the answer is the copy."""
    issue, notes = call.issue(), call.params.flag("with_notes") or False
    copy = moving.clone(call.site, call.user, issue, _target(call), with_notes=notes)
    return _answer(call, copy, 201)


def subscribe(call: Call) -> Response:
    """Subscribe the caller; 304 when it is so already."""
    issue = call.issue()
    known = access.owns(call.user, issue) or call.user in issue.involved
    if known and call.user not in (issue.muted or ()):
        return Response(status_code=304)
    issue.muted = (issue.muted or set()) - {call.user}
    issue.involved += [] if known else [call.user]
    return _answer(call, issue, 201)


def unsubscribe(call: Call) -> Response:
    """Unsubscribe the caller; 304 when it is so already."""
    issue = call.issue()
    known = access.owns(call.user, issue) or call.user in issue.involved
    if not known or call.user in (issue.muted or ()):
        return Response(status_code=304)
    issue.muted = (issue.muted or set()) | {call.user}
    return _answer(call, issue, 201)


def todo(call: Call) -> Response:
    """Give the caller a to-do about an issue; 304 when one waits already."""
    row = journal.todo(call.site, call.user, call.issue(), call.user, "marked")
    return reply(entities_issue.todo(call.site, row, call.user), 201) if row else Response(status_code=304)


def show_user_agent(call: Call) -> Response:
    """Refuse: that is for admins, and there is none here."""
    call.issue()
    raise access.forbidden()


def participants(call: Call) -> Response:
    """List the GitLab users who take part; external participants have no call (18)."""
    issue = call.issue()
    users = list(dict.fromkeys([issue.author, *issue.assignees, *issue.involved]))
    return paged(call, users, lambda one: entities.user(call.site, one))


def no_merge_requests(call: Call) -> Response:
    """List no merge request: there is none here."""
    call.issue()
    return paged(call, [], lambda one: one)
