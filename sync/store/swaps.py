"""Turns of duty that people swapped or gave away, with who said so and why."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import insert, select

from sync.sla.duty import Turn
from sync.store.database import Database
from sync.store.schema import swaps as t


class Swaps:
    """Nothing is taken out: who wants a turn back swaps again."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def of(self, rota: str) -> tuple[Turn, ...]:
        """Return the turns that were given to others than the rotation says, the last said last."""
        query = select(t).where(t.c.rota == rota).order_by(t.c.id)
        with self._db.reading() as tx:
            rows = tx.execute(query).all()
        return tuple(Turn(row.start, row.end, row.person, f"{row.reason} ({row.who})") for row in rows)

    def add(self, rota: str, turns: Iterable[Turn], who: str, reason: str, at: datetime) -> None:
        """Have turns be those people's, all of them or none."""
        rows = [
            {
                "rota": rota,
                "person": turn.person,
                "start": turn.start,
                "end": turn.end,
                "who": who,
                "reason": reason,
                "said": at,
            }
            for turn in turns
        ]
        with self._db.writing() as tx:
            tx.execute(insert(t), rows)
