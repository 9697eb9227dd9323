"""Whole conversations with the store on PostgreSQL: what the engine rests on holds there too."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from connectors.memory_desk import Fault
from sync.jobs.beats import EVERY, STILL
from sync.store.dialects import failed, unhurried
from tests.sync.postgres import Postgres
from tests.sync.world import World


@pytest.fixture
def world(tmp_path: Path, postgres: Postgres) -> Iterator[World]:
    """Three servers and a hub whose store is a database on a server."""
    made = World(tmp_path, address=postgres.store())
    yield made
    made.close()


def test_a_conversation_arrives_and_a_second_plan_is_empty(world: World) -> None:
    """Otherwise the hub works on a file only, or writes the same again on a server."""
    key = world.opened("dev", "firmware", text="The pump is silent")
    world.settle()
    assert world.bodies("jira") == world.bodies("gitlab") == ["The pump is silent"]
    world.desk.comment(key, "It rattles")
    world.settle()
    assert world.bodies("jira") == ["The pump is silent", "It rattles"]
    assert world.left() == []


@pytest.mark.parametrize("call", ["create", "add_comment"])
def test_a_lost_answer_makes_nothing_twice(world: World, call: str) -> None:
    """Otherwise a note of a write is not found again on a server, and the text is sent a second time."""
    key = world.opened(text="The pump is silent")
    if call == "add_comment":
        world.settle()
        world.desk.comment(key, "It rattles")
    world.jira.fail(call, Fault.RESET)
    world.settle()
    assert len(world.jira.tickets) == 1
    said = world.bodies("jira")
    assert len(said) == len(set(said))


def test_another_hub_goes_on_where_the_first_one_stopped(world: World) -> None:
    """Otherwise a restart on a server forgets links, and makes every ticket a second time."""
    key = world.opened(text="The pump is silent")
    world.settle()
    world.engine = world.hub()
    world.desk.comment(key, "It rattles")
    world.settle()
    assert world.bodies("jira") == ["The pump is silent", "It rattles"]


def test_a_machine_that_died_within_a_transaction_locks_no_ticket_for_hours(world: World) -> None:
    """Otherwise nobody can take its ticket over: its server waits for hours before it believes in its end.

    The server ends what stands still within a transaction sooner than others bury who gives no sign of
    life. Whatever takes long in Python says so beforehand.
    """
    until_buried, short = STILL * EVERY.total_seconds() * 1000, "SET idle_in_transaction_session_timeout = 50"
    told = "SELECT setting::int FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'"
    with world.store.database.writing() as tx:
        assert 1000 <= tx.execute(text(told)).scalar_one() < until_buried
        tx.execute(text(short))
        unhurried(tx)
        time.sleep(0.1)
        tx.execute(text("SELECT 1"))
        tx.execute(text(short))
    with pytest.raises(DatabaseError) as ended:
        _stand_still(world)
    assert failed(ended.value)


def _stand_still(world: World) -> None:
    with world.store.database.writing() as tx:
        tx.execute(text("SELECT 1"))
        time.sleep(0.3)
        tx.execute(text("SELECT 1"))
