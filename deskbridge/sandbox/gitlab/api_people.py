"""The instance itself and its users; what a user has to do (1.1)."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from deskbridge.sandbox.gitlab import entities, entities_issue, journal
from deskbridge.sandbox.gitlab.call import Call, Router, nothing
from deskbridge.sandbox.gitlab.paging import paged
from deskbridge.sandbox.gitlab.records import Todo
from deskbridge.sandbox.kernel import reply

_ACTIONS = (
    *("assigned", "mentioned", "build_failed", "marked", "approval_required", "unmergeable"),
    *("directly_addressed", "merge_train_removed", "member_access_requested"),
)


def routes(router: Router) -> list[Route]:
    """Return the routes of this module."""
    table = (
        ("GET", "/version", version),
        ("GET", "/metadata", metadata),
        ("GET", "/user", me),
        ("GET", "/users", users),
        ("GET", "/users/{user_id}", user),
        ("GET", "/user_counts", counts),
        ("GET", "/todos", todos),
        ("POST", "/todos/mark_as_done", all_done),
        ("POST", "/todos/{todo_id}/mark_as_done", done),
    )
    return [router.route(*row) for row in table]


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


def users(call: Call) -> Response:
    """List users, by exact name in any case, by a part of the name or by the whole public address."""
    params, rows = call.params, list(call.site.users.values())
    name, part = params.text("username"), (params.text("search") or "").lower()
    if name:
        rows = [one for one in rows if one.username.lower() == name.lower()]
    if part:
        rows = [
            one
            for one in rows
            if part in f"{one.username} {one.name}".lower() or part == one.public_email.lower()
        ]
    for flag, state in (("active", "active"), ("blocked", "blocked")):
        if params.flag(flag):
            rows = [one for one in rows if one.state == state]
    if params.flag("humans") or params.flag("without_project_bots") or params.flag("exclude_internal"):
        rows = [one for one in rows if one.kind == "human"]
    down = params.choice("sort", ("asc", "desc"), "desc") == "desc"
    return paged(call, rows[::-1] if down else rows, lambda one: entities.user(call.site, one))


def user(call: Call) -> Response:
    """Answer one user."""
    call.limit("users_get_by_id", call.site.switches.user_reads_per_10_minutes, 600)
    return reply(entities.user_page(call.site, call.row(call.site.users, "user_id", "User Not Found")))


def counts(call: Call) -> Response:
    """Answer how much waits for the caller."""
    mine = [one for one in call.site.issues.values() if call.user in one.assignees and one.state == "opened"]
    none = dict.fromkeys(("merge_requests", "assigned_merge_requests", "review_requested_merge_requests"), 0)
    return reply(none | {"assigned_issues": len(mine), "todos": len(_todos(call, "pending"))})


def _todos(call: Call, state: str | None) -> list[Todo]:
    return [one for one in call.site.todos.values() if one.user is call.user and state in (None, one.state)]


def todos(call: Call) -> Response:
    """List what the caller has to do, newest first."""
    params = call.params
    state = params.choice("state", ("pending", "done"), "pending")
    action = params.choice("action", _ACTIONS)
    author, project = params.number("author_id"), params.number("project_id")
    kind = params.text("type")
    rows = [
        one
        for one in _todos(call, state)
        if action in (None, one.action)
        and author in (None, one.author.id)
        and project in (None, one.issue.project.id)
        and kind in (None, "Issue")
    ]
    return paged(call, rows[::-1], lambda one: entities_issue.todo(call.site, one, call.user))


def done(call: Call) -> Response:
    """Count one to-do as done."""
    rows = {one.id: one for one in _todos(call, None)}
    row = call.row(rows, "todo_id")
    row.state, row.updated_at = "done", call.site.now()
    kept = call.site.waiting.get((call.user.id, row.issue.id), [])
    call.site.waiting[call.user.id, row.issue.id] = [one for one in kept if one is not row]
    return reply(entities_issue.todo(call.site, row, call.user), 201)


def all_done(call: Call) -> Response:
    """Count all that waits as done."""
    for row in _todos(call, "pending"):
        journal.done(call.site, call.user, row.issue)
    return nothing()
