"""The database as whoever waits for an answer asks it: a server that says nothing keeps nobody waiting.

Work waits for a server as long as it takes. A page or a program that asks does not: it is told within
seconds that the store does not answer, by connections of its own, so that work has its own left.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoneFree

SECONDS = 5.0
"""How long somebody waits for the store: for a statement, a connection, or their turn at a file."""
_VISITING = ContextVar("visiting", default=False)
_CANCELED = "57014"
"""What a server answers in place of a statement that took longer than it may (its SQLSTATE)."""


class Unanswered(Exception):
    """The store says nothing to somebody who waits; what was to be written may have been written or not."""

    def __init__(self) -> None:
        super().__init__("the store does not answer")


@contextmanager
def visiting() -> Iterator[None]:
    """Have all that is asked within the block, in its threads as well, be answered soon or not at all."""
    before = _VISITING.set(True)
    try:
        yield
    finally:
        _VISITING.reset(before)


def waits() -> bool:
    """Whether somebody waits for what is asked here."""
    return _VISITING.get()


class Visits:
    """Transactions of whoever waits. Where the server was silent, one asks it again; the others are told."""

    def __init__(self, writer: Engine, reader: Engine) -> None:
        self._writer, self._reader = writer, reader
        self._lock, self._silent = threading.Lock(), False
        self._asking: int | None = None

    def connect(self) -> Connection:
        """Return a connection that reads. Raises Unanswered."""
        return self._connected(self._reader)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a transaction that reads. Raises Unanswered."""
        with self._transaction(self._reader, writes=False) as tx:
            yield tx

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a transaction that is committed at its end. Raises Unanswered."""
        with self._transaction(self._writer, writes=True) as tx:
            yield tx

    @contextmanager
    def _transaction(self, engine: Engine, *, writes: bool) -> Iterator[Connection]:
        tx = self._connected(engine)
        try:
            with tx, tx.begin() if writes else nullcontext():
                yield tx
        except (Unanswered, DBAPIError) as error:
            if (lost := _lost(error)) or _canceled(error):
                self._silent = self._silent or lost
                raise Unanswered from error
            raise

    def _connected(self, engine: Engine) -> Connection:
        me = threading.get_ident()
        with self._lock:
            if self._silent and self._asking is not None:
                raise Unanswered
            asks = self._silent
            self._asking = me if asks else self._asking
        try:
            tx = engine.connect()
        except (Unanswered, OperationalError, NoneFree) as error:
            self._silent = True
            raise Unanswered from error
        else:
            self._silent = False
            return tx
        finally:
            if asks:
                self._asking = None

    def expect(self) -> None:
        """Raise Unanswered where a new connection would be in vain: who waited for one is told as well."""
        if self._silent and self._asking != threading.get_ident():
            raise Unanswered

    def close(self) -> None:
        """Close all connections."""
        self._writer.dispose()


def _lost(error: Exception) -> bool:
    return isinstance(error, Unanswered) or (isinstance(error, DBAPIError) and error.connection_invalidated)


def _canceled(error: Exception) -> bool:
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) == _CANCELED
