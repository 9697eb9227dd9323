"""What a fresh company-managed site has: statuses, types, priorities, fields.

Constant ids of categories are from the reference's section 4.2, kinds of fields from 3.3 and 3.4.
"""

from __future__ import annotations

from deskbridge.sandbox.jira.model import Category, FieldDef, IssueType, Json, LinkType, Named, Status

CATEGORIES = {
    c.key: c
    for c in (
        Category(1, "undefined", "No Category", "medium-gray"),
        Category(2, "new", "To Do", "blue-gray"),
        Category(4, "indeterminate", "In Progress", "yellow"),
        Category(3, "done", "Done", "green"),
    )
}
STATUSES = {
    s.id: s
    for s in (
        Status("10000", "To Do", "new"),
        Status("3", "In Progress", "indeterminate", "This issue is being worked on."),
        Status("10001", "Done", "done"),
        Status("10100", "Waiting for support", "indeterminate", "The customer waits for an agent."),
        Status("10101", "Waiting for customer", "indeterminate", "An agent waits for the customer."),
        Status("10102", "Waiting for approval", "indeterminate"),
        Status("5", "Resolved", "done"),
        Status("6", "Closed", "done"),
        Status("10103", "Canceled", "done"),
        Status("10104", "Declined", "done"),
    )
}
PRIORITIES = {
    str(n): Named(str(n), name)
    for n, name in enumerate(("Highest", "High", "Medium", "Low", "Lowest"), start=1)
}
DEFAULT_PRIORITY = "3"
RESOLUTIONS = {
    r.id: r
    for r in (
        Named("10000", "Done", "Work has been completed on this issue."),
        Named("10001", "Won't Do", "This issue won't be actioned."),
        Named("10002", "Duplicate", "The problem is a duplicate of an existing issue."),
        Named("10003", "Cannot Reproduce", "The problem could not be reproduced."),
    )
}
ISSUE_TYPES = {
    t.id: t
    for t in (
        IssueType("10000", "Epic", "A big piece of work.", level=1),
        IssueType("10001", "Story", "Functionality told as a user's goal."),
        IssueType("10002", "Task", "A small, distinct piece of work."),
        IssueType("10003", "Subtask", "A part of a larger task.", subtask=True, level=-1),
        IssueType("10004", "Bug", "A problem or error."),
        IssueType("10010", "[System] Service request", "A request that follows a known procedure."),
        IssueType("10011", "[System] Incident", "An unplanned interruption of a service."),
    )
}
LEVELS = {"10000": Named("10000", "Internal", "Project administrators only")}
LINK_TYPES = {
    t.id: t
    for t in (
        LinkType("10000", "Blocks", "is blocked by", "blocks"),
        LinkType("10001", "Cloners", "is cloned by", "clones"),
        LinkType("10002", "Duplicate", "is duplicated by", "duplicates"),
        LinkType("10003", "Relates", "relates to", "relates to"),
    )
}
# The issue types of a project by its type.
TYPES_OF = {
    "software": ("10000", "10001", "10002", "10003", "10004"),
    "business": ("10002", "10003"),
    "service_desk": ("10010", "10011", "10002", "10003"),
}
PREFIX = "com.atlassian.jira.plugin.system.customfieldtypes:"

# kind: (schema type, type of the items when it is a list)
SCHEMAS: dict[str, tuple[str, str | None]] = {
    "line": ("string", None),
    "string": ("string", None),
    "text": ("string", None),
    "number": ("number", None),
    "date": ("date", None),
    "datetime": ("datetime", None),
    "option": ("option", None),
    "options": ("array", "option"),
    "user": ("user", None),
    "labels": ("array", "string"),
    "priority": ("priority", None),
    "resolution": ("resolution", None),
    "components": ("array", "component"),
    "versions": ("array", "version"),
    "parent": ("issuelink", None),
    "project": ("project", None),
    "issuetype": ("issuetype", None),
    "status": ("status", None),
    "statusCategory": ("statusCategory", None),
    "progress": ("progress", None),
    "comments": ("comments-page", None),
    "attachments": ("array", "attachment"),
    "links": ("array", "issuelinks"),
    "subtasks": ("array", "issuelinks"),
    "worklogs": ("array", "worklog"),
    "watches": ("watches", None),
    "votes": ("votes", None),
    "timetracking": ("timetracking", None),
    "security": ("securitylevel", None),
    "users": ("array", "user"),
    "group": ("group", None),
    "groups": ("array", "group"),
    "cascade": ("option-with-child", None),
    "projectref": ("project", None),
    "versionref": ("version", None),
    "versionrefs": ("array", "version"),
    "request_type": ("sd-customerrequesttype", None),
    "organizations": ("array", "sd-customerorganization"),
    "sla": ("sd-servicelevelagreement", None),
    "approvals": ("sd-approvals", None),
    "feedback": ("sd-feedback", None),
    "sprint": ("array", "json"),
    "epic": ("any", None),
    "rank": ("any", None),
}
_DESK, _AGILE = "com.atlassian.servicedesk:", "com.pyxis.greenhopper.jira:"
# kind of a custom field by the key of its type (reference, 3.4)
CUSTOM_TYPES = {
    **{
        PREFIX + key: kind
        for key, kind in {
            "textfield": "string",
            "readonlyfield": "string",
            "url": "string",
            "textarea": "text",
            "float": "number",
            "importid": "number",
            "datepicker": "date",
            "datetime": "datetime",
            "select": "option",
            "radiobuttons": "option",
            "multiselect": "options",
            "multicheckboxes": "options",
            "cascadingselect": "cascade",
            "userpicker": "user",
            "multiuserpicker": "users",
            "grouppicker": "group",
            "multigrouppicker": "groups",
            "project": "projectref",
            "version": "versionref",
            "multiversion": "versionrefs",
            "labels": "labels",
        }.items()
    },
    _DESK + "vp-origin": "request_type",
    _DESK + "sd-customer-organizations": "organizations",
    _DESK + "sd-request-participants": "users",
    _DESK + "sd-sla-field": "sla",
    _DESK + "sd-request-feedback": "feedback",
    _DESK + "sd-request-feedback-date": "datetime",
    "com.atlassian.servicedesk.approvals-plugin:sd-approvals": "approvals",
    _AGILE + "gh-sprint": "sprint",
    _AGILE + "gh-epic-link": "epic",
    _AGILE + "gh-lexo-rank": "rank",
    _AGILE + "jsw-story-points": "number",
}

# The numbers of the products' own fields, which differ from site to site: found by `schema.custom`.
ORGANIZATIONS, REQUEST_TYPE, RANK, SPRINT, PARTICIPANTS, APPROVERS = 10002, 10010, 10019, 10020, 10026, 10030
FIRST_RESPONSE, RESOLUTION = 10031, 10032
CUSTOMER = 10041


def cf(number: int) -> str:
    """Return the id of a custom field by its number."""
    return f"customfield_{number}"


BOTH = frozenset({"create", "edit"})
READ_ONLY: frozenset[str] = frozenset()


def _schema(kind: str, **more: object) -> Json:
    kind_type, items = SCHEMAS[kind]
    return {"type": kind_type, **({"items": items} if items else {}), **more}


def system_field(
    id: str,
    name: str,
    kind: str,
    clauses: tuple[str, ...] = (),
    screens: frozenset[str] = READ_ONLY,
    required: bool = False,
) -> FieldDef:
    """Return one of Jira's own fields; it answers in JQL to its id when `clauses` is empty."""
    return FieldDef(id, name, kind, _schema(kind, system=id), clauses or (id,), screens, required)


def custom_field(
    number: int,
    name: str,
    type_key: str,
    options: tuple[Named, ...] = (),
    only: str = "",
    screens: frozenset[str] = BOTH,
) -> FieldDef:
    """Return a field of an administrator's or a product's making, on the create and the edit screen."""
    full = type_key if ":" in type_key else PREFIX + type_key
    kind = CUSTOM_TYPES[full]
    schema = _schema(kind, custom=full, customId=number)
    clauses = (f"cf[{number}]", name)
    made = FieldDef(f"customfield_{number}", name, kind, schema, clauses, screens, options=list(options))
    made.only = only
    return made


def fresh_fields() -> list[FieldDef]:
    """Return the fields of a fresh site, Jira's own ones first."""
    return [
        system_field("summary", "Summary", "line", screens=BOTH, required=True),
        system_field("description", "Description", "text", screens=BOTH),
        system_field("environment", "Environment", "text", screens=BOTH),
        system_field("project", "Project", "project", screens=frozenset({"create"}), required=True),
        system_field("issuetype", "Issue Type", "issuetype", ("issuetype", "type"), BOTH, required=True),
        system_field("status", "Status", "status"),
        system_field("statusCategory", "Status Category", "statusCategory"),
        system_field("priority", "Priority", "priority", screens=BOTH),
        system_field("resolution", "Resolution", "resolution"),
        system_field("labels", "Labels", "labels", screens=BOTH),
        system_field("components", "Components", "components", ("component",), BOTH),
        system_field("versions", "Affects versions", "versions", ("affectedVersion",), BOTH),
        system_field("fixVersions", "Fix versions", "versions", ("fixVersion",), BOTH),
        system_field("assignee", "Assignee", "user", screens=BOTH),
        system_field("reporter", "Reporter", "user", screens=BOTH),
        system_field("creator", "Creator", "user"),
        system_field("duedate", "Due date", "date", ("due", "duedate"), BOTH),
        system_field("parent", "Parent", "parent", screens=BOTH),
        system_field("created", "Created", "datetime", ("created", "createdDate")),
        system_field("updated", "Updated", "datetime", ("updated", "updatedDate")),
        system_field("resolutiondate", "Resolved", "datetime", ("resolutiondate", "resolved")),
        system_field("statuscategorychangedate", "Status Category Changed", "datetime"),
        system_field("issuelinks", "Linked Issues", "links", screens=BOTH),
        system_field("subtasks", "Sub-tasks", "subtasks"),
        system_field("attachment", "Attachment", "attachments", ("attachments",)),
        system_field("comment", "Comment", "comments", screens=frozenset({"edit"})),
        system_field("worklog", "Log Work", "worklogs", screens=frozenset({"edit"})),
        system_field("timetracking", "Time tracking", "timetracking", screens=BOTH),
        system_field("timespent", "Time Spent", "number"),
        system_field("timeestimate", "Remaining Estimate", "number", ("remainingEstimate", "timeestimate")),
        system_field("timeoriginalestimate", "Original estimate", "number", ("originalEstimate",)),
        system_field("aggregatetimespent", "Sum of Time Spent", "number"),
        system_field("aggregatetimeestimate", "Sum of Remaining Estimate", "number"),
        system_field("aggregatetimeoriginalestimate", "Sum of Original Estimate", "number"),
        system_field("progress", "Progress", "progress"),
        system_field("aggregateprogress", "Sum of Progress", "progress"),
        system_field("workratio", "Work Ratio", "number"),
        system_field("lastViewed", "Last Viewed", "datetime"),
        system_field("security", "Security Level", "security", ("level", "security"), BOTH),
        system_field("watches", "Watchers", "watches", ("watchers",)),
        system_field("votes", "Votes", "votes"),
        custom_field(
            ORGANIZATIONS, "Organizations", _DESK + "sd-customer-organizations", only="service_desk"
        ),
        custom_field(REQUEST_TYPE, "Request Type", _DESK + "vp-origin", only="service_desk"),
        custom_field(10014, "Epic Link", _AGILE + "gh-epic-link", only="software", screens=READ_ONLY),
        custom_field(10015, "Start date", "datepicker"),
        custom_field(10016, "Story point estimate", _AGILE + "jsw-story-points", only="software"),
        custom_field(RANK, "Rank", _AGILE + "gh-lexo-rank", screens=READ_ONLY),
        custom_field(SPRINT, "Sprint", _AGILE + "gh-sprint", only="software"),
        custom_field(10021, "Flagged", "multicheckboxes", (Named("10019", "Impediment"),)),
        custom_field(
            PARTICIPANTS, "Request participants", _DESK + "sd-request-participants", only="service_desk"
        ),
        custom_field(10027, "Satisfaction", _DESK + "sd-request-feedback", (), "service_desk", READ_ONLY),
        custom_field(
            10028, "Satisfaction date", _DESK + "sd-request-feedback-date", (), "service_desk", READ_ONLY
        ),
        custom_field(
            10029,
            "Approvals",
            "com.atlassian.servicedesk.approvals-plugin:sd-approvals",
            (),
            "service_desk",
            READ_ONLY,
        ),
        custom_field(APPROVERS, "Approvers", "multiuserpicker", only="service_desk"),
        custom_field(
            FIRST_RESPONSE, "Time to first response", _DESK + "sd-sla-field", (), "service_desk", READ_ONLY
        ),
        custom_field(RESOLUTION, "Time to resolution", _DESK + "sd-sla-field", (), "service_desk", READ_ONLY),
        custom_field(10040, "Product version", "textfield"),
        custom_field(
            CUSTOMER, "Customer", "select", (Named("10020", "Lantern Books"), Named("10021", "Orbit Cafe"))
        ),
        custom_field(10042, "Deskbridge id", "readonlyfield"),
    ]
