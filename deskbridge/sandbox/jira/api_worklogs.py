"""Worklogs of issues, and the feeds of what changed and what is gone (reference, 3.7)."""

from __future__ import annotations

from datetime import datetime, timedelta

from starlette.responses import Response

from deskbridge.sandbox.jira import errors, notify, show, worklogs
from deskbridge.sandbox.jira.model import Issue, Json, Worklog
from deskbridge.sandbox.jira.permissions import may
from deskbridge.sandbox.jira.wire import Call, Rule, optional
from deskbridge.sandbox.kernel import reply

MOST = 5000
FEED = 1000


def _shown(call: Call, found: Worklog) -> Json:
    shown = show.worklog(call, found)
    if "properties" in call.listed("expand"):
        shown["properties"] = [{"key": key, "value": value} for key, value in found.properties.items()]
    return shown


def listed(call: Call) -> Response:
    """Return an issue's worklogs, oldest first, those started in a span if asked."""
    issue = call.issue()
    start, size = call.page(default=MOST, most=MOST)
    after, before = call.number("startedAfter", 0), call.number("startedBefore", 1 << 62)
    found = [one for one in issue.worklogs if after <= millis(one.started) < before and _readable(call, one)]
    page = [_shown(call, one) for one in found[start : start + size]]
    return reply({"startAt": start, "maxResults": size, "total": len(found), "worklogs": page})


def _readable(call: Call, found: Worklog) -> bool:
    return found.visibility is None or found.author == call.user.account_id or call.user.project_admin


def millis(at: datetime) -> int:
    """Return an instant in milliseconds."""
    return int(at.timestamp() * 1000)


def _worklog(call: Call) -> tuple[Issue, Worklog]:
    issue = call.issue()
    found = call.site.worklogs.get(call.id())
    if found is None or found.issue != issue.id or not _readable(call, found):
        raise errors.refusal(404, f"Cannot find worklog with id: '{call.path('id')}'.")
    return issue, found


def get(call: Call) -> Response:
    """Return one worklog."""
    return reply(_shown(call, _worklog(call)[1]))


def add(call: Call) -> Response:
    """Log time as the caller, whoever the body names."""
    issue = call.issue()
    worklogs.check_tracking(call, issue)
    made = worklogs.draft(call, call.object())
    left = worklogs.adjust(call, issue, made.seconds, worklogs.ADD)
    worklogs.add(call, issue, made, left)
    _tell(call, issue, "work logged", made)
    return reply(_shown(call, made), 201)


def put(call: Call) -> Response:
    """Change a worklog; what the body doesn't name stays."""
    issue, found = _tracked(call)
    _own(call, issue, found, "EDIT")
    worklogs.change(call, issue, found, call.object())
    _tell(call, issue, "worklog updated", found)
    return reply(_shown(call, found))


def delete(call: Call) -> Response:
    """Delete a worklog."""
    issue, found = _tracked(call)
    _own(call, issue, found, "DELETE")
    worklogs.remove(call, issue, found, worklogs.REMOVE)
    _tell(call, issue, "worklog deleted", found)
    return reply(status=204)


def _tracked(call: Call) -> tuple[Issue, Worklog]:
    if not call.site.switches.time_tracking:
        raise errors.refusal(404, "Time tracking is not enabled.")
    return _worklog(call)


def _own(call: Call, issue: Issue, found: Worklog, verb: str) -> None:
    which = "OWN" if found.author == call.user.account_id else "ALL"
    if not may(call.user, f"{verb}_{which}_WORKLOGS", call.site.projects[issue.project]):
        raise errors.refusal(
            400, f"You do not have permission to {verb.lower()} worklog with id: {found.id}."
        )


def _tell(call: Call, issue: Issue, cause: str, found: Worklog) -> None:
    if notify.loud(call):
        notify.notify(call.site, issue, call.user, cause, show.spent(found.seconds))


# --- the feeds ------------------------------------------------------------------------------------


def updated(call: Call) -> Response:
    """Return which worklogs changed since an instant, but for the last minute."""
    return _feed(call, [(one.updated, one.id) for one in call.site.worklogs.values()], "updated")


def deleted(call: Call) -> Response:
    """Return which worklogs were deleted since an instant, but for the last minute."""
    return _feed(call, [(at, id) for id, at in call.site.gone_worklogs.items()], "deleted")


def _feed(call: Call, rows: list[tuple[datetime, int]], name: str) -> Response:
    since, end = call.number("since", 0), call.site.now() - timedelta(minutes=1)
    found = sorted((millis(at), id) for at, id in rows if millis(at) >= since and at <= end)
    page, rest = found[:FEED], found[FEED:]
    until = page[-1][0] if page else since
    url = call.url(f"worklog/{name}")
    values = [{"worklogId": id, "updatedTime": at, "properties": []} for at, id in page]
    body = {"values": values, "since": since, "until": until, "self": f"{url}?since={since}"}
    more = {"nextPage": f"{url}?since={until}"} if rest else {}
    return reply({**body, **more, "lastPage": not rest})


def by_ids(call: Call) -> Response:
    """Return worklogs by their ids, wherever they are."""
    ids = optional(call.object(), "ids", list, [])
    if len(ids) > FEED:
        raise errors.refusal(400, f"The number of worklog ids exceeds the limit of {FEED}.")
    known = [call.site.worklogs.get(id) for id in ids if isinstance(id, int)]
    sees, issues = call.site.sees, call.site.issues
    found = [one for one in known if one and sees(call.caller, issues[one.issue]) and _readable(call, one)]
    return reply([_shown(call, one) for one in found])


_LOGS = "/rest/api/{v}/issue/{key}/worklog"
RULES = [
    Rule("GET", "/rest/api/{v}/worklog/updated", updated, sign_in=True),
    Rule("GET", "/rest/api/{v}/worklog/deleted", deleted, sign_in=True),
    Rule("POST", "/rest/api/{v}/worklog/list", by_ids, sign_in=True),
    Rule("GET", _LOGS, listed),
    Rule("POST", _LOGS, add),
    Rule("GET", _LOGS + "/{id}", get),
    Rule("PUT", _LOGS + "/{id}", put),
    Rule("DELETE", _LOGS + "/{id}", delete, bare=True),
]
