"""Linking by hand to an issue that the hub has just made, and does not know of yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.memory import Fault
from sync.links import Links, NotLinked
from tests.sync.world import World


def test_an_issue_that_is_being_made_for_another_ticket_is_not_taken_from_it(tmp_path: Path) -> None:
    """Otherwise the ticket that it was made for gets it back later, and the link is silently undone."""
    world = World(tmp_path, policies=False)
    first = world.opened("dev", subject="One")
    world.jira.fail("create", Fault.LOST)
    world.sync()
    issue, second = world.only("jira"), world.opened("ours", subject="Two")
    links = Links(world.store, world.connectors, world.rules, world.now)
    refs = {key: world.connectors["desk"].fetch(key).ref for key in (first, second)}
    made = world.connectors["jira"].fetch(issue.key).ref
    with pytest.raises(NotLinked, match="just being made for desk"):
        links.link(refs[second], made)
    world.settle()
    links.link(refs[second], made)
    world.settle()
    assert world.store.bundles.subject(refs[first]) == world.store.bundles.subject(refs[second])
    world.desk.comment(second, "from the second")
    world.settle()
    assert any("from the second" in text.body.text for text in world.only("jira").texts.values())
    world.close()
