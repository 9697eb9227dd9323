"""The GraphQL types of issues, work items and what hangs on them (3.8, 7.5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from deskbridge.sandbox.gitlab import access, changes, durations, entities, notes, text
from deskbridge.sandbox.gitlab.addresses import masked
from deskbridge.sandbox.gitlab.call import is_number
from deskbridge.sandbox.gitlab.graphql_run import Context, Failed, Field, Typed, texts
from deskbridge.sandbox.gitlab.places import Project, Status
from deskbridge.sandbox.gitlab.records import Issue, Note

Get = Callable[[Any], Any]
KINDS = (
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
    if len(parts) != 2 or not str(given).startswith("gid://") or not is_number(parts[1]):
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


USER = {
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
LABEL = {
    "id": plain(lambda one: gid("ProjectLabel" if isinstance(one.owner, Project) else "GroupLabel", one.id)),
    "title": plain(lambda one: one.name),
    "color": plain(lambda one: one.color),
    "textColor": plain(lambda one: entities.label_detail(one)["text_color"]),
    "description": plain(lambda one: one.description),
}
MILESTONE = {
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


NOTE = {
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
AWARD = {"name": plain(lambda one: one.name), "user": other("UserCore", lambda one: one.user)}
DISCUSSION = {
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


def kept(context: Context, one: Issue | None) -> Issue | None:
    """Return an issue if the caller can read it."""
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
ISSUE = _COMMON | {
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
    "timelogs": other("Timelog*", lambda one: one.timelogs or []),
    "relativePosition": plain(lambda one: int(one.position)),
    "subscribed": Field("", _subscribed),
    "emailsDisabled": plain(lambda one: not one.project.emails_enabled),
    "moved": plain(lambda one: one.moved_to is not None),
    "movedTo": Field("Issue", lambda context, one, _: kept(context, one.moved_to)),
    "closedAsDuplicateOf": Field("Issue", lambda context, one, _: kept(context, one.duplicate_of)),
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
ISSUE_PAID = {
    "weight": plain(lambda one: one.weight),
    "healthStatus": plain(lambda one: _camel(one.health)),
    "slaDueAt": plain(lambda one: None),
}


def _camel(value: str | None) -> str | None:
    return {"on_track": "onTrack", "needs_attention": "needsAttention", "at_risk": "atRisk"}.get(value or "")


def status(context: Context, one: Issue, _: object) -> Status:
    """Return the status of a work item."""
    return changes.status_of(context.site, one)


def status_gid(one: Status) -> str:
    """Return the global id of a status."""
    return gid(f"WorkItems::Statuses::{'SystemDefined' if one.system else 'Custom'}::Status", one.id)


def _category(context: Context, one: Status, _: object) -> str:
    return one.category.upper() if context.site.switches.status_categories == "upper" else one.category


STATUS = {
    "id": plain(status_gid),
    "name": plain(lambda one: one.name),
    "description": plain(lambda one: None),
    "category": Field("", _category),
    "color": plain(lambda one: one.color),
    "iconName": plain(lambda one: _ICONS[one.category]),
    "position": plain(lambda one: 0),
}
WIDGETS: dict[str, dict[str, Field]] = {
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
WIDGETS_PAID: dict[str, dict[str, Field]] = {
    "HealthStatus": {"healthStatus": plain(lambda one: _camel(one.health))},
    "Weight": {"weight": plain(lambda one: one.weight)},
}


def constant_case(name: str) -> str:
    """Return ``StartAndDueDate`` as ``START_AND_DUE_DATE``."""
    return "".join(f"_{sign}" if sign.isupper() else sign for sign in name).strip("_").upper()


def _widgets(context: Context, one: Issue, arguments: dict[str, Any]) -> list[Typed]:
    given, but = arguments.get("onlyTypes"), texts(arguments.get("exceptTypes"), "exceptTypes")
    only = None if given is None else texts(given, "onlyTypes")
    names = [kind.removeprefix("WorkItemWidget") for kind in context.members["WorkItemWidget"]]
    wanted = [
        name
        for name in names
        if (only is None or constant_case(name) in only) and constant_case(name) not in but
    ]
    return [Typed(f"WorkItemWidget{name}", one) for name in wanted]


WORK_ITEM = _COMMON | {
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
PERMISSIONS = {
    "readWorkItem": plain(lambda pair: True),
    "updateWorkItem": plain(lambda pair: access.edits(*pair)),
    "adminWorkItem": plain(lambda pair: access.staff(pair[0], pair[1].project)),
    "setWorkItemMetadata": plain(lambda pair: access.staff(pair[0], pair[1].project)),
    "createNote": plain(lambda pair: access.comments(*pair)),
}
