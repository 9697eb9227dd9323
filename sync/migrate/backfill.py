"""Backfill: what is older than the hub, a link, a field or a customer. The engine of live work, quietly.

Each ticket is weighed before anything of it is claimed: one that has nothing to write is left untouched, and
so is one of which a write might mail a customer. What is written is the plan of live work, by its rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from connectors.base import Connector
from connectors.capabilities import Mails
from connectors.errors import Gone, Rejected, WireError
from mappings.provenance import Signer
from mappings.ticket import Field, Ref
from sync.engine import Engine
from sync.explain import items
from sync.links import NotLinked, holding
from sync.migrate.source import left_out
from sync.observe import Observation, Observed
from sync.operations import CreateTicket, Plan, together
from sync.outcome import Parked, Reconciled, postponed
from sync.reconcile import parked_why
from sync.routing import Desk, Route
from sync.sla.called import Called
from sync.store import Store
from sync.store.bundles import Bundle
from sync.store.inbox import LEASE
from sync.store.inbox import Waiting as Row
from sync.store.runs import SCOPE, State

NOT_THEIRS = "it is another customer's, or nobody's"
_OF_A_MIGRATION = "a migration made it: `deskbridge migrate run` brings it up to date"
_JUST_NOW = timedelta(minutes=1)
"""What came due within this time is live work's to look at first: that tells people, a backfill does not."""


class Kind(StrEnum):
    """What is filled in."""

    TICKETS = "tickets"
    """Tickets that are older than the hub, or than a route."""
    COMMENTS = "comments"
    """Texts that are older than a link which was made without them."""
    FIELD = "field"
    """A field that was mapped later."""
    BOARD = "board"
    """The label of a customer who was added later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """What is asked."""

    kind: Kind
    of: str = ""
    """The front whose tickets are brought in, the field, or the customer."""
    field: Field | None = None
    """The same field; None of anything else."""
    route: Route | None = None
    """Of tickets: only those that this route takes."""
    customers: frozenset[str] = frozenset()
    """Of tickets: only theirs."""

    @property
    def scope(self) -> str:
        """The name under which runs keep what became of the tickets."""
        return f"{SCOPE}{self.kind} {self.of}".rstrip()

    @property
    def remap(self) -> frozenset[Field]:
        """The fields that are decided again."""
        return frozenset({self.field}) if self.field else frozenset()

    def ref(self, key: str) -> Ref:
        """Return the ticket that a run keeps under a key."""
        if self.kind is Kind.TICKETS:
            return Ref(self.of, key)
        connection, _, rest = key.partition(":")
        return Ref(connection, rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """What would be written for a ticket, or what becomes of it without."""

    refs: tuple[Ref, ...]
    plan: Plan
    state: State | None = None
    """None: there is something to write."""
    reason: str = ""
    customer: str | None = None


@dataclass(frozen=True, slots=True)
class Left(Parked):
    """Nothing was to be written, or nothing must be."""

    state: State


def quietly(desk: Desk) -> Desk:
    """Return the desk of live work, with nothing in it that mails anybody because of what is old."""
    nobody = frozenset[str]()
    rules = replace(desk.rules, may_mail=nobody, receipt=None, tells_assignee=nobody, tells_group=nobody)
    return replace(desk, rules=rules)


class BackfillEngine(Engine):
    """Reconciles one ticket at a time that a backfill asks for."""

    def __init__(
        self,
        *,
        store: Store,
        connectors: Mapping[str, Connector],
        desk: Desk,
        signer: Signer,
        now: Callable[[], datetime],
        asked: Backfill,
    ) -> None:
        """`desk` is that of live work."""
        super().__init__(
            store=store, connectors=connectors, desk=quietly(desk), signer=signer, now=now, fuses=None
        )
        self._asked, self._may_mail = asked, desk.rules.may_mail

    def weigh(self, ref: Ref) -> Weighed:
        """Return what would be written for a ticket. Raises WireError where that cannot be told now."""
        bundle = self._store.bundles.load(self._store.bundles.subject(ref))
        if bundle.run is not None:
            return Weighed(refs=bundle.refs, plan=_NOTHING, state=State.SKIPPED, reason=_OF_A_MIGRATION)
        try:
            seen = self._observe(self._with_history(bundle))
        except Gone as error:
            return Weighed(refs=bundle.refs, plan=_NOTHING, state=State.GONE, reason=error.text)
        except Rejected as error:
            return Weighed(refs=bundle.refs, plan=_NOTHING, state=State.PARKED, reason=str(error))
        if seen.silent:
            raise seen.silent[0]
        decided = self._reconciler.decided(
            _as_live(seen, self._may_mail), bundle.subject, remap=self._asked.remap
        )
        plan = together(each for _, each in decided)
        plan = Plan(plan.writes, (*seen.remarks, *plan.remarks))
        customers = {one.customer.key for one in seen.tickets if one.customer}
        state, reason = self._judged(seen, plan, customers) or (None, "")
        if state is None and (why := parked_why(decided)):
            state, reason = State.PARKED, why
        if state is None:
            state, reason = _mailing(decided) or (None, "")
        if state is None and not plan and not (seen.moves or seen.merges):
            state = State.MIGRATED
        whose = next(iter(sorted(customers)), None)
        return Weighed(
            refs=tuple(seen.sides) or bundle.refs, plan=plan, state=state, reason=reason, customer=whose
        )

    def take(self, ref: Ref, *, remap: frozenset[Field] = frozenset()) -> Reconciled | None:
        """Reconcile a ticket now if it has anything to write; None if somebody else is at it.

        `ref` is what a run keeps it under. What becomes of it without is its outcome: `Left`.
        """
        ref = self._asked.ref(ref.key)
        subject = self._store.bundles.subject(ref)
        if self._live_is_at(subject):
            return None
        try:
            weighed = self.weigh(ref)
            for side in weighed.refs:
                self.breakers.worked(side.connection)
            if weighed.state is not None:
                left = Left(weighed.reason, weighed.state)
                return Reconciled(subject, _NOTHING, left, customer=weighed.customer)
            self._take_history(subject)
        except NotLinked:
            return None
        except WireError as error:
            self.breakers.failed(error)
            return Reconciled(subject, _NOTHING, postponed([error], self._now()))
        return self._reconcile(Row(subject, self._now(), "a backfill", 0, None), self._asked.remap | remap)

    def _live_is_at(self, subject: str) -> bool:
        row = self._store.inbox.row(subject)
        due = row.due_at if row is not None else None
        return due is not None and self._now() - _JUST_NOW < due <= self._now()

    def _judged(self, seen: Observation, plan: Plan, customers: set[str]) -> tuple[State, str] | None:
        """Return what becomes of a ticket that is not one that was asked for; None for one that is."""
        if self._asked.kind is Kind.BOARD and self._asked.of not in customers:
            return State.SKIPPED, NOT_THEIRS
        if self._asked.kind is not Kind.TICKETS:
            return None
        if self._asked.customers and not customers & self._asked.customers:
            return State.WAITING, ""
        if self._asked.route and not any(self._takes(self._asked.route, one) for one in seen.tickets):
            return State.SKIPPED, f"the route {self._asked.route.name} does not take it"
        made = any(isinstance(write, CreateTicket) for write in plan.writes)
        alone = len(seen.bundle.refs) == 1 and not any(one.parked for one in seen.tickets)
        return (State.SKIPPED, left_out(plan, "no route takes it")) if alone and not made else None

    def _takes(self, route: Route, one: Observed) -> bool:
        front = one.situation.front()
        if front is None:
            return False
        key = one.customer.key if one.customer else None
        return route.takes(one.situation.sides[front].ticket, key, front)

    def _with_history(self, bundle: Bundle) -> Bundle:
        """Return a bundle as it will be: its older texts travel, where that is asked."""
        if self._asked.kind is not Kind.COMMENTS:
            return bundle
        adopted = {ref: replace(how, history=True) for ref, how in bundle.adopted.items()}
        return replace(bundle, adopted=adopted)

    def _take_history(self, subject: str) -> None:
        """Have the older texts of a linked ticket travel. Raises NotLinked if somebody is at it."""
        if self._asked.kind is Kind.COMMENTS and subject.startswith("bundle:"):
            with holding(self._store, self._now, subject) as claim:
                self._store.bundles.with_history(claim, int(subject.partition(":")[2]))
            # Whoever is killed now leaves the texts to live work, and the ticket's clocks a look.
            self._store.inbox.put(subject, self._now() + LEASE, "a backfill")

    def _observe(self, bundle: Bundle) -> Observation:
        """Observe a ticket, without what its clocks call for: that is live work's.

        Of a ticket that is brought in it is noted as missed: nobody is called for what is years old.
        """
        seen = super()._observe(bundle)
        fresh = self._asked.kind is Kind.TICKETS
        tickets = (
            replace(
                one,
                situation=replace(
                    one.situation, called=_uncalled(one.situation.called, missed=fresh), closes=None
                ),
            )
            for one in seen.tickets
        )
        return replace(seen, tickets=tuple(tickets))


_NOTHING = Plan((), ())


def _as_live(seen: Observation, may_mail: frozenset[str]) -> Observation:
    """Return what was observed as live work decides on it, which may mail where the settings say so."""
    tickets = (
        replace(one, situation=replace(one.situation, rules=replace(one.situation.rules, may_mail=may_mail)))
        for one in seen.tickets
    )
    return replace(seen, tickets=tuple(tickets))


def _uncalled(called: Called | None, *, missed: bool) -> Called | None:
    """Return what a ticket's clocks call for, with no step to take; what is due may count as missed."""
    if called is None:
        return None
    due = tuple(one.key for one in called.round.due) if missed else ()
    return replace(called, round=replace(called.round, due=(), missed=(*called.round.missed, *due)))


def _mailing(decided: list[tuple[Observed, Plan]]) -> tuple[State, str] | None:
    """Return that a ticket is left as it is because a write might mail a customer; None if none does."""
    loud = [
        f"{item.target} ({item.kind} {item.name})"
        for ticket, plan in decided
        for write in plan.writes
        if write.reach.mails is not Mails.NEVER
        for item in items(write, ticket.situation)
    ]
    if not loud:
        return None
    return State.PARKED, f"a customer might be mailed: {', '.join(dict.fromkeys(loud))}"
