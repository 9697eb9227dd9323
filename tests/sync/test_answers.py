"""What is in the store at the moment of each call: a note before a write, the answer before the next call."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import func, select

from sync.store import Store
from sync.store.schema import intents, mirrors
from tests.sync.world import World

_WRITES = ("add_comment", "add_file")


def _waiting_and_copies(store: Store) -> tuple[int, int]:
    with store.database.reading() as tx:
        waiting = tx.execute(select(func.count()).where(intents.c.done.is_(None))).scalar_one()
        return waiting, tx.execute(select(func.count()).select_from(mirrors)).scalar_one()


def test_each_answer_is_in_the_store_before_the_next_call(tmp_path: Path) -> None:
    """Broken: a kill between two comments forgets the first one's answer, or a write was not noted before it.

    A note of a write is committed before it is sent, and beside it no other waits: what was written before
    is a copy by then.
    """
    world = World(tmp_path)
    key = world.opened("dev", "firmware")
    world.settle()
    for number in range(4):
        text = world.desk.comment(key, f"Message {number}")
        world.desk.attach(key, f"{number}.txt", b"x%d" % number, to=text)
    before = _waiting_and_copies(world.store)[1]
    found: list[tuple[str, int, int]] = []

    def look(call: str) -> None:
        found.append((call, *_waiting_and_copies(world.store)))

    world.jira.before = world.gitlab.before = look
    world.sync()
    writes = [(waiting, copies - before) for call, waiting, copies in found if call in _WRITES]
    assert writes == [(1, copies) for copies in range(16)], "four texts and four files, on two sides"
    assert _waiting_and_copies(world.store) == (0, before + 16)
