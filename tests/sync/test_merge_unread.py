"""Tickets that were merged, one of which cannot be read any more."""

from __future__ import annotations

from pathlib import Path

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
