"""One run of a clock: from the fact that starts it until it is stopped, ended, or given another promise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mappings.ticket import Priority
from sync.sla.facts import Span
from sync.sla.policy import ClockName, OnChange, Policy, Target
from sync.sla.terms import Terms
from sync.sla.terms import at as held_at

WARNED_AT = 0.8
"""The share of a target after which a running clock is at risk."""


class ClockState(StrEnum):
    """Whether a clock is waiting for its start, counting, halted, or done."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"
    ENDED = "ended"
    """Nothing is promised any more: it was resolved, or what was promised was replaced."""


@dataclass(frozen=True, slots=True)
class Amendment:
    """What a person says of a cycle in spite of what was counted, in a column of its own."""

    kind: str
    """`waived` or `corrected`."""
    who: str
    reason: str
    said: datetime
    met: bool | None = None
    """What is true, of a corrected one."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """One run of a clock, as it is once the facts are known; what passes by itself is asked for with `at`."""

    fact: str
    """The id of the fact that started it."""
    started: datetime
    target: Target
    """What is promised now."""
    budget: timedelta
    policy: str
    priority: Priority
    halts: tuple[Span, ...] = ()
    """When it did not count, in order."""
    stopped: datetime | None = None
    """When it was stopped or ended."""
    state: ClockState = ClockState.RUNNING
    due: datetime | None = None
    """When it is due if nothing halts it again; None while it is halted before that."""
    breached: datetime | None = None
    """When a promise was broken that held then: never taken back."""
    late_by_change: datetime | None = None
    """When a change made a promise of it that was broken already."""
    enforced: datetime | None = None
    """From when on it may be escalated and shown."""
    why: tuple[str, ...] = ()
    """What changed its target, in order."""
    exact: bool = True
    """Whether every instant that it rests on is known."""
    amendment: Amendment | None = None

    def reached(self, share: float) -> datetime | None:
        """Return when a share of the promise is used up; None if it is halted before that."""
        if share >= 1 or self.due is None:
            return self.due if share >= 1 else _moved(self, round(self.budget.total_seconds() * share))
        return _moved(self, round(self.budget.total_seconds() * share))

    @property
    def at_risk(self) -> datetime | None:
        """When it comes close to its due time."""
        return self.reached(WARNED_AT)

    def elapsed(self, at: datetime) -> timedelta:
        """Return the time that was counted until an instant."""
        end = min(at, self.stopped) if self.stopped else at
        base = self.target.base
        return sum((base.between(a, b) for a, b in pieces(self.started, end, self.halts)), timedelta(0))

    def remaining(self, at: datetime) -> timedelta:
        """Return what is left of the promise at an instant; less than nothing once it is overdue."""
        if self.target.due_in and self.due:
            return self.due - (min(at, self.stopped) if self.stopped else at)
        return self.budget - self.elapsed(at)

    def halted(self, at: datetime) -> bool:
        """Whether it does not count at an instant."""
        return any(start <= at and (end is None or at < end) for start, end in self.halts)


def pieces(start: datetime, end: datetime, halts: Sequence[Span]) -> list[tuple[datetime, datetime]]:
    """Return what is left between two instants without the halts, which are in order."""
    if not halts:
        return [(start, end)] if start < end else []
    found = []
    for since, until in halts:
        if since >= end:
            break
        if since > start:
            found.append((start, since))
        if until is None:
            return found
        start = max(start, until)
    if start < end:
        found.append((start, end))
    return found


def merged(*spans: Sequence[Span]) -> tuple[Span, ...]:
    """Return spans of several kinds as one row in order, none overlapping."""
    if not any(spans):
        return ()
    row: list[Span] = []
    for start, end in sorted((s for some in spans for s in some), key=lambda span: span[0]):
        if row and (row[-1][1] is None or start <= row[-1][1]):
            last = row[-1][1]
            row[-1] = (row[-1][0], None if last is None or end is None else max(last, end))
        else:
            row.append((start, end))
    return tuple(row)


def used_up(start: datetime, target: Target, budget: timedelta, halts: Sequence[Span]) -> datetime | None:
    """Return when so much of a target's base has passed that counts; None if it is halted before that."""
    base, left = target.base, budget
    if not halts:
        return base.after(start, left)
    for since, until in halts:
        if since > start:
            passed = base.between(start, since)
            if passed >= left:
                break
            left -= passed
        if until is None:
            return None
        start = max(start, until)
    return base.after(start, left)


def _moved(cycle: Cycle, used: int) -> datetime | None:
    at = used_up(cycle.started, cycle.target, timedelta(seconds=used), cycle.halts)
    if at is None or cycle.target.due_in is None:
        return at
    return cycle.target.due_in.ahead(at, cycle.budget - timedelta(seconds=used))


def _due(start: datetime, target: Target, budget: timedelta, halts: Sequence[Span]) -> datetime | None:
    at = used_up(start, target, budget, halts)
    return target.due_in.opening(at) if at and target.due_in else at


@dataclass(frozen=True, slots=True)
class Run:
    """What is to be measured: from when, until when, and what halts it."""

    clock: ClockName
    fact: str
    start: datetime
    stop: datetime | None = None
    """When the promise was kept, in time or not."""
    end: datetime | None = None
    """When it was given up, if it was not kept before."""
    halts: tuple[Span, ...] = ()
    due: datetime | None = None
    """When it is due if that was said, whatever the target's duration."""

    @property
    def over(self) -> datetime | None:
        """When it was stopped or ended, or None while it goes on."""
        return self.stop or self.end


@dataclass(slots=True)
class _Draft:
    """A cycle while its changes are gone through; see `Cycle`."""

    run: Run
    fact: str
    started: datetime
    target: Target
    policy: Policy
    priority: Priority
    budget: timedelta
    halts: tuple[Span, ...]
    due: datetime | None
    breached: datetime | None = None
    late_by_change: datetime | None = None
    why: tuple[str, ...] = ()

    def swapped(self, change: Terms, policy: Policy, target: Target) -> None:
        """Take another target from the start on; a promise that was broken before stays so."""
        self.policy, self.priority = policy, change.priority or policy.assume_priority
        self.why = (*self.why, change.why) if change.why else self.why
        if target == self.target:
            return
        if self.due is not None and self.due < change.since:
            self.breached = self.breached or self.due
        self.target, self.budget = target, target.budget(self.started)
        self.due = _due(self.started, target, self.budget, self.halts)
        self.late(change.since)

    def late(self, since: datetime) -> None:
        """Take note that the promise was made at `since`: broken then if it was due before."""
        self.late_by_change = since if self.due is not None and self.due < since else None
        if self.late_by_change:
            self.breached = self.breached or since

    def closed(self, stop: datetime | None, end: datetime | None) -> Cycle:
        """Return the cycle: it was stopped, or ended, or goes on."""
        over, broken = stop or end, self.breached
        if over is not None:
            if not broken and self.due is not None and self.due < over:
                broken = self.due
            state = ClockState.MISSED if broken else ClockState.MET if stop else ClockState.ENDED
        elif self.halts and self.halts[-1][1] is None:
            state, broken = ClockState.PAUSED, broken or self.due  # it was used up before the pause
        else:
            state = ClockState.RUNNING
        return Cycle(
            fact=self.fact,
            started=self.started,
            target=self.target,
            budget=self.budget,
            policy=self.policy.name,
            priority=self.priority,
            halts=self.halts,
            stopped=over,
            state=state,
            due=self.due,
            breached=broken,
            late_by_change=self.late_by_change,
            enforced=self.policy.enforce_from,
            why=self.why,
        )


def measured(run: Run, held: list[Terms]) -> list[Cycle]:
    """Return the cycles of a run under the terms that held: more than one where a change restarts it."""
    cycles: list[Cycle] = []
    now = _begun(run, held_at(held, run.start) if len(held) > 1 else held[0], run.start, run.fact)
    for change in () if run.due else held[1:]:
        if change.since <= run.start or (run.over and change.since >= run.over):
            continue
        policy, target = change.policy, change.target(run.clock)
        rule = policy.on_change if policy else OnChange.CARRY_OVER
        if now is None:
            if rule is OnChange.CARRY_OVER and (now := _begun(run, change, run.start, run.fact)):
                # It was of another kind for a while: the same run goes on.
                broken = cycles.pop().breached if cycles and cycles[-1].fact == run.fact else None
                now.breached = broken
                now.late(change.since)
            elif rule is OnChange.RESTART:
                now = _begun(run, change, change.since, change.fact)
        elif target is None or policy is None:
            cycles.append(now.closed(None, change.since))
            now = None
        elif rule is OnChange.RESTART and target != now.target:
            cycles.append(now.closed(None, change.since))
            now = _begun(run, change, change.since, change.fact)
        elif rule is OnChange.CARRY_OVER:
            now.swapped(change, policy, target)
    if now is not None:
        cycles.append(now.closed(run.stop, run.end))
    return cycles


def _begun(run: Run, terms: Terms, start: datetime, fact: str) -> _Draft | None:
    target, policy = terms.target(run.clock), terms.policy
    if target is None or policy is None:
        return None
    # What halts it once it is over moves nothing: when it was due is told in statements.
    over = run.over
    halts = run.halts if over is None else tuple(span for span in run.halts if span[0] < over)
    if halts and halts[0][1] is not None and halts[0][1] <= start:
        halts = tuple(span for span in halts if span[1] is None or span[1] > start)
    budget = target.base.between(start, run.due) if run.due else target.budget(start)
    due = run.due or _due(start, target, budget, halts)
    priority = terms.priority or policy.assume_priority
    return _Draft(run, fact, start, target, policy, priority, budget, halts, due)
