"""What hangs on an issue: links, time, event lists; and the Markdown service (3.5, 3.6, 3.7)."""

from __future__ import annotations

from functools import partial

from starlette.responses import Response
from starlette.routing import Route

from deskbridge.sandbox.gitlab import access, durations, entities_issue, issues_links, text
from deskbridge.sandbox.gitlab.access import missing
from deskbridge.sandbox.gitlab.call import Call, Router
from deskbridge.sandbox.gitlab.changes import Edit, apply
from deskbridge.sandbox.gitlab.paging import paged
from deskbridge.sandbox.gitlab.places import Level
from deskbridge.sandbox.gitlab.records import Issue, Link
from deskbridge.sandbox.kernel import Refused, reply

_LINKS = ("relates_to", "blocks", "is_blocked_by")


def routes(router: Router) -> list[Route]:
    """Return the routes of this module."""
    one = "/projects/{id}/issues/{issue_iid}"
    table = [
        ("GET", f"{one}/links", list_links),
        ("POST", f"{one}/links", create_link),
        ("GET", f"{one}/links/{{issue_link_id}}", show_link),
        ("DELETE", f"{one}/links/{{issue_link_id}}", delete_link),
        ("GET", f"{one}/time_stats", time_stats),
        ("POST", f"{one}/time_estimate", estimate),
        ("POST", f"{one}/reset_time_estimate", reset_estimate),
        ("POST", f"{one}/add_spent_time", spend),
        ("POST", f"{one}/reset_spent_time", reset_spent),
        ("POST", "/markdown", markdown),
    ]
    found = [router.route(*row) for row in table]
    for kind in ("label", "state", "milestone", "iteration", "weight"):
        path = f"{one}/resource_{kind}_events"
        found.append(router.route("GET", path, partial(list_events, kind=kind)))
        found.append(router.route("GET", f"{path}/{{event_id}}", partial(show_event, kind=kind)))
    return found


def list_links(call: Call) -> Response:
    """List the linked issues that the caller can read, oldest link first."""
    issue = call.issue()
    rows = [
        one
        for one in issue.links or ()
        if all(access.reads(call.user, end) for end in (one.source, one.target))
    ]
    return reply([entities_issue.link_end(call.site, row, issue, call.user) for row in rows])


def create_link(call: Call) -> Response:
    """Link two issues; blocking is for paid tiers."""
    call.params.need("target_project_id", "target_issue_iid")
    kind = call.params.choice("link_type", _LINKS, "relates_to") or ""
    issue = call.issue()
    project = call.project_called(call.params.text("target_project_id") or "")
    target = project.issues.get(call.params.number("target_issue_iid") or 0)
    if target is None or not access.reads(call.user, target):
        raise missing("Not found")
    if target is issue:
        raise Refused(400, {"message": "400 Bad request - Source issue can't be related to itself"})
    if kind != "relates_to" and not call.site.premium:
        raise Refused(403, {"message": "Blocked issues not available for current license"})
    row = issues_links.link(call.site, call.user, issue, target, kind)
    return reply(entities_issue.link(call.site, row, issue, call.user), 201)


def _link(call: Call, issue: Issue) -> Link:
    row = call.row(call.site.links, "issue_link_id")
    if issue not in (row.source, row.target):
        raise missing("Not found")
    return row


def show_link(call: Call) -> Response:
    """Answer one link with both its issues."""
    issue = call.issue()
    return reply(entities_issue.link(call.site, _link(call, issue), issue, call.user))


def delete_link(call: Call) -> Response:
    """Take a link away; the answer is what it was."""
    issue = call.issue()
    row = _link(call, issue)
    shape = entities_issue.link(call.site, row, issue, call.user)
    issues_links.unlink(call.site, call.user, row)
    return reply(shape)


def time_stats(call: Call) -> Response:
    """Answer the estimate and the time spent."""
    return reply(entities_issue.time_stats(call.issue()))


def _timed(call: Call, edit: Edit, status: int = 200) -> Response:
    """Make an edit of times; only staff may."""
    issue = call.issue()
    call.need(issue.project, Level.PLANNER)
    apply(call.site, call.user, issue, edit)
    return reply(entities_issue.time_stats(issue), status)


def _duration(call: Call) -> int:
    call.params.need("duration")
    seconds = durations.seconds(call.params.text("duration") or "")
    if seconds is None:
        raise Refused(400, {"message": {"base": ["Time is invalid"]}})
    return seconds


def estimate(call: Call) -> Response:
    """Set the estimate."""
    seconds = _duration(call)
    if seconds < 0:
        raise Refused(
            400,
            {
                "message": {
                    "time_estimate": ["must have a valid format and be greater than or equal to zero."]
                }
            },
        )
    return _timed(call, {"time_estimate": seconds})


def reset_estimate(call: Call) -> Response:
    """Set the estimate to nothing."""
    return _timed(call, {"time_estimate": 0})


def spend(call: Call) -> Response:
    """Add to the time spent, or take off it; it cannot go below nothing."""
    seconds, issue = _duration(call), call.issue()
    if issue.time_spent + seconds < 0:
        raise Refused(400, {"message": {"base": ["Time to subtract exceeds the total time spent"]}})
    return _timed(call, {"spend": seconds, "spent": (None, call.params.text("summary"))}, 201)


def reset_spent(call: Call) -> Response:
    """Set the time spent to nothing."""
    spent = call.issue().time_spent
    return _timed(call, {"spend": -spent} if spent else {})


def list_events(call: Call, *, kind: str) -> Response:
    """List the label, state, milestone or (paid) weight events: what no note tells."""
    issue = call.issue()
    if kind in ("iteration", "weight") and not call.site.premium:
        raise Refused(404, {"error": "404 Not Found"})
    rows = [row for row in issue.events if row.kind == kind]
    return paged(call, rows, lambda row: entities_issue.event(call.site, issue, row))


def show_event(call: Call, *, kind: str) -> Response:
    """Answer one event."""
    issue = call.issue()
    rows = {row.id: row for row in issue.events if row.kind == kind}
    return reply(entities_issue.event(call.site, issue, call.row(rows, "event_id")))


def markdown(call: Call) -> Response:
    """Render a text."""
    call.params.need("text")
    place = call.params.text("project")
    project = call.project_called(place) if place else None
    return reply({"html": text.html(call.params.text("text") or "", project)}, 201)
