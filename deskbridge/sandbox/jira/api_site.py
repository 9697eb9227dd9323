"""What a client asks about the site itself: who am I, what may I, which words are there."""

from __future__ import annotations

from starlette.responses import Response

from deskbridge.sandbox.jira import catalogue, errors, show
from deskbridge.sandbox.jira.model import FieldDef, Json, User
from deskbridge.sandbox.jira.wire import Call, Rule
from deskbridge.sandbox.kernel import reply

# key: (id, name, type, who has it: everybody, project administrators, site administrators)
_PERMISSIONS = {
    "ADMINISTER": ("0", "Administer Jira", "GLOBAL", "site"),
    "BULK_CHANGE": ("33", "Make bulk changes", "GLOBAL", "all"),
    "CREATE_SHARED_OBJECTS": ("22", "Share dashboards and filters", "GLOBAL", "all"),
    "MANAGE_GROUP_FILTER_SUBSCRIPTIONS": ("24", "Manage group filter subscriptions", "GLOBAL", "all"),
    "USER_PICKER": ("27", "Browse users and groups", "GLOBAL", "all"),
    "BROWSE_PROJECTS": ("10", "Browse Projects", "PROJECT", "all"),
    "ADMINISTER_PROJECTS": ("23", "Administer Projects", "PROJECT", "project"),
    "CREATE_ISSUES": ("11", "Create Issues", "PROJECT", "all"),
    "EDIT_ISSUES": ("12", "Edit Issues", "PROJECT", "all"),
    "DELETE_ISSUES": ("16", "Delete Issues", "PROJECT", "project"),
    "ASSIGN_ISSUES": ("13", "Assign Issues", "PROJECT", "all"),
    "ASSIGNABLE_USER": ("17", "Assignable User", "PROJECT", "all"),
    "CLOSE_ISSUES": ("18", "Close Issues", "PROJECT", "all"),
    "RESOLVE_ISSUES": ("14", "Resolve Issues", "PROJECT", "all"),
    "TRANSITION_ISSUES": ("46", "Transition Issues", "PROJECT", "all"),
    "MODIFY_REPORTER": ("30", "Modify Reporter", "PROJECT", "project"),
    "SCHEDULE_ISSUES": ("28", "Schedule Issues", "PROJECT", "all"),
    "LINK_ISSUES": ("21", "Link Issues", "PROJECT", "all"),
    "MOVE_ISSUES": ("25", "Move Issues", "PROJECT", "project"),
    "SET_ISSUE_SECURITY": ("26", "Set Issue Security", "PROJECT", "project"),
    "ADD_COMMENTS": ("15", "Add Comments", "PROJECT", "all"),
    "EDIT_ALL_COMMENTS": ("34", "Edit All Comments", "PROJECT", "project"),
    "EDIT_OWN_COMMENTS": ("35", "Edit Own Comments", "PROJECT", "all"),
    "DELETE_ALL_COMMENTS": ("36", "Delete All Comments", "PROJECT", "project"),
    "DELETE_OWN_COMMENTS": ("37", "Delete Own Comments", "PROJECT", "all"),
    "CREATE_ATTACHMENTS": ("19", "Create Attachments", "PROJECT", "all"),
    "DELETE_ALL_ATTACHMENTS": ("38", "Delete All Attachments", "PROJECT", "project"),
    "DELETE_OWN_ATTACHMENTS": ("39", "Delete Own Attachments", "PROJECT", "all"),
    "MANAGE_WATCHERS": ("32", "Manage Watchers", "PROJECT", "all"),
    "VIEW_VOTERS_AND_WATCHERS": ("31", "View Voters and Watchers", "PROJECT", "all"),
    "WORK_ON_ISSUES": ("20", "Work On Issues", "PROJECT", "all"),
}


def server_info(call: Call) -> Response:
    """Return what kind of Jira this is; anybody may ask."""
    now = call.site.stamp(call.site.now(), call.caller)
    return reply(
        {
            "baseUrl": call.site.base_url,
            "displayUrl": call.site.base_url,
            "version": "1001.0.0-SNAPSHOT",
            "versionNumbers": [1001, 0, 0],
            "deploymentType": "Cloud",
            "buildNumber": 100290,
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
    groups = {"size": 1, "items": []}
    return reply({**shown, "locale": "en_US", "groups": groups, "applicationRoles": groups})


def my_permissions(call: Call) -> Response:
    """Return which of the asked permissions the caller has; unknown keys are refused."""
    asked = call.listed("permissions")
    if not asked:
        raise errors.refusal(400, "The 'permissions' query parameter is required.")
    unknown = {key: "Unrecognized permission" for key in asked if key not in _PERMISSIONS}
    if unknown:
        raise errors.refusal(400, errors=unknown)
    named = call.query("projectKey") or call.query("projectId")
    if named:
        call.site.project(call.caller, named)
    return reply({"permissions": {key: _permission(call.caller, key) for key in asked}})


def _permission(caller: User | None, key: str) -> Json:
    id, name, kind, who = _PERMISSIONS[key]
    has = caller is not None and (
        who == "all" or caller.site_admin or (who == "project" and caller.project_admin)
    )
    return {"id": id, "key": key, "name": name, "type": kind, "description": name, "havePermission": has}


def fields(call: Call) -> Response:
    """Return all fields, system and custom, in one list without pages."""
    return reply([_field(field) for field in call.site.fields.values()])


def _field(field: FieldDef) -> Json:
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
    }


def _kind(field: FieldDef) -> str:
    names = {"select": "Dropdown", "textfield": "Short text", "readonlyfield": "Short text"}
    return names.get(field.schema["custom"].rpartition(":")[2], field.kind)


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
    return reply([show.status(call, found) for found in catalogue.STATUSES.values()])


def status(call: Call) -> Response:
    """Return one status, by id or name."""
    for found in catalogue.STATUSES.values():
        if call.path("id") in (found.id, found.name):
            return reply(show.status(call, found))
    raise errors.refusal(404, f"The status with id '{call.path('id')}' does not exist")


def categories(call: Call) -> Response:
    """Return the four status categories."""
    return reply([show.category(call, key) for key in catalogue.CATEGORIES])


def issue_types(call: Call) -> Response:
    """Return all kinds of issues."""
    return reply([show.issue_type(call, found) for found in catalogue.ISSUE_TYPES.values()])


def issue_type(call: Call) -> Response:
    """Return one kind of issue."""
    found = catalogue.ISSUE_TYPES.get(call.path("id"))
    if found is None:
        raise errors.refusal(404, f"The issue type with id '{call.path('id')}' does not exist")
    return reply(show.issue_type(call, found))


def link_types(call: Call) -> Response:
    """Return the kinds of links between issues."""
    shown = [
        {
            "id": kind.id,
            "name": kind.name,
            "inward": kind.inward,
            "outward": kind.outward,
            "self": call.url(f"issueLinkType/{kind.id}"),
        }
        for kind in catalogue.LINK_TYPES.values()
    ]
    return reply({"issueLinkTypes": shown})


def user(call: Call) -> Response:
    """Return a person by account id."""
    asked = call.query("accountId")
    if not asked:
        raise errors.refusal(400, "The query parameters 'accountId', 'username' and 'key' are missing.")
    shown = show.user(call, asked)
    if shown is None:
        raise errors.refusal(404, "Specified user does not exist or you do not have required permissions")
    return reply(shown)


def user_search(call: Call) -> Response:
    """Return people by the beginning of a word of their name, or of their address (reference, 11.7)."""
    if not call.query("query") and not call.query("accountId"):
        raise errors.refusal(400, "At least one of 'query', 'accountId' or 'property' must be given.")
    return reply(_people(call))


def assignable(call: Call) -> Response:
    """Return people who can be assigned in a project or on an issue."""
    if call.query("issueKey"):
        call.site.issue(call.caller, call.query("issueKey"))
    elif call.query("project"):
        call.site.project(call.caller, call.query("project"))
    else:
        raise errors.refusal(400, "Either the 'project' or the 'issueKey' query parameter is required.")
    return reply(_people(call))


def _people(call: Call) -> list[Json | None]:
    start, size = call.page(most=1000)
    text, account = call.query("query").lower(), call.query("accountId")
    found = [user for user in call.site.users.values() if user.active and _is_meant(user, text, account)]
    return [show.user(call, user.account_id) for user in found[start : start + size]]


def _is_meant(user: User, text: str, account: str) -> bool:
    words = [user.name.lower(), *user.name.lower().split(), user.email.lower()]
    return user.account_id == account if account else any(word.startswith(text) for word in words)


RULES = [
    Rule("GET", "/rest/api/{v}/serverInfo", server_info),
    Rule("GET", "/rest/api/{v}/myself", myself, sign_in=True),
    Rule("GET", "/rest/api/{v}/mypermissions", my_permissions),
    Rule("GET", "/rest/api/{v}/field", fields),
    Rule("GET", "/rest/api/{v}/priority", priorities),
    Rule("GET", "/rest/api/{v}/priority/{id}", priority),
    Rule("GET", "/rest/api/{v}/resolution", resolutions),
    Rule("GET", "/rest/api/{v}/status", statuses),
    Rule("GET", "/rest/api/{v}/status/{id}", status),
    Rule("GET", "/rest/api/{v}/statuscategory", categories),
    Rule("GET", "/rest/api/{v}/issuetype", issue_types),
    Rule("GET", "/rest/api/{v}/issuetype/{id}", issue_type),
    Rule("GET", "/rest/api/{v}/issueLinkType", link_types),
    Rule("GET", "/rest/api/{v}/user", user, sign_in=True),
    Rule("GET", "/rest/api/{v}/user/search", user_search, sign_in=True),
    Rule("GET", "/rest/api/{v}/user/assignable/search", assignable, sign_in=True),
]
