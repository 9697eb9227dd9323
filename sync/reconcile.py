"""Reconcile one bundle: decide about each of its tickets, guard, carry out, record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from connectors.base import Connector
from connectors.errors import Rejected
from mappings.provenance import Signer
from mappings.ticket import Field, Ref, Status
from sync.apply import Applied, Applier, RunWork, create_alone
from sync.decide import decide
from sync.fuses import HOUR, Fuses, Lately, unsafe
from sync.observe import Observation, Observed
from sync.operations import AddComment, CreateTicket, Plan, SendReceipt, Tell, Write, undelayed
from sync.outcome import Done, Later, Outcome, Parked, Stale, postponed
from sync.receipt import LATELY
from sync.record import Recorder
from sync.seen import UNSAID
from sync.sent import Sent
from sync.situation import Situation
from sync.store import Store
from sync.store.findings import Look
from sync.store.inbox import Claim
from sync.store.lent import alone
from sync.telling import told_of_parking
from sync.unanswered import noted, plus, settled
from sync.uncertain import Intents

Decided = list[tuple[Observed, Plan]]
"""What is decided for each ticket of a bundle."""


class Reconciler:
    """Decides about bundles that were observed, and carries the plans out."""

    def __init__(
        self,
        *,
        store: Store,
        connectors: Mapping[str, Connector],
        signer: Signer,
        now: Callable[[], datetime],
        fuses: Fuses | None,
        run: RunWork | None = None,
    ) -> None:
        """`fuses` are None where a run has limits of its own; a `run` holds the bundles that it makes."""
        self._run = run
        self._store, self._connectors, self._signer = store, connectors, signer
        self._now, self._fuses = now, fuses
        self._recorder = Recorder(store, now, by_a_run=fuses is None)

    def decided(
        self, seen: Observation, subject: str, *, allowed: bool = False, remap: frozenset[Field] = frozenset()
    ) -> Decided:
        """Return each ticket's plan. One that waits for a person is not carried out; the others are.

        A plan that looks like a mistake waits for a person too, unless that person has `allowed` it. The
        fields in `remap` are decided again, as a person asked for all tickets at once: no fuse that counts
        tickets counts those, neither now nor afterwards; it counts whatever else is written along with them.
        """
        with self._store.together():
            return self._decided(seen, subject, allowed=allowed, remap=remap)

    def _decided(self, seen: Observation, subject: str, *, allowed: bool, remap: frozenset[Field]) -> Decided:
        decided = []
        known: dict[str, Any] = {"refused": self._store.decisions.refused(subject), "remap": remap}
        if remap:
            known["wrote"] = self._store.decisions.wrote(subject)
        if any(ticket.situation.rules.asks for ticket in seen.tickets):
            known["answers"] = self._store.findings.answers(seen.bundle.subject)
        for observed in seen.tickets:
            ticket = replace(observed, situation=replace(observed.situation, **known))
            ticket, plan = self._counted(ticket, decide(ticket.situation))
            plan = _waiting(ticket, plan) if ticket.parked else plan
            why = None if allowed or ticket.parked else self._unsafe(plan, ticket, subject)
            decided.append((replace(ticket, parked=why) if why else ticket, plan))
        return decided

    def _counted(self, ticket: Observed, plan: Plan) -> tuple[Observed, Plan]:
        """Return a ticket and its plan; one that has a receipt knows how many the same person got lately."""
        whom = next((write.whom for write in plan.writes if isinstance(write, SendReceipt)), None)
        if whom is None or not (sent := self._store.decisions.receipts(whom, self._now() - LATELY)):
            return ticket, plan
        situation = replace(ticket.situation, receipts=sent)
        return replace(ticket, situation=situation), decide(situation)

    def _unsafe(self, plan: Plan, ticket: Observed, subject: str) -> str | None:
        if not plan or (fuses := self._fuses) is None:
            return None
        why = unsafe(plan, ticket.situation, self._lately(subject, fuses.least), fuses)
        return f"{why}; `deskbridge parked retry --allow` writes it all the same" if why else None

    def _lately(self, subject: str, least: int) -> Lately:
        hour, changed = self._now() - HOUR, self._store.database.rules_changed()
        written = self._store.decisions.lately(subject, hour)
        fresh = changed is not None and changed > hour
        return Lately(
            fields=written.fields,
            tickets=written.tickets,
            # All links are counted where that can matter only: it takes as long as there are many.
            linked=self._store.bundles.linked() if max(written.tickets.values(), default=0) >= least else {},
            since_rules=self._store.decisions.written_since(changed) if fresh and changed else 0,
        )

    def carry_out(self, claim: Claim, seen: Observation, decided: Decided, made: list[Write]) -> Outcome:
        """Write what was decided while holding the bundle's claim, and record it; `made` takes what was made.

        Raises LostClaim when somebody else took the bundle over.
        """
        if (bundle := seen.bundle.id) is not None:
            if self._run is not None and alone(seen.bundle):
                return self._taken_over(claim, self._run, seen, decided, made)
            return self._apply(claim, bundle, seen, decided, made)
        (ticket, plan) = decided[0]
        if (parked := parked_why(decided)) is not None and not (ticket.told and plan):
            self._unplaced(claim, seen)
            return Parked(parked)
        front = ticket.situation.front()
        if front is None or not plan:
            self._unplaced(claim, seen)
            self._recorder.remark(seen.bundle.subject, (), Look(plan.remarks, {}))
            # Where a ticket wants a side on a connection that does not answer, nothing is planned yet.
            return postponed(seen.silent, self._now()) if seen.silent else Done()
        self._recorder.remark(seen.bundle.subject, (), Look((), {}))  # from now on the bundle's
        run = self._run.id if self._run else None
        bundle, claim = self._store.bundles.begin(claim, ticket.situation.sides[front], run)
        try:
            return self._apply(claim, bundle, seen, decided, made)
        finally:
            self._store.inbox.release(claim)

    def _unplaced(self, claim: Claim, seen: Observation) -> None:
        """Keep what is told of a ticket that is in no other place; what a run leaves out is not the hub's."""
        if self._run is None:
            self._recorder.served(claim, seen, texts=True)

    def _taken_over(
        self, claim: Claim, run: RunWork, seen: Observation, decided: Decided, made: list[Write]
    ) -> Outcome:
        """Carry out a run's plan for a ticket that live work has alone; without one it stays live work's.

        So does one that was opened again since a list told the run that it is done.
        """
        if not run.takes_open and any(_worked_on(ticket) for ticket, _ in decided):
            return Done()
        if (parked := parked_why(decided)) is not None:
            return Parked(parked)
        if not any(plan for _, plan in decided):
            return postponed(seen.silent, self._now()) if seen.silent else Done()
        bundle = seen.bundle.id or 0
        self._store.lent.lend(claim, bundle, run.id, self._now())
        news = [(replace(ticket, situation=_unsaid(ticket.situation)), plan) for ticket, plan in decided]
        return self._apply(claim, bundle, seen, news, made)

    def _apply(
        self, claim: Claim, bundle: int, seen: Observation, decided: Decided, made: list[Write]
    ) -> Outcome:
        with self._store.together():
            self._recorder.served(claim, seen)
            self._recorder.found(claim, bundle, seen)
            going = [(ticket, plan.writes) for ticket, plan in decided if not ticket.parked]
            if notes := plus(seen.bundle.sent, self._noted(going)):
                self._store.bundles.sending(claim, notes)
        intents = self._intents(claim, bundle, seen, self._now() if notes else None)
        carried: list[tuple[Observed, Applied]] = []
        remarks = [*seen.remarks, *(r for _, plan in decided for r in (*plan.remarks, *plan.quiet))]
        whole = not seen.silent and not any(ticket.parked for ticket, _ in decided)
        try:
            for ticket, plan in decided:
                applier = Applier(
                    store=self._store,
                    connectors=self._connectors,
                    intents=intents,
                    now=self._now,
                    claim=claim,
                    bundle=bundle,
                    situation=ticket.situation,
                    create=self._run.create if self._run else create_alone,
                )
                applied = self._carried_out(applier, ticket, plan)
                made += applied.made
                carried.append((ticket, applied))
            remarks += [remark for _, applied in carried for remark in applied.standing]
            with intents.settling():
                self._finished(claim, carried)
                out = settled(seen.bundle.sent, seen.sides, self._now())
                out |= plus(out, self._noted((ticket, applied.unheard) for ticket, applied in carried))
                again = self._recorder.record(claim, bundle, carried, remarks, whole=whole, sent=out)
                self._recorder.worked(seen, made)
        finally:
            intents.settle()
        outcome = self._outcome([applied for _, applied in carried], again=again)
        for ref in seen.bundle.held.keys() & _served_whole(carried):
            self._recorder.caught_up(claim, seen, ref)
        if isinstance(outcome, Done) and seen.silent:
            outcome = postponed(seen.silent, self._now())
        if isinstance(outcome, Done) and (parked := parked_why(decided)) is not None:
            return Parked(parked)
        if isinstance(outcome, Done) and any(how.prefer for how in seen.bundle.adopted.values()):
            self._store.bundles.preferred(claim, bundle)
        return outcome

    def _noted(self, going: Iterable[tuple[Observed, Iterable[Write]]]) -> Iterator[tuple[Ref, Sent]]:
        """Yield what is noted of the fields and tags that are about to be written, or may have been."""
        for ticket, writes in going:
            yield from noted(ticket.situation, writes, self._now())

    def _finished(self, claim: Claim, carried: list[tuple[Observed, Applied]]) -> None:
        """Note that all is done that steps do in the tools, where no side of the ticket failed."""
        for ticket, applied in carried:
            called, front = ticket.situation.called, ticket.situation.front()
            if called is None or front is None or ticket.parked or applied.failed:
                continue
            fresh = {one.key for one in applied.steps}
            left = [*applied.steps, *(t for t in called.taken if t.unfinished and t.key not in fresh)]
            if left:
                done = [replace(one, unfinished=False) for one in left]
                self._store.bundles.escalated(claim, ticket.situation.sides[front].ref, done)

    def _carried_out(self, applier: Applier, ticket: Observed, plan: Plan) -> Applied:
        """Carry out a plan; of one that waits for a person, what must not wait."""
        if not ticket.parked:
            applied = applier.apply(plan, ticket.found)
        elif meanwhile := plan if ticket.told else undelayed(plan):
            applied = applier.apply(meanwhile, ())
        else:
            return Applied()
        for told in _refusals(ticket.situation, applied):
            applier.apply(Plan((told,), ()), ())
        return applied

    def _intents(self, claim: Claim, bundle: int, seen: Observation, sure: datetime | None) -> Intents:
        return Intents(
            store=self._store,
            signer=self._signer,
            claim=claim,
            bundle=bundle,
            now=self._now,
            hub=seen.tickets[0].situation.hub,
            sure=sure,
        )

    def _outcome(self, carried: list[Applied], *, again: bool) -> Outcome:
        failed = [error for applied in carried for error in applied.failed.values()]
        passing = [e for e in failed if not isinstance(e, Rejected)]
        if passing:
            return postponed(passing, self._now())
        if failed:
            return Parked("; ".join(dict.fromkeys(str(error) for error in failed)))
        if again:
            return Later(self._now(), Stale("somebody changed the ticket meanwhile"))
        return Done(min((applied.tries for applied in carried if applied.tries), default=None))


def _served_whole(carried: list[tuple[Observed, Applied]]) -> set[Ref]:
    """Return the sides that got all that was planned for them, whatever became of the others."""
    reached: set[Ref] = set()
    short: set[Ref] = set()
    for ticket, applied in carried:
        for name, side in ticket.situation.sides.items():
            (short if ticket.parked or name in applied.failed else reached).add(side.ref)
    return reached - short


def _unsaid(s: Situation) -> Situation:
    """Return a ticket of which nothing was said before: a run makes all of it anew, and the status last."""
    return replace(s, seen={name: replace(said, native=UNSAID) for name, said in s.seen.items()})


def _worked_on(ticket: Observed) -> bool:
    """Whether people may still work on a ticket where its customer is served."""
    front = ticket.situation.front()
    status = ticket.situation.sides[front].ticket.status if front is not None else None
    return not (isinstance(status, Status) and status.done)


def _waiting(ticket: Observed, plan: Plan) -> Plan:
    """Return what is written of a ticket that waits for a person: what is urgent, and that it waits."""
    front, s = ticket.situation.front(), ticket.situation
    urgent = undelayed(plan).writes
    if front is None or not ticket.told:
        return Plan(urgent, ())
    why = (ticket.parked or "").removeprefix(f"{s.sides[front].ref}: ")
    return Plan((*urgent, *told_of_parking(s, front, ticket.told, why)), ())


def _refusals(s: Situation, applied: Applied) -> Iterator[Tell]:
    """Yield what tells people where they acted that a tool refused it for good."""
    for write, _ in list(applied.results):
        error = applied.failed.get(write.target)
        if isinstance(error, Rejected) and isinstance(write, CreateTicket | AddComment):
            if write.source in applied.failed or write.source not in s.sides:
                continue
            what = "the ticket" if isinstance(write, CreateTicket) else f"text {write.message.id}"
            why = f"{write.target} refused {what}: {error.text}"
            yield from told_of_parking(s, write.source, f"{write.target}-{what}", why)


def parked_why(decided: Decided) -> str | None:
    """Return why tickets of a bundle wait for a person, or None."""
    return "; ".join(ticket.parked for ticket, _ in decided if ticket.parked) or None
