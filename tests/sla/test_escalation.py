"""Steps: each once, at its instant, whatever the hub slept through and whatever became known later."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.ticket import Priority, Status, TicketType
from sync.sla.called import Story, called
from sync.sla.clock import amended, clocks
from sync.sla.cycle import Amendment
from sync.sla.escalation import (
    Key,
    Round,
    Taken,
    escalated,
    next_step,
    withdrawn,
)
from sync.sla.facts import Facts
from sync.sla.policy import ClockName, Policy, Target
from sync.sla.steps import Assign, Mark, Note, Notify, Raise, addressee, steps
from tests.sla.stories import answer, at, hours, office, priority, status, ticket, wall

DESK = office("09:00-13:00", "14:00-18:00")
PATH = ("duty", "project_manager", "triage")
STEPS = (
    *steps("50 %", Note("half of it")),
    *steps("80 %", Notify("slack", PATH), Mark("at-risk")),
    *steps("breach", Notify("slack", PATH), Notify("mail", PATH), Raise()),
    *steps("breach + 1h", Assign("duty"), Raise()),
    *steps("every 2h x 3", Notify("mail", PATH)),
)
POLICY = Policy(
    name="standard",
    types=frozenset({TicketType.INCIDENT}),
    assume_type=None,
    assume_priority=Priority.LOW,
    targets={
        Priority.URGENT: {ClockName.RESOLVE: Target(hours(4), DESK)},
        Priority.LOW: {ClockName.RESOLVE: Target(hours(40), DESK)},
    },
    pauses={ClockName.RESOLVE: frozenset({Status.WAITING_ON_VENDOR})},
)
OPEN = ticket("2025-03-03 09:00")
"""Due at 13:00 that Monday; 50 % at 11:00, 80 % at 12:12."""


def asked(
    now: str | datetime, taken: tuple[Taken, ...] = (), facts: Facts = OPEN, rules: Policy = POLICY
) -> Round:
    """What is to be done at an instant."""
    when = at(now) if isinstance(now, str) else now
    return escalated("T1", clocks(facts.until(when), rules), STEPS, taken, when)


def names(found: Round) -> tuple[list[str], list[str]]:
    """The steps that are due, and those that were missed."""
    return [one.key.step for one in found.due], [key.step for key in found.missed]


def done(now: str, *keys: str, **more: object) -> tuple[Taken, ...]:
    """Steps that were taken."""
    taken = (Taken(Key("T1", ClockName.RESOLVE, "created", key), at(now)) for key in keys)
    return tuple(replace(one, **more) for one in taken)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("now", "step"),
    [
        ("2025-03-03 10:59", []),
        ("2025-03-03 11:00", ["50 %"]),
        ("2025-03-03 12:12", ["80 %"]),
        ("2025-03-03 13:00", ["breach"]),
        ("2025-03-03 14:00", ["breach + 1h"]),
        ("2025-03-03 15:00", ["every 2h #1"]),
        ("2025-03-03 19:00", ["every 2h #3"]),
    ],
)
def test_each_at_its_instant(now: str, step: list[str]) -> None:
    """A warning that comes after the breach warns of nothing."""
    assert names(asked(now))[0] == step


def test_after_downtime_only_the_highest_is_taken() -> None:
    """Who comes back to five messages about one ticket reads none of them."""
    found = asked("2025-03-03 14:30")
    assert names(found) == (["breach + 1h"], ["50 %", "80 %", "breach"])
    assert wall(found.due[0].since) == "2025-03-03 14:00"


def test_what_was_taken_or_missed_is_not_taken_again() -> None:
    """Two workers, or one that was killed, would tell everybody twice."""
    first = asked("2025-03-03 14:30")
    taken = (
        *(Taken(one.key, at("2025-03-03 14:30")) for one in first.due),
        *(Taken(key, at("2025-03-03 14:30"), missed=True) for key in first.missed),
    )
    assert asked("2025-03-03 14:59", taken) == Round((), ())
    assert names(asked("2025-03-03 15:00", taken)) == (["every 2h #1"], [])


def test_a_lower_step_after_a_higher_one_is_missed() -> None:
    """A step that comes to light late must not say half of it after the breach was told."""
    found = asked("2025-03-03 13:30", done("2025-03-03 13:00", "breach"))
    assert names(found) == ([], ["50 %", "80 %"])


@given(st.lists(st.integers(0, 900), max_size=12))
def test_however_often_it_is_asked_each_step_is_settled_once(minutes: list[int]) -> None:
    """Inside tools exactly once, and nothing is left behind unsaid."""
    taken: tuple[Taken, ...] = ()
    for offset in [*sorted(minutes), 900]:
        now = OPEN.created + timedelta(minutes=offset)
        found = asked(now, taken)
        assert len(found.due) <= 1
        taken += tuple(Taken(one.key, now) for one in found.due)
        taken += tuple(Taken(key, now, missed=True) for key in found.missed)
    assert len({one.key for one in taken}) == len(taken) == len(STEPS)


def test_nothing_while_paused_and_what_fell_into_it_is_missed() -> None:
    """While the vendor has it nobody can do anything about it."""
    held = (status("2025-03-03 12:30", Status.WAITING_ON_VENDOR), status("2025-03-04 12:00", Status.OPEN))
    facts = replace(OPEN, told=held)
    assert asked("2025-03-03 20:00", facts=facts) == Round((), ())
    assert names(asked("2025-03-04 12:30", facts=facts)) == (["breach"], ["50 %", "80 %"])
    overdue = (status("2025-03-03 13:30", Status.WAITING_ON_VENDOR), status("2025-03-03 14:30", Status.OPEN))
    found = asked(
        "2025-03-03 14:40", done("2025-03-03 13:00", "50 %", "80 %", "breach"), replace(OPEN, told=overdue)
    )
    assert names(found) == ([], ["breach + 1h"])


def test_a_breach_that_the_hub_slept_through_is_told_after_the_pause() -> None:
    """What fell into the pause is missed; with it the breach before it would be, of which nobody knows."""
    held = (status("2025-03-03 13:30", Status.WAITING_ON_VENDOR), status("2025-03-03 14:30", Status.OPEN))
    found = asked("2025-03-03 14:40", facts=replace(OPEN, told=held))
    assert names(found) == (["breach"], ["breach + 1h", "50 %", "80 %"])


def test_the_priority_is_raised_once_in_a_cycle() -> None:
    """Each step that raises it would take a ticket from low to urgent in an afternoon."""
    first = asked("2025-03-03 13:00", done("2025-03-03 12:12", "50 %", "80 %"))
    assert Raise() in first.due[0].actions
    taken = done("2025-03-03 13:00", "50 %", "80 %", "breach", raised=(Priority.LOW, Priority.MEDIUM))
    assert asked("2025-03-03 14:00", taken).due[0].actions == (Assign("duty"),)


def test_late_by_change_takes_only_the_highest_and_says_so() -> None:
    """Raised after the breach: one message, which says that it could not have come earlier."""
    told = (priority("2025-03-03 15:00", Priority.URGENT),)
    facts = replace(OPEN, told=told, priority=Priority.LOW)
    found = asked("2025-03-03 15:00", facts=facts)
    assert names(found) == (["breach"], ["50 %", "80 %"])
    assert found.due[0].late_by_change
    assert wall(found.due[0].since) == "2025-03-03 15:00"
    assert names(asked("2025-03-03 16:00", done("2025-03-03 15:00", "50 %", "80 %", "breach"), facts)) == (
        ["breach + 1h"],
        [],
    )


def test_before_enforcement_nothing_is_escalated() -> None:
    """On the day the desk begins, a hundred old tickets must not wake everybody."""
    rules = replace(POLICY, enforce_from=at("2025-03-03 12:30"))
    assert names(asked("2025-03-03 12:20", rules=rules)) == ([], [])
    assert names(asked("2025-03-03 13:00", rules=rules)) == (["breach"], [])


def test_waived_is_not_escalated() -> None:
    """A person has said that it does not matter."""
    word = Amendment("waived", "Kim", "agreed by phone", at("2025-03-03 10:00"))
    found = [amended(c, "created", word) for c in clocks(OPEN, POLICY)]
    assert escalated("T1", found, STEPS, (), at("2025-03-03 14:00")) == Round((), ())


def test_withdrawn_when_a_late_fact_says_otherwise() -> None:
    """It was solved at noon, which the tool told of in the evening: the breach was none."""
    taken = done("2025-03-03 13:00", "50 %", "80 %", "breach")
    assert withdrawn("T1", OPEN, POLICY, STEPS, taken) == ()
    late = replace(OPEN, told=(status("2025-03-03 12:00", Status.RESOLVED),))
    assert [one.key.step for one in withdrawn("T1", late, POLICY, STEPS, taken)] == ["50 %", "80 %", "breach"]
    after = replace(OPEN, told=(status("2025-03-03 13:30", Status.RESOLVED), answer("2025-03-03 13:40")))
    assert withdrawn("T1", after, POLICY, STEPS, taken) == ()


def test_a_lower_priority_withdraws_nothing() -> None:
    """What was right when it was done is not taken back because the ticket was eased later."""
    eased = replace(OPEN, told=(priority("2025-03-03 13:30", Priority.LOW),))
    assert withdrawn("T1", eased, POLICY, STEPS, done("2025-03-03 13:00", "breach")) == ()


def test_the_path_goes_on_until_somebody_owns_it() -> None:
    """The same person is told once; then the next one, and from an owner on only the owner."""
    assert [addressee(PATH, told, None) for told in range(4)] == [
        "duty",
        "project_manager",
        "triage",
        "triage",
    ]
    assert addressee(PATH, 0, "Kim") == "Kim"
    taken = done("2025-03-03 12:12", "50 %", "80 %", notified=True)
    assert asked("2025-03-03 13:00", taken).due[0].told == 2


def test_the_next_step_is_known() -> None:
    """The hub sleeps until then: without a scan over all tickets."""
    moments, now = [], OPEN.created
    while (following := next_step(clocks(OPEN, POLICY), STEPS, now)) is not None:
        moments.append(wall(following))
        now = following
    assert [m[-5:] for m in moments if m] == ["11:00", "12:12", "13:00", "14:00", "15:00", "17:00", "19:00"]


@pytest.mark.parametrize(
    "text", ["", "0 %", "100 %", "breach - 1h", "breach + 0h", "every 1h", "every 1h x 0", "soon"]
)
def test_other_moments_are_refused(text: str) -> None:
    """A step that nobody understands would never be taken."""
    with pytest.raises(ValueError, match="write"):
        steps(text)


def test_a_step_is_for_its_policy_and_clocks_alone() -> None:
    """A customer with two policies would have one ticket escalated by the rules of the other."""
    both = (
        *(replace(s, policies=frozenset({"gold"})) for s in steps("80 %", Note("gold"), Mark("gold"))),
        *(replace(s, policies=frozenset({"standard"})) for s in steps("80 %", Note("ours"), Mark("ours"))),
        *(replace(s, clocks=frozenset({ClockName.UPDATE})) for s in steps("50 %", Mark("update"))),
    )
    now = at("2025-03-03 12:30")
    story = Story("T1", OPEN, POLICY, clocks(OPEN, POLICY), None)
    found = called(story, both, (), now)
    assert found is not None
    assert [(one.key.step, one.actions) for one in found.round.due] == [
        ("80 %", (Note("ours"), Mark("ours")))
    ]
    assert list(found.actions(found.round.due[0].key)) == [Note("ours"), Mark("ours")]
    assert found.labels == {"ours"}
    assert found.marks == {"ours", "gold", "update"}
    again = called(story, both, done("2025-03-03 12:30", "80 %"), now)
    assert again is not None
    assert (again.round.due, again.withdrawn, again.labels) == ((), (), frozenset({"ours"}))
