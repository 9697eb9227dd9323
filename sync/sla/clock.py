"""The clocks: what each says of a ticket, and when it will say something else.

Everything follows from the facts, the calendars and the policies: it makes no difference when, or how
often, a clock is asked. What passes by itself (elapsed, remaining, at risk) is asked for with an instant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import zip_longest

from mappings.ticket import SlaState, Status
from sync.sla.cycle import Amendment, ClockState, Cycle, Run, measured, merged
from sync.sla.facts import Actor, Fact, FactKind, Facts, Span
from sync.sla.policy import ClockName, Kind, Policy, Rulebook
from sync.sla.terms import Life, Terms, lives, terms
from sync.sla.terms import at as held_at
from sync.sla.wanted import end_of

_LIVE = (ClockState.RUNNING, ClockState.PAUSED)
_TOLD_BEFORE = timedelta(hours=1)
"""How long before a ticket waits for others the customer may have been told that it would."""


@dataclass(frozen=True, slots=True)
class Clock:
    """One measurement on one ticket; `state` is that of the last cycle, or says why there is none."""

    name: ClockName
    state: ClockState
    cycles: tuple[Cycle, ...] = ()
    """Every run of it, oldest first."""

    @property
    def cycle(self) -> Cycle | None:
        """The cycle that the state speaks of."""
        told = self.cycles[-1] if self.cycles else None
        return told if told and told.state is self.state else None

    @property
    def started(self) -> datetime | None:
        """Since when the cycle counts."""
        return self.cycle.started if self.cycle else None

    @property
    def due(self) -> datetime | None:
        """When the cycle is due."""
        return self.cycle.due if self.cycle else None

    @property
    def at_risk(self) -> datetime | None:
        """When a running clock comes close to its due time."""
        return self.cycle.at_risk if self.cycle else None

    @property
    def exact(self) -> bool:
        """Whether every instant that it rests on is known; a report marks it otherwise."""
        return all(cycle.exact for cycle in self.cycles)

    def elapsed(self, at: datetime) -> timedelta:
        """Return what the cycle has counted until an instant."""
        return self.cycle.elapsed(at) if self.cycle else timedelta(0)

    def remaining(self, at: datetime) -> timedelta | None:
        """Return what is left of the promise at an instant; less than nothing once it is overdue."""
        return self.cycle.remaining(at) if self.cycle else None

    def sla(self, at: datetime) -> SlaState:
        """Return how a tool shows the clock; only a running one can be at risk or breached."""
        cycle = self.cycle
        if self.state not in _LIVE or cycle is None or cycle.amendment:
            return SlaState.ON_TRACK
        if cycle.breached or (cycle.due is not None and at >= cycle.due):
            return SlaState.BREACHED
        if self.state is ClockState.PAUSED:
            return SlaState.ON_TRACK
        return SlaState.AT_RISK if cycle.at_risk and at >= cycle.at_risk else SlaState.ON_TRACK

    def changes(self, at: datetime) -> datetime | None:
        """Return the next instant at which the answer differs though nobody did anything."""
        cycle = self.cycle
        if self.state is not ClockState.RUNNING or cycle is None or cycle.due is None or cycle.due <= at:
            return None
        risk = cycle.at_risk
        return risk if risk is not None and at < risk < cycle.due else cycle.due


def clocks(facts: Facts, rules: Policy | Rulebook) -> tuple[Clock, ...]:
    """Return the clocks that the policies set for a ticket; none if no policy is for it.

    Raises ValueError when a calendar has not enough working time for a target in ten years.
    """
    book = rules if isinstance(rules, Rulebook) else Rulebook((rules,))
    held = terms(facts, book)
    if all(one.policy is None for one in held):
        return ()
    story = _Story(facts, held)
    return tuple(clock for name in ClockName if (clock := story.clock(name)) is not None)


def assumed(facts: Facts, rules: Policy | Rulebook) -> tuple[str, ...]:
    """Return what a policy had to assume of a ticket, for triage: `type`, `priority`."""
    book = rules if isinstance(rules, Rulebook) else Rulebook((rules,))
    kind = Kind(facts.priority, facts.type, facts.customer, facts.tier, facts.tags)
    policy = book.match(kind, facts.created)
    if policy is None:
        return ()
    untyped = facts.type is None and bool(policy.types)
    return (*(("type",) if untyped else ()), *(("priority",) if facts.priority is None else ()))


def amended(clock: Clock, fact: str, amendment: Amendment) -> Clock:
    """Return a clock with what a person says of the cycle that a fact started; what was counted stays."""
    cycles = (replace(c, amendment=amendment) if c.fact == fact else c for c in clock.cycles)
    return replace(clock, cycles=tuple(cycles))


@dataclass
class _Story:
    """A ticket's facts as its clocks need them, prepared once for all five."""

    facts: Facts
    held: list[Terms]
    lives: list[Life] = field(init=False)
    answers: list[Fact] = field(init=False)
    inexact: set[datetime] = field(init=False)
    policy: Policy | None = field(init=False)
    """The newest, whose pauses hold until there is another one."""
    first: dict[datetime, tuple[datetime | None, str]] = field(default_factory=dict)
    """When each life was first answered, and by which fact."""
    halted: dict[tuple[ClockName, datetime], list[Span]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.lives = lives(self.facts, self.held)
        self.answers = self.facts.of(FactKind.ANSWER)
        self.policy = next((one.policy for one in reversed(self.held) if one.policy), None)
        self.inexact = {fact.by for fact in self.facts.told if not fact.exact}

    def clock(self, name: ClockName) -> Clock | None:
        """Return one clock, or None if it was never promised."""
        if not any(one.target(name) for one in self.held):
            return None
        runs = [run for life in self.lives for run in self._runs(name, life)]
        cycles = [cycle for run in runs for cycle in measured(run, self.held)]
        if self.inexact:
            cycles = [self._marked(cycle) for cycle in cycles]
        if not cycles and self.held[-1].target(name) is None:
            return None
        return Clock(name, self._state(name, cycles), tuple(cycles))

    def _marked(self, cycle: Cycle) -> Cycle:
        """Return a cycle that says whether all its instants are known."""
        rests_on = {cycle.started, cycle.stopped, *(at for span in cycle.halts for at in span)}
        return replace(cycle, exact=self.inexact.isdisjoint(at for at in rests_on if at))

    def _state(self, name: ClockName, cycles: list[Cycle]) -> ClockState:
        life = self.lives[-1]
        begun = bool(cycles) and cycles[-1].started >= life.start
        last = cycles[-1].state if begun else ClockState.WAITING
        if last in _LIVE or (begun and name is not ClockName.UPDATE):
            return last
        if life.resolved or self.held[-1].target(name) is None:
            return ClockState.ENDED
        waits = self._pauses(name, life)
        answered = name is ClockName.UPDATE and self._taken(life)[0] is not None
        return ClockState.PAUSED if answered and waits and waits[-1][1] is None else ClockState.WAITING

    def _runs(self, name: ClockName, life: Life) -> Iterator[Run]:
        match name:
            case ClockName.FIRST_RESPONSE:
                yield self._first_response(life)
            case ClockName.NEXT_RESPONSE:
                yield from self._next_responses(life)
            case ClockName.UPDATE:
                yield from self._updates(life)
            case ClockName.RESOLVE:
                halts = merged(self._pauses(name, life), life.done)
                yield Run(name, life.fact, life.start, life.resolved, None, halts)
            case ClockName.ESTIMATE:
                yield from self._estimates(life)

    def _first_response(self, life: Life) -> Run:
        name = ClockName.FIRST_RESPONSE
        stop, _ = self._taken(life)
        # An answer to a ticket that was noted down later was given before it was made.
        stop = max(stop, life.start) if stop else None
        done: list[Span] = [*life.done]
        if stop and life.resolved and life.resolved < stop:
            done.append((life.resolved, None))
        halts = merged(self._pauses(name, life), done)
        return Run(name, life.fact, life.start, stop, life.resolved, halts)

    def _taken(self, life: Life) -> tuple[datetime | None, str]:
        """Return when, and by which fact, a life was first answered, or taken charge of."""
        if life.start not in self.first:
            self.first[life.start] = self._first(life)
        return self.first[life.start]

    def _first(self, life: Life) -> tuple[datetime | None, str]:
        first = next((f for f in self._in(life, self.answers)), None)
        policy = held_at(self.held, life.start).policy
        charge = self._charge(life) if policy and policy.taking_charge else None
        found = min((f for f in (first, charge) if f), key=lambda f: f.by, default=None)
        return (found.by, found.id) if found else (None, "")

    def _charge(self, life: Life) -> Fact | None:
        """Return the fact by which a ticket was both in progress and somebody's."""
        assigned, working = False, False
        for fact in self._in(life, self.facts.told):
            if fact.kind is FactKind.ASSIGNMENT and fact.actor is Actor.PERSON:
                assigned = bool(fact.value)
            elif fact.kind is FactKind.STATUS:
                working = fact.value == Status.IN_PROGRESS
            if assigned and working:
                return fact
        return None

    def _next_responses(self, life: Life) -> Iterator[Run]:
        name, waiting, answered = ClockName.NEXT_RESPONSE, None, False
        talk = [*self._in(life, self.answers), *self._in(life, self.facts.of(FactKind.MESSAGE))]
        done = [*life.done, *([(life.resolved, None)] if life.resolved else [])]
        for fact in sorted(talk, key=lambda f: f.by):
            if fact.kind is FactKind.MESSAGE:
                # What was asked before it was solved went with that; who writes again asks anew.
                if waiting is not None and any(waiting.by < since <= fact.by for since, _ in done):
                    yield from self._response(name, life, waiting, None, done)
                    waiting = None
                waiting = waiting or (fact if answered else None)
                continue
            if waiting is not None:
                yield from self._response(name, life, waiting, fact.by, done)
            answered, waiting = True, None
        if waiting is not None:
            yield from self._response(name, life, waiting, None, done)

    def _response(
        self, name: ClockName, life: Life, asked: Fact, stop: datetime | None, done: list[Span]
    ) -> Iterator[Run]:
        """Yield the run of an answer that is waited for, unless nobody opened the ticket again for it."""
        start = asked.by
        for since, until in done:
            if since <= start and (until is None or start < until):
                if until is None:
                    return
                start = until
        end = next((since for since, _ in done if since > start), None)
        if stop and end and end < stop:
            stop = None
        # A wait for the customer that began before they wrote is over, whatever the tool still says.
        waits = tuple(s for s in self._pauses(name, life) if s[0] >= start)
        yield Run(name, asked.id, start, stop, end, waits)

    def _updates(self, life: Life) -> Iterator[Run]:
        name = ClockName.UPDATE
        first, begun = self._taken(life)
        if first is None:
            return
        # At one instant what goes on comes first, then what was said, then what halts it.
        points = [(f.by, 1, f.id) for f in self._in(life, self.answers)]
        if not any(at == first for at, _, _ in points):
            points.append((first, 1, begun))
        ends = [(life.resolved, None)] if life.resolved else []
        for since, until in merged(self._pauses(name, life), life.done, ends):
            points.append((since, 2, ""))
            if until is not None:
                points.append((until, 0, self._opened(until)))
        started, fact, halted = None, "", False
        for at, what, id in sorted(points):
            if started is not None and at > started:
                stop, end = (at, None) if what == 1 else (None, at)
                yield Run(name, fact, started, stop, end)
            started = None
            halted = what == 2 or (halted and what != 0)
            if not halted and at >= first:
                started, fact = at, id
        if started is not None:
            yield Run(name, fact, started)

    def _opened(self, at: datetime) -> str:
        """Return the id of the fact by which a ticket went on."""
        return next((f.id for f in self.facts.of(FactKind.STATUS) if f.by == at), "")

    def _estimates(self, life: Life) -> Iterator[Run]:
        if not (told := self.facts.of(FactKind.ESTIMATE)):
            return
        promised = list(self._in(life, told))
        for fact, later in zip_longest(promised, promised[1:]):
            start = max(fact.by, life.start)
            target = held_at(self.held, start).target(ClockName.ESTIMATE)
            if target is None or (life.resolved and life.resolved < start):
                continue
            due = end_of(fact.value, target.base)
            if later and (life.resolved is None or later.by < life.resolved):
                yield Run(ClockName.ESTIMATE, fact.id, start, None, later.by, due=due)
            else:
                yield Run(ClockName.ESTIMATE, fact.id, start, life.resolved, due=due)

    def _in(self, life: Life, told: Sequence[Fact]) -> Iterable[Fact]:
        if len(self.lives) == 1:
            return told
        first = life is self.lives[0]
        return (
            f for f in told if (first or f.by >= life.start) and (life.until is None or f.by < life.until)
        )

    def _pauses(self, name: ClockName, life: Life) -> list[Span]:
        """Return when a clock of a life pauses by its policy."""
        if (name, life.start) not in self.halted:
            self.halted[name, life.start] = self._halts(name, life)
        return self.halted[name, life.start]

    def _halts(self, name: ClockName, life: Life) -> list[Span]:
        # Each policy's pauses hold as long as it does: a later one's take no breach back.
        ruled = self._ruled(name)
        if len(ruled) == 1:
            found = self._waits(name, ruled[0][1])
        else:
            ends = [*(since for since, _ in ruled[1:]), None]
            starts = [None, *(since for since, _ in ruled[1:])]
            found = list(
                merged(
                    *(
                        _clipped(self._waits(name, policy), start, end)
                        for start, end, (_, policy) in zip(starts, ends, ruled, strict=True)
                    )
                )
            )
        until = life.until
        if until is None and len(self.lives) == 1:
            return sorted(found, key=lambda span: span[0]) if len(found) > 1 else found
        return [
            (max(since, life.start), end)
            for since, end in sorted(found, key=lambda span: span[0])
            if (end is None or end > life.start) and (until is None or since < until)
        ]

    def _ruled(self, name: ClockName) -> list[tuple[datetime, Policy | None]]:
        """Return since when which policy's pauses hold; where there is none, those of the one before it."""
        row = [(self.held[0].since, self.held[0].policy or self.policy)]
        for one in self.held[1:]:
            last = row[-1][1]
            if one.policy is None or last is None or one.policy is last:
                continue
            if one.policy.pauses.get(name) != last.pauses.get(name) or one.policy.told != last.told:
                row.append((one.since, one.policy))
        return row

    def _waits(self, name: ClockName, policy: Policy | None) -> list[Span]:
        """Return when a clock would pause if one policy had always held."""
        statuses = policy.pauses.get(name) if policy else None
        if policy is None or not statuses:
            return []
        untold = [status for status in statuses if status not in policy.told]
        found = list(self.facts.waiting(*untold)) if untold else []
        for status in statuses & policy.told:
            found += self._told(self.facts.waiting(status))
        return found

    def _told(self, spans: tuple[Span, ...]) -> Iterator[Span]:
        """Yield the parts of waits for others that the customer knew of."""
        for since, until in spans:
            told = next((f.by for f in self.answers if f.by >= since - _TOLD_BEFORE), None)
            if told is not None and (until is None or told < until):
                yield max(since, told), until


def _clipped(spans: Sequence[Span], start: datetime | None, end: datetime | None) -> list[Span]:
    """Return the parts of spans between two instants; None is no limit."""
    found: list[Span] = []
    for since, until in spans:
        first = since if start is None else max(since, start)
        last = until if end is None else end if until is None else min(until, end)
        if last is None or first < last:
            found.append((first, last))
    return found
