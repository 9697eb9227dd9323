"""A route's tag that is removed ends the mirroring, with a note on both sides; adding it again resumes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.memory import Fault
from mappings.ticket import Audience, Ref
from sync.links import Links
from tests.sync.world import World, internal


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A desk, two teams and a hub."""
    made = World(tmp_path)
    yield made
    made.close()


NOTE = "not kept together with another one any more"


def notes(world: World, name: str, key: str = "") -> list[str]:
    """Return the notes on a ticket that say that it is on its own from now on."""
    ticket = world.servers[name].tickets[key] if key else world.only(name)
    return [text.body.text for text in ticket.texts.values() if NOTE in text.body.text]


def ended(world: World, *tags: str) -> tuple[str, str]:
    """Have a ticket with an issue whose tag `dev` was removed."""
    key = world.opened(*(tags or ("dev",)))
    world.settle()
    world.desk.tag(key, remove=["dev"])
    world.settle()
    return key, world.only("jira").key


def test_a_removed_tag_ends_mirroring_with_a_note_on_both_sides(world: World) -> None:
    """Otherwise an agent who took a ticket away from the developers goes on writing to them."""
    key, issue = ended(world)
    assert [len(notes(world, name)) for name in ("desk", "jira")] == [1, 1]
    assert "`dev`" in notes(world, "desk")[0]
    assert f"jira.test/tickets/{issue}" in notes(world, "desk")[0]
    assert f"desk.test/tickets/{key}" in notes(world, "jira")[0]
    assert internal(world.only("desk").texts)
    before = dict(world.only("jira").fields), len(world.only("jira").texts), len(world.only("desk").texts)
    world.desk.comment(key, "Not for them", by="sam", audience=Audience.STAFF)
    world.jira.comment(issue, "Still here?", audience=Audience.STAFF)
    world.desk.set(key, subject="Another matter", component="pump")
    world.jira.set(issue, component="valve")
    world.settle()
    assert len(world.only("jira").texts) == before[1] + 1
    assert len(world.only("desk").texts) == before[2] + 1
    assert world.only("jira").fields["subject"] == before[0]["subject"]
    assert world.only("desk").fields["component"] == "pump"
    assert [len(notes(world, name)) for name in ("desk", "jira")] == [1, 1]


def test_the_tag_added_again_resumes_as_adopting_does(world: World) -> None:
    """Otherwise a slip of the hand cuts a ticket off for ever, or coming back rewrites both sides."""
    key, issue = ended(world)
    world.wait(minutes=1)
    world.desk.comment(key, "Meanwhile here", by="kim")
    world.desk.set(key, component="pump")
    world.jira.set(issue, component="valve")
    world.settle()
    world.desk.tag(key, "dev")
    world.settle()
    assert world.only("jira").key == issue
    assert (world.only("desk").fields["component"], world.only("jira").fields["component"]) == (
        "pump",
        "valve",
    )
    assert "Meanwhile here" not in world.bodies("jira")
    world.wait(minutes=1)
    world.desk.comment(key, "From now on", by="kim")
    world.jira.set(issue, component="hose")
    world.settle()
    assert "From now on" in world.bodies("jira")
    assert world.only("desk").fields["component"] == "hose"
    world.desk.tag(key, remove=["dev"])
    world.settle()
    assert [len(notes(world, name)) for name in ("desk", "jira")] == [2, 2]


def test_another_routes_side_goes_on(world: World) -> None:
    """Otherwise taking a ticket from one team takes it from all."""
    key, issue = ended(world, "dev", "firmware")
    world.wait(minutes=1)
    world.desk.comment(key, "For the others", by="kim")
    world.settle()
    assert "For the others" in world.bodies("gitlab")
    assert "For the others" not in world.bodies("jira")
    assert notes(world, "gitlab") == []
    world.jira.comment(issue, "From the first team", audience=Audience.STAFF)
    world.settle()
    assert "From the first team" not in world.bodies("gitlab")


def test_a_side_that_was_linked_by_hand_needs_no_tag(world: World) -> None:
    """Otherwise a link that a person made ends by itself."""
    ticket, issue = world.desk.open_ticket("One", "One"), world.jira.open_ticket("Two", "Two")
    linked = Links(world.store, dict(world.connectors), world.rules, world.now)
    linked.link(Ref("desk", ticket), Ref("jira", issue))
    world.settle()
    world.desk.tag(ticket, "pump")
    world.settle()
    world.desk.tag(ticket, remove=["pump"])
    world.wait(minutes=1)
    world.desk.comment(ticket, "Go on", by="kim")
    world.settle()
    assert "Go on" in world.bodies("jira")
    assert notes(world, "desk") == []


def test_a_person_may_link_again_what_a_tag_ended(world: World) -> None:
    """Otherwise a person's own word counts for less than a tag that is not there."""
    key, issue = ended(world)
    linked = Links(world.store, dict(world.connectors), world.rules, world.now)
    linked.unlink(Ref("jira", issue))
    linked.link(Ref("desk", key), Ref("jira", issue))
    world.settle()
    world.wait(minutes=1)
    world.desk.comment(key, "Together again", by="kim")
    world.settle()
    assert "Together again" in world.bodies("jira")


def test_a_ticket_leaves_a_shared_issue_and_the_others_stay(world: World) -> None:
    """Otherwise one agent's tag ends another customer's conversation."""
    first = world.opened(subject="It does not start", text="The first asks")
    world.settle()
    (issue,) = world.jira.tickets
    second = world.desk.open_ticket("Will not start either", "The second asks")
    world.desk.tag(second, "dev")
    linked = Links(world.store, dict(world.connectors), world.rules, world.now)
    linked.link(Ref("desk", second), Ref("jira", issue))
    world.settle()
    world.desk.tag(first, remove=["dev"])
    world.settle()
    world.wait(minutes=1)
    world.jira.comment(issue, "For who stayed", audience=Audience.STAFF)
    world.desk.comment(first, "From who left", by="kim")
    world.desk.comment(second, "From who stayed", by="kim")
    world.desk.set(second, subject="Mine alone now")
    world.settle()
    said = {
        key: " ".join(text.body.text for text in world.desk.tickets[key].texts.values())
        for key in (first, second)
    }
    assert "For who stayed" in said[second]
    assert "For who stayed" not in said[first]
    assert "From who stayed" in world.bodies("jira")
    assert "From who left" not in world.bodies("jira")
    assert (len(notes(world, "desk", first)), len(notes(world, "desk", second))) == (1, 0)
    assert world.only("jira").fields["subject"] == "Mine alone now"


def test_an_end_that_could_not_be_told_at_once_is_told_later(world: World) -> None:
    """Otherwise developers of a tool that was down go on writing to nobody."""
    key = world.opened()
    world.settle()
    world.desk.tag(key, remove=["dev"])
    world.jira.fail("add_comment", Fault.UNREACHABLE)
    world.sync()
    assert (len(notes(world, "desk")), len(notes(world, "jira"))) == (1, 0)
    world.settle()
    assert (len(notes(world, "desk")), len(notes(world, "jira"))) == (1, 1)
