"""Statements that were issued to customers, frozen, and what became known after them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import insert, select

from sync.store.database import Database
from sync.store.dialects import upsert
from sync.store.schema import corrections, statements


@dataclass(frozen=True, slots=True)
class Statement:
    """What a customer was told of a month, as it was told."""

    customer: str
    month: str
    issued: datetime
    who: str
    hash: str
    """The SHA-256 of `body`, in hex."""
    body: str
    """JSON, as it was issued to the byte."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What is known now to be otherwise than a statement says; dated when it was found."""

    at: datetime
    what: str
    before: str
    after: str


class Statements:
    """One for each customer and month; nothing here is ever changed."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def issue(self, customer: str, month: str, body: str, who: str, at: datetime) -> Statement | None:
        """Freeze a statement and return it; None if that month was issued before."""
        digest = sha256(body.encode()).hexdigest()
        row = {"customer": customer, "month": month, "issued": at, "who": who, "hash": digest, "body": body}
        with self._db.writing() as tx:
            first = upsert(tx, statements).values(row).on_conflict_do_nothing()
            taken = tx.execute(first.returning(statements.c.hash)).first()
        return Statement(customer, month, at, who, digest, body) if taken else None

    def all(self) -> list[tuple[str, str, datetime]]:
        """Return the customer and month of each statement, and when it was issued; the newest first."""
        c = statements.c
        query = select(c.customer, c.month, c.issued).order_by(c.month.desc(), c.customer)
        with self._db.reading() as tx:
            return [(row.customer, row.month, row.issued) for row in tx.execute(query)]

    def of(self, customer: str, month: str) -> Statement | None:
        """Return what was issued to a customer for a month, or None."""
        query = select(statements).where(statements.c.customer == customer, statements.c.month == month)
        with self._db.reading() as tx:
            row = tx.execute(query).first()
        return Statement(row.customer, row.month, row.issued, row.who, row.hash, row.body) if row else None

    def corrections(self, customer: str, month: str) -> list[Correction]:
        """Return what was found since a statement was issued, oldest first."""
        mine = (corrections.c.customer == customer, corrections.c.month == month)
        with self._db.reading() as tx:
            rows = tx.execute(select(corrections).where(*mine).order_by(corrections.c.id)).all()
        return [Correction(row.at, row.what, row.before, row.after) for row in rows]

    def correct(self, customer: str, month: str, found: Iterable[Correction]) -> None:
        """Add corrections to a statement."""
        rows = [
            {
                "customer": customer,
                "month": month,
                "at": one.at,
                "what": one.what,
                "before": one.before,
                "after": one.after,
            }
            for one in found
        ]
        if rows:
            with self._db.writing() as tx:
                tx.execute(insert(corrections), rows)
