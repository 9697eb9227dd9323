"""What a client asks about the site itself: who am I, what may I, which words are there."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from deskbridge.sandbox.jira import catalogue, errors, show, show_issue, workflow
from deskbridge.sandbox.jira.api_people import groups_of
from deskbridge.sandbox.jira.api_projects import page_bean
from deskbridge.sandbox.jira.model import FieldDef, Json, LinkType, Named, Project, Status, User
from deskbridge.sandbox.jira.permissions import PERMISSIONS, may
from deskbridge.sandbox.jira.wire import Call, Handler, Rule, optional, texts
from deskbridge.sandbox.kernel import Refused, reply


def server_info(call: Call) -> Response:
    """Return what kind of Jira this is; anybody may ask."""
    now, cloud = call.stamp(call.site.now()), call.site.cloud
    return reply(
        {
            "baseUrl": call.site.base_url,
            **({"displayUrl": call.site.base_url} if cloud else {}),
            "version": "1001.0.0-SNAPSHOT" if cloud else "9.12.15",
            "versionNumbers": [1001, 0, 0] if cloud else [9, 12, 15],
            "deploymentType": "Cloud" if cloud else "Server",
            "buildNumber": 100290 if cloud else 9120015,
            "buildDate": "2026-10-01T00:00:00.000+0000",
            "serverTime": now,
            "scmInfo": "0" * 40,
            "serverTitle": "Jira",
            "defaultLocale": {"locale": "en_US"},
            "serverTimeZone": "UTC",
        }
    )


def myself(call: Call) -> Response:
    """Return the caller, with the address that others don't see."""
    shown = show.user(call, call.user.account_id) or {}
    if not call.site.cloud:
        shown |= {"deleted": False, "expand": "groups,applicationRoles"}
    names = groups_of(call.user) if "groups" in call.listed("expand") else []
    groups = {"size": 1, "items": [show_issue.group(call, name) for name in names]}
    roles = {"size": 1, "items": []}
    return reply({**shown, "locale": "en_US", "groups": groups, "applicationRoles": roles})


def my_permissions(call: Call) -> Response:
    """Return which of the asked permissions the caller has; unknown keys are refused."""
    asked = call.listed("permissions")
    if not asked and call.site.cloud:
        raise errors.refusal(400, "The 'permissions' query parameter is required.")
    unknown = {key: "Unrecognized permission" for key in asked if key not in PERMISSIONS}
    if unknown:
        raise errors.refusal(400, errors=unknown)
    named = call.query("projectKey") or call.query("projectId")
    home = call.site.project(call.caller, named) if named else None
    if issue := call.query("issueKey") or call.query("issueId"):
        home = call.site.projects[call.site.issue(call.caller, issue).project]
    keys = asked or list(PERMISSIONS)
    return reply({"permissions": {key: _permission(call.caller, key, home) for key in keys}})


def _permission(caller: User | None, key: str, home: Project | None) -> Json:
    id, name, kind, _ = PERMISSIONS[key]
    has = may(caller, key, home)
    return {"id": id, "key": key, "name": name, "type": kind, "description": name, "havePermission": has}


def check_permissions(call: Call) -> Response:
    """Return which of the asked permissions the caller (or, to administrators, somebody) has, and where."""
    body = call.object()
    person = call.user
    if (named := optional(body, "accountId", str, "")) and named != person.account_id:
        if not may(call.user, "ADMINISTER"):
            raise errors.forbidden("Only administrators can ask for somebody else.")
        found = call.site.named(named)
        if found is None:
            raise errors.refusal(400, f"The user '{named}' does not exist.")
        person = found
    everywhere = _known_permissions(texts(body, "globalPermissions"))
    rows: list[Json] = []
    for asked in optional(body, "projectPermissions", list, []):
        if not isinstance(asked, dict):
            raise errors.invalid_payload()
        homes = [p for p in call.site.projects.values() if int(p.id) in optional(asked, "projects", list, [])]
        ids = optional(asked, "issues", list, [])
        issues = [i for i in map(call.site.find_issue, ids) if i and call.site.sees(person, i)]
        rows += [
            {
                "permission": key,
                "projects": [int(home.id) for home in homes if may(person, key, home)],
                "issues": [i.id for i in issues if may(person, key, call.site.projects[i.project])],
            }
            for key in _known_permissions(texts(asked, "permissions"))
        ]
    granted = [key for key in everywhere if may(person, key)]
    return reply({"globalPermissions": granted, "projectPermissions": rows})


def _known_permissions(keys: list[str]) -> list[str]:
    unknown = [key for key in keys if key not in PERMISSIONS]
    if unknown:
        raise errors.refusal(400, *(f"Unrecognized permission: {key}" for key in unknown))
    return keys


def permitted_projects(call: Call) -> Response:
    """Return the projects in which the caller has all of some permissions."""
    keys = _known_permissions(texts(call.object(), "permissions"))
    homes = call.site.projects.values()
    found = [one for one in homes if all(may(call.caller, key, one) for key in keys)]
    return reply({"projects": [{"id": int(one.id), "key": one.key} for one in found]})


def permissions(call: Call) -> Response:
    """Return all permissions there are."""
    shown = {
        key: {"key": key, "name": name, "type": kind, "description": name}
        for key, (_, name, kind, _) in PERMISSIONS.items()
    }
    return reply({"permissions": shown})


def fields(call: Call) -> Response:
    """Return all fields, system and custom, in one list without pages."""
    return reply([shown_field(field) for field in call.site.fields.values()])


def shown_field(field: FieldDef) -> Json:
    """Return a field as the list of fields shows it."""
    return {
        "id": field.id,
        "key": field.id,
        "name": field.name,
        "untranslatedName": field.name,
        "custom": field.custom,
        "orderable": bool(field.screens),
        "navigable": field.id not in ("comment", "attachment", "worklog"),
        "searchable": True,
        "clauseNames": [*field.clauses, *([f"{field.name}[{_kind(field)}]"] if field.custom else [])],
        "schema": field.schema,
        **show.scope(field.scope),
    }


def field_search(call: Call) -> Response:
    """Return fields by a part of their name, type or id, a page at a time."""
    start, size = call.page()
    text, kinds, ids = call.query("query").lower(), call.listed("type"), call.listed("id")
    found = [
        {"id": f.id, "name": f.name, "schema": f.schema, "description": f.description, "key": f.id}
        for f in call.site.fields.values()
        if text in f.name.lower()
        and (not kinds or ("custom" if f.custom else "system") in kinds)
        and (not ids or f.id in ids)
    ]
    return reply(page_bean(call, found, start, size, call.url("field/search")))


def _kind(field: FieldDef) -> str:
    names = {"select": "Dropdown", "textfield": "Short text", "readonlyfield": "Short text"}
    return names.get(str(field.schema["custom"]).rpartition(":")[2], field.kind)


def priorities(call: Call) -> Response:
    """Return all priorities."""
    return reply([show.priority(call, id) for id in catalogue.PRIORITIES])


def priority(call: Call) -> Response:
    """Return one priority."""
    if call.path("id") not in catalogue.PRIORITIES:
        raise errors.refusal(404, "The priority with id '" + call.path("id") + "' does not exist")
    return reply(show.priority(call, call.path("id")))


def resolutions(call: Call) -> Response:
    """Return all resolutions."""
    return reply([show.named(call, "resolution", found) for found in catalogue.RESOLUTIONS.values()])


def statuses(call: Call) -> Response:
    """Return all statuses."""
    return reply(show.statuses(call, call.site.statuses))


def status_search(call: Call) -> Response:
    """Return statuses of a project or a category by a part of their name, a page at a time."""
    start, size = call.page(default=200, most=200)
    ids: list[str] = list(call.site.statuses)
    if call.query("projectId"):
        ids = workflow.statuses(call.site, call.site.project(call.caller, call.query("projectId")))
    text, category = call.query("searchString").lower(), call.query("statusCategory").upper()
    found = [
        status_row(one)
        for one in (call.site.statuses[id] for id in ids)
        if text in one.name.lower() and category in ("", WORDS[one.category])
    ]
    return reply(page_bean(call, found, start, size, call.url("statuses/search")))


WORDS = {"undefined": "UNDEFINED", "new": "TODO", "indeterminate": "IN_PROGRESS", "done": "DONE"}


def status_row(one: Status) -> Json:
    """Return a status as the newer resource shows it, whose categories have other words."""
    scope = show.scope(one.scope).get("scope", {"type": "GLOBAL"})
    words = {"statusCategory": WORDS[one.category], "description": one.description}
    return {"id": one.id, "name": one.name, **words, "scope": scope}


def status(call: Call) -> Response:
    """Return one status, by id or name."""
    for found in call.site.statuses.values():
        if call.path("id") in (found.id, found.name):
            return reply(show.status(call, found))
    raise errors.refusal(404, f"The status with id '{call.path('id')}' does not exist")


def categories(call: Call) -> Response:
    """Return the four status categories."""
    return reply([show.category(call, key) for key in catalogue.CATEGORIES])


def issue_types(call: Call) -> Response:
    """Return all kinds of issues."""
    return reply([show.issue_type(call, found) for found in call.site.types.values()])


def issue_type(call: Call) -> Response:
    """Return one kind of issue."""
    found = call.site.types.get(call.path("id"))
    if found is None:
        raise errors.refusal(404, f"The issue type with id '{call.path('id')}' does not exist")
    return reply(show.issue_type(call, found))


def link_types(call: Call) -> Response:
    """Return the kinds of links between issues."""
    return reply({"issueLinkTypes": [_link_type(call, kind) for kind in catalogue.LINK_TYPES.values()]})


def _link_type(call: Call, kind: LinkType) -> Json:
    shown = {"id": kind.id, "name": kind.name, "inward": kind.inward, "outward": kind.outward}
    return {**shown, "self": call.url(f"issueLinkType/{kind.id}")}


def labels(call: Call) -> Response:
    """Return all labels there are, a page at a time."""
    start, size = call.page(default=1000, most=1000)
    known = {label for issue in call.site.issues.values() for label in issue.values.get("labels") or ()}
    return reply(page_bean(call, sorted(known), start, size, call.url("label")))


def resolution(call: Call) -> Response:
    """Return one resolution."""
    found = catalogue.RESOLUTIONS.get(call.path("id"))
    if found is None:
        raise errors.refusal(404, "The resolution with id '" + call.path("id") + "' does not exist")
    return reply(show.named(call, "resolution", found))


def search_named(kind: str, known: Mapping[str, Named]) -> Handler:
    """Return the handler of a paged search over priorities or resolutions."""

    def search(call: Call) -> Response:
        start, size = call.page()
        default = catalogue.DEFAULT_PRIORITY if kind == "priority" else call.site.default_resolution
        alone = call.flag("onlyDefault")
        ids = call.listed("id") or list(known)
        found = [
            {**(show.priority(call, id) if kind == "priority" else show.named(call, kind, known[id])),
             "isDefault": id == default}
            for id in ids
            if id in known and (id == default or not alone)
        ]  # fmt: skip
        return reply(page_bean(call, found, start, size, call.url(f"{kind}/search")))

    return search


def default_resolution(call: Call) -> Response:
    """Set which resolution is the default, or with null that none is."""
    if not may(call.user, "ADMINISTER"):
        raise errors.forbidden("You need to be a Jira administrator to set the default resolution.")
    given = call.object().get("id")
    if given is not None and given not in catalogue.RESOLUTIONS:
        raise errors.refusal(404, f"The resolution with id '{given}' does not exist")
    call.site.default_resolution = given
    return reply(status=204)


def category(call: Call) -> Response:
    """Return a status category by id or key."""
    for key, found in catalogue.CATEGORIES.items():
        if call.path("id") in (key, str(found.id)):
            return reply(show.category(call, key))
    raise errors.refusal(404, f"Status category '{call.path('id')}' not found.")


def link_type(call: Call) -> Response:
    """Return one kind of link."""
    found = catalogue.LINK_TYPES.get(call.path("id"))
    if found is None:
        raise errors.refusal(404, f"No issue link type with id '{call.path('id')}' found.")
    return reply(_link_type(call, found))


def configuration(call: Call) -> Response:
    """Return which of the site's features are on."""
    hours = {
        "workingHoursPerDay": 8.0,
        "workingDaysPerWeek": 5.0,
        "timeFormat": "pretty",
        "defaultUnit": "minute",
    }
    names = ("voting", "watching", "subTasks", "issueLinking", "attachments")
    shown: Json = {"unassignedIssuesAllowed": True, **{f"{name}Enabled": True for name in names}}
    shown["timeTrackingEnabled"] = call.site.switches.time_tracking
    return reply(shown | ({"timeTrackingConfiguration": hours} if call.site.switches.time_tracking else {}))


def tenant(call: Call) -> Response:
    """Return the site's id at the gateway; anybody may ask."""
    return reply({"cloudId": call.site.cloud_id})


def resources(call: Call) -> Response:
    """Return the sites that a token with scopes opens (reference, 1.1)."""
    token = call.request.headers.get("authorization", "").partition(" ")[2]
    holder = call.site.holder(token)
    if holder is None or token not in holder.scoped:
        raise Refused(401, {"code": 401, "message": "Unauthorized"})
    site, name = call.site, "sandbox"
    shown = {"id": site.cloud_id, "url": site.base_url, "name": name, "scopes": holder.scoped[token]}
    return reply([{**shown, "avatarUrl": f"{site.base_url}/avatar/site.png"}])


RULES = [
    Rule("GET", "/rest/api/{v}/serverInfo", server_info),
    Rule("GET", "/rest/api/{v}/myself", myself, sign_in=True),
    Rule("GET", "/rest/api/{v}/mypermissions", my_permissions),
    Rule("GET", "/rest/api/{v}/field", fields),
    Rule("GET", "/rest/api/{v}/field/search", field_search, on="cloud"),
    Rule("GET", "/rest/api/{v}/permissions", permissions),
    Rule("POST", "/rest/api/{v}/permissions/check", check_permissions, sign_in=True, on="cloud"),
    Rule("POST", "/rest/api/{v}/permissions/project", permitted_projects, sign_in=True, on="cloud"),
    Rule("GET", "/rest/api/{v}/configuration", configuration),
    Rule("GET", "/rest/api/{v}/label", labels, on="cloud"),
    Rule("GET", "/rest/api/{v}/priority", priorities),
    Rule("GET", "/rest/api/{v}/priority/search", search_named("priority", catalogue.PRIORITIES), on="cloud"),
    Rule("GET", "/rest/api/{v}/priority/{id}", priority),
    Rule("GET", "/rest/api/{v}/resolution", resolutions),
    Rule(
        "GET",
        "/rest/api/{v}/resolution/search",
        search_named("resolution", catalogue.RESOLUTIONS),
        on="cloud",
    ),
    Rule("PUT", "/rest/api/{v}/resolution/default", default_resolution, sign_in=True, on="cloud"),
    Rule("GET", "/rest/api/{v}/resolution/{id}", resolution),
    Rule("GET", "/rest/api/{v}/status", statuses),
    Rule("GET", "/rest/api/{v}/status/{id}", status),
    Rule("GET", "/rest/api/{v}/statuses/search", status_search, on="cloud"),
    Rule("GET", "/rest/api/{v}/statuscategory", categories),
    Rule("GET", "/rest/api/{v}/statuscategory/{id}", category),
    Rule("GET", "/rest/api/{v}/issuetype", issue_types),
    Rule("GET", "/rest/api/{v}/issuetype/{id}", issue_type),
    Rule("GET", "/rest/api/{v}/issueLinkType", link_types),
    Rule("GET", "/rest/api/{v}/issueLinkType/{id}", link_type),
    Rule("GET", "/_edge/tenant_info", tenant, public=True, on="cloud"),
    Rule("GET", "/oauth/token/accessible-resources", resources, public=True, on="cloud"),
]
