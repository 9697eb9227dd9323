"""A connection to PostgreSQL that gives up a server which says nothing."""

from __future__ import annotations

import time
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

from sync.store.visits import SECONDS, Unanswered

_Told = TypeVar("_Told")


class Impatient(psycopg.Connection[Any]):
    """Is closed when it has waited too long: nobody can know what would be answered by it later.

    A server's own limit ends a statement that takes long; one that is paused, or out of reach, ends nothing.
    """

    def wait(self, gen: PQGen[_Told], interval: float = 0.1, timeout: float | None = None) -> _Told:
        """See `psycopg.Connection`. Raises Unanswered."""
        began = time.monotonic()
        try:
            return super().wait(gen, interval=interval, timeout=timeout or SECONDS)
        except psycopg.OperationalError:
            if time.monotonic() - began < SECONDS:
                raise
            self.pgconn.finish()
            raise Unanswered from None


def connected(arguments: Any, options: Any) -> Impatient:
    """Return a connection, as SQLAlchemy asks for one."""
    return Impatient.connect(*arguments, **options)
