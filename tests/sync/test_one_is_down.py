"""One connection of a ticket fails while people work on all of its sides: the others go on, it catches up."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.memory import Fault
from mappings.ticket import Audience
from tests.sync.world import World

STAFF = Audience.STAFF
FAILING = [
    ("fetch", Fault.UNREACHABLE),
    ("fetch", Fault.THROTTLED),
    ("add_comment", Fault.UNREACHABLE),
    ("add_comment", Fault.THROTTLED),
    ("change_tags", Fault.UNREACHABLE),
    ("change_tags", Fault.THROTTLED),
]


@pytest.mark.parametrize("down", ["desk", "jira", "gitlab"])
@pytest.mark.parametrize(("call", "fault"), FAILING)
def test_the_other_sides_go_on_and_it_catches_up(tmp_path: Path, down: str, call: str, fault: Fault) -> None:
    """Otherwise one tool that is down stops a conversation between two others, or misses what was said."""
    world = World(tmp_path, policies=False)
    key = world.opened("dev", "firmware")
    world.settle()
    issue, work = world.only("jira").key, world.only("gitlab").key
    world.wait(minutes=5)
    sides = {"desk": key, "jira": issue, "gitlab": work}
    for name, ticket in sides.items():
        world.servers[name].comment(ticket, f"said in {name}", audience=STAFF)
        world.servers[name].tag(ticket, f"{name}-tag")
    world.servers[down].fail(call, fault, 100)
    world.wait(minutes=1)
    world.sync()
    for name in sides.keys() - {down}:
        others = sides.keys() - {down, name}
        assert {f"said in {other}" for other in others} <= set(world.bodies(name)), name
        assert {f"{other}-tag" for other in others} <= set(world.only(name).fields["tags"] or ()), name
    world.servers[down].mend()
    world.wait(hours=1)
    world.settle()
    for name in sides:
        said = [body for body in world.bodies(name) if body.startswith("said in")]
        assert sorted(said) == sorted(f"said in {each}" for each in sides), name
        assert {f"{each}-tag" for each in sides} <= set(world.only(name).fields["tags"] or ()), name
    world.close()


def test_a_ticket_that_was_tagged_while_a_connection_was_down_gets_its_issue(tmp_path: Path) -> None:
    """Otherwise nobody ever works on a ticket that an agent sent to the developers at the wrong moment."""
    world = World(tmp_path, policies=False)
    world.jira.fail("whoami", Fault.UNREACHABLE, 100)
    assert world.engine.identify(), "it is paused from now on"
    key = world.opened("dev")
    for _ in range(4):  # so long that no poll reaches back to the tag
        world.wait(minutes=3)
        world.sync()
    assert not world.jira.tickets
    world.jira.mend()
    world.wait(hours=1)
    world.engine.identify()
    world.settle()
    assert world.bodies("jira") == ["Help!"]
    assert key in world.desk.tickets
    world.close()


def test_a_side_that_is_back_has_caught_up_though_another_one_fails_then(tmp_path: Path) -> None:
    """Otherwise it keeps a tag for ever that it got late, and that somebody removed a moment after."""
    world = World(tmp_path, policies=False)
    key = world.opened("dev", "firmware")
    world.settle()
    issue, work = world.only("jira").key, world.only("gitlab").key
    world.desk.fail("fetch", Fault.UNREACHABLE, 100)
    world.gitlab.tag(work, "pump")
    world.wait(minutes=1)
    world.sync()
    world.desk.mend()
    world.desk.comment(key, "Said meanwhile", audience=STAFF)
    world.jira.fail("add_comment", Fault.UNREACHABLE, 100)
    world.wait(hours=1)
    world.engine.identify()
    world.sync()
    assert "pump" in (world.desk.tickets[key].fields["tags"] or ())
    world.jira.tag(issue, remove=("pump",))
    world.jira.mend()
    world.wait(hours=1)
    world.settle()
    for name in ("desk", "jira", "gitlab"):
        assert "pump" not in (world.only(name).fields["tags"] or ()), name
    world.close()


@pytest.mark.parametrize("tags", [("firmware",), ("dev", "firmware")])
def test_a_side_that_is_back_while_another_one_is_down_misses_nothing_of_that_one(
    tmp_path: Path, tags: tuple[str, ...]
) -> None:
    """Otherwise what was set in the desk while GitLab was down is lost where the desk is down just after."""
    world = World(tmp_path, policies=False)
    key = world.opened(*tags)
    world.settle()
    work = world.only("gitlab").key
    world.gitlab.fail("change_tags", Fault.UNREACHABLE, 100)
    world.desk.tag(key, "pump")
    world.wait(minutes=1)
    world.sync()  # an issue in Jira has it from now on, and tells nobody of it any more
    world.gitlab.fail("fetch", Fault.UNREACHABLE, 100)
    world.wait(hours=1)
    world.engine.identify()
    world.sync()
    world.gitlab.mend()
    world.desk.fail("fetch", Fault.UNREACHABLE, 100)
    world.wait(hours=1)
    world.engine.identify()
    world.gitlab.comment(work, "Said meanwhile")
    world.sync()
    world.desk.mend()
    world.wait(hours=1)
    world.settle()
    assert "pump" in (world.only("gitlab").fields["tags"] or ())
    world.close()
