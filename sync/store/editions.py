"""How calendars and policies were edited, and the holidays that were computed: kept as they were said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import insert, select, update

from sync.store.database import Database
from sync.store.dialects import upsert
from sync.store.schema import editions as t
from sync.store.schema import holidays

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
"""From when on the first edition holds."""


@dataclass(frozen=True, slots=True)
class Edition:
    """The calendars and policies that hold from an instant on."""

    valid_from: datetime
    said: str
    """What the settings said, as JSON."""


class Editions:
    """Editions of the promises in the settings; a former one is kept for what was promised under it."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def all(self) -> list[Edition]:
        """Return the editions that hold, oldest first."""
        query = select(t).where(t.c.replaced.is_(None)).order_by(t.c.valid_from, t.c.id)
        with self._db.reading() as tx:
            return [Edition(row.valid_from, row.said) for row in tx.execute(query)]

    def adopt(self, said: str, at: datetime) -> bool:
        """Have what the settings say hold from now on; return whether it is an edit of what held before.

        What is said first of all has always held. On a clock that was set back an edit holds from the one
        before it on, so that what is said last is what holds.
        """
        with self._db.writing() as tx:
            newest = tx.execute(select(t).where(t.c.replaced.is_(None)).order_by(t.c.id.desc())).first()
            if newest is not None and newest.said == said:
                return False
            since = ALWAYS if newest is None else max(at, newest.valid_from)
            tx.execute(insert(t).values(valid_from=since, said=said, adopted=at))
            return newest is not None

    def back_to(self, said: str, since: datetime, at: datetime) -> None:
        """Have what the settings say hold from an earlier instant on, in place of what was said since."""
        with self._db.writing() as tx:
            tx.execute(update(t).where(t.c.replaced.is_(None), t.c.valid_from >= since).values(replaced=at))
            tx.execute(insert(t).values(valid_from=since, said=said, adopted=at))

    def holidays(self) -> dict[tuple[str, str | None], frozenset[date]]:
        """Return the holidays of each country and region that were computed."""
        with self._db.reading() as tx:
            return {
                (row.country, row.region or None): frozenset(map(date.fromisoformat, row.dates))
                for row in tx.execute(select(holidays))
            }

    def put_holidays(self, key: tuple[str, str | None], dates: Iterable[date]) -> None:
        """Keep dates in place of those that were kept under the same key."""
        days = sorted(day.isoformat() for day in dates)
        row = {"country": key[0], "region": key[1] or "", "dates": days}
        with self._db.writing() as tx:
            asked = upsert(tx, holidays)
            tx.execute(
                asked.on_conflict_do_update(
                    index_elements=["country", "region"], set_={"dates": asked.excluded.dates}
                ),
                [row],
            )

    def keep_holidays(self, found: Mapping[tuple[str, str | None], Iterable[date]]) -> None:
        """Keep computed holidays; those that are kept already stay as they are."""
        rows = [
            {"country": country, "region": region or "", "dates": sorted(day.isoformat() for day in dates)}
            for (country, region), dates in found.items()
        ]
        if rows:
            with self._db.writing() as tx:
                tx.execute(upsert(tx, holidays).on_conflict_do_nothing(), rows)
