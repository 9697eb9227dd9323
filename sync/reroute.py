"""Reroute: a customer's tickets go on in the place that the routes name today.

Routes choose a place when a side is created, and never afterwards. Where a person asks for it, the side that
is elsewhere gets what is on its way, is told that the matter goes on in another place, and leaves the
bundle; the ticket then gets a side in the new place as any ticket does. Nothing is deleted or closed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from connectors.base import Connector, Snapshot
from connectors.errors import Gone, WireError
from mappings.boards import Place
from mappings.provenance import Signer, escape
from mappings.ticket import Ref
from sync.audience import field_readers
from sync.farewell import REROUTED
from sync.fields import slug
from sync.links import NotLinked, holding
from sync.observe import Observation, Observer, merged_into
from sync.operations import ChangeTags, CreateTicket, Plan, Reach, Tell, Write
from sync.outcome import Done, Later, Parked
from sync.reconcile import Reconciler
from sync.routing import Desk
from sync.rules import Role
from sync.seen import TextId
from sync.situation import Situation
from sync.store import Store
from sync.store.bundles import Bundle
from sync.store.decisions import Decision
from sync.store.inbox import Claim
from sync.telling import note

_NOTHING = Plan((), ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A side that is not where the routes name today, and what becomes of it."""

    subject: str
    refs: tuple[Ref, ...]
    old: Ref | None
    """The side that is elsewhere; None where the ticket could not be looked at."""
    to: Place | None
    told: tuple[Write, ...] = ()
    """What the old side is told."""
    plan: Plan = _NOTHING
    """What the next look will write once the old side has left."""
    problem: str | None = None
    """Why the side stays where it is."""


class Rerouting:
    """Finds a customer's sides that are elsewhere, and has them leave."""

    def __init__(
        self,
        *,
        store: Store,
        connectors: Mapping[str, Connector],
        desk: Desk,
        signer: Signer,
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._connectors, self._desk, self._now = store, connectors, desk, now
        self._observer = Observer(connectors, desk, signer, store)
        self._reconciler = Reconciler(store=store, connectors=connectors, signer=signer, now=now, fuses=None)

    def moves(self, customer: str) -> Iterator[Move]:
        """Yield each side of a customer's tickets that is not where the routes name. Writes nothing.

        Every linked ticket's front side is read, and every side of the customer's own tickets.
        """
        for subject in self._store.bundles.subjects():
            bundle = self._store.bundles.load(subject)
            try:
                if self._is_of(bundle, customer):
                    yield from self._moves(bundle)
            except Gone:
                continue
            except WireError as error:
                yield Move(subject=subject, refs=bundle.refs, old=None, to=None, problem=str(error))

    def leave(self, move: Move) -> str | None:
        """Bring a side up to date, tell it that it is left, and take it out; return why not, if it stays.

        The ticket is due afterwards. Said again after it was interrupted, it goes on where it was.
        """
        if move.old is None or move.to is None:
            return move.problem
        try:
            with holding(self._store, self._now, move.subject) as claim:
                why = self._left(claim, move, move.old, move.to)
        except (NotLinked, WireError) as error:
            return str(error)
        if why is None:
            self._store.inbox.put(move.subject, self._now(), "rerouted by a person")
        return why

    def _is_of(self, bundle: Bundle, customer: str) -> bool:
        fronts = [ref for ref in bundle.refs if self._role(ref.connection) is Role.FRONT]
        if not fronts or fronts[0].connection not in self._connectors:
            return False
        front = self._connectors[fronts[0].connection].fetch(fronts[0].key)
        home = self._desk.rules.readers(front.ref.connection, front.place)
        found = self._desk.customer(front.ticket, home, (front.ref.connection, front.place))
        return found is not None and found.key == customer

    def _role(self, connection: str) -> Role | None:
        return self._desk.rules.roles.get(connection)

    def _moves(self, bundle: Bundle) -> Iterator[Move]:
        seen = self._observer.observe(bundle, self._now())
        for old, to in self._elsewhere(bundle, seen):
            found = Move(subject=bundle.subject, refs=bundle.refs, old=old.ref, to=to)
            if problem := _in_the_way(seen):
                yield replace(found, problem=problem)
                continue
            told = tuple(_parted(seen.tickets[0].situation, old, to))
            if to.connection != old.ref.connection and to.connection in seen.tickets[0].situation.sides:
                yield replace(found, told=told)  # it goes on there already
                continue
            after = self._observer.observe(_without(bundle, old.ref), self._now())
            ((_, plan), *_) = self._reconciler.decided(after, bundle.subject)
            if any(isinstance(w, CreateTicket) and w.target == to.connection for w in plan.writes):
                yield replace(found, told=told, plan=plan)
            else:
                reasons = [r for r in plan.remarks if r.target == to.connection] if plan.remarks else []
                why = "; ".join(str(reason.reason) for reason in reasons)
                yield replace(found, problem=why or "nothing could be created there", plan=plan)

    def _elsewhere(self, bundle: Bundle, seen: Observation) -> Iterator[tuple[Snapshot, Place]]:
        """Yield (side, where the routes want it) of each work side that is in another place."""
        s = seen.tickets[0].situation
        if (front := s.front()) is None or merged_into(s.sides[front]) is not None:
            return
        home = self._desk.rules.readers(front, s.sides[front].place)
        ticket, place = s.sides[front].ticket, (front, s.sides[front].place)
        customer = self._desk.customer(ticket, home, place)
        wanted = self._desk.places(ticket, customer, front, ())
        free = [place for place in wanted if place.connection not in s.sides]
        for name, side in s.sides.items():
            if s.role(name) is not Role.WORK:
                continue
            here = next((place for place in wanted if place.connection == name), None)
            if here is not None and here.key != side.place:
                yield side, here
            elif here is None and side.ref not in bundle.adopted:
                if free:
                    yield side, free.pop(0)
                elif wanted and not self._desk.leads(customer, front, name):
                    yield side, wanted[0]

    def _left(self, claim: Claim, move: Move, old: Ref, to: Place) -> str | None:
        bundle = self._store.bundles.load(move.subject)
        seen = self._observer.observe(bundle, self._now())
        side = seen.sides.get(old)
        if side is None or (problem := _in_the_way(seen)) is not None:
            return problem if side else "it is not there any more"
        # Nothing is made in the new place before the old one is left: whoever is interrupted begins anew.
        (ticket, plan), *others = self._reconciler.decided(_as_it_is(seen), move.subject)
        plan = replace(plan, writes=(*plan.writes, *_parted(ticket.situation, side, to)))
        made: list[Write] = []
        outcome = self._reconciler.carry_out(claim, seen, [(ticket, plan), *others], made)
        match outcome:
            case Done():
                self._store.bundles.leave(claim, old)
                self._store.decisions.record(move.subject, [_decision(self._now(), old, to)])
                return None
            case Later(error=error):
                return f"{error}; run it again"
            case Parked(reason=reason):
                return reason


def _in_the_way(seen: Observation) -> str | None:
    """Return why a side cannot leave now, or None."""
    if seen.silent:
        return "; ".join(str(error) for error in seen.silent)
    if seen.moves or seen.merges:
        return "it was moved or merged; the next sync follows that first"
    if len(seen.tickets) > 1:
        return "several tickets share the issue: unlink this one, or reroute it by hand"
    return seen.tickets[0].parked


def _as_it_is(seen: Observation) -> Observation:
    """Return what was observed, as if no route named a further place."""
    tickets = (replace(t, situation=replace(t.situation, wanting=(), coming={})) for t in seen.tickets)
    return replace(seen, tickets=tuple(tickets))


def _without(bundle: Bundle, old: Ref) -> Bundle:
    """Return what the store will know of a bundle once a side has left."""
    return replace(
        bundle,
        refs=tuple(ref for ref in bundle.refs if ref != old),
        seen={ref: said for ref, said in bundle.seen.items() if ref != old},
        timeline={ref: facts for ref, facts in bundle.timeline.items() if ref != old},
    )


def _parted(s: Situation, old: Snapshot, to: Place) -> Iterator[Write]:
    """Yield what is written on the side that is left: where the matter goes on, and no label of the hub's.

    A customer's board is made of their label; the issue in the new place is on it now.
    """
    yield from _told(s, old, to)
    side = old.ref.connection
    if "tags" not in s.capabilities[side].fields:
        return
    called = s.called.marks if s.called else frozenset()
    given = s.own_tags.get(side, frozenset())
    ours = {slug(tag) for tag in (*given, *s.rules.customer_labels, *called, *s.labels_of_all)}
    mine = given | {tag for tag in old.ticket.tags if slug(tag) in ours}
    mails = s.abilities(side).fields["tags"].mails
    if mine and s.may(mails, side):
        yield ChangeTags(side, frozenset(), mine, frozenset(), Reach(field_readers(s, side, ["tags"]), mails))


def _told(s: Situation, old: Snapshot, to: Place) -> Iterator[Tell]:
    """Yield the note on the side that is left, unless it stands there or a customer would read it."""
    front = s.front()
    if front is None:
        return
    occasion = TextId(front, s.sides[front].ref.key, f"{REROUTED}{to.connection}-{to.key}")
    words = f"This matter goes on in {escape(to.key)} on {to.connection}; nothing is copied here any more"
    for tell in note(s, old.ref.connection, occasion, words):
        if isinstance(tell, Tell):
            yield tell


def _decision(at: datetime, old: Ref, to: Place) -> Decision:
    return Decision(
        at=at,
        target=old,
        kind="reroute",
        name=to.key,
        source=to.connection,
        value="",
        why="a person had the customer's tickets go where the routes name today",
        readers="",
        mails="",
        result="written",
    )
