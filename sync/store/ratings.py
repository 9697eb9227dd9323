"""What customers thought of how their tickets were served, as the tools' lists of ratings tell it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from mappings.ticket import Mood, Person, PersonRole, Rating, Ref
from sync.store.database import Database
from sync.store.dialects import replacing
from sync.store.schema import ratings as t

_SAID = ("mood", "native", "remark", "author", "given")


class Ratings:
    """One row for each rating; a customer's own words are in it."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def keep(self, connection: str, told: Iterable[tuple[str, Rating]], at: datetime) -> set[str]:
        """Remember ratings, each with its ticket's key; return the keys of those of which that is news."""
        rows = {(key, one.id): _values(one) for key, one in told}
        mine = (t.c.connection == connection, t.c.key.in_({key for key, _ in rows}))
        with self._db.reading() as tx:
            for row in tx.execute(select(t).where(*mine)).mappings():
                if rows.get((row["key"], row["id"])) == {name: row[name] for name in _SAID}:
                    del rows[row["key"], row["id"]]
        if rows:
            here = {"connection": connection, "noted": at}
            with self._db.writing() as tx:
                tx.execute(_KEEP(tx), [{**here, "key": k, "id": id, **one} for (k, id), one in rows.items()])
        return {key for key, _ in rows}

    def count(self, connection: str) -> int:
        """Return how many ratings of a connection's tickets are known."""
        query = select(func.count()).select_from(t).where(t.c.connection == connection)
        with self._db.reading() as tx:
            return int(tx.execute(query).scalar_one())

    def of(self, ref: Ref) -> tuple[Rating, ...]:
        """Return what is known that customers thought of a ticket, oldest first; authors by number."""
        mine = (t.c.connection == ref.connection, t.c.key == ref.key)
        with self._db.reading() as tx:
            rows = tx.execute(select(t).where(*mine).order_by(t.c.given, t.c.id)).all()
        return tuple(
            Rating(
                id=row.id,
                author=Person(ref.connection, row.author, "", PersonRole.UNKNOWN) if row.author else None,
                mood=Mood(row.mood),
                native=row.native,
                remark=row.remark,
                given=row.given,
            )
            for row in rows
        )


_KEEP = replacing(t, ("connection", "key", "id"), *_SAID, "noted")


def _values(one: Rating) -> dict[str, Any]:
    author = one.author.key if one.author else ""
    return {
        "mood": one.mood.value,
        "native": one.native,
        "remark": one.remark,
        "author": author,
        "given": one.given,
    }
