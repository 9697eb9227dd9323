"""Observe: read every side of a ticket, and gather what its decision rests on. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from connectors.base import Connector, Presence, Snapshot
from connectors.errors import Gone
from mappings.markup import read
from mappings.provenance import Signer
from mappings.ticket import MESSAGE_0, Comment, PersonRole, Status, Ticket
from sync.operations import Skip
from sync.routing import Customer, Desk
from sync.rules import Role
from sync.seen import Kind, Mirror, Mirrors, TextId
from sync.situation import Promises, Situation
from sync.sla.clock import Clock, clocks
from sync.sla.facts import Facts, StatusFact, facts
from sync.sla.promise import promises
from sync.store.bundles import Bundle


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What was found: the situation to decide on, and what the engine must know beside it."""

    bundle: Bundle
    situation: Situation
    found: tuple[Mirror, ...]
    """Copies of ours that the store did not know: their markers told."""
    status: StatusFact | None
    """A status that the front side was found in for the first time."""
    clocks: tuple[Clock, ...]
    remarks: tuple[Skip, ...]
    parked: str | None
    """Why nothing may be done with the ticket until a person settled it."""

    def next_change(self, at: datetime) -> datetime | None:
        """Return when a clock's answer changes though nobody does anything."""
        return min((c for clock in self.clocks if (c := clock.changes(at))), default=None)


class Observer:
    """Reads tickets through the connectors."""

    def __init__(self, connectors: Mapping[str, Connector], desk: Desk, signer: Signer, hub: str) -> None:
        self._connectors, self._desk, self._signer, self._hub = connectors, desk, signer, hub

    def observe(self, bundle: Bundle, at: datetime) -> Observation:
        """Return what the sides of a ticket say now. Raises WireError; Gone only for an unlinked ticket."""
        sides, remarks = self._fetch(bundle)
        found = tuple(self._recognise(sides.values(), bundle.mirrors))
        front = next((s for s in sides.values() if self._is_front(s.ref.connection)), None)
        customer = self._desk.customer(front.ticket) if front else None
        status = new_status(front, bundle.statuses) if front else None
        statuses = (*bundle.statuses, status) if status else bundle.statuses
        ticking = self._clocks(front, customer, statuses, at)
        situation = self._situation(bundle, sides, front, customer, found, ticking[1])
        return Observation(
            bundle=bundle,
            situation=situation,
            found=found,
            status=status,
            clocks=ticking[0],
            remarks=tuple(remarks),
            parked=self._parked(situation, front, customer),
        )

    def _fetch(self, bundle: Bundle) -> tuple[dict[str, Snapshot], list[Skip]]:
        sides: dict[str, Snapshot] = {}
        remarks = []
        for ref in bundle.refs:
            if ref.connection not in self._connectors:
                remarks.append(Skip(ref.connection, "the ticket", "the connection left the settings"))
                continue
            try:
                side = self._connectors[ref.connection].fetch(ref.key)
            except Gone:
                if bundle.id is None:
                    raise
                remarks.append(Skip(ref.connection, "the ticket", "it is gone there; the link is kept"))
                continue
            if side.presence is Presence.PRESENT:
                sides[ref.connection] = side
            else:
                remarks.append(Skip(ref.connection, "the ticket", f"it is {side.presence} there"))
        return sides, remarks

    def _recognise(self, sides: Iterable[Snapshot], known: Mirrors) -> Iterable[Mirror]:
        """Yield the copies whose marker verifies: written by our own account, to this very ticket."""
        for side in sides:
            for message in side.ticket.messages:
                place = TextId(side.ref.connection, side.ref.key, message.id)
                if message.author.role is PersonRole.HUB and not known.is_copy(Kind.COMMENT, place):
                    yield from self._marked(message, place)

    def _marked(self, message: Comment, place: TextId) -> Iterable[Mirror]:
        marker = self._signer.find(read(message.body, message.attachments))
        if marker is None or (marker.hub, marker.target) != (self._hub, place.connection):
            return
        # Only a description was written before its ticket's key was known.
        if marker.target_key == ("" if place.id == MESSAGE_0 and not marker.target_key else place.key):
            origin = TextId(marker.origin, marker.origin_key, marker.origin_id)
            yield Mirror(Kind.COMMENT, origin, place, marker.revision, message.revision)

    def _is_front(self, connection: str) -> bool:
        return self._desk.rules.roles[connection] is Role.FRONT

    def _clocks(
        self,
        front: Snapshot | None,
        customer: Customer | None,
        statuses: tuple[StatusFact, ...],
        at: datetime,
    ) -> tuple[tuple[Clock, ...], Promises | None]:
        policy = self._desk.policies.get(customer.policy or "") if customer else None
        if front is None or customer is None or policy is None:
            return (), None
        timeline: Facts = facts(front.ticket, statuses)
        running = clocks(timeline, policy)
        return running, promises(timeline, policy, running, customer.zone, at)

    def _situation(
        self,
        bundle: Bundle,
        sides: Mapping[str, Snapshot],
        front: Snapshot | None,
        customer: Customer | None,
        found: Iterable[Mirror],
        promised: Promises | None,
    ) -> Situation:
        linked = [ref.connection for ref in bundle.refs]
        return Situation(
            sides=sides,
            capabilities={name: connector.capabilities for name, connector in self._connectors.items()},
            seen=bundle.seen,
            mirrors=bundle.mirrors.plus(found),
            wanting=self._desk.places(front.ticket, customer, linked) if front else (),
            own_tags=self._desk.labels(customer),
            customer=customer.key if customer else None,
            promises=promised,
            rules=self._desk.rules,
        )

    def _parked(self, s: Situation, front: Snapshot | None, customer: Customer | None) -> str | None:
        if front is None or not s.wanting or customer is not None or not self._desk.customers:
            return None
        return f"{front.ref}: no customer is known for {_requester(front.ticket)}; add one to the settings"


def new_status(front: Snapshot, known: tuple[StatusFact, ...]) -> StatusFact | None:
    """Return the fact that a front side came to its status since it was last looked at, if it did."""
    status = front.ticket.status
    if not isinstance(status, Status) or (known and known[-1].status is status):
        return None
    if not known and not status.done:
        return StatusFact(status, front.ticket.created, front.ticket.created)
    after = known[-1].by if known else front.ticket.created
    return StatusFact(status, after, max(after, min(front.ticket.updated, front.read_at)))


def _requester(ticket: Ticket) -> str:
    person, organisation = ticket.requester, ticket.organisation
    if organisation:
        return organisation.name
    return (person.email or person.name) if person else "nobody"
