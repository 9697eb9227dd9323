"""Schemes and workflows: who is written to, which priorities, which ways between statuses (4.3, 11.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from deskbridge.sandbox.jira import catalogue, errors, show, show_issue, workflow
from deskbridge.sandbox.jira.api_projects import category_of, page_bean
from deskbridge.sandbox.jira.api_site import WORDS
from deskbridge.sandbox.jira.model import Json, Project
from deskbridge.sandbox.jira.notify import EVENTS, KINDS
from deskbridge.sandbox.jira.permissions import PERMISSIONS, administer, administer_project, may
from deskbridge.sandbox.jira.records import Scheme
from deskbridge.sandbox.jira.wire import Call, Rule, optional, texts
from deskbridge.sandbox.kernel import reply

# --- notification schemes -------------------------------------------------------------------------


def _shown(call: Call, found: Scheme, *, whole: bool) -> Json:
    head: Json = {"id": found.id, "self": call.url(f"notificationscheme/{found.id}")}
    head |= {
        "name": found.name,
        "description": found.description,
        "expand": "all,field,group,user,projectRole",
    }
    if not whole:
        return head
    rows = [
        {
            "event": {"id": int(event), "name": EVENTS[event], "description": ""},
            "notifications": [
                {"id": int(event) * 10 + n, "notificationType": kind} for n, kind in enumerate(kinds)
            ],
        }
        for event, kinds in found.events.items()
    ]
    return head | {"notificationSchemeEvents": rows}


def schemes(call: Call) -> Response:
    """Return the notification schemes, a page at a time."""
    start, size = call.page()
    whole = bool(call.listed("expand"))
    shown = [_shown(call, one, whole=whole) for one in call.site.schemes.values()]
    return reply(page_bean(call, shown, start, size, call.url("notificationscheme")))


def scheme(call: Call) -> Response:
    """Return one notification scheme."""
    found = call.site.schemes.get(call.id())
    if found is None:
        raise errors.refusal(404, "The notification scheme was not found.")
    return reply(_shown(call, found, whole=True))


def create_scheme(call: Call) -> Response:
    """Make a notification scheme; one without events writes to nobody."""
    administer(call.user)
    body = call.object()
    name = optional(body, "name", str, "").strip()
    if not name or any(one.name == name for one in call.site.schemes.values()):
        raise errors.refusal(400, errors={"name": "The notification scheme's name is empty or in use."})
    made = Scheme(0, name, optional(body, "description", str, ""))
    for row in optional(body, "notificationSchemeEvents", list, []):
        event, kinds = _event(row)
        made.events[event] = kinds
    made.id = call.site.next_id("scheme", 10002)
    call.site.schemes[made.id] = made
    return reply({"id": str(made.id)}, 201)


def _event(row: Any) -> tuple[str, list[str]]:
    given = row if isinstance(row, dict) else {}
    event = optional(given, "event", dict, {})
    rows = optional(given, "notifications", list, [])
    kinds = [one.get("notificationType") for one in rows if isinstance(one, dict)]
    if str(event.get("id")) not in EVENTS or not set(kinds) <= set(KINDS):
        raise errors.refusal(400, "The event or a notification's type is not supported.")
    return str(event["id"]), [str(kind) for kind in kinds]


def delete_scheme(call: Call) -> Response:
    """Delete a notification scheme that no project uses."""
    administer(call.user)
    id = call.id()
    if id not in call.site.schemes:
        raise errors.refusal(404, "The notification scheme was not found.")
    if any(one.notification_scheme == id for one in call.site.projects.values()):
        raise errors.refusal(400, "The notification scheme is in use by a project.")
    del call.site.schemes[id]
    return reply(status=204)


def project_scheme(call: Call) -> Response:
    """Return a project's notification scheme."""
    home = call.site.project(call.caller, call.path("key"))
    administer_project(call.user, home)
    return reply(_shown(call, call.site.schemes[home.notification_scheme], whole=True))


def scheme_projects(call: Call) -> Response:
    """Return which project uses which notification scheme."""
    start, size = call.page()
    ids, projects = call.listed("notificationSchemeId"), call.listed("projectId")
    rows = [
        {"notificationSchemeId": str(one.notification_scheme), "projectId": one.id}
        for one in call.site.projects.values()
        if (not ids or str(one.notification_scheme) in ids) and (not projects or one.id in projects)
    ]
    return reply(page_bean(call, rows, start, size, call.url("notificationscheme/project")))


# --- other schemes: one of each -------------------------------------------------------------------


def permission_schemes(call: Call) -> Response:
    """Return the permission schemes: the default one."""
    return reply({"permissionSchemes": [_permission_scheme(call)]})


def _permission_scheme(call: Call) -> Json:
    url = call.url("permissionscheme/0")
    return {"id": 0, "self": url, "name": "Default Permission Scheme", "description": ""}


def project_permissions(call: Call) -> Response:
    """Return a project's permission scheme."""
    administer_project(call.user, call.site.project(call.caller, call.path("key")))
    return _whole_permissions(call)


def permission_scheme(call: Call) -> Response:
    """Return one permission scheme."""
    if call.path("id") != "0":
        raise errors.refusal(404, f"The permission scheme with id '{call.path('id')}' does not exist.")
    return _whole_permissions(call)


def _whole_permissions(call: Call) -> Response:
    grants = [
        {"id": 10000 + n, "holder": {"type": "applicationRole"}, "permission": key}
        for n, key in enumerate(PERMISSIONS)
        if PERMISSIONS[key][2] == "PROJECT"
    ]
    expanded = {"permissions": grants} if "permissions" in call.listed("expand") else {}
    return reply({**_permission_scheme(call), **expanded})


def security_schemes(call: Call) -> Response:
    """Return the security schemes: one."""
    administer(call.user)
    return reply({"issueSecuritySchemes": [_security_scheme(call)]})


def _security_scheme(call: Call) -> Json:
    url = call.url("issuesecurityschemes/10000")
    return {"self": url, "id": 10000, "name": "Default", "description": ""}


def project_security(call: Call) -> Response:
    """Return a project's security scheme, if it has one."""
    home = call.site.project(call.caller, call.path("key"))
    administer_project(call.user, home)
    if not home.security:
        raise errors.refusal(404, "The project has no issue security scheme.")
    levels = [show_issue.security(call, id) for id in catalogue.LEVELS]
    return reply({**_security_scheme(call), "levels": levels})


def security_levels(call: Call) -> Response:
    """Return the security levels that the caller can set on a project's issues."""
    home = call.site.project(call.caller, call.path("key"))
    allowed = home.security and may(call.caller, "SET_ISSUE_SECURITY", home)
    return reply({"levels": [show_issue.security(call, id) for id in catalogue.LEVELS] if allowed else []})


def security_level(call: Call) -> Response:
    """Return one security level."""
    if call.path("id") not in catalogue.LEVELS:
        raise errors.refusal(404, "The security level was not found.")
    return reply(show_issue.security(call, call.path("id")))


def priority_schemes(call: Call) -> Response:
    """Return the priority schemes: the default one, which all projects use."""
    start, size = call.page()
    shown = {
        "id": "1",
        "self": call.url("priorityscheme/1"),
        "name": "Default priority scheme",
        "description": "",
        "isDefault": True,
        "defaultPriorityId": catalogue.DEFAULT_PRIORITY,
        "priorities": {"values": [show.priority(call, id) for id in catalogue.PRIORITIES]},
    }
    return reply(page_bean(call, [shown], start, size, call.url("priorityscheme")))


def categories(call: Call) -> Response:
    """Return the categories of projects: one."""
    return reply([category_of(call, 10000)])


def type_schemes(call: Call) -> Response:
    """Return the schemes of issue types, one for each type of project."""
    start, size = call.page()
    rows = [
        {"id": str(10000 + n), "name": f"{kind} issue type scheme", "description": "", "isDefault": not n}
        for n, kind in enumerate(catalogue.TYPES_OF)
    ]
    if call.site.cloud:
        return reply(page_bean(call, rows, start, size, call.url("issuetypescheme")))
    return reply({"schemes": rows})


# --- workflows ------------------------------------------------------------------------------------


def read_workflows(call: Call) -> Response:
    """Return the graphs of workflows, of projects and issue types or by name (reference, 4.3)."""
    body = call.object()
    pairs, names = optional(body, "projectAndIssueTypes", list, []), texts(body, "workflowNames")
    homes: dict[str, Project] = {}
    for pair in pairs:
        home = call.site.project(call.caller, pair.get("projectId") if isinstance(pair, dict) else None)
        if pair.get("issueTypeId") not in home.types:
            raise errors.refusal(400, "The issue type does not belong to the project.")
        homes[_name(home)] = home
    homes |= {_name(one): one for one in call.site.projects.values() if _name(one) in names}
    if not all(may(call.caller, "VIEW_READONLY_WORKFLOW", one) for one in homes.values()):
        raise errors.forbidden("You do not have permission to view the workflow.")
    ids = dict.fromkeys(id for one in homes.values() for id in workflow.statuses(call.site, one))
    statuses = [_status(call, id) for id in ids]
    return reply({"statuses": statuses, "workflows": [_graph(call, one) for one in homes.values()]})


def _name(home: Project) -> str:
    return f"{workflow.NAMES[home.workflow]} {home.key}"


def _status(call: Call, id: str) -> Json:
    found = call.site.statuses[id]
    scope = show.scope(found.scope).get("scope", {"type": "GLOBAL"})
    return {
        "id": id,
        "statusReference": id,
        "name": found.name,
        "statusCategory": WORDS[found.category],
        "description": found.description,
        "scope": scope,
        "usages": [],
    }


def _graph(call: Call, home: Project) -> Json:
    first = workflow.initial(home)
    start: Json = {"id": "1", "name": "Create", "type": "INITIAL", "toStatusReference": first, "links": []}
    return {
        "id": f"{home.id}-workflow",
        "name": _name(home),
        "description": "",
        "isEditable": True,
        "scope": {"type": "GLOBAL"}
        if home.style == "classic"
        else {"type": "PROJECT", "project": {"id": home.id}},
        "statuses": [
            {"statusReference": id, "deprecated": False, "properties": {}}
            for id in workflow.statuses(call.site, home)
        ],
        "transitions": [start, *(_way(one) for one in workflow.ways(home))],
        "version": {"id": f"{home.id}-version", "versionNumber": 1},
        "usages": [],
    }


def _way(found: workflow.Transition) -> Json:
    validators = [{"ruleKey": "system:validate-field-value", "parameters": {"fieldKey": "assignee"}}]
    needed = [
        {"ruleKey": "system:validate-field-value", "parameters": {"fieldsRequired": name}}
        for name in found.required
    ]
    return {
        "id": found.id,
        "name": found.name,
        "description": "",
        "type": "DIRECTED" if found.sources else "GLOBAL",
        "toStatusReference": found.to,
        "links": [{"fromStatusReference": id, "fromPort": 0, "toPort": 0} for id in found.sources],
        "actions": [],
        "validators": [*(validators if found.assigned else []), *needed],
        "triggers": [],
        "properties": {},
        **({"transitionScreen": {"id": f"screen-{found.id}"}} if found.screen else {}),
        **(
            {"conditions": {"operation": "ALL", "conditions": [], "conditionGroups": []}}
            if found.approval
            else {}
        ),
    }


def workflow_search(call: Call) -> Response:
    """Return the workflows, a page at a time, to administrators."""
    administer(call.user)
    start, size = call.page()
    rows = [
        {"id": {"name": _name(one), "entityId": f"{one.id}-workflow"}, "description": ""}
        for one in call.site.projects.values()
    ]
    return reply(page_bean(call, rows, start, size, call.url("workflow/search")))


def dc_workflows(call: Call) -> Response:
    """Return the workflows' names to administrators, as Data Center does."""
    administer(call.user)
    rows = [
        {
            "name": _name(one),
            "description": "",
            "steps": len(workflow.statuses(call.site, one)),
            "default": False,
        }
        for one in call.site.projects.values()
    ]
    return reply(rows)


def assign_workflow(call: Call) -> Response:
    """Give a project a workflow scheme: only while it has no issues (reference, 7.3)."""
    administer(call.user)
    body = call.object()
    home = call.site.project(call.caller, body.get("projectId"))
    presets = {str(10000 + n): name for n, name in enumerate(workflow.WORKFLOWS)}
    wanted = presets.get(str(body.get("workflowSchemeId")))
    if wanted is None:
        raise errors.refusal(404, "The workflow scheme was not found.")
    if any(issue.project == home.id for issue in call.site.issues.values()):
        raise errors.refusal(400, "The project has issues. Use the switch operation instead.")
    home.workflow = wanted
    return reply(status=204)


def workflow_schemes(call: Call) -> Response:
    """Return the workflow schemes: one for each preset."""
    administer(call.user)
    start, size = call.page()
    rows = [
        {
            "id": 10000 + n,
            "name": f"{name} workflow scheme",
            "description": "",
            "defaultWorkflow": workflow.NAMES[name],
        }
        for n, name in enumerate(workflow.WORKFLOWS)
    ]
    return reply(page_bean(call, rows, start, size, call.url("workflowscheme")))


_V = "/rest/api/{v}/"
_N = _V + "notificationscheme"
_RULES: dict[tuple[str, str], tuple[Callable[[Call], Response], str]] = {
    ("GET", _N): (schemes, ""),
    ("POST", _N): (create_scheme, "cloud"),
    ("GET", _N + "/project"): (scheme_projects, "cloud"),
    ("GET", _N + "/{id}"): (scheme, ""),
    ("DELETE", _N + "/{id}"): (delete_scheme, "cloud"),
    ("GET", _V + "project/{key}/notificationscheme"): (project_scheme, ""),
    ("GET", _V + "project/{key}/permissionscheme"): (project_permissions, ""),
    ("GET", _V + "project/{key}/issuesecuritylevelscheme"): (project_security, ""),
    ("GET", _V + "project/{key}/securitylevel"): (security_levels, ""),
    ("GET", _V + "securitylevel/{id}"): (security_level, ""),
    ("GET", _V + "permissionscheme"): (permission_schemes, ""),
    ("GET", _V + "permissionscheme/{id}"): (permission_scheme, ""),
    ("GET", _V + "issuesecurityschemes"): (security_schemes, ""),
    ("GET", _V + "priorityscheme"): (priority_schemes, "cloud"),
    ("GET", _V + "projectCategory"): (categories, ""),
    ("GET", _V + "issuetypescheme"): (type_schemes, ""),
    ("POST", _V + "workflows"): (read_workflows, "cloud"),
    ("GET", _V + "workflow/search"): (workflow_search, "cloud"),
    ("GET", _V + "workflow"): (dc_workflows, "dc"),
    ("GET", _V + "workflowscheme"): (workflow_schemes, "cloud"),
    ("PUT", _V + "workflowscheme/project"): (assign_workflow, "cloud"),
}
RULES = [
    Rule(method, path, handler, sign_in=True, bare=method == "DELETE", on=on)
    for (method, path), (handler, on) in _RULES.items()
]
