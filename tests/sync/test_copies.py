"""Backups: made while others write, restored on either database, and what becomes of the hub then."""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import text

from connectors.errors import ConfigError
from sync.store import Store, open_store
from sync.store.copies import back_up, restore
from sync.store.dialects import Address, numbers
from sync.store.schema import metadata
from sync.store.workers import Worker
from tests.sync.filled import AT, fill, rows
from tests.sync.postgres import Postgres
from tests.sync.test_recovery import busy, picture, recover
from tests.sync.world import World

PASSING = ("workers", "sessions", "claims", "meta")
"""What a restored store has no use for, or has of its own."""


@pytest.fixture
def store(address: Address) -> Iterator[Store]:
    """A store with something in every table."""
    opened = open_store(address)
    fill(opened)
    yield opened
    opened.database.close()


def elsewhere(kind: str, folder: Path, postgres: Postgres) -> Address:
    """Return where no store is yet."""
    return postgres.empty() if kind == "postgresql" else folder / "elsewhere" / "store.sqlite3"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_everything_comes_back_on_either_database(
    store: Store, kind: str, tmp_path: Path, postgres: Postgres
) -> None:
    """Otherwise a backup lacks what was added last, or a store cannot move to a server."""
    with store.database.writing() as tx:
        tx.execute(text("DELETE FROM findings"))  # its number was given, and is not to be given again
    copied = back_up(store.database, tmp_path / "copy")
    assert copied.links == 1
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.glob("copy*")] == ["copy"]
    there = elsewhere(kind, tmp_path, postgres)
    restore(tmp_path / "copy", there, AT, replace=False, complete=True)
    other = open_store(there)
    assert rows(other, *PASSING) == rows(store, *PASSING)
    assert other.hub() == store.hub()
    assert other.database.recovering() is None
    tables = [t for t in metadata.sorted_tables if t.dialect_options["sqlite"]["autoincrement"]]
    with store.database.reading() as here, other.database.reading() as then:
        assert numbers(then, tables) == numbers(here, tables)
    with other.database.writing() as tx:  # numbers go on above those that came with the rows
        tx.execute(metadata.tables["bundles"].insert().values(created=AT))
        tx.execute(text("INSERT INTO chores (name, due, place) VALUES ('another', 1, '')"))
    other.database.close()


def test_a_backup_shows_one_moment_while_others_write(address: Address, tmp_path: Path) -> None:
    """Otherwise a backup holds half of a transaction, and a link without its ticket."""
    store, stopping = open_store(address), threading.Event()

    def write() -> None:
        for number in count():
            if stopping.is_set():
                return
            store.inbox.put_many([f"bundle:{number}:{part}" for part in range(40)], AT, "changed")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        found = []
        for number in range(3):
            back_up(store.database, tmp_path / f"copy{number}")
            with closing(sqlite3.connect(tmp_path / f"copy{number}")) as copy:
                found.append(copy.execute("SELECT count(*) FROM inbox").fetchone()[0])
    finally:
        stopping.set()
        writer.join()
        store.database.close()
    assert [n % 40 for n in found] == [0, 0, 0]
    assert found[2] > 0


def test_a_store_that_holds_something_is_replaced_only_if_asked(store: Store, tmp_path: Path) -> None:
    """Otherwise one wrong command takes everything that the hub knows."""
    back_up(store.database, tmp_path / "copy")
    store.inbox.put("bundle:9", AT, "after the backup")
    address = store.database.address
    with pytest.raises(ConfigError, match="not empty; --replace"):
        restore(tmp_path / "copy", address, AT, replace=False, complete=False)
    assert store.inbox.row("bundle:9") is not None
    restore(tmp_path / "copy", address, AT, replace=True, complete=False)
    assert store.inbox.row("bundle:9") is None
    assert store.database.recovering() == AT
    if isinstance(address, Path):
        kept = open_store(address.with_name(f"{address.name}.before-restore"))
        assert kept.inbox.row("bundle:9") is not None
        kept.database.close()


def test_what_is_damaged_or_no_backup_is_refused(tmp_path: Path) -> None:
    """Otherwise a broken disk is noticed after the last good store was replaced."""
    store = open_store(tmp_path / "store.sqlite3")
    fill(store)
    store.inbox.put_many([f"bundle:{n}" for n in range(3000)], AT, "changed")
    back_up(store.database, tmp_path / "copy")
    with pytest.raises(ConfigError, match="replaces nothing"):
        back_up(store.database, tmp_path / "copy")
    whole = (tmp_path / "copy").read_bytes()
    half = len(whole) // 2
    for name, damaged in {
        "torn": whole[:half],
        "overwritten": whole[: half // 2] + b"\xff" * half + whole[half // 2 + half :],
        "text": b"-- a dump",
        "missing": None,
    }.items():
        if damaged is not None:
            (tmp_path / name).write_bytes(damaged)
        with pytest.raises(ConfigError):
            restore(tmp_path / name, tmp_path / "store.sqlite3", AT, replace=True, complete=False)
    other = tmp_path / "other.sqlite3"
    with closing(sqlite3.connect(other)) as raw:
        raw.execute("CREATE TABLE notes (said TEXT)")
    with pytest.raises(ConfigError, match="no backup of deskbridge"):
        restore(other, tmp_path / "store.sqlite3", AT, replace=True, complete=False)
    assert store.inbox.row("bundle:2999") is not None
    store.database.close()


def test_a_broken_store_is_put_aside(tmp_path: Path) -> None:
    """Otherwise the one day on which a backup is needed, it cannot be restored."""
    store = open_store(tmp_path / "store.sqlite3")
    fill(store)
    back_up(store.database, tmp_path / "copy")
    store.database.close()
    for path in tmp_path.glob("store.sqlite3*"):
        path.unlink()
    broken = tmp_path / "store.sqlite3"
    broken.write_bytes(b"SQLite format 3\0" + b"\xff" * 9000)
    with pytest.raises(ConfigError, match="cannot be opened"):
        restore(tmp_path / "copy", broken, AT, replace=False, complete=False)
    restore(tmp_path / "copy", broken, AT, replace=True, complete=False)
    again = open_store(broken)
    assert again.bundles.subjects() == ["bundle:1"]
    assert (tmp_path / "store.sqlite3.before-restore").read_bytes().endswith(b"\xff" * 9000)
    again.database.close()


def test_a_store_that_is_worked_on_is_not_replaced(tmp_path: Path) -> None:
    """Otherwise a running hub goes on by what it remembers, in a store that knows less."""
    store, stopping = open_store(tmp_path / "store.sqlite3"), threading.Event()
    store.inbox.put("bundle:1", AT, "changed")
    store.workers.join(Worker("one", "serve", "desk-1", "0.1", 7, 4, 0, AT, AT))
    back_up(store.database, tmp_path / "copy")

    def live() -> None:
        while not stopping.wait(0.3):
            store.workers.beat("one", AT)

    worker = threading.Thread(target=live)
    worker.start()
    try:
        with pytest.raises(ConfigError, match=r"serve on desk-1 \(7\) works on it"):
            restore(tmp_path / "copy", tmp_path / "store.sqlite3", AT, replace=True, complete=False)
    finally:
        stopping.set()
        worker.join()
        store.database.close()


def test_after_a_restore_nothing_is_made_twice(tmp_path: Path) -> None:
    """Otherwise the day on which a backup is needed ends with every text of the last hours twice."""
    world = World(tmp_path)
    key = busy(world)
    back_up(world.store.database, tmp_path / "copy")
    world.desk.comment(key, "After the backup", by="kim")
    world.settle()
    before = picture(world)
    world.store.database.close()
    restore(tmp_path / "copy", tmp_path / "store.sqlite3", world.now(), replace=True, complete=False)
    world.reopen()
    world.wait(minutes=20)
    world.sync()
    assert picture(world) == before
    assert world.store.database.recovering() is not None
    recover(world)
    world.settle()
    world.wait(minutes=20)
    world.settle()
    assert picture(world) == before
    world.desk.comment(key, "And on it goes", by="kim")
    world.settle()
    assert "And on it goes" in world.bodies("jira")
    world.close()
