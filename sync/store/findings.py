"""Findings: what was not done, or done in spite of a contradiction, until it passes or a person answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)

from sync.operations import Conflict, Remark, Severity, Skip
from sync.store.database import Database
from sync.store.dialects import upsert
from sync.store.outbox import Notification, enqueue
from sync.store.schema import bundles, links
from sync.store.schema import findings as t

CHANNEL = "findings"
"""Where urgent findings are told outside the tools."""


class State(StrEnum):
    """How a finding stands."""

    OPEN = "open"
    ANSWERED = "answered"
    """A person knows of it and has said so."""
    GONE = "gone"
    """Its cause has passed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was not done, or was done in spite of a contradiction, and why."""

    id: int
    """What a person answers by; never given twice."""
    subject: str
    target: str
    what: str
    reason: str
    found: datetime
    severity: Severity
    state: State
    answer: str | None
    """What a person said."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a whole look at a ticket says about findings of it."""

    remarks: tuple[Remark, ...]
    """Everything that observing and deciding remarked: an earlier remark that is not among it has passed."""
    written: Mapping[str, frozenset[str]]
    """The fields that were written on each side: what was refused or not taken there has passed."""


class Findings:
    """Each finding is kept once, however often it is met; what comes back after it was gone is open again."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def record(
        self, subject: str, remarks: Iterable[Remark], at: datetime, look: Look | None = None
    ) -> list[Remark]:
        """Remember what was remarked about a subject, and return what is new, or open again.

        What a `look` remarks is a state of things that every later look remarks again as long as it is
        so; `remarks` are events: a refusal, a conflict. Without a `look` nothing passes.
        """
        looked = look.remarks if look else ()
        standing = [r for r in looked if isinstance(r, Skip) or r.asked]
        events = [*remarks, *(r for r in looked if r not in standing)]
        with self._db.reading() as tx:
            known = {(row.target, row.what, row.reason): row for row in tx.execute(_OF, {"of": subject})}
        met: dict[tuple[str, str, str], tuple[Remark, bool]] = {}
        for remark, stands in (*((r, True) for r in standing), *((r, False) for r in events)):
            met.setdefault(_key(remark), (remark, stands))
        new = [
            (key, remark, stands)
            for key, (remark, stands) in met.items()
            if key not in known or _opens(known[key], remark, stands=stands)
        ]
        passed = [row.id for key, row in known.items() if look and key not in met and _passed(row, look)]
        if new or passed:
            with self._db.writing() as tx:
                new = [found for found in new if _open(tx, subject, found, at)]
                gone = update(t).where(t.c.id.in_(passed), t.c.state != State.GONE)
                tx.execute(gone.values(state=State.GONE, settled=at))
        return [remark for _, remark, _ in new]

    def answer(self, id: int, text: str, at: datetime) -> Finding | None:
        """Note what a person says to an open finding and return it; None if there is none of that id."""
        mine = update(t).where(t.c.id == id, t.c.state == State.OPEN)
        settled = mine.values(state=State.ANSWERED, answer=text, settled=at).returning(t)
        with self._db.writing() as tx:
            row = tx.execute(settled).first()
        return _finding(row) if row else None

    def answers(self, subject: str) -> dict[tuple[str, str, str], str]:
        """Return (target, what, reason) -> what a person said, of a ticket's answered findings."""
        query = _OF.where(t.c.state == State.ANSWERED)
        with self._db.reading() as tx:
            rows = tx.execute(query, {"of": subject})
            return {(row.target, row.what, row.reason): row.answer.strip() for row in rows}

    def of(self, subject: str) -> list[Finding]:
        """Return the findings about one ticket, settled ones too, oldest first."""
        with self._db.reading() as tx:
            return [_finding(row) for row in tx.execute(_OF, {"of": subject})]

    def open(self) -> list[Finding]:
        """Return what waits for a person or for its cause to pass, the most urgent first."""
        with self._db.reading() as tx:
            rows = tx.execute(select(t).where(t.c.state == State.OPEN).order_by(t.c.id)).all()
        order = list(Severity)
        return sorted(map(_finding, rows), key=lambda f: -order.index(f.severity))

    def of_runs(self, source: str) -> list[tuple[str, str, str, int]]:
        """Return (target, what, reason, how often) of what is open on what runs over a source made."""
        there = (links.c.connection == source, links.c.unlinked.is_(None), bundles.c.run.is_not(None))
        name = literal("bundle:").concat(cast(bundles.c.id, Text))
        made = select(name).select_from(links.join(bundles, links.c.bundle == bundles.c.id)).where(*there)
        query = (
            select(t.c.target, t.c.what, t.c.reason, func.count())
            .where(t.c.state == State.OPEN, t.c.subject.in_(made))
            .group_by(t.c.target, t.c.what, t.c.reason)
        )
        with self._db.reading() as tx:
            return [(row[0], row[1], row[2], int(row[3])) for row in tx.execute(query)]

    def counts(self) -> dict[Severity, int]:
        """Return how many findings of each severity are open."""
        query = select(t.c.severity, func.count()).where(t.c.state == State.OPEN).group_by(t.c.severity)
        with self._db.reading() as tx:
            found = {Severity(row[0]): int(row[1]) for row in tx.execute(query)}
        return {severity: found.get(severity, 0) for severity in Severity}

    def all(self) -> list[Finding]:
        """Return every finding that is kept, settled ones too, oldest first."""
        with self._db.reading() as tx:
            return [_finding(row) for row in tx.execute(select(t).order_by(t.c.id))]

    def prune(self, before: datetime) -> int:
        """Forget what was settled before an instant, and return how many findings that were.

        What was answered but stands is kept with its answer: else it would be asked again.
        """
        over = or_(t.c.state == State.GONE, and_(t.c.state == State.ANSWERED, ~t.c.standing))
        with self._db.writing() as tx:
            return tx.execute(delete(t).where(over, t.c.settled < before)).rowcount


_OF = select(t).where(t.c.subject == bindparam("of")).order_by(t.c.id)

Found = tuple[tuple[str, str, str], Remark, bool]
"""Target, thing and reason; the remark; whether it is a state of things."""


def _opens(row: Row[Any], remark: Remark, *, stands: bool) -> bool:
    """Whether a finding that was settled is open again: its cause is back, or a mishap happened again."""
    again = not stands and severity_of(remark) is Severity.URGENT
    return bool(row.state == State.GONE or (row.state == State.ANSWERED and again))


def _passed(row: Row[Any], look: Look) -> bool:
    """Whether the cause of a finding that was not met again has passed."""
    if row.state == State.GONE:
        return False
    return bool(row.standing) or set(row.what.split(", ")) <= look.written.get(row.target, frozenset())


def _open(tx: Connection, subject: str, found: Found, at: datetime) -> bool:
    """Open a finding, have people told if it is urgent, and return whether it was not open already."""
    (target, what, reason), remark, stands = found
    severity = severity_of(remark)
    values = {"found": at, "severity": severity, "state": State.OPEN, "standing": stands}
    row = upsert(tx, t).values(subject=subject, target=target, what=what, reason=reason, **values)
    opened = row.on_conflict_do_update(
        index_elements=["subject", "target", "what", "reason"],
        set_={**values, "answer": None, "settled": None},
        where=t.c.state != State.OPEN,
    )
    id = tx.execute(opened.returning(t.c.id)).scalar()
    if id is not None and severity is Severity.URGENT:
        enqueue(tx, _urgent(id, subject, target, at))
    return id is not None


def _urgent(id: int, subject: str, target: str, at: datetime) -> Notification:
    """Return what people are told: where to look, and nothing that a ticket says."""
    return Notification(
        key=f"finding:{id}:{at.timestamp():.6f}",
        channel=CHANNEL,
        title=f"Urgent: finding {id} on {target}",
        body=f"Finding {id} about {subject} needs a person; `deskbridge finding list` says what it is.",
        due_at=at,
    )


def severity_of(remark: Remark) -> Severity:
    """Return how much a remark matters: of two values in conflict, one was not followed."""
    return Severity.WARNING if isinstance(remark, Conflict) else remark.severity


def _key(remark: Remark) -> tuple[str, str, str]:
    return remark.target, remark.what, remark.reason


def _finding(row: Row[Any]) -> Finding:
    return Finding(
        id=row.id,
        subject=row.subject,
        target=row.target,
        what=row.what,
        reason=row.reason,
        found=row.found,
        severity=Severity(row.severity),
        state=State(row.state),
        answer=row.answer,
    )
