"""The outbox: what people are to be told outside the tools, each thing once and in order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, delete, func, or_, select, update

from sync.store.chores import Chores
from sync.store.database import Database
from sync.store.dialects import upsert
from sync.store.schema import notifications

LEASE = timedelta(minutes=2)
"""How long a channel is left to whoever sends through it; longer than sending a message takes."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One message to people. It never holds a ticket's text: it leaves the tools that guard those."""

    key: str
    """What tells it from every other: the same key is one notification, and goes along when it is sent."""
    channel: str
    title: str
    body: str
    due_at: datetime
    whom: str = ""
    """Who is to act; empty for whoever reads the channel."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A notification that was taken for sending; `attempts` counts this one too."""

    id: int
    attempts: int
    notification: Notification


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits for one channel."""

    channel: str
    count: int
    since: datetime
    """When the first of it fell due, or will."""
    attempts: int
    """How often it was tried in vain; 0 if nothing of it was sent yet."""


_SAID = ("key", "channel", "title", "body", "due_at", "whom")


def enqueue(tx: Connection, notification: Notification) -> bool:
    """Put a notification into the outbox, and return whether it was not there yet, sent or unsent."""
    values = {name: getattr(notification, name) for name in _SAID}
    row = upsert(tx, notifications).values(attempts=0, **values).on_conflict_do_nothing()
    return tx.execute(row.returning(notifications.c.id)).first() is not None


def take_back(tx: Connection, key: str, notification: Notification) -> None:
    """Take a notification back by another one, for the same person; one that nobody took yet just goes."""
    t = notifications
    unsent = (t.c.key == key, t.c.sent_at.is_(None), t.c.attempts == 0)
    if tx.execute(delete(t).where(*unsent)).rowcount:
        return
    whom = tx.execute(select(t.c.whom).where(t.c.key == key)).scalar()
    enqueue(tx, notification if whom is None else replace(notification, whom=whom))


class Outbox:
    """Sent at least once: what a sender that dies took is sent again, under the same key.

    A channel is a chore, so that one process at a time sends through it: with what fell due first in
    front, one that is down keeps its order too.
    """

    def __init__(self, database: Database) -> None:
        self._db = database
        self._chores = Chores(database)

    def put(self, notification: Notification) -> bool:
        """Have people told, once for each key; return whether this is new."""
        with self._db.writing() as tx:
            return enqueue(tx, notification)

    def first(self, channel: str) -> datetime | None:
        """Return when the first of what waits for a channel fell due, or will; None if nothing waits."""
        t = notifications
        waits = select(t.c.due_at).where(t.c.sent_at.is_(None), t.c.channel == channel)
        with self._db.reading() as tx:
            return tx.execute(waits.order_by(t.c.due_at).limit(1)).scalar()

    def queues(self) -> list[Queue]:
        """Return what waits, by channel."""
        t = notifications
        counts = func.count(), func.min(t.c.due_at), func.max(t.c.attempts)
        query = select(t.c.channel, *counts).where(t.c.sent_at.is_(None)).group_by(t.c.channel)
        with self._db.reading() as tx:
            return [Queue(*row) for row in tx.execute(query.order_by(t.c.channel))]

    def take(self, channel: str, at: datetime, most: int = 50) -> list[Outgoing]:
        """Take what is due for a channel, the longest due first; nothing while somebody else sends there.

        Nobody else is given any of it until `done` or `rest`, or until the lease runs out.
        """
        if not self._chores.begin(_chore(channel), at, at + LEASE):
            return []
        t = notifications
        due = select(t).where(t.c.channel == channel, t.c.sent_at.is_(None), t.c.due_at <= at)
        with self._db.writing() as tx:
            rows = tx.execute(due.order_by(t.c.due_at, t.c.id).limit(most)).all()
            taken = update(t).where(t.c.id.in_([r.id for r in rows]))
            tx.execute(taken.values(attempts=t.c.attempts + 1))
        if not rows:
            self.rest(channel, at)
        return [
            Outgoing(r.id, r.attempts + 1, Notification(*(getattr(r, name) for name in _SAID))) for r in rows
        ]

    def sent(self, outgoing: Iterable[Outgoing], at: datetime) -> None:
        """Note that notifications were sent."""
        ids = [one.id for one in outgoing]
        with self._db.writing() as tx:
            tx.execute(update(notifications).where(notifications.c.id.in_(ids)).values(sent_at=at))

    def rest(self, channel: str, until: datetime) -> None:
        """Leave a channel alone until an instant; a past one gives it back."""
        self._chores.later(_chore(channel), until)

    def waiting(self) -> list[Notification]:
        """Return what was not sent yet, the first due first."""
        t = notifications
        query = select(t).where(t.c.sent_at.is_(None)).order_by(t.c.due_at, t.c.id)
        with self._db.reading() as tx:
            return [Notification(*(getattr(r, name) for name in _SAID)) for r in tx.execute(query)]

    def prune(self, before: datetime) -> int:
        """Forget what was sent, or fell due in vain, before an instant, and return how many that were."""
        t = notifications
        old = or_(t.c.sent_at < before, and_(t.c.sent_at.is_(None), t.c.due_at < before))
        with self._db.writing() as tx:
            return tx.execute(delete(t).where(old)).rowcount


def _chore(channel: str) -> str:
    return f"notify:{channel}"
