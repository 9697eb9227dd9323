"""What happens at desks that no table of hours foresees, each worked out by hand on a calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from mappings.ticket import Audience, Priority, Ref, SlaState, Status, TicketType
from sync.rules import Publish
from sync.sla.calendar import Elapsed, Versions
from sync.sla.clock import amended, assumed, clocks
from sync.sla.cycle import Amendment, ClockState
from sync.sla.facts import Actor, Fact, FactKind
from sync.sla.ledger import ledger
from sync.sla.policy import PAUSES, ClockName, OnChange, Policy, Rulebook, Target
from sync.sla.presets import three_levels
from sync.sla.promise import most_urgent, promises
from sync.sla.wanted import notice
from tests.sla.stories import (
    ROME,
    answer,
    at,
    clock,
    fact,
    frames,
    hours,
    message,
    office,
    priority,
    status,
    ticket,
    wall,
)
from tests.sync.world import World

DESK = office("09:00-13:00", "14:00-18:00")
FIRST, NEXT, UPDATE, RESOLVE, ESTIMATE = ClockName


def promise(first: float, update: float, resolve: float) -> dict[ClockName, Target]:
    """Working hours of the desk for three clocks, and estimates."""
    return {
        FIRST: Target(hours(first), DESK),
        NEXT: Target(hours(update), DESK),
        UPDATE: Target(hours(update), DESK),
        RESOLVE: Target(hours(resolve), DESK),
        ESTIMATE: Target(hours(0), DESK),
    }


POLICY = Policy(
    name="standard",
    types=frozenset({TicketType.INCIDENT, TicketType.BUG}),
    assume_type=TicketType.INCIDENT,
    assume_priority=Priority.LOW,
    targets={Priority.URGENT: promise(1, 2, 4), Priority.LOW: promise(8, 8, 40)},
    pauses={**PAUSES, RESOLVE: frozenset({Status.WAITING_ON_CUSTOMER, Status.WAITING_ON_VENDOR})},
)
# 3 March 2025 is a Monday.


def test_priority_raised_after_breach() -> None:
    """Raised when the new promise is long broken: it is broken at once, said to be late by the change."""
    told = ticket("2025-03-03 09:00", priority("2025-03-03 15:00", Priority.URGENT), priority=Priority.LOW)
    found = clock(told, POLICY, RESOLVE)
    assert found.cycle is not None
    assert wall(found.due) == "2025-03-03 13:00", "four working hours from the beginning"
    assert wall(found.cycle.breached) == wall(found.cycle.late_by_change) == "2025-03-03 15:00"
    assert found.sla(at("2025-03-03 15:00")) is SlaState.BREACHED
    before = clock(told.until(at("2025-03-03 14:59")), POLICY, RESOLVE)
    assert before.sla(at("2025-03-03 14:59")) is SlaState.ON_TRACK


def test_a_breach_is_never_taken_back() -> None:
    """Lowering the priority would otherwise be the way to keep every promise."""
    told = ticket(
        "2025-03-03 09:00",
        priority("2025-03-03 15:00", Priority.LOW),
        status("2025-03-03 16:00", Status.RESOLVED),
    )
    found = clock(told, POLICY, RESOLVE)
    assert found.cycle is not None
    assert (wall(found.due), wall(found.cycle.breached)) == ("2025-03-07 18:00", "2025-03-03 13:00")
    assert found.state is ClockState.MISSED
    assert found.cycle.why == ("priority: low",)


def test_a_change_in_time_carries_over() -> None:
    """Two hours are used up: of eight there are six left."""
    told = ticket("2025-03-03 09:00", priority("2025-03-03 11:00", Priority.LOW))
    found = clock(told, POLICY, FIRST)
    assert found.cycle is not None
    assert wall(found.due) == "2025-03-03 18:00"
    assert found.cycle.breached is not None, "the first hour had passed before"
    early = ticket("2025-03-03 09:00", priority("2025-03-03 09:30", Priority.LOW))
    kept = clock(early, POLICY, FIRST)
    assert kept.cycle is not None
    assert (wall(kept.due), kept.cycle.breached) == ("2025-03-03 18:00", None)
    assert kept.remaining(at("2025-03-03 11:00")) == hours(6)


def test_a_change_restarts() -> None:
    """Where it was agreed so, the new promise begins with the change, and the old one ends."""
    rules = replace(POLICY, on_change=OnChange.RESTART)
    told = ticket("2025-03-03 09:00", priority("2025-03-03 15:00", Priority.URGENT), priority=Priority.LOW)
    found = clock(told, rules, RESOLVE)
    assert [c.state for c in found.cycles] == [ClockState.ENDED, ClockState.RUNNING]
    assert wall(found.due) == "2025-03-04 10:00"
    assert found.cycles[1].fact == told.told[0].id


def test_a_change_is_for_later_cycles_only() -> None:
    """Where it was agreed so, what runs keeps its target, and the next one has the new one."""
    rules = replace(POLICY, on_change=OnChange.ONLY_LATER)
    told = ticket(
        "2025-03-03 09:00",
        answer("2025-03-03 09:30"),
        priority("2025-03-03 10:00", Priority.LOW),
        answer("2025-03-03 10:30"),
    )
    assert wall(clock(told, rules, RESOLVE).due) == "2025-03-03 13:00"
    assert wall(clock(told, rules, UPDATE).due) == "2025-03-04 10:30"


def test_reopened_after_a_month() -> None:
    """It begins anew: the month in which it was solved counts for nobody, and what was kept stays kept."""
    told = ticket(
        "2025-03-03 09:00",
        answer("2025-03-03 09:30"),
        status("2025-03-03 11:00", Status.RESOLVED),
        status("2025-04-03 10:00", Status.OPEN),
    )
    found = clock(told, POLICY, RESOLVE)
    assert [c.state for c in found.cycles] == [ClockState.MET, ClockState.RUNNING]
    assert (wall(found.started), wall(found.due)) == ("2025-04-03 10:00", "2025-04-03 15:00")
    assert found.cycles[1].fact.startswith("status:open@2025-04-03")
    first = clock(told, POLICY, FIRST)
    assert ([c.state for c in first.cycles], wall(first.due)) == (
        [ClockState.MET, ClockState.RUNNING],
        "2025-04-03 11:00",
    )
    assert clock(told, POLICY, UPDATE).state is ClockState.WAITING


def test_reopened_within_days_goes_on() -> None:
    """Solved too early: two hours were used up, and the night it was solved over does not count."""
    told = ticket(
        "2025-03-03 09:00",
        answer("2025-03-03 09:30"),
        status("2025-03-03 11:00", Status.RESOLVED),
        status("2025-03-04 10:00", Status.OPEN),
    )
    found = clock(told, POLICY, RESOLVE)
    assert len(found.cycles) == 1
    assert (wall(found.started), wall(found.due)) == ("2025-03-03 09:00", "2025-03-04 12:00")
    assert clock(told, POLICY, FIRST).state is ClockState.MET


def test_calendar_edited() -> None:
    """The desk works through lunch from Tuesday on: Monday's lunch stays free, Tuesday's counts."""
    since, later = at("2025-03-04 00:00"), office("09:00-18:00")
    edited = Versions("desk", DESK, ((since, later),))
    rules = replace(POLICY, targets={Priority.URGENT: {RESOLVE: Target(hours(12), edited)}})
    found = clock(ticket("2025-03-03 10:00"), rules, RESOLVE)
    assert wall(found.due) == "2025-03-04 14:00", "seven hours on Monday, five on Tuesday"
    plain = replace(POLICY, targets={Priority.URGENT: {RESOLVE: Target(hours(12), DESK)}})
    assert wall(clock(ticket("2025-03-03 10:00"), plain, RESOLVE).due) == "2025-03-04 15:00"


def test_policy_edited() -> None:
    """An edit acts on what begins after it: what was promised before is not shortened."""
    stricter = replace(POLICY, targets={Priority.URGENT: promise(0.5, 1, 2)})
    rules = Rulebook((POLICY,), ((at("2025-03-03 12:00"), (stricter,)),))
    assert wall(clock(ticket("2025-03-03 09:00"), rules, RESOLVE).due) == "2025-03-03 13:00"
    assert wall(clock(ticket("2025-03-03 12:00"), rules, FIRST).due) == "2025-03-03 12:30"


def test_pauses_of_a_later_policy_take_no_breach_back() -> None:
    """What was promised without a pause was broken; that another policy would have waited changes nothing."""
    plain = replace(POLICY, pauses={})
    edited = Rulebook((plain,), ((at("2025-03-05 00:00"), (POLICY,)),))
    told = ticket(
        "2025-03-03 09:00",
        status("2025-03-03 10:00", Status.WAITING_ON_CUSTOMER),
        status("2025-03-04 12:00", Status.OPEN),
        priority("2025-03-05 10:00", Priority.LOW),
        status("2025-03-05 12:00", Status.WAITING_ON_CUSTOMER),
    )
    before = clock(told.until(at("2025-03-04 18:00")), edited, RESOLVE)
    assert (wall(before.due), before.sla(at("2025-03-04 18:00"))) == ("2025-03-03 13:00", SlaState.BREACHED)
    found = clock(told, edited, RESOLVE)
    assert found.cycle is not None
    assert wall(found.cycle.breached) == "2025-03-03 13:00"
    assert found.elapsed(at("2025-03-07 18:00")) == hours(19), (
        "Monday and Tuesday in full, Wednesday until 12"
    )
    assert found.state is ClockState.PAUSED, "the new policy waits for the customer"


def test_holiday_added_late() -> None:
    """The town's feast is entered that morning: who was due in it is due the day after, from then on."""
    added = replace(DESK, holidays=frozenset({date(2025, 3, 4)}))
    edited = Versions("desk", DESK, ((at("2025-03-04 09:30"), added),))
    rules = replace(POLICY, targets={Priority.URGENT: {RESOLVE: Target(hours(2), edited)}})
    found = clock(ticket("2025-03-03 17:00"), rules, RESOLVE)
    assert wall(found.due) == "2025-03-05 09:30", "an hour on Monday, half of one before it was entered"


def test_friday_17_59_30_in_another_zone() -> None:
    """Thirty seconds before closing in New York, which is midnight in Rome: the rest is on Monday there."""
    new_york = ZoneInfo("America/New_York")
    desk = office("09:00-18:00", name="new york", zone=new_york)
    rules = replace(POLICY, targets={Priority.URGENT: {FIRST: Target(hours(1), desk)}})
    # On Sunday the ninth New York changes to summer time; Rome does not yet.
    found = clock(ticket("2025-03-07 17:59:30", zone=new_york), rules, FIRST)
    assert wall(found.started) == "2025-03-07 23:59:30"
    assert wall(found.due, new_york) == "2025-03-10 09:59:30"
    assert wall(found.due) == "2025-03-10 14:59:30"
    assert found.elapsed(at("2025-03-09 12:00")) == timedelta(seconds=30)


def test_waiting_during_cadence() -> None:
    """While the customer is asked no word is due; going on starts a full interval."""
    told = ticket(
        "2025-03-03 09:00",
        answer("2025-03-03 09:30"),
        status("2025-03-03 10:00", Status.WAITING_ON_CUSTOMER),
        status("2025-03-04 10:00", Status.IN_PROGRESS),
    )
    waiting = clock(told.until(at("2025-03-03 20:00")), POLICY, UPDATE)
    assert (waiting.state, waiting.due, waiting.changes(at("2025-03-03 20:00"))) == (
        ClockState.PAUSED,
        None,
        None,
    )
    found = clock(told, POLICY, UPDATE)
    assert (wall(found.started), wall(found.due)) == ("2025-03-04 10:00", "2025-03-04 12:00")
    assert [c.state for c in found.cycles] == [ClockState.ENDED, ClockState.RUNNING]


def test_still_investigating_is_an_update() -> None:
    """Each public word restarts the cadence; every interval is kept or missed by itself."""
    told = ticket(
        "2025-03-03 09:00",
        answer("2025-03-03 09:30"),
        answer("2025-03-03 11:30"),
        answer("2025-03-03 15:30"),
        status("2025-03-03 16:00", Status.RESOLVED),
    )
    found = clock(told, POLICY, UPDATE)
    assert [c.state for c in found.cycles] == [ClockState.MET, ClockState.MISSED, ClockState.ENDED]
    assert found.state is ClockState.ENDED


def test_sides_disagree_on_the_first_answer(tmp_path: Path) -> None:
    """A developer's answer counts when the customer could read it: the origin and its copy are one fact."""
    hour = timedelta(hours=1)
    promised = {FIRST: Target(hour, Elapsed()), NEXT: Target(hour, Elapsed())}
    policy = Policy(
        "standard",
        frozenset(),
        None,
        Priority.LOW,
        dict.fromkeys(Priority, promised),
    )
    rule = Publish(sign="!public", sender="Support", connections=frozenset({"jira"}))
    world = World(tmp_path, policy=policy, rules={"publish": rule, "may_mail": frozenset({"desk"})})
    try:
        key = world.opened()
        world.sync()
        world.wait(minutes=50)
        world.jira.comment(world.only("jira").key, "!public It is the fuse", audience=Audience.STAFF)
        world.wait(minutes=20)  # nothing ran meanwhile
        world.sync()
        copied = world.at
        world.wait(minutes=2)
        world.sync()
        served = world.store.served.ticket(Ref("desk", key))
        assert served is not None
        found = clock(served.facts, policy, FIRST)
        assert (found.state, found.cycles[0].stopped) == (ClockState.MISSED, copied), "not 50 minutes"
        assert len(served.facts.of(FactKind.ANSWER)) == 1
        assert clock(served.facts, policy, NEXT).cycles == ()
    finally:
        world.close()


def test_shared_bug() -> None:
    """Two customers' tickets rest on one issue: it shows what is due first, and the worst state."""
    now = at("2025-03-03 12:55")
    urgent, low = ticket("2025-03-03 09:00", answer("2025-03-03 09:10")), ticket("2025-03-03 08:00")
    low = replace(low, priority=Priority.LOW)
    shown = [promises(one, POLICY, clocks(one, POLICY), ROME, now) for one in (low, urgent)]
    together = most_urgent([one for one in shown if one])
    assert together is not None
    assert wall(together.next) == "2025-03-03 11:10", "the urgent one's word, which is late"
    assert together.state is SlaState.BREACHED
    assert shown[0] is not None
    assert shown[0].state is SlaState.ON_TRACK


def test_late_fact() -> None:
    """An answer that a tool told of days later counts when it was given, as if it had always been known."""
    late = answer("2025-03-03 09:45")
    without = ticket("2025-03-03 09:00", answer("2025-03-04 09:00"))
    known = ticket("2025-03-03 09:00", answer("2025-03-04 09:00"), late)
    assert clock(without, POLICY, FIRST).state is ClockState.MISSED
    assert clock(known, POLICY, FIRST).state is ClockState.MET
    assert clocks(known, POLICY) == clocks(
        ticket("2025-03-03 09:00", late, answer("2025-03-04 09:00")), POLICY
    )


def test_what_is_not_known_exactly_is_marked() -> None:
    """A customer is told which figures rest on what was only found at the next look."""
    seen = Fact(FactKind.STATUS, "resolved", at("2025-03-03 10:00"), at("2025-03-03 10:05"))
    vague, exact = ticket("2025-03-03 09:00", seen), ticket("2025-03-03 09:00", answer("2025-03-03 09:30"))
    assert not clock(vague, POLICY, RESOLVE).exact
    assert clock(exact, POLICY, RESOLVE).exact
    assert wall(clock(vague, POLICY, RESOLVE).cycles[0].stopped) == "2025-03-03 10:05"


def test_next_response() -> None:
    """A customer who asks again is owed an answer; their second message does not postpone it."""
    told = ticket(
        "2025-03-03 09:00",
        message("2025-03-03 09:05"),
        answer("2025-03-03 09:30"),
        message("2025-03-03 10:00"),
        message("2025-03-03 11:00"),
    )
    found = clock(told, POLICY, NEXT)
    assert (wall(found.started), wall(found.due)) == ("2025-03-03 10:00", "2025-03-03 12:00")
    assert clock(told.until(at("2025-03-03 09:59")), POLICY, NEXT).state is ClockState.WAITING
    kept = replace(told, told=(*told.told, answer("2025-03-03 11:30")))
    assert clock(kept, POLICY, NEXT).state is ClockState.MET


def test_what_was_asked_before_the_end_goes_with_it() -> None:
    """Solved without an answer, asked again the next day: the answer is owed from then on."""
    told = ticket(
        "2025-03-03 09:00",
        answer("2025-03-03 09:30"),
        message("2025-03-03 10:00"),
        status("2025-03-03 11:00", Status.RESOLVED),
        message("2025-03-04 10:00"),
        status("2025-03-04 10:00", Status.OPEN),
        answer("2025-03-04 11:00"),
    )
    found = clock(told, POLICY, NEXT)
    assert [c.state for c in found.cycles] == [ClockState.ENDED, ClockState.MET]
    assert wall(found.started) == "2025-03-04 10:00"


def test_thank_you_after_the_end_starts_nothing() -> None:
    """A polite word to a solved ticket would be answered at night, or be a breach."""
    told = ticket(
        "2025-03-03 09:00",
        answer("2025-03-03 09:30"),
        status("2025-03-03 10:00", Status.RESOLVED),
        message("2025-03-03 11:00"),
    )
    assert clock(told, POLICY, NEXT).cycles == ()
    opened = replace(told, told=(*told.told, status("2025-03-03 12:00", Status.OPEN)))
    assert wall(clock(opened, POLICY, NEXT).due) == "2025-03-03 15:00"


def test_resolve_pauses_as_the_policy_says() -> None:
    """An hour is used up, the vendor has it for a day, and three hours are left when it is back."""
    told = ticket(
        "2025-03-03 09:00",
        status("2025-03-03 10:00", Status.WAITING_ON_VENDOR),
        status("2025-03-04 10:00", Status.OPEN),
        status("2025-03-04 10:30", Status.WAITING_ON_DEV),
    )
    found = clock(told, POLICY, RESOLVE)
    assert wall(found.due) == "2025-03-04 13:00", "one and three hours, and waiting on developers counts"
    paused = clock(told.until(at("2025-03-03 12:00")), POLICY, RESOLVE)
    assert (paused.state, paused.due) == (ClockState.PAUSED, None)
    assert paused.remaining(at("2025-03-03 17:00")) == hours(3)


def test_overdue_before_the_pause_stays_so() -> None:
    """Setting an overdue ticket to waiting would otherwise make it look well."""
    told = ticket("2025-03-03 09:00", status("2025-03-03 15:00", Status.WAITING_ON_VENDOR))
    found = clock(told, POLICY, RESOLVE)
    assert found.state is ClockState.PAUSED
    assert found.sla(at("2025-03-04 12:00")) is SlaState.BREACHED


def test_a_pause_that_nobody_was_told_of_does_not_count() -> None:
    """On hold is for who knows that they wait: until the customer is told, the desk's time runs."""
    rules = replace(POLICY, told=frozenset({Status.WAITING_ON_VENDOR}))
    held = status("2025-03-03 10:00", Status.WAITING_ON_VENDOR)
    silent = clock(ticket("2025-03-03 09:00", held), rules, RESOLVE)
    assert wall(silent.due) == "2025-03-03 13:00"
    told = clock(ticket("2025-03-03 09:00", held, answer("2025-03-03 11:00")), rules, RESOLVE)
    assert (told.state, told.elapsed(at("2025-03-03 17:00"))) == (ClockState.PAUSED, hours(2))
    before = clock(ticket("2025-03-03 09:00", held, answer("2025-03-03 09:50")), rules, RESOLVE)
    assert before.elapsed(at("2025-03-03 17:00")) == hours(1)


def test_taking_charge() -> None:
    """Where it was agreed so, a ticket is answered when somebody has it and works on it."""
    rules = replace(POLICY, taking_charge=True)
    taken = (
        fact("2025-03-03 09:20", FactKind.ASSIGNMENT, "Kim"),
        status("2025-03-03 09:40", Status.IN_PROGRESS),
    )
    found = clock(ticket("2025-03-03 09:00", *taken), rules, FIRST)
    assert (found.state, wall(found.cycles[0].stopped)) == (ClockState.MET, "2025-03-03 09:40")
    assert wall(clock(ticket("2025-03-03 09:00", *taken), rules, UPDATE).due) == "2025-03-03 11:40"
    assert clock(ticket("2025-03-03 09:00", *taken), POLICY, FIRST).state is ClockState.RUNNING
    by_rule = fact("2025-03-03 09:20", FactKind.ASSIGNMENT, "Kim", actor=Actor.MACHINE)
    assert clock(ticket("2025-03-03 09:00", by_rule, taken[1]), rules, FIRST).state is ClockState.RUNNING


def test_estimates() -> None:
    """Promised for Friday: kept until the desk closes then, missed after; a new one replaces it."""
    estimate = fact("2025-03-03 10:00", FactKind.ESTIMATE, "2025-03-07")
    found = clock(ticket("2025-03-03 09:00", estimate), POLICY, ESTIMATE)
    assert (found.state, wall(found.due)) == (ClockState.RUNNING, "2025-03-07 18:00")
    assert found.remaining(at("2025-03-07 16:00")) == hours(2)
    for end, state in (("2025-03-07 18:00", ClockState.MET), ("2025-03-07 18:01", ClockState.MISSED)):
        told = ticket("2025-03-03 09:00", estimate, status(end, Status.RESOLVED))
        assert clock(told, POLICY, ESTIMATE).state is state
    later = fact("2025-03-06 10:00", FactKind.ESTIMATE, "2025-03-14")
    moved = clock(ticket("2025-03-03 09:00", estimate, later), POLICY, ESTIMATE)
    assert [c.state for c in moved.cycles] == [ClockState.ENDED, ClockState.RUNNING]
    broken = fact("2025-03-10 10:00", FactKind.ESTIMATE, "2025-03-14")
    missed = clock(ticket("2025-03-03 09:00", estimate, broken), POLICY, ESTIMATE)
    assert missed.cycles[0].state is ClockState.MISSED


def test_a_workaround_lowers_the_priority_by_a_step() -> None:
    """The customer works again: the lower promise holds, and it is kept who said so and why."""
    rules = replace(POLICY, targets={**POLICY.targets, Priority.HIGH: promise(2, 4, 16)})
    around = Fact(
        FactKind.WORKAROUND, "print as PDF", at("2025-03-03 11:00"), at("2025-03-03 11:00"), who="Kim"
    )
    found = clock(ticket("2025-03-03 09:00", around), rules, RESOLVE)
    assert found.cycle is not None
    assert (wall(found.due), found.cycle.priority) == ("2025-03-04 18:00", Priority.HIGH)
    assert found.cycle.why == ("workaround by Kim: print as PDF",)


def test_becoming_a_project_stops_or_swaps() -> None:
    """What became a project has no hours any more, or the project's own."""
    project = Policy(
        "project", frozenset(), None, Priority.LOW, {Priority.URGENT: {RESOLVE: Target(hours(80), DESK)}}
    )
    became = fact("2025-03-03 10:00", FactKind.PROJECT, "new warehouse")
    told = ticket("2025-03-03 09:00", became)
    stopped = clock(told, replace(POLICY, on_project=""), RESOLVE)
    assert (stopped.state, wall(stopped.cycles[0].stopped)) == (ClockState.ENDED, "2025-03-03 10:00")
    swapped = clock(told, Rulebook((replace(POLICY, on_project="project"), project)), RESOLVE)
    assert wall(swapped.due) == "2025-03-14 18:00"
    assert clock(told, POLICY, RESOLVE).state is ClockState.RUNNING


def test_another_tier_matches_anew_and_carries_over() -> None:
    """The contract grew: from then on the better promise holds, counted from the beginning."""
    gold = replace(
        POLICY, name="gold", tiers=frozenset({"gold"}), targets={Priority.URGENT: promise(0.5, 1, 3)}
    )
    rules = Rulebook((gold, POLICY))
    told = ticket("2025-03-03 09:00", fact("2025-03-03 10:00", FactKind.TIER, "gold"), tier="basic")
    found = clock(told, rules, RESOLVE)
    assert found.cycle is not None
    assert (wall(found.due), found.cycle.policy) == ("2025-03-03 12:00", "gold")


def test_the_first_policy_that_fits_wins() -> None:
    """A customer's own promise stands before the general one."""
    own = replace(
        POLICY, name="own", customers=frozenset({"acme"}), targets={Priority.URGENT: promise(0.5, 1, 3)}
    )
    rules = Rulebook((own, POLICY))
    acme, other = (ticket("2025-03-03 09:00", customer=name) for name in ("acme", "globex"))
    assert (clock(acme, rules, FIRST).cycles[0].policy, clock(other, rules, FIRST).cycles[0].policy) == (
        "own",
        "standard",
    )


def test_the_hubs_own_acts_are_no_facts() -> None:
    """An escalation that raises the priority must not shorten the promise that it is about."""
    told = ticket(
        "2025-03-03 09:00",
        priority("2025-03-03 10:00", Priority.URGENT, actor=Actor.HUB),
        answer("2025-03-03 10:10", actor=Actor.MACHINE),
        priority=Priority.LOW,
    )
    assert clocks(told, POLICY) == clocks(ticket("2025-03-03 09:00", priority=Priority.LOW), POLICY)


def test_what_was_assumed_is_told() -> None:
    """An untyped ticket never falls silently out of a policy that names types; triage says so."""
    told = ticket("2025-03-03 09:00", type=None, priority=None)
    assert assumed(told, POLICY) == ("type", "priority")
    assert assumed(ticket("2025-03-03 09:00"), POLICY) == ()
    assert len(clocks(told, POLICY)) == 5
    assert clocks(told, replace(POLICY, assume_type=None)) == ()


def test_enforced_from() -> None:
    """What fell due before the desk took these promises up is counted and never shown."""
    rules = replace(POLICY, enforce_from=at("2025-03-04 00:00"))
    old, new = ticket("2025-03-03 09:00"), ticket("2025-03-03 17:50")
    now = at("2025-03-04 12:00")
    assert clock(old, rules, FIRST).sla(now) is SlaState.BREACHED
    shown = promises(old, rules, clocks(old, rules), ROME, now)
    assert shown is not None
    assert (shown.first_response, shown.next, shown.state) == (None, None, SlaState.ON_TRACK)
    later = promises(new, rules, clocks(new, rules), ROME, now)
    assert later is not None
    assert wall(later.first_response) == "2025-03-04 09:50"


def test_waived_and_corrected_stand_beside_what_was_counted() -> None:
    """A person's word is a column of its own: the figure that it speaks of is not touched."""
    told = ticket("2025-03-03 09:00")
    found = clock(told, POLICY, FIRST)
    word = Amendment("waived", "Kim", "the customer asked to wait", at("2025-03-03 12:00"))
    waived = amended(found, "created", word)
    assert waived.cycles[0].amendment == word
    assert replace(waived.cycles[0], amendment=None) == found.cycles[0]
    now = at("2025-03-03 12:00")
    assert (found.sla(now), waived.sla(now)) == (SlaState.BREACHED, SlaState.ON_TRACK)
    assert amended(found, "another cycle", word) == found


def test_elapsed_but_due_only_in_working_time() -> None:
    """48 hours from Friday end on Sunday: due on Monday as the desk opens, reminded of on Friday."""
    rules = replace(POLICY, targets={Priority.URGENT: {FIRST: Target(hours(48), Elapsed(), due_in=DESK)}})
    found = clock(ticket("2025-03-07 12:00"), rules, FIRST)
    assert wall(found.due) == "2025-03-10 09:00"
    assert wall(found.at_risk) == "2025-03-07 14:00", (
        "9.6 hours before the last frame ends is before it begins"
    )
    plain = replace(POLICY, targets={Priority.URGENT: {FIRST: Target(hours(48), Elapsed())}})
    assert wall(clock(ticket("2025-03-07 12:00"), plain, FIRST).due) == "2025-03-09 12:00"


def test_notice() -> None:
    """A request for a date in ten days with two weeks' notice is served, and its date is not promised."""
    rules = replace(POLICY, notice=timedelta(days=14))
    near, far = (
        ticket("2025-03-03 09:00", fact("2025-03-03 09:00", FactKind.WANTED, day))
        for day in ("2025-03-13", "2025-03-17")
    )
    flags = [notice(told, rules, ROME) for told in (near, far)]
    assert [flag.promised if flag else None for flag in flags] == [False, True]
    assert notice(ticket("2025-03-03 09:00"), rules, ROME) is None
    assert notice(near, POLICY, ROME) is None


def test_the_ledger_reads_like_a_person_s_own_count() -> None:
    """A customer who doubts a figure must be able to follow it on the clock on the wall."""
    told = ticket("2025-03-03 09:30", status("2025-03-03 14:30", Status.RESOLVED))
    (cycle,) = clock(told, POLICY, RESOLVE).cycles
    assert ledger(cycle, at("2025-03-05 12:00"), ROME) == "09:30-13:00 3 h 30, lunch, 14:00-14:30, = 4 h"
    desk = replace(DESK, holidays=frozenset({date(2025, 4, 25)}))
    rules = replace(
        POLICY,
        targets={Priority.URGENT: {RESOLVE: Target(hours(40), desk)}},
    )
    (long,) = clock(
        ticket(
            "2025-04-23 17:00",
            status("2025-04-24 10:00", Status.WAITING_ON_VENDOR),
            status("2025-04-24 17:15", Status.OPEN),
        ),
        rules,
        RESOLVE,
    ).cycles
    assert ledger(long, at("2025-04-28 09:10"), ROME) == (
        "2025-04-23 17:00-18:00 1 h, night, 2025-04-24 09:00-10:00 1 h, paused, 2025-04-24 17:15-18:00, "
        "holiday, 2025-04-28 09:00-09:10, = 2 h 55"
    )
    elapsed = replace(POLICY, targets={Priority.URGENT: {RESOLVE: Target(hours(48), Elapsed())}})
    (night,) = clock(ticket("2025-03-03 17:59:30"), elapsed, RESOLVE).cycles
    assert ledger(night, at("2025-03-04 18:00"), ROME).endswith("= 24 h 30 s")


def test_frames_of_a_day_may_be_many() -> None:
    """Three frames a day are three stretches in the ledger."""
    desk = replace(DESK, week=(frames("08:00-10:00", "11:00-12:00", "15:00-16:00"),) * 7)
    rules = replace(POLICY, targets={Priority.URGENT: {RESOLVE: Target(hours(4), desk)}})
    found = clock(ticket("2025-03-03 08:00"), rules, RESOLVE)
    assert wall(found.due) == "2025-03-03 16:00"


def test_what_was_answered_in_time_is_due_when_it_was_though_it_is_opened_again() -> None:
    """Otherwise statements and tools show a due time that moves by the days in which a ticket was solved."""
    story = ticket(
        "2025-03-03 09:00",
        answer("2025-03-03 09:30"),
        status("2025-03-03 09:45", Status.RESOLVED),
        status("2025-03-04 11:00", Status.OPEN),
    )
    found = clock(
        story, three_levels(office("09:00-13:00", "14:00-18:00")).policies[0], ClockName.FIRST_RESPONSE
    )
    assert (found.state, wall(found.due)) == (ClockState.MET, "2025-03-03 10:00")
