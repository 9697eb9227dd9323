"""An edit of a copy that was made, though the hub never heard so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.memory import Fault
from connectors.memory_desk import DeskTicket
from mappings.ticket import PersonRole
from tests.sync.world import World, words


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A desk and its developers, without clocks."""
    made = World(tmp_path, policies=False)
    yield made
    made.close()


def edited_unheard(world: World) -> tuple[str, str]:
    """Return a ticket and a comment that was edited: the hub edited its copy, and never heard so."""
    key = world.opened("dev")
    said = world.desk.comment(key, "first")
    world.settle()
    world.wait(minutes=1)
    world.desk.edit_comment(key, said, "second")
    world.jira.fail("edit_comment", Fault.LOST, 9)
    world.sync()
    return key, said


def copied(world: World, said: str) -> tuple[DeskTicket, str]:
    """Return Jira's issue, and which of its comments says this."""
    issue = world.only("jira")
    (copy,) = [id for id, text in issue.texts.items() if words(text) == said]
    return issue, copy


def remarked(world: World, issue: DeskTicket, copy: str) -> None:
    """Have a developer write into a copy."""
    world.jira.edit_comment(issue.key, copy, f"{issue.texts[copy].body.text} NOT TRUE")


def the_remark_stands_before(world: World, said: str) -> None:
    """Check that what the developer wrote stays, and that the newer wording is below it."""
    theirs, later = world.bodies("jira")[1:]
    assert ("NOT TRUE" in theirs, later) == (True, said)


def test_an_edit_whose_answer_is_lost_is_the_hubs_own(world: World) -> None:
    """Otherwise the copy counts as a person's, and every later wording is written beside it."""
    key, said = edited_unheard(world)
    assert world.bodies("jira") == ["Help!", "second"]
    world.jira.mend()
    world.settle()
    world.desk.edit_comment(key, said, "third")
    world.settle()
    assert world.bodies("jira") == ["Help!", "third"]
    assert not world.findings()


def test_what_a_person_makes_of_such_a_copy_is_theirs(world: World) -> None:
    """Otherwise a remark that a developer writes into the copy later is overwritten."""
    key, said = edited_unheard(world)
    world.jira.mend()
    world.settle()
    issue, copy = copied(world, "second")
    assert issue.texts[copy].author.role is PersonRole.HUB
    remarked(world, issue, copy)
    world.desk.edit_comment(key, said, "third")
    world.settle()
    the_remark_stands_before(world, "third")


def test_what_a_person_wrote_into_a_copy_before_it_was_found_is_theirs(world: World) -> None:
    """Otherwise a remark in a copy, which the hub did not know yet that it had written, is overwritten."""
    key = world.opened("dev")
    world.settle()
    world.wait(minutes=1)
    said = world.desk.comment(key, "first")
    world.jira.fail("add_comment", Fault.LOST)
    world.sync()
    issue, copy = copied(world, "first")
    remarked(world, issue, copy)
    world.settle()
    world.desk.edit_comment(key, said, "second")
    world.settle()
    the_remark_stands_before(world, "second")


def test_a_text_that_is_edited_again_before_its_edit_was_heard_has_one_copy(world: World) -> None:
    """Otherwise the wording between stays as if a person had written it, and the newest is put below it."""
    key, said = edited_unheard(world)
    assert world.bodies("jira") == ["Help!", "second"]
    world.jira.mend()
    world.desk.edit_comment(key, said, "third")
    world.settle()
    assert world.bodies("jira") == ["Help!", "third"]
    assert not world.findings()


def test_what_a_person_made_of_such_a_copy_before_it_was_found_is_theirs(world: World) -> None:
    """Otherwise a remark in a copy, whose edit nobody heard of, goes when its original is edited again."""
    key, said = edited_unheard(world)
    world.jira.mend()
    issue, copy = copied(world, "second")
    remarked(world, issue, copy)
    world.desk.edit_comment(key, said, "third")
    world.settle()
    the_remark_stands_before(world, "third")


def test_an_older_wording_that_a_person_restores_is_theirs(world: World) -> None:
    """Otherwise a developer who puts back what a copy said before is taken for the hub, and overwritten."""
    key = world.opened("dev")
    said = world.desk.comment(key, "first")
    world.settle()
    issue, copy = copied(world, "first")
    before = issue.texts[copy].body.text
    world.wait(minutes=1)
    world.desk.edit_comment(key, said, "second")
    world.settle()
    world.jira.edit_comment(issue.key, copy, before)
    world.desk.edit_comment(key, said, "third")
    world.settle()
    assert world.bodies("jira")[1:] == ["first", "third"]
