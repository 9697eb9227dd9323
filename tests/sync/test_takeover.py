"""A ticket whose create nobody heard the answer to: what people change before it is found travels."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from connectors.memory import Fault
from sync.rules import FIELD_RULES, FieldRule, Role, When
from tests.sync.world import World


class Killed(BaseException):
    """The hub's process ended here."""


class Mortal(World):
    """A world whose hub can be killed as soon as the issue stands."""

    dying = False

    def now(self) -> datetime:
        """Return the time, unless the hub dies here."""
        if self.dying and any(issue.texts for issue in self.jira.tickets.values()):
            raise Killed
        return super().now()


@pytest.fixture
def world(tmp_path: Path) -> Mortal:
    """Return a desk and its developers, without clocks; a priority goes both ways."""
    both = ((Role.FRONT, Role.WORK), (Role.WORK, Role.FRONT))
    always = tuple(FieldRule("priority", *way, When.ALWAYS) for way in both)
    rules = {"fields": (*(r for r in FIELD_RULES if r.field != "priority"), *always)}
    return Mortal(tmp_path, policies=False, rules=rules)


def lost(world: Mortal, *, killed: bool) -> str:
    """Have an issue created whose answer is not heard, by a hub that goes on or one that was killed."""
    key = world.opened("dev", "crash")
    world.wait(minutes=1)
    if killed:
        world.dying = True
        with pytest.raises(Killed):
            world.sync()
        world.dying = False
        world.engine = world.hub()
        assert not world.store.bundles.load("bundle:1").seen
    else:
        world.jira.fail("create", Fault.LOST)
        world.sync()
    assert len(world.jira.tickets) == 1
    world.wait(minutes=5)
    return key


@pytest.mark.parametrize("killed", [False, True])
def test_what_an_agent_changed_meanwhile_reaches_the_issue(world: Mortal, *, killed: bool) -> None:
    """Otherwise a tag or a priority given while an answer was lost is missing from the issue for ever."""
    key = lost(world, killed=killed)
    world.desk.tag(key, "urgent-case", remove=("crash",))
    world.desk.set(key, subject="It never starts", priority="urgent")
    world.settle()
    issue, ticket = world.only("jira"), world.only("desk")
    assert "urgent-case" in (issue.fields["tags"] or ())
    assert "crash" not in (issue.fields["tags"] or ())
    assert issue.fields["subject"] == ticket.fields["subject"] == "It never starts"
    assert issue.fields["priority"] == ticket.fields["priority"] == "urgent"


@pytest.mark.parametrize("killed", [False, True])
def test_what_a_developer_changed_meanwhile_reaches_the_desk(world: Mortal, *, killed: bool) -> None:
    """Otherwise a developer's tag on an issue that the hub does not know yet stays on the issue."""
    lost(world, killed=killed)
    (issue,) = world.jira.tickets
    world.jira.tag(issue, "regression", remove=("crash",))
    world.settle()
    tags = world.only("desk").fields["tags"] or ()
    assert "regression" in tags
    assert "crash" not in tags


def test_a_ticket_that_nobody_touched_is_taken_over_as_it_is(world: Mortal) -> None:
    """Otherwise what a tool makes of a new ticket is taken for a person's change and sent to customers."""
    lost(world, killed=False)
    before = dict(world.only("desk").fields)
    world.settle()
    assert {k: v for k, v in world.only("desk").fields.items() if k != "tags"} == {
        k: v for k, v in before.items() if k != "tags"
    }


def test_both_changed_and_the_trusted_side_prevails(world: Mortal) -> None:
    """Otherwise two people's changes to one field swap sides, and no finding says that they met."""
    key = lost(world, killed=False)
    (issue,) = world.jira.tickets
    world.desk.set(key, priority="urgent")
    world.jira.set(issue, priority="low")
    world.settle()
    assert world.only("desk").fields["priority"] == world.only("jira").fields["priority"] == "urgent"
    assert any("priority" in what for _, what, _ in world.findings())
