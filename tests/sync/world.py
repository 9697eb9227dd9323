"""A desk and two teams of developers, each on a server in memory, and a hub between them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from connectors.base import ConnectionConfig, Connector
from connectors.capabilities import FilePlace
from connectors.memory import Memory, MemoryDesk
from connectors.memory_desk import DeskTicket
from connectors.quota import LocalBudget
from mappings.boards import STAFF, Place
from mappings.provenance import Signer
from mappings.ticket import MESSAGE_0, Audience, Comment, PersonRole, Priority
from mappings.vocabulary import vocabularies
from sync.engine import Engine
from sync.fuses import STANDARD, Fuses
from sync.outcome import Outcome, Planned, Reconciled
from sync.routing import Customer, Desk, Route
from sync.rules import Role, Rules
from sync.sla.calendar import Elapsed
from sync.sla.duty import Rota
from sync.sla.policy import ClockName, Policy, Rulebook, Target
from sync.sla.presets import Preset
from sync.sla.steps import Step
from sync.store import Store, open_store
from sync.store.dialects import Address
from sync.store.schema import metadata
from tests.sync.empty import empty_store

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NAMES = ("desk", "jira", "gitlab")
SECRET = b"sixteen bytes at least"


class Server(MemoryDesk):
    """A desk that lets people in between any two calls of the hub."""

    def __init__(self, now: Callable[[], datetime], lag: timedelta) -> None:
        super().__init__(now, lag=lag)
        self.before: Callable[[str], None] = lambda call: None

    def next_fault(self, call: str) -> Any:
        self.before(call)
        return super().next_fault(call)


class WithoutLinks(Memory):
    """A connector to a tool that has no links of its own: the hub writes a note instead."""

    def add_link(self, key: str, other: object, url: str, title: str) -> bool:
        return False


Make = Callable[..., "World"]
"""Makes a world, with whatever is different in it."""


class World:
    """Customers and agents on `desk`; developers on `jira` (route ``dev``) and `gitlab` (``firmware``)."""

    def __init__(
        self,
        folder: Path,
        *,
        differing: Mapping[str, Mapping[str, Any]] | None = None,
        lag: timedelta = timedelta(0),
        policies: bool = True,
        rules: Mapping[str, Any] | None = None,
        address: Address | None = None,
        policy: Policy | None = None,
        steps: tuple[Step, ...] = (),
        customers: tuple[Customer, ...] = (),
        agreed: Mapping[str, Preset] | None = None,
    ) -> None:
        self.folder, self.at = folder, START
        self.servers = {name: Server(self.now, lag) for name in NAMES}
        self.desk, self.jira, self.gitlab = (self.servers[name] for name in NAMES)
        places = tuple(Place(name, "desk", STAFF) for name in ("jira", "gitlab"))
        self.rules = Rules(
            roles={"desk": Role.FRONT, "jira": Role.WORK, "gitlab": Role.WORK},
            trust=NAMES,
            places=places,
            control_tags=frozenset({"dev", "firmware"}),
            **(rules or {}),
        )
        self.routes: tuple[Route, ...] = (
            Route("developers", frozenset({"dev"}), frozenset(), frozenset(), places[0]),
            Route("firmware", frozenset({"firmware"}), frozenset(), frozenset(), places[1]),
        )
        self.policies: dict[str, Policy | Rulebook] = {"standard": policy or _policy()} if policies else {}
        self.steps = {"standard": steps}
        for name, preset in (agreed or {}).items():
            self.policies[name] = Rulebook(preset.policies)
            self.steps[name] = preset.steps
        self.customers = customers or (lantern(),)
        self.rotas: dict[str, Rota] = {}
        usual: dict[str, dict[str, Any]] = {"desk": {"files": FilePlace.COMMENT}, "jira": {}, "gitlab": {}}
        for name, more in (differing or {}).items():
            usual[name] |= more
        self.connectors = {name: self._connect(name, usual[name]) for name in NAMES}
        self.store = open_store(address or empty_store(folder / "store.sqlite3"))
        self.engine = self.hub()

    def now(self) -> datetime:
        """Return everybody's time."""
        return self.at

    def wait(self, **time: float) -> None:
        """Let time pass."""
        self.at += timedelta(**time)

    def hub(self, store: Store | None = None, fuses: Fuses = STANDARD, digest: str = "") -> Engine:
        """Return another hub process on the same store."""
        connectors: dict[str, Connector] = dict(self.connectors)
        return Engine(
            store=store or self.store,
            connectors=connectors,
            desk=Desk(self.rules, self.customers, self.routes, self.policies, self.steps, rotas=self.rotas),
            signer=Signer(SECRET),
            now=self.now,
            since=None,
            fuses=fuses,
            digest=digest,
        )

    def reopen(self) -> None:
        """Open the store's file again, whatever lies there now, and start a hub on it."""
        self.store = open_store(self.folder / "store.sqlite3")
        self.engine = self.hub()

    def close(self) -> None:
        """Let go of the store's file."""
        self.store.database.close()

    # -- the hub works

    def sync(self) -> list[Reconciled]:
        """Collect what changed and reconcile it once; return what was done."""
        self.engine.collect()
        return list(self.engine.work())

    def settle(self, *, rounds: int = 8) -> None:
        """Reconcile until nothing is left to do, letting what waits come due."""
        for _ in range(rounds):
            self.wait(minutes=16)
            self.sync()
            if not self.waiting() and self.at_rest():
                return
        raise AssertionError(f"still to do: {self.left()}, {self.store.inbox.due(self.at + timedelta(1))}")

    def waiting(self) -> list[str]:
        """Return why tickets are to be looked at soon, clocks apart."""
        return [r.reason for r in self.store.inbox.due(self.at + timedelta(hours=1)) if r.reason != "a clock"]

    def left(self) -> list[Planned]:
        """Return what would be written to any linked ticket, and what stands in the way."""
        plans = self.engine.plan([*self.store.bundles.subjects(), *self.engine.pending()])
        return [planned for planned in plans if planned.plan or planned.problem]

    def at_rest(self) -> bool:
        """Whether a plan for everything is empty."""
        return self.left() == []

    def outcomes(self) -> list[Outcome]:
        """Sync, and return what came of each ticket."""
        return [reconciled.outcome for reconciled in self.sync()]

    def findings(self) -> set[tuple[str, str, str]]:
        """Return target, thing and reason of every finding."""
        return {(f.target, f.what, f.reason) for f in self.store.findings.all()}

    def parked(self) -> list[str | None]:
        """Return why tickets are set aside."""
        return [row.parked for row in self.store.inbox.parked()]

    def dump(self) -> list[str]:
        """Return everything that the store holds, row by row."""
        with self.store.database.reading() as tx:
            tables = metadata.sorted_tables
            return [f"{table.name} {row}" for table in tables for row in tx.execute(select(table))]

    # -- what stands where

    def opened(self, *tags: str, subject: str = "It does not start", text: str = "Help!") -> str:
        """Have the customer open a ticket that an agent tags, and return its key."""
        key = self.desk.open_ticket(subject, text)
        self.desk.tag(key, *(tags or ("dev",)))
        return key

    def only(self, name: str) -> DeskTicket:
        """Return the one ticket on a server."""
        (ticket,) = self.servers[name].tickets.values()
        return ticket

    def bodies(self, name: str, *, notes: bool = False) -> list[str]:
        """Return the texts on the one ticket of a server, in order, without attribution lines.

        The hub's own notes about links and statuses are among them only if asked for.
        """
        return [
            body
            for text in self.only(name).texts.values()
            if notes or not _own(text)
            for body in [words(text)]
        ]

    def files(self, name: str) -> list[tuple[str, bytes]]:
        """Return names and bytes of the files on the one ticket of a server."""
        return sorted((file.name, file.content) for file in self.only(name).files.values())

    def _connect(self, name: str, differing: Mapping[str, Any]) -> Memory:
        config = ConnectionConfig(
            name=name,
            url=f"http://{name}.test",
            user="",
            secret=self.servers[name].secret,
            projects=(),
            fields={},
            vocabularies=vocabularies("memory", {}),
            budget=LocalBudget(self.now),
            now=self.now,
        )
        more = dict(differing)
        kind = WithoutLinks if name == "desk" and more.pop("links", "notes") == "notes" else Memory
        return kind(config, self.servers[name], **more)


def words(text: Comment) -> str:
    """Return what a text says, without the line that says where it comes from."""
    body = re.sub(r"\\([^\w\s])", r"\1", text.body.text.replace("\r\n", "\n").strip())
    return body.partition("\n\n")[2] if text.author.role is PersonRole.HUB else body


def internal(texts: Mapping[str, Comment]) -> bool:
    """Whether every text of the hub's is for staff."""
    ours = [text for id, text in texts.items() if text.author.role is PersonRole.HUB and id != MESSAGE_0]
    return all(text.audience is Audience.STAFF for text in ours)


def _own(text: Comment) -> bool:
    return text.author.role is PersonRole.HUB and not words(text)


def lantern() -> Customer:
    """Return the one customer whom the desk serves."""
    return Customer(
        key="lantern",
        name="Lantern Books",
        domains=frozenset({"customer.test"}),
        organisations=frozenset(),
        label="customer-lantern",
        zone=ZoneInfo("Europe/Rome"),
        policy="standard",
    )


def _policy() -> Policy:
    targets = {
        ClockName.FIRST_RESPONSE: Target(timedelta(hours=48), Elapsed()),
        ClockName.UPDATE: Target(timedelta(hours=16), Elapsed()),
    }
    return Policy("standard", frozenset(), None, Priority.MEDIUM, dict.fromkeys(Priority, targets))
