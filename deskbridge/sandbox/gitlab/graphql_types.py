"""The types of the GraphQL API: what REST does not tell, and what clients ask beside (3.8, 7.5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from deskbridge.sandbox.gitlab import access, changes, durations, entities, notes, text
from deskbridge.sandbox.gitlab.addresses import masked
from deskbridge.sandbox.gitlab.graphql_run import Context, Failed, Field, Typed
from deskbridge.sandbox.gitlab.places import Group, Project, Status, User
from deskbridge.sandbox.gitlab.records import Issue, Note

Get = Callable[[Any], Any]
_KINDS = (
    "issue",
    "incident",
    "test_case",
    "requirement",
    "task",
    "objective",
    "key_result",
    "epic",
    "ticket",
)
"""Work item types in the order of their ids."""
_ICONS = {
    "triage": "status-neutral",
    "to_do": "status-waiting",
    "in_progress": "status-running",
    "done": "status-success",
    "canceled": "status-cancelled",
}


def gid(kind: str, id: int) -> str:
    """Return a global id."""
    return f"gid://gitlab/{kind}/{id}"


def from_gid(given: object, *kinds: str) -> int:
    """Return the number of a global id of one of these kinds; an issue is also a work item (3.8)."""
    parts = str(given).removeprefix("gid://gitlab/").rsplit("/", 1)
    if len(parts) != 2 or not str(given).startswith("gid://") or not parts[1].isdigit():
        raise Failed(f'"{given}" is not a valid Global ID')
    if parts[0] not in kinds:
        raise Failed(f'"{given}" does not represent an instance of {kinds[0]}')
    return int(parts[1])


def _time(value: datetime | None) -> str | None:
    return value and value.strftime("%Y-%m-%dT%H:%M:%SZ")  # type: ignore[return-value]


def plain(get: Get) -> Field:
    """Return a scalar field."""
    return Field("", lambda context, value, arguments: get(value))


def other(kind: str, get: Get) -> Field:
    """Return a field with an object of another type."""
    return Field(kind, lambda context, value, arguments: get(value))


def _html(value: str | None) -> str | None:
    return None if value is None else str(text.html(value))


_USER = {
    "id": plain(lambda one: gid("User", one.id)),
    "username": plain(lambda one: one.username),
    "name": plain(lambda one: one.name),
    "state": plain(lambda one: one.state),
    "bot": plain(lambda one: one.kind in ("bot", "support")),
    "publicEmail": plain(lambda one: one.public_email or None),
    "avatarUrl": plain(lambda one: None),
    "webUrl": Field("", lambda context, one, _: f"{context.site.base_url}/{one.username}"),
    "webPath": plain(lambda one: f"/{one.username}"),
}
_LABEL = {
    "id": plain(lambda one: gid("ProjectLabel" if isinstance(one.owner, Project) else "GroupLabel", one.id)),
    "title": plain(lambda one: one.name),
    "color": plain(lambda one: one.color),
    "textColor": plain(lambda one: entities.label_detail(one)["text_color"]),
    "description": plain(lambda one: one.description),
}
_MILESTONE = {
    "id": plain(lambda one: gid("Milestone", one.id)),
    "iid": plain(lambda one: str(one.iid)),
    "title": plain(lambda one: one.title),
    "state": plain(lambda one: one.state),
    "dueDate": plain(lambda one: entities.day(one.due_date)),
    "startDate": plain(lambda one: entities.day(one.start_date)),
}


def _note_author(context: Context, one: Note, _: object) -> str | None:
    """Return the address of the customer who wrote a note, masked for those who may not know it (7.5)."""
    return _address(context, one.issue.project, one.external)


def _address(context: Context, project: Project, address: str | None) -> str | None:
    if not address:
        return None
    return address if access.sees_addresses(context.user, project) else masked(address)


_NOTE = {
    "id": plain(lambda one: gid("Note", one.id)),
    "body": plain(lambda one: one.body),
    "bodyHtml": plain(lambda one: _html(one.body)),
    "author": other("UserCore", lambda one: one.author),
    "externalAuthor": Field("", _note_author),
    "createdAt": plain(lambda one: _time(one.created_at)),
    "updatedAt": plain(lambda one: _time(one.updated_at)),
    "lastEditedAt": plain(lambda one: _time(one.edited_at)),
    "lastEditedBy": other("UserCore", lambda one: one.edited_by),
    "system": plain(lambda one: one.system),
    "internal": plain(lambda one: one.internal),
    "confidential": plain(lambda one: one.internal),
    "resolvable": plain(lambda one: False),
    "resolved": plain(lambda one: False),
    "url": Field("", lambda context, one, _: f"{context.site.web_url(one.issue)}#note_{one.id}"),
    "discussion": other("Discussion", lambda one: [one]),
    "awardEmoji": other("AwardEmoji*", lambda one: one.awards or []),
}
_AWARD = {"name": plain(lambda one: one.name), "user": other("UserCore", lambda one: one.user)}
_DISCUSSION = {
    "id": plain(lambda rows: f"gid://gitlab/Discussion/{rows[0].discussion}"),
    "replyId": plain(lambda rows: f"gid://gitlab/Discussion/{rows[0].discussion}"),
    "createdAt": plain(lambda rows: _time(rows[0].created_at)),
    "notes": other("Note*", lambda rows: rows),
}


def _notes(context: Context, one: Issue, arguments: dict[str, Any]) -> list[Note]:
    """Return the notes that the caller can read, oldest first."""
    wanted = str(arguments.get("filter") or "ALL_NOTES")
    rows = [note for note in one.notes.values() if access.reads_note(context.user, note)]
    if wanted != "ALL_NOTES":
        rows = [note for note in rows if note.system == (wanted == "ONLY_ACTIVITY")]
    return sorted(rows, key=lambda note: (note.created_at, note.id))


def _subscribed(context: Context, one: Issue, _: object) -> bool:
    known = access.owns(context.user, one) or context.user in one.involved
    return known and context.user not in (one.muted or ())


def _kept(context: Context, one: Issue | None) -> Issue | None:
    return one if one and access.reads(context.user, one) else None


_COMMON = {
    "iid": plain(lambda one: str(one.iid)),
    "title": plain(lambda one: one.title),
    "description": plain(lambda one: one.description),
    "descriptionHtml": plain(lambda one: _html(one.description)),
    "confidential": plain(lambda one: one.confidential),
    "createdAt": plain(lambda one: _time(one.created_at)),
    "updatedAt": plain(lambda one: _time(one.updated_at)),
    "closedAt": plain(lambda one: _time(one.closed_at)),
    "author": other("UserCore", lambda one: one.author),
    "webUrl": Field("", lambda context, one, _: context.site.web_url(one)),
    "webPath": plain(lambda one: f"/{one.project.full_path}/-/issues/{one.iid}"),
    "externalAuthor": Field("", lambda context, one, _: _address(context, one.project, one.reply_to)),
    "reference": Field(
        "", lambda context, one, given: one.path if given.get("full") else f"#{one.iid}", ("full",)
    ),
    "userDiscussionsCount": plain(
        lambda one: len({n.discussion for n in one.notes.values() if not n.system})
    ),
}
_ISSUE = _COMMON | {
    "id": plain(lambda one: gid("Issue", one.id)),
    "projectId": plain(lambda one: one.project.id),
    "state": plain(lambda one: one.state),
    "type": plain(lambda one: one.kind.upper()),
    "severity": plain(lambda one: one.severity.upper()),
    "assignees": other("UserCore*", lambda one: one.assignees),
    "labels": other("Label*", lambda one: sorted(one.labels, key=lambda label: label.name)),
    "milestone": other("Milestone", lambda one: one.milestone),
    "dueDate": plain(lambda one: entities.day(one.due_date)),
    "discussionLocked": plain(lambda one: bool(one.locked)),
    "userNotesCount": plain(lambda one: one.comments),
    "upvotes": plain(lambda one: sum(award.name == "thumbsup" for award in one.awards or ())),
    "downvotes": plain(lambda one: sum(award.name == "thumbsdown" for award in one.awards or ())),
    "timeEstimate": plain(lambda one: one.time_estimate),
    "totalTimeSpent": plain(lambda one: one.time_spent),
    "humanTimeEstimate": plain(lambda one: durations.words(one.time_estimate)),
    "humanTotalTimeSpent": plain(lambda one: durations.words(one.time_spent)),
    "relativePosition": plain(lambda one: int(one.position)),
    "subscribed": Field("", _subscribed),
    "emailsDisabled": plain(lambda one: not one.project.emails_enabled),
    "moved": plain(lambda one: one.moved_to is not None),
    "movedTo": Field("Issue", lambda context, one, _: _kept(context, one.moved_to)),
    "closedAsDuplicateOf": Field("Issue", lambda context, one, _: _kept(context, one.duplicate_of)),
    "updatedBy": other("UserCore", lambda one: one.updated_by),
    "escalationStatus": plain(lambda one: one.escalation.upper() if one.kind == "incident" else None),
    "notes": Field("Note*", _notes, ("filter",)),
    "discussions": Field(
        "Discussion*", lambda c, one, given: notes.discussions(_notes(c, one, given)), ("filter",)
    ),
    "participants": other(
        "UserCore*", lambda one: list(dict.fromkeys([one.author, *one.assignees, *one.involved]))
    ),
}
_ISSUE_PAID = {
    "weight": plain(lambda one: one.weight),
    "healthStatus": plain(lambda one: _camel(one.health)),
    "slaDueAt": plain(lambda one: None),
}


def _camel(value: str | None) -> str | None:
    return {"on_track": "onTrack", "needs_attention": "needsAttention", "at_risk": "atRisk"}.get(value or "")


def _status(context: Context, one: Issue, _: object) -> Status:
    return changes.status_of(context.site, one)


def status_gid(one: Status) -> str:
    """Return the global id of a status."""
    return gid(f"WorkItems::Statuses::{'SystemDefined' if one.system else 'Custom'}::Status", one.id)


def _category(context: Context, one: Status, _: object) -> str:
    return one.category.upper() if context.site.switches.status_categories == "upper" else one.category


_STATUS = {
    "id": plain(status_gid),
    "name": plain(lambda one: one.name),
    "description": plain(lambda one: None),
    "category": Field("", _category),
    "color": plain(lambda one: one.color),
    "iconName": plain(lambda one: _ICONS[one.category]),
    "position": plain(lambda one: 0),
}
_WIDGETS: dict[str, dict[str, Field]] = {
    "Assignees": {"assignees": other("UserCore*", lambda one: one.assignees)},
    "AwardEmoji": {"awardEmoji": other("AwardEmoji*", lambda one: one.awards or [])},
    "Description": {
        "description": plain(lambda one: one.description),
        "descriptionHtml": plain(lambda one: _html(one.description)),
        "lastEditedAt": plain(lambda one: _time(one.edited_at)),
        "lastEditedBy": other("UserCore", lambda one: one.edited_by),
        "edited": plain(lambda one: one.edited_at is not None),
    },
    "EmailParticipants": {
        "emailParticipants": Field(
            "EmailParticipantType*",
            lambda context, one, _: [_address(context, one.project, each) for each in one.participants],
        )
    },
    "Labels": {
        "labels": other("Label*", lambda one: sorted(one.labels, key=lambda label: label.name)),
        "allowsScopedLabels": Field("", lambda context, one, _: context.site.premium),
    },
    "Milestone": {"milestone": other("Milestone", lambda one: one.milestone)},
    "Notes": {
        "notes": Field("Note*", _notes, ("filter",)),
        "discussions": Field(
            "Discussion*", lambda c, one, given: notes.discussions(_notes(c, one, given)), ("filter",)
        ),
        "discussionLocked": plain(lambda one: bool(one.locked)),
    },
    "Notifications": {"subscribed": Field("", _subscribed)},
    "StartAndDueDate": {
        "dueDate": plain(lambda one: entities.day(one.due_date)),
        "startDate": plain(lambda one: entities.day(one.start_date)),
    },
    "TimeTracking": {
        "timeEstimate": plain(lambda one: one.time_estimate),
        "totalTimeSpent": plain(lambda one: one.time_spent),
        "humanReadableAttributes": plain(lambda one: None),
    },
}
_WIDGETS_PAID: dict[str, dict[str, Field]] = {
    "HealthStatus": {"healthStatus": plain(lambda one: _camel(one.health))},
    "Weight": {"weight": plain(lambda one: one.weight)},
}


def _upper(name: str) -> str:
    return "".join(f"_{sign}" if sign.isupper() else sign for sign in name).strip("_").upper()


def _widgets(context: Context, one: Issue, arguments: dict[str, Any]) -> list[Typed]:
    only, but = arguments.get("onlyTypes"), arguments.get("exceptTypes") or ()
    names = [kind.removeprefix("WorkItemWidget") for kind in context.members["WorkItemWidget"]]
    wanted = [name for name in names if (only is None or _upper(name) in only) and _upper(name) not in but]
    return [Typed(f"WorkItemWidget{name}", one) for name in wanted]


_WORK_ITEM = _COMMON | {
    "id": plain(lambda one: gid("WorkItem", one.id)),
    "state": plain(lambda one: "OPEN" if one.state == "opened" else "CLOSED"),
    "lockVersion": plain(lambda one: 0),
    "archived": plain(lambda one: one.project.archived),
    "workItemType": Field("WorkItemType", lambda context, one, _: (one.project, one.kind)),
    "namespace": other("Namespace", lambda one: one.project),
    "project": other("Project", lambda one: one.project),
    "widgets": Field("WorkItemWidget[]", _widgets, ("onlyTypes", "exceptTypes")),
    "duplicatedToWorkItemUrl": Field(
        "", lambda context, one, _: one.duplicate_of and context.site.web_url(one.duplicate_of)
    ),
    "movedToWorkItemUrl": Field(
        "", lambda context, one, _: one.moved_to and context.site.web_url(one.moved_to)
    ),
    "userPermissions": Field("WorkItemPermissions", lambda context, one, _: (context.user, one)),
}
_PERMISSIONS = {
    "readWorkItem": plain(lambda pair: True),
    "updateWorkItem": plain(lambda pair: access.edits(*pair)),
    "adminWorkItem": plain(lambda pair: access.staff(pair[0], pair[1].project)),
    "setWorkItemMetadata": plain(lambda pair: access.staff(pair[0], pair[1].project)),
    "createNote": plain(lambda pair: access.comments(*pair)),
}


def _definitions(context: Context, pair: tuple[Any, str], _: object) -> list[Typed]:
    """Return what each widget of a type allows; without statuses there is no such widget (3.8)."""
    names = [kind.removeprefix("WorkItemWidget") for kind in context.members["WorkItemWidget"]]
    stated = pair[1] in ("issue", "task") and context.site.switches.statuses
    return [
        Typed("WorkItemWidgetDefinitionStatus", pair)
        if name == "Status"
        else Typed("WorkItemWidgetDefinitionGeneric", name)
        for name in names
        if name != "Status" or stated
    ]


def _types(context: Context, place: Any, arguments: dict[str, Any]) -> list[tuple[Any, str]]:
    wanted = arguments.get("name")
    kinds = [kind for kind in _KINDS if kind in ("issue", "incident", "task", "ticket")]
    return [(place, kind) for kind in kinds if wanted in (None, kind.upper())]


_TYPE = {
    "id": plain(lambda pair: gid("WorkItems::Type", _KINDS.index(pair[1]) + 1)),
    "name": plain(lambda pair: pair[1].replace("_", " ").capitalize()),
    "iconName": plain(lambda pair: f"work-item-{pair[1].replace('_', '-')}"),
    "widgetDefinitions": Field("WorkItemWidgetDefinition[]", _definitions),
}


def _issues(context: Context, place: Project | Group, arguments: dict[str, Any]) -> list[Issue]:
    """Return issues by iid or state, newest first."""
    places = (
        [place]
        if isinstance(place, Project)
        else [one for one in context.site.projects.values() if one.group is place]
    )
    wanted = arguments.get("iids") or ([arguments["iid"]] if arguments.get("iid") else None)
    state = str(arguments.get("state") or "all").lower()
    numbers = {int(one) for one in wanted if str(one).isdigit()} if wanted else None
    found = [
        issue
        for one in places
        for issue in (
            one.issues.values()
            if numbers is None
            else (one.issues[n] for n in sorted(numbers) if n in one.issues)
        )
    ]
    rows = [issue for issue in found if state in ("all", issue.state) and access.reads(context.user, issue)]
    return sorted(rows, key=lambda issue: (issue.created_at, issue.id), reverse=True)


def _issue(context: Context, place: Project, arguments: dict[str, Any]) -> Issue | None:
    iid = str(arguments.get("iid", ""))
    return _kept(context, place.issues.get(int(iid)) if iid.isdigit() else None)


_LISTS = ("iid", "iids", "state")
_PLACE = {
    "id": plain(lambda one: gid(type(one).__name__, one.id)),
    "name": plain(lambda one: one.name),
    "path": plain(lambda one: one.path),
    "fullPath": plain(lambda one: one.full_path),
    "webUrl": Field("", lambda context, one, _: f"{context.site.base_url}/{one.full_path}"),
    "visibility": plain(lambda one: "private"),
    "labels": Field("Label*", lambda context, one, _: list(context.site.labels_for(one))),
    "workItemTypes": Field("WorkItemType*", _types, ("name",)),
    "workItems": Field("WorkItem*", _issues, _LISTS),
}
_PROJECT = _PLACE | {
    "nameWithNamespace": plain(lambda one: f"{one.group.name} / {one.name}"),
    "description": plain(lambda one: one.description),
    "archived": plain(lambda one: one.archived),
    "serviceDeskEnabled": plain(lambda one: one.service_desk_enabled),
    "serviceDeskAddress": plain(lambda one: entities.desk_address(one) if one.service_desk_enabled else None),
    "group": other("Group", lambda one: one.group),
    "namespace": other("Namespace", lambda one: one.group),
    "issue": Field("Issue", _issue, ("iid",)),
    "issues": Field("Issue*", _issues, _LISTS),
}
_GROUP = _PLACE | {
    "fullName": plain(lambda one: one.name),
    "issues": Field("Issue*", _issues, _LISTS),
    "projects": Field(
        "Project*",
        lambda context, one, _: [
            p for p in context.site.projects.values() if p.group is one and access.level(context.user, p)
        ],
    ),
}
_NAMESPACE = _PLACE | {"workItem": Field("WorkItem", _issue, ("iid!",))}


def _project(context: Context, _: object, arguments: dict[str, Any]) -> Project | None:
    place = context.site.project_at(str(arguments["fullPath"]))
    return place if place and access.level(context.user, place) else None


def _group(context: Context, _: object, arguments: dict[str, Any]) -> Group | None:
    place = context.site.group_at(str(arguments["fullPath"]))
    return place if place and access.sees_group(context.site, context.user, place) else None


def _by_gid(context: Context, _: object, arguments: dict[str, Any]) -> Issue | None:
    return _kept(context, context.site.issues.get(from_gid(arguments["id"], "WorkItem", "Issue")))


def _note(context: Context, _: object, arguments: dict[str, Any]) -> Note | None:
    kinds = ("Note", "DiscussionNote")
    found = context.site.note_at(from_gid(arguments["id"], *kinds))
    visible = found and access.reads(context.user, found.issue) and access.reads_note(context.user, found)
    return found if visible else None


def _user(context: Context, _: object, arguments: dict[str, Any]) -> User | None:
    if arguments.get("id"):
        return context.site.users.get(from_gid(arguments["id"], "User"))
    return context.site.user_named(str(arguments.get("username") or ""))


_QUERY = {
    "currentUser": Field("CurrentUser", lambda context, _, __: context.user),
    "user": Field("UserCore", _user, ("id", "username")),
    "project": Field("Project", _project, ("fullPath!",)),
    "group": Field("Group", _group, ("fullPath!",)),
    "namespace": Field(
        "Namespace", lambda c, _, given: _group(c, _, given) or _project(c, _, given), ("fullPath!",)
    ),
    "issue": Field("Issue", _by_gid, ("id!",)),
    "workItem": Field("WorkItem", _by_gid, ("id!",)),
    "note": Field("Note", _note, ("id!",)),
    "metadata": Field("Metadata", lambda context, _, __: context.site.switches.version),
    "echo": Field(
        "", lambda context, _, given: f'"{context.user.username}" says: {given["text"]}', ("text!",)
    ),
}
_METADATA = {
    "version": plain(lambda version: version),
    "revision": plain(lambda version: "0a1b2c3d4e5"),
    "enterprise": plain(lambda version: True),
}
Types = dict[str, dict[str, Field]]


def types(*, premium: bool, statuses: bool) -> tuple[Types, dict[str, Sequence[str]]]:
    """Return the types of an instance, and which of them stand behind each interface."""
    widgets = _WIDGETS | (_WIDGETS_PAID if premium else {})
    stated = {"status": Field("WorkItemStatus", _status)} if statuses else {}
    if statuses:
        widgets = widgets | {"Status": stated}
    found: Types = {
        "Query": _QUERY,
        "CurrentUser": _USER,
        "UserCore": _USER,
        "Label": _LABEL,
        "Milestone": _MILESTONE,
        "Note": _NOTE,
        "Discussion": _DISCUSSION,
        "AwardEmoji": _AWARD,
        "Issue": _ISSUE | (_ISSUE_PAID if premium else {}) | stated,
        "WorkItem": _WORK_ITEM,
        "WorkItemPermissions": _PERMISSIONS,
        "WorkItemType": _TYPE,
        "WorkItemStatus": _STATUS,
        "EmailParticipantType": {"email": plain(lambda address: address)},
        "Project": _PROJECT,
        "Group": _GROUP,
        "Namespace": _NAMESPACE,
        "Metadata": _METADATA,
        "PageInfo": dict.fromkeys(
            ("hasNextPage", "hasPreviousPage", "startCursor", "endCursor"), plain(lambda one: None)
        ),
    }
    kinds = []
    for name, fields in sorted(widgets.items()):
        kinds.append(f"WorkItemWidget{name}")
        found[kinds[-1]] = {"type": _constant(_upper(name)), **fields}
    found["WorkItemWidget"] = {"type": _constant("")}
    found |= _definition_types()
    definitions = ("WorkItemWidgetDefinitionStatus", "WorkItemWidgetDefinitionGeneric")
    return found, {"WorkItemWidget": kinds, "WorkItemWidgetDefinition": definitions}


def _constant(value: str) -> Field:
    return Field("", lambda context, one, arguments: value)


def _definition_types() -> Types:
    def by(category: str) -> Field:
        def get(context: Context, _: object, __: object) -> Status | None:
            return next((one for one in context.site.statuses if one.category == category), None)

        return Field("WorkItemStatus", get)

    stated = {
        "type": _constant("STATUS"),
        "allowedStatuses": Field("WorkItemStatus[]", lambda context, _, __: context.site.statuses),
        "defaultOpenStatus": by("to_do"),
        "defaultClosedStatus": by("done"),
    }
    generic = {"type": plain(_upper)}
    return {
        "WorkItemWidgetDefinition": {"type": _constant("")},
        "WorkItemWidgetDefinitionStatus": stated,
        "WorkItemWidgetDefinitionGeneric": generic,
    }
