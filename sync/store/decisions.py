"""What the hub did and did not do, kept as it was decided: what `explain` and `history` answer from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, distinct, func, insert, select

from mappings.ticket import Field, Ref
from sync.store.database import Database
from sync.store.looks import Looking
from sync.store.schema import decisions

WRITTEN, BY_A_RUN, AS_ASKED = "written", "written by a run", "written as a person asked"
"""What came of a decision that was carried out; fuses count the first only.

The others are a run's, which has limits of its own, and what a person had decided again for all tickets.
"""
CARRIED_OUT = (WRITTEN, BY_A_RUN, AS_ASKED)


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
    """One of `CARRIED_OUT`, ``skipped``, ``refused: ...`` or ``later: ...``."""
    look: str = ""
    """Which look at the ticket it was, as the log names it; empty for what a person said."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was written lately."""

    fields: Mapping[tuple[str, str], int]
    """(connection, field) -> how often, on one ticket."""
    tickets: Mapping[str, int]
    """connection -> how many other tickets."""


_RECORD = insert(decisions)
_OF = decisions.c.subject == bindparam("of")
_MADE = (decisions.c.at >= bindparam("since"), decisions.c.result == WRITTEN)
_QUIET = select(decisions.c.target_connection, decisions.c.name, decisions.c.why).where(
    _OF, decisions.c.kind == "skip"
)
_WHAT = (decisions.c.target_connection, decisions.c.name, decisions.c.source, decisions.c.value)
_REFUSED = (
    select(*_WHAT, func.count())
    .where(_OF, decisions.c.kind.in_(("text", "receipt")))
    .where(decisions.c.result.startswith("refused"))
    .group_by(*_WHAT)
)
_MINE = (
    select(decisions.c.target_connection, decisions.c.name, func.count())
    .where(*_MADE, _OF, decisions.c.kind == "field")
    .group_by(decisions.c.target_connection, decisions.c.name)
)
_OTHERS = (
    select(decisions.c.target_connection, func.count(distinct(decisions.c.subject)))
    .where(*_MADE, decisions.c.subject != bindparam("of"))
    .group_by(decisions.c.target_connection)
)


class Decisions:
    """Only ever added to; the retention of the settings removes what is old."""

    def __init__(self, database: Database, looking: Looking) -> None:
        self._db, self._looking = database, looking

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
                "look": d.look or self._looking.name,
            }
            for d in decided
        ]
        if rows:
            with self._db.writing() as tx:
                tx.execute(_RECORD, rows)

    def prune(self, before: datetime) -> int:
        """Forget what was decided before an instant, and return how many decisions that were."""
        with self._db.writing() as tx:
            return tx.execute(delete(decisions).where(decisions.c.at < before)).rowcount

    def quiet(self, subject: str) -> set[tuple[str, str, str]]:
        """Return (connection, what, why) of everything that was skipped about a ticket."""
        with self._db.reading() as tx:
            return {(row[0], row[1], row[2]) for row in tx.execute(_QUIET, {"of": subject})}

    def refused(self, subject: str) -> dict[tuple[str, str, str, str], int]:
        """Return (connection, text, source, what it was called) -> how often the connection refused it."""
        with self._db.reading() as tx:
            rows = tx.execute(_REFUSED, {"of": subject})
            return {(row[0], row[1], row[2], row[3]): int(row[4]) for row in rows}

    def receipts(self, whom: str, since: datetime) -> int:
        """Return how many receipts somebody got since an instant; `whom` stands for their address."""
        made = (decisions.c.at >= since, decisions.c.kind == "receipt", decisions.c.name == whom)
        query = select(func.count()).select_from(decisions).where(*made, decisions.c.result == "written")
        with self._db.reading() as tx:
            return int(tx.execute(query).scalar_one())

    def lately(self, subject: str, since: datetime) -> Written:
        """Return what was written since an instant: to this ticket field by field, and to all others.

        What runs write, and what a person had decided again, is counted neither here nor by `written_since`.
        """
        asked = {"of": subject, "since": since}
        with self._db.reading() as tx:
            fields = {(row[0], row[1]): int(row[2]) for row in tx.execute(_MINE, asked)}
            tickets = {row[0]: int(row[1]) for row in tx.execute(_OTHERS, asked)}
        return Written(fields, tickets)

    def written_since(self, since: datetime) -> int:
        """Return how many things were written since an instant."""
        made = (decisions.c.at >= since, decisions.c.result == WRITTEN)
        with self._db.reading() as tx:
            return int(tx.execute(select(func.count()).select_from(decisions).where(*made)).scalar_one())

    def wrote(self, subject: str) -> dict[tuple[Ref, Field], str]:
        """Return (side, field) -> what was last written to it, in canonical words, as far as it is kept."""
        query = (
            select(decisions.c.target_connection, decisions.c.target_key, decisions.c.name, decisions.c.value)
            .where(decisions.c.subject == subject, decisions.c.result.in_(CARRIED_OUT))
            .where(decisions.c.kind.in_(("given", "field")))
            .order_by(decisions.c.id)
        )
        with self._db.reading() as tx:
            return {(Ref(row[0], row[1]), row[2]): row[3] for row in tx.execute(query)}

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
                look=r.look,
            )
            for r in rows
        ]
