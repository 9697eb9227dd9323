"""Fields and tags that were sent, and nobody heard the answer: what stands there then is the hub's doing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from connectors.base import NativeValue
from connectors.memory import Fault
from tests.sync.world import World


class Killed(BaseException):
    """The end of a process."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A desk and two teams of developers on one ticket, without clocks."""
    made = World(tmp_path, policies=False)
    made.opened("dev", "firmware")
    made.settle()
    yield made
    made.close()


def dies(world: World, name: str, call: str) -> None:
    """Have a hub be killed just after a side has carried out a call; another one goes on much later."""
    world.servers[name].fail(call, Fault.LOST)
    sent: list[str] = []

    def ends(server: str, now: str) -> None:
        if sent:
            raise Killed
        sent.extend([call] if (server, now) == (name, call) else [])

    for server in world.servers:
        world.servers[server].before = partial(ends, server)
    with pytest.raises(Killed):
        world.sync()
    for one in world.servers.values():
        one.before = lambda call: None
    world.wait(minutes=6)
    world.engine = world.hub()


def tags(world: World, name: str) -> set[str]:
    """Return the tags on the one ticket of a side, those apart that the hub and its routes have."""
    return set(world.only(name).fields["tags"] or ()) - {"dev", "firmware", "customer-lantern"}


@pytest.mark.parametrize("killed", [False, True])
def test_a_tag_that_was_removed_before_its_copy_was_heard_of_stays_removed(
    world: World, *, killed: bool
) -> None:
    """Otherwise a tag comes back that somebody removed, since the hub takes its own copy for a person's."""
    key = world.only("desk").key
    world.desk.tag(key, "urgent")
    if killed:
        dies(world, "jira", "change_tags")
    else:
        world.jira.fail("change_tags", Fault.LOST)
        world.sync()
    assert tags(world, "jira") == {"urgent"}
    world.desk.tag(key, remove=["urgent"])
    world.settle()
    assert [tags(world, name) for name in ("desk", "jira", "gitlab")] == [set(), set(), set()]


def components(world: World) -> list[NativeValue]:
    """Return what each side calls the component of the one ticket."""
    return [world.only(name).fields.get("component") for name in world.servers]


@pytest.mark.parametrize("killed", [False, True])
def test_a_field_that_was_changed_again_before_its_copy_was_heard_of_goes_on(
    world: World, *, killed: bool
) -> None:
    """Otherwise the developer's last word is overwritten by the one before it, and called a conflict."""
    key = world.only("jira").key
    world.jira.set(key, component="Pump")
    if killed:
        dies(world, "desk", "set_fields")
    else:
        world.desk.fail("set_fields", Fault.LOST)
        world.sync()
    assert world.only("desk").fields["component"] == "Pump"
    world.jira.set(key, component="Valve")
    world.settle()
    assert components(world) == ["Valve"] * 3
    assert [found for found in world.findings() if "component" in found[1]] == []


def test_what_reached_one_side_only_and_was_taken_back_is_taken_back_there_too(world: World) -> None:
    """Otherwise a tag stays on one side for good, as the one that it came from says what it said before."""
    key = world.only("desk").key
    world.desk.tag(key, "urgent")
    world.jira.fail("change_tags", Fault.RESET)
    world.sync()
    assert (tags(world, "jira"), tags(world, "gitlab")) == (set(), {"urgent"})
    world.desk.tag(key, remove=["urgent"])
    world.settle()
    assert [tags(world, name) for name in world.servers] == [set(), set(), set()]


def test_what_reached_no_side_is_still_carried(world: World) -> None:
    """Otherwise a tag that a killed hub was about to copy is forgotten as if it had been."""
    world.desk.tag(world.only("desk").key, "urgent")
    world.jira.fail("change_tags", Fault.RESET)
    dies(world, "jira", "change_tags")
    world.settle()
    assert [tags(world, name) for name in world.servers] == [{"urgent"}] * 3


@pytest.mark.parametrize(("seconds", "stands"), [(20, "Valve"), (120, "Pump")])
def test_a_write_that_arrives_late_is_not_taken_for_a_persons(
    world: World, seconds: float, stands: str
) -> None:
    """Otherwise a request that a proxy held back undoes what a person said since, on all sides.

    What comes when no request can arrive any more is a person's.
    """
    key, issue = world.only("desk").key, world.only("jira").key
    world.desk.set(key, component="Pump")
    world.jira.fail("set_fields", Fault.RESET)
    world.sync()
    world.desk.set(key, component="Valve")
    world.wait(seconds=6)
    world.sync()
    assert components(world) == ["Valve"] * 3
    world.wait(seconds=seconds)
    world.jira.set(issue, component="Pump")
    world.sync()
    world.settle()
    assert components(world) == [stands] * 3
