"""A customer's tickets go on where the routes name, though servers fail and others work meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.memory import Fault
from mappings.provenance import Signer
from mappings.ticket import Priority, Ref
from sync.reroute import Rerouting
from sync.routing import Desk, Route
from sync.sla.calendar import Elapsed
from sync.sla.clock import clocks
from sync.sla.cycle import Amendment
from sync.sla.policy import ClockName, Policy, Target
from sync.sla.steps import Mark, steps
from sync.store.served import Said
from tests.sync.world import SECRET, World, lantern

NOTE = "This matter goes on in"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A desk, two teams and a hub."""
    made = World(tmp_path)
    yield made
    made.close()


def named_elsewhere(world: World) -> Rerouting:
    """Have the tag lead to the second team from now on, and return what moves what is there already."""
    first, second = world.routes
    world.routes = (Route(first.name, first.tags, frozenset(), frozenset(), second.place), second)
    world.engine = world.hub()
    return Rerouting(
        store=world.store,
        connectors=dict(world.connectors),
        desk=Desk(world.rules, world.customers, world.routes, world.policies, world.steps),
        signer=Signer(SECRET),
        now=world.now,
    )


def told(world: World) -> int:
    """Return how often the old side was told where the matter goes on."""
    return sum(NOTE in text.body.text for text in world.only("jira").texts.values())


def test_nothing_is_made_in_the_new_place_before_the_old_one_is_left(world: World) -> None:
    """Otherwise a ticket whose old side did not answer is on both for ever; nothing moves it again."""
    world.opened()
    world.settle()
    rerouting = named_elsewhere(world)
    (move,) = rerouting.moves("lantern")
    world.jira.fail("add_comment", Fault.UNREACHABLE)
    assert "run it again" in str(rerouting.leave(move))
    assert len(world.gitlab.tickets) == 0
    world.wait(minutes=10)
    (move,) = rerouting.moves("lantern")
    assert rerouting.leave(move) is None
    world.settle()
    assert len(world.gitlab.tickets) == 1
    assert told(world) == 1


def test_a_side_that_no_route_names_leaves_though_the_new_one_is_there(world: World) -> None:
    """Otherwise a sync that ran between new routes and rerouting leaves the old team reading for ever."""
    key = world.opened()
    world.settle()
    rerouting = named_elsewhere(world)
    world.wait(minutes=5)
    world.desk.comment(key, "And then?", by="kim")
    world.settle()
    assert len(world.gitlab.tickets) == 1
    (move,) = rerouting.moves("lantern")
    assert (move.problem, move.old and move.old.connection) == (None, "jira")
    assert {write.target for write in move.told} == {"jira"}
    assert rerouting.leave(move) is None
    world.wait(minutes=5)
    world.desk.comment(key, "For the second team", by="kim")
    world.settle()
    assert list(rerouting.moves("lantern")) == []
    assert len(world.gitlab.tickets) == 1
    assert "For the second team" in world.bodies("gitlab")
    assert "For the second team" not in world.bodies("jira")
    assert told(world) == 1


def test_the_old_side_loses_the_labels_that_the_hub_gave_it(world: World) -> None:
    """Otherwise the customer's board shows a matter twice, once where nobody works on it any more."""
    world.opened()
    world.settle()
    world.jira.tag(world.only("jira").key, "a person's")
    world.settle()
    assert "customer-lantern" in (world.only("jira").fields["tags"] or ())
    rerouting = named_elsewhere(world)
    (move,) = rerouting.moves("lantern")
    assert rerouting.leave(move) is None
    world.settle()
    assert world.only("jira").fields["tags"] == ("a person's",)
    assert "customer-lantern" in (world.only("gitlab").fields["tags"] or ())
    world.jira.comment(world.only("jira").key, "Is it mine?")
    world.settle()
    assert world.only("jira").fields["tags"] == ("a person's",)


def test_a_customer_s_former_label_goes_with_the_side_that_is_left(world: World) -> None:
    """Otherwise a ticket that changed hands stays on the board of a customer whose it is not."""
    orbit = replace(lantern(), key="orbit", label="customer-orbit", domains=frozenset({"orbit.test"}))
    labels = frozenset({"customer-lantern", "customer-orbit"})
    world.rules = replace(world.rules, customer_labels=labels)
    world.opened()
    world.settle()
    world.customers = (replace(lantern(), domains=frozenset()), replace(orbit, domains=lantern().domains))
    rerouting = named_elsewhere(world)
    (move,) = rerouting.moves("orbit")
    assert rerouting.leave(move) is None
    world.settle()
    assert not world.only("jira").fields["tags"]
    assert "customer-orbit" in (world.only("gitlab").fields["tags"] or ())
    assert "customer-lantern" not in (world.only("gitlab").fields["tags"] or ())


def test_a_refused_label_keeps_nobody_in_the_old_place(world: World) -> None:
    """Otherwise an account that may not set labels can never be left."""
    world.opened()
    world.settle()
    rerouting = named_elsewhere(world)
    (move,) = rerouting.moves("lantern")
    world.jira.fail("change_tags", Fault.REFUSED)
    assert rerouting.leave(move) is None
    world.settle()
    assert len(world.gitlab.tickets) == 1


def test_a_side_that_leaves_takes_no_step_that_a_person_waived(tmp_path: Path) -> None:
    """Otherwise a customer's change of place calls people about what was agreed with them by phone."""
    targets = {word: {ClockName.FIRST_RESPONSE: Target(timedelta(hours=1), Elapsed())} for word in Priority}
    policy = Policy("standard", frozenset(), None, Priority.MEDIUM, targets)
    world = World(tmp_path, policy=policy, steps=steps("breach", Mark("late")))
    key = world.opened()
    world.settle()
    ref = Ref("desk", key)
    served = world.store.served.ticket(ref)
    assert served is not None
    (run,) = clocks(served.facts, policy)[0].cycles
    waived = Amendment("waived", "Ada", "agreed by phone", world.now())
    world.store.served.say(ref, Said(ClockName.FIRST_RESPONSE, run.fact, waived))
    rerouting = named_elsewhere(world)
    world.wait(hours=2)
    (move,) = rerouting.moves("lantern")
    assert rerouting.leave(move) is None
    assert "late" not in (world.only("desk").fields["tags"] or ())
    world.settle()
    assert "late" not in (world.only("desk").fields["tags"] or ())
    world.close()


@pytest.mark.parametrize("at", [1, 2, 3, 4, 5])
def test_another_hub_that_works_meanwhile_makes_nothing_twice(world: World, at: int) -> None:
    """Otherwise a service beside the command creates a second issue, or tells the old team twice."""
    key = world.opened()
    world.settle()
    rerouting = named_elsewhere(world)
    (move,) = rerouting.moves("lantern")
    world.desk.comment(key, "And now?", by="kim")
    other, calls = world.hub(), 0

    def before(call: str) -> None:
        nonlocal calls
        calls += 1
        if calls == at:
            other.collect()
            list(other.work())

    world.jira.before = before
    if rerouting.leave(move) is not None:  # somebody else was at it: it is said again
        world.wait(minutes=6)
        for again in rerouting.moves("lantern"):
            assert rerouting.leave(again) is None
    world.settle()
    assert calls >= at
    assert list(rerouting.moves("lantern")) == []
    assert len(world.gitlab.tickets) == 1
    assert world.bodies("gitlab").count("And now?") == 1
    assert told(world) == 1
