"""The GitLab connector: what it can do, and who does it."""

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
from connectors.errors import Rejected
from connectors.gitlab.admin import Directory, problems
from connectors.gitlab.find import find_created
from connectors.gitlab.labels import Side
from connectors.gitlab.read import Reader
from connectors.gitlab.wire import explain
from connectors.gitlab.write import Writer
from connectors.http import Http, session
from mappings.boards import BoardSpec, Place, Step
from mappings.ticket import Attachment, Field, Ref, Value

_DAY = FieldAbility(Mails.NEVER, {}, asynchronous=False, grain=Grain.DAY)


def connect(config: ConnectionConfig) -> Connector:
    """Return the connector of a connection; makes no call."""
    return GitLab(config)


def capabilities(config: ConnectionConfig) -> Capabilities:
    """Return what GitLab can hold; it mails customers ordinary notes and nothing else (reference 7.3)."""
    fields: dict[Field, FieldAbility] = {"subject": QUIET, "due": _DAY, "tags": QUIET}
    return Capabilities(
        system="gitlab",
        fields=fields | dict.fromkeys(config.vocabularies, QUIET),
        dues_together=False,
        vocabularies=config.vocabularies,
        internal_comments=True,
        create_mails=Mails.NEVER,
        internal_comment_mails=Mails.NEVER,
        public_comment_mails=Mails.IF_CONFIGURED,
        edits_comments=True,
        files=FilePlace.COMMENT,
        max_text=1_000_000,
        max_file=100 * 1024 * 1024,
        file_hosts=(),
        kinds={},
        parts=frozenset(),
        books_time=False,
        relates=frozenset(),
        bulk=1,
        webhooks=None,
        settle=timedelta(seconds=90),
        index_lag=timedelta(seconds=10),
    )


class GitLab:
    """The connector of one GitLab account. Its parts hold no state but what `Directory` remembers."""

    def __init__(self, config: ConnectionConfig) -> None:
        self._config, self._capabilities = config, capabilities(config)
        wire = session()
        wire.headers["PRIVATE-TOKEN"] = config.secret
        base = f"{config.url}/api/v4"
        self._http = Http(config.name, base, wire, config.budget, config.now, explain)
        self._directory, side = Directory(self._http), Side.of(config)
        self._reader = Reader(self._http, side, self._directory, config.projects, config.now)
        self._writer = Writer(self._http, side, self._reader)

    @property
    def name(self) -> str:
        return self._config.name

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def whoami(self) -> Account:
        me = self._directory.ask_me()
        return Account(str(me.id), me.name, self._config.url)

    def problems(self, places: Iterable[Place]) -> list[str]:
        return problems(self._directory, self._config.projects, places)

    def fetch(self, key: str) -> Snapshot:
        return self._reader.fetch(key)

    def changed(self, since: datetime) -> Iterator[Hint]:
        return self._reader.changed(since)

    def create(self, draft: TicketDraft) -> WrittenTicket:
        return self._writer.create(draft)

    def find_created(self, token: str, since: datetime) -> Ref | None:
        return find_created(self._reader, token, since)

    def set_fields(self, present: Snapshot, values: Mapping[Field, Value]) -> WrittenTicket:
        return self._writer.set_fields(present, values)

    def change_tags(self, present: Snapshot, add: frozenset[str], remove: frozenset[str]) -> WrittenTicket:
        return self._writer.change_tags(present, add, remove)

    def add_comment(self, key: str, draft: CommentDraft) -> WrittenComment:
        return self._writer.add_comment(key, draft)

    def edit_comment(self, key: str, id: str, draft: CommentDraft) -> WrittenComment:
        return self._writer.edit_comment(key, id, draft)

    def delete_comment(self, key: str, id: str) -> None:
        self._writer.delete_comment(key, id)

    def add_file(self, key: str, upload: Upload) -> WrittenFile:
        raise Rejected(self.name, "add_file", "a file is sent with the text that it belongs to")

    def open_file(self, attachment: Attachment) -> AbstractContextManager[IO[bytes]]:
        return self._http.open(attachment.location)

    def add_link(self, key: str, other: Ref, url: str, title: str) -> bool:
        """Issues have no links to other sites."""
        return False

    def plan_board(self, spec: BoardSpec) -> list[Step]:
        what = f"in {spec.project} make a board {spec.name!r} for {spec.label!r} with a list per status label"
        return [Step(what, manual=True)]

    def apply_board(self, spec: BoardSpec) -> list[Step]:
        return self.plan_board(spec)
