"""The reference connector's translation: what a desk keeps, in canonical words, and back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from connectors.base import ConnectionConfig, NativeValue, Presence, Snapshot, WrittenTicket
from connectors.capabilities import Capabilities, Part, PlaceAbilities
from connectors.errors import Rejected
from connectors.memory_desk import FIELDS, DeskFile, DeskTicket
from mappings.ticket import (
    Attachment,
    Audience,
    Comment,
    CommentKind,
    Field,
    Happening,
    Person,
    PersonRole,
    Raw,
    Ref,
    TextFormat,
    Ticket,
    Value,
)
from mappings.vocabulary import Native


class Translator:
    """Says what one connection's tickets mean."""

    def __init__(self, config: ConnectionConfig, can: Capabilities, here: PlaceAbilities) -> None:
        self._config, self._can, self._here = config, can, here

    def snapshot(self, ticket: DeskTicket, also: frozenset[Part]) -> Snapshot:
        """Return a ticket with its conversation and the parts that were asked for."""
        written = self.written(ticket)
        presence = Presence.ARCHIVED if ticket.archived else Presence.PRESENT
        return Snapshot(
            ref=written.ref,
            url=written.url,
            place=written.place,
            presence=Presence.TRASHED if ticket.trashed else presence,
            version=written.version,
            read_at=self._config.now(),
            ticket=replace(self._ticket(ticket), **self._parts(ticket, also & self._here.parts)),
            native=written.native,
            abilities=self._here,
        )

    def written(self, ticket: DeskTicket) -> WrittenTicket:
        """Return a ticket's fields as the answer to a write tells them."""
        return WrittenTicket(
            ref=self.ref(ticket),
            url=f"{self._config.url}/tickets/{ticket.key}",
            place=ticket.place,
            version=str(ticket.version),
            native={name: ticket.fields[name] for name in self._can.fields},
        )

    def ref(self, ticket: DeskTicket) -> Ref:
        """Return where a ticket lives."""
        return Ref(self._config.name, ticket.key, f"{ticket.place}-{ticket.key}")

    def message(self, ticket: DeskTicket, text: Comment) -> Comment:
        """Return a text with the files that belong to it."""
        files = [f for f in ticket.files.values() if f.owner == text.id and not _alone(ticket, f)]
        attachments = tuple(_attachment(file, text.body.text) for file in files)
        return replace(text, author=self._person(text.author), attachments=attachments)

    def participants(self, ticket: DeskTicket) -> tuple[Person, ...]:
        """Return who else is kept informed of a ticket."""
        return tuple(map(self._person, ticket.participants))

    def natives(
        self, call: str, values: Mapping[Field, Value], present: Mapping[Field, NativeValue]
    ) -> dict[str, NativeValue]:
        """Return canonical values in the desk's words; a word that already means the value is kept.

        Raises Rejected, fields named, for what the desk cannot hold.
        """
        unknown = {str(name): "the desk has no such field" for name in values if name not in FIELDS}
        if unknown:
            raise Rejected(self._config.name, call, f"no field {', '.join(unknown)}", unknown)
        return {name: self._native(call, name, value, present.get(name)) for name, value in values.items()}

    def _native(self, call: str, name: Field, value: Value, present: NativeValue) -> NativeValue:
        lens = self._config.vocabularies.get(name)
        if lens and isinstance(value, StrEnum):
            return lens.put(value, Native(present) if isinstance(present, str) else None)
        if isinstance(value, datetime):
            return value.astimezone(UTC).isoformat(timespec="seconds")
        if isinstance(value, frozenset):
            return tuple(value)
        if value is None or (isinstance(value, str) and not lens):
            return value
        raise Rejected(self._config.name, call, f"{name} cannot be {value}", {name: f"cannot be {value}"})

    def _file(self, file: DeskFile) -> Comment:
        """Return a file that somebody added without a word, as a message that only names it."""
        theirs = file.by.role is PersonRole.CUSTOMER
        return Comment(
            id=f"file:{file_id(file.address)}",
            author=self._person(file.by),
            created=file.added,
            body=Raw(TextFormat.MARKDOWN, f"[{file.name}]({file.address})"),
            audience=Audience.CUSTOMER if theirs else Audience.STAFF,
            kind=CommentKind.MESSAGE if theirs else CommentKind.NOTE,
            attachments=(_attachment(file, ""),),
        )

    def _parts(self, ticket: DeskTicket, also: frozenset[Part]) -> Mapping[str, Any]:
        parts: dict[Part, tuple[str, tuple[Any, ...]]] = {
            Part.PARTICIPANTS: ("participants", self.participants(ticket)),
            Part.TIME: ("time_entries", tuple(ticket.times)),
            Part.RELATIONS: ("relations", tuple(ticket.relations)),
            Part.RATINGS: ("ratings", tuple(ticket.ratings)),
            Part.HISTORY: ("history", tuple(self._happening(*change) for change in ticket.changes)),
        }
        parts[Part.TEAM] = ("team", tuple(map(self._person, ticket.team)))
        return dict(parts[part] for part in also)

    def _happening(self, at: datetime, by: Person, name: Field, before: str, after: str) -> Happening:
        return Happening(at, self._person(by), name, self._value(name, before), self._value(name, after))

    def _ticket(self, ticket: DeskTicket) -> Ticket:
        values: dict[str, Any] = {name: self._value(name, ticket.fields[name]) for name in self._can.fields}
        if (who := values.pop("assignee", None)) is not None:
            values["assignee"] = Person(self._config.name, who, who, PersonRole.STAFF)
        return Ticket(
            **{"subject": "", **values},
            created=ticket.created,
            updated=ticket.updated,
            requester=self._person(ticket.creator),
            messages=(
                *(self.message(ticket, text) for text in ticket.texts.values()),
                *(self._file(file) for file in ticket.files.values() if _alone(ticket, file)),
            ),
        ).ordered()

    def _value(self, name: Field, native: str | tuple[str, ...] | None) -> Value:
        lens = self._config.vocabularies.get(name)
        if native is None:
            return None
        if isinstance(native, tuple):
            return frozenset(native)
        if lens:
            return lens.get(Native(native))
        return datetime.fromisoformat(native) if name in ("due", "first_response_due") else native

    def _person(self, user: Person) -> Person:
        return replace(user, connection=self._config.name)


def _alone(ticket: DeskTicket, file: DeskFile) -> bool:
    """Whether a file is a message of its own: no text names it, and it is not the opener's own."""
    hub = PersonRole.HUB
    return file.loose and hub in (ticket.creator.role, file.by.role)


def file_id(address: str) -> str:
    """Return the id of the file at an address."""
    return address.removeprefix("/uploads/")


def _attachment(file: DeskFile, text: str) -> Attachment:
    return Attachment(
        id=file_id(file.address),
        name=file.name,
        content_type=file.content_type,
        size=len(file.content),
        inline=file.address in text and file.content_type.startswith("image/"),
        location=file.address,
    )
