"""Which steps are due at an instant, given those that were taken: each once, the highest after downtime.

A step has the key of its ticket, clock, cycle and name. Who records a key before or with what the step does
takes it once, however often and in however many processes this is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from mappings.ticket import Priority
from sync.sla.clock import Clock, clocks
from sync.sla.cycle import ClockState, Cycle
from sync.sla.facts import Facts
from sync.sla.policy import ClockName, Policy, Rulebook
from sync.sla.steps import Action, Raise, Step


class Key(NamedTuple):
    """What tells a step of a cycle from every other one."""

    ticket: str
    clock: ClockName
    cycle: str
    """The id of the fact that started it."""
    step: str


@dataclass(frozen=True, slots=True)
class Due:
    """A step that is to be taken now."""

    key: Key
    since: datetime
    """When it came due."""
    actions: tuple[Action, ...]
    late_by_change: bool
    """Whether a change made a promise that was late already."""
    told: int
    """How many steps of the cycle told somebody before: how far along a path of roles it is."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was taken, or recorded as missed."""

    key: Key
    at: datetime
    missed: bool = False
    notified: bool = False
    raised: tuple[Priority, Priority] | None = None
    """The priority before and after, if the step raised it."""
    since: datetime | None = None
    """When it had come due."""
    times: int = 1
    """Which time it is taken: once more after it was withdrawn, when its moment comes indeed."""
    withdrawn: datetime | None = None
    """Since when it is known that it should not have been taken."""
    unfinished: bool = False
    """Whether something that it does, or that withdrawing it does, is still to be done in the tools."""


@dataclass(frozen=True, slots=True)
class Round:
    """What is to be done at an instant."""

    due: tuple[Due, ...]
    """At most one step of each cycle: the highest."""
    missed: tuple[Key, ...]
    """Steps that came due before it unseen, or while the clock was paused: to be recorded, not taken."""


def escalated(
    ticket: str, asked: Iterable[Clock], steps: Sequence[Step], taken: Collection[Taken], at: datetime
) -> Round:
    """Return the steps of a ticket's running clocks that are due at an instant and were not taken yet.

    A cycle that is over, halted, waived or corrected takes no step, nor does any instant before
    `enforce_from`. What was withdrawn is due again when its moment comes.
    """
    taken = [one for one in taken if one.withdrawn is None]
    done = {one.key: one for one in taken}
    due, missed = list[Due](), list[Key]()
    for clock in asked:
        cycle = clock.cycle
        if clock.state is not ClockState.RUNNING or cycle is None or cycle.amendment:
            continue
        mine = [one for one in taken if one.key[:3] == (ticket, clock.name, cycle.fact)]
        passed = []
        for step, since in _moments(clock.name, cycle, steps):
            key = Key(ticket, clock.name, cycle.fact, step.name)
            if since <= at and key not in done and (cycle.enforced is None or since >= cycle.enforced):
                if cycle.halted(since):
                    missed.append(key)
                else:
                    passed.append((step, since, key))
        if not passed:
            continue
        step, since, key = passed[-1]
        ranks = {s.name: s.rank for s in steps if s.concerns(clock.name, cycle.policy)}
        overtaken = any(ranks.get(one.key.step, (0.0,)) > step.rank for one in mine)
        if overtaken:
            missed += [key for _, _, key in passed]
            continue
        missed += [key for _, _, key in passed[:-1]]
        raised = any(one.raised for one in mine)
        actions = tuple(a for a in step.actions if not (raised and isinstance(a, Raise)))
        late = cycle.late_by_change is not None and since <= cycle.late_by_change
        due.append(Due(key, since, actions, late, sum(one.notified for one in mine)))
    return Round(tuple(due), tuple(missed))


def _moments(clock: ClockName, cycle: Cycle, steps: Sequence[Step]) -> Iterator[tuple[Step, datetime]]:
    """Yield each step that is for a cycle with the instant at which it comes due, lowest first."""
    late = cycle.late_by_change
    for step in sorted(steps, key=lambda s: s.rank):
        since = cycle.reached(step.share) if step.concerns(clock, cycle.policy) else None
        if since is not None:
            # A promise that was late when it was made is broken by the change, not before it.
            yield step, (max(since, late) if late else since) + step.after


def next_step(asked: Iterable[Clock], steps: Sequence[Step], at: datetime) -> datetime | None:
    """Return the next instant after `at` at which a step comes due though nobody did anything."""
    running = ((c.name, c.cycle) for c in asked if c.state is ClockState.RUNNING)
    moments = (since for name, cycle in running if cycle for _, since in _moments(name, cycle, steps))
    return min((since for since in moments if since > at), default=None)


def withdrawn(
    ticket: str, facts: Facts, rules: Policy | Rulebook, steps: Sequence[Step], taken: Iterable[Taken]
) -> tuple[Taken, ...]:
    """Return the steps that would not have been taken if everything that is known now had been known then."""
    views: dict[datetime, Mapping[ClockName, Clock]] = {}
    found, known = [], {step.name for step in steps}
    for one in taken:
        if one.missed or one.withdrawn or one.key.ticket != ticket or one.key.step not in known:
            continue
        if one.at not in views:
            views[one.at] = {c.name: c for c in clocks(facts.until(one.at), rules)}
        clock = views[one.at].get(one.key.clock)
        cycle = clock.cycle if clock and clock.state is ClockState.RUNNING else None
        here = cycle if cycle and cycle.fact == one.key.cycle else None
        moments = dict(_named(one.key.clock, here, steps)) if here else {}
        since = moments.get(one.key.step)
        if since is None or since > one.at:
            found.append(one)
    return tuple(found)


def _named(clock: ClockName, cycle: Cycle, steps: Sequence[Step]) -> Iterator[tuple[str, datetime]]:
    return ((step.name, since) for step, since in _moments(clock, cycle, steps))
