"""Events that tell of the hub's own writes: looked at later, together with what people do meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.base import Hint
from deskbridge.web.letterbox import Letterbox
from sync.store import Store, open_store

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SUBJECT = "ref:desk:7"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    made = open_store(tmp_path / "store.sqlite3")
    yield made
    made.database.close()


def told(store: Store, *ours: bool) -> int:
    """Tell of a ticket in several events at once, and return how often the workers were woken."""
    woken: list[None] = []

    async def tell() -> None:
        box = Letterbox(store, lambda: NOW, lambda connection: True, lambda: woken.append(None))
        for own in ours:
            box.put("desk", [Hint("7", None, NOW, ours=own)])
        box.close()
        await box.run()

    asyncio.run(tell())
    return len(woken)


def due(store: Store) -> timedelta | None:
    """Return in what time the ticket is looked at."""
    row = store.inbox.row(SUBJECT)
    return row.due_at - NOW if row and row.due_at else None


def test_our_own_write_is_looked_at_a_little_later(store: Store) -> None:
    """Otherwise each mirrored text costs two looks, or what a tool made of our write is never seen."""
    assert told(store, True) == 0
    later = due(store)
    assert later is not None
    assert timedelta(seconds=1) < later < timedelta(seconds=30)


@pytest.mark.parametrize("events", [(False,), (True, False), (False, True)])
def test_a_person_does_not_wait_for_it(store: Store, events: tuple[bool, ...]) -> None:
    """Otherwise what somebody writes right after the hub did is mirrored late."""
    told(store, True)
    assert told(store, *events) == 1
    assert due(store) == timedelta(0)


def test_our_own_write_puts_nothing_off(store: Store) -> None:
    """Otherwise the hub's own writes keep a person's change waiting for as long as it writes."""
    told(store, False)
    told(store, True)
    assert due(store) == timedelta(0)


def test_our_own_write_that_is_told_during_the_look_is_not_lost(store: Store) -> None:
    """Otherwise what changed between the look and the event of its write stays unseen until the next poll."""
    told(store, False)
    row = store.inbox.row(SUBJECT)
    assert row is not None
    taken = store.inbox.claim(row, NOW)
    assert taken is not None
    told(store, True)
    store.inbox.done(taken[1])
    store.inbox.release(taken[0])
    assert due(store) is not None
