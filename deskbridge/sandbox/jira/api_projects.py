"""Projects, their components, versions and statuses, and what can be set at creation (reference, 3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from deskbridge.sandbox.jira import catalogue, errors, show, workflow
from deskbridge.sandbox.jira.model import Component, FieldDef, IssueType, Json, Project
from deskbridge.sandbox.jira.state import Site
from deskbridge.sandbox.jira.wire import Call, Rule, optional
from deskbridge.sandbox.kernel import reply


def page_bean(call: Call, values: Sequence[Any], start: int, size: int, self_url: str) -> Json:
    """Return one page as most of Jira's lists are paged."""
    shown = list(values[start : start + size])
    last = start + size >= len(values)
    bean: Json = {"self": f"{self_url}?startAt={start}&maxResults={size}"}
    if not last:
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
    text = call.query("query").lower()
    keys = [key.upper() for key in call.request.query_params.getlist("keys")]
    found = [
        _summary(call, project)
        for project in _visible(call)
        if (text in project.name.lower() or text in project.key.lower()) and (not keys or project.key in keys)
    ]
    return reply(page_bean(call, found, start, size, call.url("project/search")))


def _visible(call: Call) -> list[Project]:
    return list(call.site.projects.values()) if call.caller else []


def _summary(call: Call, project: Project) -> Json:
    return {**show.project(call, project), "style": "classic", "isPrivate": False, "properties": {}}


def projects(call: Call) -> Response:
    """Return all visible projects in one list."""
    return reply([_summary(call, project) for project in _visible(call)])


def _project(call: Call) -> Project:
    return call.site.project(call.caller, call.path("key"))


def project(call: Call) -> Response:
    """Return one project with its lead, types, components and versions."""
    found = _project(call)
    more = {
        "description": "",
        "lead": show.user(call, found.lead),
        "components": [show.part(call, "components", found, one) for one in found.components],
        "issueTypes": [show.issue_type(call, kind) for kind in catalogue.ISSUE_TYPES.values()],
        "versions": [show.part(call, "versions", found, one) for one in found.versions],
        "assigneeType": "UNASSIGNED",
        "roles": {},
    }
    return reply({**_summary(call, found), **more})


def project_statuses(call: Call) -> Response:
    """Return, for each kind of issue, the statuses it can have."""
    _project(call)
    statuses = [show.status(call, status) for status in catalogue.STATUSES.values()]
    kinds = [
        {
            "self": call.url(f"issuetype/{kind.id}"),
            "id": kind.id,
            "name": kind.name,
            "subtask": kind.subtask,
            "statuses": statuses,
        }
        for kind in catalogue.ISSUE_TYPES.values()
    ]
    return reply(kinds)


def components(call: Call) -> Response:
    """Return a project's components."""
    found = _project(call)
    return reply([show.part(call, "components", found, one) for one in found.components])


def versions(call: Call) -> Response:
    """Return a project's versions."""
    found = _project(call)
    return reply([show.part(call, "versions", found, one) for one in found.versions])


def create_component(call: Call) -> Response:
    """Make a component; only those who administer the project may (reference, 7.3)."""
    body = call.object()
    home = call.site.project(call.caller, optional(body, "project", str, ""))
    _may_administer(call)
    name = _part_name(body, home.components, "component")
    made = Component(str(call.site.next_id("component")), name, optional(body, "description", str, ""))
    made.lead = optional(body, "leadAccountId", str, "")
    made.assignee_type = optional(body, "assigneeType", str, "PROJECT_DEFAULT")
    if made.lead and made.lead not in call.site.users:
        raise errors.refusal(400, errors={"leadAccountId": "The user does not exist."})
    home.components.append(made)
    return reply(show.part(call, "components", home, made), 201)


def create_version(call: Call) -> Response:
    """Make a version; only those who administer the project may."""
    body = call.object()
    named = body.get("projectId", optional(body, "project", str, ""))
    home = call.site.project(call.caller, named)
    _may_administer(call)
    name = _part_name(body, home.versions, "version")
    made = Component(str(call.site.next_id("version")), name, optional(body, "description", str, ""))
    made.released = bool(optional(body, "released", bool))
    home.versions.append(made)
    return reply(show.part(call, "versions", home, made), 201)


def _may_administer(call: Call) -> None:
    if not call.user.project_admin:
        raise errors.forbidden("The user does not have permission to complete this operation.")


def _part_name(body: Json, existing: Sequence[Component], what: str) -> str:
    name: str = optional(body, "name", str, "").strip()
    if not name:
        raise errors.refusal(
            400, errors={"name": f"The {what} name specified is invalid - cannot be an empty string."}
        )
    if len(name) > 255:
        raise errors.refusal(
            400, errors={"name": f"The {what} name must not exceed 255 characters in length."}
        )
    if any(one.name.lower() == name.lower() for one in existing):
        text = f"A {what} with the name {name} already exists in this project."
        raise errors.refusal(400, errors={"name": text})
    return name


def part(call: Call) -> Response:
    """Return a component by id."""
    for home in _visible(call):
        found = call.site.component("components", home.id, call.path("id"))
        if found is not None:
            return reply(show.part(call, "components", home, found))
    raise errors.refusal(404, f"The component with id {call.path('id')} does not exist.")


# --- what can be set ------------------------------------------------------------------------------


def meta_types(call: Call) -> Response:
    """Return the kinds of issues that can be made, in Cloud's shape (not a page bean)."""
    _project(call)
    kinds = [show.issue_type(call, kind) for kind in catalogue.ISSUE_TYPES.values()]
    return reply(_meta_page(call, "issueTypes", "createMetaIssueType", kinds))


def meta_fields(call: Call) -> Response:
    """Return the fields of one kind's create screen, with what they allow."""
    home = _project(call)
    kind = catalogue.ISSUE_TYPES.get(call.path("id"))
    if kind is None:
        raise errors.refusal(404, "Issue type does not exist or you do not have permission to see it.")
    screen = [field for field in call.site.fields.values() if "create" in field.screens]
    metas = [field_meta(call, field, home, kind, creating=True) for field in screen]
    return reply(_meta_page(call, "fields", "results", metas))


def _meta_page(call: Call, key: str, legacy: str, values: list[Json]) -> Json:
    if call.number("maxResults", 50) > 200:
        raise errors.refusal(400, "Parameter 'maxResults' must not exceed the limit '200'")
    start, size = call.page(most=200)
    shown = values[start : start + size]
    return {key: shown, legacy: shown, "startAt": start, "maxResults": size, "total": len(values)}


_OPERATIONS = {
    "labels": ["add", "set", "remove"],
    "components": ["add", "set", "remove"],
    "versions": ["set", "add", "remove"],
    "options": ["add", "set", "remove"],
    "links": ["add", "copy"],
    "comments": ["add", "edit", "remove"],
}


def field_meta(call: Call, field: FieldDef, home: Project, kind: IssueType, *, creating: bool) -> Json:
    """Return what createmeta and editmeta say about a field."""
    default = creating and field.id in ("priority", "reporter")
    meta: Json = {
        "required": field.required or (field.id == "parent" and kind.subtask),
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
    if field.kind == "resolution":
        return [show.named(call, "resolution", one) for one in catalogue.RESOLUTIONS.values()]
    if field.kind in ("option", "options"):
        url = call.url("customFieldOption/")
        return [{"self": url + one.id, "value": one.name, "id": one.id} for one in field.options]
    if field.kind in ("components", "versions"):
        return [show.part(call, field.kind, home, one) for one in call.site.parts(field.kind, home.id)]
    if field.kind == "issuetype":
        return [show.issue_type(call, kind)]
    return [show.project(call, home)] if field.kind == "project" else None


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
    Rule("GET", "/rest/api/{v}/project/{key}/components", components),
    Rule("GET", "/rest/api/{v}/project/{key}/versions", versions),
    Rule("POST", "/rest/api/{v}/component", create_component, sign_in=True),
    Rule("GET", "/rest/api/{v}/component/{id}", part),
    Rule("POST", "/rest/api/{v}/version", create_version, sign_in=True),
    Rule("GET", "/rest/api/{v}/issue/createmeta/{key}/issuetypes", meta_types),
    Rule("GET", "/rest/api/{v}/issue/createmeta/{key}/issuetypes/{id}", meta_fields),
]
