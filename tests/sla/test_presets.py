"""The two desks that ship, worked out by hand: a weekend, a holiday, both changes of time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from mappings.ticket import Impact, Person, PersonRole, Priority, Status, TicketType, TimeEntry, Urgency
from sync.sla.clock import assumed, clocks
from sync.sla.cycle import ClockState
from sync.sla.facts import FactKind, Facts
from sync.sla.holidays import holidays_of
from sync.sla.policy import ClockName, Rulebook
from sync.sla.presets import Preset, five_levels, nine_to_five, nine_to_six, three_levels
from sync.sla.priorities import Matrix
from sync.sla.tiers import Paying, Tier, used
from sync.sla.wanted import notice
from tests.sla.stories import ROME, answer, at, clock, fact, hours, status, ticket, wall

NEW_YORK = ZoneInfo("America/New_York")
# In Italy 25 April 2025 is a Friday and 21 April is Easter Monday; clocks change on 30 March and 26 October.
THREE = three_levels(nine_to_six("rome", ROME, holidays_of("IT", None, [2025])))
# In New York 4 July 2025 is a Friday and 26 May is Memorial Day; clocks change on 9 March and 2 November.
FIVE = five_levels(
    nine_to_five("new york", NEW_YORK, holidays_of("US", None, [2025])), frozenset({"ada@acme.example"})
)
FIRST, NEXT, UPDATE, RESOLVE, ESTIMATE = ClockName
P1, P2, P3, P4 = Priority.URGENT, Priority.HIGH, Priority.MEDIUM, Priority.LOW
REQUEST = TicketType.REQUEST


def rules(preset: Preset) -> Rulebook:
    """A preset's policies as they are asked."""
    return Rulebook(preset.policies)


THREE_LEVELS = [
    ("critical, over the holiday and the weekend", P1, FIRST, "2025-04-24 17:30", "2025-04-28 09:30"),
    ("critical, over Easter", P1, FIRST, "2025-04-19 12:00", "2025-04-22 10:00"),
    ("critical, into summer time", P1, FIRST, "2025-03-28 17:30", "2025-03-31 09:30"),
    ("critical, into winter time", P1, FIRST, "2025-10-24 17:30", "2025-10-27 09:30"),
    ("critical, over lunch", P1, FIRST, "2025-03-03 12:30", "2025-03-03 14:30"),
    ("critical, next word over the holiday", P1, UPDATE, "2025-04-24 16:00", "2025-04-28 11:00"),
    ("critical, next word into summer time", P1, UPDATE, "2025-03-28 15:00", "2025-03-31 10:00"),
    ("serious, over the holiday", P2, FIRST, "2025-04-24 17:00", "2025-04-28 10:00"),
    ("serious, into summer time", P2, FIRST, "2025-03-28 17:00", "2025-03-31 10:00"),
    ("serious, a word every working day", P2, UPDATE, "2025-04-23 10:00", "2025-04-24 18:00"),
    ("serious, a word over the holiday", P2, UPDATE, "2025-04-24 10:00", "2025-04-28 18:00"),
    ("serious, a word into winter time", P2, UPDATE, "2025-10-24 10:00", "2025-10-27 18:00"),
    ("medium, night and day", P3, FIRST, "2025-04-24 09:00", "2025-04-26 09:00"),
    ("medium, an hour less in spring", P3, FIRST, "2025-03-28 12:00", "2025-03-30 13:00"),
    ("low, an hour more in autumn", P4, FIRST, "2025-10-24 12:00", "2025-10-26 11:00"),
]


@pytest.mark.parametrize(
    ("priority", "name", "start", "due"), [c[1:] for c in THREE_LEVELS], ids=[c[0] for c in THREE_LEVELS]
)
def test_three_levels(priority: Priority, name: ClockName, start: str, due: str) -> None:
    """A desk that took this preset promises something else than it has signed."""
    told = (answer(start),) if name is UPDATE else ()
    found = clock(ticket(start, *told, priority=priority), rules(THREE), name)
    assert (found.state, wall(found.due)) == (ClockState.RUNNING, due)


@pytest.mark.parametrize(
    ("date", "due"),
    [
        ("2025-04-24", "2025-04-24 18:00"),
        ("2025-04-25", "2025-04-26 00:00"),
        ("2025-03-30", "2025-03-31 00:00"),
        ("2025-10-27", "2025-10-27 18:00"),
    ],
)
def test_three_levels_by_estimate(date: str, due: str) -> None:
    """Others are solved by the date that was promised: the end of its frames, or of the day if none is."""
    told = fact("2025-03-03 10:00", FactKind.ESTIMATE, date)
    for priority in (P3, P4):
        found = clock(ticket("2025-03-03 09:00", told, priority=priority), rules(THREE), ESTIMATE)
        assert wall(found.due) == due


def test_three_levels_serve_faults_only() -> None:
    """A question has no clock; an untyped ticket is taken for an incident, and triage is told."""
    asked = ticket("2025-03-03 09:00", type=TicketType.QUESTION)
    assert clocks(asked, rules(THREE)) == ()
    untyped = ticket("2025-03-03 09:00", type=None)
    assert wall(clock(untyped, rules(THREE), FIRST).due) == "2025-03-03 10:00"
    assert assumed(untyped, rules(THREE)) == ("type",)


FIVE_LEVELS = [
    ("1, thirty minutes into summer time", P1, None, FIRST, "2025-03-07 16:45", "2025-03-10 09:15"),
    ("1, solved in two hours, summer time", P1, None, RESOLVE, "2025-03-07 16:00", "2025-03-10 10:00"),
    ("1, solved over Memorial Day", P1, None, RESOLVE, "2025-05-23 16:00", "2025-05-27 10:00"),
    ("1, a word every hour", P1, None, UPDATE, "2025-05-23 16:30", "2025-05-27 09:30"),
    ("2, thirty minutes", P2, None, FIRST, "2025-07-03 16:50", "2025-07-07 09:20"),
    ("2, solved over Independence Day", P2, None, RESOLVE, "2025-07-03 15:00", "2025-07-07 11:00"),
    ("2, a word every two hours, winter time", P2, None, UPDATE, "2025-10-31 16:00", "2025-11-03 10:00"),
    ("3, four hours into summer time", P3, None, FIRST, "2025-03-07 14:00", "2025-03-10 10:00"),
    ("3, solved in a working day", P3, None, RESOLVE, "2025-05-23 11:00", "2025-05-27 17:00"),
    ("4, a working day", P4, None, FIRST, "2025-07-03 10:00", "2025-07-07 17:00"),
    ("4, solved in three", P4, None, RESOLVE, "2025-07-03 10:00", "2025-07-09 17:00"),
    ("4, solved in three, summer time", P4, None, RESOLVE, "2025-03-07 10:00", "2025-03-12 17:00"),
    ("4, from a Saturday in winter time", P4, None, RESOLVE, "2025-11-01 10:00", "2025-11-05 17:00"),
    ("5, a working day", P1, REQUEST, FIRST, "2025-05-23 11:00", "2025-05-27 17:00"),
    ("5, solved in five", P1, REQUEST, RESOLVE, "2025-05-23 11:00", "2025-06-02 17:00"),
    ("5, whatever its priority", P4, REQUEST, RESOLVE, "2025-03-07 11:00", "2025-03-14 17:00"),
]


@pytest.mark.parametrize(
    ("priority", "type", "name", "start", "due"),
    [c[1:] for c in FIVE_LEVELS],
    ids=[c[0] for c in FIVE_LEVELS],
)
def test_five_levels(
    priority: Priority, type: TicketType | None, name: ClockName, start: str, due: str
) -> None:
    """A desk that took this preset promises something else than it has signed."""
    told = (
        (replace(answer(start), after=at(start, NEW_YORK), by=at(start, NEW_YORK)),) if name is UPDATE else ()
    )
    made = ticket(start, *told, priority=priority, type=type or TicketType.INCIDENT, zone=NEW_YORK)
    found = clock(made, rules(FIVE), name)
    assert (found.state, wall(found.due, NEW_YORK)) == (ClockState.RUNNING, due)


def on_hold(*told: tuple[str, str]) -> Facts:
    """A ticket of one person that a vendor has from Tuesday to Thursday at ten."""
    rows = (
        fact("2025-06-03 10:00", FactKind.STATUS, Status.WAITING_ON_VENDOR, zone=NEW_YORK),
        fact("2025-06-05 10:00", FactKind.STATUS, Status.OPEN, zone=NEW_YORK),
        *(fact(when, FactKind.ANSWER, id, zone=NEW_YORK) for when, id in told),
    )
    return ticket("2025-06-02 10:00", *rows, priority=P4, zone=NEW_YORK)


def test_five_levels_on_hold() -> None:
    """Thirty-one working hours, eight used up before the hold: two days later if the customer knew."""
    silent = clock(on_hold(), rules(FIVE), RESOLVE)
    assert wall(silent.due, NEW_YORK) == "2025-06-05 17:00"
    known = clock(on_hold(("2025-06-03 09:55", "1")), rules(FIVE), RESOLVE)
    assert wall(known.due, NEW_YORK) == "2025-06-09 17:00"


def test_five_levels_projects_and_notice() -> None:
    """A request that becomes a project has no hours any more; one for next week is not promised."""
    told = fact("2025-05-23 12:00", FactKind.PROJECT, "move", zone=NEW_YORK)
    became = ticket("2025-05-23 11:00", told, type=REQUEST, zone=NEW_YORK)
    assert clock(became, rules(FIVE), RESOLVE).state is ClockState.ENDED
    fault = ticket("2025-05-23 11:00", told, zone=NEW_YORK)
    assert clock(fault, rules(FIVE), RESOLVE).state is ClockState.RUNNING
    wanted = ticket("2025-05-23 11:00", fact("2025-05-23 11:00", FactKind.WANTED, "2025-06-02"), type=REQUEST)
    flag = notice(wanted, FIVE.policies[0], NEW_YORK)
    assert flag is not None
    assert not flag.promised


def test_the_table_of_priorities() -> None:
    """Who judges by feeling calls everything urgent: the table says it, and why is kept."""
    judged = FIVE.matrix.judged
    assert judged(Impact.ORGANISATION, Urgency.HIGH).priority is P1
    assert judged(Impact.ORGANISATION, Urgency.MEDIUM).priority is P2
    assert judged(Impact.DEPARTMENT, Urgency.HIGH).priority is P3
    assert judged(Impact.PERSON, Urgency.HIGH).priority is P4
    vip = judged(Impact.PERSON, Urgency.LOW, "Ada@acme.example")
    assert (vip.priority, vip.reason) == (P3, "person x low, raised for ada@acme.example")
    assert judged(Impact.ORGANISATION, Urgency.HIGH, "ada@acme.example").priority is P1
    assert judged(None, Urgency.LOW).reason == "impact is not said"
    said = judged(Impact.PERSON, Urgency.LOW, said=P1, by="Kim")
    assert (said.priority, said.reason) == (P1, "set by Kim")
    assert THREE.matrix.judged(Impact.ORGANISATION, Urgency.HIGH).priority is P1


def test_a_table_with_gaps_is_refused() -> None:
    """A matter for which nothing is said would have no promise."""
    with pytest.raises(ValueError, match="person x low"):
        Matrix({(Impact.PERSON, Urgency.HIGH): P1})


ZONE_ENTRIES = [
    ("2025-03-01 00:30", 2.0, True),
    ("2025-03-10 10:00", 5.0, None),
    ("2025-03-31 23:30", 1.5, True),
    ("2025-03-12 10:00", 1.0, False),
    ("2025-02-28 23:30", 9.0, True),
    ("2025-04-01 00:00", 9.0, True),
]


@pytest.mark.parametrize(
    ("tier", "covered", "over", "billable"),
    [
        (Tier("payg", Paying.PAY_AS_YOU_GO), 0, 0, 8.5),
        (Tier("ten hours", Paying.HOURS, hours(10)), 8.5, 0, 0),
        (Tier("eight hours", Paying.HOURS, hours(8)), 8, 0.5, 0.5),
        (Tier("all in", Paying.UNLIMITED), 8.5, 0, 0),
    ],
    ids=lambda value: value.name if isinstance(value, Tier) else None,
)
def test_the_hours_of_a_tier(tier: Tier, covered: float, over: float, billable: float) -> None:
    """The bill of March: by the customer's own midnight, and without what was booked as not billable."""
    who = Person("desk", "1", "Kim", PersonRole.STAFF)
    entries = [
        TimeEntry(str(n), who, hours(spent), at(when), charged, "")
        for n, (when, spent, charged) in enumerate(ZONE_ENTRIES)
    ]
    found = used(tier, entries, date(2025, 3, 15), ROME)
    assert (found.covered, found.over, found.billable) == (hours(covered), hours(over), hours(billable))
    assert (found.spent, found.unpaid) == (hours(8.5), hours(1))
    assert found.reason


def test_tiers_that_contradict_themselves_are_refused() -> None:
    """Hours in a contract that has none would be charged or not, as it happens."""
    for paying, length in ((Paying.HOURS, 0), (Paying.UNLIMITED, 5)):
        with pytest.raises(ValueError, match="hours a month belong"):
            Tier("odd", paying, timedelta(hours=length))


def test_both_presets_escalate() -> None:
    """Who takes a preset is warned before a breach, told at it, and told again."""
    assert [step.name for step in THREE.steps] == [
        "80 %",
        "breach",
        "every 1h #1",
        "every 1h #2",
        "every 1h #3",
    ]
    assert status("2025-03-03 09:00", Status.OPEN).exact
