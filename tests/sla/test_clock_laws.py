"""The clocks, held against somebody who watches the ticket and counts every minute."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mappings.ticket import Priority, SlaState, Status
from sync.sla.calendar import Calendar
from sync.sla.clock import Clock, clocks
from sync.sla.cycle import ClockState
from sync.sla.facts import Fact, FactKind, Facts
from sync.sla.policy import PAUSES, ClockName, Policy, Target
from tests.sla.stories import ROME, at, frames, office

MINUTE = timedelta(minutes=1)
START = at("2025-03-28 15:00")
"""A Friday; clocks change on Sunday, and Monday is the town's feast."""
DESK = office("09:00-11:00", "14:00-17:00", holidays="2025-03-31")
LENGTHS = {
    ClockName.FIRST_RESPONSE: 40,
    ClockName.NEXT_RESPONSE: 50,
    ClockName.UPDATE: 70,
    ClockName.RESOLVE: 200,
}
HALTS = {
    ClockName.FIRST_RESPONSE: set[Status](),
    ClockName.NEXT_RESPONSE: {Status.WAITING_ON_CUSTOMER},
    ClockName.UPDATE: {Status.WAITING_ON_CUSTOMER},
    ClockName.RESOLVE: {Status.WAITING_ON_CUSTOMER, Status.WAITING_ON_VENDOR},
}
POLICY = Policy(
    name="all",
    types=frozenset(),
    assume_type=None,
    assume_priority=Priority.MEDIUM,
    targets={word: {name: Target(n * MINUTE, DESK) for name, n in LENGTHS.items()} for word in Priority},
    pauses={**PAUSES, ClockName.RESOLVE: frozenset(HALTS[ClockName.RESOLVE])},
    reopen_days=400,
)
STEPS = st.lists(
    st.tuples(
        st.integers(1, 1500),
        st.sampled_from(["answer", "message", *(s for s in Status if s is not Status.CLOSED)]),
    ),
    max_size=9,
)


def told(steps: list[tuple[int, str]]) -> Facts:
    """The facts of a ticket whose acts are so many minutes apart."""
    when, row = START, list[Fact]()
    for number, (minutes, what) in enumerate(steps):
        when += minutes * MINUTE
        kind = FactKind(what) if what in ("answer", "message") else FactKind.STATUS
        row.append(Fact(kind, str(number) if kind is not FactKind.STATUS else what, when, when))
    return Facts(START, tuple(row), Priority.MEDIUM)


def working(calendar: Calendar, when: datetime) -> bool:
    """Whether the desk works by the clock on the wall; no frame is near the change of time."""
    wall = when.astimezone(calendar.zone)
    day = () if wall.date() in calendar.holidays else calendar.week[wall.weekday()]
    return any(frame.start <= wall.time() < frame.end for frame in day)


@dataclass
class Watcher:
    """Somebody who holds one stopwatch and looks at the ticket every minute."""

    name: ClockName
    counted: int = 0
    runs: bool = False
    over: list[bool] = field(default_factory=list)
    """Of each run that was stopped, whether it had run out."""
    status: str = Status.OPEN
    answered: bool = False
    since_done: datetime | None = None

    def begin(self) -> None:
        """The stopwatch begins anew."""
        self.runs, self.counted = True, 0

    def stop(self) -> None:
        """What was promised was done."""
        if self.runs:
            self.over.append(self.counted > LENGTHS[self.name])
        self.runs = False

    def sees(self, fact: Fact) -> None:
        """Something happens at this minute."""
        match fact.kind:
            case FactKind.ANSWER:
                self.answer()
            case FactKind.MESSAGE:
                asks = self.name is ClockName.NEXT_RESPONSE and self.answered and not self.runs
                if asks and self.since_done is None:
                    self.begin()
                    # Who writes is not waited for any more, whatever the tool still says.
                    self.status = Status.OPEN if self.status in HALTS[self.name] else self.status
            case _:
                self.becomes(Status(fact.value), fact.by)

    def answer(self) -> None:
        """Staff answers in public."""
        first, self.answered = not self.answered, True
        if (self.name is ClockName.FIRST_RESPONSE and first) or self.name is ClockName.NEXT_RESPONSE:
            self.stop()
        if self.name is ClockName.UPDATE:
            self.stop()
            if self.since_done is None and self.status not in HALTS[self.name]:
                self.begin()

    def becomes(self, status: Status, when: datetime) -> None:
        """The ticket comes to a status."""
        before, self.status = self.status, status
        if self.name is ClockName.UPDATE:
            halted, halts = (s in HALTS[self.name] or Status(s).done for s in (before, status))
            if halts and self.runs:
                self.runs = False
                if self.counted > LENGTHS[self.name]:
                    self.over.append(True)
            if halted and not halts and self.answered:
                self.begin()
        self.since_done = (self.since_done or when) if status.done else None

    def minute(self, when: datetime) -> None:
        """A minute passes."""
        if (
            self.runs
            and working(DESK, when)
            and self.status not in HALTS[self.name]
            and self.since_done is None
        ):
            self.counted += 1


def watched(name: ClockName, facts: Facts, end: datetime) -> Watcher:
    """What a watcher says at an instant who was there from the beginning."""
    who, when, rest = Watcher(name), START, list(facts.told)
    if name in (ClockName.FIRST_RESPONSE, ClockName.RESOLVE):
        who.begin()
    while True:
        while rest and rest[0].by <= when:
            who.sees(rest.pop(0))
        if when >= end:
            return who
        who.minute(when)
        when += MINUTE


def one(facts: Facts, name: ClockName) -> Clock:
    """One clock of a ticket."""
    return next(c for c in clocks(facts, POLICY) if c.name is name)


@given(
    STEPS.filter(lambda steps: not any(what == Status.RESOLVED for _, what in steps)),
    st.sampled_from(sorted(LENGTHS)),
    st.integers(0, 6000),
)
def test_elapsed_is_what_is_counted(steps: list[tuple[int, str]], name: ClockName, minutes: int) -> None:
    """At whatever minute it is asked, a clock must show what somebody counted who watched all the time."""
    now = START + minutes * MINUTE
    facts = told(steps).until(now)
    found, who = one(facts, name), watched(name, facts, now)
    if who.runs and found.cycle is not None:
        assert found.elapsed(now) == who.counted * MINUTE
        assert found.remaining(now) == (LENGTHS[name] - who.counted) * MINUTE
        overdue = who.counted >= LENGTHS[name]
        halted = who.status in HALTS[name]
        assert (found.state is ClockState.PAUSED) == halted
        if not halted:
            assert (found.due is not None and found.due <= now) == overdue
    else:
        assert found.state is not ClockState.RUNNING, "nobody holds a stopwatch"


@given(STEPS, st.sampled_from([ClockName.FIRST_RESPONSE, ClockName.UPDATE]))
def test_what_was_missed_is_what_ran_out(steps: list[tuple[int, str]], name: ClockName) -> None:
    """A report of kept and broken promises must agree with somebody who was there."""
    facts = told(steps)
    end = facts.told[-1].by + MINUTE if facts.told else START
    who = watched(name, facts, end)
    if name is ClockName.FIRST_RESPONSE and who.since_done and who.runs and who.counted > LENGTHS[name]:
        who.stop()  # it was solved without a word, and too late for one
    settled = [c.state is ClockState.MISSED for c in one(facts, name).cycles if c.state in _SETTLED]
    assert settled == who.over


_SETTLED = (ClockState.MET, ClockState.MISSED)


@given(STEPS, st.permutations(range(9)))
def test_the_order_in_which_facts_are_learned_does_not_matter(
    steps: list[tuple[int, str]], order: list[int]
) -> None:
    """Late facts are put where they belong: two hubs that learned them otherwise give the same answer."""
    facts = told(steps)
    learned = [facts.told[n] for n in order if n < len(facts.told)]
    again = replace(facts, told=tuple(sorted(learned, key=lambda f: f.by)))
    assert clocks(again, POLICY) == clocks(facts, POLICY)


@given(STEPS, st.integers(0, 6000), st.integers(1, 6000))
def test_the_answer_changes_only_when_it_says(steps: list[tuple[int, str]], minutes: int, more: int) -> None:
    """The hub sleeps until the next instant that a clock names: nothing may change before it unseen."""
    now = START + minutes * MINUTE
    for clock in clocks(told(steps).until(now), POLICY):
        following = clock.changes(now)
        later = now + more * MINUTE
        if following is None or later < following:
            assert clock.sla(later) is clock.sla(now)
        else:
            assert clock.sla(following) is not clock.sla(now)


@given(STEPS, st.sampled_from([*Priority]), st.integers(1, 3000))
def test_a_breach_stays_recorded(steps: list[tuple[int, str]], word: Priority, minutes: int) -> None:
    """Whatever is changed afterwards, a promise that was broken stays broken."""
    easy = {name: Target(10 * target.duration, target.base) for name, target in POLICY.targets[word].items()}
    rules = replace(POLICY, targets={**POLICY.targets, Priority.LOW: easy})
    facts = told(steps)
    end = facts.told[-1].by if facts.told else START
    later = end + minutes * MINUTE
    changed = replace(facts, told=(*facts.told, Fact(FactKind.PRIORITY, "low", later, later)))
    for clock in clocks(facts, rules):
        was_broken = clock.cycle is not None and clock.sla(later) is SlaState.BREACHED
        after = next(c for c in clocks(changed, rules) if c.name is clock.name)
        if was_broken and clock.due is not None and clock.due < later:
            assert after.cycle is not None
            assert after.cycle.breached is not None


def test_the_frames_are_clear_of_the_change_of_time() -> None:
    """Else this counter would be wrong where it is meant to be the plainest one there is."""
    assert DESK.week[6] == ()
    assert frames("09:00-11:00")[0].start.hour > 4
    assert DESK.zone == ROME
