"""The database file: opened private to its owner, one short writer at a time."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select, update
from sqlalchemy.exc import DatabaseError

from connectors.base import Account
from connectors.errors import ConfigError
from sync.store.schema import VERSION, identities, meta, metadata

_MAGIC = b"SQLite format 3\0"
"""What every SQLite file begins with (sqlite.org/fileformat.html)."""
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA busy_timeout=30000",
    "PRAGMA foreign_keys=ON",
)


class Database:
    """One SQLite file in WAL mode; every writing transaction begins IMMEDIATE and is committed at its end.

    With synchronous=NORMAL a power cut can forget the last commits but corrupts nothing; what was
    forgotten is found again by its marker.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._engine = _engine(path)
        try:
            with self.writing() as tx:
                self._refuse_foreign(tx)
                metadata.create_all(tx)
                _stamp(tx)
            self._check()
        except DatabaseError as error:
            raise ConfigError([f"{path}: this is not a store of deskbridge ({error.orig})"]) from None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a transaction that may write, committed at the end, rolled back on an error."""
        with self._engine.begin() as tx:
            yield tx

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a transaction that reads one consistent state and blocks no writer."""
        with self._engine.execution_options(reading=True).connect() as tx:
            yield tx

    def close(self) -> None:
        """Close all connections to the file."""
        self._engine.dispose()

    def hub(self) -> str:
        """Return the id that this hub signs with."""
        return self._meta("hub")

    def rules(self) -> str:
        """Return the digest of the rules that were last worked by; empty at first."""
        return self._meta("rules")

    def adopt_rules(self, digest: str, at: datetime) -> None:
        """Remember the digest of the rules that are worked by from now on, and since when."""
        changed = at.isoformat() if self.rules() else ""  # the first rules of all are no change
        with self.writing() as tx:
            tx.execute(update(meta).where(meta.c.name == "rules").values(value=digest))
            tx.execute(update(meta).where(meta.c.name == "rules changed").values(value=changed))

    def rules_changed(self) -> datetime | None:
        """Return since when the rules are as they are; None if they never changed."""
        at = self._meta("rules changed")
        return datetime.fromisoformat(at) if at else None

    def identity(self, connection: str) -> tuple[str, str] | None:
        """Return the (instance, account) that a connection had when it was first used."""
        query = select(identities.c.instance, identities.c.account).where(
            identities.c.connection == connection
        )
        with self.reading() as tx:
            row = tx.execute(query).first()
        return (row.instance, row.account) if row else None

    def identify(self, connection: str, account: Account) -> None:
        """Remember who a connection is, on its first use."""
        with self.writing() as tx:
            tx.execute(
                insert(identities).values(
                    connection=connection, instance=account.instance, account=account.key
                )
            )

    def _meta(self, name: str) -> str:
        with self.reading() as tx:
            return str(tx.execute(select(meta.c.value).where(meta.c.name == name)).scalar_one())

    def _refuse_foreign(self, tx: Connection) -> None:
        tables = set(inspect(tx).get_table_names())
        if tables and not tables >= {meta.name, "bundles"}:
            raise ConfigError([f"{self.path}: this is another program's database"])

    def _check(self) -> None:
        found = self._meta("version")
        if found != str(VERSION):
            text = f"its schema is version {found}, this program's is {VERSION}; use the program that made it"
            raise ConfigError([f"{self.path}: {text}"])


def _engine(path: Path) -> Engine:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "rb") as file:
            begins = file.read(len(_MAGIC))
    except OSError as error:
        raise ConfigError([f"{path}: the store cannot be opened ({error.strerror})"]) from None
    if begins not in (b"", _MAGIC):
        # SQLite itself takes a file of a few bytes for an empty one, and overwrites it.
        raise ConfigError([f"{path}: this is not a store of deskbridge"])
    engine = create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in _PRAGMAS:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def begun(tx: Connection) -> None:
        reading = tx.get_execution_options().get("reading")
        tx.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _stamp(tx: Connection) -> None:
    known = set(tx.execute(select(meta.c.name)).scalars())
    for name, value in (
        ("version", str(VERSION)),
        ("hub", secrets.token_hex(4)),
        ("rules", ""),
        ("rules changed", ""),
    ):
        if name not in known:
            tx.execute(insert(meta).values(name=name, value=value))
