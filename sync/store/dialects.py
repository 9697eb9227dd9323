"""Where SQLite and PostgreSQL differ, and nowhere else: opening, writing one after the other, numbers.

Both have rows that are inserted or updated in one statement; PostgreSQL locks the rows that a writer looks
at (`with_for_update`), SQLite, which knows no such clause, has one writer at a time.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Table,
    create_engine,
    event,
    func,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DatabaseError, InternalError, OperationalError

from connectors.errors import ConfigError
from sync.store.schema import intents
from sync.store.visits import SECONDS, Unanswered, Visits, waits

Address = Path | URL
"""Where a store is: a SQLite file, or a database on a PostgreSQL server."""

Upsert = sqlite.Insert | postgresql.Insert
"""An INSERT that can say what happens to a row that is there already."""

_Made = TypeVar("_Made")

READING: Mapping[str, Mapping[str, Any]] = {
    "sqlite": {"reading": True},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}
"""What makes a transaction read one consistent state and block no writer."""

_MAGIC = b"SQLite format 3\0"
"""What every SQLite file begins with (sqlite.org/fileformat.html)."""
_PATIENCE, _AGAIN = 30, 0.0005
"""Seconds that a writer waits for those of other processes, and between two of its tries."""
_BUSY = f"PRAGMA busy_timeout={_PATIENCE * 1000}"
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    _BUSY,
    "PRAGMA foreign_keys=ON",
)
_HIGHEST = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
_OPEN = 40
"""Connections to a file that are kept open: to open one for each transaction takes longer than to use it."""
_NOTICED = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
"""How soon a server is found to be gone that says nothing more: within half a minute. By itself a system
waits two hours (libpq, connection parameters). What an address says counts for more."""
_STANDS_STILL = 10_000
"""Milliseconds after which a server ends a session that does nothing within a transaction. A machine that
died there would lock its ticket for hours, as nothing tells the server of its end; nobody could take over."""
_ANSWERS = {"connect_timeout": 3}
_STATEMENT = 4_000
"""Milliseconds that a server may take for a statement somebody waits for: it ends it before they give up."""
_VISITORS, _MORE = 4, 4
"""Connections for those who wait for an answer: kept open, and beyond them."""
_LOCK = 0x6465736B
"""The number of the advisory lock under which one process at a time changes the tables."""


def address_of(written: str, folder: Path) -> Address:
    """Return where the settings say that the store is; a relative path begins at `folder`.

    Raises ConfigError for what is neither; what was written is not repeated, a password may be in it.
    """
    if "://" not in written:
        return folder / written
    try:
        url = make_url(written)
    except ArgumentError:
        url = None
    if url is None or url.drivername != "postgresql+psycopg" or not url.database:
        way = "write a path, or postgresql+psycopg://USER:PASSWORD@HOST/DATABASE"
        raise ConfigError([f"hub.store: this is not the address of a database; {way}"])
    return url


def called(address: Address) -> str:
    """Return what a person calls a store; of a server neither user nor password."""
    if isinstance(address, Path):
        return str(address)
    return f"database {address.database} on {address.host or 'this machine'}"


def engine_of(address: Address) -> Engine:
    """Return the engine of a store; nothing is asked of a server yet. Raises ConfigError for a bad file."""
    return _file(address) if isinstance(address, Path) else _server(address)


def upsert(tx: Connection, table: Table) -> Upsert:
    """Return an INSERT that can say what happens to a row that is there already."""
    return postgresql.insert(table) if tx.dialect.name == "postgresql" else sqlite.insert(table)


def prepared(table: Table, make: Callable[[Upsert], _Made]) -> Callable[[Connection], _Made]:
    """Return what gives a transaction its upsert, made once: to make one takes longer than to run it."""
    made = {"postgresql": make(postgresql.insert(table)), "sqlite": make(sqlite.insert(table))}
    return lambda tx: made[tx.dialect.name]


def replacing(table: Table, key: Collection[str], *columns: str) -> Callable[[Connection], Upsert]:
    """Return a prepared upsert that, of a row which is there already, replaces these columns."""

    def make(row: Upsert) -> Upsert:
        values = {name: row.excluded[name] for name in columns}
        return row.on_conflict_do_update(index_elements=list(key), set_=values)

    return prepared(table, make)


def failed(error: Exception) -> bool:
    """Whether the store itself failed: a full disk, a broken file, a server that went away.

    What it was asked may be to blame for all other errors.
    """
    known = OperationalError | InternalError | Unanswered
    return isinstance(error, known) or type(error) is DatabaseError


def reason_of(error: Exception) -> str:
    """Return the first line of what a database says; the rest are hints and statements."""
    return str(error).strip().partition("\n")[0]


@contextmanager
def alone(engine: Engine) -> Iterator[Connection]:
    """Give a transaction in which nobody else changes the tables; all of it happens, or nothing."""
    with engine.connect() as tx:
        if engine.dialect.name == "postgresql":
            with tx.begin():
                unhurried(tx)
                tx.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
                yield tx
            return
        # A table that others refer to is rebuilt by dropping it, which would be refused or empty those;
        # within a transaction the pragma does nothing (sqlite.org/foreignkeys.html).
        raw = tx.connection.driver_connection
        raw.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
        try:
            with tx.begin():
                yield tx
                if tx.execute(text("PRAGMA foreign_key_check")).first():
                    raise ConfigError(["the store's tables would not fit together after the migration"])
        finally:
            raw.execute("PRAGMA foreign_keys=ON")  # type: ignore[union-attr]


def back_up(path: Path, name: str) -> Path:
    """Copy a SQLite file as it is now beside itself, as private, and return where; an older copy goes."""
    copy = path.with_name(f"{path.name}.{name}")
    part = copy.with_name(f"{copy.name}.part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(part)) as target:
        source.backup(target)
    part.replace(copy)
    return copy


def highest_number(tx: Connection) -> int:
    """Return the highest running number that was given to a write, kept or not; 0 at first."""
    if tx.dialect.name == "postgresql":
        query = f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {_sequence(tx)}"  # noqa: S608
        return int(tx.execute(text(query)).scalar() or 0)
    return int(tx.execute(_HIGHEST, {"name": intents.name}).scalar() or 0)


def raise_number(tx: Connection, number: int) -> None:
    """Have running numbers go on above `number`; they are never lowered."""
    if tx.dialect.name == "postgresql":
        # Numbers are drawn without a lock: none is drawn between our look and our word.
        tx.execute(text(f"LOCK TABLE {intents.name} IN EXCLUSIVE MODE"))
        if highest_number(tx) < number:
            tx.execute(
                text("SELECT setval(:sequence, :number)"), {"sequence": _sequence(tx), "number": number}
            )
        return
    values = {"name": intents.name, "number": number}
    known = tx.execute(text("SELECT seq FROM sqlite_sequence WHERE name = :name"), values).first()
    if known is None:
        tx.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :number)"), values)
    elif known.seq < number:
        tx.execute(text("UPDATE sqlite_sequence SET seq = :number WHERE name = :name"), values)


def _sequence(tx: Connection) -> str:
    return _sequence_of(tx, intents)


def _sequence_of(tx: Connection, table: Table) -> str:
    query, column = text("SELECT pg_get_serial_sequence(:table, :column)"), table.autoincrement_column
    called = {"table": table.name, "column": column.name if column is not None else ""}
    return str(tx.execute(query, called).scalar_one())


def numbers(tx: Connection, tables: Collection[Table]) -> dict[str, int]:
    """Return the highest running number that each of these tables has or had; 0 at first."""
    found = {}
    for table in tables:
        column = table.autoincrement_column
        if column is None:
            continue
        given = None
        if tx.dialect.name == "postgresql":
            query = f"SELECT last_value FROM {_sequence_of(tx, table)} WHERE is_called"  # noqa: S608
            given = tx.execute(text(query)).scalar()
        elif table.dialect_options["sqlite"]["autoincrement"]:
            given = tx.execute(_HIGHEST, {"name": table.name}).scalar()
        found[table.name] = max(int(given or 0), int(tx.execute(select(func.max(column))).scalar() or 0))
    return found


def continue_numbers(tx: Connection, tables: Collection[Table], highest: Mapping[str, int]) -> None:
    """Have the running numbers of tables, that were filled just now, go on above the `highest` ones."""
    for table in tables:
        if not (number := highest.get(table.name)):
            continue
        values = {"name": table.name, "number": number}
        if tx.dialect.name == "postgresql":
            query = text("SELECT setval(:sequence, :number)")
            tx.execute(query, {"sequence": _sequence_of(tx, table), "number": number})
        elif table.dialect_options["sqlite"]["autoincrement"]:
            tx.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), values)
            tx.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :number)"), values)


def _file(path: Path) -> Engine:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "rb") as file:
            begins = file.read(len(_MAGIC))
    except OSError as error:
        raise ConfigError([f"{path}: the store cannot be opened ({error.strerror})"]) from None
    if begins not in (b"", _MAGIC):
        # SQLite itself takes a file of a few bytes for an empty one, and overwrites it.
        raise ConfigError([f"{path}: this is not a store of deskbridge"])
    engine = create_engine(
        f"sqlite:///{path}",
        connect_args={"check_same_thread": False},
        hide_parameters=True,
        pool_size=_OPEN,
    )

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in _PRAGMAS:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def begun(tx: Connection) -> None:
        if tx.get_execution_options().get("reading"):
            tx.exec_driver_sql("BEGIN")
        else:
            _begin_writing(tx)

    return engine


def _begin_writing(tx: Connection) -> None:
    """Begin a transaction that writes, as soon as no other process does. Raises OperationalError in the end.

    SQLite's own way to wait sleeps longer each time, up to a tenth of a second: of two busy processes one
    would stand still most of the time.
    """
    raw: Any = tx.connection.driver_connection
    raw.execute("PRAGMA busy_timeout=0")
    try:
        until = time.monotonic() + (SECONDS if waits() else _PATIENCE)
        while True:
            try:
                raw.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    break
                threading.Event().wait(_AGAIN)
            else:
                return
        tx.exec_driver_sql("BEGIN IMMEDIATE")  # raises what is wrong as all other statements do
    finally:
        raw.execute(_BUSY)


def visits_of(address: Address) -> Visits | None:
    """Return how those who wait for an answer ask a server; None for a file, which is there or fails."""
    if isinstance(address, Path):
        return None
    from sync.store.impatient import connected  # psycopg is there only with a server

    more = {"pool_size": _VISITORS, "max_overflow": _MORE, "pool_timeout": SECONDS}
    engine = _engine(address, _NOTICED | _ANSWERS, **more)
    visits = Visits(engine, engine.execution_options(**READING["postgresql"]))

    @event.listens_for(engine, "do_connect")
    def connecting(dialect: object, record: object, arguments: Any, options: Any) -> Any:
        visits.expect()
        return connected(arguments, options)

    @event.listens_for(engine, "connect")
    def limited(session: Any, record: object) -> None:
        _tell(session, "statement_timeout", _STATEMENT)

    return visits


def _server(url: URL) -> Engine:
    try:
        return _engine(url, _NOTICED)
    except ImportError:
        way = "pip install 'deskbridge[postgres]'"
        raise ConfigError([f"hub.store: psycopg, which speaks to PostgreSQL, is missing: {way}"]) from None


def _engine(url: URL, noticed: Mapping[str, int], **more: Any) -> Engine:
    # A connection that the server closed meanwhile is replaced before it is used.
    own = {name: value for name, value in noticed.items() if name not in url.query}
    engine = create_engine(url, pool_pre_ping=True, hide_parameters=True, connect_args=own, **more)
    event.listen(engine, "connect", _hurried)
    return engine


def _hurried(session: Any, record: object) -> None:
    """Have the server end a session that stands still within a transaction."""
    _tell(session, "idle_in_transaction_session_timeout", _STANDS_STILL)


def _tell(session: Any, name: str, value: int) -> None:
    with session.cursor() as cursor:
        cursor.execute(f"SET {name} = {value}")
    session.commit()


def unhurried(tx: Connection) -> None:
    """Let a transaction stand still for as long as it likes: something that takes long is done beside it."""
    if tx.dialect.name == "postgresql":
        tx.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))


def compact(engine: Engine) -> None:
    """Have nothing that was deleted stand in the database's files any more; it takes as much room again.

    Raises OperationalError while others use the store for longer than a short wait.
    """
    every = engine.execution_options(isolation_level="AUTOCOMMIT")
    if engine.dialect.name == "postgresql":
        with every.connect() as server:
            server.execute(text("VACUUM (FULL, ANALYZE)"))
        return
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute("VACUUM")
        busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise OperationalError(
                "checkpoint", None, sqlite3.OperationalError("others are reading the store")
            )
    finally:
        raw.close()
