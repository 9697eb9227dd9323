"""Findings: skips, conflicts and warnings that stand until someone settles them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from sync.operations import Conflict, Remark
from sync.store.database import Database
from sync.store.dialects import upsert
from sync.store.schema import findings


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was not done, or was done in spite of a contradiction, and why."""

    subject: str
    target: str
    what: str
    reason: str
    found: datetime


class Findings:
    """Each finding is recorded once, however often it is met."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def record(self, subject: str, remarks: Iterable[Remark], at: datetime) -> list[Remark]:
        """Remember what a decision remarked, and return what had not been remarked before."""
        new = []
        known = {(f.target, f.what, f.reason) for f in self.of(subject)}
        for remark in remarks:
            row = _row(subject, remark, at)
            if (row["target"], row["what"], row["reason"]) not in known:
                known.add((str(row["target"]), str(row["what"]), str(row["reason"])))
                new.append((remark, row))
        if new:
            with self._db.writing() as tx:
                tx.execute(upsert(tx, findings).on_conflict_do_nothing(), [row for _, row in new])
        return [remark for remark, _ in new]

    def of(self, subject: str) -> list[Finding]:
        """Return the findings about one ticket, oldest first."""
        query = select(findings).where(findings.c.subject == subject).order_by(findings.c.id)
        with self._db.reading() as tx:
            rows = tx.execute(query).all()
        return [Finding(r.subject, r.target, r.what, r.reason, r.found) for r in rows]

    def all(self) -> list[Finding]:
        """Return every finding, oldest first."""
        with self._db.reading() as tx:
            rows = tx.execute(select(findings).order_by(findings.c.id)).all()
        return [Finding(r.subject, r.target, r.what, r.reason, r.found) for r in rows]


def _row(subject: str, remark: Remark, at: datetime) -> dict[str, object]:
    if isinstance(remark, Conflict):
        said = ", ".join(f"{side} said {value}" for side, value in remark.values)
        remark_of = (remark.winner, f"conflict in {remark.field}", f"{said}; {remark.winner} was followed")
    else:
        remark_of = (remark.target, remark.what, remark.reason)
    return {
        "subject": subject,
        "found": at,
        **dict(zip(("target", "what", "reason"), remark_of, strict=True)),
    }
