"""Service desks: what there is, what can be asked for, which queues there are (reference, 8.1, 8.4)."""

from __future__ import annotations

from starlette.responses import Response

from deskbridge.sandbox.jira import api_files, api_projects, desk_show, errors, jql_match, show_issue
from deskbridge.sandbox.jira.api_marks import Bag, property_rules
from deskbridge.sandbox.jira.desk_rules import may_open
from deskbridge.sandbox.jira.model import Json
from deskbridge.sandbox.jira.permissions import administer_project, may
from deskbridge.sandbox.jira.records import Desk, RequestType, Temporary
from deskbridge.sandbox.jira.searches import Search
from deskbridge.sandbox.jira.wire import Call, Rule, optional
from deskbridge.sandbox.kernel import Refused, reply

_UNKNOWN = "The Service Desk you are trying to access does not exist."


def info(call: Call) -> Response:
    """Return which service management this is; anybody may ask."""
    version = "5.12.0" if not call.site.cloud else "1001.0.0-SNAPSHOT"
    built = {"iso8601": "2026-10-01T00:00:00+0000", "jira": "2026-10-01T00:00:00.000+0000"}
    return reply(
        {
            "version": version,
            "platformVersion": "9.12.15" if not call.site.cloud else version,
            "buildDate": {**built, "friendly": "01/Oct/26 12:00 AM", "epochMillis": 1790812800000},
            "buildChangeSet": "0" * 40,
            "isLicensedForUse": True,
            "_links": {"self": call.desk_url("info")},
        }
    )


def desk_of(call: Call, name: str = "desk") -> Desk:
    """Return the desk that the path names, by its own id or its project's id or key."""
    return find_desk(call, call.path(name))


def find_desk(call: Call, named: object) -> Desk:
    """Return a desk that the caller can open; service management's 404 otherwise."""
    text = str(named)
    for desk in call.site.desks.values():
        home = call.site.projects[desk.project]
        if text in (desk.id, home.id) or text.upper() == home.key:
            if may_open(call.site, call.user, desk):
                return desk
            break
    raise errors.desk(404, _UNKNOWN, "sd.validation.servicedesk.not.found")


def agents_only(call: Call, desk: Desk) -> None:
    """Refuse whoever is no agent of a desk."""
    if not may(call.user, "SERVICEDESK_AGENT", call.site.projects[desk.project]):
        text = "You do not have permission to access this service desk. Only agents do."
        raise errors.desk(403, text, "sd.permission.agent")


def desks(call: Call) -> Response:
    """Return the desks that the caller can open."""
    found = [one for one in call.site.desks.values() if may_open(call.site, call.user, one)]
    return reply(desk_show.page(call, [desk_show.desk(call, one) for one in found]))


def desk(call: Call) -> Response:
    """Return one desk."""
    return reply(desk_show.desk(call, desk_of(call)))


# --- what can be asked for ------------------------------------------------------------------------


def find_type(desk: Desk, named: object) -> RequestType:
    """Return a request type of a desk; service management's 404 otherwise."""
    for one in desk.request_types:
        if one.id == str(named):
            return one
    raise errors.desk(
        404, f"The request type '{named}' does not exist.", "sd.validation.requesttype.not.found"
    )


def request_types(call: Call) -> Response:
    """Return what can be asked for at a desk; what has no group is not on the portal, but here."""
    found = _asked(call, desk_of(call).request_types)
    return reply(desk_show.page(call, found))


def all_types(call: Call) -> Response:
    """Return what can be asked for at all desks."""
    wanted = call.listed("serviceDeskId")
    desks = [d for d in call.site.desks.values() if may_open(call.site, call.user, d)]
    found = [one for d in desks if not wanted or d.id in wanted for one in d.request_types]
    return reply(desk_show.page(call, _asked(call, found)))


def _asked(call: Call, found: list[RequestType]) -> list[Json]:
    group, text = call.query("groupId"), call.query("searchQuery").lower()
    hidden = call.flag("includeHiddenRequestTypesInSearch") or not text
    return [
        _type(call, one)
        for one in found
        if (not group or group in one.groups) and text in one.name.lower() and (one.groups or hidden)
    ]


def _type(call: Call, found: RequestType) -> Json:
    shown = desk_show.request_type(call, found)
    return shown | ({"fields": _fields(call, found)} if "field" in call.listed("expand") else {})


def request_type(call: Call) -> Response:
    """Return one request type."""
    return reply(_type(call, find_type(desk_of(call), call.path("type"))))


def create_type(call: Call) -> Response:
    """Make a request type: 200, and without a group, so that no customer sees it (reference, 8.1)."""
    desk = desk_of(call)
    home = call.site.projects[desk.project]
    administer_project(call.user, home)
    body = call.object()
    name, kind = optional(body, "name", str, "").strip(), optional(body, "issueTypeId", str, "")
    if home.style == "next-gen":
        raise errors.desk(400, "Request types of team-managed projects cannot be created.")
    if not name or kind not in home.types:
        raise errors.desk(400, "A request type needs a name and an issue type of the project.")
    if any(one.name == name for one in desk.request_types):
        raise errors.desk(400, f"A request type with the name '{name}' already exists.")
    number = str(call.site.next_id("request type", 25))
    made = RequestType(number, desk.id, name, kind, fields=[("summary", True), ("description", False)])
    made.description = optional(body, "description", str, "")
    made.help_text = optional(body, "helpText", str, "")
    desk.request_types.append(made)
    return reply(desk_show.request_type(call, made))


def delete_type(call: Call) -> Response:
    """Delete a request type; its requests are on no portal then."""
    desk = desk_of(call)
    administer_project(call.user, call.site.projects[desk.project])
    desk.request_types.remove(find_type(desk, call.path("type")))
    return reply(status=204)


def fields(call: Call) -> Response:
    """Return the fields of a request type's form."""
    desk = desk_of(call)
    found = find_type(desk, call.path("type"))
    agent = may(call.user, "SERVICEDESK_AGENT", call.site.projects[desk.project])
    rights = {"canRaiseOnBehalfOf": agent, "canAddRequestParticipants": agent or call.user.customer}
    return reply({"requestTypeFields": _fields(call, found), **rights})


def _fields(call: Call, found: RequestType) -> list[Json]:
    home = call.site.projects[call.site.desks[found.desk].project]
    kind = call.site.types[found.issue_type]
    shown = []
    for name, required in found.fields:
        known = call.site.fields[name]
        meta = api_projects.field_meta(call, known, home, kind, creating=True)
        values = [
            {"value": one["id"], "label": one.get("name", one.get("value")), "children": []}
            for one in meta.get("allowedValues", [])
        ]
        shown.append(
            {
                "fieldId": name,
                "name": known.name,
                "description": known.description,
                "required": required,
                "visible": True,
                "defaultValues": [],
                "presetValues": [],
                "validValues": values,
                "jiraSchema": known.schema,
            }
        )
    return shown


def groups(call: Call) -> Response:
    """Return the groups of a portal."""
    found = [{"id": id, "name": name} for id, name in desk_of(call).groups.items()]
    return reply(desk_show.page(call, found))


def type_bag(call: Call) -> Bag:
    """Return the properties of the request type that the path names."""
    return find_type(desk_of(call), call.path("type")).properties


# --- files that belong to nothing yet -------------------------------------------------------------


def attach_temporary(call: Call) -> Response:
    """Store files for a request that will name them; they are gone after a while (reference, 6)."""
    desk = desk_of(call)
    try:
        parts = api_files.parts_of(call)
    except Refused as refusal:
        raise errors.desk(refusal.status, str(refusal.body), "sd.attachment.error") from refusal
    shown = []
    for part in parts:
        id, name = call.site.new_uuid(), api_files.named(part)
        size = api_files.write(part, call.site.files / f"temp-{id}")
        expires = call.site.now().timestamp() + call.site.switches.temporary_seconds
        mime = part.content_type or "application/octet-stream"
        call.site.temporary[id] = Temporary(id, desk.id, name, mime, size, expires)
        shown.append({"temporaryAttachmentId": id, "fileName": name})
    return reply({"temporaryAttachments": shown}, 201)


# --- queues and articles --------------------------------------------------------------------------

_QUEUES = {
    "1": ("All open", "resolution is EMPTY"),
    "2": ("Assigned to me", "resolution is EMPTY AND assignee = currentUser()"),
    "3": ("Resolved", "resolution is not EMPTY"),
}
_COLUMNS = ["issuetype", "issuekey", "summary", "reporter", "assignee", "status", "created"]


def _jql(call: Call, desk: Desk, number: str) -> str:
    home = call.site.projects[desk.project]
    return f"project = {home.key} AND {_QUEUES[number][1]} ORDER BY created DESC"


def _queue(call: Call, desk: Desk, number: str) -> Json:
    if number not in _QUEUES:
        raise errors.desk(404, f"The queue '{number}' does not exist.", "sd.queue.not.found")
    url, jql = call.desk_url(f"servicedesk/{desk.id}/queue/{number}"), _jql(call, desk, number)
    shown: Json = {"id": number, "name": _QUEUES[number][0], "jql": jql, "fields": _COLUMNS}
    if call.flag("includeCount"):
        shown["issueCount"] = len(_rows(call, jql).ids)
    return {**shown, "_links": {"self": url}}


def _rows(call: Call, jql: str) -> Search:
    return Search(call.site, call.caller, jql_match.prepare(call.site, call.caller, jql))


def queues(call: Call) -> Response:
    """Return the queues of a desk, which can be read only."""
    desk = desk_of(call)
    agents_only(call, desk)
    return reply(desk_show.page(call, [_queue(call, desk, number) for number in _QUEUES]))


def queue(call: Call) -> Response:
    """Return one queue."""
    desk = desk_of(call)
    agents_only(call, desk)
    return reply(_queue(call, desk, call.path("queue")))


def queue_issues(call: Call) -> Response:
    """Return the issues of a queue, with the queue's own fields only."""
    desk = desk_of(call)
    agents_only(call, desk)
    _queue(call, desk, call.path("queue"))
    search = _rows(call, _jql(call, desk, call.path("queue")))
    wanted = show_issue.wanted(call.site, _COLUMNS, ())
    page = desk_show.page(call, search.ids)
    rows = search.rows(page["values"])
    return reply({**page, "values": [show_issue.issue(call, row, wanted) for row in rows]})


def articles(call: Call) -> Response:
    """Search the knowledge base, which is empty here."""
    if not call.query("query"):
        raise errors.desk(400, "The query parameter is required.", "sd.knowledgebase.query")
    if "desk" in call.params:
        desk_of(call)
    return reply(desk_show.page(call, []))


_S = "/rest/servicedeskapi/"
_T = _S + "servicedesk/{desk}/requesttype"
_Q = _S + "servicedesk/{desk}/queue"
RULES = [
    Rule("GET", _S + "info", info),
    Rule("GET", _S + "servicedesk", desks, sign_in=True),
    Rule("GET", _S + "servicedesk/{desk}", desk, sign_in=True),
    Rule("GET", _S + "requesttype", all_types, sign_in=True, on="cloud"),
    Rule("GET", _T, request_types, sign_in=True),
    Rule("POST", _T, create_type, sign_in=True),
    Rule("GET", _T + "/{type}", request_type, sign_in=True),
    Rule("DELETE", _T + "/{type}", delete_type, sign_in=True, bare=True, on="cloud"),
    Rule("GET", _T + "/{type}/field", fields, sign_in=True),
    *property_rules(_T + "/{type}/property", type_bag),
    Rule("GET", _S + "servicedesk/{desk}/requesttypegroup", groups, sign_in=True),
    Rule("POST", _S + "servicedesk/{desk}/attachTemporaryFile", attach_temporary, sign_in=True, form=True),
    Rule("GET", _Q, queues, sign_in=True),
    Rule("GET", _Q + "/{queue}", queue, sign_in=True),
    Rule("GET", _Q + "/{queue}/issue", queue_issues, sign_in=True),
    Rule("GET", _S + "knowledgebase/article", articles, sign_in=True),
    Rule("GET", _S + "servicedesk/{desk}/knowledgebase/article", articles, sign_in=True),
]
