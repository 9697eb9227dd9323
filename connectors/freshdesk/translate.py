"""Freshdesk's answers in canonical words. Pure; payloads die here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from connectors.base import (
    ConnectionConfig,
    NativeValue,
    Presence,
    Snapshot,
    WrittenTicket,
)
from connectors.capabilities import PlaceAbilities
from connectors.freshdesk import wire
from connectors.freshdesk.files import files
from connectors.freshdesk.kinds import KINDS, STAFFS, audience, kind, kind_of
from mappings.ticket import (
    FIELDS,
    MESSAGE_0,
    Comment,
    Field,
    Person,
    PersonRole,
    Raw,
    Ref,
    SlaState,
    TextFormat,
    Ticket,
    Value,
)
from mappings.vocabulary import NOTHING, WORDS, Native

CUSTOM: tuple[Field, ...] = ("impact", "urgency", "component", "version", "resolution")
"""The fields that only a custom field can hold."""
DUES: Mapping[Field, str] = {"first_response_due": "fr_due_by", "due": "due_by"}
"""The points in time, and what Freshdesk calls them."""

_MAYBE_FORMER = (PersonRole.CUSTOMER, PersonRole.UNKNOWN)
_OUTBOUND = 10
"""The source of a ticket that an agent opened by writing to a customer (freshdesk-api 4.2)."""
_CHATS = (7, 15)
"""The sources of tickets whose description repeats the first message (freshdesk-api 5.1)."""

NO_SUBJECT = "(no subject)"
"""What a ticket is called whose mail had no subject: no work tool takes an empty title."""

Who = Callable[[int | None], Person | None]
"""Tells who a user id is."""
Signature = Callable[[int | None], str]
"""Tells what an agent's texts end with."""


def _unsigned(_: int | None) -> str:
    return ""


def fields(config: ConnectionConfig) -> tuple[Field, ...]:
    """Return the fields that this account can hold: its own, and those that the settings give it."""

    def held(field: Field) -> bool:
        told = field == "rating"  # read from a list of its own, and nobody's to write
        return (
            not told
            and (field not in CUSTOM or field in config.fields)
            and (field not in WORDS or field in config.vocabularies)
        )

    return tuple(field for field in FIELDS if held(field))


def sla_tags(config: ConnectionConfig) -> frozenset[str]:
    """Return the tags that show the state of the clocks."""
    lens = config.vocabularies.get("sla")
    return frozenset({*lens.reads, *lens.writes.values()} - {NOTHING}) if lens else frozenset()


def stamp(at: datetime) -> str:
    """Return a time as Freshdesk states it: UTC, to the second (freshdesk-api 1.1)."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def native(config: ConnectionConfig, ticket: wire.Ticket) -> dict[Field, NativeValue]:
    """Return the server's own value of each field that the account can hold."""
    return {field: _stated(config, ticket, field) for field in fields(config)}


def canonical(config: ConnectionConfig, field: Field, stated: NativeValue) -> Value:
    """Return what a native value means."""
    if field == "subject":
        return str(stated or "").strip() or NO_SUBJECT
    if stated is None:
        return None
    if isinstance(stated, tuple):
        return frozenset(stated)
    if field in DUES:
        return datetime.fromisoformat(stated)
    if lens := config.vocabularies.get(field):
        return lens.get(Native(stated))
    return stated


def ref(config: ConnectionConfig, id: int) -> Ref:
    """Return the reference to a ticket."""
    return Ref(config.name, str(id), f"#{id}")


def url(config: ConnectionConfig, id: int) -> str:
    """Return where an agent opens a ticket."""
    return f"{config.url}/a/tickets/{id}"


def presence(ticket: wire.Ticket) -> Presence:
    """Return whether a ticket can be worked on; trash, spam and archive cannot (freshdesk-api 4.5, 4.8)."""
    if ticket.archived:
        return Presence.ARCHIVED
    return Presence.TRASHED if ticket.deleted or ticket.spam else Presence.PRESENT


def version(updated: datetime, presence: Presence) -> str:
    """Return the version of a ticket: nobody says that moving it to the trash stamps it anew."""
    return stamp(updated) if presence is Presence.PRESENT else f"{stamp(updated)} {presence}"


def written(config: ConnectionConfig, ticket: wire.Ticket) -> WrittenTicket:
    """Return a ticket's fields as the server answered with them."""
    return WrittenTicket(
        ref=ref(config, ticket.id),
        url=url(config, ticket.id),
        place="",
        version=version(ticket.updated_at, presence(ticket)),
        native=native(config, ticket),
    )


def snapshot(
    config: ConnectionConfig,
    ticket: wire.Ticket,
    conversations: Iterable[wire.Conversation],
    who: Who,
    read_at: datetime,
    abilities: PlaceAbilities,
    *,
    signature: Signature = _unsigned,
    **parts: Any,
) -> Snapshot:
    """Return what Freshdesk says about a ticket, whole; `parts` are further values of `Ticket`."""
    fields = written(config, ticket)
    values: dict[str, Any] = {name: canonical(config, name, said) for name, said in fields.native.items()}
    if not isinstance(values.get("sla"), SlaState):
        values["sla"] = None
    return Snapshot(
        ref=fields.ref,
        url=fields.url,
        place=fields.place,
        presence=presence(ticket),
        version=fields.version,
        read_at=read_at,
        native=fields.native,
        abilities=abilities,
        ticket=Ticket(
            **{
                **values,
                **parts,
                "subject": str(canonical(config, "subject", ticket.subject)),
                "assignee": who(ticket.responder_id),
            },
            created=ticket.created_at,
            updated=ticket.updated_at,
            requester=who(ticket.requester_id),
            messages=_messages(config, ticket, conversations, who, signature),
        ).ordered(),
    )


def _messages(
    config: ConnectionConfig,
    ticket: wire.Ticket,
    conversations: Iterable[wire.Conversation],
    who: Who,
    signature: Signature,
) -> tuple[Comment, ...]:
    said = list(conversations)
    if ticket.source in _CHATS and said and said[0].incoming:
        repeated = (said[0].body_text or "").strip() == (ticket.description_text or "").strip()
        said = said[1:] if repeated and not said[0].attachments else said
    first = description(config, ticket, who, signature)
    return (first, *(comment(config, c, who, signature, ticket.requester_id) for c in said))


def description(
    config: ConnectionConfig, ticket: wire.Ticket, who: Who, signature: Signature = _unsigned
) -> Comment:
    """Return message 0. The requester wrote it, unless an agent opened the ticket by a mail."""
    author = ticket.responder_id if ticket.source == _OUTBOUND else ticket.requester_id
    return Comment(
        id=MESSAGE_0,
        author=who(author) or nobody(config),
        created=ticket.created_at,
        body=Raw(TextFormat.HTML, ticket.description or ""),
        audience=KINDS["description"].native.audience,
        kind=KINDS["description"].said,
        attachments=files(ticket.attachments, ticket.description, config.url),
        signature=signature(author),
    )


def comment(
    config: ConnectionConfig,
    said: wire.Conversation,
    who: Who,
    signature: Signature = _unsigned,
    requester: int | None = None,
) -> Comment:
    """Return a reply, note, forward or customer message on a ticket of this requester."""
    return Comment(
        id=str(said.id),
        author=_author(config, said, who, requester),
        created=said.created_at,
        body=Raw(TextFormat.HTML, said.body or ""),
        audience=audience(said),
        kind=kind(said),
        edited=said.last_edited_at,
        attachments=files(said.attachments, said.body, config.url),
        signature=signature(said.user_id),
    )


def _author(config: ConnectionConfig, said: wire.Conversation, who: Who, requester: int | None) -> Person:
    """Return who wrote it, as what they were then.

    An agent who was deleted is a contact by the same number (6.3), and later perhaps nobody. What only staff
    can write tells them; a reply in the requester's own name is what a program copied from elsewhere (5.3).
    """
    author = who(said.user_id) or nobody(config)
    if said.user_id is None or said.incoming is not False or author.role not in _MAYBE_FORMER:
        return author
    was_staff = kind_of(said) in STAFFS or (kind_of(said) == "reply" and said.user_id != requester)
    return replace(author, role=PersonRole.STAFF) if was_staff else author


def _stated(config: ConnectionConfig, ticket: wire.Ticket, field: Field) -> NativeValue:
    match field:
        case "subject" | "type":
            value: str | None = getattr(ticket, field)
            return value
        case "status" | "priority":
            return str(getattr(ticket, field))
        case "assignee":
            return None if ticket.responder_id is None else str(ticket.responder_id)
        case "first_response_due" | "due":
            at = getattr(ticket, DUES[field])
            return stamp(at) if at else None
        case "tags":
            return tuple(sorted(set(ticket.tags) - sla_tags(config)))
        case "sla":
            return ",".join(sorted(set(ticket.tags) & sla_tags(config))) or NOTHING
        case _:
            return _text(ticket.custom_fields.get(config.fields[field]))


def _text(value: object) -> str | None:
    """Return a custom field's value as text: a number, a tick and a list of choices too."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def nobody(config: ConnectionConfig) -> Person:
    """Return the author of what nobody is said to have written."""
    return Person(config.name, "", "somebody unknown", PersonRole.UNKNOWN)
