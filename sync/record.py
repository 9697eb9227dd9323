"""Record: what every side said and answered, what was written and why, and what was not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from connectors.base import Presence
from mappings.ticket import MESSAGE_0, Comment, Field, PersonRole, Ref
from sync.apply import Applied
from sync.explain import Item, items, remark_item
from sync.observe import Observation, Observed
from sync.operations import (
    AddNotice,
    ChangeTags,
    CreateTicket,
    Remark,
    SetFields,
    Severity,
    Skip,
    Tell,
    Write,
)
from sync.remember import Answer, Remembered, as_written, remember, remember_created
from sync.rules import Role
from sync.seen import UNSAID, Kind, Mirrors, Seen
from sync.sent import Notes
from sync.served import Served, counting, served, word
from sync.situation import Situation
from sync.store import Store
from sync.store.decisions import AS_ASKED, BY_A_RUN, WRITTEN, Decision
from sync.store.findings import Look
from sync.store.inbox import Claim
from sync.takeover import before_creating, remember_found
from sync.told import learned

_AT_ONCE, _TOO_MANY = timedelta(minutes=10), 5
"""More tickets than so many that vanish within this time are doubted: more likely a right was taken away."""


class Recorder:
    """Keeps what a reconcile found and did; every write needs the bundle's claim."""

    def __init__(self, store: Store, now: Callable[[], datetime], *, by_a_run: bool = False) -> None:
        self._store, self._now, self._by_a_run = store, now, by_a_run

    def found(self, claim: Claim, bundle: int, seen: Observation) -> None:
        """Remember what was found: facts, texts, and which sides were there.

        A connection on which many sides vanish at once is doubted.
        """
        now = self._now()
        told = {ref: tuple(learned(side, seen.bundle, seen.whose(ref))) for ref, side in seen.sides.items()}
        if any(told.values()):
            self._store.bundles.learned(claim, bundle, told)
        for ref, side in seen.sides.items():
            self._keep_texts(ref, side.ticket.messages, now)
        self._parted(claim, seen, now)
        self._named(claim, seen)
        known = {**seen.bundle.missing, **seen.bundle.lost}
        for ref in seen.bundle.refs:
            held = seen.bundle.held.get(ref, {})
            if ref not in seen.sides and seen.bundle.seen.keys() - held.keys() - {ref}:
                self._store.bundles.hold(claim, ref, {**seen.bundle.seen, **held})
        for ref, presence in seen.presences.items():
            if presence is not Presence.PRESENT or ref in known:
                self._store.bundles.found(claim, ref, presence, now)
            if presence is None and ref not in known:
                vanished = self._store.bundles.newly_missing(ref.connection, now - _AT_ONCE)
                if vanished > _TOO_MANY and not self._store.health.doubted(ref.connection):
                    self._store.health.doubt(ref.connection, now)
                    self.remark(f"connection:{ref.connection}", [_vanished(ref.connection, vanished)])

    def caught_up(self, claim: Claim, seen: Observation, ref: Ref) -> None:
        """Have a side miss nothing any more of those that were reached with it, only of the others."""
        bundle = seen.bundle
        away = {side for side in bundle.refs if side not in seen.sides and side not in bundle.lost}
        if missed := {side: said for side, said in bundle.held[ref].items() if side in away}:
            self._store.bundles.hold(claim, ref, missed)
        else:
            self._store.bundles.caught_up(claim, ref)

    def served(self, claim: Claim, seen: Observation, *, texts: bool = False) -> None:
        """Keep the facts and running clocks of each ticket: they are told without asking a tool.

        `texts` has its texts kept too, where nobody will record what was found.
        """
        for ticket in seen.tickets:
            front = ticket.situation.front()
            if front is None:
                for side in ticket.situation.sides.values():
                    self._store.served.follow(side.ref, word(side.ticket.status), side.ticket.updated)
            if front is None or ticket.facts is None:
                continue
            side, whose = ticket.situation.sides[front], ticket.situation.customer or ""
            kept = served(side, whose, ticket.facts, ticket.assumed, _works(ticket, seen))
            if not kept.requester:
                kept = self._asked(kept, seen.bundle.mirrors)
            self._store.served.keep(claim, kept, tuple(counting(side.ref, whose, ticket.clocks)))
            if texts:
                self._keep_texts(side.ref, side.ticket.messages, self._now())
        for ref, presence in seen.presences.items():
            if presence is not None and presence is not Presence.PRESENT:
                self._store.served.gone(ref, presence.value)

    def _asked(self, kept: Served, mirrors: Mirrors) -> Served:
        """Return a ticket that the hub itself made with who had asked where it was made from."""
        copies = mirrors.copied(Kind.COMMENT, kept.ref)
        origin = next((m.origin for m in copies if m.target.id == MESSAGE_0), None)
        told = self._store.messages.of(origin.ref) if origin else ()
        for text in told:
            if origin and text.id == origin.id and text.role is not PersonRole.HUB:
                return replace(kept, requester=text.author, from_customer=text.role is PersonRole.CUSTOMER)
        return kept

    def worked(self, seen: Observation, made: Sequence[Write]) -> None:
        """Note where work is done from now on, if sides were created: nobody may look at the ticket again."""
        fresh = {write.target for write in made if isinstance(write, CreateTicket)}
        for ticket in seen.tickets if fresh else ():
            front = ticket.situation.front()
            if front is not None:
                ref = ticket.situation.sides[front].ref
                self._store.served.worked(ref, _works(ticket, seen, fresh))

    def _keep_texts(self, ref: Ref, messages: Sequence[Comment], now: datetime) -> None:
        """Keep what people look at: who wrote what of a side."""
        self._store.texts.keep(ref, [(text.id, text.body) for text in messages], now)
        self._store.messages.keep(ref, messages, now)

    def _named(self, claim: Claim, seen: Observation) -> None:
        """Remember what people call a side, and where they open it: projects and sites are renamed."""
        for ref in seen.bundle.refs:
            there = seen.sides.get(ref)
            known = (ref.display, seen.bundle.urls.get(ref))
            if there is not None and (there.ref.display, there.url) != known:
                self._store.bundles.named(claim, there.ref, there.url)

    def _parted(self, claim: Claim, seen: Observation, now: datetime) -> None:
        """Remember which sides a route's tag has ended or resumed."""
        for ref in seen.parting.fresh:
            self._store.bundles.end(claim, ref, seen.parting.ended[ref].since)
        for ref in seen.parting.resumed:
            self._store.bundles.resume(claim, ref, now)

    def record(
        self,
        claim: Claim,
        bundle: int,
        carried: list[tuple[Observed, Applied]],
        planned: Sequence[Remark],
        *,
        whole: bool,
        sent: Notes = MappingProxyType({}),
    ) -> bool:
        """Remember what every side said and answered; return whether to look again at once.

        `sent` may still arrive at a side, as nobody heard the answer. `whole` tells that every side was
        reached and every ticket decided about: `planned` is all there is to remark, and what was
        remarked before and is not among it has passed.

        A work side that several tickets share is remembered once, with what it answered to each; none of
        its fields counts as seen before every ticket's front side took or skipped its change.
        """
        remarks: list[Remark] = [remark for _, applied in carried for remark in applied.remarks]
        again, read = False, set[Ref]()
        for ref, made, version, read_at in self._remembered(carried):
            remarks += made.remarks
            again |= made.again
            self._store.bundles.saw(claim, bundle, ref, made.seen, version, read_at, sent.get(ref, ()))
            read.add(ref)
        if away := {ref: kept for ref, kept in sent.items() if ref not in read | _sides(carried)}:
            self._store.bundles.sending(claim, away)
        for ticket, applied in carried:
            self._explain(bundle, ticket, applied)
            for written in applied.created.values():
                # It was made from its front side; what changed elsewhere at the same time is still to come.
                if past := _changed_at_work(ticket.situation, applied.answers):
                    self._store.bundles.hold(claim, written.ref, past)
                    again = True
        look = Look(tuple(planned), _written(applied for _, applied in carried))
        if whole:
            self.remark(f"bundle:{bundle}", remarks, look)
        else:
            self.remark(f"bundle:{bundle}", [*planned, *remarks])
        return again

    def _remembered(
        self, carried: list[tuple[Observed, Applied]]
    ) -> Iterator[tuple[Ref, Remembered, str, datetime]]:
        """Yield what is remembered of each side, once, with the version that was read and when."""
        unsettled = _unsettled(carried)
        answers = {
            ticket.situation.sides[name].ref: answer
            for ticket, applied in carried
            for name, answer in applied.answers.items()
            if name in ticket.situation.sides
        }
        recorded: set[Ref] = set()
        for ticket, applied in carried:
            if ticket.parked:
                continue
            for name, side in ticket.situation.sides.items():
                if side.ref in recorded:
                    continue
                recorded.add(side.ref)
                can, old = ticket.situation.capabilities[name], ticket.situation.seen.get(name)
                if old is None and name == ticket.situation.rules.source:
                    old = Seen(UNSAID)
                made = remember(side, old, answers.get(side.ref), unsettled.get(side.ref, frozenset()), can)
                for _, told in applied.found.values():
                    made = before_creating(made, told.sides.get(name, {}))
                yield side.ref, made, side.version, side.read_at
            for name, written in applied.created.items():
                can, sent = ticket.situation.capabilities[name], applied.answers[name].sent
                first = remember_created(written, sent, can)
                if name in applied.found:
                    first = remember_found(*applied.found[name], can)
                yield written.ref, first, written.version, self._now()

    def _explain(self, bundle: int, ticket: Observed, applied: Applied) -> None:
        """Keep what was written for a ticket, and why."""
        refs = {name: side.ref for name, side in ticket.situation.sides.items()}
        refs |= {name: written.ref for name, written in applied.created.items()}
        now = self._now()
        decisions = [
            replace(
                decision(item, refs.get(item.target, Ref(item.target, "")), now, self._result(item, result)),
                readers=str(write.reach.readers),
                mails=write.reach.mails.value,
            )
            for write, result in applied.results
            for item in items(write, ticket.situation)
        ]
        self._store.decisions.record(f"bundle:{bundle}", decisions)

    def _result(self, item: Item, result: str) -> str:
        if result != WRITTEN:
            return result
        return BY_A_RUN if self._by_a_run else AS_ASKED if item.asked else WRITTEN

    def remark(self, subject: str, remarks: Sequence[Remark], look: Look | None = None) -> None:
        """Keep what was not written, or was contradictory, and why; each thing once.

        With a whole `look` at the subject, what it does not remark any more has passed.
        """
        now = self._now()
        met = [*remarks, *(look.remarks if look else ())]
        quiet = [r for r in met if isinstance(r, Skip) and r.quiet]
        loud = [r for r in remarks if r not in quiet]
        if look is not None:
            look = replace(look, remarks=tuple(r for r in look.remarks if r not in quiet))
        new = self._store.findings.record(subject, loud, now, look)
        if quiet:
            known = self._store.decisions.quiet(subject)
            new += [r for r in dict.fromkeys(quiet) if (r.target, r.what, r.reason) not in known]
        skipped = [decision(item, Ref(item.target, ""), now, "skipped") for item in map(remark_item, new)]
        self._store.decisions.record(subject, skipped)


def decision(item: Item, target: Ref, at: datetime, result: str) -> Decision:
    """Return what is kept of an item that nobody read and that mailed nobody."""
    return Decision(
        at=at,
        target=target,
        kind=item.kind,
        name=item.name,
        source=item.source,
        value=item.value,
        why=item.why,
        readers="",
        mails="",
        result=result,
    )


def _sides(carried: Iterable[tuple[Observed, Applied]]) -> set[Ref]:
    return {side.ref for ticket, _ in carried for side in ticket.situation.sides.values()}


def _works(ticket: Observed, seen: Observation, fresh: Collection[str] = ()) -> set[str]:
    """Return the connections on which a ticket's work is done, those where it was `fresh`ly created too."""
    roles = ticket.situation.rules.roles
    there = {*(ref.connection for ref in seen.bundle.refs), *fresh}
    return {connection for connection in there if roles.get(connection) is Role.WORK}


def _vanished(connection: str, count: int) -> Skip:
    why = (
        f"{count} tickets were not found within {_AT_ONCE.seconds // 60} minutes; none counts as gone until "
        f"a person says so: look at the account's rights, then `deskbridge finding answer`"
    )
    return Skip(connection, "tickets that are gone", why, severity=Severity.URGENT)


def _written(carried: Iterable[Applied]) -> dict[str, frozenset[str]]:
    """Return the fields that were written on each side."""
    fields: dict[str, frozenset[str]] = {}
    for write in (write for applied in carried for write in applied.made):
        match write:
            case SetFields(target, changes):
                fields[target] = fields.get(target, frozenset()) | {change.field for change in changes}
            case ChangeTags(target=target):
                fields[target] = fields.get(target, frozenset()) | {"tags"}
            case _:
                continue
    return fields


def _changed_at_work(s: Situation, answers: Mapping[str, Answer]) -> dict[Ref, Seen]:
    """Return what was last seen of each work side that says something else now.

    What the hub wrote there since is part of it: a side that is just made has that from its front side.
    """
    works = (name for name in s.sides if s.role(name) is Role.WORK and name in s.seen)
    changed = (name for name in works if s.seen[name].native != s.sides[name].native)
    return {s.sides[name].ref: as_written(s.seen[name], answers.get(name)) for name in changed}


def _unsettled(carried: list[tuple[Observed, Applied]]) -> dict[Ref, frozenset[Field]]:
    """Return, for each side, its fields whose change did not reach another side this time."""
    fields: dict[Ref, set[Field]] = {}
    for ticket, applied in carried:
        sides = ticket.situation.sides
        left = [*applied.frozen, *(found for write in applied.unmade for found in _carried_by(write))]
        if ticket.parked:
            left += [(name, field) for name, side in sides.items() for field in side.native]
        for name, field in left:
            if name in sides:
                fields.setdefault(sides[name].ref, set()).add(field)
    return {ref: frozenset(names) for ref, names in fields.items()}


def _carried_by(write: Write) -> list[tuple[str, Field]]:
    """Return (connection, field) of each change that a write was to carry on."""
    match write:
        case SetFields(changes=changes):
            return [(change.source, change.field) for change in changes]
        case ChangeTags(sources=sources):
            return [(source, "tags") for source in sources]
        case AddNotice(source=source):
            return [(source, "status")]
        case Tell(occasion=occasion, field=field) if field is not None:
            return [(occasion.connection, field)]
        case _:
            return []
