"""Which forms of the pages were sent, so that one that is sent again is carried out once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update

from sync.store.database import Database
from sync.store.dialects import upsert
from sync.store.schema import forms as t


class Forms:
    """By a hash of all that was sent, of which the page's own sign is a part: no two pages have the same."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def begin(self, sent: str, at: datetime) -> str | None:
        """Note that a form was sent, before it is carried out.

        Return None for the first time; else where its sender was led, nothing while that is not known.
        """
        with self._db.writing() as tx:
            row = upsert(tx, t).values(sent=sent, answer="", at=at)
            if tx.execute(row.on_conflict_do_nothing()).rowcount:
                return None
            return str(tx.execute(select(t.c.answer).where(t.c.sent == sent)).scalar() or "")

    def end(self, sent: str, answer: str) -> None:
        """Note where the sender of a form was led: it is carried out."""
        with self._db.writing() as tx:
            tx.execute(update(t).where(t.c.sent == sent).values(answer=answer))

    def forget(self, sent: str) -> None:
        """Have a form be carried out when it is sent again: nothing was done."""
        with self._db.writing() as tx:
            tx.execute(delete(t).where(t.c.sent == sent))

    def prune(self, before: datetime) -> None:
        """Forget what was sent before an instant."""
        with self._db.writing() as tx:
            tx.execute(delete(t).where(t.c.at < before))
