"""The loop: collect what changed; for each ticket observe, decide, apply, record.

Always from the present state: an event only names a ticket. The echo of the hub's own write takes the
same way as everything else and ends in an empty plan.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from connectors.base import Account, Connector, Presence
from connectors.errors import (
    ConfigError,
    Gone,
    HubError,
    Rejected,
    Throttled,
    Transient,
    Unauthorised,
    WireError,
)
from mappings.provenance import Signer
from mappings.ticket import Field, Ref
from sync.apply import Applied, Applier, Stale
from sync.decide import decide
from sync.explain import items, remark_item
from sync.observe import Observation, Observed, Observer
from sync.operations import AddNotice, ChangeTags, Plan, Remark, SetFields, Skip, Write, together
from sync.remember import remember, remember_created
from sync.routing import Desk
from sync.rules import Role
from sync.store import Store
from sync.store.bundles import Bundle
from sync.store.decisions import Decision
from sync.store.inbox import Claim, LostClaim
from sync.store.inbox import Waiting as Row
from sync.uncertain import Intents, Waiting

_OVERLAP = timedelta(minutes=3)
"""How far a poll reaches back behind its cursor: clocks differ, and stamps are set before rows appear."""
_FIRST_LOOK = timedelta(days=1)
"""How far the very first poll reaches back, where the settings do not say."""
_AT_ONCE, _TOO_MANY = timedelta(minutes=10), 5
"""More tickets than so many that vanish within this time are doubted: more likely a right was taken away."""
_BACKOFF = (timedelta(seconds=5), timedelta(minutes=15))
_DOUBLINGS = 10
"""After so many attempts the longest wait is reached."""


@dataclass(frozen=True, slots=True)
class Done:
    """The sides agree as far as the rules go."""


@dataclass(frozen=True, slots=True)
class Later:
    """It will be tried again at `at` by itself."""

    at: datetime
    error: HubError


@dataclass(frozen=True, slots=True)
class Parked:
    """It waits for a person, for this reason."""

    reason: str


Outcome = Done | Later | Parked


@dataclass(frozen=True, slots=True)
class Reconciled:
    """One ticket that was looked at, what was planned for it, and what came of that."""

    subject: str
    plan: Plan
    outcome: Outcome
    made: tuple[Write, ...] = ()
    """The writes of the plan that were made, whatever came of the others."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What would be written for one ticket, or why that cannot be told now."""

    refs: tuple[Ref, ...]
    plan: Plan
    problem: str | None = None
    waits: bool = False
    """Whether a person must settle the problem; else it may pass by itself."""


class Engine:
    """Keeps the sides of all tickets the same. One engine may run beside others on one store."""

    def __init__(
        self,
        *,
        store: Store,
        connectors: Mapping[str, Connector],
        desk: Desk,
        signer: Signer,
        now: Callable[[], datetime],
        since: datetime | None = None,
        digest: str = "",
    ) -> None:
        self._store, self._connectors, self._desk, self._signer = store, connectors, desk, signer
        self._now, self._since, self._digest = now, since, digest
        self._observer = Observer(connectors, desk, signer, store.hub(), store.health.doubted)
        self._paused: dict[str, WireError] = {}

    def identify(self) -> list[WireError]:
        """Ask every connection who we are there, and return the errors of those that did not say.

        Tickets with a side on such a connection are left alone until the next time; all others go on.
        Raises ConfigError when a connection answers as another site or account than the first time.
        """
        problems = []
        for name, connector in self._connectors.items():
            self._paused.pop(name, None)
            try:
                account = connector.whoami()
            except WireError as error:
                self._paused[name] = error
                continue
            known = self._store.database.identity(name)
            if known not in (None, (account.instance, account.key)):
                problems.append(_other(name, known, account))
        if problems:
            raise ConfigError(problems)
        return list(self._paused.values())

    def _adopt_rules(self) -> None:
        """Have what is parked looked at again if the rules changed since the last time: they may fit now."""
        if self._store.database.rules() != self._digest:
            for row in self._store.inbox.parked():
                self._store.inbox.put(row.subject, self._now(), "the rules changed")
            self._store.database.adopt_rules(self._digest)

    def collect(self) -> list[WireError]:
        """Put what changed since the last time into the inbox; return the errors of those that failed."""
        self._adopt_rules()
        failed = []
        for name in self._answering():
            begun = self._now()
            try:
                self._remember(name)
                for subject in self._changed(name):
                    self._store.inbox.put(subject, begun, "changed")
                self._store.inbox.collected(name, begun)
            except WireError as error:
                failed.append(error)
        return failed

    def work(self, stop: Callable[[], bool] = lambda: False) -> Iterator[Reconciled]:
        """Reconcile what is due until nothing is, yielding each; a row is looked at once per call at most."""
        looked_at: set[str] = set()
        while rows := [r for r in self._store.inbox.due(self._now()) if r.subject not in looked_at]:
            for row in rows:
                looked_at.add(row.subject)
                if stop():
                    return
                if (result := self._reconcile(row)) is not None:
                    yield result

    def plan(self, subjects: list[str] | None = None) -> Iterator[Planned]:
        """Yield what `collect` and `work` would write, writing nothing anywhere; None means what changed."""
        parked = {row.subject: f"parked: {row.parked}" for row in self._store.inbox.parked()}
        for subject in self.pending() if subjects is None else subjects:
            bundle = self._store.bundles.load(subject)
            try:
                seen = self._observe(bundle)
            except WireError as error:
                yield Planned(bundle.refs, Plan((), ()), str(error), waits=isinstance(error, Gone | Rejected))
                continue
            waits = _parked(seen) or parked.get(subject)
            problem = waits or "; ".join(str(error) for error in seen.silent) or None
            plan = together(plan for _, plan in _decided(seen))
            told = Plan(plan.writes, (*seen.remarks, *plan.remarks))
            yield Planned(tuple(seen.sides) or bundle.refs, told, problem, waits=waits is not None)

    # -- collecting

    def pending(self) -> list[str]:
        """Return what is due and what changed since it was last collected."""
        due = self._store.inbox.due(self._now())
        subjects = dict.fromkeys(self._store.bundles.load(row.subject).subject for row in due)
        for name in self._answering():
            subjects |= dict.fromkeys(self._changed(name))
        return list(subjects)

    def _answering(self) -> list[str]:
        return [name for name in self._connectors if name not in self._paused]

    def _remember(self, name: str) -> None:
        """Remember who a connection is when it is first used."""
        if self._store.database.identity(name) is None:
            self._store.database.identify(name, self._connectors[name].whoami())

    def _observe(self, bundle: Bundle) -> Observation:
        """Observe a ticket, as far as its connections answer today."""
        # Whatever a silent connection answered says nothing about the ticket: it waits.
        paused = {
            name: error
            if isinstance(error, Unauthorised)
            else Transient(error.connection, error.call, error.text)
            for name, error in self._paused.items()
        }
        return self._observer.observe(bundle, self._now(), paused)

    def _changed(self, name: str) -> Iterator[str]:
        connector = self._connectors[name]
        cursor = self._store.inbox.cursor(name)
        since = cursor - _OVERLAP if cursor else self._since or self._now() - _FIRST_LOOK
        for hint in connector.changed(since):
            ref, settle = Ref(name, hint.key), connector.capabilities.settle
            subject = self._store.bundles.subject(ref)
            known = subject.startswith("bundle:")
            if known and hint.version and self._store.bundles.fresh(ref, hint.version, hint.changed, settle):
                continue
            if known or self._desk.rules.roles[name] is Role.FRONT:
                yield subject

    # -- one ticket

    def _reconcile(self, row: Row) -> Reconciled | None:
        """Look at one ticket while holding its claim; None if somebody else holds it."""
        row = self._store.canonical(row)
        taken = self._store.inbox.claim(row, self._now())
        if taken is None:
            return None
        claim, row = taken
        plan = Plan((), ())
        made: list[Write] = []
        try:
            seen = self._observe(self._store.bundles.load(row.subject))
            decided = _decided(seen)
            plan = together(each for _, each in decided)
            plan = Plan(plan.writes, (*seen.remarks, *plan.remarks))
            outcome = self._carry_out(claim, seen, decided, made)
            self._settle(row, seen, outcome)
        except Gone:
            outcome = Done()
            self._store.inbox.done(row)
        except LostClaim:
            return None
        except WireError as error:
            outcome = self._postponed(row, error)
            self._settle(row, None, outcome)
        except Exception as error:  # noqa: BLE001 - one odd ticket must not stop all others
            outcome = Parked(_unexpected(error))
            self._settle(row, None, outcome)
        finally:
            self._store.inbox.release(claim, self._now())
        return Reconciled(row.subject, plan, outcome, tuple(made))

    def _carry_out(self, claim: Claim, seen: Observation, decided: Decided, made: list[Write]) -> Outcome:
        if (bundle := seen.bundle.id) is not None:
            return self._apply(claim, bundle, seen, decided, made)
        if (parked := _parked(seen)) is not None:
            return Parked(parked)
        (ticket, plan) = decided[0]
        front = ticket.situation.front()
        if front is None or not plan:
            self._remark(seen.bundle.subject, plan.remarks)
            return Done()
        bundle, claim = self._store.bundles.begin(claim, ticket.situation.sides[front])
        try:
            return self._apply(claim, bundle, seen, decided, made)
        finally:
            self._store.inbox.release(claim, self._now())

    def _apply(
        self, claim: Claim, bundle: int, seen: Observation, decided: Decided, made: list[Write]
    ) -> Outcome:
        self._found(claim, seen)
        intents, carried = Intents(self._store, self._signer, claim, bundle, self._now), []
        for ticket, plan in decided:
            front = ticket.situation.front()
            if ticket.status is not None and front is not None:
                side = ticket.situation.sides[front].ref
                self._store.bundles.found_status(claim, bundle, side, ticket.status)
            applier = Applier(
                store=self._store,
                connectors=self._connectors,
                intents=intents,
                now=self._now,
                claim=claim,
                bundle=bundle,
                situation=ticket.situation,
            )
            applied = applier.apply(plan, ticket.found)
            made += applied.made
            carried.append((ticket, applied))
        remarks = [*seen.remarks, *(r for _, plan in decided for r in plan.remarks)]
        again = self._record(claim, bundle, carried, remarks)
        outcome = self._outcome([applied for _, applied in carried], again=again)
        if isinstance(outcome, Done):
            for ref in seen.bundle.held.keys() & seen.sides.keys():
                self._store.bundles.caught_up(claim, ref)
            if seen.silent:
                outcome = self._postponed_for(seen.silent)
        if isinstance(outcome, Done) and (parked := _parked(seen)) is not None:
            return Parked(parked)
        if isinstance(outcome, Done) and any(how.prefer for how in seen.bundle.adopted.values()):
            self._store.bundles.preferred(claim, bundle)
        return outcome

    def _found(self, claim: Claim, seen: Observation) -> None:
        """Remember which sides were there; a connection on which many vanish at once is doubted."""
        now = self._now()
        known = {**seen.bundle.missing, **seen.bundle.lost}
        for ref in seen.bundle.refs:
            if ref not in seen.sides and ref not in seen.bundle.held:
                self._store.bundles.hold(claim, ref, seen.bundle.seen)
        for ref, presence in seen.presences.items():
            if presence is not Presence.PRESENT or ref in known:
                self._store.bundles.found(claim, ref, presence, now)
            if presence is None and ref not in known:
                vanished = self._store.bundles.newly_missing(ref.connection, now - _AT_ONCE)
                if vanished > _TOO_MANY and not self._store.health.doubted(ref.connection):
                    self._store.health.doubt(ref.connection, now)
                    self._remark(f"connection:{ref.connection}", [_vanished(ref.connection, vanished)])

    def _record(
        self,
        claim: Claim,
        bundle: int,
        carried: list[tuple[Observed, Applied]],
        planned: Sequence[Remark],
    ) -> bool:
        """Remember what every side said and answered; return whether to look again at once.

        A work side that several tickets share is remembered once, with what it answered to each; none of
        its fields counts as seen before every ticket's front side took or skipped its change.
        """
        remarks, again = list(planned), False
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
            remarks += applied.remarks
            self._explain(bundle, ticket, applied)
            for name, side in ticket.situation.sides.items():
                if side.ref in recorded:
                    continue
                recorded.add(side.ref)
                can, old = ticket.situation.capabilities[name], ticket.situation.seen.get(name)
                made = remember(side, old, answers.get(side.ref), unsettled.get(side.ref, frozenset()), can)
                remarks += made.remarks
                again |= made.again
                self._store.bundles.saw(claim, bundle, side.ref, made.seen, side.version, side.read_at)
            for name, written in applied.created.items():
                can, sent = ticket.situation.capabilities[name], applied.answers[name].sent
                first = remember_created(written, sent, can)
                remarks += first.remarks
                self._store.bundles.saw(claim, bundle, written.ref, first.seen, written.version, self._now())
        self._remark(f"bundle:{bundle}", remarks)
        return again

    def _explain(self, bundle: int, ticket: Observed, applied: Applied) -> None:
        """Keep what was written for a ticket, and why."""
        sides, now = ticket.situation.sides, self._now()
        refs = {name: side.ref for name, side in sides.items()}
        refs |= {name: written.ref for name, written in applied.created.items()}
        self._store.decisions.record(
            f"bundle:{bundle}",
            [
                Decision(
                    at=now,
                    target=refs.get(item.target, Ref(item.target, "")),
                    kind=item.kind,
                    name=item.name,
                    source=item.source,
                    value=item.value,
                    why=item.why,
                    readers=str(write.reach.readers),
                    mails=write.reach.mails.value,
                    result=result,
                )
                for write, result in applied.results
                for item in items(write, ticket.situation)
            ],
        )

    def _remark(self, subject: str, remarks: Sequence[Remark]) -> None:
        """Keep what was not written, or was contradictory, and why; each thing once."""
        now, new = self._now(), self._store.findings.record(subject, remarks, self._now())
        self._store.decisions.record(
            subject,
            [
                Decision(
                    at=now,
                    target=Ref(item.target, ""),
                    kind=item.kind,
                    name=item.name,
                    source=item.source,
                    value=item.value,
                    why=item.why,
                    readers="",
                    mails="",
                    result="skipped",
                )
                for item in map(remark_item, new)
            ],
        )

    def _outcome(self, carried: list[Applied], *, again: bool) -> Outcome:
        failed = [error for applied in carried for error in applied.failed.values()]
        passing = [e for e in failed if not isinstance(e, Rejected)]
        if passing:
            soonest = min(passing, key=self._not_before)
            return Later(self._not_before(soonest), soonest)
        if failed:
            return Parked("; ".join(dict.fromkeys(str(error) for error in failed)))
        if again:
            return Later(self._now(), Stale("somebody changed the ticket meanwhile"))
        return Done()

    # -- the inbox row

    def _settle(self, row: Row, seen: Observation | None, outcome: Outcome) -> None:
        match outcome:
            case Done():
                self._store.inbox.done(row)
                if seen is not None:
                    bundle = self._store.bundles.subject(seen.bundle.refs[0])
                    for moment, why in (
                        (seen.next_change(self._now()), "a clock"),
                        (seen.look_again, "a side was not found"),
                    ):
                        if moment is not None:
                            self._store.inbox.put(bundle, moment, why)
            case Later(at=at, error=error):
                self._store.inbox.later(row, max(at, self._patience(row, error)), str(error))
            case Parked(reason=reason):
                # A ticket that was linked meanwhile waits under its new name, where its changes arrive.
                self._store.inbox.park(self._store.canonical(row), reason)

    def _postponed_for(self, silent: Sequence[WireError]) -> Later:
        soonest = min(silent, key=self._not_before)
        return Later(self._not_before(soonest), soonest)

    def _postponed(self, row: Row, error: WireError) -> Outcome:
        if isinstance(error, Rejected):
            return Parked(str(error))
        return Later(self._not_before(error), error)

    def _patience(self, row: Row, error: HubError) -> datetime:
        """Return until when to wait at least: twice as long with each attempt that failed."""
        if not isinstance(error, WireError):
            return self._now()
        least, most = _BACKOFF
        return self._now() + min(least * (1 << min(row.attempts, _DOUBLINGS)), most)

    def _not_before(self, error: HubError) -> datetime:
        if isinstance(error, Throttled | Waiting):
            return error.until
        if isinstance(error, Stale):
            return self._now()
        return self._now() + (_BACKOFF[1] if isinstance(error, Unauthorised) else _BACKOFF[0])


def _unexpected(error: Exception) -> str:
    """Return what is said of a mistake of our own: where it is, without the customer's words in it."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(frame.filename).name}, line {frame.lineno}"
    return f"deskbridge failed on it: {type(error).__name__} in {where}; please report this"


def _other(name: str, known: tuple[str, str] | None, account: Account) -> str:
    was = " of ".join(reversed(known or ()))
    return (
        f"connections.{name}: it was account {was}, and is now account {account.key} of "
        f"{account.instance}; point it back, or give it a new name and store"
    )


def _vanished(connection: str, count: int) -> Skip:
    why = (
        f"{count} tickets were not found within {_AT_ONCE.seconds // 60} minutes; none counts as gone until "
        f"a person says so: look at the account's rights, then `deskbridge finding answer`"
    )
    return Skip(connection, "tickets that are gone", why)


def _parked(seen: Observation) -> str | None:
    """Return why tickets of a bundle wait for a person, or None."""
    return "; ".join(ticket.parked for ticket in seen.tickets if ticket.parked) or None


Decided = list[tuple[Observed, Plan]]
"""What is decided for each ticket of a bundle."""


def _decided(seen: Observation) -> Decided:
    """Return each ticket's plan; one that waits for a person has none, and the others go on."""
    return [(ticket, Plan((), ()) if ticket.parked else decide(ticket.situation)) for ticket in seen.tickets]


def _unsettled(carried: list[tuple[Observed, Applied]]) -> dict[Ref, frozenset[Field]]:
    """Return, for each side, its fields whose change did not reach another side this time."""
    fields: dict[Ref, set[Field]] = {}
    for ticket, applied in carried:
        sides = ticket.situation.sides
        left = [found for write in applied.unmade for found in _carried_by(write)]
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
        case _:
            return []
