"""Tickets whose answer nobody heard, looked for before real servers: together, and never by a stale list."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.base import Connector
from connectors.errors import Transient
from connectors.quota import LocalBudget
from connectors.sought import Found, Sought
from deskbridge.sandbox.run import Sandbox
from mappings.ticket import Ref
from tests.contract.drafts import fresh, ticket, token
from tests.contract.gitlab_world import GitLabWorld
from tests.contract.jira_world import JiraDataCenterWorld, JiraWorld

_LIFE = timedelta(seconds=90)
_CALLS = 4
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


def _lasts(world: World, connector: Connector) -> None:
    """Let the time go by after which a look-up is sure."""
    world.wait(_LIFE.total_seconds() + connector.capabilities.index_lag.total_seconds())


@pytest.mark.parametrize("newest", [False, True], ids=["oldest first", "newest first"])
def test_one_look_answers_for_all_that_one_crash_lost(
    world: World, connector: Connector, *, newest: bool
) -> None:
    """Each of fifty tickets would read all that was created since: minutes, and thousands of calls."""
    sent = world.now()
    keys = {}
    for _ in range(12):
        draft = ticket(world, fresh("Unheard"))
        keys[draft.token] = connector.create(draft).ref.key
    _lasts(world, connector)
    begun, at = world.calls(), world.now()
    for mark, key in reversed(keys.items()) if newest else keys.items():
        found = connector.find_created(mark, sent - _LIFE, at)
        assert found is not None
        assert found.key == key
    for _ in range(12):
        assert connector.find_created(token(), sent - _LIFE, at) is None
    assert world.calls() - begun <= 2 * _CALLS


def test_what_came_after_a_look_is_found_by_the_next_one(world: World, connector: Connector) -> None:
    """A list from before a late request arrived would prove that it never did: the ticket is made twice."""
    sent = world.now()
    assert connector.find_created(token(), sent - _LIFE, sent) is None
    draft = ticket(world, fresh("Late"))
    key = connector.create(draft).ref.key
    _lasts(world, connector)
    found = connector.find_created(draft.token, sent - _LIFE, world.now())
    assert found is not None
    assert found.key == key


def test_what_was_deleted_meanwhile_is_not_there(world: World, connector: Connector) -> None:
    """A ticket that a person deleted would be taken over for ever, and its customer never hears of it."""
    sent = world.now()
    draft = ticket(world, fresh("Deleted"))
    ref = connector.create(draft).ref
    world.wait(connector.capabilities.index_lag.total_seconds() + 1)
    assert connector.find_created(draft.token, sent - _LIFE, sent) == ref
    world.removes(ref.key)
    world.wait(61)
    assert connector.find_created(draft.token, sent - _LIFE, world.now()) is None


def test_a_list_from_before_the_clock_was_set_back_proves_nothing(world: World) -> None:
    """A list counts as younger than a ticket that was sent long after it: the ticket is made twice."""
    ahead = [timedelta(minutes=3)]

    def now() -> datetime:
        return world.now() + ahead[0]

    connector = world.connect(replace(world.config, now=now, budget=LocalBudget(now)))
    since = now() - timedelta(hours=1)
    assert connector.find_created(token(), since, now()) is None
    begun = now()
    ahead[0] = timedelta(0)
    draft = ticket(world, fresh("After it was set back"))
    ref = connector.create(draft).ref
    world.wait(connector.capabilities.index_lag.total_seconds() + 1)
    assert connector.find_created(draft.token, since, begun) == ref


def test_of_two_with_one_marker_the_last_one_counts_and_a_quotation_last() -> None:
    """A clone, or a ticket that quotes another one's first line, would be taken for what was made."""
    old, new, quoting = (Ref("jira", key) for key in "123")
    rows = [Found("a", quoting, own=False), Found("a", new), Found("a", old), Found("b", quoting, own=False)]
    sought, at = Sought(lambda _: iter([rows]), lambda: datetime.now(UTC)), datetime.now(UTC)
    assert [sought.find(mark, at, at) for mark in "abac"] == [new, quoting, new, None]


def test_who_waited_for_a_look_that_failed_does_not_try_it_once_more() -> None:
    """A tool that hangs would keep eight workers for three minutes each, one after the other."""
    asked: list[datetime] = []

    def hangs(since: datetime) -> Iterator[list[Found]]:
        asked.append(since)
        time.sleep(0.3)
        if asked:
            raise Transient("jira", "GET search", "no answer")
        yield []

    sought, failed = Sought(hangs, lambda: datetime.now(UTC)), list[str]()

    def look() -> None:
        try:
            sought.find("db1.abc.def", datetime.now(UTC), datetime.now(UTC))
        except Transient as error:
            failed.append(error.text)

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == ["no answer"] * 8
    assert len(asked) < 8
    look()
    assert len(failed) == 9, "the next one asks again"
