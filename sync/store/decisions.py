"""What the hub did and did not do, kept as it was decided: what `explain` and `history` answer from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select

from mappings.ticket import Ref
from sync.store.database import Database
from sync.store.schema import decisions


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One thing that was decided about a ticket, and what came of it."""

    at: datetime
    target: Ref
    """Where it was written, or was not; the key is empty where the ticket did not exist yet."""
    kind: str
    name: str
    source: str
    value: str
    why: str
    readers: str
    """Who can read what was written; empty for what was not."""
    mails: str
    result: str
    """``written``, ``skipped``, ``refused: ...`` or ``later: ...``."""


class Decisions:
    """Only ever added to; the retention of the settings removes what is old."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def record(self, subject: str, decided: Iterable[Decision]) -> None:
        """Remember what was decided under an inbox name."""
        rows = [
            {
                "subject": subject,
                "at": d.at,
                "target_connection": d.target.connection,
                "target_key": d.target.key,
                "target_display": d.target.display,
                **{n: getattr(d, n) for n in ("kind", "name", "source", "value", "why")},
                **{n: getattr(d, n) for n in ("readers", "mails", "result")},
            }
            for d in decided
        ]
        if rows:
            with self._db.writing() as tx:
                tx.execute(insert(decisions), rows)

    def of(self, subject: str) -> list[Decision]:
        """Return everything that was decided under an inbox name, oldest first."""
        query = select(decisions).where(decisions.c.subject == subject).order_by(decisions.c.id)
        with self._db.reading() as tx:
            rows = tx.execute(query).all()
        return [
            Decision(
                at=r.at,
                target=Ref(r.target_connection, r.target_key, r.target_display),
                kind=r.kind,
                name=r.name,
                source=r.source,
                value=r.value,
                why=r.why,
                readers=r.readers,
                mails=r.mails,
                result=r.result,
            )
            for r in rows
        ]
