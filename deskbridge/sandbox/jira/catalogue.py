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
    )
}
LINK_TYPES = {
    t.id: t
    for t in (
        LinkType("10000", "Blocks", "is blocked by", "blocks"),
        LinkType("10001", "Cloners", "is cloned by", "clones"),
        LinkType("10002", "Duplicate", "is duplicated by", "duplicates"),
        LinkType("10003", "Relates", "relates to", "relates to"),
    )
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
}
# kind of a custom field: the key of its type
CUSTOM_TYPES = {
    "textfield": "string",
    "readonlyfield": "string",
    "url": "string",
    "textarea": "text",
    "float": "number",
    "datepicker": "date",
    "datetime": "datetime",
    "select": "option",
    "radiobuttons": "option",
    "multiselect": "options",
    "multicheckboxes": "options",
    "userpicker": "user",
    "labels": "labels",
}

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


def custom_field(number: int, name: str, type_key: str, options: tuple[Named, ...] = ()) -> FieldDef:
    """Return a field of an administrator's making, on the create and the edit screen."""
    kind = CUSTOM_TYPES[type_key]
    schema = _schema(kind, custom=PREFIX + type_key, customId=number)
    return FieldDef(
        f"customfield_{number}", name, kind, schema, (f"cf[{number}]", name), BOTH, options=list(options)
    )


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
        system_field("worklog", "Log Work", "worklogs"),
        system_field("timespent", "Time Spent", "number"),
        system_field("watches", "Watchers", "watches", ("watchers",)),
        system_field("votes", "Votes", "votes"),
        custom_field(10040, "Product version", "textfield"),
        custom_field(
            10041, "Customer", "select", (Named("10020", "Lantern Books"), Named("10021", "Orbit Cafe"))
        ),
        custom_field(10042, "Deskbridge id", "readonlyfield"),
    ]
