"""What people did with the hub's pages and accounts: who, when, from where. Only ever added to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import delete, insert, select

from sync.store.database import Database
from sync.store.derived import has, sought
from sync.store.schema import audit as t

_BATCH = 200
_FOUND_BY = ("who", "act", "subject", "detail", "place")


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
        query, wanted = select(t).order_by(t.c.id.desc()), sought(words)
        if before is not None:
            query = query.where(t.c.id < before)
        if subject is not None:
            query = query.where(t.c.subject == subject)
        if not wanted:
            query = query.limit(most)
        options = {"yield_per": _BATCH} if wanted else {}
        with self._db.reading() as tx, tx.execute(query, execution_options=options) as rows:
            found = (row for row in rows if has(wanted, *(getattr(row, name) for name in _FOUND_BY)))
            return [
                (row.id, Act(**{name: getattr(row, name) for name in Act.__dataclass_fields__}))
                for row in islice(found, most)
            ]

    def places(self, who: str, act: str, since: datetime) -> set[str]:
        """Return from which addresses somebody did something since an instant."""
        query = select(t.c.place).distinct().where(t.c.who == who, t.c.act == act, t.c.at >= since)
        with self._db.reading() as tx:
            return set(tx.execute(query).scalars())

    def prune(self, before: datetime) -> int:
        """Forget what was done before an instant, and return how many acts that were."""
        with self._db.writing() as tx:
            return tx.execute(delete(t).where(t.c.at < before)).rowcount
