"""Stores that older and newer programs made, and processes that open one at the same moment."""

from __future__ import annotations

import multiprocessing
import sqlite3
import stat
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, select, text

from connectors.errors import ConfigError
from mappings.ticket import Ref, Status
from sync.seen import Kind, Mirror, Seen, TextId
from sync.store import Store, open_store
from sync.store.dialects import Address, engine_of
from sync.store.migrate import MIGRATIONS, migrate, revision_of, revisions
from sync.store.runs import Listed, Rank, State
from sync.store.schema import metadata
from tests.sync import postgres as server

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
FIRST = Path(__file__).with_name("data") / "store-0001.sql"
"""Everything in a store that the first revision's program had made and used."""


def old_store(path: Path) -> Path:
    """Put a store of the first revision there, as its program left it."""
    path.touch(mode=0o600)
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript(FIRST.read_text("utf-8"))
    return path


def holds_what_it_held(store: Store) -> None:
    """Check everything that the old store knew."""
    desk, jira = Ref("desk", "1"), Ref("jira", "2")
    bundle = store.bundles.load("bundle:1")
    assert store.hub() == "0123abcd"
    assert store.database.identity("jira") == ("https://acme.test", "hub")
    assert bundle.refs == (desk, jira)
    assert bundle.seen[desk] == Seen({"subject": "It does not start", "tags": ("a", "b")}, {"due": "2026"}, 3)
    assert [fact.status for fact in bundle.statuses(desk)] == [Status.OPEN, Status.RESOLVED]
    copy = Mirror(Kind.COMMENT, TextId("desk", "1", "7"), TextId("jira", "2", "70"), "r1", "a1")
    assert list(bundle.mirrors) == [copy]
    assert [(f.target, f.what) for f in store.findings.all()] == [
        ("jira", "tags"),
        ("desk", "conflict in subject"),
    ]
    assert [d.result for d in store.decisions.of("bundle:1")] == ["written"]
    assert [row.subject for row in store.inbox.due(AT)] == ["ref:desk:9"]
    assert store.database.highest_number() == 1


def test_a_store_of_the_first_program_is_brought_up_to_date(tmp_path: Path) -> None:
    """Otherwise an upgrade loses the links, and the next sync makes every ticket a second time."""
    store = open_store(old_store(tmp_path / "store.sqlite3"))
    holds_what_it_held(store)
    store.database.close()


@pytest.mark.parametrize("empty", ["sqlite", "postgresql"])
def test_the_revisions_end_in_the_tables_that_the_program_works_on(
    empty: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Otherwise a new installation has tables that an upgraded one lacks, or the other way round."""
    address: Address = tmp_path / "store.sqlite3"
    if empty == "postgresql":
        running: server.Postgres = request.getfixturevalue("postgres")
        address = running.empty()
    engine = engine_of(address)
    migrate(engine, address)
    with engine.connect() as tx:
        assert compare_metadata(MigrationContext.configure(tx), metadata) == []
    engine.dispose()


def test_a_store_of_a_newer_program_is_refused_in_one_line(address: Address) -> None:
    """Otherwise an older program works on tables that it does not understand, or writes before it looks."""
    store = open_store(address)
    with store.database.writing() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        tx.execute(text("DELETE FROM meta"))  # the name of the hub, which each program gives a new store
    store.database.close()
    with pytest.raises(ConfigError) as refused:
        open_store(address)
    engine = engine_of(address)
    with engine.connect() as tx:
        rows = {table.name: tx.execute(select(table)).all() for table in metadata.sorted_tables}
        assert tx.execute(text("SELECT version_num FROM alembic_version")).all() == [("9999",)]
    engine.dispose()
    assert not any(rows.values())
    (line,) = refused.value.problems
    assert "a newer program made this store" in line
    assert "9999" in line


def test_a_store_from_before_the_first_release_is_refused_in_one_line(tmp_path: Path) -> None:
    """Otherwise tables without a revision are taken for the first one's, and fail later, one by one."""
    path = tmp_path / "store.sqlite3"
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript("CREATE TABLE meta (name TEXT, value TEXT); CREATE TABLE bundles (id INTEGER)")
    with pytest.raises(ConfigError, match="before the first release"):
        open_store(path)


def _opened(address: Address, results: Any) -> None:
    store = open_store(address)
    results.put(store.hub())
    store.database.close()


def opened_at_once(address: Address, processes: int = 4) -> Sequence[str]:
    """Open a store in several processes at the same moment; return what hub each found."""
    fork = multiprocessing.get_context("fork")
    results = fork.Queue()
    workers = [fork.Process(target=_opened, args=(address, results)) for _ in range(processes)]
    for worker in workers:
        worker.start()
    hubs = [results.get(timeout=30) for _ in workers]
    for worker in workers:
        worker.join(30)
    assert [worker.exitcode for worker in workers] == [0] * processes
    return hubs


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_processes_that_make_a_store_at_once_make_one(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Otherwise the first start of the service and a command beside it end in an error, or in two hubs."""
    address: Address = tmp_path / "store.sqlite3"
    if kind == "postgresql":
        running: server.Postgres = request.getfixturevalue("postgres")
        address = running.empty()
    assert len(set(opened_at_once(address))) == 1


def test_processes_that_open_an_old_store_at_once_migrate_it_once(tmp_path: Path) -> None:
    """Otherwise an upgrade of a running installation fails on tables that are there already."""
    path = old_store(tmp_path / "store.sqlite3")
    assert set(opened_at_once(path)) == {"0123abcd"}
    store = open_store(path)
    holds_what_it_held(store)
    store.database.close()


def test_machines_that_begin_at_once_on_an_old_database_migrate_it_once(postgres: server.Postgres) -> None:
    """Otherwise two machines that are upgraded together end in tables that are there already, or half."""
    address = postgres.empty()
    engine = engine_of(address)
    with engine.begin() as tx:
        _made_by(tx, OLD)
        tx.execute(text("INSERT INTO meta (name, value) VALUES ('hub', '0123abcd')"))
        tx.execute(text("INSERT INTO bundles (created) VALUES (0)"))
    assert set(opened_at_once(address)) == {"0123abcd"}
    with engine.connect() as tx:
        assert revision_of(tx) == revisions()[-1]
        assert tx.execute(text("SELECT count(*) FROM bundles")).scalar() == 1
        assert compare_metadata(MigrationContext.configure(tx), metadata) == []
    engine.dispose()


OLD = "0019"


def _made_by(tx: Connection, revision: str) -> None:
    """Make the tables of an older program."""
    scripts, context = ScriptDirectory(str(MIGRATIONS)), MigrationContext.configure(tx)
    with Operations.context(context):
        for script in reversed(list(scripts.iterate_revisions(revision, "base"))):
            script.module.upgrade()
            context.stamp(scripts, script.revision)


def test_a_server_that_does_not_answer_is_told_without_the_password() -> None:
    """Otherwise a typing mistake in the settings prints the database's password into a log."""
    from sync.store.dialects import address_of

    address = address_of("postgresql+psycopg://hub:s3cret@127.0.0.1:1/deskbridge", Path())
    with pytest.raises(ConfigError) as refused:
        open_store(address)
    (line,) = refused.value.problems
    assert "database deskbridge on 127.0.0.1" in line
    assert "s3cret" not in repr(refused.value)
    assert "\n" not in line


@pytest.mark.parametrize(
    "written", ["mysql://hub:s3cret@host/db", "postgresql+psycopg://hub:s3cret@host", "://x"]
)
def test_an_address_of_something_else_is_refused_without_repeating_it(written: str) -> None:
    """Otherwise another database's address is used half, or its password printed."""
    from sync.store.dialects import address_of

    with pytest.raises(ConfigError) as refused:
        address_of(written, Path())
    (line,) = refused.value.problems
    assert "postgresql+psycopg://" in line
    assert "s3cret" not in line


def test_what_was_taken_for_moved_and_stands_nowhere_else_waits_again(tmp_path: Path) -> None:
    """Otherwise a migration that an older program began ends without the tickets that live work had alone."""
    path = tmp_path / "s.sqlite3"
    store = open_store(path)
    sides = [(1, "desk", "1"), (2, "desk", "2"), (2, "jira", "20"), (3, "desk", "3")]
    for key in "123":
        store.runs.listed("desk", [listed_as(key)], None)
    store.database.close()
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.executemany(
            "INSERT INTO bundles (id, created, run) VALUES (?, 0, ?)", [(1, None), (2, None), (3, 7)]
        )
        columns = "(bundle, connection, key, display, url, created)"
        raw.executemany(f"INSERT INTO links {columns} VALUES (?, ?, ?, '', '', 0)", sides)  # noqa: S608 - ours
        raw.execute("ALTER TABLE bundles DROP COLUMN lent")
        raw.execute("ALTER TABLE served DROP COLUMN from_customer")
        raw.execute("ALTER TABLE served DROP COLUMN readable")
        raw.execute("ALTER TABLE intents DROP COLUMN ahead")
        raw.execute("UPDATE alembic_version SET version_num = '0025'")
    store = open_store(path)
    assert [item.ref.key for item in store.runs.walk("desk", [State.WAITING])] == ["1"]
    assert [item.ref.key for item in store.runs.walk("desk", [State.MIGRATED])] == ["2", "3"]
    store.database.close()


def listed_as(key: str) -> Listed:
    """Return what a list tells of a ticket that was read before."""
    told = {"version": "v", "presence": "present", "status": "closed", "whose": ""}
    return Listed(key=key, changed=AT, created=AT, rank=Rank.DONE, known=True, **told)


def test_an_old_file_is_copied_before_it_is_migrated(tmp_path: Path) -> None:
    """Otherwise there is no way back from an upgrade, or the copy is open to everybody on the machine."""
    path = old_store(tmp_path / "store.sqlite3")
    open_store(path).database.close()
    open_store(path).database.close()
    (copy,) = tmp_path.glob("store.sqlite3.before-*")
    assert copy.name == "store.sqlite3.before-0002"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)
        assert raw.execute("SELECT count(*) FROM links").fetchone() == (2,)


def test_a_new_file_has_no_copy(tmp_path: Path) -> None:
    """Otherwise every first start leaves an empty file behind."""
    open_store(tmp_path / "store.sqlite3").database.close()
    assert list(tmp_path.glob("*before*")) == []


def test_each_revision_has_a_number_of_its_own() -> None:
    """Otherwise two changes that were made at once leave a store that has had only one of them."""
    assert revisions() == [f"{number:04}" for number in range(1, len(revisions()) + 1)]
