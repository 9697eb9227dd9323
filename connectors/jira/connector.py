"""The Jira connector: the parts of this package behind the one Protocol."""

from __future__ import annotations

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
from connectors.capabilities import Capabilities, Part, PlaceAbilities
from connectors.errors import ConfigError, WireError
from connectors.former import known_again
from connectors.jira import webhook
from connectors.jira.abilities import capabilities
from connectors.jira.admin import Admin
from connectors.jira.boards import Boards
from connectors.jira.bulk import Bulk
from connectors.jira.client import Client
from connectors.jira.find import Finder
from connectors.jira.graph import Graph
from connectors.jira.handled import handled
from connectors.jira.hooks import Hooks
from connectors.jira.participants import Participants
from connectors.jira.parts import Parts
from connectors.jira.places import Places
from connectors.jira.pointers import meant, pointers
from connectors.jira.portal import Portal
from connectors.jira.read import Reader
from connectors.jira.recount import recount
from connectors.jira.removal import Removal
from connectors.jira.service import ServiceDesk
from connectors.jira.side import OWN_FIELDS
from connectors.jira.texts import Texts
from connectors.jira.write import Writer
from connectors.recount import RawRating, Recount
from connectors.sought import Sought
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
    TimeEntry,
    Value,
)


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
    """One account on one Jira site, Cloud or Data Center, Software or Service Management."""

    def __init__(self, config: ConnectionConfig) -> None:
        self._client = client = Client(config)
        self._name, self._now, self._former = config.name, config.now, config.former
        self._capabilities = capabilities(config)
        self._parts, self._places = Parts(client), Places(client, config)
        self._reader = Reader(client, self._parts, self._places)
        self._service = ServiceDesk(client, config.projects)
        self._writer = Writer(client, self._reader, self._service)
        self._bulk = Bulk(client, self._reader, self._writer)
        self._texts = Texts(client, self._reader, self._service)
        self._removal = Removal(client)
        self._participants = Participants(client, self._reader)
        self._finder = Finder(client, config.projects)
        self._sought = Sought(self._finder.created, config.now)
        self._boards = Boards(client, config)
        self._portal = Portal(client, self._service, config.url)
        self._hooks = Hooks(client, config.name, config.projects)
        self._url = config.url
        self._admin, self._graph = Admin(client, config.url), Graph(client)

    @property
    def name(self) -> str:
        """The connection's name in the settings."""
        return self._name

    @property
    def capabilities(self) -> Capabilities:
        """What Jira can hold."""
        return self._capabilities

    def abilities(self, place: Place) -> PlaceAbilities:
        """See `Connector`; one look at the project and, in a service project, at its requests' forms."""
        return self._places.at(place)

    def whoami(self) -> Account:
        """See `Connector`."""
        return self._admin.whoami()

    def ahead(self) -> timedelta:
        """See `Connector`."""
        return self._client.http.ahead()

    def problems(self, places: Iterable[Place]) -> list[str]:
        """See `Connector`."""
        self._places.forget()
        return self._admin.problems(places)

    def remarks(self, places: Iterable[Place]) -> list[str]:
        """See `Connector`."""
        return self._admin.remarks(places)

    def unreachable(self, place: Place, statuses: Collection[Status]) -> list[str]:
        """See `Connector`; learned from one issue in each status of the place."""
        return [f"{self._name} {place.key}: {line}" for line in self._graph.unreachable(place, statuses)]

    def pointers(self, key: str, field: str = "") -> list[str]:
        """See `Connector`; remote links, or a field by its id."""
        return pointers(self._client, key, field)

    def meant(self, text: str) -> str | None:
        """See `Connector`; ``SUP-12``, or where people open it."""
        return meant(self._url, text)

    def fetch(self, key: str, also: frozenset[Part] = frozenset()) -> Snapshot:
        """See `Connector`."""
        return known_again(self._reader.fetch(key, also), self._former)

    def changed(self, since: datetime) -> Iterator[Hint]:
        """See `Connector`."""
        return self._finder.changed(since)

    def walk(self, since: datetime | None = None) -> Iterator[Hint]:
        """See `Connector`; a project after the other, in the order of the keys."""
        return self._finder.walk(since)

    def ratings(self, since: datetime) -> Iterator[tuple[str, Rating]]:
        """Nothing: Jira tells the rating of a request with that request."""
        return iter(())

    def create(self, draft: TicketDraft) -> WrittenTicket:
        """See `Connector`."""
        return self._writer.create(draft)

    def create_many(self, drafts: Sequence[TicketDraft]) -> list[WrittenTicket | WireError]:
        """See `Connector`."""
        return self._bulk.create(drafts)

    def find_created(self, token: str, since: datetime, after: datetime | None = None) -> Ref | None:
        """See `Connector`."""
        return self._sought.find(token, since, after)

    def standing(self, key: str) -> WrittenTicket:
        """See `Connector`; many that were made lately are looked at in one call."""
        return self._reader.standing(key)

    def set_fields(self, present: Stated, values: Mapping[Field, Value]) -> WrittenTicket:
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

    def recount(self, key: str, also: frozenset[Part] = frozenset()) -> Recount:
        """See `Connector`."""
        return recount(self._client, key, also)

    def recount_ratings(self, since: datetime) -> Iterator[RawRating]:
        """See `Connector`: no list tells."""
        return iter(())

    def handled(self, key: str) -> str:
        """Return what people did to an issue, by its changelog."""
        return handled(self._client, self._parts, key)

    def delete(self, key: str) -> None:
        """See `Connector`."""
        self._removal.delete(key)

    def undeletable(self, places: Iterable[Place]) -> list[str]:
        """See `Connector`."""
        return self._removal.undeletable(places)

    def add_file(self, key: str, upload: Upload) -> WrittenFile:
        """See `Connector`."""
        return self._texts.attach(key, upload)

    def open_file(self, attachment: Attachment) -> AbstractContextManager[IO[bytes]]:
        """See `Connector`."""
        return self._reader.open_file(attachment)

    def add_link(self, key: str, other: Ref, url: str, title: str) -> bool:
        """See `Connector`."""
        return self._writer.link(key, other, url, title)

    def add_time(self, key: str, entry: TimeEntry) -> str:
        """See `Connector`; the author is always our own account."""
        return self._parts.add_time(key, entry)

    def add_relation(self, key: str, relation: Relation) -> None:
        """See `Connector`."""
        self._parts.relate(key, relation)

    def add_participants(self, key: str, people: Sequence[str]) -> tuple[Person, ...]:
        """See `Connector`; a participant is an account that the site knows."""
        return self._participants.add(key, people)

    def organisations(self) -> Iterator[Organisation]:
        """See `Connector`; Jira keeps no domains."""
        return self._service.organisations()

    def add_organisation(self, name: str, domains: Sequence[str]) -> Organisation:
        """See `Connector`; the service desks of the connection know it afterwards."""
        return self._service.add_organisation(name)

    def plan_hook(self, hook: Hook) -> list[Step]:
        """See `Connector`."""
        return self._hooks.plan(hook)

    def apply_hook(self, hook: Hook) -> list[Step]:
        """See `Connector`."""
        return self._hooks.apply(hook)

    def hear(self, headers: Mapping[str, str], body: bytes, secret: str) -> tuple[Hint, ...]:
        """See `Connector`."""
        return webhook.hear(self._name, self._now(), headers, body, secret, self._client.known_me)

    def show_board(self, spec: BoardSpec) -> BoardView | None:
        """See `Connector`."""
        return self._boards_of(spec).show(spec)

    def plan_board(self, spec: BoardSpec) -> list[Step]:
        """See `Connector`."""
        return self._boards_of(spec).plan(spec)

    def apply_board(self, spec: BoardSpec) -> list[Step]:
        """See `Connector`."""
        return self._boards_of(spec).apply(spec)

    def _boards_of(self, spec: BoardSpec) -> Boards | Portal:
        """Return what makes a board: a service project shows tickets to customers by its portal."""
        return self._portal if self._portal.serves(spec.project) else self._boards
