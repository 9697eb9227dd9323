"""Backups: a whole store as one SQLite file, whatever database it is on, and back again.

A backup is a store itself: it can be opened, looked into with any tool for SQLite, and is brought up to
date like any other when it is restored by a newer program. So a store also moves from a file to a server.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.exc import DatabaseError

from connectors.errors import ConfigError
from sync.store import dialects
from sync.store.database import Database
from sync.store.dialects import READING, Address, alone, called, engine_of, unhurried
from sync.store.inbox import FREE
from sync.store.migrate import migrate
from sync.store.schema import bundles, claims, links, meta, metadata, sessions, workers

_PAUSE = 5.0
"""Seconds within which whoever works on a store gives a sign of life."""
_ROWS = 1_000
"""Rows that are held at once."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy holds."""

    links: int
    rows: int


def back_up(database: Database, path: Path) -> Copied:
    """Copy the whole store as it is at one moment into a new file, which only its owner may read.

    Whoever works goes on meanwhile. The copy is checked before it gets its name. Raises ConfigError if
    the file is there already, or cannot be written.
    """
    if path.exists():
        raise ConfigError([f"{path}: this file is there already; a backup replaces nothing"])
    part = path.with_name(f"{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        if isinstance(database.address, Path):
            _copy_file(database.address, part)
        else:
            with _engine(part) as copy, _engine(database.address) as source:
                migrate(copy, part)
                _copy_rows(source, copy)
        _as_one_file(part)
        counted = _checked(part)
        part.replace(path)
    except OSError as error:
        raise ConfigError([f"{path}: the backup cannot be written ({error.strerror})"]) from None
    finally:
        part.unlink(missing_ok=True)
    return counted


def restore(path: Path, address: Address, at: datetime, *, replace: bool, complete: bool) -> Copied:
    """Make the store at `address` what a backup holds.

    Unless the backup is `complete` (nothing worked since it was made), the hub is left recovering: nothing
    is written in any tool before `deskbridge recover --apply`. Claims are free, and nobody is signed in.
    Raises ConfigError, and changes nothing, if the backup is damaged or was made by a newer program, and
    if the store holds something, unless `replace`; a file is then kept as ``NAME.before-restore``.
    """
    if not path.is_file():
        raise ConfigError([f"{path}: there is no such file"])
    _checked(path)
    with TemporaryDirectory(prefix="deskbridge-restore-", dir=path.parent) as room:
        fresh = Path(room) / "store"
        os.close(os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        _copy_file(path, fresh)
        with _engine(fresh) as source:
            migrate(source, fresh)
            _settle(source, at, complete=complete)
            _usable(address, replace=replace)
            with _engine(address) as target:
                _make_room(target, address, replace=replace)
                _copy_rows(source, target)
        _as_one_file(fresh)
        return _checked(fresh)


def _usable(address: Address, *, replace: bool) -> None:
    """Have a store be there that can be opened; a file that cannot be is put aside, if it may be replaced."""
    try:
        with _engine(address) as engine:
            migrate(engine, address)
    except (ConfigError, DatabaseError) as error:
        if not isinstance(address, Path):
            raise
        if not replace:
            why = error.problems[0] if isinstance(error, ConfigError) else str(error.orig)
            way = "--replace puts the backup in its place, and keeps it beside"
            raise ConfigError([f"{called(address)}: this store cannot be opened ({why}); {way}"]) from None
        for end in ("", "-wal", "-shm"):
            there = address.with_name(f"{address.name}{end}")
            if there.exists():
                there.replace(address.with_name(f"{address.name}.before-restore{end}"))
        with _engine(address) as engine:
            migrate(engine, address)


def _make_room(engine: Engine, address: Address, *, replace: bool) -> None:
    """Keep what a store holds, if it may be replaced. Raises ConfigError if it may not, or is worked on."""
    if not holds_something(engine):
        return
    if not replace:
        way = "--replace puts the backup in its place"
        raise ConfigError([f"{called(address)}: this store is not empty; {way}"])
    if busy := _at_work(engine):
        raise ConfigError([f"{called(address)}: {busy} works on it: end all processes first"])
    if isinstance(address, Path):
        dialects.back_up(address, "before-restore")


def _at_work(engine: Engine) -> str | None:
    """Return who gives signs of life on a store, or None."""

    def beats() -> dict[str, int]:
        query = select(workers.c.kind, workers.c.host, workers.c.pid, workers.c.beat)
        with engine.connect() as tx:
            return {f"{row.kind} on {row.host} ({row.pid})": row.beat for row in tx.execute(query)}

    if before := beats():
        time.sleep(_PAUSE)
        after = beats()
        return next((name for name, beat in after.items() if before.get(name, -1) != beat), None)
    return None


def holds_something(engine: Engine) -> bool:
    """Whether a store knows more than its own name."""
    with engine.connect() as tx:
        return any(
            tx.execute(select(table).limit(1)).first() is not None
            for table in metadata.sorted_tables
            if table not in (meta, workers)
        )


@contextmanager
def _engine(address: Address) -> Iterator[Engine]:
    engine = engine_of(address)
    try:
        yield engine
    finally:
        engine.dispose()


def _copy_file(source: Path, target: Path) -> None:
    """Copy a SQLite file by its own way, which takes what stands in the log beside it along."""
    with closing(sqlite3.connect(source, timeout=30)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


def _copy_rows(source: Engine, target: Engine) -> None:
    """Make every table of the target what it is in one state of the source, in one transaction."""
    reading = source.execution_options(**READING[source.dialect.name])
    with reading.connect() as here, alone(target) as there:
        unhurried(here)
        for table in reversed(metadata.sorted_tables):
            there.execute(delete(table))
        for table in metadata.sorted_tables:
            for rows in here.execute(select(table)).mappings().partitions(_ROWS):
                there.execute(insert(table), [dict(row) for row in rows])
        every = metadata.sorted_tables
        dialects.continue_numbers(there, every, dialects.numbers(here, every))


def _settle(engine: Engine, at: datetime, *, complete: bool) -> None:
    """Leave out what was true only while the backup was made."""
    with engine.begin() as tx:
        tx.execute(delete(workers))
        tx.execute(delete(sessions))
        tx.execute(update(claims).values(until=FREE, holder=None))
        if not complete:
            recovering = (meta.c.name == "recovering", meta.c.value != "")
            if tx.execute(select(meta.c.name).where(*recovering)).first() is None:
                tx.execute(delete(meta).where(meta.c.name == "recovering"))
                tx.execute(insert(meta).values(name="recovering", value=at.isoformat()))


def _as_one_file(path: Path) -> None:
    """Have a file need no log beside it."""
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA journal_mode=DELETE")
    for end in ("-wal", "-shm"):
        path.with_name(f"{path.name}{end}").unlink(missing_ok=True)


def _checked(path: Path) -> Copied:
    """Return what a SQLite file holds that is whole and a store. Raises ConfigError for any other."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as raw:
            said = [str(row[0]) for row in raw.execute("PRAGMA integrity_check")]
            broken = raw.execute("PRAGMA foreign_key_check").fetchall()
            if said != ["ok"] or broken:
                raise ConfigError([f"{path}: this backup is damaged ({said[0]})"])
            tables = [
                str(row[0]) for row in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            ]
            if not {bundles.name, links.name, meta.name} <= set(tables):
                raise ConfigError([f"{path}: this is no backup of deskbridge"])
            counted = {name: raw.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables}  # noqa: S608 - its own names
    except sqlite3.DatabaseError as error:
        raise ConfigError([f"{path}: this backup is damaged, or none ({error})"]) from None
    known = [count for name, count in counted.items() if name in metadata.tables]
    return Copied(counted[links.name], sum(known))
