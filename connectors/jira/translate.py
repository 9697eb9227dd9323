"""From Jira's words to the canonical ones. Pure; payloads end here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from connectors.base import (
    NativeValue,
    Presence,
    Snapshot,
    WrittenComment,
    WrittenTicket,
)
from connectors.capabilities import PlaceAbilities
from connectors.jira import wire
from connectors.jira.files import Text, attachment, sorted_out
from connectors.jira.side import API, OWN_FIELDS, OWN_WORDS, SERVICE, Side
from mappings.markup.adf_read import stored, words
from mappings.ticket import (
    MESSAGE_0,
    Attachment,
    Audience,
    Comment,
    CommentKind,
    Field,
    Organisation,
    Person,
    PersonRole,
    Raw,
    Ref,
    SlaState,
    TextFormat,
    Ticket,
    Unmapped,
)
from mappings.vocabulary import NOTHING, Native

EMPTY = Raw(TextFormat.WIKI, "")
"""The text of an issue without a description."""
NOTHING_RENDERED: Mapping[str, str] = MappingProxyType({})
_WITH_THE_ISSUE = timedelta(seconds=10)
"""How much later than the issue a file may be that came with it: it is sent in a call of its own."""
_ROLES = {"customer": PersonRole.CUSTOMER, "app": PersonRole.MACHINE}


def snapshot(
    side: Side,
    issue: wire.Issue,
    comments: Sequence[wire.Comment],
    read_at: datetime,
    abilities: PlaceAbilities,
    rendered: Mapping[str, str] = NOTHING_RENDERED,
) -> Snapshot:
    """Return an issue as the hub sees it; `rendered` is the HTML of messages, where it was needed."""
    written = written_ticket(side, issue)
    return Snapshot(
        ref=written.ref,
        url=written.url,
        place=written.place,
        presence=Presence.ARCHIVED if issue.fields.archived else Presence.PRESENT,
        version=written.version,
        read_at=read_at,
        ticket=ticket(side, issue, comments, rendered),
        native=written.native,
        abilities=abilities,
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


def written_comment(
    side: Side, head: wire.Head, stored: wire.Comment, rendered: Mapping[str, str] = NOTHING_RENDERED
) -> WrittenComment:
    """Return what Jira says it stored; `head` is the issue that it stands on.

    What it does not say counts as read by the customer: nobody is to rely on a silence.
    """
    texts = {stored.id: Text(stored.body, stored.updated, rendered.get(stored.id, ""))}
    files, _ = sorted_out(head.fields.files, texts, cloud=side.cloud)
    found = _comment(side, head.fields, stored, files[stored.id])
    unsaid = head.fields.project.type == SERVICE and stored.public is None and not stored.visibility
    return WrittenComment(found.id, found.revision, Audience.CUSTOMER if unsaid else found.audience)


def ticket(
    side: Side, issue: wire.Issue, comments: Sequence[wire.Comment], rendered: Mapping[str, str]
) -> Ticket:
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
        requester=person(side, fields.reporter, served=_served(fields)) if fields.reporter else None,
        assignee=person(side, fields.assignee) if fields.assignee else None,
        organisation=_organisation(side, fields),
        messages=messages(side, issue, comments, rendered),
        **own,
    ).ordered()


def messages(
    side: Side,
    issue: wire.Issue,
    comments: Sequence[wire.Comment],
    rendered: Mapping[str, str] = NOTHING_RENDERED,
) -> tuple[Comment, ...]:
    """Return the description and the comments, each with the files that it names.

    Jira's files belong to the issue. One that came with the issue and that no text names goes with the
    description; where the description is a copy of ours, or has readers that its author didn't give it, each
    is a message of its own. So is one that somebody added later, since it is as old as itself, and one of
    ours: an upload whose answer was lost is found there (`sync.files.unclaimed`).
    """
    fields = issue.fields
    said = fields.description or EMPTY
    texts = {MESSAGE_0: Text(said, fields.created, rendered.get(MESSAGE_0, ""))}
    texts |= {c.id: Text(c.body, c.updated, rendered.get(c.id, "")) for c in comments}
    files, unnamed = sorted_out(fields.files, texts, cloud=side.cloud)
    author, audience = person(side, fields.creator, served=_served(fields)), described(side, fields)
    theirs = [file for file in unnamed if not _is(file.author, side.me)]
    beside = [
        file
        for file in theirs
        if author.role is not PersonRole.HUB and file.created - fields.created <= _WITH_THE_ISSUE
        if _shown(side, fields, file) is audience
    ]
    description = Comment(
        id=MESSAGE_0,
        author=author,
        created=fields.created,
        body=said,
        audience=audience,
        kind=CommentKind.DESCRIPTION,
        attachments=(*files[MESSAGE_0], *(attachment(f, inline=False, cloud=side.cloud) for f in beside)),
    )
    alone = [_file_alone(side, fields, file) for file in unnamed if file not in beside]
    return (description, *(_comment(side, fields, c, files[c.id]) for c in comments), *alone)


def described(side: Side, fields: wire.Fields | wire.HeadFields) -> Audience:
    """Return who reads a description: the customer too if it is a request that the portal shows (8.6)."""
    if fields.project.type != SERVICE:
        return Audience.STAFF
    theirs = fields.reporter is not None and _ROLES.get(fields.reporter.type) is PersonRole.CUSTOMER
    on_portal = bool(side.desk.request_type and fields.custom.get(side.desk.request_type))
    return Audience.CUSTOMER if theirs or on_portal else Audience.STAFF


def _shown(side: Side, fields: wire.Fields, file: wire.File) -> Audience:
    """Return who sees a file that no text names: on the portal, the customer's own only (jira-api 6)."""
    by_customer = person(side, file.author, served=_served(fields)).role is PersonRole.CUSTOMER
    return Audience.CUSTOMER if by_customer and fields.project.type == SERVICE else Audience.STAFF


def _file_alone(side: Side, fields: wire.Fields, file: wire.File) -> Comment:
    """Return a file that somebody added without a word, as a message that only names it."""
    author, audience = person(side, file.author, served=_served(fields)), _shown(side, fields, file)
    return Comment(
        id=f"file:{file.id}",
        author=author,
        created=file.created,
        body=Raw(TextFormat.WIKI, f"[^{file.name}]"),
        audience=audience,
        kind=CommentKind.MESSAGE if audience is Audience.CUSTOMER else CommentKind.NOTE,
        attachments=(attachment(file, inline=False, cloud=side.cloud),),
    )


def person(side: Side, user: wire.User | None, *, served: str = "") -> Person:
    """Return somebody; a deleted account is a person without a name. `served` is the customer's account."""
    if user is None:
        return Person(side.connection, "", "somebody", PersonRole.UNKNOWN)
    role = _ROLES.get(user.type, PersonRole.STAFF)
    if role is PersonRole.STAFF and user.id and user.id == served:
        role = PersonRole.CUSTOMER
    role = PersonRole.HUB if _is(user, side.me) else role
    return Person(side.connection, user.id, user.name, role, user.email, "" if side.cloud else user.username)


def _served(fields: wire.Fields | wire.HeadFields) -> str:
    """Return the account of the customer: who reported a request, whatever kind of account that is."""
    service = fields.project.type == SERVICE
    return fields.reporter.id if service and fields.reporter else ""


def _organisation(side: Side, fields: wire.Fields) -> Organisation | None:
    """Return the first organisation that a request is shared with."""
    match fields.custom.get(side.desk.organisations) if side.desk.organisations else None:
        case [{"id": int() | str() as id, "name": str() as name}, *_]:
            return Organisation(side.connection, str(id), name)
        case _:
            return None


def status_word(status: wire.Status) -> Native:
    """Return a status as a vocabulary reads it: by id, then by its category's key."""
    return Native(status.id, status.category.key)


def text_of(value: object) -> str | None:
    """Return what a custom field says: text, an option's value, a thing's name, or the first of several."""
    match value:
        case [first, *_]:
            return text_of(first)
        case {"type": "doc"}:  # a field of several lines, as version 3 has it
            return " ".join(words(stored(value))) or None
        case {"value": found} | {"name": found}:
            return str(found)
        case None | [] | {}:
            return None
        case float() if value.is_integer():  # a number field tells 5 as 5.0
            return str(int(value))
        case _:
            return str(value)


def _comment(
    side: Side,
    fields: wire.Fields | wire.HeadFields,
    comment: wire.Comment,
    files: tuple[Attachment, ...],
) -> Comment:
    audience = _audience(fields.project, comment)
    # Whoever reported a request speaks as its customer on the portal, and as staff in an internal note.
    author = person(side, comment.author, served=_served(fields) if audience is Audience.CUSTOMER else "")
    return Comment(
        id=comment.id,
        author=author,
        created=comment.created,
        body=comment.body,
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
        case "assignee":
            return fields.assignee.id if fields.assignee else None
        case "tags":
            return tuple(sorted(set(fields.labels) - side.sla_labels))
        case "due":
            return fields.due.isoformat() if fields.due else None
        case "sla":
            return " ".join(_labelled(side, fields.labels)) or NOTHING
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
    return _word(side, field, text) if field in OWN_WORDS else text


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
    read = [lens.get(Native(label)) for label in _labelled(side, labels) or [NOTHING]]
    states = [state for state in read if not isinstance(state, Unmapped)]
    return max((SlaState(state) for state in states), key=list(SlaState).index, default=None)


def _labelled(side: Side, labels: Iterable[str]) -> list[str]:
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
