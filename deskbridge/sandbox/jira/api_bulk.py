"""Operations on many issues at once, done in the background for those who ask (reference, 3.1 and 3.5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from deskbridge.sandbox.jira import adds, bulk_fields, edit, errors, moving, transit, workflow
from deskbridge.sandbox.jira.model import Issue, Json
from deskbridge.sandbox.jira.permissions import may
from deskbridge.sandbox.jira.records import Task
from deskbridge.sandbox.jira.wire import Call, Rule, optional, required, texts
from deskbridge.sandbox.kernel import Refused, reply

MOST, MOST_FIELDS = 1000, 200
Act = Callable[[Issue], None]


def _selected(call: Call, body: Json) -> tuple[list[Issue], int]:
    """Return the issues that a body selects, and how many of them nobody can see."""
    if not may(call.user, "BULK_CHANGE"):
        raise errors.bulk(403, "You do not have the Bulk Change permission.")
    names = texts(body, "selectedIssueIdsOrKeys")
    if not 0 < len(names) <= MOST:
        raise errors.bulk(400, f"Select from 1 to {MOST} issues.")
    return visible(call, names)


def visible(call: Call, names: list[str]) -> tuple[list[Issue], int]:
    """Return those of some issues that the caller sees, and how many others there were."""
    known = [call.site.find_issue(name) for name in dict.fromkeys(names)]
    seen = [issue for issue in known if issue is not None and call.site.sees(call.caller, issue)]
    return seen, len(names) - len(seen)


def _run(call: Call, chosen: tuple[list[Issue], int], act: Act, *, mail: bool = True) -> Response:
    """Do something to each issue, keep what became of it as a task, and answer with its id."""
    site, (issues, unknown) = call.site, chosen
    task = Task(str(site.next_id("task")), call.user.account_id, site.now(), [], {}, unknown)
    task.total = len(issues) + unknown
    site.bulk = mail
    try:
        for issue in issues:
            try:
                act(issue)
                task.done.append(issue.id)
            except Refused as refusal:
                task.failed[str(issue.id)] = _messages(refusal)
    finally:
        site.bulk = None
    site.tasks[task.id] = task
    return reply({"taskId": task.id}, 201)


def _messages(refusal: Refused) -> list[str]:
    body: Any = refusal.body
    if not isinstance(body, dict):
        return [str(body)]
    named = [f"{name}: {text}" for name, text in (body.get("errors") or {}).items()]
    return [*body.get("errorMessages", []), *named]


def _mails(body: Json) -> bool:
    return bool(optional(body, "sendBulkNotification", bool, default=True))


# --- the operations -------------------------------------------------------------------------------


def edit_fields(call: Call) -> Response:
    """Set fields on many issues, lists by adding, removing or replacing."""
    body = call.closed(
        "editedFieldsInput", "selectedActions", "selectedIssueIdsOrKeys", "sendBulkNotification"
    )
    selected = texts(body, "selectedActions")
    if not 0 < len(selected) <= MOST_FIELDS:
        raise errors.bulk(400, f"Select from 1 to {MOST_FIELDS} fields.")
    inputs = list(bulk_fields.read(required(body, "editedFieldsInput", dict), selected))
    if {name for name, _, _ in inputs} != set(selected):
        raise errors.bulk(400, "Each selected field needs its input.")

    def act(issue: Issue) -> None:
        home = call.site.projects[issue.project]
        draft = edit.read(call, home.id, _as_edit(inputs), edit.screen(call.site, "edit", home), issue)
        draft.check()
        edit.apply(call.site, issue, call.user, draft.values)

    # Rich texts come as documents, whatever the version of the address.
    call.version = "3"
    return _run(call, _selected(call, body), act, mail=_mails(body))


def _as_edit(inputs: list[tuple[str, Any, str]]) -> Json:
    given: Json = {"fields": {}, "update": {}}
    for name, value, option in inputs:
        if option in ("ADD", "REMOVE"):
            given["update"][name] = [{option.lower(): one} for one in value or ()]
        else:
            given["fields"][name] = value
    return given


def editable(call: Call) -> Response:
    """Return the fields that all of some issues can have set at once."""
    issues, _ = _selected(call, {"selectedIssueIdsOrKeys": call.listed("issueIdsOrKeys")})
    text, known = call.query("searchText").lower(), call.site.fields
    screens = [edit.screen(call.site, "edit", call.site.projects[issue.project]) for issue in issues]
    common = [name for name in (screens[0] if screens else ()) if all(name in one for one in screens)]
    fields = [
        {"id": name, "name": known[name].name, "type": known[name].kind, "isRequired": known[name].required}
        for name in common
        if text in known[name].name.lower()
    ]
    return reply({"fields": fields})


def transit_many(call: Call) -> Response:
    """Take transitions that ask for nothing."""
    body = call.closed("bulkTransitionInputs", "sendBulkNotification")
    inputs = required(body, "bulkTransitionInputs", list)
    ways: dict[int, str] = {}
    unknown = 0
    for given in inputs:
        if not isinstance(given, dict):
            raise errors.invalid_payload()
        issues, lost = _selected(call, given)
        ways |= dict.fromkeys((issue.id for issue in issues), required(given, "transitionId", str))
        unknown += lost
    if not 0 < len(ways) + unknown <= MOST:
        raise errors.bulk(400, f"Select from 1 to {MOST} issues.")

    def act(issue: Issue) -> None:
        found = next((t for t in workflow.available(call.site, issue) if t.id == ways[issue.id]), None)
        if found is not None and (found.required or found.assigned):
            raise errors.refusal(400, "The transition has required fields.")
        transit.take(call, issue, {"transition": {"id": ways[issue.id]}})

    chosen = ([call.site.issues[id] for id in ways], unknown)
    return _run(call, chosen, act, mail=_mails(body))


def transitions(call: Call) -> Response:
    """Return the transitions that some issues can take, by issues of one workflow and status."""
    issues, _ = _selected(call, {"selectedIssueIdsOrKeys": call.listed("issueIdsOrKeys")})
    groups: dict[tuple[str, str], list[Issue]] = {}
    for issue in issues:
        groups.setdefault((issue.project, issue.status), []).append(issue)
    shown = [
        {
            "issues": [issue.key for issue in rows],
            "isTransitionsFiltered": any(t.required for t in workflow.available(call.site, rows[0])),
            "transitions": [
                {
                    "transitionId": int(t.id),
                    "transitionName": t.name,
                    "to": {"statusId": int(t.to), "statusName": call.site.statuses[t.to].name},
                }
                for t in workflow.available(call.site, rows[0])
                if not t.required
            ],
        }
        for rows in groups.values()
    ]
    return reply({"availableTransitions": shown})


def delete_many(call: Call) -> Response:
    """Delete many issues, sub-tasks with them."""
    body = call.closed("selectedIssueIdsOrKeys", "sendBulkNotification")

    def act(issue: Issue) -> None:
        if not may(call.user, "DELETE_ISSUES", call.site.projects[issue.project]):
            raise errors.refusal(403, "You do not have permission to delete issues in this project.")
        for id in list(issue.children):
            adds.forget(call.site, call.site.issues[id], call.user)
        if issue.id in call.site.issues:
            adds.forget(call.site, issue, call.user)

    return _run(call, _selected(call, body), act, mail=_mails(body))


def move_many(call: Call) -> Response:
    """Move issues to other projects and types, which gives them new keys."""
    body = call.closed("targetToSourcesMapping", "sendBulkNotification")
    targets: dict[int, tuple[str, str]] = {}
    unknown = 0
    for target, given in required(body, "targetToSourcesMapping", dict).items():
        if not isinstance(given, dict):
            raise errors.invalid_payload()
        project, _, kind = target.partition(",")
        issues, lost = _selected(call, {"selectedIssueIdsOrKeys": texts(given, "issueIdsOrKeys")})
        targets |= dict.fromkeys((issue.id for issue in issues), (project, kind.partition(",")[0]))
        unknown += lost

    def act(issue: Issue) -> None:
        project, kind = targets[issue.id]
        home = call.site.project(call.caller, project)
        if kind not in home.types or not may(call.user, "MOVE_ISSUES", call.site.projects[issue.project]):
            raise errors.refusal(400, "The issue cannot be moved there.")
        moving.move(call.site, issue, home, kind, call.user)

    return _run(call, ([call.site.issues[id] for id in targets], unknown), act, mail=_mails(body))


def watch_many(watching: bool) -> Callable[[Call], Response]:
    """Return the handler that lets the caller watch many issues, or no longer."""

    def handler(call: Call) -> Response:
        def act(issue: Issue) -> None:
            if (call.user.account_id in issue.watchers) != watching:
                (issue.watchers.append if watching else issue.watchers.remove)(call.user.account_id)

        return _run(call, _selected(call, call.closed("selectedIssueIdsOrKeys")), act)

    return handler


_B = "/rest/api/{v}/bulk/issues/"
RULES = [
    Rule("POST", _B + "fields", edit_fields, sign_in=True, on="cloud"),
    Rule("GET", _B + "fields", editable, sign_in=True, on="cloud"),
    Rule("POST", _B + "transition", transit_many, sign_in=True, on="cloud"),
    Rule("GET", _B + "transition", transitions, sign_in=True, on="cloud"),
    Rule("POST", _B + "delete", delete_many, sign_in=True, on="cloud"),
    Rule("POST", _B + "move", move_many, sign_in=True, on="cloud"),
    Rule("POST", _B + "watch", watch_many(watching=True), sign_in=True, on="cloud"),
    Rule("POST", _B + "unwatch", watch_many(watching=False), sign_in=True, on="cloud"),
]
