"""The outbox: what people are to be told outside the tools, each thing once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update

from sync.store.database import Database
from sync.store.dialects import upsert
from sync.store.schema import notifications

LEASE = timedelta(minutes=2)
"""How long a notification is left to whoever claimed it; longer than sending one takes."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One message to people. It never holds a ticket's text: it leaves the tools that guard those."""

    key: str
    """What tells it from every other: the same key is one notification, and goes along when it is sent."""
    channel: str
    title: str
    body: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A notification that was claimed for sending; `attempts` counts this one too."""

    id: int
    attempts: int
    notification: Notification


def enqueue(tx: Connection, notification: Notification) -> bool:
    """Put a notification into the outbox, and return whether it was not there yet, sent or unsent."""
    values = {name: getattr(notification, name) for name in ("key", "channel", "title", "body", "due_at")}
    row = upsert(tx, notifications).values(attempts=0, **values).on_conflict_do_nothing()
    return tx.execute(row.returning(notifications.c.id)).first() is not None


class Outbox:
    """Sent at least once: a sender that dies after sending leaves its claim to run out."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def put(self, notification: Notification) -> bool:
        """Have people told, once for each key; return whether this is new."""
        with self._db.writing() as tx:
            return enqueue(tx, notification)

    def claim(self, at: datetime, most: int = 20) -> list[Outgoing]:
        """Take what is due, the longest due first; nobody else is given it before the lease runs out."""
        t = notifications
        due = select(t.c.id).where(t.c.sent_at.is_(None), t.c.due_at <= at).order_by(t.c.due_at, t.c.id)
        with self._db.writing() as tx:
            ids = tx.execute(due.limit(most).with_for_update(skip_locked=True)).scalars().all()
            rows = tx.execute(select(t).where(t.c.id.in_(ids)).order_by(t.c.due_at, t.c.id)).all()
            taken = {"due_at": at + LEASE, "attempts": t.c.attempts + 1}
            tx.execute(update(t).where(t.c.id.in_(ids)).values(**taken))
        return [
            Outgoing(r.id, r.attempts + 1, Notification(r.key, r.channel, r.title, r.body, r.due_at))
            for r in rows
        ]

    def sent(self, outgoing: Outgoing, at: datetime) -> None:
        """Note that a notification was sent."""
        self._update(outgoing, {"sent_at": at})

    def failed(self, outgoing: Outgoing, again: datetime) -> None:
        """Have a notification that could not be sent tried again at `again`."""
        self._update(outgoing, {"due_at": again})

    def waiting(self) -> list[Notification]:
        """Return what was not sent yet, the first due first."""
        t = notifications
        query = select(t).where(t.c.sent_at.is_(None)).order_by(t.c.due_at, t.c.id)
        with self._db.reading() as tx:
            return [Notification(r.key, r.channel, r.title, r.body, r.due_at) for r in tx.execute(query)]

    def prune(self, before: datetime) -> int:
        """Forget what was sent before an instant, and return how many that were."""
        with self._db.writing() as tx:
            return tx.execute(delete(notifications).where(notifications.c.sent_at < before)).rowcount

    def _update(self, outgoing: Outgoing, values: dict[str, datetime]) -> None:
        # Whoever claimed it later, because this claim ran out, has the word.
        mine = (notifications.c.id == outgoing.id, notifications.c.attempts == outgoing.attempts)
        with self._db.writing() as tx:
            tx.execute(update(notifications).where(*mine).values(**values))
