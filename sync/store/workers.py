"""Who works on this store: signs of life, and what becomes of tickets whose worker gives none any more."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, update

from sync.store.database import Database
from sync.store.inbox import FREE
from sync.store.schema import claims, inbox, workers


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that works on the store."""

    id: str
    kind: str
    """The command that runs it."""
    host: str
    version: str
    pid: int
    threads: int
    beat: int
    """How many signs of life it gave. That it grows tells that it lives: nobody's clock is trusted."""
    began: datetime
    heard: datetime
    """When it gave the last one, by its own clock."""


_ALL = select(*(workers.c[name] for name in Worker.__dataclass_fields__)).order_by(
    workers.c.began, workers.c.id
)
_BEAT = (
    update(workers)
    .where(workers.c.id == bindparam("who"))
    .values(beat=workers.c.beat + 1, heard=bindparam("at"))
)


class Workers:
    """One row for each process that works."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def join(self, worker: Worker) -> None:
        """Enter a worker."""
        with self._db.writing() as tx:
            tx.execute(insert(workers).values(**asdict(worker)))

    def beat(self, id: str, at: datetime) -> bool:
        """Give a sign of life; False if the worker is not entered: others took it for dead."""
        with self._db.writing() as tx:
            return tx.execute(_BEAT, {"who": id, "at": at}).rowcount > 0

    def all(self) -> list[Worker]:
        """Return who is entered, oldest first."""
        with self._db.reading() as tx:
            return [Worker(*row) for row in tx.execute(_ALL)]

    def leave(self, id: str) -> None:
        """Strike a worker off that holds nothing any more."""
        with self._db.writing() as tx:
            tx.execute(delete(workers).where(workers.c.id == id))

    def bury(self, dead: Worker, at: datetime) -> int | None:
        """Free what a worker held that gives no sign of life, and strike it off; return how many tickets.

        None if it gave one after all, or if another process was faster. If it lives in spite of that, it
        finds its claims gone before it writes or records anything more.
        """
        with self._db.writing() as tx:
            mine = delete(workers).where(workers.c.id == dead.id, workers.c.beat == dead.beat)
            if not tx.execute(mine).rowcount:
                return None
            held = select(claims.c.subject, claims.c.until).where(
                claims.c.holder == dead.id, claims.c.until > FREE
            )
            rows = tx.execute(held.order_by(claims.c.subject).with_for_update()).all()
            for row in rows:
                as_left = (inbox.c.subject == row.subject, inbox.c.due_at == row.until)
                tx.execute(update(inbox).where(*as_left).values(due_at=at))
                freed = {"until": FREE, "token": claims.c.token + 1, "holder": None}
                tx.execute(update(claims).where(claims.c.subject == row.subject).values(**freed))
        return len(rows)
