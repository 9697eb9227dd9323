"""What the writers of one plan share: where they may write, what they know, what came of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors.base import Connector, Snapshot, Stated, WrittenTicket
from connectors.capabilities import Part
from connectors.errors import Gone, HubError, Rejected
from mappings.ticket import Field, PersonRole, Ref
from sync.operations import Skip, Write
from sync.outcome import Stale
from sync.remember import Answer
from sync.seen import Mirror, Mirrors, TextId
from sync.situation import Situation
from sync.sla.escalation import Taken
from sync.store import Store
from sync.store.inbox import Claim
from sync.takeover import Told
from sync.uncertain import Intents

_FRESH = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a side of the ticket is."""

    ref: Ref
    url: str


@dataclass(slots=True)
class Applied:
    """What came of a plan."""

    answers: dict[str, Answer] = field(default_factory=dict)
    """What each side answered to the fields and tags that were written."""
    created: dict[str, WrittenTicket] = field(default_factory=dict)
    found: dict[str, tuple[Snapshot, Told]] = field(default_factory=dict)
    """Created tickets whose answer nobody had heard: as they are now, and as they were sent."""
    failed: dict[str, HubError] = field(default_factory=dict)
    """Why a side took no more writes; the writes to other sides went on."""
    made: list[Write] = field(default_factory=list)
    results: list[tuple[Write, str]] = field(default_factory=list)
    """What came of each write that was tried: ``written``, or why not."""
    unmade: list[Write] = field(default_factory=list)
    unheard: list[Write] = field(default_factory=list)
    """Fields and tags that may have been written: nobody heard the answer."""
    remarks: list[Skip] = field(default_factory=list)
    standing: list[Skip] = field(default_factory=list)
    """What every later look will remark as well, as long as it is so."""
    steps: list[Taken] = field(default_factory=list)
    """Steps that were recorded as taken or withdrawn, unfinished yet."""
    tries: datetime | None = None
    """When a file that could not be fetched is tried again by itself."""
    frozen: list[tuple[str, Field]] = field(default_factory=list)
    """(side, field) about which a person is asked: what was seen of it stays as it was."""


@dataclass(slots=True, kw_only=True)
class Writing:
    """The plan of one claimed bundle on its way."""

    store: Store
    connectors: Mapping[str, Connector]
    intents: Intents
    now: Callable[[], datetime]
    claim: Claim
    bundle: int
    situation: Situation
    sides: dict[str, Snapshot]
    spots: dict[str, Spot]
    mirrors: Mirrors
    done: Applied = field(default_factory=Applied)

    def origin(self, connection: str, name: str) -> TextId:
        """Return the identity of a text or file on a side of this ticket."""
        return TextId(connection, self.spots[connection].ref.key, name)

    def key(self, target: str) -> str:
        """Return the key of the ticket on a side. Raises Gone where none could be created."""
        if target not in self.spots:
            raise Gone(target, "write", "the ticket was not created")
        return self.spots[target].ref.key

    def looked(self, target: str) -> datetime | None:
        """Return when the texts of a side were read; None for one that was created a moment ago."""
        return self.sides[target].read_at if target in self.sides else None

    def record(self, copy: Mirror) -> None:
        """Remember a copy, for the rest of the plan and, before anything else is sent, in the store."""
        self.intents.heard(copy)
        self.mirrors = self.mirrors.plus([copy])

    def stated(self, target: str, fields: Collection[Field]) -> Stated:
        """Return what a side says of its fields, as fresh as `unchanged` has it.

        One that was created a moment ago must say of `fields` what it said then, unless a program changed
        it: raises Rejected where a person changed one since, and Stale if it was moved.
        """
        made = self.done.created.get(target)
        if made is None or target in self.sides or target in self.done.found:
            return self.unchanged(target)
        now = self.connectors[target].standing(made.ref.key)
        if now.place != made.place:
            raise Stale(f"{made.ref} was moved while it was being worked on")
        changed = [name for name in fields if now.native.get(name) != made.native.get(name)]
        if changed and not self._by_programs(made.ref, changed):
            why = "somebody changed it after the ticket was created: it stays as they left it"
            raise Rejected(target, "write", why, dict.fromkeys(changed, why))
        return now

    def _by_programs(self, ref: Ref, names: Collection[Field]) -> bool:
        """Whether a ticket's history tells that what changed these fields last was no person."""
        told = self.connectors[ref.connection].fetch(ref.key, frozenset({Part.HISTORY})).ticket.history or ()
        last = {one.name: one.actor for one in sorted(told, key=lambda one: one.at)}
        who = [last.get(name) for name in names]
        return all(actor is not None and actor.role is PersonRole.MACHINE for actor in who)

    def unchanged(self, target: str) -> Snapshot:
        """Return the side, read anew if it was read a while ago. Raises Stale if somebody changed it."""
        if target not in self.sides:  # it was created a moment ago
            self.sides[target] = self.connectors[target].fetch(self.key(target))
        side = self.sides[target]
        if self.now() - side.read_at <= _FRESH:
            return side
        fresh = self.connectors[target].fetch(side.ref.key)
        if dict(fresh.native) != dict(side.native):
            raise Stale(f"{side.ref} was changed while it was being worked on")
        self.sides[target] = fresh
        return fresh
