"""Issues: made, read, changed, deleted (reference, 3.1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from starlette.responses import Response

from deskbridge.sandbox.jira import (
    adds,
    api_projects,
    catalogue,
    desk_mails,
    desk_rules,
    edit,
    errors,
    events,
    fields,
    notify,
    properties,
    show_issue,
    transit,
    workflow,
)
from deskbridge.sandbox.jira.desk_show import TYPE
from deskbridge.sandbox.jira.model import Issue, Json, Project, User
from deskbridge.sandbox.jira.permissions import may
from deskbridge.sandbox.jira.state import Site
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
    draft = edit.read(call, home.id, {**body, "fields": given}, edit.screen(call.site, "create", home))
    _check_parent(call, home, kind, draft)
    if "summary" not in draft.values and "summary" not in draft.errors:
        draft.errors["summary"] = "You must specify a summary of the issue."
    draft.miss(call.site, [name for name in home.required if name not in edit.DEFAULTED])
    draft.check()
    marks, additions = properties.of(body), adds.prepare(call, draft)
    issue = store(call.site, home, kind, call.user, draft.values)
    issue.properties |= marks
    announce(call.site, issue, call.user)
    adds.add_all(call, issue, additions)
    made: Json = {"id": str(issue.id), "key": issue.key, "self": call.url(f"issue/{issue.id}")}
    if "transition" in body:
        made["transition"] = _first_transition(call, issue, body)
    return made


def announce(site: Site, issue: Issue, actor: User) -> None:
    """Tell everybody who is told that an issue was made."""
    events.created(site, issue, actor)
    notify.notify(site, issue, actor, "issue created", issue.values["summary"])
    if issue.values.get(TYPE):
        desk_mails.created(site, issue)
        desk_rules.ask_approval(site, issue)


def _place(call: Call, given: Json) -> tuple[Project, str]:
    wrong: dict[str, str] = {}
    home = _project_of(call, given.get("project"))
    if home is None:
        wrong["project"] = "Specify a valid project ID or key"
    kind, text = "", "Specify an issue type"
    if given.get("issuetype") is not None:
        text = ""
        try:
            where = home.id if home else ""
            kind = fields.parse(call, where, call.site.fields["issuetype"], given["issuetype"])
        except fields.BadValue as error:
            text = str(error)
    if text:
        wrong["issuetype"] = text
    if home is not None and not may(call.user, "CREATE_ISSUES", home):
        wrong["project"] = "You do not have permission to create issues in this project."
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
    types = call.site.types
    level = types[kind].level
    parent = call.site.issues.get(draft.values.get("parent") or 0)
    if parent is None:
        if level < 0 and "parent" not in draft.errors:
            draft.errors["parent"] = "Issue type is a sub-task but parent issue key or id not specified."
    elif parent.project != home.id or types[parent.type].level != level + 1:
        draft.errors["parent"] = "Given parent work item does not belong to appropriate hierarchy."


def store(site: Site, home: Project, kind: str, actor: User, given: dict[str, Any]) -> Issue:
    """Put a new issue into a project, without telling anybody."""
    now, me = site.now(), actor.account_id
    home.counter += 1
    number = site.next_id("issue")
    parent = given.pop("parent", None)
    values = {"priority": catalogue.DEFAULT_PRIORITY, "reporter": me, **given}
    key = f"{home.key}-{home.counter}"
    issue = Issue(number, key, home.id, kind, workflow.initial(home), me, now, now, now, values)
    issue.rank = (number + 1) << 32
    site.issues[number], site.keys[key] = issue, number
    if parent is not None:
        edit.set_parent(site, issue, parent)
    if site.switches.index_lag:
        issue.stale = (now, None)
    site.moved(number)
    site.watch(issue, actor)
    return issue


def _first_transition(call: Call, issue: Issue, body: Json) -> Json:
    try:
        transit.take(call, issue, {"transition": body["transition"]})
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
    known = set(call.site.issues)
    for number, body in enumerate(updates):
        try:
            if not isinstance(body, dict):
                raise errors.invalid_payload()
            _check_known(call, body, known)
            made.append(_create(call, body))
        except Refused as error:
            failed.append(
                {"status": error.status, "elementErrors": error.body, "failedElementNumber": number}
            )
    return reply({"issues": made, "errors": failed}, 201 if made or not failed else 400)


def _check_known(call: Call, body: Json, known: set[int]) -> None:
    """Refuse a parent that the same call has made (reference, 3.1)."""
    given = body.get("fields")
    parent = given.get("parent") if isinstance(given, dict) else None
    found = call.site.find_issue(parent.get("key", parent.get("id"))) if isinstance(parent, dict) else None
    if found is not None and found.id not in known:
        raise errors.refusal(400, errors={"parent": "Could not find issue by id or key."})


def get(call: Call) -> Response:
    """Return an issue with all its fields, unless others are asked for."""
    issue = call.issue()
    return reply(_shown(call, issue, call.listed("fields"), call.listed("properties")))


def _shown(call: Call, issue: Issue, asked: Iterable[str], properties: Iterable[str] = ()) -> Json:
    wanted = show_issue.wanted(call.site, asked, ["*all"])
    expand = call.listed("expand")
    shown = show_issue.issue(call, issue, wanted, expand, properties)
    if "transitions" in expand:
        shown["transitions"] = transit.shown(call, issue)
    return shown | ({"editmeta": _editmeta(call, issue)} if "editmeta" in expand else {})


def put(call: Call) -> Response:
    """Change an issue, wholly or not at all; a ``transition`` in the body is ignored."""
    issue, body = call.issue(), call.object()
    home = call.site.projects[issue.project]
    loud = notify.loud(call)
    if not may(call.user, "EDIT_ISSUES", home):
        raise errors.forbidden("You do not have permission to edit issues in this project.")
    if not body.get("fields") and not body.get("update") and not body.get("properties"):
        raise errors.refusal(400, "one of 'fields' or 'update' required")
    draft = edit.read(call, home.id, body, edit.screen(call.site, "edit", home), issue)
    _check_move(call, issue, draft)
    draft.check()
    marks, additions = properties.of(body), adds.prepare(call, draft)
    items = edit.apply(call.site, issue, call.user, draft.values)
    issue.properties |= marks
    added = adds.add_all(call, issue, additions)
    if (items or added) and loud:
        names = ", ".join(item["field"] for item in items)
        notify.notify(call.site, issue, call.user, "issue updated", f"changed: {names}")
    if call.flag("returnIssue"):
        return reply(_shown(call, issue, ["*all"]))
    return reply(status=204)


def _check_move(call: Call, issue: Issue, draft: edit.Draft) -> None:
    kinds = call.site.types
    new = draft.values.get("issuetype", issue.type)
    if kinds[new].subtask != kinds[issue.type].subtask:
        draft.errors["issuetype"] = "The issue type selected is invalid."
    elif draft.values.get("parent") is not None:
        _check_parent(call, call.site.projects[issue.project], new, draft)


def delete(call: Call) -> Response:
    """Delete an issue and all that hangs on it; its sub-tasks only when told to."""
    issue = call.issue()
    if not may(call.user, "DELETE_ISSUES", call.site.projects[issue.project]):
        raise errors.forbidden("You do not have permission to delete issues in this project.")
    if issue.children and not call.flag("deleteSubtasks"):
        text = f"The issue '{issue.key}' has subtasks. You must specify the 'deleteSubtasks' parameter"
        raise errors.refusal(400, f"{text} to delete this issue and all its subtasks.")
    for child in list(issue.children):
        adds.forget(call.site, call.site.issues[child], call.user)
    notify.notify(call.site, issue, call.user, "issue deleted", issue.values["summary"])
    adds.forget(call.site, issue, call.user)
    return reply(status=204)


def assign(call: Call) -> Response:
    """Set the assignee: an account id, null for nobody, -1 for the project's default."""
    issue, body = call.issue(), call.object()
    word = "accountId" if call.site.cloud else "name"
    if word not in body:
        raise errors.invalid_payload()
    if not may(call.user, "ASSIGN_ISSUES", call.site.projects[issue.project]):
        raise errors.forbidden("You do not have permission to assign issues.")
    try:
        value = _assignee(call, issue, body[word], word)
    except fields.BadValue as error:
        raise errors.refusal(400, errors={"assignee": str(error)}) from error
    if edit.apply(call.site, issue, call.user, {"assignee": value}):
        notify.notify(call.site, issue, call.user, "issue assigned", "changed: assignee")
    return reply(status=204)


def _assignee(call: Call, issue: Issue, given: object, word: str) -> str | None:
    home = call.site.projects[issue.project]
    if given in ("-1", -1):
        return home.lead if home.assignee_type == "PROJECT_LEAD" else None
    if given is None:
        return None
    return str(fields.parse(call, home.id, call.site.fields["assignee"], {word: given}))


def editmeta(call: Call) -> Response:
    """Return the fields that the caller may edit now."""
    return reply(_editmeta(call, call.issue()))


def _editmeta(call: Call, issue: Issue) -> Json:
    home, kind = call.site.projects[issue.project], call.site.types[issue.type]
    hidden = set() if may(call.caller, "MODIFY_REPORTER") else {"reporter"}
    hidden |= set() if may(call.caller, "SET_ISSUE_SECURITY") else {"security"}
    on_screen = edit.screen(call.site, "edit", home) if may(call.caller, "EDIT_ISSUES", home) else []
    screen = [name for name in on_screen if name not in hidden]
    known = call.site.fields
    metas = {name: api_projects.field_meta(call, known[name], home, kind, creating=False) for name in screen}
    return {"fields": metas}


def bulk_fetch(call: Call) -> Response:
    """Return up to 100 issues from the store (not the index), ascending by id."""
    body = call.object()
    wanted = required(body, "issueIdsOrKeys", list)
    if not 0 < len(wanted) <= MOST_FETCH:
        raise errors.refusal(400, f"The number of issues to fetch must be from 1 to {MOST_FETCH}.")
    found: dict[int, Issue] = {}
    missing: list[Json] = []
    for name in wanted:
        issue = call.site.find_issue(name)
        if issue is None or not call.site.sees(call.caller, issue):
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
    Rule("POST", "/rest/api/{v}/issue/bulkfetch", bulk_fetch, on="cloud"),
    Rule("GET", "/rest/api/{v}/issue/{key}", get),
    Rule("PUT", "/rest/api/{v}/issue/{key}", put),
    Rule("DELETE", "/rest/api/{v}/issue/{key}", delete, bare=True),
    Rule("PUT", "/rest/api/{v}/issue/{key}/assignee", assign),
    Rule("GET", "/rest/api/{v}/issue/{key}/editmeta", editmeta),
]
