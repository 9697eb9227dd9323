"""``POST /api/graphql``: HTTP 200 also for errors, which stand beside the data or inside a payload (3.8)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from deskbridge.sandbox.gitlab import access, changes, graphql, graphql_run, issues, notes, talk, timelogs
from deskbridge.sandbox.gitlab.call import Call, Router, is_number
from deskbridge.sandbox.gitlab.changes import Edit
from deskbridge.sandbox.gitlab.graphql import Operation, Wrong
from deskbridge.sandbox.gitlab.graphql_items import from_gid, plain, status_gid
from deskbridge.sandbox.gitlab.graphql_run import NO_RESOURCE, Context, Failed, Field, fitting, texts
from deskbridge.sandbox.gitlab.graphql_types import Types, types
from deskbridge.sandbox.gitlab.records import Issue, Note
from deskbridge.sandbox.kernel import Refused, reply

Input = dict[str, Any]
_HEALTH = {"onTrack": "on_track", "needsAttention": "needs_attention", "atRisk": "at_risk"}


def routes(router: Router) -> list[Route]:
    """Return the routes of this module."""
    return [router.route("POST", "/graphql", answer, base="/api")]


def answer(call: Call) -> Response:
    """Execute a query or a mutation."""
    values = call.params.values
    query, variables = values.get("query"), values.get("variables") or {}
    if not isinstance(query, str) or not query.strip():
        return reply({"errors": [{"message": "No query string was present"}]})
    if not isinstance(variables, dict):
        return reply({"errors": [{"message": "Variables are invalid"}]}, 422)
    try:
        document = graphql.parse(query)
        operation = _picked(document.operations, values.get("operationName"))
        kinds, members = _types(call)
        context = Context(call.site, call.user, kinds, members, document, {})
        if found := graphql_run.problems(context, operation):
            return reply({"errors": found})
        context.variables = graphql.given(operation, variables)
    except Wrong as wrong:
        return reply({"errors": [wrong.error]})
    if operation.kind == "mutation" and "api" not in call.token.scopes:
        raise Refused(403, {"errors": [{"message": "Insufficient scope"}]})
    return reply(graphql_run.execute(context, operation))


def _picked(operations: list[Operation], name: object) -> Operation:
    found = [one for one in operations if name in (None, "", one.name)]
    if len(found) != 1:
        raise Wrong(f"No operation named {name!r}" if name else "An operation name is required", (1, 1))
    return found[0]


def _types(call: Call) -> tuple[Types, dict[str, Any]]:
    switches = call.site.switches
    found, members = types(premium=switches.premium, statuses=switches.statuses)
    payloads: Types = {}
    mutations: dict[str, Field] = {}
    for name, (act, shows) in _MUTATIONS.items():
        kind = f"{name[0].upper()}{name[1:]}Payload"
        payloads[kind] = {
            "errors": plain(lambda made: made["errors"]),
            "clientMutationId": plain(lambda made: made.get("clientMutationId")),
            **{key: Field(of, partial(_made, key)) for key, of in shows.items()},
        }
        mutations[name] = Field(kind, partial(_mutate, act), ("input!",))
    return found | payloads | {"Mutation": mutations}, members


def _made(key: str, context: Context, made: Input, _: object) -> Any:
    return made.get(key)


def _mutate(act: Callable[[Context, Input], Input], context: Context, _: object, arguments: Input) -> Input:
    """Run a mutation: what a rule of the model refuses is an error inside the payload."""
    given = arguments.get("input") or {}
    if not isinstance(given, dict):
        raise Failed("Argument 'input' has an invalid value")
    try:
        made = {"errors": [], **act(context, given)}
    except Refused as refusal:
        made = {"errors": _texts(refusal)}
    return made | {"clientMutationId": given.get("clientMutationId")}


def _texts(refusal: Refused) -> list[str]:
    message = refusal.body.get("message") if isinstance(refusal.body, dict) else None
    if isinstance(message, dict):
        return [f"{name.capitalize()} {text}" for name, texts in message.items() for text in texts]
    return [str(message)]


def _issue(context: Context, id: object) -> Issue:
    issue = context.site.issues.get(from_gid(id, "WorkItem", "Issue"))
    return _editable(context, issue)


def _editable(context: Context, issue: Issue | None) -> Issue:
    if issue is None or not access.reads(context.user, issue) or issue.project.archived:
        raise Failed(NO_RESOURCE)
    if not access.edits(context.user, issue):
        raise Failed(NO_RESOURCE)
    return issue


def _work_item_update(context: Context, given: Input) -> Input:
    issue = _issue(context, given.get("id"))
    edit = Edit()
    for name, value in given.items():
        if name in _WIDGETS and not isinstance(value, dict):
            raise Failed(f"Argument '{name}' on InputObject 'WorkItemUpdateInput' has an invalid value")
        if name not in ("id", "clientMutationId"):
            _part(context, issue, edit, name, value)
    issues.update(context.site, context.user, issue, edit)
    return {"workItem": issue}


def _part(context: Context, issue: Issue, edit: Edit, name: str, value: Any) -> None:
    if name in _WIDGETS:
        _WIDGETS[name](context, issue, edit, value)
    elif name == "title":
        edit["title"] = fitting(value, str, name) or ""
    elif name == "confidential":
        edit["confidential"] = bool(fitting(value, bool, name))
    elif name == "stateEvent":
        edit["state_event"] = str(value).lower()
    else:
        raise Failed(f"InputObject 'WorkItemUpdateInput' doesn't accept argument '{name}'")


def _status(context: Context, issue: Issue, edit: Edit, value: Input) -> None:
    wanted = value.get("status")
    found = next((one for one in context.site.statuses if status_gid(one) == wanted), None)
    if not context.site.switches.statuses:
        raise Failed("InputObject 'WorkItemUpdateInput' doesn't accept argument 'statusWidget'")
    if found is None:
        raise Failed("System-defined status doesn't exist.")
    if issue.kind not in ("issue", "task"):
        raise Refused(
            400, {"message": "Following widget keys are not supported by the work item type: status"}
        )
    edit["status"] = found


def _labels(context: Context, issue: Issue, edit: Edit, value: Input) -> None:
    usable = {one.id: one.name for one in context.site.labels_for(issue.project)}
    for key, name in (("addLabelIds", "add_labels"), ("removeLabelIds", "remove_labels")):
        ids = [from_gid(one, "Label", "ProjectLabel", "GroupLabel") for one in texts(value.get(key), key)]
        edit[name] = [usable[id] for id in ids if id in usable]  # type: ignore[literal-required]


def _assignees(context: Context, issue: Issue, edit: Edit, value: Input) -> None:
    ids = [from_gid(one, "User") for one in texts(value.get("assigneeIds"), "assigneeIds")]
    edit["assignees"] = [context.site.users[id] for id in ids if id in context.site.users]


def _dates(context: Context, issue: Issue, edit: Edit, value: Input) -> None:
    for key, name in (("dueDate", "due_date"), ("startDate", "start_date")):
        if key in value:
            edit[name] = _day(value[key])  # type: ignore[literal-required]


def _day(given: object) -> date | None:
    try:
        return date.fromisoformat(str(given)[:10]) if given else None
    except ValueError as error:
        raise Failed("startAndDueDateWidget: invalid date") from error


def _milestone(context: Context, issue: Issue, edit: Edit, value: Input) -> None:
    id = value.get("milestoneId")
    usable = {one.id: one for one in context.site.milestones_for(issue.project)}
    edit["milestone"] = usable.get(from_gid(id, "Milestone")) if id else None


def _weight(context: Context, issue: Issue, edit: Edit, value: Input) -> None:
    if context.site.premium:
        edit["weight"] = fitting(value.get("weight"), int, "weight")


def _health(context: Context, issue: Issue, edit: Edit, value: Input) -> None:
    if context.site.premium:
        edit["health"] = _HEALTH.get(str(value.get("healthStatus")))


def _description(context: Context, issue: Issue, edit: Edit, value: Input) -> None:
    edit["description"] = fitting(value.get("description"), str, "description")


_WIDGETS: dict[str, Callable[[Context, Issue, Edit, Input], None]] = {
    "statusWidget": _status,
    "labelsWidget": _labels,
    "assigneesWidget": _assignees,
    "startAndDueDateWidget": _dates,
    "milestoneWidget": _milestone,
    "weightWidget": _weight,
    "healthStatusWidget": _health,
    "descriptionWidget": _description,
}


def _set_severity(context: Context, given: Input) -> Input:
    """Set the severity, which REST cannot (3.3); only incidents have one."""
    place = context.site.project_at(str(given.get("projectPath")))
    iid = str(given.get("iid", ""))
    issue = _editable(context, place.issues.get(int(iid)) if place and is_number(iid) else None)
    severity = str(given.get("severity", "")).lower()
    if severity not in ("unknown", "low", "medium", "high", "critical"):
        raise Failed("Argument 'severity' on InputObject 'IssueSetSeverityInput' has an invalid value")
    if issue.kind == "incident":
        changes.apply(context.site, context.user, issue, {"severity": severity})
    return {"issue": issue}


def _create_note(context: Context, given: Input) -> Input:
    issue = context.site.issues.get(from_gid(given.get("noteableId"), "Issue", "WorkItem"))
    if issue is None or not access.comments(context.user, issue) or issue.project.archived:
        raise Failed(NO_RESOURCE)
    internal = bool(given.get("internal") or given.get("confidential"))
    thread = _thread(context, issue, given.get("discussionId"))
    body = fitting(given.get("body"), str, "body") or ""
    written = talk.write(context.site, context.user, issue, body, internal=internal, thread=thread)
    return {"note": written.note, "errors": [] if written.note else written.run.summary}


def _thread(context: Context, issue: Issue, id: object) -> list[Note] | None:
    if not id:
        return None
    wanted = str(id).rpartition("/")[2]
    readable = [note for note in issue.notes.values() if access.reads_note(context.user, note)]
    for rows in notes.discussions(readable):
        if rows[0].discussion == wanted:
            return rows
    raise Failed(NO_RESOURCE)


_MUTATIONS: dict[str, tuple[Callable[[Context, Input], Input], dict[str, str]]] = {
    "workItemUpdate": (_work_item_update, {"workItem": "WorkItem"}),
    "issueSetSeverity": (_set_severity, {"issue": "Issue"}),
    "createNote": (_create_note, {"note": "Note"}),
    "timelogCreate": (timelogs.create, {"timelog": "Timelog"}),
}
