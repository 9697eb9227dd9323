"""Projects made, changed and deleted; roles and who is in them; notification schemes (reference, 7.3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from deskbridge.sandbox.jira import (
    adds,
    api_projects,
    catalogue,
    errors,
    events,
    fresh,
    show,
    show_issue,
)
from deskbridge.sandbox.jira.fields import GROUPS
from deskbridge.sandbox.jira.model import Json, Project, User
from deskbridge.sandbox.jira.notify import ROLES
from deskbridge.sandbox.jira.permissions import administer, administer_project, may
from deskbridge.sandbox.jira.wire import Call, Rule, optional
from deskbridge.sandbox.kernel import reply

_G, _S, _C = (
    "com.pyxis.greenhopper.jira:gh-simplified-",
    "com.atlassian.servicedesk:",
    "com.atlassian.jira-core-project-templates:jira-core-simplified-",
)
# key of a template: type of project, style, type of its board
TEMPLATES = {
    **{_G + "agility-" + kind: ("software", "next-gen", kind) for kind in ("kanban", "scrum")},
    _G + "kanban-classic": ("software", "classic", "kanban"),
    _G + "scrum-classic": ("software", "classic", "scrum"),
    _G + "basic": ("software", "classic", "kanban"),
    "com.pyxis.greenhopper.jira:basic-software-development-template": ("software", "classic", "kanban"),
    **{
        _S + name: ("service_desk", "classic", "")
        for name in (
            "simplified-it-service-management",
            "simplified-general-service-desk-it",
            "simplified-external-service-desk",
            "simplified-internal-service-desk",
            "simplified-it-service-desk",
            "company-managed-blank-service-project",
            "company-managed-general-service-project",
        )
    },
    **{
        _C + name: ("business", "classic", "")
        for name in (
            "content-management",
            "document-approval",
            "lead-tracking",
            "process-control",
            "procurement",
            "project-management",
            "recruitment",
            "task-tracking",
        )
    },
}
_KEY = re.compile(r"[A-Z][A-Z0-9]{1,9}")
_ASSIGNEES = ("PROJECT_LEAD", "UNASSIGNED")


def create(call: Call) -> Response:
    """Make a project by a template; a software one comes with a board."""
    administer(call.user)
    body = call.object()
    kind, style, board = _template(body)
    lead = _lead(call, body)
    wrong = _wrong(call, body, lead) | ({} if kind else {"projectTypeKey": _template_error(body)})
    if wrong:
        raise errors.refusal(400, errors=wrong)
    assert lead is not None
    made = fresh.add_project(call.site, body["key"], body["name"], lead.account_id, kind)
    _set(call, made, body)
    if style == "next-gen":
        fresh.own_statuses(call.site, made)
    if board:
        fresh.board_for(call.site, made, board, f"{made.key} board")
    if kind == "service_desk":
        fresh.furnish_desk(call.site, made)
    events.told(call.site, ["project_created"], project=show.project(call, made))
    url = call.url(f"project/{made.id}")
    return reply({"self": url, "id": int(made.id), "key": made.key}, 201)


def _template(body: Json) -> tuple[str, str, str]:
    """Return the type, style and board of a new project; an empty type when the body doesn't say well."""
    key, kind = body.get("projectTemplateKey"), body.get("projectTypeKey")
    if key is None:
        return (
            (str(kind), "classic", "kanban" if kind == "software" else "")
            if kind in catalogue.TYPES_OF
            else ("",) * 3
        )
    found = TEMPLATES.get(str(key), ("", "", ""))
    return found if kind in (None, found[0]) else ("", "", "")


def _template_error(body: Json) -> str:
    if body.get("projectTemplateKey") and str(body["projectTemplateKey"]) not in TEMPLATES:
        return "The project template does not exist."
    return "A project type, or a template that matches it, must be specified."


def _lead(call: Call, body: Json) -> User | None:
    return call.site.named(body.get("leadAccountId" if call.site.cloud else "lead"))


def _wrong(call: Call, body: Json, lead: User | None) -> dict[str, str]:
    key, name = optional(body, "key", str, ""), optional(body, "name", str, "").strip()
    projects = call.site.projects.values()
    wrong: dict[str, str] = {}
    taken = next((one for one in projects if one.key == key), None)
    if not _KEY.fullmatch(key):
        wrong["projectKey"] = (
            "Project keys must start with an uppercase letter, followed by one or more uppercase "
            "alphanumeric characters."
        )
    elif taken is not None:
        wrong["projectKey"] = f"Project '{taken.name}' uses this project key."
    if not 0 < len(name) <= 80:
        wrong["projectName"] = "You must specify a valid project name."
    elif any(one.name.lower() == name.lower() for one in projects):
        wrong["projectName"] = "A project with that name already exists."
    if lead is None or not lead.active or lead.customer:
        wrong["leadAccountId" if call.site.cloud else "projectLead"] = (
            "You must specify a valid project lead."
        )
    if optional(body, "assigneeType", str, "UNASSIGNED") not in _ASSIGNEES:
        wrong["assigneeType"] = "The default assignee is invalid."
    return wrong | _wrong_schemes(call, body)


def _wrong_schemes(call: Call, body: Json) -> dict[str, str]:
    known = {"notificationScheme": set(call.site.schemes), "permissionScheme": {0}, "categoryId": {10000}}
    return {
        name: f"A {name} with ID {body[name]} does not exist."
        for name, ids in known.items()
        if body.get(name) is not None and body[name] not in ids
    }


def _set(call: Call, found: Project, body: Json) -> None:
    found.description = optional(body, "description", str, found.description)
    found.url = optional(body, "url", str, found.url)
    found.assignee_type = optional(body, "assigneeType", str, found.assignee_type)
    found.category = optional(body, "categoryId", int, found.category)
    found.notification_scheme = optional(body, "notificationScheme", int, found.notification_scheme)
    found.security = found.security or optional(body, "issueSecurityScheme", int) is not None


def change(call: Call) -> Response:
    """Change a project; its notification scheme is swapped here too (reference, 11.3).

    A project's administrator may do all but change its schemes or its key: that takes one of the site's.
    """
    found = call.site.project(call.caller, call.path("key"))
    administer_project(call.user, found)
    body = call.object()
    if ("key" in body and body["key"] != found.key) or any(name.endswith("Scheme") for name in body):
        administer(call.user)
    whole = {"key": found.key, "name": found.name, **body}
    lead = _lead(call, body) or call.site.users[found.lead]
    projects = dict(call.site.projects)
    del call.site.projects[found.id]
    try:
        wrong = _wrong(call, whole, lead)
    finally:
        call.site.projects = projects
    if wrong:
        raise errors.refusal(400, errors=wrong)
    _set(call, found, body)
    found.name, found.lead = whole["name"], lead.account_id
    if found.key != whole["key"]:
        _rekey(call, found, whole["key"])
    shown = api_projects.shown(call, found)
    events.told(call.site, ["project_updated"], project=show.project(call, found))
    return reply(shown)


def _rekey(call: Call, found: Project, key: str) -> None:
    """Give a project another key; issues follow, and their old keys still find them."""
    found.key = key
    for issue in call.site.issues.values():
        if issue.project == found.id:
            issue.key = f"{key}-{issue.key.rpartition('-')[2]}"
            call.site.keys[issue.key] = issue.id
            call.site.noted(issue.id)


def delete(call: Call) -> Response:
    """Delete a project with all that is in it."""
    found = call.site.project(call.caller, call.path("key"))
    administer(call.user)
    for issue in [one for one in call.site.issues.values() if one.project == found.id]:
        adds.forget(call.site, issue, call.user)
    site = call.site
    events.told(site, ["project_deleted"], project=show.project(call, found))
    del site.projects[found.id]
    site.boards = {id: one for id, one in site.boards.items() if one.project != found.id}
    site.desks = {id: one for id, one in site.desks.items() if one.project != found.id}
    for saved in site.filters.values():
        saved.shares = [share for share in saved.shares if share.get("project") != found.id]
    return reply(status=204)


def archive(call: Call) -> Response:
    """Archive a project, or restore it."""
    found = call.site.project(call.caller, call.path("key"))
    administer(call.user)
    found.archived = call.request.url.path.endswith("/archive")
    for issue in call.site.issues.values():
        if issue.project == found.id:
            issue.archived = found.archived
            call.site.noted(issue.id)
    return reply(status=204) if found.archived else reply(api_projects.shown(call, found))


# --- roles ----------------------------------------------------------------------------------------


def _role(call: Call, home: Project) -> tuple[str, str]:
    id = call.path("role")
    if id not in ROLES:
        raise errors.refusal(404, f"Can not retrieve a role actor for a null project role: {id}.")
    return id, ROLES[id][0]


def roles(call: Call) -> Response:
    """Return the addresses of a project's roles, by their names."""
    home = call.site.project(call.caller, call.path("key"))
    found = {name: call.url(f"project/{home.id}/role/{id}") for id, (name, _) in ROLES.items()}
    return reply(found)


def all_roles(call: Call) -> Response:
    """Return the roles there are."""
    return reply([_shown_role(call, id) for id in ROLES])


def one_role(call: Call) -> Response:
    """Return one role."""
    if call.path("role") not in ROLES:
        raise errors.refusal(404, f"Can not find a role with id '{call.path('role')}'.")
    return reply(_shown_role(call, call.path("role")))


def _shown_role(call: Call, id: str) -> Json:
    name = ROLES[id][0]
    return {"self": call.url(f"role/{id}"), "name": name, "id": int(id), "description": "", "actors": []}


def role(call: Call) -> Response:
    """Return a project's role with who is in it."""
    home = call.site.project(call.caller, call.path("key"))
    return reply(_with_actors(call, home, *_role(call, home)))


def _with_actors(call: Call, home: Project, id: str, name: str) -> Json:
    actors = [_actor(call, one) for one in home.actors.get(id, [])]
    shown = _shown_role(call, id)
    return {**shown, "self": call.url(f"project/{home.id}/role/{id}"), "actors": actors}


def _actor(call: Call, given: Json) -> Json:
    if "group" in given:
        group = show_issue.group(call, given["group"])
        head: Json = {"id": given["id"], "displayName": group["name"], "type": "atlassian-group-role-actor"}
        return head | ({"actorGroup": group} if call.site.cloud else {"name": group["name"]})
    user = call.site.users[given["user"]]
    head = {"id": given["id"], "displayName": user.name, "type": "atlassian-user-role-actor"}
    return head | (
        {"actorUser": {"accountId": user.account_id}} if call.site.cloud else {"name": user.username}
    )


def add_actors(call: Call) -> Response:
    """Put people and groups into a project's role."""
    home = call.site.project(call.caller, call.path("key"))
    id, name = _role(call, home)
    administer_project(call.user, home)
    new = _named(call, call.object())
    have = home.actors.setdefault(id, [])
    if any(_same(one, other) for one in new for other in have):
        raise errors.refusal(400, "The actor is already a member of the project role.")
    have += [{"id": call.site.next_id("actor"), **one} for one in new]
    return reply(_with_actors(call, home, id, name))


def _same(one: Json, other: Json) -> bool:
    return all(other.get(key) == value for key, value in one.items())


def _named(call: Call, body: Json) -> list[Json]:
    groups = {show_issue.group_id(name): name for name in GROUPS}
    found: list[Json] = []
    for given in optional(body, "user", list, []):
        user = call.site.named(given)
        if user is None:
            raise errors.refusal(400, f"We can't find '{given}' in any accessible user directory.")
        found.append({"user": user.account_id})
    for given in [*optional(body, "group", list, []), *optional(body, "groupId", list, [])]:
        name = groups.get(given, given)
        if name not in GROUPS:
            raise errors.refusal(400, f"We can't find '{given}' in any accessible user directory.")
        found.append({"group": name})
    if not found:
        raise errors.refusal(400, "At least one actor must be given.")
    return found


def set_actors(call: Call) -> Response:
    """Say anew who is in a project's role."""
    home = call.site.project(call.caller, call.path("key"))
    id, name = _role(call, home)
    administer_project(call.user, home)
    given = optional(call.object(), "categorisedActors", dict, {})
    body = {"user": given.get("atlassian-user-role-actor"), "group": given.get("atlassian-group-role-actor")}
    body["groupId"] = given.get("atlassian-group-role-actor-id")
    new = _named(call, body) if any(body.values()) else []
    home.actors[id] = [{"id": call.site.next_id("actor"), **one} for one in new]
    return reply(_with_actors(call, home, id, name))


def drop_actor(call: Call) -> Response:
    """Take one person or group out of a project's role."""
    home = call.site.project(call.caller, call.path("key"))
    id, _ = _role(call, home)
    administer_project(call.user, home)
    user = call.site.named(call.query("user")) if call.query("user") else None
    groups = {show_issue.group_id(name): name for name in GROUPS}
    group = groups.get(call.query("groupId"), call.query("group"))
    wanted: Json = {"user": user.account_id} if user else {"group": group}
    have = home.actors.get(id, [])
    kept = [one for one in have if not _same(wanted, one)]
    if len(kept) == len(have):
        raise errors.refusal(404, "The actor is not a member of the project role.")
    home.actors[id] = kept
    return reply(status=204)


def templates(call: Call) -> Response:
    """Return the templates, by type, at the address that the `jira` library knows."""
    if not may(call.caller, "ADMINISTER"):
        raise errors.forbidden("Only administrators can see the templates.")
    groups: dict[str, list[Json]] = {}
    for key, (kind, _, _) in TEMPLATES.items():
        name = key.rpartition(":")[2]
        groups.setdefault(kind, []).append({"name": name, "projectTemplateModuleCompleteKey": key})
    shown = [{"projectTypeKey": kind, "projectTemplates": found} for kind, found in groups.items()]
    return reply({"projectTemplatesGroupedByType": shown})


_P = "/rest/api/{v}/project"
_R = _P + "/{key}/role/{role}"
_RULES: dict[str, dict[str, Callable[[Call], Any]]] = {
    _P: {"POST": create},
    _P + "/{key}": {"PUT": change, "DELETE": delete},
    _P + "/{key}/archive": {"POST": archive, "PUT": archive},
    _P + "/{key}/restore": {"POST": archive, "PUT": archive},
    _P + "/{key}/role": {"GET": roles},
    _R: {"GET": role, "POST": add_actors, "PUT": set_actors, "DELETE": drop_actor},
    "/rest/api/{v}/role": {"GET": all_roles},
    "/rest/api/{v}/role/{role}": {"GET": one_role},
    "/rest/project-templates/latest/templates": {"GET": templates},
}
RULES = [
    Rule(
        method, path, handler, sign_in=True, bare=method == "DELETE" or path.endswith(("archive", "restore"))
    )
    for path, handlers in _RULES.items()
    for method, handler in handlers.items()
]
