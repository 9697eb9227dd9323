"""The loop: collect what changed; for each ticket observe, decide, apply, record.

Always from the present state: an event only names a ticket. The echo of the hub's own write takes the
same way as everything else and ends in an empty plan.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from connectors.base import Connector, Presence, Snapshot
from connectors.errors import ConfigError, Gone, HubError, Rejected, Throttled, UnsafePlan, WireError
from mappings.provenance import Signer
from mappings.ticket import Field, Ref, Relation, Ticket, TimeEntry
from sync.fuses import STANDARD, Fuses
from sync.health import Breakers
from sync.identity import changed
from sync.moves import late, renamed
from sync.observe import Observation, Observer
from sync.operations import Plan, Write, together
from sync.outcome import (
    BACKOFF,
    Done,
    Later,
    Outcome,
    Parked,
    Planned,
    Reconciled,
    Stale,
    Unjoined,
    outcome_of,
    postponed,
    unknown,
)
from sync.poll import Poller
from sync.reconcile import Reconciler, parked_why
from sync.routing import Desk
from sync.rules import Role
from sync.sla.facts import Facts
from sync.store import Store
from sync.store.bundles import Bundle
from sync.store.dialects import failed
from sync.store.inbox import SWEPT, Claim, LostClaim, Ready
from sync.store.inbox import Waiting as Row
from sync.store.migrate import OUTDATED
from sync.store.quota import Share

_BATCH = 100
"""Due rows that are read together."""
_TRIES, _PAUSE = 40, 0.1
"""How often, and how many seconds apart, a bundle is asked for that another worker holds."""
_DOUBLINGS = 10
"""After so many attempts the longest wait is reached."""


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
        fuses: Fuses | None = STANDARD,
    ) -> None:
        self._store, self._connectors, self._desk, self._signer = store, connectors, desk, signer
        self._now, self._digest, self._adopted = now, digest, False
        self._reconciler = Reconciler(store=store, connectors=connectors, signer=signer, now=now, fuses=fuses)
        self._observer = Observer(connectors, desk, signer, store)
        self.breakers = Breakers(store, connectors, now)
        self.poller = Poller(
            store=store,
            connectors=connectors,
            fronts=lambda name: desk.rules.roles[name] is Role.FRONT,
            now=now,
            since=since,
        )

    def identify(self) -> list[WireError]:
        """Ask every connection who we are there, and return the errors of those that did not say.

        Tickets with a side on such a connection are left alone until the next time; all others go on.
        Raises ConfigError when a connection answers as another site or account than the first time.
        """
        problems: list[str] = []
        silent: list[WireError] = []
        for name in self._connectors:
            answer = self.breakers.ask(name)
            if isinstance(answer, WireError):
                silent.append(answer)
                continue
            problems += changed(name, self._store.database.identity(name), answer)
        if problems:
            raise ConfigError(problems)
        return silent

    def adopt_rules(self) -> None:
        """Have what is parked looked at again if the rules changed since the last time: they may fit now."""
        if self._store.database.rules() != self._digest:
            for row in self._store.inbox.parked():
                self._store.inbox.put(row.subject, self._now(), "the rules changed")
            self._serve()
            self._store.database.adopt_rules(self._digest, self._now())
        if not self._adopted and self._desk.promises:
            self._adopted = True  # of two processes with other settings none takes the other's back
            if self._store.editions.adopt(self._desk.promises, self._now()):
                for subject in self._store.served.counting():
                    self._store.inbox.put(subject, self._now(), "the promises were edited")

    def _serve(self) -> None:
        """Have clocks run where customers are served by today's rules, and nowhere else."""
        fronts = [name for name, role in self._desk.rules.roles.items() if role is Role.FRONT]
        again = [self._store.bundles.subject(ref) for ref in self._store.served.serve(fronts)]
        self._store.inbox.put_many(again, self._now(), "it is served here again")

    def adopt(self, desk: Desk) -> None:
        """Work for another desk from the next look on; tickets with running clocks are looked at again."""
        self._desk = desk
        self._observer.adopt(desk)
        for subject in self._store.served.counting():
            self._store.inbox.put(subject, self._now(), "the holidays changed")

    def collect(self) -> list[WireError]:
        """Put what changed since the last time into the inbox; return the errors of those that failed."""
        self.adopt_rules()
        errors = [self.poll(name) for name in self._connectors if self.breakers.probe(name)]
        return [error for error in errors if error is not None]

    def poll(self, name: str) -> WireError | None:
        """Put what changed on one connection into the inbox; return why that failed, if it did."""
        self._store.tidy(self._now())
        try:
            self._remember(name)
            self.poller.poll(name)
        except WireError as error:
            self.breakers.failed(error)
            return error
        self.breakers.worked(name)
        return None

    def work(self, stop: Callable[[], bool] = lambda: False) -> Iterator[Reconciled]:
        """Reconcile what is due until nothing is, yielding each; a row is looked at once per call at most."""
        looked_at: set[str] = set()
        found = True
        while found:
            found = False
            for subject in self._ready():
                if subject in looked_at:
                    continue
                looked_at.add(subject)
                found = True
                if stop():
                    return
                if (result := self.look(subject)) is not None:
                    yield result

    def _ready(self) -> Iterator[str]:
        """Yield what is due, a batch at a time."""
        after: Ready | None = None
        while rows := self._store.inbox.ready(self._now(), _BATCH, after):
            yield from (row.subject for row in rows)
            after = rows[-1]

    def look(
        self, subject: str, *, remap: frozenset[Field] = frozenset(), allowed: bool = False
    ) -> Reconciled | None:
        """Reconcile one ticket if it is due; None if it is not, or if somebody else is at it.

        The fields in `remap` are decided again wherever the other side still says what the hub wrote.
        `allowed` has carried out what a guard or fuse would stop: a person has seen it. What is raised tells
        that the store failed; whatever else is odd about a ticket comes out as its outcome.
        """
        row = self._store.inbox.row(subject)
        if row is None or row.due_at is None or row.due_at > self._now():
            return None
        return self._reconcile(replace(row, allowed=row.allowed or allowed), remap)

    def remap(self, subject: str, fields: frozenset[Field]) -> Reconciled | None:
        """Reconcile one ticket now, its `fields` decided again; None if somebody else is at it."""
        self._store.inbox.put(subject, self._now(), "a person had fields decided again")
        return self.look(subject, remap=fields)

    def plan(
        self, subjects: list[str] | None = None, *, remap: frozenset[Field] = frozenset()
    ) -> Iterator[Planned]:
        """Yield what `collect` and `work` would write, writing nothing anywhere; None means what changed."""
        parked = {row.subject: f"parked: {row.parked}" for row in self._store.inbox.parked()}
        for subject in self.pending() if subjects is None else subjects:
            bundle = self._store.bundles.load(subject)
            if not self._ours(bundle):
                continue
            try:
                seen = self._observe(bundle)
            except WireError as error:
                told = unknown(bundle.refs[0], error) if isinstance(error, Gone) else str(error)
                yield Planned(bundle.refs, Plan((), ()), told, waits=isinstance(error, Gone | Rejected))
                continue
            decided = self._reconciler.decided(seen, subject, remap=remap)
            waits = parked_why(decided) or parked.get(subject)
            if seen.moves or seen.merges:
                news = [f"{old.ref} was moved to {new.ref}" for old, new in seen.moves]
                news += [f"{one.ref} was merged into {primary}" for one, primary in seen.merges]
                taken = [self._taken(bundle, old, new) for old, new in seen.moves]
                why = waits or next(filter(None, taken), None)
                follows = f"{', '.join(news)}; the next sync follows it"
                yield Planned(tuple(seen.sides), Plan((), ()), why or follows, waits=why is not None)
                continue
            problem = waits or "; ".join(str(error) for error in seen.silent) or None
            plan = together(plan for _, plan in decided)
            whole = Plan(plan.writes, (*seen.remarks, *plan.remarks))
            yield Planned(tuple(seen.sides) or bundle.refs, whole, problem, waits=waits is not None)

    # -- collecting

    def pending(self) -> list[str]:
        """Return what is due and what changed since it was last collected."""
        subjects = dict.fromkeys(self.due())
        for name in self._connectors:
            if name not in self.breakers.paused():
                subjects |= dict.fromkeys(self.poller.changed(name))
        return list(subjects)

    def facts(self, subject: str) -> dict[Ref, Facts]:
        """Return what the fronts of a ticket tell now, without writing anything. Raises WireError."""
        told: dict[Ref, Facts] = {}
        for one in self._observe(self._store.bundles.load(subject)).tickets:
            front = one.situation.front()
            if front is not None and one.facts is not None:
                told[one.situation.sides[front].ref] = one.facts
        return told

    def due(self) -> list[str]:
        """Return the tickets that are due."""
        due = self._store.inbox.due(self._now())
        return list(dict.fromkeys(self._store.bundles.load(row.subject).subject for row in due))

    def _remember(self, name: str) -> None:
        """Remember who a connection is when it is first used."""
        if self._store.database.identity(name) is None:
            self._store.database.identify(name, self._connectors[name].whoami())

    def _observe(self, bundle: Bundle) -> Observation:
        """Observe a ticket, as far as its connections answer today."""
        return self._observer.observe(bundle, self._now(), self.breakers.paused())

    def _ours(self, bundle: Bundle) -> bool:
        """Whether a bundle is this engine's to work on: what a run made is that run's until the cutover."""
        return bundle.run is None

    def _loaded(self, row: Row) -> Bundle:
        """Return what is remembered of a row's ticket. Raises LostClaim where it is not ours to work on."""
        with self._store.together():
            self._refuse_while_recovering()
            bundle = self._store.bundles.load(row.subject)
        if not self._ours(bundle):
            self._store.inbox.done(row)
            raise LostClaim(f"{row.subject} is worked on by others")
        return bundle

    def _swept(self, bundle: Bundle) -> Observation:
        """Observe a ticket that nobody told of. Raises Throttled where live work needs the calls."""
        with self._store.turn.of(Share.SWEEP):
            seen = self._observe(bundle)
        spent = (error for error in seen.silent if isinstance(error, Throttled))
        if (error := next(spent, None)) is not None:
            raise error
        return seen

    def _learn(self, seen: Observation) -> None:
        """Learn from an observation which connections answered and which did not."""
        for error in seen.silent:
            self.breakers.failed(error)
        for ref in seen.presences:
            self.breakers.worked(ref.connection)

    # -- one ticket

    def _reconcile(self, row: Row, remap: frozenset[Field]) -> Reconciled | None:
        """Look at one ticket while holding its claim; None if somebody else holds it."""
        row = self._store.canonical(row)
        taken = self._store.inbox.claim(row, self._now())
        if taken is None:
            return None
        claim, row = taken
        with self._store.looking.at(f"{claim.subject}/{claim.token}"):
            return self._claimed(claim, row, remap)

    def _claimed(self, claim: Claim, row: Row, remap: frozenset[Field]) -> Reconciled | None:
        """Look at a ticket that was claimed; None if the claim was lost."""
        plan, gone = Plan((), ()), ""
        whose: tuple[str | None, tuple[Relation, ...]] = (None, ())
        booked: tuple[TimeEntry, ...] = ()
        front: Ticket | None = None
        made: list[Write] = []
        held = True
        try:
            bundle = self._loaded(row)
            if not bundle.refs:  # its sides belong to another one now
                self._store.inbox.done(row)
                return None
            seen = self._swept(bundle) if row.reason == SWEPT else self._observe(bundle)
            self._learn(seen)
            seen = self._followed(claim, seen)
            self._refuse_if_older(seen)
            whose, booked, front = _whose(seen), _booked(seen), _front(seen)
            decided = self._reconciler.decided(seen, row.subject, allowed=row.allowed, remap=remap)
            plan = together(each for _, each in decided)
            plan = Plan(plan.writes, (*seen.remarks, *plan.remarks))
            outcome = self._reconciler.carry_out(claim, seen, decided, made)
            if isinstance(outcome, Later) and outcome.error not in seen.silent:
                self.breakers.failed(outcome.error)
            with self._store.together():
                self._settle(row, seen, outcome)
                self._store.inbox.release(claim)
            held = False
        except Gone as error:
            outcome, gone = Done(), str(error)
            with self._store.together():
                ref = self._store.bundles.load(row.subject).refs[0]
                self._store.served.gone(ref, Presence.GONE.value)
                self._store.inbox.done(row)
                self._store.inbox.release(claim)
            held = False
        except LostClaim:
            return None
        except Exception as error:
            if failed(error):
                raise  # it is nothing about the ticket, which is due again when the claim runs out
            if not isinstance(error, HubError) and self._store.database.outdated():
                raise ConfigError([OUTDATED]) from error  # as well
            outcome = self._outcome_of(error)
            self._settle(row, None, outcome)
        finally:
            if held:
                self._store.inbox.release(claim)
        look = self._store.looking.name
        found = (*whose, gone, look, row.reason, booked, front)
        return Reconciled(row.subject, plan, outcome, tuple(made), *found)

    def _outcome_of(self, error: Exception) -> Outcome:
        """Return what is done about an error: one odd ticket must not stop all others."""
        match error:
            case UnsafePlan():
                return Later(self._now() + BACKOFF[1], error)
            case Unjoined():
                return Parked(str(error))
            case Stale():
                return postponed([error], self._now())
            case WireError():
                self.breakers.failed(error)
                return outcome_of(error, self._now())
            case _:
                return Parked(_unexpected(error))

    def _refuse_if_older(self, seen: Observation) -> None:
        """Stop everything if a text of ours is newer than the store: it was restored from a backup."""
        if seen.number and seen.number > self._store.database.highest_number():
            self._store.database.recover(self._now())
            self._refuse_while_recovering()

    def _refuse_while_recovering(self) -> None:
        if self._store.database.recovering():
            why = "the store is older than what the hub wrote in the tools"
            raise UnsafePlan(f"{why}: nothing is written before `deskbridge recover --apply`")

    def _followed(self, claim: Claim, seen: Observation) -> Observation:
        """Follow the sides that were moved, and observe again if there were any."""
        if seen.bundle.id is None or not (seen.moves or seen.merges):
            return seen
        for old, new in seen.moves:
            if taken := self._taken(seen.bundle, old, new):
                raise Unjoined(taken)
            ids = renamed(old, new)
            self._store.bundles.moved(claim, old.ref, new.ref, new.url, ids, late(old, new, ids))
        for merged, primary in seen.merges:
            with suppress(Gone):  # what nobody can see is followed by nobody
                self._joined(claim, seen.bundle, merged, primary)
        return self._observe(self._store.bundles.load(seen.bundle.subject))

    def _taken(self, bundle: Bundle, old: Snapshot, new: Snapshot) -> str | None:
        """Return why a side cannot be followed: a person linked another ticket with what it was moved to."""
        there = self._store.bundles.load(self._store.bundles.subject(new.ref))
        if there.id in (None, bundle.id):
            return None
        whose = ", ".join(str(ref) for ref in there.refs if ref != new.ref)
        return f"{old.ref} was moved to {new.ref}, which belongs to {whose}: unlink one of them"

    def _joined(self, claim: Claim, bundle: Bundle, merged: Snapshot, primary: Ref) -> None:
        """Have the ticket that a side was merged into belong to the same bundle. Raises Unjoined, Later."""
        side = self._connectors[primary.connection].fetch(primary.key)
        there = self._store.bundles.load(self._store.bundles.subject(side.ref))
        works = [{r.connection for r in b.refs if self._works(r)} for b in (bundle, there)]
        if there.id is None:
            self._store.bundles.link(claim, bundle.id or 0, side.ref, side.url, self._now())
        elif twice := works[0] & works[1]:
            raise Unjoined(
                f"{merged.ref} was merged into {side.ref}, and each has an issue of its own on "
                f"{', '.join(sorted(twice))}: unlink one of them"
            )
        else:
            self._absorb(claim, bundle, there)

    def _absorb(self, claim: Claim, bundle: Bundle, there: Bundle) -> None:
        taken = None
        for attempt in range(_TRIES):
            # Both tickets changed by the merge, so another worker may just be looking at the other one.
            time.sleep(_PAUSE if attempt else 0)
            self._store.inbox.put(there.subject, self._now(), "merged")
            row = self._store.inbox.row(there.subject)
            taken = self._store.inbox.claim(row, self._now()) if row else None
            if taken is not None:
                break
        if taken is None or bundle.id is None or there.id is None:
            raise Stale(f"{there.subject} is being worked on")
        other, row = taken
        self._store.bundles.absorb(claim, bundle.id, other, there.id)
        self._store.inbox.done(row)
        self._store.inbox.release(other)

    def _works(self, ref: Ref) -> bool:
        return self._desk.rules.roles.get(ref.connection) is Role.WORK

    # -- the inbox row

    def _settle(self, row: Row, seen: Observation | None, outcome: Outcome) -> None:
        match outcome:
            case Done(again=again):
                self._store.inbox.done(row)
                self._wait(seen, again)
            case Later(at=at, error=error):
                # The sweep's turn is over, not the ticket's: it is still nobody's but the sweep's.
                why = SWEPT if row.reason == SWEPT and isinstance(error, Throttled) else str(error)
                self._store.inbox.later(row, max(at, self._patience(row, error)), why)
            case Parked(reason=reason):
                # A ticket that was linked meanwhile waits under its new name, where its changes arrive.
                moment = seen.next_change(self._now()) if seen else None
                self._store.inbox.park(self._store.canonical(row), reason, moment)

    def _wait(self, seen: Observation | None, again: datetime | None) -> None:
        """Have a ticket looked at again when its clocks' answers change, or to find what is missing."""
        if seen is None:
            return
        bundle = self._store.bundles.subject(seen.bundle.refs[0])
        for moment, why in (
            (seen.next_change(self._now()), "a clock"),
            (seen.look_again, "a side was not found"),
            (again, "a file could not be fetched"),
        ):
            if moment is not None:
                self._store.inbox.put(bundle, moment, why)

    def _patience(self, row: Row, error: HubError) -> datetime:
        """Return until when to wait at least: twice as long with each attempt that failed."""
        if not isinstance(error, WireError):
            return self._now()
        least, most = BACKOFF
        return self._now() + min(least * (1 << min(row.attempts, _DOUBLINGS)), most)


def _whose(seen: Observation) -> tuple[str | None, tuple[Relation, ...]]:
    """Return the customer of the ticket that leads, and what its front side is to other tickets."""
    customer = next((one.customer.key for one in seen.tickets if one.customer), None)
    leading = seen.tickets[0].situation
    front = leading.front()
    return customer, (leading.sides[front].ticket.relations or ()) if front else ()


def _booked(seen: Observation) -> tuple[TimeEntry, ...]:
    """Return the time that was booked on the front side that leads."""
    leading = seen.tickets[0].situation
    front = leading.front()
    return (leading.sides[front].ticket.time_entries or ()) if front else ()


def _front(seen: Observation) -> Ticket | None:
    """Return what the front side that leads says."""
    leading = seen.tickets[0].situation
    front = leading.front()
    return leading.sides[front].ticket if front else None


def _unexpected(error: Exception) -> str:
    """Return what is said of a mistake of our own: where it is, without the customer's words in it."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(frame.filename).name}, line {frame.lineno}"
    return f"deskbridge failed on it: {type(error).__name__} in {where}; please report this"
