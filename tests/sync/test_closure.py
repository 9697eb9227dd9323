"""A ticket that nobody answers any more is closed in the tool: once, and never over anybody's head."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.memory import Fault
from deskbridge.report import plan_lines
from mappings.ticket import Priority, Status
from sync.rules import HANDOVER, Handover, Role
from sync.sla.calendar import around_the_clock
from sync.sla.policy import Policy, in_days
from tests.sync.world import START, World

DAYS = around_the_clock("always", ZoneInfo("UTC"))
CLOSES = START.replace(hour=0) + timedelta(days=3)  # the end of the second day after it was solved

Make = Callable[..., World]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Make worlds in which what is solved is closed after two days, and close them in the end."""
    made: list[World] = []

    def world(rules: dict[str, Any] | None = None, **more: Any) -> World:
        closes = {Status.RESOLVED: in_days(2, DAYS), Status.WAITING_ON_CUSTOMER: in_days(2, DAYS)}
        policy = Policy("standard", frozenset(), None, Priority.MEDIUM, {}, closes=closes, **more)
        made.append(World(tmp_path / str(len(made)), policy=policy, rules=rules))
        return made[-1]

    yield world
    for one in made:
        one.close()


def solved(world: World, status: str = "resolved", *tags: str) -> str:
    """Have a ticket that an agent has solved."""
    key = world.opened(*(tags or ("nothing",)))
    world.sync()
    world.wait(minutes=5)
    world.desk.set(key, status=status)
    world.sync()
    return key


def test_it_is_closed_when_its_days_are_over_and_nobody_need_look_for_it(make: Make) -> None:
    """Otherwise solved tickets stay open for ever, or the hub searches all of them again and again."""
    world = make()
    solved(world)
    assert world.store.inbox.next_due() == CLOSES
    world.at = CLOSES - timedelta(seconds=1)
    world.sync()
    assert world.only("desk").fields["status"] == "resolved"
    world.at = CLOSES
    world.sync()
    assert world.only("desk").fields["status"] == "closed"
    assert world.at_rest()


def test_the_plan_says_so_with_its_reason(make: Make) -> None:
    """Otherwise a ticket is closed by an account that nobody knows, and nothing says why."""
    world = make()
    solved(world)
    world.at = CLOSES
    (planned,) = world.engine.plan()
    (line,) = [line for line in plan_lines(planned) if "closed" in line]
    assert line == "  + desk: set status to closed (hub) (read by customer lantern, no mail)"
    world.sync()
    (done,) = [d for d in world.store.decisions.of(world.store.bundles.subjects()[0]) if d.value == "closed"]
    assert done.why == "resolved for 2 working days, and the customer has not answered"


def test_an_answer_in_time_keeps_it_open(make: Make) -> None:
    """Otherwise what a customer wrote on the last evening is closed unread."""
    world = make()
    key = solved(world)
    world.at = CLOSES - timedelta(minutes=1)
    world.desk.comment(key, "It still does not start", by="kim")
    world.at = CLOSES
    world.sync()
    assert world.only("desk").fields["status"] == "resolved"


def test_it_is_closed_once_though_a_person_takes_it_back(make: Make) -> None:
    """Otherwise the hub and an agent who solved it anew fight over a ticket."""
    world = make()
    key = solved(world)
    world.at = CLOSES
    world.sync()
    world.wait(minutes=5)
    world.desk.set(key, status="resolved")
    world.settle()
    assert world.only("desk").fields["status"] == "resolved", "its days begin anew"
    world.at = CLOSES + timedelta(days=3)
    world.sync()
    assert world.only("desk").fields["status"] == "closed"


def test_work_that_is_finished_at_that_moment_goes_before(make: Make) -> None:
    """Otherwise a ticket whose fix has just come is closed before its agent could tell the customer."""
    handover = {**HANDOVER, (Role.WORK, Role.FRONT): {Status.RESOLVED: Handover(Status.OPEN, note=True)}}
    world = make({"handover": handover})
    solved(world, "waiting_on_customer", "dev")
    world.at = CLOSES
    world.jira.set(world.only("jira").key, status="resolved")
    world.sync()
    assert world.only("desk").fields["status"] == "open"


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.UNREACHABLE], ids=str)
def test_an_answer_that_nobody_heard_closes_it_once(make: Make, fault: Fault) -> None:
    """Otherwise a tool that is down at that moment keeps the ticket open, or it is closed again and again."""
    world = make()
    key = solved(world)
    world.at = CLOSES
    world.desk.fail("set_fields", fault)
    world.settle()
    assert world.only("desk").fields["status"] == "closed"
    changes = [c for c in world.desk.tickets[key].changes if "closed" in map(str, c)]
    assert len(changes) == 1


def test_what_was_solved_before_the_desk_began_stays(make: Make) -> None:
    """Otherwise the first morning with the hub closes a backlog of years."""
    world = make(enforce_from=datetime(2027, 1, 1, tzinfo=UTC))
    solved(world)
    world.at = CLOSES + timedelta(days=9)
    world.sync()
    assert world.only("desk").fields["status"] == "resolved"
