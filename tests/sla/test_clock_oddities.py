"""Tickets to which anything happens, in any order: the clocks answer, and never contradict themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from mappings.ticket import Priority, Status, TicketType
from sync.sla.calendar import Elapsed
from sync.sla.clock import clocks
from sync.sla.cycle import ClockState, Cycle
from sync.sla.facts import Actor, Fact, FactKind, Facts
from sync.sla.ledger import ledger
from sync.sla.policy import PAUSES, ClockName, OnChange, Policy, Rulebook, Target, in_days
from tests.sla.stories import ROME, at, office

MINUTE = timedelta(minutes=1)
START = at("2025-03-27 15:00")
DESK = office("09:00-13:00", "14:00-18:00", holidays="2025-03-31")
VALUES = {
    FactKind.STATUS: [*Status],
    FactKind.PRIORITY: ["", *Priority],
    FactKind.TYPE: ["", *TicketType],
    FactKind.CUSTOMER: ["acme", "globex"],
    FactKind.TIER: ["gold", "basic"],
    FactKind.ASSIGNMENT: ["", "Kim"],
    FactKind.ESTIMATE: ["2025-04-02", "2025-03-30", "2025-04-01T12:00:00+00:00"],
    FactKind.WANTED: ["2025-04-02"],
}
ACTS = st.sampled_from([*FactKind]).flatmap(
    lambda kind: st.tuples(
        st.integers(0, 4000),
        st.just(kind),
        st.sampled_from(VALUES.get(kind, ["1", "2", "3"])),
        st.sampled_from([0, 0, 0, 300]),
        st.sampled_from([Actor.PERSON, Actor.PERSON, Actor.HUB, Actor.MACHINE]),
    )
)
TARGETS = {
    ClockName.FIRST_RESPONSE: Target(timedelta(hours=1), DESK),
    ClockName.NEXT_RESPONSE: Target(timedelta(hours=20), Elapsed(), due_in=DESK),
    ClockName.UPDATE: in_days(1, DESK),
    ClockName.RESOLVE: Target(timedelta(hours=9), DESK),
    ClockName.ESTIMATE: Target(timedelta(0), DESK),
}


def policy(name: str, change: OnChange, factor: int = 1) -> Policy:
    """Targets of all five clocks, longer where it is less urgent."""
    targets = {
        word: {n: replace(t, duration=t.duration * factor * number) for n, t in TARGETS.items()}
        for number, word in enumerate(reversed(Priority), 1)
    }
    pauses = {**PAUSES, ClockName.RESOLVE: frozenset({Status.WAITING_ON_VENDOR, Status.WAITING_ON_CUSTOMER})}
    told = frozenset({Status.WAITING_ON_VENDOR})
    faults = frozenset({TicketType.BUG, TicketType.INCIDENT, TicketType.REQUEST})
    made = Policy(name, faults, TicketType.BUG, Priority.MEDIUM, targets, pauses=pauses, told=told)
    return replace(made, on_change=change, reopen_days=1, on_project="project", taking_charge=True)


def rules(change: OnChange) -> Rulebook:
    """A customer's own policy, that of a tier, a general one which is edited on the way, and a project's."""
    own = replace(policy("own", change, 2), customers=frozenset({"acme"}))
    gold = replace(policy("gold", change), tiers=frozenset({"gold"}))
    project = replace(policy("project", change, 9), priorities=frozenset({Priority.URGENT}))
    later = replace(policy("general", change, 3), reopen_days=9)
    before = (own, gold, policy("general", change), project)
    return Rulebook(before, ((START + timedelta(days=2), (own, gold, later, project)),))


stories = st.lists(ACTS, max_size=14).map(
    lambda acts: Facts(
        START,
        tuple(
            sorted(
                (
                    Fact(
                        kind, str(value), START + (minutes - vague) * MINUTE, START + minutes * MINUTE, actor
                    )
                    for minutes, kind, value, vague, actor in acts
                ),
                key=lambda fact: fact.by,
            )
        ),
        Priority.HIGH,
        TicketType.BUG,
        "globex",
        "basic",
    )
)


def sound(cycle: Cycle) -> None:
    """What is true of every cycle."""
    over = cycle.stopped
    assert over is None or over >= cycle.started
    assert (over is None) == (cycle.state in (ClockState.RUNNING, ClockState.PAUSED))
    assert cycle.state is not ClockState.MISSED or cycle.breached is not None
    assert cycle.state is not ClockState.MET or cycle.breached is None
    if cycle.state is ClockState.RUNNING:
        assert cycle.due is not None
        assert cycle.at_risk is not None
    for start, end in cycle.halts:
        assert end is None or start <= end


@given(stories, st.sampled_from(OnChange), st.integers(0, 9000))
def test_whatever_happens_clocks_answer_and_agree(facts: Facts, change: OnChange, minutes: int) -> None:
    """One odd ticket must not stop the clocks of all others, nor be told two things at once."""
    now = START + minutes * MINUTE
    view = facts.until(now)
    found = clocks(view, rules(change))
    assert len({clock.name for clock in found}) == len(found)
    for clock in found:
        assert [c.started for c in clock.cycles] == sorted(c.started for c in clock.cycles)
        for cycle in clock.cycles:
            sound(cycle)
            assert ledger(cycle, now, ROME).split("= ")[-1]
            if cycle.target.due_in is None:
                assert cycle.elapsed(now) + cycle.remaining(now) == cycle.budget
        live = [c for c in clock.cycles if c.stopped is None]
        assert len(live) <= 1, "two runs of one clock at once would escalate twice"
        assert not live or clock.cycle is live[0]
        if clock.state is ClockState.RUNNING:
            assert clock.changes(now) is None or clock.changes(now) > now  # type: ignore[operator]


def retyped(*types: TicketType) -> Facts:
    """A bug that comes to be of other types, hour by hour."""
    told = (
        Fact(FactKind.TYPE, word.value, START + number * 60 * MINUTE, START + number * 60 * MINUTE)
        for number, word in enumerate(types, 1)
    )
    return Facts(START, tuple(told), Priority.HIGH, TicketType.BUG, "globex", "basic")


@given(stories, st.sampled_from(OnChange))
@example(retyped(TicketType.QUESTION, TicketType.BUG), OnChange.CARRY_OVER)
@example(retyped(TicketType.QUESTION, TicketType.BUG), OnChange.RESTART)
def test_ids_of_cycles_are_their_own(facts: Facts, change: OnChange) -> None:
    """A step is taken once for each cycle: two of one id would share their escalations."""
    facts = replace(facts, told=tuple({fact.id: fact for fact in facts.told}.values()))
    facts = replace(facts, told=tuple(sorted(facts.told, key=lambda f: f.by)))
    for clock in clocks(facts, rules(change)):
        ids = [c.fact for c in clock.cycles]
        assert len(set(ids)) == len(ids)
