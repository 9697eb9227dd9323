"""The contract that every connector keeps, written on the Protocol, and what travels through it.

`tests/contract/` holds one test per clause; every connector passes it, the reference one
(`connectors.memory`) included.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import IO, Protocol

from connectors.bounds import BOUNDS, Bounds
from connectors.calls import Listener, nobody, pause
from connectors.capabilities import Capabilities, Part, PlaceAbilities
from connectors.errors import HubError, WireError
from connectors.quota import Budget
from connectors.recount import RawRating, Recount
from mappings.boards import BoardSpec, BoardView, Place, Step
from mappings.ticket import (
    Attachment,
    Audience,
    Field,
    Organisation,
    Person,
    Rating,
    Ref,
    Relation,
    Status,
    Ticket,
    TimeEntry,
    Value,
)
from mappings.vocabulary import Vocabularies

NativeValue = str | tuple[str, ...] | None
"""A field as its server states it, in a form that is equal exactly when the server's value is."""


class Presence(StrEnum):
    """Whether a ticket is there to be worked on."""

    PRESENT = "present"
    TRASHED = "trashed"
    """In the trash or marked as spam: the side's own deleted flag."""
    ARCHIVED = "archived"
    """Read-only, in no list, never coming back; not gone."""
    MOVED = "moved"
    GONE = "gone"
    """Not there any more, for all that can be seen; said by the hub, no snapshot says so."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are on a connection."""

    key: str
    name: str
    instance: str
    """What tells this site or account from any other: its id or its base address."""


@dataclass(frozen=True, slots=True)
class Hint:
    """Something that deserves a look: a ticket, and the version of it if the answer told."""

    key: str
    version: str | None
    changed: datetime
    presence: Presence = Presence.PRESENT
    status: Status | None = None
    """None, as below, where the answer does not tell, or tells a word that no vocabulary row reads."""
    created: datetime | None = None
    organisation: str | None = None
    """The key of its customer organisation here; empty where it has none."""
    ours: bool = False
    """Whether an event says that our own account did it: a look may wait then, and is never left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What one side says about a ticket at one moment, canonical beside native."""

    ref: Ref
    url: str
    """Where a person opens the ticket."""
    place: str
    """The project it is in; what `Place.key` is compared with."""
    presence: Presence
    version: str
    """The connector's own opaque word; equal versions, read after the settle time, mean no change."""
    read_at: datetime
    ticket: Ticket
    native: Mapping[Field, NativeValue]
    """The server's own value of each field that the side can hold."""
    abilities: PlaceAbilities
    """What can be done with the ticket in the place where it is."""
    moved_to: Ref | None = None
    """Where a MOVED ticket lives now, if our account may see it."""


class Stated(Protocol):
    """What a ticket's server said of its fields: a `Snapshot`, or a `WrittenTicket`."""

    @property
    def ref(self) -> Ref:
        """Which ticket it is."""

    @property
    def native(self) -> Mapping[Field, NativeValue]:
        """The server's own value of each field that the side can hold."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way."""

    id: str
    """The origin's attachment id: what the text refers to as ``attachment:ID``."""
    name: str
    content_type: str
    content: IO[bytes] = field(repr=False)
    """Seekable, at its beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentDraft:
    """A text to write. `markdown` is canonical and already begins with its attribution line."""

    markdown: str = field(repr=False)
    audience: Audience
    uploads: Sequence[Upload] = ()
    """Files that go with the text, where `Capabilities.files` is COMMENT."""
    names: Mapping[str, str] = field(default_factory=dict)
    """attachment id -> native name, of files that the ticket already holds (`FilePlace.TICKET`)."""
    people: Mapping[str, str] = field(default_factory=dict)
    """Key of a mention -> who that is here, as this connector's own mentions name them. They are mentioned
    in the tool's own way, or named where it has none; nobody else is ever told."""
    tells: tuple[str, ...] = ()
    """Mail addresses of staff whom the tool is to mail an internal text that is added, where
    `Capabilities.tells_staff`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketDraft:
    """A ticket to create. `values` holds only fields that the capabilities name."""

    place: Place
    values: Mapping[Field, Value]
    message: CommentDraft
    """Message 0. Its uploads are sent only where `Capabilities.files` is COMMENT."""
    token: str
    """The marker's text, so that `find_created` can find the ticket if the answer is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenTicket:
    """A ticket's fields as the server answered a write (or a re-read right after it) with them."""

    ref: Ref
    url: str
    place: str
    version: str
    native: Mapping[Field, NativeValue]
    """Every field that the side can hold, not only the ones that were written."""
    message_0: str | None = None
    """After a create: the revision of message 0 as the server stored it. None where the answer does not
    tell it, as after every other write: the ticket must be fetched for it."""
    files: Mapping[str, str] = field(default_factory=dict)
    """After a create: origin attachment id -> id it got here, for uploads sent along with message 0."""


@dataclass(frozen=True, slots=True)
class WrittenComment:
    """What the server says it stored."""

    id: str
    revision: str
    audience: Audience
    """Who can read it, from the answer (or a re-read), not from what was sent."""
    files: Mapping[str, str] = field(default_factory=dict)
    """origin attachment id -> id it got here, for uploads sent along."""


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook as the hub wants it."""

    url: str
    """Where the system must call; a secret part of the path counts as a secret."""
    secret: str = field(repr=False)


class BadSignature(HubError):
    """A webhook did not prove where it comes from; nothing of it may be believed."""


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """An uploaded file: the id it got and the name by which texts can refer to it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionConfig:
    """What a connector is built from; the settings' `[connections.NAME]` and its secrets."""

    name: str
    url: str
    """Where people open the tool, without a slash at the end."""
    user: str
    """The account's name or mail address, where the system wants one beside the secret."""
    secret: str = field(repr=False)
    projects: tuple[str, ...]
    """The projects that are polled and written to; empty where the system has none."""
    fields: Mapping[Field, str]
    """Canonical field -> the system's own field that holds it (custom fields)."""
    vocabularies: Vocabularies
    budget: Budget = field(repr=False)
    now: Callable[[], datetime] = field(repr=False)
    former: Mapping[str, datetime] = field(default_factory=dict)
    """Accounts that were ours before, by key, and until when: their texts of that time are ours."""
    bounds: Bounds = BOUNDS
    """How much is made of one answer, and of one list."""
    resolution: str = ""
    """What says how a ticket was solved, where the system asks for that; empty: the system's own default."""
    sleep: Callable[[float], None] = field(default=pause, repr=False)
    """Waits so many seconds before a call is repeated."""
    heard: Listener = field(default=nobody, repr=False)
    """Is told of each call when it has come to its end."""


class Connector(Protocol):
    """One configured account of a system.

    Every method talks to the live system, raises only `connectors.errors.HubError`s, and is safe to
    call from several threads. Constructors do no I/O.

    * Reads repeat themselves on passing faults; writes that are not idempotent are sent once, and
      raise `Uncertain` when nobody heard the answer.
    * A key is the immutable one: a renamed or moved ticket is still found by it.
    * What is unknown or invisible raises `Gone`; what is in the trash is a snapshot saying so.
    * Times are aware UTC. Secrets appear in no error, repr or log.
    """

    @property
    def name(self) -> str:
        """The connection's name in the settings."""

    @property
    def capabilities(self) -> Capabilities:
        """What this system can hold, wherever on it; constant, no call is made."""

    def abilities(self, place: Place) -> PlaceAbilities:
        """Return what is possible for a ticket that is to be created in a place.

        It is what `Snapshot.abilities` will say of that ticket. Where it differs from place to place, the
        live system is asked once, and anew after `problems`. Raises Rejected for a place that is asked for
        and is not there: a lost place is not a lost ticket.
        """

    def whoami(self) -> Account:
        """Return the account that the credential belongs to. Raises Unauthorised."""

    def ahead(self) -> timedelta:
        """Return how far our clock is ahead of the server's, as its last answer told; less than 0: behind.

        Clocks that differ by a minute at most count as the same, and so do they as long as no answer told.
        Makes no call.
        """

    def problems(self, places: Iterable[Place]) -> list[str]:
        """Return what the live system says against working in these places; empty means ready.

        Each line names the place and the way out. Nothing is written.
        """

    def remarks(self, places: Iterable[Place]) -> list[str]:
        """Return what a person should know of working in these places though nothing is wrong.

        Each line begins with the connection's name: native words that no vocabulary row reads, what mails
        customers by a switch that no call shows, what a person must do by hand. Nothing is written.
        """

    def unreachable(self, place: Place, statuses: Collection[Status]) -> list[str]:
        """Return which of these statuses tickets in a place cannot be brought to, and from where.

        Each line names the place. Empty where any status can follow any other, and where nothing can be
        learned of it without a ticket. Nothing is written.
        """

    def pointers(self, key: str, field: str = "") -> list[str]:
        """Return what other tools left on a ticket to say where else it is, as they wrote it.

        That is where the tool's own links lead, without the hub's; with a `field`, what stands in that native
        one. Raises Gone, and Rejected for a field there is not.
        """

    def meant(self, text: str) -> str | None:
        """Return the key, as `fetch` takes it, of the ticket that an address here, or its name, means.

        None for anything else. Whether there is such a ticket is not asked.
        """

    def fetch(self, key: str, also: frozenset[Part] = frozenset()) -> Snapshot:
        """Return the ticket whole: fields, message 0, every page of comments, files. Raises Gone.

        Of `also`, what the place's abilities name is read too; the rest stays None. An archived ticket is a
        snapshot saying so.
        """

    def changed(self, since: datetime) -> Iterator[Hint]:
        """Yield every ticket changed at or after `since`, at least once, oldest change first.

        A ticket that changes while this walks is yielded again or was not yielded yet: none is missed.
        Trashed tickets are among them where the system tells.
        """

    def walk(self, since: datetime | None = None) -> Iterator[Hint]:
        """Yield every ticket there is (changed at or after `since`), trashed and spam ones marked so.

        Each at least once, in an order that misses none while tickets change; beyond every paging wall.
        What no list shows (archived tickets) is found by key with `fetch`.
        """

    def ratings(self, since: datetime) -> Iterator[tuple[str, Rating]]:
        """Yield what customers thought, given at or after `since`, each with its ticket's key.

        None where `Capabilities.lists_ratings` is false, and where the account's plan has none.
        """

    def create(self, draft: TicketDraft) -> WrittenTicket:
        """Create a ticket and return it as the server now states it. Not idempotent.

        Raises Rejected with the fields named, Uncertain when the answer was lost.
        """

    def create_many(self, drafts: Sequence[TicketDraft]) -> list[WrittenTicket | WireError]:
        """Create tickets, in as few calls as the system allows; the answer to each, in order.

        One that is refused does not stop the others. Not idempotent: where an answer was lost, each
        ticket of that call is an `Uncertain`.
        """

    def find_created(self, token: str, since: datetime, after: datetime | None = None) -> Ref | None:
        """Return the ticket that our account created at or after `since` with this marker, or None.

        `since` is by the clock that stamps tickets. What was read for another one answers too, if that
        reading began at or `after` an instant by our own clock; without one it is read anew. None counts
        only if it began `Capabilities.index_lag` after the ticket can have been created at latest.
        """

    def standing(self, key: str) -> WrittenTicket:
        """Return a ticket's fields as the server states them now, without its texts. Raises Gone.

        Those of a ticket that this connector created lately may have been stated up to a second before:
        many such tickets are looked at in one call.
        """

    def set_fields(self, present: Stated, values: Mapping[Field, Value]) -> WrittenTicket:
        """Write these fields, status last, and return the ticket as the server now states it.

        Only fields named in the capabilities; words through the vocabularies (a native word that already
        means the value is kept). Idempotent. Raises Rejected (field named) and Gone.
        """

    def change_tags(self, present: Snapshot, add: frozenset[str], remove: frozenset[str]) -> WrittenTicket:
        """Add and remove tags without touching others. Idempotent."""

    def add_comment(self, key: str, draft: CommentDraft) -> WrittenComment:
        """Add a text readable by `draft.audience` and nobody wider. Not idempotent; see `create`."""

    def edit_comment(self, key: str, id: str, draft: CommentDraft) -> WrittenComment:
        """Replace a text of our own; `MESSAGE_0` is the description of a ticket that we created.

        Idempotent. Raises Gone, and Rejected where it can't be edited.
        """

    def delete_comment(self, key: str, id: str) -> None:
        """Delete a text of our own; one that is gone already is fine."""

    def recount(self, key: str, also: frozenset[Part] = frozenset()) -> Recount:
        """Return a ticket's texts, files and fields as the server sends them, for who verifies what arrived.

        With `Part.TIME` in `also` booked time too, where the account tells. None of it comes from the code
        by which `fetch` understands it. Raises Gone.
        """

    def recount_ratings(self, since: datetime) -> Iterator[RawRating]:
        """Yield what `ratings` does as the server sends it; none where no list tells."""

    def handled(self, key: str) -> str:
        """Return what people did to a ticket that we created, apart from texts and files; empty if nothing.

        It is told by the tool's own record of who changed what; where it keeps none, by nothing. Raises Gone.
        """

    def delete(self, key: str) -> None:
        """Delete a ticket that we created, with all that hangs on it; one that is gone already is fine.

        Nothing brings it back. Raises Rejected where our account may not.
        """

    def undeletable(self, places: Iterable[Place]) -> list[str]:
        """Return why tickets in these places could not be deleted; empty means they can. Nothing is written.

        Each line names the place and the way out.
        """

    def add_file(self, key: str, upload: Upload) -> WrittenFile:
        """Attach a file to the ticket (`FilePlace.TICKET` only). Not idempotent; see `create`."""

    def open_file(self, attachment: Attachment) -> AbstractContextManager[IO[bytes]]:
        """Stream a file's bytes, from our own hosts or the capability record's file hosts only.

        The credential goes to our own hosts only. Raises Gone when it expired: fetch the ticket anew.
        """

    def add_link(self, key: str, other: Ref, url: str, title: str) -> bool:
        """Show another side in the tool's own way (a remote link). Idempotent.

        Returns False, having done nothing, where the tool has no such way.
        """

    def add_time(self, key: str, entry: TimeEntry) -> str:
        """Book work on a ticket and return the entry's id. Not idempotent; see `create`.

        The author is our own account where the system lets nobody else be named.
        """

    def add_relation(self, key: str, relation: Relation) -> None:
        """Tie two tickets together. Idempotent. Raises Rejected for a kind outside the capabilities."""

    def add_participants(self, key: str, people: Sequence[str]) -> tuple[Person, ...]:
        """Have customers take part in a ticket, and return all its participants as a look afterwards tells.

        Each is named as `Person.key` names them here. Idempotent: who takes part already is not told again.
        Raises Rejected, naming those who cannot, or everywhere where `PlaceAbilities.adds_participants` is
        None; then nobody need have been added.
        """

    def organisations(self) -> Iterator[Organisation]:
        """Yield the customer organisations that the system knows; none where it knows none."""

    def add_organisation(self, name: str, domains: Sequence[str]) -> Organisation:
        """Return the organisation of this name, made if there is none. Idempotent."""

    def plan_hook(self, hook: Hook) -> list[Step]:
        """Return what would make the system call `hook` for every change; empty when it does.

        A hook that was switched off, or lacks an event, is a step. Nothing is written.
        """

    def apply_hook(self, hook: Hook) -> list[Step]:
        """Do what `plan_hook` says, and return what a person must still do. Idempotent."""

    def hear(self, headers: Mapping[str, str], body: bytes, secret: str) -> tuple[Hint, ...]:
        """Return which tickets a webhook names; pure: no call is made. Raises BadSignature, Rejected.

        The signature is checked over the raw bytes in constant time before anything is read. An event
        that names no ticket gives no hint.
        """

    def show_board(self, spec: BoardSpec) -> BoardView | None:
        """Return the board of a specification as it is now; None if there is none. Nothing is written."""

    def plan_board(self, spec: BoardSpec) -> list[Step]:
        """Return what would make the board as specified; empty when it is. Nothing is written."""

    def apply_board(self, spec: BoardSpec) -> list[Step]:
        """Do what `plan_board` says, and return what a person must still do. Idempotent."""
