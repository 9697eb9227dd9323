"""Components and versions of projects (reference, 7.3)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.responses import Response

from deskbridge.sandbox.jira import edit, errors, events, permissions, show
from deskbridge.sandbox.jira.api_projects import page_bean
from deskbridge.sandbox.jira.model import Component, Json, Project
from deskbridge.sandbox.jira.permissions import may
from deskbridge.sandbox.jira.wire import Call, Handler, Rule, optional
from deskbridge.sandbox.kernel import reply

LONGEST_NAME = 255
_LEADS = ("PROJECT_DEFAULT", "COMPONENT_LEAD", "PROJECT_LEAD", "UNASSIGNED")
_FIELDS = {"components": ("components",), "versions": ("fixVersions", "versions")}


def listed(kind: str) -> Handler:
    """Return the handler that gives all components or versions of a project in one list."""

    def handler(call: Call) -> Response:
        home = call.site.project(call.caller, call.path("key"))
        return reply([show.part(call, kind, home, one) for one in call.site.parts(kind, home.id)])

    return handler


def paged(kind: str) -> Handler:
    """Return the handler that gives them a page at a time, by a part of their name."""

    def handler(call: Call) -> Response:
        home = call.site.project(call.caller, call.path("key"))
        start, size = call.page()
        text = call.query("query").lower()
        found = [one for one in call.site.parts(kind, home.id) if text in one.name.lower()]
        shown = [show.part(call, kind, home, one) for one in found]
        return reply(page_bean(call, shown, start, size, call.url(f"project/{home.key}/{kind[:-1]}")))

    return handler


def _find(call: Call, kind: str) -> tuple[Project, Component]:
    for home in call.site.projects.values() if call.caller and not call.caller.customer else ():
        found = call.site.component(kind, home.id, call.path("id"))
        if found is not None:
            return home, found
    if kind == "components":
        raise errors.refusal(404, f"The component with id {call.path('id')} does not exist.")
    raise errors.refusal(404, f"Could not find version for id '{call.path('id')}'")


def get(kind: str) -> Handler:
    """Return the handler that gives one by its id."""
    return lambda call: reply(show.part(call, kind, *_find(call, kind)))


def _name(body: Json, existing: Sequence[Component], what: str, but: Component | None = None) -> str:
    name: str = optional(body, "name", str, "").strip()
    wrong = ""
    if not name:
        wrong = f"The {what} name specified is invalid - cannot be an empty string."
    elif len(name) > LONGEST_NAME:
        wrong = f"The {what} name must not exceed {LONGEST_NAME} characters in length."
    elif any(one is not but and one.name.lower() == name.lower() for one in existing):
        wrong = f"A {what} with the name {name} already exists in this project."
    if wrong:
        raise errors.refusal(400, errors={"name": wrong})
    return name


def create_component(call: Call) -> Response:
    """Make a component; only those who administer the project may."""
    body = call.object()
    home = call.site.project(call.caller, optional(body, "project", str, ""))
    permissions.administer_project(call.user, home)
    name = _name(body, home.components, "component")
    made = Component("", name)
    _set_component(call, home, made, body)
    made.id = str(call.site.next_id("component"))
    home.components.append(made)
    return reply(show.part(call, "components", home, made), 201)


def _set_component(call: Call, home: Project, part: Component, body: Json) -> None:
    """Take over what a body says of a component, or refuse all of it."""
    description = optional(body, "description", str, part.description)
    lead: str = optional(body, "leadAccountId" if call.site.cloud else "leadUserName", str, "")
    person = call.site.named(lead) if lead else None
    kind = optional(body, "assigneeType", str, part.assignee_type)
    wrong = {}
    if lead and person is None:
        wrong["leadAccountId" if call.site.cloud else "leadUserName"] = "The user does not exist."
    if kind not in _LEADS:
        wrong["assigneeType"] = f"The assigneeType '{kind}' is not valid."
    if wrong:
        raise errors.refusal(400, errors=wrong)
    part.description, part.assignee_type = description, kind
    part.lead = person.account_id if person else part.lead


def put_component(call: Call) -> Response:
    """Change what a body names of a component."""
    home, part = _find(call, "components")
    permissions.administer_project(call.user, home)
    body = call.object()
    name = _name(body, home.components, "component", part) if "name" in body else part.name
    _set_component(call, home, part, body)
    part.name = name
    return reply(show.part(call, "components", home, part))


def delete_component(call: Call) -> Response:
    """Delete a component; its issues go to another one when one is named."""
    home, part = _find(call, "components")
    permissions.administer_project(call.user, home)
    _replace(call, home, "components", part, [call.query("moveIssuesTo")])
    home.components.remove(part)
    return reply(status=204)


def _replace(call: Call, home: Project, kind: str, part: Component, targets: Sequence[str]) -> None:
    """Take a part off all issues, putting on each of its fields the target named for it, if any."""
    known = {one.id for one in call.site.parts(kind, home.id)} - {part.id}
    if any(target and target not in known for target in targets):
        raise errors.refusal(404, f"The {kind[:-1]} to move the issues to does not exist.")
    for issue in list(call.site.issues.values()):
        for field, target in zip(_FIELDS[kind], targets, strict=True):
            have = issue.values.get(field) or []
            if part.id in have:
                new = [*dict.fromkeys([*(id for id in have if id != part.id), *([target] if target else [])])]
                edit.apply(call.site, issue, call.user, {field: new})


def search_components(call: Call) -> Response:
    """Return the components of projects, of all that the caller sees unless some are named."""
    start, size = call.page()
    named = call.listed("projectIdsOrKeys")
    homes = [call.site.project(call.caller, one) for one in named]
    homes = homes or [one for one in call.site.projects.values() if may(call.caller, "BROWSE_PROJECTS", one)]
    text = call.query("query").lower()
    found = [
        {
            "self": call.url(f"component/{one.id}"),
            "id": one.id,
            "name": one.name,
            "description": one.description,
        }
        for home in homes
        for one in home.components
        if text in one.name.lower()
    ]
    return reply(page_bean(call, found, start, size, call.url("component")))


def component_count(call: Call) -> Response:
    """Return how many issues have a component."""
    _, part = _find(call, "components")
    count = sum(part.id in (issue.values.get("components") or ()) for issue in call.site.issues.values())
    return reply({"self": call.url(f"component/{part.id}"), "issueCount": count})


# --- versions -------------------------------------------------------------------------------------


def create_version(call: Call) -> Response:
    """Make a version; only those who administer the project may."""
    body = call.object()
    home = call.site.project(call.caller, body.get("projectId", optional(body, "project", str, "")))
    permissions.administer_project(call.user, home)
    made = Component("", _name(body, home.versions, "version"))
    _set_version(made, body)
    made.id = str(call.site.next_id("version"))
    home.versions.append(made)
    shown = show.part(call, "versions", home, made)
    events.told(call.site, ["jira:version_created"], version=shown)
    return reply(shown, 201)


def _set_version(part: Component, body: Json) -> None:
    dates = {name: optional(body, name, str, "") for name in ("startDate", "releaseDate")}
    wrong = {
        n: f"Invalid date '{d}'." for n, d in dates.items() if d and not re.fullmatch(r"\d{4}-\d\d-\d\d", d)
    }
    if wrong:
        raise errors.refusal(400, errors=wrong)
    part.description = optional(body, "description", str, part.description)
    part.released = optional(body, "released", bool, part.released)
    part.archived = optional(body, "archived", bool, part.archived)
    part.start_date = dates["startDate"] or part.start_date
    part.release_date = dates["releaseDate"] or part.release_date


def put_version(call: Call) -> Response:
    """Change what a body names of a version."""
    home, part = _find(call, "versions")
    permissions.administer_project(call.user, home)
    body, before = call.object(), part.released
    name = _name(body, home.versions, "version", part) if "name" in body else part.name
    _set_version(part, body)
    part.name = name
    shown = show.part(call, "versions", home, part)
    if before != part.released:
        event = "jira:version_released" if part.released else "jira:version_unreleased"
        events.told(call.site, [event], version=shown)
    events.told(call.site, ["jira:version_updated"], version=shown)
    return reply(shown)


def delete_version(call: Call) -> Response:
    """Delete a version; its issues go to others when they are named."""
    home, part = _find(call, "versions")
    permissions.administer_project(call.user, home)
    _replace(
        call, home, "versions", part, [call.query("moveFixIssuesTo"), call.query("moveAffectedIssuesTo")]
    )
    home.versions.remove(part)
    events.told(call.site, ["jira:version_deleted"], version=show.part(call, "versions", home, part))
    return reply(status=204)


def swap_version(call: Call) -> Response:
    """Delete a version, putting others on its issues (the newer way)."""
    home, part = _find(call, "versions")
    permissions.administer_project(call.user, home)
    body = call.object()
    targets = [str(body.get(name) or "") for name in ("moveFixIssuesTo", "moveAffectedIssuesTo")]
    _replace(call, home, "versions", part, targets)
    home.versions.remove(part)
    events.told(call.site, ["jira:version_deleted"], version=show.part(call, "versions", home, part))
    return reply(status=204)


def move_version(call: Call) -> Response:
    """Move a version within its project's order."""
    home, part = _find(call, "versions")
    permissions.administer_project(call.user, home)
    body = call.object()
    after, position = optional(body, "after", str, ""), optional(body, "position", str, "")
    others = [one for one in home.versions if one is not part]
    here = home.versions.index(part)
    places = {"First": 0, "Last": len(others), "Earlier": max(0, here - 1), "Later": here + 1}
    at = next((n + 1 for n, one in enumerate(others) if after.rpartition("/")[2] == one.id), None)
    if bool(after) == bool(position) or (after and at is None) or (position and position not in places):
        raise errors.refusal(400, "Exactly one of 'after' and 'position' must be given, and be valid.")
    others.insert(places[position] if at is None else at, part)
    home.versions[:] = others
    return reply(show.part(call, "versions", home, part))


def related(call: Call) -> Response:
    """Return how many issues are fixed in, and affected by, a version."""
    _, part = _find(call, "versions")
    issues = call.site.issues.values()
    fixed = sum(part.id in (issue.values.get("fixVersions") or ()) for issue in issues)
    affected = sum(part.id in (issue.values.get("versions") or ()) for issue in issues)
    counts = {"issuesFixedCount": fixed, "issuesAffectedCount": affected}
    more = {"issueCountWithCustomFieldsShowingVersion": 0, "customFieldUsage": []}
    return reply({"self": call.url(f"version/{part.id}"), **counts, **more})


def unresolved(call: Call) -> Response:
    """Return how many issues of a version are still open."""
    _, part = _find(call, "versions")
    rows = [one for one in call.site.issues.values() if part.id in (one.values.get("fixVersions") or ())]
    open_ones = sum(not one.values.get("resolution") for one in rows)
    counts = {"issuesUnresolvedCount": open_ones, "issuesCount": len(rows)}
    return reply({"self": call.url(f"version/{part.id}"), **counts})


_V = "/rest/api/{v}/"
RULES = [
    Rule("GET", _V + "project/{key}/components", listed("components")),
    Rule("GET", _V + "project/{key}/component", paged("components"), on="cloud"),
    Rule("GET", _V + "component", search_components, on="cloud"),
    Rule("POST", _V + "component", create_component, sign_in=True),
    Rule("GET", _V + "component/{id}", get("components")),
    Rule("PUT", _V + "component/{id}", put_component, sign_in=True),
    Rule("DELETE", _V + "component/{id}", delete_component, sign_in=True, bare=True),
    Rule("GET", _V + "component/{id}/relatedIssueCounts", component_count),
    Rule("GET", _V + "project/{key}/versions", listed("versions")),
    Rule("GET", _V + "project/{key}/version", paged("versions")),
    Rule("POST", _V + "version", create_version, sign_in=True),
    Rule("GET", _V + "version/{id}", get("versions")),
    Rule("PUT", _V + "version/{id}", put_version, sign_in=True),
    Rule("DELETE", _V + "version/{id}", delete_version, sign_in=True, bare=True),
    Rule("POST", _V + "version/{id}/removeAndSwap", swap_version, sign_in=True),
    Rule("POST", _V + "version/{id}/move", move_version, sign_in=True),
    Rule("GET", _V + "version/{id}/relatedIssueCounts", related),
    Rule("GET", _V + "version/{id}/unresolvedIssueCount", unresolved),
]
