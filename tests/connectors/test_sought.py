"""Tickets whose answer nobody heard, looked for before real servers: together, and never by a stale list."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from connectors.base import Connector
from deskbridge.sandbox.run import Sandbox
from tests.contract.drafts import fresh, ticket, token
from tests.contract.gitlab_world import GitLabWorld
from tests.contract.jira_world import JiraDataCenterWorld, JiraWorld

_LIFE = timedelta(seconds=90)
_PAGES = 4
"""Calls that one look-up of a dozen tickets takes at most, who asks and where included."""

World = JiraWorld | GitLabWorld


@pytest.fixture(params=[JiraWorld, JiraDataCenterWorld, GitLabWorld], ids=["jira", "dc", "gitlab"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Systems that migrations lead to."""
    deployment = "dc" if request.param is JiraDataCenterWorld else "cloud"
    with Sandbox.running(limits=False, deployment=deployment) as sandbox:
        yield request.param(sandbox)


@pytest.fixture
def connector(world: World) -> Connector:
    """Return a connector that has asked who it is and where its projects are."""
    made = world.connect(world.config)
    made.find_created(token(), world.now())
    return made


def test_one_look_answers_for_all_that_one_crash_lost(world: World, connector: Connector) -> None:
    """Each of fifty tickets would read all that was created since: minutes, and thousands of calls."""
    sent = world.now()
    keys = {}
    for _ in range(12):
        draft = ticket(world, fresh("Unheard"))
        keys[draft.token] = connector.create(draft).ref.key
    world.wait(_LIFE.total_seconds() + connector.capabilities.index_lag.total_seconds())
    begun, at = world.calls(), world.now()
    for mark, key in keys.items():
        found = connector.find_created(mark, sent - _LIFE, sent + _LIFE, at)
        assert found is not None
        assert found.key == key
    for _ in range(12):
        assert connector.find_created(token(), sent - _LIFE, sent + _LIFE, at) is None
    assert world.calls() - begun <= 2 * _PAGES


def test_what_came_after_a_look_is_found_by_the_next_one(world: World, connector: Connector) -> None:
    """A list from before a late request arrived would prove that it never did: the ticket is made twice."""
    sent = world.now()
    assert connector.find_created(token(), sent - _LIFE, sent + _LIFE) is None
    draft = ticket(world, fresh("Late"))
    key = connector.create(draft).ref.key
    world.wait(_LIFE.total_seconds() + connector.capabilities.index_lag.total_seconds())
    found = connector.find_created(draft.token, sent - _LIFE, sent + _LIFE, world.now())
    assert found is not None
    assert found.key == key


def test_what_is_long_past_is_found_without_all_that_came_since(world: World, connector: Connector) -> None:
    """Whoever starts again after a weekend would read the weekend once for each crash before it."""
    sent = world.now()
    draft = ticket(world, fresh("Old"))
    key = connector.create(draft).ref.key
    world.wait(3 * 3600)
    newer = ticket(world, fresh("New"))
    connector.create(newer)
    world.wait(connector.capabilities.index_lag.total_seconds() + 1)
    assert connector.find_created(newer.token, sent - _LIFE, sent + _LIFE, world.now()) is None
    found = connector.find_created(draft.token, sent - _LIFE, sent + _LIFE, world.now())
    assert found is not None
    assert found.key == key
    world.wait(10 * 86_400)
    again = world.connect(world.config).find_created(draft.token, sent - _LIFE, sent + _LIFE, world.now())
    assert again == found


def test_what_was_deleted_meanwhile_is_not_there(world: World, connector: Connector) -> None:
    """A ticket that a person deleted would be taken over for ever, and its customer never hears of it."""
    sent = world.now()
    draft = ticket(world, fresh("Deleted"))
    ref = connector.create(draft).ref
    world.wait(connector.capabilities.index_lag.total_seconds() + 1)
    assert connector.find_created(draft.token, sent - _LIFE, sent + _LIFE) == ref
    world.removes(ref.key)
    world.wait(61)
    assert connector.find_created(draft.token, sent - _LIFE, sent + _LIFE, world.now()) is None
