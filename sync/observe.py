"""Observe: read every side of a bundle, and gather what each of its tickets is decided on. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from connectors.base import Connector, Presence, Snapshot
from connectors.capabilities import Part, PlaceAbilities
from connectors.errors import Gone, Rejected, Throttled, Transient, Unauthorised, WireError
from mappings.boards import STAFF, Place
from mappings.markup import read
from mappings.provenance import Marker, Signer
from mappings.ticket import MESSAGE_0, Comment, PersonRole, Ref, RelationKind, Ticket
from sync.adopt import paired
from sync.migrate.promised import MISSED, missed, stated
from sync.migrate.source import as_read
from sync.operations import Skip
from sync.overheard import unheard_edits
from sync.parting import Parting, parting
from sync.rated import holds, with_ratings
from sync.routing import Customer, Desk
from sync.rules import Role
from sync.seen import Kind, Mirror, Mirrors, TextId
from sync.situation import Lost, Promises, Situation
from sync.sla.called import Called, Story, called
from sync.sla.clock import Clock, assumed, clocks
from sync.sla.closure import Closure, closure
from sync.sla.facts import Facts, went_on
from sync.sla.promise import most_urgent, promises
from sync.sla.wanted import Unpromised, unpromised
from sync.store import Store
from sync.store.bundles import Bundle
from sync.store.served import with_words
from sync.store.steps import name_of
from sync.timeline import done_since, wants_history
from sync.told import story_of
from sync.unanswered import recognised

_CERTAIN = timedelta(hours=1)
"""How long a ticket must stay unfound before it counts as gone."""


@dataclass(frozen=True, kw_only=True)
class Observed:
    """One ticket of a bundle: its front side beside the work sides, and what it is decided on."""

    situation: Situation
    found: tuple[Mirror, ...]
    """Copies of ours on its sides that the store did not know: their markers told, or a person did."""
    clocks: tuple[Clock, ...]
    customer: Customer | None
    """Whose ticket it is."""
    parked: str | None
    """Why nothing may be done with the ticket until a person settled it."""
    told: str = ""
    """What makes this reason one that staff is told of in the ticket; empty: not there."""
    facts: Facts | None = None
    """What its clocks rest on; None without a front side."""
    assumed: tuple[str, ...] = ()
    """What its policy had to assume of it."""


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What was found: the bundle's tickets, usually one, and what the engine must know beside them."""

    bundle: Bundle
    tickets: tuple[Observed, ...]
    remarks: tuple[Skip, ...]
    presences: Mapping[Ref, Presence | None]
    """Whether each side was found; None for one that was not, which may pass."""
    look_again: datetime | None
    """When to look for a side that was not found."""
    moves: tuple[tuple[Snapshot, Snapshot], ...]
    """(old, new) of each side that was moved and is to be followed."""
    merges: tuple[tuple[Snapshot, Ref], ...]
    """(front side, the ticket that it was merged into) where that one is no side of the bundle yet."""
    number: int
    """The highest running number of a text of ours that the store did not know."""
    parting: Parting
    """Which sides are linked in name only, and which take part again."""
    silent: tuple[WireError, ...]
    """Why connections could not be reached; the sides that could go on without them."""

    @property
    def sides(self) -> dict[Ref, Snapshot]:
        """Every side that is there to be worked on."""
        return {side.ref: side for ticket in self.tickets for side in ticket.situation.sides.values()}

    def whose(self, ref: Ref) -> Customer | None:
        """Return whose ticket a front side is; None for work sides."""
        fronts = ((ticket.situation.front(), ticket) for ticket in self.tickets)
        here = (ticket for name, ticket in fronts if name and ticket.situation.sides[name].ref == ref)
        return next((ticket.customer for ticket in here), None)

    def next_change(self, at: datetime) -> datetime | None:
        """Return when a clock's answer changes, or a step comes due, though nobody does anything."""
        running = [clock for ticket in self.tickets for clock in ticket.clocks]
        steps = [ticket.situation.called for ticket in self.tickets]
        closing = [ticket.situation.closes for ticket in self.tickets]
        moments = [*(clock.changes(at) for clock in running), *(c.next for c in steps if c)]
        moments += [one.at for one in closing if one and not one.due]
        return min((moment for moment in moments if moment), default=None)


class Observer:
    """Reads tickets through the connectors."""

    def __init__(self, connectors: Mapping[str, Connector], desk: Desk, signer: Signer, store: Store) -> None:
        """Read through the connectors, for a desk.

        The store tells this hub's id, which recovery may change at any time; whether what a connection does
        not find may be there all the same; what people said of a ticket's clocks; which turns of a rota
        they swapped; and until when an older copy of it may have forgotten what was done.
        """
        self._connectors, self._desk, self._signer, self._hub = connectors, desk, signer, store.hub
        self._doubted, self._said, self._swaps = store.health.doubted, store.served.said, store.swaps.of
        self._journal, self._carried = store.journal, store.carrying.of
        self._recovered = store.database.recovered
        self._ratings, self._rates, self._each = store.ratings.of, holds(connectors), False

    def ask_each(self) -> None:
        """Ask each ticket for what a list tells of all: whoever only looks reads no list into the store."""
        self._each = True

    def adopt(self, desk: Desk) -> None:
        """Observe for another desk from the next look on."""
        self._desk = desk

    def observe(
        self, bundle: Bundle, at: datetime, paused: Mapping[str, WireError] = MappingProxyType({})
    ) -> Observation:
        """Return what the sides of a bundle say now; connections that are `paused` are not asked.

        Raises WireError where no side could be reached; Gone only for an unlinked ticket.
        """
        sides, left, presences, remarks, silent = self._fetch(bundle, at, paused)
        if bundle.sent:
            known, out = recognised(bundle.seen, bundle.sent, sides)
            bundle = replace(bundle, seen=known, sent=out)
        hub = self._hub()
        lost = tuple(
            Lost(ref, bundle.urls.get(ref, ""), presence, bundle.lost.get(ref, at))
            for ref, presence in presences.items()
            if presence not in (None, Presence.PRESENT, Presence.ARCHIVED)
        )
        fronts = sorted(
            (ref for ref in sides if self._is_front(ref.connection)),
            key=lambda ref: merged_into(sides[ref]) in sides,  # what was merged leads no longer
        )
        works = {ref: side for ref, side in sides.items() if ref not in fronts}
        ours = tuple(self._ours(sides.values(), bundle.mirrors, hub))
        found = (
            *(_mirror(*one) for one in ours if _to_this_ticket(*one)),
            *unheard_edits(
                sides.values(),
                bundle.mirrors,
                signer=self._signer,
                hub=hub,
                can={name: connector.capabilities for name, connector in self._connectors.items()},
                long=self._desk.rules.long,
                noted=self._journal.editing,
            ),
        )
        leading = sorted(works.values(), key=lambda side: self._desk.rules.trust.index(side.ref.connection))
        # What was published and is found again answered the customer, so the clocks want it now.
        telling = replace(bundle, mirrors=bundle.mirrors.plus(found))
        told = [self._ticketed(sides[ref], leading, telling, at) for ref in fronts] or [_Told()]
        parted = self._parted(bundle, told, at)
        bundle = parted.known(bundle, at)
        # What is ended leads nobody; nor does what waits for its customer to be known, while others go on.
        told.sort(key=lambda one: (one.over(bundle), one.merged(bundle), self._nobodys(one)))
        living = [one for one in told if not one.over(bundle)] or told
        if all(one.front and merged_into(one.front) in bundle.refs for one in told):
            told.insert(0, _Told())  # a merged ticket carries on its own texts alone, work sides go on
        tickets = []
        for number, one in enumerate(told):
            mine = {**({one.front.ref: one.front} if one.front else {}), **works}
            wanting = self._wanting(bundle, one, leads=number == 0)
            coming = self._coming(wanting, paused, silent)
            observed = self._observed(bundle, mine, one, found, living, lost, coming, leads=number == 0)
            ended = parted.of(observed.situation.sides)
            situation = replace(observed.situation, ended=ended, awaited=bool(silent), hub=hub, at=at)
            tickets.append(replace(observed, situation=situation))
        waits = [bundle.missing.get(ref, at) + _CERTAIN for ref, p in presences.items() if p is None]
        return Observation(
            bundle=bundle,
            tickets=tuple(tickets),
            remarks=tuple(remarks),
            presences=presences,
            look_again=min(waits, default=None),
            moves=tuple(self._moves(left, presences)),
            merges=tuple(
                (sides[ref], primary)
                for ref in fronts
                if (primary := merged_into(sides[ref])) is not None and primary not in bundle.refs
            ),
            number=max((marker.number for marker, _, _ in ours), default=0),
            parting=parted,
            silent=tuple(silent.values()),
        )

    def _parted(self, bundle: Bundle, told: list[_Told], at: datetime) -> Parting:
        """Return which sides a route's tag that was removed has ended; a merged ticket's tags end nothing."""
        if bundle.id is None or self._desk.rules.source:  # a run takes what it was asked, and parts nothing
            return Parting()
        here = [(t.front, t.customer) for t in told if t.front and merged_into(t.front) not in bundle.refs]
        return parting(bundle, self._desk, here, at)

    def _fetch(
        self, bundle: Bundle, at: datetime, paused: Mapping[str, WireError]
    ) -> tuple[
        dict[Ref, Snapshot],
        dict[Ref, Snapshot],
        dict[Ref, Presence | None],
        list[Skip],
        dict[str, WireError],
    ]:
        sides: dict[Ref, Snapshot] = {}
        left: dict[Ref, Snapshot] = {}
        presences: dict[Ref, Presence | None] = {}
        remarks = []
        silent: dict[str, WireError] = {}
        for ref in bundle.refs:
            if ref.connection not in self._connectors:
                remarks.append(Skip(ref.connection, "the ticket", "the connection left the settings"))
                continue
            try:
                if ref.connection in paused:
                    raise paused[ref.connection]
                also = self._also(ref.connection)
                fetched = self._connectors[ref.connection].fetch(ref.key, also)
                side = as_read(self._rated(self._with_history(fetched, also, bundle)), self._desk.rules)
            except (Transient, Throttled, Unauthorised) as error:
                silent[ref.connection] = error
                continue
            except Gone:
                if bundle.id is None:
                    raise
                presences[ref] = self._missing(bundle, ref, at)
                gone = "it is gone there; the link is kept"
                unsure = "it was not found; it is looked for again in an hour"
                remarks.append(Skip(ref.connection, "the ticket", gone if presences[ref] else unsure))
                continue
            presences[side.ref] = side.presence
            if side.presence is Presence.PRESENT:
                sides[side.ref] = side
            else:
                left[side.ref] = side
                remarks.append(Skip(ref.connection, "the ticket", f"it is {side.presence} there"))
        if silent and not sides:
            raise next(iter(silent.values()))
        return sides, left, presences, remarks, silent

    def _also(self, connection: str) -> frozenset[Part]:
        """Return what is read of a side beyond its conversation."""
        ties = {Part.RELATIONS} if self._is_front(connection) else set()
        if connection == self._desk.rules.source:
            ties |= self._desk.rules.parts - self._listed(connection)
        return frozenset(ties | ({Part.TEAM} if connection in self._desk.rules.tells_group else set()))

    def _listed(self, connection: str) -> frozenset[Part]:
        """Return what need not be asked of each ticket, as one list told it of all."""
        listed = self._connectors[connection].capabilities.lists_ratings
        return frozenset({Part.RATINGS}) if listed and not self._each else frozenset()

    def _rated(self, side: Snapshot) -> Snapshot:
        """Return a side with what its customers thought, where that is carried anywhere."""
        name, rules = side.ref.connection, self._desk.rules
        carried = self._rates if not rules.source else name == rules.source and Part.RATINGS in rules.parts
        if not (carried and self._is_front(name) and self._connectors[name].capabilities.lists_ratings):
            return side
        return with_ratings(
            side, self._ratings(side.ref) if self._listed(name) else side.ticket.ratings or ()
        )

    def _with_history(self, side: Snapshot, also: frozenset[Part], bundle: Bundle) -> Snapshot:
        """Return a side with its history, if clocks rest on it and it tells more than was found."""
        name, known = side.ref.connection, bundle.timeline.get(side.ref, ())
        can, seen = self._connectors[name].capabilities, bundle.seen.get(side.ref)
        counts = self._desk.rules.roles[name] in self._desk.counted
        if side.presence is Presence.PRESENT and counts and wants_history(side, can, known, seen):
            with suppress(Rejected):  # an account that may not read it goes on without
                return self._connectors[name].fetch(side.ref.key, also | {Part.HISTORY})
        return side

    def _moves(
        self, left: Mapping[Ref, Snapshot], presences: dict[Ref, Presence | None]
    ) -> Iterator[tuple[Snapshot, Snapshot]]:
        """Yield the sides that were moved to where our account can follow them."""
        for side in left.values():
            if side.presence is Presence.MOVED and side.moved_to is not None:
                try:
                    yield side, self._connectors[side.ref.connection].fetch(side.moved_to.key)
                except Gone:
                    presences[side.ref] = Presence.MOVED

    def _missing(self, bundle: Bundle, ref: Ref, at: datetime) -> Presence | None:
        """Return GONE for a side that has not been found for long enough; None while that may pass.

        A server that loses its tickets for a while must not orphan every link: nothing counts as gone
        before our account still works there, nor while a person doubts the connection.
        """
        if ref in bundle.lost:
            return Presence.GONE
        since = bundle.missing.get(ref)
        if since is None or at < since + _CERTAIN or self._doubted(ref.connection):
            return None
        self._connectors[ref.connection].whoami()
        return Presence.GONE

    def _ours(
        self, sides: Iterable[Snapshot], known: Mirrors, hub: str
    ) -> Iterator[tuple[Marker, Comment, TextId]]:
        """Yield the texts of this hub that the store does not know: written by our account, and signed."""
        for side in sides:
            for message in side.ticket.messages:
                place = TextId(side.ref.connection, side.ref.key, message.id)
                if message.author.role is PersonRole.HUB and not known.is_copy(Kind.COMMENT, place):
                    marker = self._signer.find(read(message.body, message.attachments))
                    if marker and (marker.hub, marker.target) == (hub, place.connection):
                        yield self._called_today(marker), message, place

    def _called_today(self, marker: Marker) -> Marker:
        """Return a marker with the ids of today: a side that was moved since has others, its note follows."""
        noted = self._journal.noted(marker.number)
        if noted is None:
            return marker
        origin, target = noted
        if (origin.connection, target.connection) != (marker.origin, marker.target):
            return marker
        return replace(marker, origin_key=origin.key, origin_id=origin.id, target_key=target.key)

    def _is_front(self, connection: str) -> bool:
        return self._desk.rules.roles.get(connection) is Role.FRONT

    def _went_on(self, front: Ref, timeline: Facts, policy: object) -> Facts:
        """Return a timeline with what another tool told of the ticket before this one served it."""
        before = self._carried(front) if policy is not None else None
        return timeline if before is None else went_on(before.facts, timeline, before.until)

    def _ticketed(self, front: Snapshot, works: Sequence[Snapshot], bundle: Bundle, at: datetime) -> _Told:
        """Return what a front side tells: whose ticket it is, and what its clocks say."""
        home = self._desk.rules.readers(front.ref.connection, front.place)
        place = (front.ref.connection, front.place)
        customer = self._desk.customer(front.ticket, home, place)
        policy = self._desk.policies.get(customer.policy or "") if customer else None
        if self._desk.rules.source:  # what is past has no clock that runs
            past = story_of(front, works, bundle, customer, None)
            zone = customer.zone if customer else ZoneInfo("UTC")
            return _Told(front, customer, promised=stated(front.ticket, zone), facts=past)
        timeline = self._went_on(front.ref, story_of(front, works, bundle, customer, policy), policy)
        if customer is None or policy is None or merged_into(front) in bundle.refs:
            return _Told(front, customer, facts=timeline)
        running = with_words(clocks(timeline, policy), self._said(front.ref))
        promised = promises(timeline, policy, running, customer.zone, at)
        owner = front.ticket.assignee.name if front.ticket.assignee else None
        story = Story(name_of(front.ref), timeline, policy, running, owner)
        steps = self._desk.steps.get(customer.policy or "", ())
        return _Told(
            front,
            customer,
            running,
            promised,
            timeline,
            assumed(timeline, policy),
            self._with_duty(called(story, steps, bundle.steps.get(front.ref, ()), at), customer, at),
            # Whichever side a policy reads: it is the front that is closed.
            closure(story_of(front, (), bundle, customer, None), policy, at),
            unpromised(timeline, policy, customer.zone),
        )

    def _with_duty(self, found: Called | None, customer: Customer, at: datetime) -> Called | None:
        """Return what is called for with who is on duty, where somebody may be told or given the ticket."""
        if found is None or not (found.round.due or any(one.unfinished for one in found.taken)):
            return found
        if found.raises and (recovered := self._recovered()):
            # An older copy of the store does not know which of these it had raised before.
            found = found.without_raises(recovered)
        people = {name: rota.on(at, self._swaps(name)) for name, rota in self._desk.rotas.items()}
        duty = {"duty": next(iter(people.values()))} if people else {}
        roles = {**duty, **dict(customer.dris), **people}
        return replace(found, duty=", ".join(dict.fromkeys(people.values())), roles=roles)

    def _observed(
        self,
        bundle: Bundle,
        sides: Mapping[Ref, Snapshot],
        told: _Told,
        found: tuple[Mirror, ...],
        everybody: list[_Told],
        lost: tuple[Lost, ...],
        coming: Mapping[Place, PlaceAbilities],
        *,
        leads: bool,
    ) -> Observed:
        copies = tuple(m for m in found if m.target.ref in sides)
        mirrors = bundle.mirrors.plus(found).of_ticket(sides)
        adopted = {ref: how for ref, how in bundle.adopted.items() if ref in sides}
        prefer = next((how.prefer for how in adopted.values() if how.prefer), None)
        if adopted.keys() - bundle.seen.keys():
            copies += (pairs := tuple(paired(sides, mirrors, self._connectors)))
            mirrors = mirrors.plus(pairs)
        merged = {one.front.ref for one in everybody if one.front and merged_into(one.front) in bundle.refs}
        going_on = [one for one in everybody if not one.front or one.front.ref not in merged]
        fronts = [r for r in bundle.refs if self._is_front(r.connection) and r not in bundle.ended]
        shared = len(set(fronts) - merged) > 1
        situation = Situation(
            sides={ref.connection: side for ref, side in sides.items()},
            capabilities={name: connector.capabilities for name, connector in self._connectors.items()},
            seen={ref.connection: bundle.seen[ref] for ref in sides if ref in bundle.seen},
            mirrors=mirrors,
            wanting=tuple(coming),
            coming={place.connection: can for place, can in coming.items()},
            own_tags=self._own_tags(going_on or everybody, told, shared=shared),
            customer=told.customer.key if told.customer else None,
            table=told.customer.table if told.customer else None,
            promises=told.promised,
            promises_of_all=most_urgent([t.promised for t in everybody if t.promised]),
            called=told.called,
            closes=told.closes,
            unpromised=told.unpromised,
            labels_of_all=frozenset().union(*(t.called.labels for t in everybody if t.called)),
            rules=self._desk.rules,
            shared=shared,
            leads=leads,
            merged=told.front is not None and told.front.ref in merged,
            copied_from=(*_merged_here(everybody, told), *_unreached(fronts, everybody)),
            lost=lost,
            held={
                ref.connection: {side.connection: said for side, said in held.items() if side in sides}
                for ref, held in bundle.held.items()
                if ref in sides
            },
            adopted={ref.connection: how.at for ref, how in adopted.items() if not how.history},
            met={ref.connection: how.at for ref, how in adopted.items()},
            done_since={
                ref.connection: since
                for ref, side in sides.items()
                if (since := done_since(side, bundle.statuses(ref), bundle.seen.get(ref)))
            },
            prefer=prefer if prefer in {ref.connection for ref in sides} else None,
        )
        unsure, stranger = self._unsure(situation, told, bundle), self._stranger(situation, told)
        return Observed(
            situation=situation,
            found=copies,
            clocks=told.clocks,
            customer=told.customer,
            parked=unsure or stranger,
            told="customer" if stranger and not unsure else "",
            facts=told.facts,
            assumed=told.assumed,
        )

    def _wanting(self, bundle: Bundle, told: _Told, *, leads: bool) -> tuple[Place, ...]:
        """Return where a ticket wants a side that is not there; a merged one, what was begun for it."""
        if told.front is None:
            return ()
        linked = [ref.connection for ref in (*bundle.refs, *bundle.former)]
        places = self._desk.places(told.front.ticket, told.customer, told.front.ref.connection, linked)
        if merged_into(told.front) is None:
            return places if leads else ()
        return tuple(place for place in places if self._begun(told.front.ref, place.connection))

    def _begun(self, front: Ref, connection: str) -> bool:
        """Whether a side was being made of a front side, and nobody heard what came of it."""
        return any(origin.ref == front for origin in self._journal.creating(connection).values())

    def _coming(
        self, wanting: Iterable[Place], paused: Mapping[str, WireError], silent: dict[str, WireError]
    ) -> dict[Place, PlaceAbilities]:
        """Return what is possible in each place that is wanted; one that cannot be reached is `silent`."""
        coming = {}
        for place in wanting:
            try:
                if place.connection in paused:
                    raise paused[place.connection]
                coming[place] = self._connectors[place.connection].abilities(place)
            except (Transient, Throttled, Unauthorised) as error:
                silent[place.connection] = error
        return coming

    def _own_tags(self, everybody: list[_Told], told: _Told, *, shared: bool) -> dict[str, frozenset[str]]:
        """Return the labels that a work side carries: none where tickets of several customers share it.

        In a run it carries the number that people know the ticket by.
        """
        labels = [self._desk.labels(one.customer) for one in everybody]
        if self._desk.rules.source and told.front is not None:
            told_by = {f"{self._desk.rules.numbered}{told.front.ref.key}"}
            if told.facts is not None and missed(told.front.ticket, told.facts):
                told_by.add(MISSED)
            works = (name for name, role in self._desk.rules.roles.items() if role is Role.WORK)
            return {name: labels[0].get(name, frozenset()) | told_by for name in works}
        if all(label == labels[0] for label in labels):
            return labels[0]
        return {name: frozenset() for label in labels for name in label} if shared else {}

    def _unknown(self, told: _Told) -> bool:
        """Whether a front side that the store knows no link of carries texts of this hub."""
        if told.front is None:
            return False
        ours = (m for m in told.front.ticket.messages if m.author.role is PersonRole.HUB)
        found = (self._signer.find(read(m.body, m.attachments)) for m in ours)
        return any(marker and marker.target_key == told.front.ref.key for marker in found)

    def _unsure(self, s: Situation, told: _Told, bundle: Bundle) -> str | None:
        """Return why it is doubted that a ticket is new: it may have sides that the store forgot."""
        if bundle.id is None and not bundle.former and s.wanting and told.front and self._unknown(told):
            why = "it carries texts of this hub that the store does not know of"
            return f"{told.front.ref}: {why}; `deskbridge recover` finds its links again"
        return None

    def _nobodys(self, told: _Told) -> bool:
        """Whether a ticket must have a customer and none is known."""
        front, desk = told.front, self._desk
        if front is None or told.customer is not None or desk.strangers or not desk.customers:
            return False
        # A desk of staff's own serves no customer.
        return desk.rules.readers(front.ref.connection, front.place) != STAFF

    def _stranger(self, s: Situation, told: _Told) -> str | None:
        """Return why a ticket that is wanted elsewhere is nobody's."""
        if told.front is None or not s.wanting or not self._nobodys(told):
            return None
        who = _requester(told.front.ticket)
        return f"{told.front.ref}: no customer is known for {who}; add one to the settings"


def _to_this_ticket(marker: Marker, _: Comment, place: TextId) -> bool:
    """Whether a text was written to the ticket it stands in: one that people copied elsewhere is theirs."""
    before_its_key_was_known = place.id == MESSAGE_0 and not marker.target_key
    return before_its_key_was_known or marker.target_key == place.key


def _mirror(marker: Marker, message: Comment, place: TextId) -> Mirror:
    origin = TextId(marker.origin, marker.origin_key, marker.origin_id)
    # What we wrote once, unheard, and somebody edited since is theirs; an edit of ours bears no number.
    answer = "" if marker.number and message.edited else message.revision
    return Mirror(Kind.COMMENT, origin, place, marker.revision, answer, marker.readers)


def _merged_here(everybody: list[_Told], told: _Told) -> Iterator[Ref]:
    """Yield the tickets of the bundle that were merged into one of them."""
    for one in everybody:
        if one.front and told.front and merged_into(one.front) == told.front.ref:
            yield one.front.ref


def _unreached(fronts: Iterable[Ref], everybody: list[_Told]) -> Iterator[Ref]:
    """Yield the tickets of the bundle that nobody could read now: whether one was merged is not known."""
    reached = {one.front.ref for one in everybody if one.front}
    yield from (ref for ref in fronts if ref not in reached)


@dataclass(frozen=True)
class _Told:
    """What a front side tells of its ticket; nothing where there is none."""

    front: Snapshot | None = None
    customer: Customer | None = None
    clocks: tuple[Clock, ...] = ()
    promised: Promises | None = None
    facts: Facts | None = None
    assumed: tuple[str, ...] = ()
    called: Called | None = None
    closes: Closure | None = None
    unpromised: Unpromised | None = None

    def over(self, bundle: Bundle) -> bool:
        """Whether the front side is linked in name only."""
        return self.front is not None and self.front.ref in bundle.ended

    def merged(self, bundle: Bundle) -> bool:
        """Whether the front side was merged into another ticket of the bundle."""
        return self.front is not None and merged_into(self.front) in bundle.refs


def merged_into(side: Snapshot) -> Ref | None:
    """Return the ticket that a front side was merged into, or None."""
    ties = side.ticket.relations or ()
    merged = (tie for tie in ties if tie.kind is RelationKind.MERGED_INTO)
    return next((Ref(side.ref.connection, tie.key) for tie in merged), None)


def _requester(ticket: Ticket) -> str:
    person, organisation = ticket.requester, ticket.organisation
    if organisation:
        return organisation.name
    return (person.email or person.name) if person else "nobody"
