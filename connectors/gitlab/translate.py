"""GitLab's payloads into canonical words, and nothing else. Payloads die here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import TypeVar

from connectors.base import (
    Hint,
    NativeValue,
    Presence,
    Snapshot,
    WrittenTicket,
)
from connectors.gitlab.files import Home, attachments
from connectors.gitlab.labels import Side
from connectors.gitlab.wire import CLOSED, OPENED, Issue, LabelEvent, Link, Note, Row, StateEvent, User
from mappings.ticket import (
    MESSAGE_0,
    Audience,
    Comment,
    CommentKind,
    Field,
    Happening,
    Impact,
    Mood,
    Person,
    PersonRole,
    Priority,
    Raw,
    Ref,
    Relation,
    RelationKind,
    Resolution,
    SlaState,
    Status,
    TextFormat,
    Ticket,
    TicketType,
    Unmapped,
    Urgency,
    Value,
)
from mappings.vocabulary import Native

W = TypeVar("W", bound=StrEnum)
_HISTORIC: tuple[Field, ...] = ("status", "priority", "type")
_NOBODY: Mapping[int, str] = {}
Nature = tuple[PersonRole, CommentKind, Audience]


def key_of(row: Row) -> str:
    """Return the key of an issue. A move to another project makes another issue (reference 3.4)."""
    return f"{row.project_id}:{row.iid}"


def version_of(row: Row) -> str:
    """Return what changes with an issue; the count tells of comments that bump nothing (reference 2.4)."""
    return f"{row.updated_at.isoformat()} {row.user_notes_count}"


def hint_of(row: Row) -> Hint:
    """Return what a row of a list says deserves a look."""
    return Hint(key_of(row), version_of(row), row.updated_at)


def ref_of(side: Side, issue: Issue) -> Ref:
    """Return where an issue lives."""
    return Ref(side.connection, key_of(issue), issue.references.full)


def natives(side: Side, issue: Issue) -> dict[Field, NativeValue]:
    """Return the server's own value of each field that can be held."""
    labels = issue.labels or ()
    native: dict[Field, NativeValue] = {
        "subject": issue.title,
        "assignee": ",".join(sorted(str(user.id) for user in issue.assignees or ())) or None,
        "due": issue.due_date.isoformat() if issue.due_date else None,
        "tags": tuple(sorted(label for label in labels if side.is_tag(label))),
    }
    words = {field: side.native(field, labels, issue.status) for field in side.labels}
    return native | {field: word.word if word else None for field, word in words.items()}


def written(side: Side, issue: Issue) -> WrittenTicket:
    """Return an issue's fields as a write's answer states them."""
    return WrittenTicket(
        ref=ref_of(side, issue),
        url=issue.web_url,
        place=issue.project_path,
        version=version_of(issue),
        native=natives(side, issue),
    )


def snapshot(
    side: Side,
    issue: Issue,
    notes: Iterable[Note],
    me: int,
    read_at: datetime,
    outsiders: Mapping[int, str] = _NOBODY,
    *,
    desk: bool = False,
) -> Snapshot:
    """Return an issue with its notes; `me` is our own account's id.

    `outsiders` says by a note's id for whom the Support Bot wrote it; `desk` whether the project's Service
    Desk is on.
    """
    return Snapshot(
        ref=ref_of(side, issue),
        url=issue.web_url,
        place=issue.project_path,
        presence=Presence.PRESENT if issue.moved_to_id is None else Presence.MOVED,
        version=version_of(issue),
        read_at=read_at,
        ticket=ticket(side, issue, notes, me, outsiders),
        native=natives(side, issue),
        abilities=side.served if desk else side.abilities,
    )


def ticket(
    side: Side, issue: Issue, notes: Iterable[Note], me: int, outsiders: Mapping[int, str] = _NOBODY
) -> Ticket:
    """Return an issue in canonical words."""
    opening = description(side, issue, me)
    assignee = next(iter(issue.assignees or ()), None)
    sla = _word(side, "sla", SlaState, issue)
    return Ticket(
        subject=issue.title,
        created=issue.created_at,
        updated=issue.updated_at,
        status=_word(side, "status", Status, issue),
        priority=_word(side, "priority", Priority, issue),
        type=_word(side, "type", TicketType, issue),
        impact=_word(side, "impact", Impact, issue),
        urgency=_word(side, "urgency", Urgency, issue),
        resolution=_word(side, "resolution", Resolution, issue),
        rating=_word(side, "rating", Mood, issue),
        tags=frozenset(label for label in issue.labels or () if side.is_tag(label)),
        due=issue.due_date,
        sla=None if isinstance(sla, Unmapped) else sla,
        requester=opening.author,
        assignee=_person(side, assignee, _role(issue, assignee, me)) if assignee else None,
        messages=(opening, *(comment(side, issue, note, me, outsiders.get(note.id)) for note in notes)),
    ).ordered()


def description(side: Side, issue: Issue, me: int) -> Comment:
    """Return message 0. On a Service Desk ticket the customer wrote it, and its address says who."""
    desk, text = issue.service_desk_reply_to, issue.description or ""
    author = _person(side, issue.author, _role(issue, issue.author, me))
    return Comment(
        id=MESSAGE_0,
        author=_requester(side, desk) if desk and author.role is PersonRole.CUSTOMER else author,
        created=issue.created_at,
        body=Raw(TextFormat.MARKDOWN, text),
        audience=Audience.CUSTOMER if desk else Audience.STAFF,
        kind=CommentKind.DESCRIPTION,
        attachments=attachments(side.url, Home(issue.project_id, issue.project_path), text),
    )


def comment(side: Side, issue: Issue, note: Note, me: int, outsider: str | None = None) -> Comment:
    """Return a note. `edited` is when it may have been: an emoji moves `updated_at` too (reference 4.1)."""
    said = _said(side, Home(issue.project_id, issue.project_path), note, _nature(issue, note, me))
    by_mail = outsider is not None and said.author.role is PersonRole.CUSTOMER
    return replace(said, author=_requester(side, outsider)) if outsider and by_mail else said


def ours(side: Side, home: Home, note: Note) -> Comment:
    """Return a note that we have just written: unless it is internal, a customer may read it."""
    audience = Audience.STAFF if note.inside else Audience.CUSTOMER
    return _said(side, home, note, (PersonRole.HUB, CommentKind.NOTE, audience))


def _said(side: Side, home: Home, note: Note, nature: Nature) -> Comment:
    role, kind, audience = nature
    text = note.body or ""
    return Comment(
        id=str(note.id),
        author=_person(side, note.author, role),
        created=note.created_at,
        body=Raw(TextFormat.MARKDOWN, text),
        audience=audience,
        kind=kind,
        edited=note.updated_at if _touched(note) else None,
        attachments=attachments(side.url, home, text),
    )


def _touched(note: Note) -> bool:
    """Whether a note was changed after it was written. No person does that within a second."""
    return note.updated_at is not None and note.updated_at - note.created_at > timedelta(seconds=1)


def _nature(issue: Issue, note: Note, me: int) -> Nature:
    """Return what a note is.

    Ordinary ones are read by whoever reads the place, which the place declares; on a Service Desk ticket
    they are mailed to the customer (reference 7.3). Where the server does not say, staff wrote for staff.
    """
    role = _role(issue, note.author, me)
    by_customer = role is PersonRole.CUSTOMER
    if note.system or (by_customer and note.inside):  # the Support Bot's housekeeping (reference 7.4)
        return PersonRole.MACHINE, CommentKind.AUTOMATIC, Audience.STAFF
    if by_customer:
        return role, CommentKind.MESSAGE, Audience.CUSTOMER
    if issue.service_desk_reply_to is None or note.inside is not False:
        return role, CommentKind.NOTE, Audience.STAFF
    return role, CommentKind.REPLY, Audience.CUSTOMER


def _role(issue: Issue, user: User, me: int) -> PersonRole:
    """Return what a user is. All customers write as the Support Bot, who opened their ticket."""
    if user.id == me:
        return PersonRole.HUB
    by_mail = user.id == issue.author.id and user.username.startswith("support-bot")
    return PersonRole.CUSTOMER if issue.service_desk_reply_to and by_mail else PersonRole.STAFF


def _person(side: Side, user: User, role: PersonRole) -> Person:
    return Person(side.connection, str(user.id), user.name, role, handle=user.username)


def _requester(side: Side, address: str) -> Person:
    """Return who mailed; an address that GitLab masked with ``*`` is a name only."""
    email = None if "*" in address else address
    return Person(side.connection, address, address, PersonRole.CUSTOMER, email)


def participant(side: Side, user: User) -> Person:
    """Return somebody with an account who takes part in an issue."""
    bot = user.username.startswith("support-bot")
    return _person(side, user, PersonRole.MACHINE if bot else PersonRole.STAFF)


def outsider(side: Side, address: str) -> Person:
    """Return somebody without an account who takes part by mail."""
    return _requester(side, address)


def relation(link: Link, kind: RelationKind) -> Relation:
    """Return a tie to another issue."""
    return Relation(kind, f"{link.project_id}:{link.iid}")


def happenings(side: Side, labels: Iterable[LabelEvent], states: Iterable[StateEvent]) -> Iterator[Happening]:
    """Yield what became of status, priority and type, oldest first.

    Events are told apart by their ids, not their times: several of one edit share a millisecond, and a
    label that was swapped is one change (reference 3.7). An issue begins opened, without labels.
    """
    held: set[str] = set()
    state = OPENED
    events: list[LabelEvent | StateEvent] = [*labels, *states]
    ordered = sorted(events, key=lambda event: event.created_at)
    for at, group in groupby(ordered, key=lambda event: event.created_at):
        before, actor = _words_of(side, held, state), None
        for event in sorted(group, key=lambda event: event.id):
            actor = event.user or actor
            if isinstance(event, StateEvent):
                state = CLOSED if event.state == CLOSED else OPENED
            elif event.label and event.action == "add":
                held.add(event.label.name)
            elif event.label:
                held.discard(event.label.name)
        by = participant(side, actor) if actor else None
        after = _words_of(side, held, state)
        yield from (Happening(at, by, f, before[f], after[f]) for f in after if before[f] != after[f])


def _words_of(side: Side, labels: set[str], state: str) -> dict[Field, Value]:
    """Return what labels and state mean for the fields that have a history."""
    words: dict[Field, Value] = {}
    for field in _HISTORIC:
        if field in side.labels:
            native = side.native(field, labels, Native(state))
            words[field] = None if native is None else side.labels[field].lens.get(native)
    return words


def _word(side: Side, field: Field, kind: type[W], issue: Issue) -> W | Unmapped | None:
    if field not in side.labels:
        return None
    native = side.native(field, issue.labels or (), issue.status)
    word = None if native is None else side.labels[field].lens.get(native)
    return word if isinstance(word, (kind, Unmapped)) else None
