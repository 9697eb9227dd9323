"""Projects, their components, versions and statuses, and what can be set at creation (reference, 3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from deskbridge.sandbox.jira import catalogue, edit, errors, show, show_issue, workflow
from deskbridge.sandbox.jira.fields import CHILD
from deskbridge.sandbox.jira.model import FieldDef, IssueType, Json, Project
from deskbridge.sandbox.jira.notify import ROLES
from deskbridge.sandbox.jira.permissions import may
from deskbridge.sandbox.jira.state import Site
from deskbridge.sandbox.jira.wire import Call, Rule
from deskbridge.sandbox.kernel import reply


def page_bean(call: Call, values: Sequence[Any], start: int, size: int, self_url: str) -> Json:
    """Return one page as most of Jira's lists are paged."""
    shown = list(values[start : start + size])
    last = start + size >= len(values)
    bean: Json = {"self": f"{self_url}?startAt={start}&maxResults={size}"} if self_url else {}
    if not last and self_url:
        bean["nextPage"] = f"{self_url}?startAt={start + size}&maxResults={size}"
    return {
        **bean,
        "maxResults": size,
        "startAt": start,
        "total": len(values),
        "isLast": last,
        "values": shown,
    }


def search(call: Call) -> Response:
    """Return the visible projects, a page at a time."""
    start, size = call.page()
    order = call.query("orderBy", "key")
    keys = {"key": lambda p: p.key, "name": lambda p: p.name.lower(), "category": lambda p: p.category}
    if order.lstrip("+-") not in {*keys, "owner", "issueCount", "lastIssueUpdatedDate", "archivedDate"}:
        raise errors.refusal(400, f"The orderBy value '{order}' is not supported.")
    found = sorted(
        (p for p in _visible(call) if _is_asked(call, p)), key=keys.get(order.lstrip("+-"), keys["key"])
    )
    if order.startswith("-"):
        found.reverse()
    shown = [_listed(call, project) for project in found]
    return reply(page_bean(call, shown, start, size, call.url("project/search")))


def _is_asked(call: Call, project: Project) -> bool:
    text, many = call.query("query").lower(), call.request.query_params.getlist
    keys, ids = [key.upper() for key in many("keys")], many("id")
    return (
        (text in project.name.lower() or text in project.key.lower())
        and (not keys or project.key in keys)
        and (not ids or project.id in ids)
        and (not call.query("typeKey") or project.kind in call.listed("typeKey"))
        and (not call.query("categoryId") or project.category == call.number("categoryId", 0))
    )


def _listed(call: Call, project: Project) -> Json:
    """Return a project as the search shows it: details only when they are expanded."""
    whole = shown(call, project)
    more = {
        name: whole[name] for name in call.listed("expand") if name in ("description", "lead", "issueTypes")
    }
    return _summary(call, project) | more


def _visible(call: Call) -> list[Project]:
    if call.caller is None or call.caller.customer:
        return []
    return [project for project in call.site.projects.values() if not project.archived]


def _summary(call: Call, project: Project) -> Json:
    shown = show.project(call, project)
    if not call.site.cloud:
        return {"expand": "description,lead,url,projectKeys", **shown}
    category = {"projectCategory": category_of(call, project.category)} if project.category else {}
    return {**shown, "style": project.style, "isPrivate": False, "properties": {}, **category}


def category_of(call: Call, id: int) -> Json:
    """Return a project category; the site has one."""
    return {"self": call.url(f"projectCategory/{id}"), "id": str(id), "name": "Default", "description": ""}


def projects(call: Call) -> Response:
    """Return all visible projects in one list."""
    return reply([_summary(call, project) for project in _visible(call)])


def _project(call: Call) -> Project:
    return call.site.project(call.caller, call.path("key"))


def project(call: Call) -> Response:
    """Return one project with its lead, types, components and versions."""
    return reply(shown(call, _project(call)))


def shown(call: Call, found: Project) -> Json:
    """Return one project with all that belongs to it."""
    more: Json = {
        "description": found.description,
        "lead": show.user(call, found.lead),
        "components": [show.part(call, "components", found, one) for one in found.components],
        "issueTypes": [show.issue_type(call, call.site.types[id]) for id in found.types],
        "versions": [show.part(call, "versions", found, one) for one in found.versions],
        "assigneeType": found.assignee_type,
        "roles": {
            name: call.url(f"project/{found.id}/role/{id}")
            for id, (name, _) in ROLES.items()
            if found.kind == "service_desk" or not name.startswith("Service")
        },
    }
    return {**_summary(call, found), **more, **({"url": found.url} if found.url else {})}


def project_statuses(call: Call) -> Response:
    """Return, for each kind of issue, the statuses it can have."""
    found = _project(call)
    statuses = show.statuses(call, workflow.statuses(call.site, found))
    kinds = [
        {
            "self": call.url(f"issuetype/{kind.id}"),
            "id": kind.id,
            "name": kind.name,
            "subtask": kind.subtask,
            "statuses": statuses,
        }
        for kind in (call.site.types[id] for id in found.types)
    ]
    return reply(kinds)


# --- what can be set ------------------------------------------------------------------------------


def meta_types(call: Call) -> Response:
    """Return the kinds of issues that can be made, in Cloud's shape (not a page bean)."""
    home = _project(call)
    kinds = [show.issue_type(call, call.site.types[id]) for id in home.types]
    return reply(_meta_page(call, "issueTypes", "createMetaIssueType", kinds))


def meta_fields(call: Call) -> Response:
    """Return the fields of one kind's create screen, with what they allow."""
    home = _project(call)
    kind = call.site.types.get(call.path("id"))
    if kind is None or kind.id not in home.types:
        raise errors.refusal(404, "Issue type does not exist or you do not have permission to see it.")
    metas = _create_screen(call, home, kind)
    return reply(_meta_page(call, "fields", "results", metas))


def _create_screen(call: Call, home: Project, kind: IssueType) -> list[Json]:
    hidden = {name for name, key in _GUARDED.items() if not may(call.caller, key, home)}
    fields = [name for name in edit.screen(call.site, "create", home) if name not in hidden]
    return [field_meta(call, call.site.fields[name], home, kind, creating=True) for name in fields]


_GUARDED = {"reporter": "MODIFY_REPORTER", "security": "SET_ISSUE_SECURITY"}


def old_meta(call: Call) -> Response:
    """Return what can be made, in the form that Cloud deprecates and Data Center 9 has no more."""
    keys, ids = call.listed("projectKeys"), call.listed("projectIds")
    expand = "projects.issuetypes.fields" in call.listed("expand")
    homes = [p for p in _visible(call) if (not keys or p.key in keys) and (not ids or p.id in ids)]
    shown = [
        {
            **_summary(call, home),
            "issuetypes": [_old_type(call, home, id, expand) for id in home.types if _wanted(call, id)],
        }
        for home in homes
        if may(call.caller, "CREATE_ISSUES", home)
    ]
    return reply({"expand": "projects", "projects": shown})


def _wanted(call: Call, id: str) -> bool:
    ids, names = call.listed("issuetypeIds"), call.listed("issuetypeNames")
    return (not ids or id in ids) and (not names or call.site.types[id].name in names)


def _old_type(call: Call, home: Project, id: str, expand: bool) -> Json:
    kind = call.site.types[id]
    shown = {**show.issue_type(call, kind), "expand": "fields"}
    fields = _create_screen(call, home, kind) if expand else []
    return shown | ({"fields": {field["key"]: field for field in fields}} if expand else {})


def _meta_page(call: Call, key: str, legacy: str, values: list[Json]) -> Json:
    start, size = call.page(most=200)
    if not call.site.cloud:
        return page_bean(call, values, start, size, "")
    if call.number("maxResults", 50) > 200:
        raise errors.refusal(400, "Parameter 'maxResults' must not exceed the limit '200'")
    shown = values[start : start + size]
    return {key: shown, legacy: shown, "startAt": start, "maxResults": size, "total": len(values)}


_OPERATIONS = {
    "labels": ["add", "set", "remove"],
    "components": ["add", "set", "remove"],
    "versions": ["set", "add", "remove"],
    "versionrefs": ["set", "add", "remove"],
    "options": ["add", "set", "remove"],
    "users": ["add", "set", "remove"],
    "organizations": ["add", "set", "remove"],
    "timetracking": ["set", "edit"],
    "worklogs": ["add"],
    "links": ["add", "copy"],
    "comments": ["add", "edit", "remove"],
}


def field_meta(call: Call, field: FieldDef, home: Project, kind: IssueType, *, creating: bool) -> Json:
    """Return what createmeta and editmeta say about a field."""
    default = creating and field.id in edit.DEFAULTED
    required = field.required or field.id in home.required or (field.id == "parent" and kind.subtask)
    meta: Json = {
        "required": required,
        "schema": field.schema,
        "name": field.name,
        "key": field.id,
        "hasDefaultValue": default,
        "operations": _OPERATIONS.get(field.kind, ["set"]),
    }
    if creating:
        meta["fieldId"] = field.id
    if field.id == "priority":
        meta["defaultValue"] = show.priority(call, catalogue.DEFAULT_PRIORITY)
    if field.kind in ("user", "labels"):
        tail = "user/search?issueKey=null&query=" if field.kind == "user" else "label/suggest?query="
        meta["autoCompleteUrl"] = call.url(tail)
    allowed = _allowed(call, field, home, kind)
    return meta if allowed is None else {**meta, "allowedValues": allowed}


def _allowed(call: Call, field: FieldDef, home: Project, kind: IssueType) -> list[Json] | None:
    if field.kind == "priority":
        return [show.priority(call, id) for id in catalogue.PRIORITIES]
    if field.kind == "security":
        return [show_issue.security(call, id) for id in catalogue.LEVELS]
    if field.kind == "cascade":
        return _tree(call, field)
    if field.kind == "resolution":
        return [show.named(call, "resolution", one) for one in catalogue.RESOLUTIONS.values()]
    if field.kind in ("option", "options"):
        url = call.url("customFieldOption/")
        open_ones = [one for one in field.options if one.id not in field.disabled]
        return [{"self": url + one.id, "value": one.name, "id": one.id} for one in open_ones]
    if field.kind in ("components", "versions"):
        return [show.part(call, field.kind, home, one) for one in call.site.parts(field.kind, home.id)]
    if field.kind == "issuetype":
        return [show.issue_type(call, kind)]
    return [show.project(call, home)] if field.kind == "project" else None


def _tree(call: Call, field: FieldDef) -> list[Json]:
    """Return a cascading field's options, children below their parents."""
    shown: dict[str, Json] = {}
    for one in field.options:
        parent, child, name = one.name.partition(CHILD)
        row: Json = {"self": call.url(f"customFieldOption/{one.id}"), "value": name or parent, "id": one.id}
        if child:
            shown[parent].setdefault("children", []).append(row)
        else:
            shown[parent] = row
    return list(shown.values())


def transition_fields(
    call: Call, site: Site, found: workflow.Transition, home: Project, kind: IssueType
) -> Json:
    """Return the fields of a transition's screen."""
    metas = {name: field_meta(call, site.fields[name], home, kind, creating=False) for name in found.screen}
    return {name: {**meta, "required": name in found.required} for name, meta in metas.items()}


RULES = [
    Rule("GET", "/rest/api/{v}/project/search", search),
    Rule("GET", "/rest/api/{v}/project", projects),
    Rule("GET", "/rest/api/{v}/project/{key}", project),
    Rule("GET", "/rest/api/{v}/project/{key}/statuses", project_statuses),
    Rule("GET", "/rest/api/{v}/issue/createmeta", old_meta, on="cloud"),
    Rule("GET", "/rest/api/{v}/issue/createmeta/{key}/issuetypes", meta_types),
    Rule("GET", "/rest/api/{v}/issue/createmeta/{key}/issuetypes/{id}", meta_fields),
]
