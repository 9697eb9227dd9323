"""Issues: made, read, changed, deleted (reference, 3.1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from starlette.responses import Response

from deskbridge.sandbox.jira import (
    adds,
    api_projects,
    catalogue,
    edit,
    errors,
    fields,
    show,
    show_issue,
    workflow,
)
from deskbridge.sandbox.jira.model import Issue, Json, Project
from deskbridge.sandbox.jira.notify import notify, quiet
from deskbridge.sandbox.jira.wire import Call, Rule, optional, required, texts
from deskbridge.sandbox.kernel import Refused, reply

MOST_BULK = 50
MOST_FETCH = 100


def create(call: Call) -> Response:
    """Make an issue and return its id, key and address."""
    body = call.object() if call.raw else {}
    if not body:
        raise errors.refusal(400, "No Issue Create payload supplied")
    return reply(_create(call, body), 201)


def _create(call: Call, body: Json) -> Json:
    given = dict(optional(body, "fields", dict, {}))
    home, kind = _place(call, given)
    given.pop("project"), given.pop("issuetype")
    draft = edit.read(call, home.id, {**body, "fields": given}, edit.screen(call.site, "create"))
    _check_parent(call, home, kind, draft)
    if "summary" not in draft.values and "summary" not in draft.errors:
        draft.errors["summary"] = "You must specify a summary of the issue."
    draft.check()
    properties, additions = adds.properties_of(body), adds.prepare(call, draft)
    issue = _store(call, home, kind, draft.values)
    issue.properties |= properties
    adds.add_all(call, issue, additions)
    notify(call.site, issue, call.user, "issue created", issue.values["summary"])
    made: Json = {"id": str(issue.id), "key": issue.key, "self": call.url(f"issue/{issue.id}")}
    if "transition" in body:
        made["transition"] = _first_transition(call, issue, body)
    return made


def _place(call: Call, given: Json) -> tuple[Project, str]:
    wrong: dict[str, str] = {}
    home = _project_of(call, given.get("project"))
    if home is None:
        wrong["project"] = "Specify a valid project ID or key"
    kind, text = "", "Specify an issue type"
    if given.get("issuetype") is not None:
        text = ""
        try:
            kind = fields.parse(call, "", call.site.fields["issuetype"], given["issuetype"])
        except fields.BadValue as error:
            text = str(error)
    if text:
        wrong["issuetype"] = text
    if home is None or wrong:
        raise errors.refusal(400, errors=wrong)
    return home, kind


def _project_of(call: Call, given: object) -> Project | None:
    if not isinstance(given, dict) or not ("key" in given or "id" in given):
        return None
    try:
        return call.site.project(call.caller, given.get("id", given.get("key")))
    except Refused:
        return None


def _check_parent(call: Call, home: Project, kind: str, draft: edit.Draft) -> None:
    level = catalogue.ISSUE_TYPES[kind].level
    parent = call.site.issues.get(draft.values.get("parent") or 0)
    if parent is None:
        if level < 0 and "parent" not in draft.errors:
            draft.errors["parent"] = "Issue type is a sub-task but parent issue key or id not specified."
    elif parent.project != home.id or catalogue.ISSUE_TYPES[parent.type].level != level + 1:
        draft.errors["parent"] = "Given parent work item does not belong to appropriate hierarchy."


def _store(call: Call, home: Project, kind: str, given: dict[str, Any]) -> Issue:
    site, now, me = call.site, call.site.now(), call.user.account_id
    home.counter += 1
    number = site.next_id("issue")
    parent = given.pop("parent", None)
    values = {"priority": catalogue.DEFAULT_PRIORITY, "reporter": me, **given}
    key = f"{home.key}-{home.counter}"
    issue = Issue(number, key, home.id, kind, workflow.INITIAL, me, now, now, now, values)
    site.issues[number], site.keys[key] = issue, number
    if parent is not None:
        edit.set_parent(site, issue, parent)
    if site.switches.index_lag:
        issue.stale = (adds.later(now, site.switches.index_lag), None)
    site.watch(issue, call.user)
    return issue


def _first_transition(call: Call, issue: Issue, body: Json) -> Json:
    try:
        adds.transit(call, issue, {"transition": body["transition"]})
    except Refused as error:
        return {"status": error.status, "errorCollection": error.body}
    return {"status": 200, "errorCollection": {"errorMessages": [], "errors": {}}}


def create_bulk(call: Call) -> Response:
    """Make up to 50 issues; not atomic, and 201 as soon as one was made."""
    updates = required(call.object(), "issueUpdates", list)
    if len(updates) > MOST_BULK:
        raise errors.refusal(400, f"The number of issues to create exceeds the limit of {MOST_BULK}.")
    made: list[Json] = []
    failed: list[Json] = []
    for number, body in enumerate(updates):
        try:
            if not isinstance(body, dict):
                raise errors.invalid_payload()
            made.append(_create(call, body))
        except Refused as error:
            failed.append(
                {"status": error.status, "elementErrors": error.body, "failedElementNumber": number}
            )
    return reply({"issues": made, "errors": failed}, 201 if made or not failed else 400)


def get(call: Call) -> Response:
    """Return an issue with all its fields, unless others are asked for."""
    issue = call.issue()
    return reply(_shown(call, issue, call.listed("fields"), call.listed("properties")))


def _shown(call: Call, issue: Issue, asked: Iterable[str], properties: Iterable[str] = ()) -> Json:
    wanted = show_issue.wanted(call.site, asked, ["*all"])
    expand = call.listed("expand")
    shown = show_issue.issue(call, issue, wanted, expand, properties)
    if "transitions" in expand:
        shown["transitions"] = adds.transitions(call, issue)
    return shown | ({"editmeta": _editmeta(call, issue)} if "editmeta" in expand else {})


def put(call: Call) -> Response:
    """Change an issue, wholly or not at all; a ``transition`` in the body is ignored."""
    issue, body = call.issue(), call.object()
    if not body.get("fields") and not body.get("update") and not body.get("properties"):
        raise errors.refusal(400, "one of 'fields' or 'update' required")
    draft = edit.read(call, issue.project, body, edit.screen(call.site, "edit"), issue)
    _check_move(call, issue, draft)
    draft.check()
    properties, additions = adds.properties_of(body), adds.prepare(call, draft)
    items = edit.apply(call.site, issue, call.user, draft.values)
    issue.properties |= properties
    added = adds.add_all(call, issue, additions)
    if (items or added) and not quiet(call.user, call.flag("notifyUsers", default=True)):
        names = ", ".join(item["field"] for item in items)
        notify(call.site, issue, call.user, "issue updated", f"changed: {names}")
    if call.flag("returnIssue"):
        return reply(_shown(call, issue, ["*all"]))
    return reply(status=204)


def _check_move(call: Call, issue: Issue, draft: edit.Draft) -> None:
    kinds = catalogue.ISSUE_TYPES
    new = draft.values.get("issuetype", issue.type)
    if kinds[new].subtask != kinds[issue.type].subtask:
        draft.errors["issuetype"] = "The issue type selected is invalid."
    elif draft.values.get("parent") is not None:
        _check_parent(call, call.site.projects[issue.project], new, draft)


def delete(call: Call) -> Response:
    """Delete an issue and all that hangs on it; its sub-tasks only when told to."""
    issue = call.issue()
    if not call.user.project_admin:
        raise errors.forbidden("You do not have permission to delete issues in this project.")
    if issue.children and not call.flag("deleteSubtasks"):
        text = f"The issue '{issue.key}' has subtasks. You must specify the 'deleteSubtasks' parameter"
        raise errors.refusal(400, f"{text} to delete this issue and all its subtasks.")
    for child in list(issue.children):
        adds.forget(call.site, call.site.issues[child])
    notify(call.site, issue, call.user, "issue deleted", issue.values["summary"])
    adds.forget(call.site, issue)
    return reply(status=204)


def assign(call: Call) -> Response:
    """Set the assignee: an account id, null for nobody, -1 for the project's default."""
    issue, body = call.issue(), call.object()
    if "accountId" not in body:
        raise errors.invalid_payload()
    given = None if body["accountId"] in (None, "-1") else {"accountId": body["accountId"]}
    try:
        value = fields.parse(call, issue.project, call.site.fields["assignee"], given)
    except fields.BadValue as error:
        raise errors.refusal(400, errors={"assignee": str(error)}) from error
    if edit.apply(call.site, issue, call.user, {"assignee": value}):
        notify(call.site, issue, call.user, "issue assigned", "changed: assignee")
    return reply(status=204)


def editmeta(call: Call) -> Response:
    """Return the fields that the caller may edit now."""
    return reply(_editmeta(call, call.issue()))


def _editmeta(call: Call, issue: Issue) -> Json:
    home, kind = call.site.projects[issue.project], catalogue.ISSUE_TYPES[issue.type]
    may = call.user.project_admin
    screen = [name for name in edit.screen(call.site, "edit") if name != "reporter" or may]
    known = call.site.fields
    metas = {name: api_projects.field_meta(call, known[name], home, kind, creating=False) for name in screen}
    return {"fields": metas}


def changelog(call: Call) -> Response:
    """Return an issue's changes, oldest first, a page at a time."""
    issue = call.issue()
    start, size = call.page(default=100, most=100)
    shown = [show.change(call, change) for change in issue.history]
    return reply(api_projects.page_bean(call, shown, start, size, call.url(f"issue/{issue.key}/changelog")))


def bulk_fetch(call: Call) -> Response:
    """Return up to 100 issues from the store (not the index), ascending by id."""
    body = call.object()
    wanted = required(body, "issueIdsOrKeys", list)
    if not 0 < len(wanted) <= MOST_FETCH:
        raise errors.refusal(400, f"The number of issues to fetch must be from 1 to {MOST_FETCH}.")
    found: dict[int, Issue] = {}
    missing: list[Json] = []
    for name in wanted:
        issue = call.site.find_issue(name) if call.caller else None
        if issue is None:
            missing.append({"id": str(name), "errorMessage": errors.NO_ISSUE})
        else:
            found[issue.id] = issue
    names = show_issue.wanted(call.site, texts(body, "fields"), ["*navigable"])
    expand, properties = texts(body, "expand"), texts(body, "properties")
    shown = [show_issue.issue(call, found[number], names, expand, properties) for number in sorted(found)]
    return reply({"issues": shown, "issueErrors": missing})


RULES = [
    Rule("POST", "/rest/api/{v}/issue", create),
    Rule("POST", "/rest/api/{v}/issue/bulk", create_bulk),
    Rule("POST", "/rest/api/{v}/issue/bulkfetch", bulk_fetch),
    Rule("GET", "/rest/api/{v}/issue/{key}", get),
    Rule("PUT", "/rest/api/{v}/issue/{key}", put),
    Rule("DELETE", "/rest/api/{v}/issue/{key}", delete, bare=True),
    Rule("PUT", "/rest/api/{v}/issue/{key}/assignee", assign),
    Rule("GET", "/rest/api/{v}/issue/{key}/editmeta", editmeta),
    Rule("GET", "/rest/api/{v}/issue/{key}/changelog", changelog),
]
