"""The steps of a switch from one tool to another, in order, taken or taken back; nothing is taken out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from sync.store.database import Database
from sync.store.schema import cutovers as t


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A step that was taken, or taken back."""

    source: str
    state: str
    way: str
    """``on`` or ``back``."""
    who: str
    why: str
    at: datetime
    detail: Mapping[str, Any]


class Cutovers:
    """The log of one hub."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def of(self, source: str) -> tuple[Taken, ...]:
        """Return the steps of leaving a connection, the first first."""
        query = select(t).where(t.c.source == source).order_by(t.c.id)
        with self._db.reading() as tx:
            rows = tx.execute(query).mappings().all()
        return tuple(Taken(**{name: value for name, value in row.items() if name != "id"}) for row in rows)

    def newest(self) -> Taken | None:
        """Return the last step of any switch."""
        with self._db.reading() as tx:
            row = tx.execute(select(t).order_by(t.c.id.desc()).limit(1)).mappings().first()
        return Taken(**{name: value for name, value in row.items() if name != "id"}) if row else None

    def add(self, step: Taken) -> None:
        """Note a step."""
        values = {
            "source": step.source,
            "state": step.state,
            "way": step.way,
            "who": step.who,
            "why": step.why,
            "at": step.at,
            "detail": dict(step.detail),
        }
        with self._db.writing() as tx:
            tx.execute(insert(t).values(values))
