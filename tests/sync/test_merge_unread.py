"""Tickets that were merged, one of which cannot be read any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.memory_desk import Fault
from mappings.ticket import Audience, Relation, RelationKind
from tests.sync.world import World


def test_the_note_about_a_merge_is_known_though_the_merged_ticket_was_thrown_away(tmp_path: Path) -> None:
    """Otherwise the issue gets the merged ticket's first text once more, from the note that copies it."""
    world = World(tmp_path, policies=False)
    first, second = world.opened("other", text="The first words"), world.opened(text="The second words")
    world.settle()
    world.desk.tickets[second].relations[Relation(RelationKind.MERGED_INTO, first)] = None
    world.desk.touch(world.desk.tickets[second])
    world.wait(minutes=1)
    world.sync()
    world.wait(minutes=1)
    world.desk.comment(first, f"Ticket #{second} goes on here: The second words", audience=Audience.STAFF)

    world.desk.trash(second)
    world.settle()
    said = [text.body.text for text in world.only("jira").texts.values()]
    assert sum("The second words" in text for text in said) == 1
    world.close()


def test_issues_go_on_together_when_the_ticket_that_others_were_merged_into_is_thrown_away(
    tmp_path: Path,
) -> None:
    """Otherwise what developers say on one issue never reaches the other one again, unheard."""
    world = World(tmp_path, policies=False)
    first, second = world.opened("other", text="The first words"), world.opened("dev", "firmware")
    world.settle()
    world.desk.tickets[second].relations[Relation(RelationKind.MERGED_INTO, first)] = None
    world.desk.touch(world.desk.tickets[second])
    world.wait(minutes=1)
    world.settle()
    world.desk.trash(first)
    world.settle()
    (issue,) = world.jira.tickets
    world.jira.comment(issue, "Said to the others", audience=Audience.STAFF)
    world.desk.comment(second, "A late word", by="kim")
    world.settle()
    texts = [text.body.text for text in world.only("gitlab").texts.values()]
    assert sum("Said to the others" in text for text in texts) == 1
    assert sum("A late word" in text for text in texts) == 1
    merged = [text.body.text for text in world.desk.tickets[second].texts.values()]
    assert not any("Said to the others" in text for text in merged)
    world.close()


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.RESET])
@pytest.mark.parametrize("trashed", [False, True], ids=["there", "thrown away"])
def test_an_issue_that_was_being_made_when_its_ticket_was_merged_is_found_and_inherited(
    tmp_path: Path, *, trashed: bool, fault: Fault
) -> None:
    """Otherwise an issue stands there with the customer's words that nothing ever reaches, and no ticket."""
    world = World(tmp_path, policies=False)
    first, second = world.opened("other", text="The first words"), world.opened("dev", "firmware")
    world.gitlab.fail("create", fault)
    world.sync()
    world.desk.tickets[second].relations[Relation(RelationKind.MERGED_INTO, first)] = None
    world.desk.touch(world.desk.tickets[second])
    if trashed:
        world.desk.trash(first)
    world.settle()
    (issue,) = world.jira.tickets
    world.jira.comment(issue, "Said to the others", audience=Audience.STAFF)
    world.settle()
    texts = [text.body.text for text in world.only("gitlab").texts.values()]
    assert sum("Said to the others" in text for text in texts) == 1
    assert world.left() == []
    world.close()
