"""What deserves a look, when, and who is looking: the inbox, claims with fencing tokens, poll cursors."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    BindParameter,
    Connection,
    Executable,
    bindparam,
    case,
    delete,
    func,
    select,
    tuple_,
    update,
)

from connectors.errors import HubError
from sync.store.database import Database
from sync.store.dialects import Upsert, prepared, upsert
from sync.store.schema import claims, cursors, inbox

SWEPT = "sweep"
"""Why a row stands here of which nobody told: its ticket is read within the sweep's share of the quota."""
EVENTUALLY = datetime(9999, 1, 1, tzinfo=UTC)

FREE = datetime(1970, 1, 1, tzinfo=UTC)
"""Until when nobody holds what was given back."""
LEASE = timedelta(minutes=5)
"""How long a claim of nobody who gives signs of life holds; longer than the longest call. See `workers`."""


_VERIFIED = "verified"
"""Under which a connection remembers the (transaction, claim) that it asked about last: it stays so."""
_CLAIMED = select(claims.c.token).where(claims.c.subject == bindparam("claimed"))
_NEWEST = _CLAIMED.with_for_update()


class LostClaim(HubError):
    """Somebody else took the ticket over because our claim ran out; nothing more may be recorded."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on one subject. `token` grows with every claim, so that a late writer is told."""

    subject: str
    token: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """One row of the inbox. `parked` is the reason why it waits for a person, or None."""

    subject: str
    due_at: datetime | None
    reason: str
    attempts: int
    parked: str | None
    allowed: bool = False
    """Whether a person allowed what a guard or fuse had stopped."""


def verify(tx: Connection, claim: Claim) -> None:
    """Raise LostClaim unless the claim is the newest of its subject, and keep it so until the end of `tx`."""
    kept = (tx.get_transaction(), claim)
    if tx.info.get(_VERIFIED) == kept:
        return
    token = tx.execute(_NEWEST, {"claimed": claim.subject}).scalar()
    if token != claim.token:
        raise LostClaim(f"{claim.subject} was taken over by another worker")
    tx.info[_VERIFIED] = kept


_OF: BindParameter[str] = bindparam("of")
# A parked row may be due at no time at all, which nothing equals.
_UNTIL: BindParameter[datetime | None] = bindparam("claimed_until", type_=inbox.c.due_at.type)
_AS_CLAIMED = (inbox.c.subject == _OF, inbox.c.due_at.is_not_distinct_from(_UNTIL))
"""The row as its claim left it: no event came meanwhile."""


def _unchanged(row: Waiting) -> dict[str, object]:
    return {"of": row.subject, "claimed_until": row.due_at}


_ROW = select(inbox).where(inbox.c.subject == _OF)
_HOLD = update(inbox).where(inbox.c.subject == _OF).values(due_at=bindparam("until"))
_DONE = delete(inbox).where(*_AS_CLAIMED)
_LATER = update(inbox).where(*_AS_CLAIMED)
_RELEASE = update(claims).where(claims.c.subject == _OF, claims.c.token == bindparam("held"))
_HELD = select(claims.c.until).where(claims.c.subject == inbox.c.subject, claims.c.until > bindparam("at"))
_READY = (
    select(inbox.c.subject, inbox.c.due_at)
    .where(inbox.c.due_at <= bindparam("at"), ~_HELD.exists())
    .order_by(inbox.c.due_at, inbox.c.subject)
    .limit(bindparam("most"))
)
_AFTER = _READY.where(
    tuple_(inbox.c.due_at, inbox.c.subject)
    > tuple_(bindparam("after", type_=inbox.c.due_at.type), bindparam("after_subject"))
)


def _sooner(row: Upsert) -> Upsert:
    """Return an upsert that brings a row forward. One that only the sweep had put there is live work then."""
    new = row.excluded
    later = inbox.c.due_at.is_(None) | (inbox.c.due_at > new.due_at)
    return row.on_conflict_do_update(
        index_elements=["subject"],
        set_={
            "due_at": case((later, new.due_at), else_=inbox.c.due_at),
            "reason": new.reason,
            "parked": None,
        },
        where=later | ((inbox.c.reason == SWEPT) & (new.reason != SWEPT)),
    )


def _next(row: Upsert, *, even_held: bool) -> Executable:
    following = row.on_conflict_do_update(
        index_elements=["subject"],
        set_={
            "token": claims.c.token + 1,
            "until": row.excluded.until,
            "holder": row.excluded.holder,
        },
        where=None if even_held else claims.c.until <= bindparam("asked"),
    )
    return following.returning(claims.c.token)


_PUT = prepared(inbox, _sooner)
_SEIZE = prepared(claims, lambda row: _next(row, even_held=True))
_CLAIM = prepared(claims, lambda row: _next(row, even_held=False))


def take(tx: Connection, subject: str, at: datetime, holder: str | None) -> Claim:
    """Give the claim of a subject to whoever asks, ending any other."""
    claim = _take(tx, subject, at, holder, even_held=True)
    if claim is None:
        raise LostClaim(f"{subject} could not be claimed")
    return claim


def _take(tx: Connection, subject: str, at: datetime, holder: str | None, *, even_held: bool) -> Claim | None:
    """Give the claim of a subject, or None if somebody holds it: looked at and taken in one statement."""
    values = {"subject": subject, "token": 1, "until": at + LEASE, "holder": holder}
    if even_held:
        token = tx.execute(_SEIZE(tx), values).scalar()
    else:
        token = tx.execute(_CLAIM(tx), {**values, "asked": at}).scalar()
    return None if token is None else Claim(subject, token)


@dataclass(frozen=True, slots=True)
class Ready:
    """A row that is due, by its place in the queue."""

    subject: str
    due_at: datetime


def put(tx: Connection, subjects: Collection[str], due_at: datetime, reason: str) -> None:
    """Have subjects looked at by `due_at`, within a transaction that does more; see `Inbox.put`."""
    values = [{"subject": s, "due_at": due_at, "reason": reason, "attempts": 0} for s in sorted(subjects)]
    tx.execute(_PUT(tx), values)


class Inbox:
    """One waiting row a subject. Two events are one look; timers and backoff are rows too."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def put(self, subject: str, due_at: datetime, reason: str) -> None:
        """Have a subject looked at by `due_at`; one that is parked is tried again."""
        with self._db.writing() as tx:
            put(tx, [subject], due_at, reason)

    def put_many(self, subjects: Collection[str], due_at: datetime, reason: str) -> None:
        """Have all these looked at by `due_at`, in one transaction; see `put`."""
        if subjects:
            with self._db.writing() as tx:
                put(tx, subjects, due_at, reason)

    def retry(self, subject: str, at: datetime, *, allowed: bool = False) -> bool:
        """Have a parked subject tried again; return whether it was parked.

        `allowed` has a plan carried out, once, that a guard or fuse had stopped.
        """
        again = update(inbox).where(inbox.c.subject == subject, inbox.c.parked.is_not(None))
        with self._db.writing() as tx:
            done = tx.execute(again.values(due_at=at, parked=None, reason="a person", allowed=allowed))
        return done.rowcount > 0

    def rename(self, row: Waiting, subject: str) -> Waiting:
        """Have a row stand under the name that its ticket got meanwhile."""
        self.put(subject, row.due_at or EVENTUALLY, row.reason)
        self.done(row)
        return replace(row, subject=subject)

    def due(self, at: datetime) -> list[Waiting]:
        """Return what is due, longest due first."""
        query = select(inbox).where(inbox.c.due_at <= at).order_by(inbox.c.due_at, inbox.c.subject)
        with self._db.reading() as tx:
            return [Waiting(*row) for row in tx.execute(query)]

    def ready(self, at: datetime, limit: int, after: Ready | None = None) -> list[Ready]:
        """Return the next rows that are due and that nobody holds, longest due first, `after` a former one.

        It costs what it returns, however many rows wait.
        """
        query, values = _READY, {"at": at, "most": limit}
        if after is not None:
            query, values = _AFTER, {**values, "after": after.due_at, "after_subject": after.subject}
        with self._db.reading() as tx:
            rows = tx.execute(query, values).all()
        return [Ready(row.subject, row.due_at) for row in rows]

    def next_due(self) -> datetime | None:
        """Return when the next row comes due, or came due; None if nothing waits."""
        with self._db.reading() as tx:
            return tx.execute(select(func.min(inbox.c.due_at))).scalar()

    def hasten(self, connection: str, at: datetime) -> None:
        """Have what waits because a connection failed looked at by `at`: it answers again."""
        blamed = inbox.c.reason.startswith(f"{connection}: ", autoescape=True)
        row = update(inbox).where(blamed, inbox.c.due_at > at, inbox.c.parked.is_(None))
        with self._db.writing() as tx:
            tx.execute(row.values(due_at=at))

    def row(self, subject: str) -> Waiting | None:
        """Return a subject's row, or None."""
        with self._db.reading() as tx:
            found = tx.execute(_ROW, {"of": subject}).first()
        return Waiting(*found) if found else None

    def parked(self) -> list[Waiting]:
        """Return what waits for a person."""
        query = select(inbox).where(inbox.c.parked.is_not(None)).order_by(inbox.c.subject)
        with self._db.reading() as tx:
            return [Waiting(*row) for row in tx.execute(query)]

    def claim(self, row: Waiting, at: datetime) -> tuple[Claim, Waiting] | None:
        """Take a subject to work on, unless somebody holds it; a claim that ran out is taken over.

        The row stays, due when the claim runs out, so that a killed worker's is looked at again; an
        event that comes meanwhile makes it due earlier and is not lost.
        """
        until = at + LEASE
        with self._db.writing() as tx:
            claim = _take(tx, row.subject, at, self._db.holder, even_held=False)
            if claim is None:
                return None
            tx.execute(_HOLD, {"of": row.subject, "until": until})
        return claim, replace(row, due_at=until)

    def verify(self, claim: Claim) -> None:
        """Raise LostClaim if somebody took the subject over."""
        with self._db.reading() as tx:
            token = tx.execute(_CLAIMED, {"claimed": claim.subject}).scalar()
        if token != claim.token:
            raise LostClaim(f"{claim.subject} was taken over by another worker")

    def release(self, claim: Claim) -> None:
        """Give a subject back, whatever the time is by now: a clock may be set back."""
        with self._db.writing() as tx:
            tx.execute(_RELEASE, {"of": claim.subject, "held": claim.token, "until": FREE})

    def done(self, row: Waiting) -> None:
        """Take a claimed row away, unless an event came meanwhile."""
        with self._db.writing() as tx:
            tx.execute(_DONE, _unchanged(row))

    def later(self, row: Waiting, until: datetime, reason: str) -> None:
        """Have a claimed row tried again at `until`, one attempt later, or when an event came."""
        again = {"due_at": until, "reason": reason, "attempts": row.attempts + 1}
        with self._db.writing() as tx:
            tx.execute(_LATER, {**_unchanged(row), **again})

    def park(self, row: Waiting, reason: str, until: datetime | None = None) -> None:
        """Set a claimed row aside, visible, until a new change of the ticket has it tried again.

        It is looked at by `until` in any case: its clocks run on.
        """
        aside = {"due_at": until, "parked": reason, "attempts": row.attempts + 1, "allowed": False}
        with self._db.writing() as tx:
            tx.execute(_LATER, {**_unchanged(row), **aside})

    def cursor(self, connection: str) -> datetime | None:
        """Return until when a connection's changes have been collected."""
        with self._db.reading() as tx:
            return tx.execute(select(cursors.c.at).where(cursors.c.connection == connection)).scalar()

    def rewind(self, connection: str, at: datetime) -> None:
        """Have the next poll reach back to `at` at least."""
        row = update(cursors).where(cursors.c.connection == connection, cursors.c.at > at)
        with self._db.writing() as tx:
            tx.execute(row.values(at=at))

    def collected(self, connection: str, at: datetime) -> None:
        """Remember until when a connection's changes have been collected."""
        with self._db.writing() as tx:
            row = upsert(tx, cursors).values(connection=connection, at=at)
            tx.execute(row.on_conflict_do_update(index_elements=["connection"], set_={"at": at}))
