"""The Jira connector: the parts of this package behind the one Protocol."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import IO

from connectors.base import (
    Account,
    CommentDraft,
    ConnectionConfig,
    Connector,
    Hint,
    Snapshot,
    TicketDraft,
    Upload,
    WrittenComment,
    WrittenFile,
    WrittenTicket,
)
from connectors.capabilities import (
    QUIET,
    Capabilities,
    FieldAbility,
    FilePlace,
    Grain,
    Mails,
)
from connectors.errors import ConfigError
from connectors.jira.admin import Admin
from connectors.jira.boards import Boards
from connectors.jira.client import FILE_HOSTS, Client
from connectors.jira.find import INDEX_LAG, Finder
from connectors.jira.read import Reader
from connectors.jira.texts import Texts
from connectors.jira.translate import OWN_FIELDS, Side
from connectors.jira.write import Writer
from mappings.boards import BoardSpec, Place, Step
from mappings.ticket import Attachment, Field, Ref, Value


def connect(config: ConnectionConfig) -> Connector:
    """Return the connector of a Jira connection; makes no call. Raises ConfigError."""
    problems = [
        f"{config.name}: field {field!r} cannot be a field of its own; those can: {', '.join(OWN_FIELDS)}"
        for field in config.fields
        if field not in OWN_FIELDS
    ]
    if not config.projects:
        problems.append(f"{config.name}: name the Jira projects to work in")
    if problems:
        raise ConfigError(problems)
    return Jira(config)


class Jira:
    """One account on one Jira Cloud site."""

    def __init__(self, config: ConnectionConfig) -> None:
        client = Client(config)
        self._name, self._capabilities = config.name, capabilities(config)
        self._reader = Reader(client)
        self._writer = Writer(client, self._reader)
        self._texts = Texts(client, self._reader)
        self._finder = Finder(client, config.projects)
        self._boards = Boards(client)
        self._admin = Admin(client, config.url)

    @property
    def name(self) -> str:
        """The connection's name in the settings."""
        return self._name

    @property
    def capabilities(self) -> Capabilities:
        """What Jira can hold and what its writes cause."""
        return self._capabilities

    def whoami(self) -> Account:
        """See `Connector`."""
        return self._admin.whoami()

    def problems(self, places: Iterable[Place]) -> list[str]:
        """See `Connector`."""
        return self._admin.problems(places)

    def fetch(self, key: str) -> Snapshot:
        """See `Connector`."""
        return self._reader.fetch(key)

    def changed(self, since: datetime) -> Iterator[Hint]:
        """See `Connector`."""
        return self._finder.changed(since)

    def create(self, draft: TicketDraft) -> WrittenTicket:
        """See `Connector`."""
        return self._writer.create(draft)

    def find_created(self, token: str, since: datetime) -> Ref | None:
        """See `Connector`."""
        return self._finder.created(token, since)

    def set_fields(self, present: Snapshot, values: Mapping[Field, Value]) -> WrittenTicket:
        """See `Connector`."""
        return self._writer.set_fields(present, values)

    def change_tags(self, present: Snapshot, add: frozenset[str], remove: frozenset[str]) -> WrittenTicket:
        """See `Connector`."""
        return self._writer.change_tags(present, add, remove)

    def add_comment(self, key: str, draft: CommentDraft) -> WrittenComment:
        """See `Connector`."""
        return self._texts.add(key, draft)

    def edit_comment(self, key: str, id: str, draft: CommentDraft) -> WrittenComment:
        """See `Connector`; the description is message 0."""
        return self._texts.edit(key, id, draft)

    def delete_comment(self, key: str, id: str) -> None:
        """See `Connector`."""
        self._texts.delete(key, id)

    def add_file(self, key: str, upload: Upload) -> WrittenFile:
        """See `Connector`."""
        return self._texts.attach(key, upload)

    def open_file(self, attachment: Attachment) -> AbstractContextManager[IO[bytes]]:
        """See `Connector`."""
        return self._reader.open_file(attachment)

    def add_link(self, key: str, other: Ref, url: str, title: str) -> bool:
        """See `Connector`."""
        return self._writer.link(key, other, url, title)

    def plan_board(self, spec: BoardSpec) -> list[Step]:
        """See `Connector`."""
        return self._boards.plan(spec)

    def apply_board(self, spec: BoardSpec) -> list[Step]:
        """See `Connector`."""
        return self._boards.apply(spec)


def capabilities(config: ConnectionConfig) -> Capabilities:
    """Return what a Software project can hold. Its mails go to its own users, who are staff."""
    side = Side(config.name, config.url, config.fields, config.vocabularies, me="")
    by_day = FieldAbility(Mails.NEVER, {}, asynchronous=False, grain=Grain.DAY)
    return Capabilities(
        system="jira",
        fields={field: by_day if field == "due" else QUIET for field in side.holds},
        dues_together=False,
        vocabularies=config.vocabularies,
        internal_comments=False,
        create_mails=Mails.NEVER,
        internal_comment_mails=Mails.NEVER,
        public_comment_mails=Mails.IF_CONFIGURED,
        edits_comments=True,
        files=FilePlace.TICKET,
        max_text=30_000,  # of 32,767: wiki markup escapes, and how Jira counts is not documented (jira-api 5)
        max_file=1_000_000_000,  # Cloud's default (jira-api 6); a lower limit answers 413
        file_hosts=FILE_HOSTS,
        kinds={},
        parts=frozenset(),
        books_time=False,
        relates=frozenset(),
        bulk=1,
        webhooks=None,
        settle=timedelta(seconds=60),
        index_lag=INDEX_LAG,
    )
