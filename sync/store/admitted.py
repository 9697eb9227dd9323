"""Customers' accounts and organisations that runs found or made: asked for once, and never taken away."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select

from sync.store.database import Database
from sync.store.dialects import replacing
from sync.store.schema import admitted as t


class Admission(StrEnum):
    """What is known of a tool's customers."""

    ACCOUNT = "account"
    """By mail address; the key is empty where nothing tells surely whose it is."""
    ORGANISATION = "organisation"
    """By name."""
    SERVED = "served"
    """That a project's desk serves an organisation."""
    MEMBER = "member"
    """That somebody is of an organisation, or a customer of a project's desk."""
    TICKET = "ticket"
    """Whose a ticket was said to be, by its key."""


class Admitted:
    """One row for each thing; mail addresses are in it."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def find(self, connection: str, kind: Admission, name: str) -> str | None:
        """Return the key that is known; None where nothing is."""
        mine = (t.c.connection == connection, t.c.kind == kind.value, t.c.name == name)
        with self._db.reading() as tx:
            return tx.execute(select(t.c.key).where(*mine)).scalar()

    def note(
        self, connection: str, kind: Admission, name: str, key: str, at: datetime, *, made: bool = False
    ) -> None:
        """Remember something; `made` tells that there was none before."""
        values = {"connection": connection, "kind": kind.value, "name": name, "key": key}
        with self._db.writing() as tx:
            tx.execute(_PUT(tx), {**values, "made": made, "at": at})

    def made(self) -> dict[str, int]:
        """Return how many accounts and organisations were made, by kind; none where none was."""
        query = select(t.c.kind, func.count()).where(t.c.made).group_by(t.c.kind).order_by(t.c.kind)
        with self._db.reading() as tx:
            return {kind: int(count) for kind, count in tx.execute(query)}


_PUT = replacing(t, ("connection", "kind", "name"), "key", "made", "at")
