"""Links by which a customer looks at their own tickets, and what is theirs to see."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, insert, select, update

from mappings.ticket import Audience, CommentKind, PersonRole, Ref, Status
from sync.store.database import Database
from sync.store.derived import has, sought
from sync.store.messages import File
from sync.store.schema import messages, served, theirs
from sync.store.schema import shares as t

_ROUNDED = timedelta(hours=1)
"""How old the note of a link's last use may become: a look usually writes nothing."""
_HIDDEN = ("trashed", "moved", "gone")
"""Presences of tickets that the customer's tool does not show either."""
_DONE = tuple(status.value for status in Status if status.done)
_BATCH = 200
_TOLD = tuple(
    served.c[name]
    for name in ("connection", "key", "display", "subject", "status", "requester", "from_customer", "changed")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A customer's link."""

    id: int
    customer: str
    salt: str
    """What goes into its signature beside all else, so that no two links are alike."""
    who: str
    """Who made it."""
    made: datetime
    until: datetime
    revoked: datetime | None
    used: datetime | None

    def good(self, at: datetime) -> bool:
        """Whether it opens anything at an instant."""
        return self.revoked is None and at < self.until

    def state(self, at: datetime) -> str:
        """Return how it is at an instant, in words."""
        if self.revoked is not None:
            return f"revoked {self.revoked:%Y-%m-%d}"
        return f"good until {self.until:%Y-%m-%d}" if at < self.until else f"over since {self.until:%Y-%m-%d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """A ticket as its customer may know it."""

    ref: Ref
    subject: str
    status: str
    requester: str
    """Who asked, of the customer's own people; empty for the desk's."""
    changed: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A text that the customer can read in their tool."""

    id: str
    author: str
    """Who wrote it, of the customer's own people; empty for the desk's."""
    created: datetime
    files: tuple[File, ...]


class Shares:
    """Links, by number. What opens one is not kept: it is signed with the hub's secret."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, customer: str, salt: str, who: str, made: datetime, until: datetime) -> Share:
        """Make a link."""
        values = {"customer": customer, "salt": salt, "who": who, "made": made, "until": until}
        with self._db.writing() as tx:
            return _share(tx.execute(insert(t).values(**values).returning(t)).one())

    def get(self, id: int) -> Share | None:
        """Return a link, or None."""
        with self._db.reading() as tx:
            row = tx.execute(select(t).where(t.c.id == id)).first()
        return _share(row) if row else None

    def all(self) -> list[Share]:
        """Return every link, newest first."""
        with self._db.reading() as tx:
            return [_share(row) for row in tx.execute(select(t).order_by(t.c.id.desc()))]

    def revoke(self, at: datetime, *, id: int | None = None, customer: str | None = None) -> int:
        """Have a link, or all of a customer's, open nothing any more; return how many those were."""
        mine = t.c.id == id if id is not None else t.c.customer == customer
        good = (mine, t.c.revoked.is_(None), t.c.until > at)
        with self._db.writing() as tx:
            return tx.execute(update(t).where(*good).values(revoked=at)).rowcount

    def use(self, share: Share, at: datetime) -> None:
        """Note that somebody looked."""
        if share.used is None or at - share.used >= _ROUNDED:
            with self._db.writing() as tx:
                tx.execute(update(t).where(t.c.id == share.id).values(used=at))

    # -- what a customer sees

    def tickets(
        self,
        customer: str,
        fronts: Collection[str],
        *,
        text: str = "",
        done: bool | None = None,
        most: int = 50,
        skip: int = 0,
    ) -> list[Theirs]:
        """Return a customer's tickets on these fronts, the one that changed last first.

        None that was ever another customer's. Looked for is only what the customer knows of a ticket.
        """
        query = select(*_TOLD).where(*_seen(customer, fronts)).order_by(served.c.changed.desc())
        if done is not None:
            query = query.where(served.c.status.in_(_DONE) if done else served.c.status.not_in(_DONE))
        words = sought(text)
        for word in words:  # what staff find a ticket by is more than its customer knows of it
            query = query.where(served.c.words.contains(word, autoescape=True))
        if not words:
            query = query.limit(most).offset(skip)
        options = {"yield_per": _BATCH} if words else {}
        with self._db.reading() as tx, tx.execute(query, execution_options=options) as rows:
            told = map(_theirs, rows)
            known = (one for one in told if has(words, one.subject, one.ref.display, one.requester))
            return list(islice(known, skip, skip + most) if words else known)

    def counts(self, customer: str, fronts: Collection[str]) -> Mapping[str, int]:
        """Return how many of a customer's tickets have each status."""
        query = select(served.c.status, func.count()).where(*_seen(customer, fronts))
        with self._db.reading() as tx:
            return {str(s): int(n) for s, n in tx.execute(query.group_by(served.c.status))}

    def ticket(self, customer: str, ref: Ref) -> Theirs | None:
        """Return one of a customer's tickets; None for what is not theirs to see."""
        here = (served.c.connection == ref.connection, served.c.key == ref.key)
        with self._db.reading() as tx:
            row = tx.execute(select(served).where(*here, *_seen(customer, [ref.connection]))).first()
        return _theirs(row) if row else None

    def texts(self, ref: Ref, most: int) -> tuple[Sequence[Said], int]:
        """Return the newest texts of a ticket that its customer can read, in order, and their count."""
        c = messages.c
        mine = and_(c.connection == ref.connection, c.key == ref.key, c.audience == Audience.CUSTOMER.value)
        mine = and_(mine, c.kind != CommentKind.AUTOMATIC.value)
        query = select(messages).where(mine).order_by(c.created.desc(), c.id.desc()).limit(most)
        with self._db.reading() as tx:
            rows = tx.execute(query).all()
            count = int(tx.execute(select(func.count()).select_from(messages).where(mine)).scalar_one())
        return [_said(row) for row in reversed(rows)], count


def _seen(customer: str, fronts: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of what a customer may see."""
    c = served.c
    others = select(theirs.c.key).where(
        theirs.c.connection == c.connection, theirs.c.key == c.key, theirs.c.customer.not_in(("", customer))
    )
    whose = (c.customer == customer, c.connection.in_(fronts), c.presence.not_in(_HIDDEN), c.readable)
    return (*whose, ~others.exists())


def _share(row: Row[Any]) -> Share:
    return Share(**{name: getattr(row, name) for name in Share.__dataclass_fields__})


def _theirs(row: Row[Any]) -> Theirs:
    return Theirs(
        ref=Ref(row.connection, row.key, row.display),
        subject=row.subject,
        status=row.status or Status.OPEN.value,
        requester=row.requester if row.from_customer else "",
        changed=row.changed,
    )


def _said(row: Row[Any]) -> Said:
    return Said(
        id=row.id,
        author=row.author if row.role == PersonRole.CUSTOMER.value else "",
        created=row.created,
        files=tuple(File(*file) for file in row.files),
    )
