"""The database: a private SQLite file or a PostgreSQL server, brought up to date when it is opened."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, bindparam, select, update
from sqlalchemy.exc import DatabaseError

from connectors.base import Account
from connectors.errors import ConfigError
from sync.store import dialects
from sync.store.dialects import READING, Address, called, engine_of, reason_of, upsert, visits_of
from sync.store.migrate import migrate, revision_of
from sync.store.schema import identities, meta
from sync.store.visits import SECONDS, Unanswered, waits

_META = select(meta.c.value).where(meta.c.name == bindparam("called"))


class _Group(threading.local):
    """What one thread does together: what ends its transactions, and those that began."""

    begun: ExitStack | None = None
    tx: Connection | None = None
    before: Connection | None = None
    """What it reads in before it writes; how many blocks are reading in it."""
    readers: int = 0

    def end_reading(self) -> None:
        """Give back what was read in: whoever held it and waited to write could stop all others."""
        if self.before is not None and not self.readers:
            self.before.close()
            self.before = None


class Database:
    """One store for any number of processes; a writing transaction is short, and committed at its end.

    In a SQLite file (WAL mode) each writer begins IMMEDIATE, and they come one after the other; on
    PostgreSQL a writer locks the rows that it must not lose to another. With synchronous=NORMAL a power
    cut can forget the last commits of a file but corrupts nothing; what was forgotten is found again by
    its marker.
    """

    def __init__(self, address: Address) -> None:
        """Open the store, making or migrating it if needed. Raises ConfigError if that cannot be done."""
        self.address = address
        self.holder: str | None = None
        """Under which name this process holds tickets, while it gives signs of life (`sync.jobs.beats`)."""
        self._engine = engine_of(address)
        self._reader = self._engine.execution_options(**READING[self._engine.dialect.name])
        self._visits = visits_of(address)
        # Threads of one process take turns at a file: SQLite's own way is to sleep and try again.
        self._turn = threading.Lock() if self._engine.dialect.name == "sqlite" else None
        self._group = _Group()
        try:
            self._newest = migrate(self._engine, address)
            self._name_hub()
        except DatabaseError as error:
            self.close()
            told = reason_of(error.orig or error)
            raise ConfigError([f"{called(address)}: the store cannot be opened ({told})"]) from None
        except ConfigError:
            self.close()
            raise

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a transaction that may write, committed at the end, rolled back on an error.

        Within `together` it is the group's own, and committed at the end of that.
        """
        group = self._group
        if group.tx is not None:
            yield group.tx
        elif group.begun is not None:
            group.end_reading()
            group.tx = group.begun.enter_context(self._begin())
            yield group.tx
        else:
            with self._begin() as tx:
                yield tx

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a transaction that reads one consistent state and blocks no writer.

        Within `together` it is the same one until something is written, and from then on the writing one.
        """
        group = self._group
        if group.tx is not None:
            yield group.tx
        elif group.begun is not None:
            group.before = group.before or self._connect()
            group.readers += 1
            try:
                yield group.before
            finally:
                group.readers -= 1
        elif self._visits is not None and waits():
            with self._visits.reading() as tx:
                yield tx
        else:
            with self._reader.connect() as tx:
                yield tx

    @contextmanager
    def together(self) -> Iterator[None]:
        """Have all that this thread writes within the block committed at its end, or nothing of it.

        The transaction begins with the first write. What is read before that comes from one state, which
        one that is read outside need not be. Nothing may be sent over a network within the block.
        """
        group = self._group
        if group.begun is not None:
            yield
            return
        try:
            with ExitStack() as group.begun:
                yield
        finally:
            group.begun = group.tx = None
            group.end_reading()

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        if self._visits is not None and waits():
            with self._visits.writing() as tx:
                yield tx
        else:
            with self._my_turn(), self._engine.begin() as tx:
                yield tx

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        if self._turn is None:
            yield
        elif not self._turn.acquire(timeout=SECONDS if waits() else -1):
            raise Unanswered
        else:
            try:
                yield
            finally:
                self._turn.release()

    def _connect(self) -> Connection:
        return self._visits.connect() if self._visits is not None and waits() else self._reader.connect()

    def close(self) -> None:
        """Close all connections to the database."""
        self._engine.dispose()
        if self._visits is not None:
            self._visits.close()

    def compact(self) -> None:
        """Have nothing that was deleted stand in the database's files any more. See `dialects.compact`."""
        dialects.compact(self._engine)

    def revision(self) -> str:
        """Return the revision of the tables now: a newer program may have changed them meanwhile."""
        with self.reading() as tx:
            return revision_of(tx)

    def outdated(self) -> bool:
        """Whether a newer program changed the tables: whatever fails then may fail for that."""
        return self.revision() != self._newest

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
            _set(tx, "rules", digest)
            _set(tx, "rules changed", changed)

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
        """Remember who a connection is, on its first use; who came first counts."""
        who = {"connection": connection, "instance": account.instance, "account": account.key}
        with self.writing() as tx:
            tx.execute(upsert(tx, identities).values(**who).on_conflict_do_nothing())

    def adopt(self, connection: str, account: Account, former: str | None, at: datetime) -> None:
        """Have a connection be another account or instance from now on; `former` was ours until now."""
        kept = {name: until.isoformat() for name, until in self.former(connection).items()}
        who = {"instance": account.instance, "account": account.key}
        with self.writing() as tx:
            tx.execute(update(identities).where(identities.c.connection == connection).values(**who))
            if former is not None:
                _set(tx, f"former accounts of {connection}", json.dumps(kept | {former: at.isoformat()}))

    def former(self, connection: str) -> dict[str, datetime]:
        """Return the accounts that were ours on a connection before, and until when."""
        kept = json.loads(self._meta(f"former accounts of {connection}") or "{}")
        return {account: datetime.fromisoformat(until) for account, until in kept.items()}

    def highest_number(self) -> int:
        """Return the highest running number that a marker of this store carries; 0 at first."""
        with self.reading() as tx:
            return dialects.highest_number(tx)

    def raise_number(self, number: int) -> None:
        """Have running numbers go on above `number`: markers with numbers up to it are out there."""
        with self.writing() as tx:
            dialects.raise_number(tx, number)

    def recovering(self) -> datetime | None:
        """Return since when the hub finds together again what an older copy of the store had forgotten."""
        at = self._meta("recovering")
        return datetime.fromisoformat(at) if at else None

    def recovered(self) -> datetime | None:
        """Return until when an older copy may have forgotten what was done; None if it never was one."""
        at = self._meta("recovered")
        return datetime.fromisoformat(at) if at else None

    def recover(self, since: datetime | None) -> None:
        """Begin, or end (None), recovering; who begins first counts."""
        with self.writing() as tx:
            if since is None:
                if begun := tx.execute(select(meta.c.value).where(meta.c.name == "recovering")).scalar():
                    _set(tx, "recovered", begun)
                _set(tx, "recovering", "")
            else:
                _set(tx, "recovering", since.isoformat(), where=meta.c.value == "")

    def rename_hub(self, hubs: set[str]) -> None:
        """Go by the id under which the tools know this hub, if they know one: the store was made anew."""
        if len(hubs) == 1:
            with self.writing() as tx:
                _set(tx, "hub", next(iter(hubs)))

    def _meta(self, name: str) -> str:
        with self.reading() as tx:
            return str(tx.execute(_META, {"called": name}).scalar() or "")

    def _name_hub(self) -> None:
        """Give a new store what it is known by; of two processes that do so at once, the first counts."""
        if self._meta("hub"):
            return
        with self.writing() as tx:
            _set(tx, "hub", secrets.token_hex(4), where=meta.c.value == "")


def _set(tx: Connection, name: str, value: str, where: ColumnElement[bool] | None = None) -> None:
    """Keep a value under a name; one that is kept already, only if `where` is true of it."""
    row = upsert(tx, meta).values(name=name, value=value)
    tx.execute(row.on_conflict_do_update(index_elements=["name"], set_={"value": value}, where=where))
