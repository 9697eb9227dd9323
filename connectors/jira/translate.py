"""From Jira's words to the canonical ones. Pure; payloads end here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from connectors.base import (
    NativeValue,
    Presence,
    Snapshot,
    WrittenComment,
    WrittenTicket,
)
from connectors.jira import wire
from connectors.jira.files import attachment, sorted_out
from mappings.ticket import (
    MESSAGE_0,
    Attachment,
    Audience,
    Comment,
    CommentKind,
    Field,
    Person,
    PersonRole,
    Raw,
    Ref,
    SlaState,
    TextFormat,
    Ticket,
    Unmapped,
)
from mappings.vocabulary import NOTHING, Native, Vocabularies

API = "api/2"
FORMAT = TextFormat.WIKI
"""Version 2 of the REST API speaks wiki markup in both directions; version 3 would speak ADF (jira-api 5)."""

CANONICAL: Mapping[str, Field] = {
    "summary": "subject",
    "labels": "tags",
    "duedate": "due",
    "issuetype": "type",
}
"""Jira's fields whose canonical names differ."""

OWN_FIELDS: tuple[Field, ...] = ("component", "version", "impact", "urgency", "first_response_due")
"""The canonical fields that only a field made for them can hold, named in the settings."""

SERVICE = "service_desk"
_ROLES = {"customer": PersonRole.CUSTOMER, "app": PersonRole.MACHINE}


@dataclass(frozen=True, slots=True)
class Side:
    """What translating needs to know of a connection."""

    connection: str
    site: str
    """Where people open it."""
    custom: Mapping[Field, str]
    """Canonical field -> the id of the custom field that holds it."""
    lenses: Vocabularies
    me: str
    """Our own account."""

    @property
    def holds(self) -> list[Field]:
        """The fields that can be written here."""
        words = [field for field in _WORDED if field in self.lenses]
        own = [field for field in OWN_FIELDS if field in self.custom]
        return [*_ALWAYS, *words, *(f for f in own if f not in ("impact", "urgency") or f in self.lenses)]

    @property
    def sla_labels(self) -> frozenset[str]:
        """The labels that show the clocks' state; they are no tags."""
        lens = self.lenses.get("sla")
        return frozenset(lens.reads) - {NOTHING} if lens else frozenset()


_ALWAYS: tuple[Field, ...] = ("subject", "status", "priority", "tags", "due")
_WORDED: tuple[Field, ...] = ("type", "sla")


def snapshot(side: Side, issue: wire.Issue, comments: Sequence[wire.Comment], read_at: datetime) -> Snapshot:
    """Return an issue as the hub sees it."""
    written = written_ticket(side, issue)
    return Snapshot(
        ref=written.ref,
        url=written.url,
        place=written.place,
        presence=Presence.PRESENT,
        version=written.version,
        read_at=read_at,
        ticket=ticket(side, issue, comments),
        native=written.native,
    )


def written_ticket(side: Side, issue: wire.Issue) -> WrittenTicket:
    """Return what a write made of an issue."""
    return WrittenTicket(
        ref=Ref(side.connection, issue.id, issue.key),
        url=f"{side.site}/browse/{issue.key}",
        place=issue.fields.project.key,
        version=wire.stamp(issue.fields.updated),
        native={field: _native(side, issue, field) for field in side.holds},
    )


def written_comment(side: Side, head: wire.Head, stored: wire.Comment) -> WrittenComment:
    """Return what Jira says it stored; `head` is the issue that it stands on."""
    texts = {stored.id: (stored.body, stored.updated)}
    files, _ = sorted_out(head.fields.files, texts)
    found = _comment(side, head.fields.project, stored, files[stored.id])
    return WrittenComment(found.id, found.revision, found.audience)


def ticket(side: Side, issue: wire.Issue, comments: Sequence[wire.Comment]) -> Ticket:
    """Return an issue in canonical words."""
    fields = issue.fields
    own = {field: _own(side, issue, field) for field in OWN_FIELDS}
    return Ticket(
        subject=fields.summary,
        created=fields.created,
        updated=fields.updated,
        status=_word(side, "status", status_word(fields.status)),
        priority=_word(side, "priority", _id(fields.priority)),
        type=_word(side, "type", _id(fields.type)),
        resolution=_word(side, "resolution", _id(fields.resolution)),
        tags=frozenset(fields.labels) - side.sla_labels,
        due=fields.due,
        sla=_sla(side, fields.labels),
        requester=person(side, fields.reporter) if fields.reporter else None,
        assignee=person(side, fields.assignee) if fields.assignee else None,
        messages=messages(side, issue, comments),
        **own,
    ).ordered()


def messages(side: Side, issue: wire.Issue, comments: Sequence[wire.Comment]) -> tuple[Comment, ...]:
    """Return the description and the comments, each with the files that it names.

    Jira's files belong to the issue. One that no text names goes with the description; where the
    description is a copy of ours, each is a message of its own, so that it is not taken for ours too.
    One that we put there ourselves goes with neither: the text that will name it is still on its way.
    """
    fields = issue.fields
    texts = {MESSAGE_0: (fields.description or "", fields.created)}
    texts |= {comment.id: (comment.body, comment.updated) for comment in comments}
    files, unnamed = sorted_out(fields.files, texts)
    author = person(side, fields.creator)
    theirs = [file for file in unnamed if not _is(file.author, side.me)]
    ours = author.role is PersonRole.HUB
    beside = [] if ours else [attachment(file, inline=False) for file in theirs]
    alone = [_file_alone(side, file) for file in theirs] if ours else []
    from_customer = author.role is PersonRole.CUSTOMER and fields.project.type == SERVICE
    description = Comment(
        id=MESSAGE_0,
        author=author,
        created=fields.created,
        body=Raw(FORMAT, fields.description or ""),
        audience=Audience.CUSTOMER if from_customer else Audience.STAFF,
        kind=CommentKind.DESCRIPTION,
        attachments=(*files[MESSAGE_0], *beside),
    )
    return (description, *(_comment(side, fields.project, c, files[c.id]) for c in comments), *alone)


def _file_alone(side: Side, file: wire.File) -> Comment:
    """Return a file that somebody added without a word, as a message that only names it."""
    return Comment(
        id=f"file:{file.id}",
        author=person(side, file.author),
        created=file.created,
        body=Raw(FORMAT, f"[^{file.name}]"),
        audience=Audience.STAFF,
        kind=CommentKind.NOTE,
        attachments=(attachment(file, inline=False),),
    )


def person(side: Side, user: wire.User | None) -> Person:
    """Return somebody; a deleted account is a person without a name."""
    if user is None:
        return Person(side.connection, "", "somebody", PersonRole.UNKNOWN)
    role = PersonRole.HUB if _is(user, side.me) else _ROLES.get(user.type, PersonRole.STAFF)
    return Person(side.connection, user.id, user.name, role, user.email)


def status_word(status: wire.Status) -> Native:
    """Return a status as a vocabulary reads it: by id, then by its category's key."""
    return Native(status.id, status.category.key)


def text_of(value: object) -> str | None:
    """Return what a custom field says: text, an option's value, a thing's name, or the first of several."""
    match value:
        case [first, *_]:
            return text_of(first)
        case {"value": found} | {"name": found}:
            return str(found)
        case None | [] | {}:
            return None
        case _:
            return str(value)


def _comment(
    side: Side, project: wire.Project, comment: wire.Comment, files: tuple[Attachment, ...]
) -> Comment:
    author, audience = person(side, comment.author), _audience(project, comment)
    return Comment(
        id=comment.id,
        author=author,
        created=comment.created,
        body=Raw(FORMAT, comment.body),
        audience=audience,
        kind=_kind(author, audience),
        edited=comment.updated if comment.updated != comment.created else None,
        attachments=files,
    )


def _audience(project: wire.Project, comment: wire.Comment) -> Audience:
    """Return who reads a comment: the project's readers, who are staff, except where Jira says otherwise."""
    if comment.visibility:
        return Audience.RESTRICTED
    return Audience.CUSTOMER if project.type == SERVICE and comment.public else Audience.STAFF


def _kind(author: Person, audience: Audience) -> CommentKind:
    if author.role is PersonRole.CUSTOMER:
        return CommentKind.MESSAGE
    return CommentKind.REPLY if audience is Audience.CUSTOMER else CommentKind.NOTE


def _native(side: Side, issue: wire.Issue, field: Field) -> NativeValue:
    fields = issue.fields
    match field:
        case "subject":
            return fields.summary
        case "status":
            return fields.status.id
        case "priority":
            return _id(fields.priority)
        case "type":
            return fields.type.id
        case "tags":
            return tuple(sorted(set(fields.labels) - side.sla_labels))
        case "due":
            return fields.due.isoformat() if fields.due else None
        case "sla":
            return " ".join(_shown(side, fields.labels)) or NOTHING
        case "first_response_due":
            at = _moment(side, issue, field)
            return wire.stamp(at) if at else None
        case _:
            return text_of(fields.custom.get(side.custom[field]))


def _own(side: Side, issue: wire.Issue, field: Field) -> Any:  # a Value; each field has its own type
    if field not in side.custom:
        return None
    if field == "first_response_due":
        return _moment(side, issue, field)
    text = text_of(issue.fields.custom.get(side.custom[field]))
    return _word(side, field, text) if field in ("impact", "urgency") else text


def _moment(side: Side, issue: wire.Issue, field: Field) -> datetime | None:
    found = issue.fields.custom.get(side.custom[field])
    if found is None:
        return None
    call = f"GET {API}/issue/{issue.id} {side.custom[field]}"
    return wire.parse(wire.Moment, found, side.connection, call).root


def _word(side: Side, field: Field, native: Native | str | None) -> Any:  # a Word of that field's kind
    lens = side.lenses.get(field)
    if native is None or lens is None:
        return None
    return lens.get(native if isinstance(native, Native) else Native(native))


def _sla(side: Side, labels: Iterable[str]) -> SlaState | None:
    """Return the worst state that the labels show, as people see it."""
    if (lens := side.lenses.get("sla")) is None:
        return None
    read = [lens.get(Native(label)) for label in _shown(side, labels) or [NOTHING]]
    states = [state for state in read if not isinstance(state, Unmapped)]
    return max((SlaState(state) for state in states), key=list(SlaState).index, default=None)


def _shown(side: Side, labels: Iterable[str]) -> list[str]:
    return sorted(set(labels) & side.sla_labels)


def _id(thing: wire.Named | None) -> str | None:
    return thing.id if thing else None


def _is(user: wire.User | None, account: str) -> bool:
    return user is not None and user.id == account


def day(at: datetime | date) -> str:
    """Return a point in time as Jira's ``duedate`` holds it: the day, in UTC."""
    return (at.astimezone(UTC).date() if isinstance(at, datetime) else at).isoformat()


def moment(at: datetime) -> str:
    """Return a point in time as Jira's date-time fields take it (jira-api 3.4)."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
