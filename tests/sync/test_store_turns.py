"""Writers of several processes on one SQLite file: they wait for each other, for so long and no longer."""

from __future__ import annotations

import multiprocessing
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import OperationalError

from sync.store.database import Database
from sync.store.dialects import failed, reason_of
from sync.store.schema import meta
from sync.store.visits import Unanswered, visiting
from tests.sync.empty import empty_store

TURNS = 150


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where an empty store is."""
    return empty_store(tmp_path / "store.sqlite3")


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    """The store, as one process has it open."""
    opened = Database(path)
    yield opened
    opened.close()


def keep(database: Database, name: str) -> None:
    """Write a row."""
    with database.writing() as tx:
        tx.execute(insert(meta).values(name=name, value="1"))


def names(database: Database) -> set[str]:
    """Return what was written."""
    with database.reading() as tx:
        return set(tx.execute(select(meta.c.name)).scalars()) - {"hub"}


def _count(path: Path, results: Any) -> None:
    database, done = Database(path), 0
    here = meta.c.name == "count"
    for _ in range(TURNS):
        with database.writing() as tx:
            value = int(tx.execute(select(meta.c.value).where(here)).scalar_one())
            done += tx.execute(update(meta).where(here).values(value=str(value + 1))).rowcount
    database.close()
    results.put(done)


def test_two_processes_write_in_turns_and_nothing_is_lost(path: Path, database: Database) -> None:
    """Otherwise the service and a command beside it overwrite each other, or one of them ends in an error."""
    with database.writing() as tx:
        tx.execute(insert(meta).values(name="count", value="0"))
    fork = multiprocessing.get_context("fork")
    results = fork.Queue()
    writers = [fork.Process(target=_count, args=(path, results)) for _ in range(2)]
    for writer in writers:
        writer.start()
    assert [results.get(timeout=60) for _ in writers] == [TURNS, TURNS]
    for writer in writers:
        writer.join(30)
        assert writer.exitcode == 0
    with database.reading() as tx:
        assert tx.execute(select(meta.c.value).where(meta.c.name == "count")).scalar() == str(2 * TURNS)


def test_who_never_gets_the_file_is_told_so_and_who_waits_on_writes(path: Path, database: Database) -> None:
    """Otherwise a page hangs behind a command that holds the file, or what waited for it is lost.

    Whoever somebody waits for gives up after some seconds; work waits on. Each is told what SQLite itself
    says after its own patience, and a connection that waited in vain is as good as any other.
    """
    other, third = Database(path), Database(path)
    held, end = threading.Event(), threading.Event()

    def hold() -> None:
        with database.writing() as tx:
            tx.execute(insert(meta).values(name="held", value="1"))
            held.set()
            end.wait(60)

    with ThreadPoolExecutor(4) as threads:
        holding = threads.submit(hold)
        held.wait(60)
        with closing(sqlite3.connect(path, timeout=0)) as raw, pytest.raises(sqlite3.OperationalError) as own:
            raw.execute("BEGIN IMMEDIATE")
        work = threads.submit(keep, other, "work")
        behind, beside = (threads.submit(visited, one, "page") for one in (database, third))
        try:
            with pytest.raises(Unanswered) as unanswered:
                behind.result(30)
            with pytest.raises(OperationalError) as locked:
                beside.result(30)
            assert not work.done(), "work is more patient than people"
        finally:
            end.set()
        holding.result(30)
        work.result(30)
    assert reason_of(locked.value.orig or locked.value) == str(own.value) == "database is locked"
    assert failed(locked.value)
    assert failed(unanswered.value)
    assert names(database) == {"held", "work"}
    visited(database, "later")
    with other.writing() as tx:
        assert tx.execute(text("PRAGMA busy_timeout")).scalar() == 30_000
    assert names(other) == {"held", "work", "later"}
    other.close()
    third.close()


def visited(database: Database, name: str) -> None:
    """Write a row for somebody who waits."""
    with visiting():
        keep(database, name)
