"""Chores: what is done from time to time, by one process at a time: polls, probes, the sweep."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from sync.store.database import Database
from sync.store.dialects import upsert
from sync.store.schema import chores


class Chores:
    """One row a chore: when it is due, and how far it got."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def begin(self, name: str, at: datetime, again: datetime) -> bool:
        """Whether a chore is due and ours; then nobody else's before `again`."""
        if (due := self.due(name)) is not None and due > at:
            return False
        with self._db.writing() as tx:
            first = upsert(tx, chores).values(name=name, due=again)
            mine = first.on_conflict_do_update(
                index_elements=["name"], set_={"due": again}, where=chores.c.due <= at
            )
            return tx.execute(mine.returning(chores.c.name)).first() is not None

    def due(self, name: str) -> datetime | None:
        """Return when a chore is due; None for one that was never done."""
        with self._db.reading() as tx:
            return tx.execute(select(chores.c.due).where(chores.c.name == name)).scalar()

    def soon(self, name: str, at: datetime) -> None:
        """Have a chore done by `at`; one that was never done is due anyway."""
        with self._db.writing() as tx:
            tx.execute(update(chores).where(chores.c.name == name, chores.c.due > at).values(due=at))

    def later(self, name: str, at: datetime) -> None:
        """Have a chore left alone until `at`."""
        with self._db.writing() as tx:
            tx.execute(update(chores).where(chores.c.name == name).values(due=at))

    def place(self, name: str) -> str:
        """Return how far a chore got; empty at the beginning."""
        with self._db.reading() as tx:
            return tx.execute(select(chores.c.place).where(chores.c.name == name)).scalar() or ""

    def leave(self, name: str, place: str) -> None:
        """Remember how far a chore got."""
        with self._db.writing() as tx:
            tx.execute(update(chores).where(chores.c.name == name).values(place=place))
