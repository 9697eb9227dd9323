"""A connection that is taken out of the settings: what is linked with it goes on without it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.sync.world import Make, World


def leaves(world: World, name: str) -> None:
    """Take a connection, and what leads to it, out of the settings."""
    rules = world.rules
    world.rules = replace(
        rules,
        roles={known: role for known, role in rules.roles.items() if known != name},
        trust=tuple(known for known in rules.trust if known != name),
        places=tuple(place for place in rules.places if place.connection != name),
    )
    world.routes = tuple(route for route in world.routes if route.place.connection != name)
    del world.connectors[name]
    world.engine = world.hub()


@pytest.mark.parametrize("name", ["desk", "jira"])
def test_the_other_sides_go_on(make: Make, name: str) -> None:
    """Otherwise every ticket is parked as a fault of ours when a team gives up a tool."""
    world = make()
    world.opened("dev", "firmware")
    world.settle()
    leaves(world, name)
    world.wait(minutes=10)
    left = [known for known in ("desk", "jira", "gitlab") if known != name]
    for known in left:
        (key,) = world.servers[known].tickets
        world.servers[known].comment(key, f"Said in {known}", by="sam")
    world.settle()
    assert world.parked() == []
    for known in left:
        assert {f"Said in {other}" for other in left} <= set(world.bodies(known))
    assert (name, "the ticket", "the connection left the settings") in world.findings()


def test_what_was_said_meanwhile_reaches_one_that_is_back(make: Make) -> None:
    """Otherwise a connection that is taken out by mistake has a gap in its conversations for ever."""
    world = make()
    key = world.opened()
    world.settle()
    before, connector = (world.rules, world.routes), world.connectors["jira"]
    leaves(world, "jira")
    world.wait(minutes=10)
    world.desk.comment(key, "Said without it", by="sam")
    world.settle()
    world.rules, world.routes = before
    world.connectors["jira"] = connector
    world.engine = world.hub()
    world.wait(minutes=10)
    world.desk.comment(key, "Said with it", by="sam")
    world.settle()
    assert world.bodies("jira")[-2:] == ["Said without it", "Said with it"]
