"""What people did with the hub's pages and accounts: who, when, from where. Only ever added to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, or_, select

from sync.store.database import Database
from sync.store.schema import audit as t


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that somebody did, or tried to."""

    at: datetime
    who: str
    act: str
    """In a person's words: ``signed in``, ``retry``."""
    subject: str = ""
    """What it was done to: an inbox name, an account."""
    detail: str = ""
    place: str = ""
    """From which address; empty for the command line."""


class Audit:
    """Kept for as long as decisions are."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def note(self, act: Act) -> None:
        """Remember an act."""
        values = {name: getattr(act, name) for name in Act.__dataclass_fields__}
        with self._db.writing() as tx:
            tx.execute(insert(t).values(**values))

    def newest(
        self, most: int, before: int | None = None, subject: str | None = None, words: str = ""
    ) -> list[tuple[int, Act]]:
        """Return the newest acts with their numbers; before a number, of one subject, with words, if said."""
        query = select(t).order_by(t.c.id.desc()).limit(most)
        if before is not None:
            query = query.where(t.c.id < before)
        if subject is not None:
            query = query.where(t.c.subject == subject)
        for word in words.split()[:6]:
            known = (t.c.who, t.c.act, t.c.subject, t.c.detail, t.c.place)
            query = query.where(or_(*(c.icontains(word, autoescape=True) for c in known)))
        with self._db.reading() as tx:
            return [
                (row.id, Act(**{name: getattr(row, name) for name in Act.__dataclass_fields__}))
                for row in tx.execute(query)
            ]

    def prune(self, before: datetime) -> int:
        """Forget what was done before an instant, and return how many acts that were."""
        with self._db.writing() as tx:
            return tx.execute(delete(t).where(t.c.at < before)).rowcount
