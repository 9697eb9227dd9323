"""How each connection is doing: what a person must know about it, and may have to settle."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from sync.store.database import Database
from sync.store.dialects import upsert
from sync.store.schema import health


class Health:
    """One row a connection."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def doubted(self, connection: str) -> bool:
        """Whether what the connection does not find may be there all the same."""
        query = select(health.c.doubted).where(health.c.connection == connection)
        with self._db.reading() as tx:
            return tx.execute(query).scalar() is not None

    def doubt(self, connection: str, at: datetime | None) -> None:
        """Doubt, or trust again (None), what a connection does not find."""
        with self._db.writing() as tx:
            row = upsert(tx, health).values(connection=connection, doubted=at)
            tx.execute(row.on_conflict_do_update(index_elements=["connection"], set_={"doubted": at}))
