"""Background tasks, and what Jira does to many issues in them: properties, the archive (reference, 3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from deskbridge.sandbox.jira import errors, events
from deskbridge.sandbox.jira.api_bulk import MOST, visible
from deskbridge.sandbox.jira.api_worklogs import millis
from deskbridge.sandbox.jira.model import Issue, Json
from deskbridge.sandbox.jira.permissions import administer, may
from deskbridge.sandbox.jira.properties import check_key
from deskbridge.sandbox.jira.records import Task
from deskbridge.sandbox.jira.wire import Call, Rule, optional, required, texts
from deskbridge.sandbox.kernel import reply

_KEPT = timedelta(days=14)


# --- tasks ----------------------------------------------------------------------------------------


def _task(call: Call) -> Task:
    task = call.site.tasks.get(call.path("task"))
    if task is None or call.site.now() - task.created > _KEPT:
        raise errors.refusal(404, "The task does not exist.")
    if task.by != call.user.account_id and not may(call.user, "ADMINISTER"):
        raise errors.forbidden("The task belongs to somebody else.")
    return task


def _progress(call: Call, task: Task) -> tuple[str, int]:
    age = (call.site.now() - task.created).total_seconds()
    whole = call.site.switches.task_seconds
    if task.cancelled:
        return "CANCELLED", 100
    if age >= whole:
        return "COMPLETE", 100
    return ("ENQUEUED", 0) if age < whole / 4 else ("RUNNING", int(age * 100 / whole))


def queue(call: Call) -> Response:
    """Return how far a bulk operation is, and what came of it once it is complete."""
    task = _task(call)
    status, percent = _progress(call, task)
    at = millis(task.created)
    head = {"taskId": task.id, "status": status, "progressPercent": percent, "totalIssueCount": task.total}
    times = {"submittedBy": {"accountId": task.by}, "created": at, "started": at, "updated": at}
    done = percent == 100
    results = {
        "processedAccessibleIssues": task.done if done else [],
        "failedAccessibleIssues": task.failed if done else {},
        "invalidOrInaccessibleIssueCount": task.unknown,
    }
    return reply({**head, **times, **results})


def task(call: Call) -> Response:
    """Return any background task."""
    found = _task(call)
    status, percent = _progress(call, found)
    at = millis(found.created)
    shown: Json = {
        "self": call.url(f"task/{found.id}"),
        "id": found.id,
        "status": status,
        "progress": percent,
    }
    shown |= {"submittedBy": 10000, "submitted": at, "started": at, "lastUpdate": at, "elapsedRuntime": 0}
    return reply(shown | ({"finished": at, "result": "done"} if percent == 100 else {}))


def cancel(call: Call) -> Response:
    """Ask for a task's end; what it did stays done."""
    found = _task(call)
    if _progress(call, found)[1] == 100:
        raise errors.refusal(400, "The task has finished.")
    found.cancelled = True
    return reply("The task will be cancelled.", 202)


# --- properties of many issues --------------------------------------------------------------------


def _mark(call: Call, issues: list[Issue], marks: Callable[[Issue], Json]) -> Response:
    """Set properties in the background: the answer points to the task."""
    for issue in issues:
        for key, value in marks(issue).items():
            check_key(key)
            issue.properties[key] = value
            events.property_changed(call.site, issue, key, value, "set")
    return _accepted(call, issues)


def _accepted(call: Call, issues: list[Issue]) -> Response:
    made = Task(
        str(call.site.next_id("task")), call.user.account_id, call.site.now(), [i.id for i in issues], {}
    )
    call.site.tasks[made.id] = made
    return reply(None, 303, {"Location": call.url(f"task/{made.id}")})


def _by_ids(call: Call, ids: list[Any], most: int) -> list[Issue]:
    """Return all of some issues; the whole is refused when one of them is missing."""
    if not 0 < len(ids) <= most or not all(type(id) is int for id in ids):
        raise errors.refusal(400, f"Give from 1 to {most} ids of issues.")
    found, lost = visible(call, [str(id) for id in ids])
    if lost:
        raise errors.refusal(400, "Some of the issues do not exist or cannot be seen.")
    return found


def set_list(call: Call) -> Response:
    """Set the same properties on many issues."""
    body = call.object()
    issues, marks = (
        _by_ids(call, required(body, "entitiesIds", list), 10_000),
        required(body, "properties", dict),
    )
    if not 0 < len(marks) <= 10:
        raise errors.refusal(400, "Give from 1 to 10 properties.")
    return _mark(call, issues, lambda issue: marks)


def set_multi(call: Call) -> Response:
    """Set different properties on up to a hundred issues."""
    rows = required(call.object(), "issues", list)
    if not all(isinstance(row, dict) and isinstance(row.get("properties"), dict) for row in rows):
        raise errors.invalid_payload()
    marks = {row.get("issueID"): row["properties"] for row in rows}
    return _mark(call, _by_ids(call, list(marks), 100), lambda issue: dict(marks[issue.id]))


def set_one(call: Call) -> Response:
    """Set one property on the issues that a filter names."""
    body, key = call.object(), call.path("property")
    value = required(body, "value", (dict, list, str, int, float, bool))
    return _mark(call, _filtered(call, optional(body, "filter", dict, {}), key), lambda issue: {key: value})


def delete_one(call: Call) -> Response:
    """Take one property off the issues that a filter names."""
    key = call.path("property")
    issues = _filtered(call, call.object() if call.raw else {}, key)
    for issue in issues:
        if key in issue.properties:
            events.property_changed(call.site, issue, key, issue.properties.pop(key), "deleted")
    return _accepted(call, issues)


def _filtered(call: Call, where: Json, key: str) -> list[Issue]:
    ids = optional(where, "entityIds", list, [])
    issues = _by_ids(call, ids, 10_000) if ids else list(call.site.issues.values())
    if "hasProperty" in where:
        issues = [issue for issue in issues if (key in issue.properties) == where["hasProperty"]]
    if "currentValue" in where:
        issues = [issue for issue in issues if issue.properties.get(key) == where["currentValue"]]
    return issues


# --- the archive ----------------------------------------------------------------------------------


def archive(archived: bool) -> Callable[[Call], Response]:
    """Return the handler that archives issues, or takes them back."""

    def handler(call: Call) -> Response:
        administer(call.user)
        names = texts(call.object(), "issueIdsOrKeys")
        if len(names) > MOST:
            raise errors.refusal(412, f"The number of issues exceeds the limit of {MOST}.")
        issues, lost = visible(call, names)
        for issue in issues:
            set_archived(call, issue, archived)
        errors_: Json = {}
        if lost:
            errors_["issuesNotFound"] = {"count": lost, "issueIdsOrKeys": [], "message": errors.NO_ISSUE}
        return reply({"numberOfIssuesUpdated": len(issues), "errors": errors_})

    return handler


def set_archived(call: Call, issue: Issue, archived: bool) -> None:
    """Put an issue into the archive, where searches don't find it, or take it out."""
    issue.archived = archived
    call.site.noted(issue.id)


def dc_archive(call: Call) -> Response:
    """Archive one issue, or restore it, on Data Center."""
    issue = call.issue()
    if not may(call.user, "ARCHIVE_ISSUES", call.site.projects[issue.project]):
        raise errors.forbidden("You do not have permission to archive issues.")
    set_archived(call, issue, call.request.url.path.endswith("/archive"))
    return reply(status=204)


_P = "/rest/api/{v}/issue/properties"
RULES = [
    Rule("GET", "/rest/api/{v}/bulk/queue/{task}", queue, sign_in=True, on="cloud"),
    Rule("GET", "/rest/api/{v}/task/{task}", task, sign_in=True, on="cloud"),
    Rule("POST", "/rest/api/{v}/task/{task}/cancel", cancel, sign_in=True, bare=True, on="cloud"),
    Rule("POST", _P, set_list, sign_in=True, on="cloud"),
    Rule("POST", _P + "/multi", set_multi, sign_in=True, on="cloud"),
    Rule("PUT", _P + "/{property}", set_one, sign_in=True, on="cloud"),
    Rule("DELETE", _P + "/{property}", delete_one, sign_in=True, bare=True, on="cloud"),
    Rule("PUT", "/rest/api/{v}/issue/archive", archive(archived=True), sign_in=True, on="cloud"),
    Rule("PUT", "/rest/api/{v}/issue/unarchive", archive(archived=False), sign_in=True, on="cloud"),
    Rule("PUT", "/rest/api/{v}/issue/{key}/archive", dc_archive, sign_in=True, bare=True, on="dc"),
    Rule("PUT", "/rest/api/{v}/issue/{key}/restore", dc_archive, sign_in=True, bare=True, on="dc"),
]
