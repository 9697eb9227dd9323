"""The GitLab connector: what it can do, and who does it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
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
    Mails,
    NativeKind,
    Part,
    PlaceAbilities,
    Signed,
)
from connectors.errors import Gone, Rejected, WireError
from connectors.former import known_again
from connectors.gitlab import desk, hooks
from connectors.gitlab.abilities import abilities
from connectors.gitlab.admin import Directory, problems, undeletable
from connectors.gitlab.boards import Boards
from connectors.gitlab.find import created
from connectors.gitlab.handled import handled
from connectors.gitlab.labels import Side
from connectors.gitlab.limits import LIMITS
from connectors.gitlab.parts import KINDS, participants, parts, relate
from connectors.gitlab.read import Reader, is_key
from connectors.gitlab.recount import recount
from connectors.gitlab.remarks import remarks
from connectors.gitlab.status import Statuses, lacking
from connectors.gitlab.times import LONGEST, book
from connectors.gitlab.translate import written
from connectors.gitlab.webhook import hear
from connectors.gitlab.wire import explain
from connectors.gitlab.write import Writer
from connectors.http import Http
from connectors.recount import RawRating, Recount
from connectors.session import Session
from connectors.sought import Sought
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
    TextFormat,
    TimeEntry,
    Value,
)

_KINDS = {
    "note": NativeKind(Audience.STAFF, Mails.NEVER),
    "internal note": NativeKind(Audience.STAFF, Mails.NEVER),
    "note on a Service Desk ticket": NativeKind(Audience.CUSTOMER, Mails.ALWAYS),
    "customer's mail": NativeKind(Audience.CUSTOMER, Mails.NEVER),
    "system note": NativeKind(Audience.STAFF, Mails.NEVER),
}
"""An ordinary note is read by whoever reads its project, which the settings declare (reference 7.3)."""
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


def connect(config: ConnectionConfig) -> Connector:
    """Return the connector of a connection; makes no call."""
    return GitLab(config)


def http_of(config: ConnectionConfig) -> Http:
    """Return the way to a GitLab with a connection's token."""
    wire = Session(config.bounds)
    wire.headers["PRIVATE-TOKEN"] = config.secret
    return Http(
        connection=config.name,
        base=f"{config.url}/api/v4",
        session=wire,
        budget=config.budget,
        now=config.now,
        explain=explain,
        passing=lambda status, said: status == 409 and "Resource lock" in said,  # gitlab-api 0.1
        limits=LIMITS,
        bounds=config.bounds,
        sleep=config.sleep,
        heard=config.heard,
    )


def capabilities(config: ConnectionConfig) -> Capabilities:
    """Return what GitLab can hold."""
    return Capabilities(
        system="gitlab",
        fields=tuple(abilities(config).fields),
        dues_together=False,
        vocabularies=config.vocabularies,
        edits_comments=True,
        files=FilePlace.COMMENT,
        text_format=TextFormat.MARKDOWN,
        max_text=1_000_000,
        max_file=100 * 1024 * 1024,
        file_hosts=(),
        kinds=_KINDS,
        tells_staff=False,
        books_time=True,
        max_time_text=LONGEST,
        relates=frozenset(KINDS),
        webhooks=Signed.TOKEN,
        counts_up=False,
        settle=timedelta(seconds=90),
        index_lag=timedelta(seconds=10),
        histories=frozenset({"status", "priority", "type"}),
        lists_ratings=False,
    )


class GitLab:
    """The connector of one GitLab account. Its parts hold no state but what `Directory` remembers."""

    def __init__(self, config: ConnectionConfig) -> None:
        self._config, self._capabilities = config, capabilities(config)
        self._http = http_of(config)
        self._directory, self._side = Directory(self._http), Side.of(config)
        side = self._side
        self._reader = Reader(
            self._http, side, self._directory, Statuses(self._http), config.projects, config.now
        )
        self._writer = Writer(self._http, side, self._reader)
        self._boards = Boards(self._reader, side)
        self._sought = Sought(partial(created, self._reader), config.now)

    @property
    def name(self) -> str:
        return self._config.name

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def abilities(self, place: Place) -> PlaceAbilities:
        """Return what is possible in a project: only a Service Desk takes participants."""
        return self._side.served if self._directory.serves(place.key) else self._side.abilities

    def whoami(self) -> Account:
        me = self._directory.ask_me()
        return Account(str(me.id), me.name, self._config.url)

    def ahead(self) -> timedelta:
        return self._http.ahead()

    def problems(self, places: Iterable[Place]) -> list[str]:
        places = list(places)
        found = problems(self._directory, self._config.projects, places)
        if found or not self._side.states:
            return found
        return list(lacking(self._reader.statuses, self._side, places))

    def remarks(self, places: Iterable[Place]) -> list[str]:
        return remarks(self._directory, self._side, places)

    def unreachable(self, place: Place, statuses: Collection[Status]) -> list[str]:
        """Nothing: any status can follow any other."""
        return []

    def pointers(self, key: str, field: str = "") -> list[str]:
        """Nothing: issues have neither fields of an account's own nor links that lead elsewhere."""
        if field:
            why = f"issues have no field {field}"
            raise Rejected(self.name, "GET issue", why, {field: why})
        return []

    def meant(self, text: str) -> str | None:
        """Return the key of an issue by the address where people open it; one call names its project."""
        place = re.escape(self._config.url)
        found = re.fullmatch(
            rf"{place}/(.+)/-/(?:issues|work_items)/([0-9]{{1,18}})(?:[/?#].*)?", text.strip()
        )
        if found is None:
            return text.strip() if is_key(text.strip()) else None
        try:
            return f"{self._directory.ask_project(found[1]).id}:{found[2]}"
        except Gone:
            return None

    def fetch(self, key: str, also: frozenset[Part] = frozenset()) -> Snapshot:
        found = known_again(self._reader.fetch(key), self._config.former)
        more = parts(self._reader, key, also)
        return replace(found, ticket=replace(found.ticket, **more)) if more else found

    def changed(self, since: datetime) -> Iterator[Hint]:
        return self._reader.changed(since)

    def walk(self, since: datetime | None = None) -> Iterator[Hint]:
        return self._reader.changed(since or _EVER)

    def ratings(self, since: datetime) -> Iterator[tuple[str, Rating]]:
        """Nothing: GitLab has no ratings."""
        return iter(())

    def create(self, draft: TicketDraft) -> WrittenTicket:
        return self._writer.create(draft)

    def create_many(self, drafts: Sequence[TicketDraft]) -> list[WrittenTicket | WireError]:
        """GitLab creates one at a time."""
        return [self._created(draft) for draft in drafts]

    def _created(self, draft: TicketDraft) -> WrittenTicket | WireError:
        try:
            return self._writer.create(draft)
        except WireError as error:
            return error

    def find_created(self, token: str, since: datetime, after: datetime | None = None) -> Ref | None:
        return self._sought.find(token, since, after)

    def standing(self, key: str) -> WrittenTicket:
        return self._writer.standing(key)

    def set_fields(self, present: Stated, values: Mapping[Field, Value]) -> WrittenTicket:
        return self._writer.set_fields(present, values)

    def change_tags(self, present: Snapshot, add: frozenset[str], remove: frozenset[str]) -> WrittenTicket:
        return self._writer.change_tags(present, add, remove)

    def add_comment(self, key: str, draft: CommentDraft) -> WrittenComment:
        return self._writer.add_comment(key, draft)

    def edit_comment(self, key: str, id: str, draft: CommentDraft) -> WrittenComment:
        return self._writer.edit_comment(key, id, draft)

    def delete_comment(self, key: str, id: str) -> None:
        self._writer.delete_comment(key, id)

    def recount(self, key: str, also: frozenset[Part] = frozenset()) -> Recount:
        return recount(self._http, self._config, key, also)

    def recount_ratings(self, since: datetime) -> Iterator[RawRating]:
        """Nothing: GitLab has no ratings."""
        return iter(())

    def handled(self, key: str) -> str:
        return handled(self._reader, key)

    def delete(self, key: str) -> None:
        self._writer.delete(key)

    def undeletable(self, places: Iterable[Place]) -> list[str]:
        return undeletable(self._directory, places)

    def add_file(self, key: str, upload: Upload) -> WrittenFile:
        raise Rejected(self.name, "add_file", "a file is sent with the text that it belongs to")

    def open_file(self, attachment: Attachment) -> AbstractContextManager[IO[bytes]]:
        return self._http.open(attachment.location, attachment.size)

    def add_link(self, key: str, other: Ref, url: str, title: str) -> bool:
        """Issues have no links to other sites."""
        return False

    def add_time(self, key: str, entry: TimeEntry) -> str:
        """See `Connector`; the author is always our own account."""
        return book(self._reader, key, entry)

    def add_relation(self, key: str, relation: Relation) -> None:
        relate(self._reader, key, relation)

    def add_participants(self, key: str, people: Sequence[str]) -> tuple[Person, ...]:
        """Add mail addresses to an issue; users of GitLab take part by what they do."""
        desk.add_participants(self._reader, key, people)
        return tuple(participants(self._reader, key))

    def convert(self, key: str, address: str) -> WrittenTicket:
        """Make an issue the Service Desk ticket of a customer; see `connectors.gitlab.desk.convert`.

        Only GitLab knows it, so it is no part of the contract.
        """
        return written(self._side, desk.convert(self._reader, key, address))

    def organisations(self) -> Iterator[Organisation]:
        """Issues belong to no organisation."""
        return iter(())

    def add_organisation(self, name: str, domains: Sequence[str]) -> Organisation:
        raise Rejected(self.name, "add_organisation", "issues belong to no organisation")

    def plan_hook(self, hook: Hook) -> list[Step]:
        return hooks.plan(self._reader, hook)

    def apply_hook(self, hook: Hook) -> list[Step]:
        return hooks.apply(self._reader, hook)

    def hear(self, headers: Mapping[str, str], body: bytes, secret: str) -> tuple[Hint, ...]:
        me = self._directory.known_me
        return hear(self.name, headers, body, secret, self._config.now(), me.id if me else None)

    def show_board(self, spec: BoardSpec) -> BoardView | None:
        return self._boards.show(spec, self._config.url)

    def plan_board(self, spec: BoardSpec) -> list[Step]:
        return self._boards.plan(spec)

    def apply_board(self, spec: BoardSpec) -> list[Step]:
        return self._boards.apply(spec)
