"""Freshdesk behind the connectors' contract: the parts put together."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import IO

from connectors.base import (
    Account,
    CommentDraft,
    ConnectionConfig,
    Connector,
    Hint,
    Hook,
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
    Signed,
)
from connectors.errors import Rejected, WireError
from connectors.former import known_again
from connectors.freshdesk import answers, limits, translate, webhook
from connectors.freshdesk.admin import Admin, refuse_unusable
from connectors.freshdesk.files import FILE_HOSTS, LARGEST
from connectors.freshdesk.find import Finder
from connectors.freshdesk.form import Form
from connectors.freshdesk.hooks import Hooks
from connectors.freshdesk.kinds import KINDS
from connectors.freshdesk.people import People
from connectors.freshdesk.read import Reader
from connectors.freshdesk.records import RELATES, Records
from connectors.freshdesk.recount import rated, recount
from connectors.freshdesk.write import Writer
from connectors.http import Http, Limits
from connectors.recount import RawRating, Recount
from connectors.session import Session
from mappings.boards import BoardSpec, BoardView, Place, Step
from mappings.ticket import (
    Attachment,
    Field,
    Organisation,
    Person,
    Rating,
    Ref,
    Relation,
    Status,
    TextFormat,
    TimeEntry,
    Value,
)


def connect(config: ConnectionConfig) -> Connector:
    """Return the connector of a Freshdesk account; makes no call. Raises ConfigError for unusable fields."""
    refuse_unusable(config)
    return Freshdesk(config)


def form_of(config: ConnectionConfig) -> Form:
    """Return the account's ticket form, not yet read."""
    http = _http(config)
    http.session.auth = (config.secret, "X")
    return Form(http, config.now)


def http_of(config: ConnectionConfig) -> Http:
    """Return what makes calls as the account; none is made yet."""
    http = _http(config)
    http.session.auth = (config.secret, "X")
    return http


def people_of(config: ConnectionConfig) -> People:
    """Return the account's people, not yet read."""
    http = _http(config)
    http.session.auth = (config.secret, "X")
    return People(http, config.now)


class Freshdesk:
    """One Freshdesk account, as the agent whose key we have; the contract is `base.Connector`'s."""

    def __init__(self, config: ConnectionConfig) -> None:
        self._config = config
        files = _http(config)
        http = _http(config)
        http.session.auth = (config.secret, "X")
        people, form = People(http, config.now), Form(http, config.now)
        self._reader = Reader(config, http, files, people, form)
        self._writer = Writer(config, http, self._reader, people, form)
        self._records, self._hooks = Records(config, http, self._reader), Hooks(config, http)
        self._finder, self._admin = Finder(config, http, people), Admin(config, http, people, form)
        self._capabilities = _capabilities(config)

    def __repr__(self) -> str:
        return f"Freshdesk({self.name})"

    @property
    def name(self) -> str:
        """The connection's name."""
        return self._config.name

    @property
    def capabilities(self) -> Capabilities:
        """What Freshdesk can hold, with the custom fields that the settings name."""
        return self._capabilities

    def abilities(self, place: Place) -> PlaceAbilities:
        """Return what is possible in the account, which is one place; its form is remembered for a while."""
        return self._reader.abilities()

    def whoami(self) -> Account:
        """Ask which agent the key belongs to."""
        return self._admin.whoami()

    def ahead(self) -> timedelta:
        """See `Connector`."""
        return self._reader.http.ahead()

    def problems(self, places: Iterable[Place]) -> list[str]:
        """Compare the settings with the account's ticket form."""
        return self._admin.problems(places)

    def remarks(self, places: Iterable[Place]) -> list[str]:
        """Return the account's unread words, the switches that no call shows, and its limits."""
        return self._admin.remarks()

    def unreachable(self, place: Place, statuses: Collection[Status]) -> list[str]:
        """Nothing: any status can follow any other."""
        return []

    def pointers(self, key: str, field: str = "") -> list[str]:
        """Return what stands in a custom field; there are no links of Freshdesk's own."""
        return self._reader.pointers(key, field) if field else []

    def meant(self, text: str) -> str | None:
        """Return the number in an address of the agents' or the customers' pages, or alone."""
        page = rf"{re.escape(self._config.url)}/(?:a/|helpdesk/|support/)?tickets/"
        found = re.fullmatch(rf"(?:{page}|#)?([0-9]{{1,18}})(?:[/?#].*)?", text.strip())
        return found[1] if found else None

    def fetch(self, key: str, also: frozenset[Part] = frozenset()) -> Snapshot:
        """Return a ticket, archived ones too, with its description as message 0 and every conversation."""
        return known_again(self._reader.fetch(key, also), self._config.former)

    def changed(self, since: datetime) -> Iterator[Hint]:
        """Yield what changed: tickets, trash and spam merged by time."""
        return self._reader.changed(since)

    def walk(self, since: datetime | None = None) -> Iterator[Hint]:
        """Yield every ticket that a list shows: tickets, trash, spam."""
        return self._reader.walk(since)

    def ratings(self, since: datetime) -> Iterator[tuple[str, Rating]]:
        """Yield what the account's list of ratings tells."""
        return self._reader.rated(since)

    def create(self, draft: TicketDraft) -> WrittenTicket:
        """Create a ticket that our own account requests."""
        return self._writer.create(draft)

    def create_many(self, drafts: Sequence[TicketDraft]) -> list[WrittenTicket | WireError]:
        """Create tickets one by one."""
        return self._writer.create_many(drafts)

    def find_created(self, token: str, since: datetime, after: datetime | None = None) -> Ref | None:
        """Look through the tickets that our own account requested."""
        return self._finder.created(token, since)

    def standing(self, key: str) -> WrittenTicket:
        """Return a ticket's fields."""
        return self._writer.standing(key)

    def set_fields(self, present: Stated, values: Mapping[Field, Value]) -> WrittenTicket:
        """Write the fields that differ."""
        return self._writer.set_fields(present, values)

    def change_tags(self, present: Snapshot, add: frozenset[str], remove: frozenset[str]) -> WrittenTicket:
        """Read the tags, change them, write them back."""
        return self._writer.change_tags(present, add, remove)

    def add_comment(self, key: str, draft: CommentDraft) -> WrittenComment:
        """Add a note, never a reply."""
        return self._writer.add_comment(key, draft)

    def edit_comment(self, key: str, id: str, draft: CommentDraft) -> WrittenComment:
        """Replace a note of our own; replies cannot be edited."""
        return self._writer.edit_comment(key, id, draft)

    def delete_comment(self, key: str, id: str) -> None:
        """Delete a note of our own."""
        self._writer.delete_comment(key, id)

    def recount(self, key: str, also: frozenset[Part] = frozenset()) -> Recount:
        """Return a ticket as Freshdesk's JSON tells it, archived ones too."""
        number = self._reader.number(key)
        return recount(self._reader.http, self._reader.people, self._config, number, also)

    def recount_ratings(self, since: datetime) -> Iterator[RawRating]:
        """Yield what the account's list of ratings tells, by its JSON."""
        return rated(self._reader.http, since)

    def handled(self, key: str) -> str:
        """Return nothing: no call tells who changed what on a ticket."""
        self._reader.ticket(key)
        return ""

    def delete(self, key: str) -> None:
        """Put a ticket into the trash, which empties itself after 30 days."""
        self._writer.delete(key)

    def undeletable(self, places: Iterable[Place]) -> list[str]:
        """Nothing: whoever may write a ticket may throw it away."""
        return []

    def add_file(self, key: str, upload: Upload) -> WrittenFile:
        """Refuse: files are sent with the text that they belong to."""
        raise Rejected(self.name, "add file", "Freshdesk takes files with the text they belong to")

    def open_file(self, attachment: Attachment) -> AbstractContextManager[IO[bytes]]:
        """Stream a file; its address carries its own permission and no credential of ours."""
        return self._reader.open_file(attachment)

    def add_link(self, key: str, other: Ref, url: str, title: str) -> bool:
        """Return False: Freshdesk has no links to other tools; a note says it."""
        return False

    def add_time(self, key: str, entry: TimeEntry) -> str:
        """Book work as our own account, in whole minutes."""
        return self._records.add_time(key, entry)

    def add_relation(self, key: str, relation: Relation) -> None:
        """Make a ticket the parent, child, tracker or tracked one of another."""
        self._records.add_relation(key, relation)

    def add_participants(self, key: str, people: Sequence[str]) -> tuple[Person, ...]:
        """Nobody is put in copy later (freshdesk-api 4.1)."""
        text = "who is in copy is said when a ticket is created, and never after"
        raise Rejected(self.name, "add_participants", text)

    def organisations(self) -> Iterator[Organisation]:
        """Yield the account's companies."""
        return self._records.organisations()

    def add_organisation(self, name: str, domains: Sequence[str]) -> Organisation:
        """Return the company of this name, made if there is none."""
        return self._records.add_organisation(name, domains)

    def plan_hook(self, hook: Hook) -> list[Step]:
        """Compare the account's automation rules with ours."""
        return self._hooks.plan(hook)

    def apply_hook(self, hook: Hook) -> list[Step]:
        """Make or correct our automation rules."""
        return self._hooks.apply(hook)

    def hear(self, headers: Mapping[str, str], body: bytes, secret: str) -> tuple[Hint, ...]:
        """Take the ticket's number from a webhook; nothing else of it is believed."""
        key = webhook.ticket_of(self.name, headers, body, secret)
        return () if key is None else (Hint(key, None, self._config.now()),)

    def show_board(self, spec: BoardSpec) -> BoardView | None:
        """See `Connector`: no call tells of a view."""
        return None

    def plan_board(self, spec: BoardSpec) -> list[Step]:
        """Return the one step that says there is nothing to plan."""
        text = f"Freshdesk has no boards by its API; make a ticket view for {spec.name!r} by hand"
        return [Step(text, manual=True)]

    def apply_board(self, spec: BoardSpec) -> list[Step]:
        """Do nothing, and return what a person may do."""
        return self.plan_board(spec)


def _http(config: ConnectionConfig) -> Http:
    return Http(
        connection=config.name,
        base=f"{config.url}/api/v2",
        session=Session(config.bounds),
        budget=config.budget,
        now=config.now,
        explain=answers.explain,
        file_hosts=FILE_HOSTS,
        limits=Limits(limits.bucket_of, limits.learn, limits.spent),
        denies=answers.denies,
        genuine=answers.genuine,
        max_file=LARGEST,
        bounds=config.bounds,
        sleep=config.sleep,
        heard=config.heard,
    )


def _capabilities(config: ConnectionConfig) -> Capabilities:
    return Capabilities(
        system="freshdesk",
        fields=translate.fields(config),
        dues_together=True,
        vocabularies=config.vocabularies,
        edits_comments=True,
        files=FilePlace.COMMENT,
        # Not documented; long enough for any mail, short enough to be read back.
        text_format=TextFormat.HTML,
        max_text=65_000,
        # All files of a ticket together (freshdesk-api 5.4); the smaller reading of "20 MB".
        max_file=20_000_000,
        file_hosts=FILE_HOSTS,
        kinds={name: kind.native for name, kind in KINDS.items()},
        tells_staff=True,
        books_time=True,
        max_time_text=30_000,
        relates=RELATES,
        webhooks=Signed.TOKEN,
        counts_up=True,
        settle=timedelta(seconds=2),
        index_lag=timedelta(seconds=2),
        histories=frozenset({"status"}),
        lists_ratings=True,
    )
