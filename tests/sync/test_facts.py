"""What clocks rest on, as the engine learns it: from which side, by whom, and when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mappings.ticket import Audience, Priority, Ref
from sync.rules import Publish, Role
from sync.sla.calendar import Elapsed
from sync.sla.clock import clocks
from sync.sla.facts import Actor, FactKind
from sync.sla.policy import ClockName, Policy, Target
from tests.sync.world import World

HOUR = timedelta(hours=1)
DESK = Ref("desk", "1001")

Make = Callable[..., World]


def policy(**more: Any) -> Policy:
    """The first answer within ten hours, solved within twenty; as time passes."""
    targets = {
        ClockName.FIRST_RESPONSE: Target(HOUR * 10, Elapsed()),
        ClockName.RESOLVE: Target(HOUR * 20, Elapsed()),
    }
    return Policy("standard", frozenset(), None, Priority.MEDIUM, dict.fromkeys(Priority, targets), **more)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Make worlds, and close them in the end."""
    made: list[World] = []

    def world(rules: dict[str, Any] | None = None, **more: Any) -> World:
        made.append(World(tmp_path / str(len(made)), policy=policy(**more), rules=rules))
        return made[-1]

    yield world
    for one in made:
        one.close()


def states(world: World) -> dict[str, str]:
    """Return clock -> state, as it is told without asking a tool."""
    served = world.store.served.ticket(DESK)
    assert served is not None
    return {c.name.value: c.state.value for c in clocks(served.facts, world.policies["standard"])}


def test_a_published_answer_is_its_authors(make: Make) -> None:
    """Otherwise a developer answers the customer, and the clock goes on as if nobody had."""
    rule = Publish(sign="!public", sender="Support", connections=frozenset({"jira"}))
    world = make({"publish": rule, "may_mail": frozenset({"desk"})})
    world.opened()
    world.sync()
    world.wait(hours=1)
    world.jira.comment(world.only("jira").key, "!public It is the fuse", audience=Audience.STAFF)
    world.settle()
    world.wait(minutes=1)
    world.sync()  # which hears of the hub's own write
    assert states(world)["first_response"] == "met"


def test_a_clock_runs_where_customers_are_served_by_todays_rules(make: Make) -> None:
    """Otherwise a tool that was left promises for ever, or one that serves again promises nothing."""
    world = make()
    world.opened("chat")
    world.engine = world.hub(digest="the first settings")
    world.sync()
    due = [(one.clock, one.due) for one in world.store.served.next()]
    assert {ClockName.FIRST_RESPONSE} <= {clock for clock, _ in due}
    served, left = world.rules, dict.fromkeys(("desk", "jira", "gitlab"), Role.WORK)
    world.rules = replace(served, roles=left)
    world.engine = world.hub(digest="settings without that front")
    world.wait(minutes=20)
    world.sync()
    assert world.store.served.next() == []
    world.desk.set("1001", status="in_progress")
    world.wait(minutes=20)
    world.sync()
    assert (kept := world.store.served.ticket(DESK))
    assert kept.status == "in_progress", "people see how it stands, though nobody is served there"
    world.rules = served
    world.engine = world.hub(digest="the first settings")
    world.wait(minutes=20)
    world.sync()
    assert [(one.clock, one.due) for one in world.store.served.next()] == due


def test_a_policy_may_read_the_work_side(make: Make) -> None:
    """Otherwise what was promised for the developers' work is measured by what the front says of it."""
    world = make(reads="work")
    world.opened()
    world.settle()
    world.jira.set(world.only("jira").key, status="resolved")
    world.settle()
    assert world.only("desk").fields["status"] == "open"
    assert states(world)["resolve"] == "met"


def test_what_a_side_says_is_kept_with_when_and_who(make: Make) -> None:
    """Otherwise a clock measures a promise as if the ticket had always been as it is now."""
    world = make()
    world.opened()
    world.settle()
    world.desk.set("1001", priority="urgent")
    at = world.at
    world.settle()
    facts = world.store.bundles.load("bundle:1").timeline[DESK]
    found = [(f.value, f.by, f.actor) for f in facts if f.kind is FactKind.PRIORITY]
    assert found == [("medium", world.only("desk").created, Actor.PERSON), ("urgent", at, Actor.PERSON)]
    assert [f.value for f in facts if f.kind is FactKind.CUSTOMER] == ["lantern"]


def test_another_tier_is_a_fact_from_now_on(make: Make) -> None:
    """Otherwise a new contract is promised for what happened before it."""
    world = make()
    world.opened()
    world.settle()
    world.customers = tuple(replace(one, tier="gold") for one in world.customers)
    world.engine = world.hub()
    world.desk.tag("1001", "more")
    world.wait(minutes=1)
    world.settle()
    served = world.store.served.ticket(DESK)
    assert served is not None
    assert served.facts.tier == ""
    (tier,) = [f for f in served.facts.told if f.kind is FactKind.TIER and f.value == "gold"]
    assert tier.after > served.facts.created


def statuses(world: World) -> list[tuple[str, Any, bool]]:
    """The statuses of the desk's ticket as facts: what, when, and whether the instant is known."""
    facts = world.store.bundles.load("bundle:1").timeline[DESK]
    return [(f.value, f.by, f.exact) for f in facts if f.kind is FactKind.STATUS]


def test_what_happened_while_nobody_looked_is_told_by_the_tools_history(make: Make) -> None:
    """Otherwise a ticket that waited for its customer all night is counted as if nobody had asked them."""
    world = make()
    world.opened()
    world.settle()
    moments = []
    for word in ("waiting_on_customer", "open", "in_progress"):
        world.wait(hours=2)
        world.desk.set("1001", status=word)
        moments.append((word, world.at, True))
    world.wait(minutes=20)
    world.desk.comment("1001", "Still at it")  # which stamps the ticket anew
    world.sync()
    assert statuses(world) == [("open", world.only("desk").created, True), *moments]
    waited = world.store.served.ticket(DESK)
    assert waited is not None
    assert waited.facts.waiting() == ((moments[0][1], moments[1][1]),)


def test_a_history_is_asked_for_when_it_tells_more_and_only_then(make: Make) -> None:
    """Otherwise each look at each ticket costs calls that tell nothing, or none ever asks."""
    world = make()
    asked: list[str] = []
    world.desk.before = lambda call: asked.append(call) if call == "fetch" else None
    world.opened()
    world.settle()

    def looks(act: Callable[[], object]) -> int:
        world.wait(minutes=2)
        act()
        asked.clear()
        world.sync()
        return asked.count("fetch")

    usual = looks(lambda: world.desk.comment("1001", "Is it urgent?", by="kim"))
    assert looks(lambda: world.desk.set("1001", status="in_progress")) == usual + 1
    assert looks(lambda: world.desk.set("1001", priority="high")) > usual
    assert looks(lambda: world.desk.comment("1001", "Yes", by="kim")) == usual


def test_without_clocks_nobody_asks_for_a_history(tmp_path: Path) -> None:
    """Otherwise a hub that only keeps tickets together pays for what nothing of it needs."""
    world = World(tmp_path, policies=False)
    world.customers = tuple(replace(one, policy=None) for one in world.customers)
    world.engine = world.hub()
    world.opened()
    world.settle()
    world.wait(hours=1)
    world.desk.set("1001", status="in_progress")
    world.wait(minutes=5)
    world.desk.comment("1001", "Soon")
    world.sync()
    found = statuses(world)
    world.close()
    assert [(word, exact) for word, _, exact in found] == [("open", True), ("in_progress", False)]


def test_a_ticket_that_had_a_life_before_it_was_met_has_it_in_its_facts(make: Make) -> None:
    """Otherwise a desk's first month with the hub counts what was waited for as its own delay."""
    world = make()
    world.opened("nothing")
    created = world.at
    world.wait(hours=1)
    world.desk.set("1001", status="waiting_on_customer")
    waits = world.at
    world.wait(hours=3)
    world.desk.set("1001", status="open")
    back = world.at
    world.sync()
    served = world.store.served.ticket(DESK)
    assert served is not None
    found = [(f.value, f.by) for f in served.facts.told if f.kind is FactKind.STATUS]
    assert found == [("open", created), ("waiting_on_customer", waits), ("open", back)]


def test_staff_promise_a_date_by_a_tag(make: Make) -> None:
    """Otherwise a promise to solve something by a date is counted nowhere: no tool has a field for it."""
    targets = {ClockName.ESTIMATE: Target(timedelta(0), Elapsed())}
    world = make()
    estimates = Policy("standard", frozenset(), None, Priority.MEDIUM, dict.fromkeys(Priority, targets))
    world.policies["standard"] = estimates
    world.engine = world.hub()
    key = world.opened()
    world.settle()
    world.jira.tag(world.only("jira").key, "estimate-2026-03-05")  # a developer's word travels to the front
    world.settle()
    served = world.store.served.ticket(DESK)
    assert served is not None
    (clock,) = clocks(served.facts, estimates)
    assert (clock.name, clock.due) == (ClockName.ESTIMATE, datetime(2026, 3, 6, tzinfo=UTC))
    world.desk.tag(key, "estimate-2026-03-09", remove=["estimate-2026-03-05"])
    world.settle()
    served = world.store.served.ticket(DESK)
    assert served is not None
    (clock,) = clocks(served.facts, estimates)
    assert clock.due == datetime(2026, 3, 10, tzinfo=UTC)
    world.desk.tag(key, "estimate-soon", remove=["estimate-2026-03-09"])
    world.settle()
    served = world.store.served.ticket(DESK)
    assert served is not None
    (clock,) = clocks(served.facts, estimates)
    assert clock.due == datetime(2026, 3, 10, tzinfo=UTC), "what was promised, was"


def test_a_date_that_is_wanted_too_soon_is_told_once_as_not_promised(make: Make) -> None:
    """Otherwise two weeks' notice is agreed, and nobody sees that a request came with two days of it."""
    world = make(notice=timedelta(days=14))
    key = world.opened("wanted-2026-03-04")
    world.settle()
    text = "Wanted by 2026\\-03\\-04, with less than 14 days of notice: not promised"

    def told() -> list[str]:
        texts = world.only("desk").texts.values()
        return [t.body.text.partition(" (")[0] for t in texts if "notice" in t.body.text]

    assert [line.replace("\\", "") for line in told()] == [text.replace("\\", "")]
    world.wait(hours=1)
    world.desk.comment(key, "Please!", by="kim")
    world.settle()
    assert len(told()) == 1
    world.desk.tag(key, "wanted-2026-04-30")
    world.settle()
    assert len(told()) == 1, "that one is far enough"


def test_what_became_a_project_has_other_clocks(make: Make) -> None:
    """Otherwise a request that grew into a project is breached after five days, month after month."""
    world = make(on_project="")
    key = world.opened()
    world.settle()
    assert states(world)["resolve"] == "running"
    world.desk.tag(key, "project")
    world.settle()
    assert states(world)["resolve"] == "ended"
