"""Polls: what costs how much, and what is never missed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, insert

from connectors.memory_desk import Fault
from mappings.ticket import Audience
from sync.store import Store, schema
from tests.sync.world import START, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A desk and two teams of developers."""
    made = World(tmp_path, policies=False)
    yield made
    made.close()


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    """Count what the store is asked."""
    asked: list[str] = []

    def executed(connection: object, cursor: object, statement: str, *rest: object) -> None:
        asked.append(statement)

    engine = store.database._engine
    event.listen(engine, "before_cursor_execute", executed)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", executed)


def linked(world: World, count: int) -> None:
    """Have this many more tickets been linked and read long ago."""
    first = 10_000 * count
    numbers = range(first, first + count)
    when = START - timedelta(days=9)
    side = {"connection": "desk", "display": "", "url": "", "created": when}
    said = {"connection": "desk", "native": {}, "wanted": {}, "serial": 0, "version": "1", "read_at": when}
    with world.store.database.writing() as tx:
        tx.execute(insert(schema.bundles), [{"id": n, "created": when} for n in numbers])
        tx.execute(insert(schema.links), [{**side, "key": f"x{n}", "bundle": n} for n in numbers])
        tx.execute(insert(schema.seen), [{**said, "key": f"x{n}", "bundle": n} for n in numbers])


def test_an_idle_poll_costs_as_much_with_many_links_as_with_few(world: World) -> None:
    """Otherwise a hub that has grown spends its quota on asking after tickets in which nothing happens."""
    world.opened()
    world.settle()
    costs = []
    for count in (100, 3_000):
        linked(world, count)
        calls: list[str] = []
        for server in world.servers.values():
            server.before = calls.append
        with statements(world.store) as asked:
            assert world.engine.collect() == []
        costs.append((len(calls), len(asked)))
    assert costs[0] == costs[1]


def test_many_changes_are_compared_together(world: World) -> None:
    """Otherwise the store is asked once for each row of an answer with thousands."""
    with statements(world.store) as few:
        world.engine.collect()
    for number in range(400):
        world.opened(subject=f"No {number}")
    with statements(world.store) as many:
        world.engine.collect()
    assert len(world.store.inbox.due(world.at)) == 400
    assert len(many) - len(few) < 20


def test_due_rows_are_read_in_batches(world: World) -> None:
    """Otherwise each look into an inbox with a hundred thousand rows reads them all."""
    world.store.inbox.put_many([f"ref:desk:{n}" for n in range(2_000)], world.at, "changed")
    first = world.store.inbox.ready(world.at, 50)
    second = world.store.inbox.ready(world.at, 50, first[-1])
    assert len({row.subject for row in (*first, *second)}) == 100
    with world.store.database.reading() as tx:
        plan = " ".join(
            str(row)
            for row in tx.exec_driver_sql(
                "EXPLAIN QUERY PLAN SELECT subject FROM inbox WHERE due_at <= 5"
                " AND (due_at, subject) > (1, 'x') ORDER BY due_at, subject LIMIT 50"
            )
        )
    assert "inbox_next" in plan
    assert "TEMP B-TREE" not in plan


def test_a_poll_that_breaks_off_goes_on_where_it_was(world: World) -> None:
    """Otherwise a first poll over years, cut off again and again, never ends."""
    for number in range(1_200):
        world.wait(seconds=1)
        world.opened(subject=f"No {number}")
    world.wait(minutes=1)
    calls = 0

    def fails(call: str) -> None:
        nonlocal calls
        calls += call == "changed"
        if calls == 300:
            world.desk.fail("changed", Fault.REFUSED)

    world.desk.before = fails
    errors = world.engine.collect()
    world.desk.before = lambda call: None
    cursor = world.store.inbox.cursor("desk")
    assert [error.connection for error in errors] == ["desk"]
    assert cursor is not None
    assert START < cursor < world.at
    assert world.engine.collect() == []
    assert len(world.store.inbox.due(world.at)) == 1_200


def test_a_row_that_was_read_too_early_is_read_again(world: World) -> None:
    """Otherwise a change within the tool's settle time is never seen."""
    key = world.opened()
    world.settle()
    hints = [h for h in world.connectors["desk"].changed(START - timedelta(days=1)) if h.key == key]
    (subject,) = world.store.bundles.subjects()
    world.wait(minutes=1)
    world.store.inbox.put(subject, world.at, "a second look")
    list(world.engine.work())
    assert world.engine.poller.worth_a_look("desk", hints) == []
    with world.store.database.writing() as tx:
        tx.execute(schema.seen.update().values(read_at=hints[0].changed))
    assert world.engine.poller.worth_a_look("desk", hints) == [subject]


def test_a_connection_that_fails_again_and_again_is_asked_by_one_call(world: World) -> None:
    """Otherwise each ticket waits for a dead tool, and a tool that recovers is beaten down again."""
    for number in range(6):
        world.opened(subject=f"No {number}")
    world.settle()
    calls: list[str] = []
    world.jira.before = calls.append
    for key in world.desk.tickets:
        world.desk.comment(key, "More", audience=Audience.STAFF)
    fault = world.jira.next_fault

    def dead(call: str) -> Fault | None:
        fault(call)
        return Fault.UNREACHABLE

    world.jira.next_fault = dead  # type: ignore[method-assign]
    world.engine.collect()
    list(world.engine.work())
    assert "jira" in world.engine.breakers.paused()
    asked = len(calls)
    list(world.engine.work())
    world.wait(seconds=5)
    list(world.engine.work())
    assert len(calls) == asked
    assert [f.what for f in world.store.findings.of("connection:jira")] == ["calls for now"]
    world.wait(minutes=2)
    world.engine.collect()
    assert set(calls[asked:]) == {"whoami"}
    world.jira.next_fault = fault  # type: ignore[method-assign]
    world.settle()
    assert "jira" not in world.engine.breakers.paused()
    arrived = [text.body.text for t in world.jira.tickets.values() for text in t.texts.values()]
    assert sum("More" in text for text in arrived) == 6


def test_a_refused_credential_pauses_its_connection_and_is_said_once(world: World) -> None:
    """Otherwise an account is locked by a thousand wrong passwords, or nobody learns why nothing moves."""
    for number in range(5):
        world.opened(subject=f"No {number}")
    world.settle()
    calls: list[str] = []
    world.jira.before = calls.append
    good, world.jira.secret = world.jira.secret, "changed by somebody"
    for key in world.desk.tickets:
        world.desk.comment(key, "More", audience=Audience.STAFF)
    for _ in range(4):
        world.sync()
    assert len(calls) <= 4
    assert [f.what for f in world.store.findings.of("connection:jira")] == ["any call"]
    assert world.store.health.pulse("jira").denied
    world.jira.secret = good
    world.settle()
    assert world.store.health.pulse("jira").paused is None


def test_a_clock_that_is_set_back_hides_nothing(world: World) -> None:
    """A hub whose clock was an hour ahead would never hear of what was said before it was put right."""
    key = world.opened()
    world.settle()
    right = world.at
    world.at += timedelta(hours=1)  # the hub's clock alone: nothing is said meanwhile
    world.sync()
    world.at = right + timedelta(minutes=10)
    world.desk.comment(key, "While it was wrong", by="kim")
    world.at = right + timedelta(minutes=30)
    world.sync()
    assert "While it was wrong" in world.bodies("jira")
    world.wait(minutes=5)
    assert world.now() - world.engine.poller.since("desk") < timedelta(minutes=30)
