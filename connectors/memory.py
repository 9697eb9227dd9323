"""The reference connector: the shortest reading of the contract, over a `MemoryDesk`.

People read it to learn what a connector does, and property tests are run with it. The others have
`connectors.http` where this one has `memory_wire`, and files of their own for what stands here below
the contract's methods.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from typing import IO, Any
from urllib.parse import urlsplit

from connectors.base import (
    Account,
    BadSignature,
    CommentDraft,
    ConnectionConfig,
    Hint,
    Hook,
    NativeValue,
    Presence,
    Snapshot,
    Stated,
    TicketDraft,
    Upload,
    WrittenComment,
    WrittenFile,
    WrittenTicket,
)
from connectors.capabilities import (
    Capabilities,
    FilePlace,
    Part,
    PlaceAbilities,
)
from connectors.errors import Gone, Rejected, WireError
from connectors.former import known_again
from connectors.memory_abilities import abilities, capabilities
from connectors.memory_desk import DeskFile, DeskTicket, Fault, Mail, MemoryDesk
from connectors.memory_translate import Translator, file_id
from connectors.memory_wire import Wire
from connectors.recount import RawFile, RawRating, RawText, RawTime, RawValue, Recount
from mappings.boards import BoardSpec, BoardView, Place, Step
from mappings.markup import write
from mappings.ticket import (
    MESSAGE_0,
    Attachment,
    Audience,
    Comment,
    Field,
    Organisation,
    Person,
    PersonRole,
    Rating,
    Ref,
    Relation,
    Status,
    TextFormat,
    TimeEntry,
    Unmapped,
    Value,
)
from mappings.vocabulary import Native

__all__ = ["Fault", "Memory", "MemoryDesk"]

_PAGE = 3
"""Tickets on a page of `changed`: few, so that every test walks over the end of one."""


class Memory:
    """The connector of a desk. `differing` are what this side is unlike the default one in.

    They are named as in `Capabilities` or `PlaceAbilities`.
    """

    def __init__(self, config: ConnectionConfig, desk: MemoryDesk, **differing: Any) -> None:
        self._config, self._desk, self._wire = config, desk, Wire(config, desk)
        default, here = capabilities(config.vocabularies, desk.lag), abilities()
        local = differing.keys() & {field.name for field in fields(here)} - {"fields"}
        self._abilities = replace(here, **{name: differing.pop(name) for name in local})
        self._capabilities = replace(default, **differing)
        self._words = Translator(config, self._capabilities, self._abilities)

    @property
    def name(self) -> str:
        return self._config.name

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def abilities(self, place: Place) -> PlaceAbilities:
        return self._abilities

    def whoami(self) -> Account:
        return self._wire.read(
            "whoami", lambda: Account("hub", self._desk.users["hub"].name, self._config.url)
        )

    def ahead(self) -> timedelta:
        return timedelta(0)

    def problems(self, places: Iterable[Place]) -> list[str]:
        known = self._wire.read("problems", lambda: sorted(self._desk.projects))
        lacking = [place.key for place in places if place.key not in known]
        return [f"{self.name}: there is no project {key!r}; there is {', '.join(known)}" for key in lacking]

    def remarks(self, places: Iterable[Place]) -> list[str]:
        found = self._wire.read("remarks", self._desk.words)
        lenses = self._config.vocabularies
        return [
            f"{self.name}: {name} {word!r} is read by no row"
            for name, word in found
            if name in lenses and isinstance(lenses[name].get(Native(word)), Unmapped)
        ] + [f"{self.name}: a reply that the customer can read mails the customer"]

    def unreachable(self, place: Place, statuses: Collection[Status]) -> list[str]:
        """Nothing: any status can follow any other."""
        return []

    def pointers(self, key: str, field: str = "") -> list[str]:
        self._wire.read("pointers", lambda: self._wire.find("pointers", key))
        return []

    def meant(self, text: str) -> str | None:
        place, _, key = text.rpartition("/")
        return key if place in ("", f"{self._config.url}/tickets") and key else None

    def fetch(self, key: str, also: frozenset[Part] = frozenset()) -> Snapshot:
        found = self._wire.read("fetch", lambda: self._words.snapshot(self._wire.find("fetch", key), also))
        return known_again(found, self._config.former)

    def changed(self, since: datetime) -> Iterator[Hint]:
        """Ask again from the last row's stamp on, that row included: many tickets share a second."""
        given: set[Hint] = set()
        after = since.replace(microsecond=0)
        while page := self._page(after, given):
            yield from page
            given.update(page)
            after = page[-1].changed

    def walk(self, since: datetime | None = None) -> Iterator[Hint]:
        return self.changed(since or datetime.min.replace(tzinfo=UTC))

    def ratings(self, since: datetime) -> Iterator[tuple[str, Rating]]:
        return iter(self._wire.read("ratings", lambda: self._desk.rated(since)))

    def create(self, draft: TicketDraft) -> WrittenTicket:
        def act(fault: Fault | None) -> WrittenTicket:
            dropped = {"tags"} if fault is Fault.TAGS_DROPPED else set()
            kept = {name: value for name, value in draft.values.items() if name not in dropped}
            return self._create(replace(draft, values=kept))

        return self._wire.write("create", act, idempotent=False)

    def create_many(self, drafts: Sequence[TicketDraft]) -> list[WrittenTicket | WireError]:
        answers: list[WrittenTicket | WireError] = []
        for n in range(0, len(drafts), self._abilities.bulk):
            answers += self._create_batch(drafts[n : n + self._abilities.bulk])
        return answers

    def _create_batch(self, batch: Sequence[TicketDraft]) -> Sequence[WrittenTicket | WireError]:
        def act(fault: Fault | None) -> list[WrittenTicket | WireError]:
            return [self._created(draft) for draft in batch]

        try:
            return self._wire.write("create_many", act, idempotent=False)
        except WireError as error:
            return [error] * len(batch)

    def find_created(self, token: str, since: datetime, after: datetime | None = None) -> Ref | None:
        earliest = since.replace(microsecond=0)

        def ours(ticket: DeskTicket) -> bool:
            mine = ticket.creator.role is PersonRole.HUB and ticket.created >= earliest
            return mine and ticket.external_id == token

        found = self._wire.read("find_created", lambda: [t for t in self._desk.indexed() if ours(t)])
        return self._words.ref(found[0]) if found else None

    def standing(self, key: str) -> WrittenTicket:
        return self._wire.read("fetch", lambda: self._words.written(self._wire.find("fetch", key)))

    def set_fields(self, present: Stated, values: Mapping[Field, Value]) -> WrittenTicket:
        def act(fault: Fault | None) -> WrittenTicket:
            ticket = self._wire.find("set_fields", present.ref.key, to_write=True)
            natives = self._words.natives("set_fields", values, ticket.fields)
            self._refuse_stranger("set_fields", natives)
            before = self._words.written(ticket)
            if fault is Fault.TAGS_DROPPED:
                natives.pop("tags", None)
            if fault is not Fault.FIELDS_DROPPED:
                self._desk.set(ticket.key, by="hub", **natives)
            return before if fault is Fault.OLD_ANSWER else self._words.written(ticket)

        return self._wire.write("set_fields", act, idempotent=True)

    def change_tags(self, present: Snapshot, add: frozenset[str], remove: frozenset[str]) -> WrittenTicket:
        def act(fault: Fault | None) -> WrittenTicket:
            ticket = self._wire.find("change_tags", present.ref.key, to_write=True)
            before = self._words.written(ticket)
            if fault is not Fault.TAGS_DROPPED:
                self._desk.tag(ticket.key, *add, remove=remove)
            return before if fault is Fault.OLD_ANSWER else self._words.written(ticket)

        return self._wire.write("change_tags", act, idempotent=True)

    def add_comment(self, key: str, draft: CommentDraft) -> WrittenComment:
        def act(fault: Fault | None) -> WrittenComment:
            ticket = self._wire.find("add_comment", key, to_write=True)
            audience = Audience.CUSTOMER if fault is Fault.INTERNAL_DROPPED else draft.audience
            self._desk.told += [Mail(address, draft.markdown) for address in draft.tells]
            return self._say(ticket, self._desk.new_id(), draft, audience)

        return self._wire.write("add_comment", act, idempotent=False)

    def edit_comment(self, key: str, id: str, draft: CommentDraft) -> WrittenComment:
        def act(fault: Fault | None) -> WrittenComment:
            ticket = self._wire.find("edit_comment", key, to_write=True)
            if id not in ticket.texts:
                raise Gone(self.name, "edit_comment", f"no text {id}")
            self._refuse_foreign("edit_comment", ticket.texts[id])
            return self._say(ticket, id, draft, ticket.texts[id].audience)

        return self._wire.write("edit_comment", act, idempotent=True)

    def delete_comment(self, key: str, id: str) -> None:
        def act(fault: Fault | None) -> None:
            ticket = self._wire.find("delete_comment", key, to_write=True)
            if id in ticket.texts:
                self._refuse_foreign("delete_comment", ticket.texts[id])
                self._desk.delete_comment(key, id)

        self._wire.write("delete_comment", act, idempotent=True)

    def recount(self, key: str, also: frozenset[Part] = frozenset()) -> Recount:
        """Return what the desk keeps of a ticket."""
        ticket = self._wire.find("recount", key)
        texts = [
            RawText(id, text.body.text, text.audience is Audience.CUSTOMER)
            for id, text in ticket.texts.items()
        ]
        times = [RawTime(t.id, round(t.spent.total_seconds()), t.note, t.started) for t in ticket.times]
        return Recount(
            tuple(texts),
            tuple(self._raw(id, file) for id, file in ticket.files.items()),
            fields={name: RawValue(_words(ticket.fields[name])) for name in self.capabilities.fields},
            times=tuple(times) if Part.TIME in also else None,
        )

    def recount_ratings(self, since: datetime) -> Iterator[RawRating]:
        """Yield what customers thought, by the desk's list."""
        told = self._wire.read("recount_ratings", lambda: self._desk.rated(since))
        return (RawRating(key, one.id, one.mood, one.remark, one.given) for key, one in told)

    def _raw(self, id: str, file: DeskFile) -> RawFile:
        size = len(file.content)
        return RawFile(
            file.name, size, Attachment(id, file.name, "", size, inline=False, location=file.address)
        )

    def handled(self, key: str) -> str:
        """Return nothing: the desk keeps no record of who changed what."""
        self._wire.find("handled", key)
        return ""

    def delete(self, key: str) -> None:
        """Take a ticket away for good."""

        def act(fault: Fault | None) -> None:
            self._desk.forget(key)

        self._wire.write("delete", act, idempotent=True)

    def undeletable(self, places: Iterable[Place]) -> list[str]:
        """Nothing: everything can be deleted."""
        return []

    def add_file(self, key: str, upload: Upload) -> WrittenFile:
        def act(fault: Fault | None) -> WrittenFile:
            self._wire.find("add_file", key, to_write=True)
            if self.capabilities.files is not FilePlace.TICKET:
                raise Rejected(self.name, "add_file", "files are sent with the text they belong to")
            content = upload.content.read()
            address = self._desk.attach(key, upload.name, content, kind=upload.content_type, by="hub")
            return WrittenFile(file_id(address), address)

        return self._wire.write("add_file", act, idempotent=False)

    def open_file(self, attachment: Attachment) -> AbstractContextManager[IO[bytes]]:
        if host := urlsplit(attachment.location).hostname:
            raise Rejected(self.name, "open_file", f"files are not fetched from {host}")

        def act() -> bytes:
            for ticket in self._desk.tickets.values():
                if attachment.location in ticket.files:
                    return ticket.files[attachment.location].content
            raise Gone(self.name, "open_file", "no such file")

        return nullcontext(BytesIO(self._wire.read("open_file", act)))

    def add_link(self, key: str, other: Ref, url: str, title: str) -> bool:
        def act(fault: Fault | None) -> bool:
            self._wire.find("add_link", key, to_write=True).links[other] = (url, title)
            return True

        return self._wire.write("add_link", act, idempotent=True)

    def show_board(self, spec: BoardSpec) -> BoardView | None:
        made = self._wire.read("show_board", lambda: self._desk.boards.get(spec.customer))
        return BoardView(made.name, "", f"tickets with {made.label}", ()) if made else None

    def plan_board(self, spec: BoardSpec) -> list[Step]:
        made = self._wire.read("plan_board", lambda: self._desk.boards.get(spec.customer))
        return [] if made == spec else [Step(f"make board {spec.name!r}")]

    def apply_board(self, spec: BoardSpec) -> list[Step]:
        def act(fault: Fault | None) -> None:
            self._desk.boards[spec.customer] = spec

        self._wire.write("apply_board", act, idempotent=True)
        return []

    def add_time(self, key: str, entry: TimeEntry) -> str:
        def act(fault: Fault | None) -> str:
            ticket = self._wire.find("add_time", key, to_write=True)
            return self._desk.book(ticket.key, entry.spent, entry.started, entry.note, by="hub")

        return self._wire.write("add_time", act, idempotent=False)

    def add_relation(self, key: str, relation: Relation) -> None:
        def act(fault: Fault | None) -> None:
            if relation.kind not in self.capabilities.relates:
                raise Rejected(self.name, "add_relation", f"no {relation.kind} here", {"kind": "unknown"})
            self._wire.find("add_relation", key, to_write=True)
            self._wire.find("add_relation", relation.key)
            self._desk.relate(key, relation)

        self._wire.write("add_relation", act, idempotent=True)

    def add_participants(self, key: str, people: Sequence[str]) -> tuple[Person, ...]:
        def act(fault: Fault | None) -> tuple[Person, ...]:
            ticket = self._wire.find("add_participants", key, to_write=True)
            strange = {who: "there is no such person" for who in people if who not in self._desk.users}
            if strange:
                raise Rejected(self.name, "add_participants", "not everybody is known", strange)
            for who in people:
                self._desk.invite(key, who)
            return self._words.participants(ticket)

        return self._wire.write("add_participants", act, idempotent=True)

    def organisations(self) -> Iterator[Organisation]:
        known = self._wire.read("organisations", lambda: list(self._desk.organisations.values()))
        return iter([replace(o, connection=self.name) for o in known])

    def add_organisation(self, name: str, domains: Sequence[str]) -> Organisation:
        def act(fault: Fault | None) -> Organisation:
            made = Organisation(self.name, f"o{len(self._desk.organisations)}", name, tuple(domains))
            return self._desk.organisations.setdefault(name, made)

        return self._wire.write("add_organisation", act, idempotent=True)

    def plan_hook(self, hook: Hook) -> list[Step]:
        made = self._wire.read("plan_hook", lambda: self._desk.hook)
        return [] if made == hook else [Step(f"call {hook.url} for every change")]

    def apply_hook(self, hook: Hook) -> list[Step]:
        def act(fault: Fault | None) -> None:
            self._desk.hook = hook

        self._wire.write("apply_hook", act, idempotent=True)
        return []

    def hear(self, headers: Mapping[str, str], body: bytes, secret: str) -> tuple[Hint, ...]:
        signed = hmac.new(secret.encode(), body, sha256).hexdigest()
        if not hmac.compare_digest(signed, headers.get("x-signature", "")):
            raise BadSignature(f"{self.name}: the webhook's signature does not verify")
        try:
            key = json.loads(body)["ticket"]
        except (ValueError, TypeError, KeyError):
            raise Rejected(self.name, "webhook", "the body names no ticket", {"ticket": "missing"}) from None
        return (Hint(str(key), None, self._config.now()),) if key else ()

    def _create(self, draft: TicketDraft) -> WrittenTicket:
        natives = self._words.natives("create", draft.values, {})
        self._refuse_stranger("create", natives)
        if draft.place.key not in self._desk.projects:
            raise Rejected(self.name, "create", "no such project", {"place": "it does not exist"})
        key = self._desk.new_ticket(by="hub", place=draft.place.key, external_id=draft.token)
        self._desk.set(key, by="hub", **natives)
        self._say(self._desk.tickets[key], MESSAGE_0, draft.message, draft.message.audience)
        made = self._desk.tickets[key]
        first = self._words.message(made, made.texts[MESSAGE_0])
        return replace(self._words.written(made), message_0=first.revision)

    def _created(self, draft: TicketDraft) -> WrittenTicket | WireError:
        try:
            return self._create(draft)
        except Rejected as error:
            return error

    def _page(self, since: datetime, given: set[Hint]) -> list[Hint]:
        def act(fault: Fault | None) -> list[Hint]:
            behind = int(fault is Fault.OLD_ROWS)
            rows = [t for t in self._desk.indexed() if t.updated >= since]
            return [h for t in rows if (h := _hint(t, behind)) not in given]

        return self._wire.list("changed", act)[:_PAGE]

    def _refuse_stranger(self, call: str, natives: Mapping[str, NativeValue]) -> None:
        who = natives.get("assignee")
        if who is not None and who not in self._desk.users:
            why = f"nobody is called {who!r}"
            raise Rejected(self.name, call, why, {"assignee": why})

    def _refuse_foreign(self, call: str, text: Comment) -> None:
        if text.author.role is not PersonRole.HUB:
            raise Rejected(self.name, call, f"text {text.id} is not ours")

    def _say(self, ticket: DeskTicket, id: str, draft: CommentDraft, audience: Audience) -> WrittenComment:
        files: dict[str, str] = {}
        if self.capabilities.files is FilePlace.COMMENT:
            files = {upload.id: self._attach(ticket, id, upload) for upload in draft.uploads}
        text = write(draft.markdown, TextFormat.MARKDOWN, {**draft.names, **files}, people=draft.people)
        self._desk.say(ticket.key, id, text, by="hub", audience=audience)
        said = self._words.message(ticket, ticket.texts[id])
        ids = {origin: file_id(address) for origin, address in files.items()}
        return WrittenComment(id, said.revision, said.audience, ids)

    def _attach(self, ticket: DeskTicket, id: str, upload: Upload) -> str:
        """Add a file to a text unless it has it: an edit is repeated without harm."""
        content = upload.content.read()
        for file in ticket.files.values():
            if (file.owner, file.name, file.content) == (id, upload.name, content):
                return file.address
        kind = upload.content_type
        return self._desk.attach(ticket.key, upload.name, content, kind=kind, to=id, by="hub")


def _words(value: NativeValue) -> tuple[str, ...]:
    """Return a field's words."""
    return value if isinstance(value, tuple) else (value,) if value else ()


def _hint(ticket: DeskTicket, behind: int) -> Hint:
    """Return the row of a ticket, so many changes `behind`."""
    presence = Presence.TRASHED if ticket.trashed else Presence.PRESENT
    return Hint(ticket.key, str(ticket.version - behind), ticket.updated, presence)
