"""What is known of tickets from the tool that served them before: their clocks go on from there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, delete, select, update

from mappings.ticket import Ref
from sync.served import facts_json, facts_of
from sync.sla.facts import Facts
from sync.store import steps
from sync.store.database import Database
from sync.store.dialects import replacing
from sync.store.schema import amendments, bundles, clocks, items, links
from sync.store.schema import carried as t
from sync.store.served import forget


@dataclass(frozen=True, slots=True)
class Carried:
    """Facts that were told elsewhere, and until when."""

    facts: Facts
    until: datetime


@dataclass(frozen=True, slots=True)
class Handed:
    """How many tickets changed hands."""

    tickets: int
    clocks: int
    """Of them, those whose facts were carried."""


class Carrying:
    """Facts under the side that is to serve; and the switch by which it does."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._put = replacing(t, ("connection", "key"), "source", "source_key", "facts", "until")

    def put(self, new: Ref, old: Ref, facts: Facts, until: datetime) -> None:
        """Remember what a ticket's old side told, under its new one."""
        row = {
            "connection": new.connection,
            "key": new.key,
            "source": old.connection,
            "source_key": old.key,
            "facts": facts_json(facts),
            "until": until,
        }
        with self._db.writing() as tx:
            tx.execute(self._put(tx), row)

    def of(self, ref: Ref) -> Carried | None:
        """Return what was carried to a side, or None."""
        query = select(t.c.facts, t.c.until).where(t.c.connection == ref.connection, t.c.key == ref.key)
        with self._db.reading() as tx:
            row = tx.execute(query).first()
        return Carried(facts_of(row.facts), row.until) if row else None

    def open(self, source: str, target: str) -> Iterator[tuple[Ref, Ref]]:
        """Yield (old side, new side) of what people still work on, as the source's list last told."""
        old, new = links.alias("old"), links.alias("new")
        joined = old.join(new, old.c.bundle == new.c.bundle).join(
            items, and_(items.c.connection == old.c.connection, items.c.key == old.c.key)
        )
        query = (
            select(old.c.key, old.c.display, new.c.key.label("there"), new.c.display.label("called"))
            .select_from(joined)
            .where(old.c.connection == source, new.c.connection == target, items.c.rank <= 1)
            .where(old.c.unlinked.is_(None), new.c.unlinked.is_(None))
            .order_by(old.c.key)
        )
        with self._db.reading() as tx:
            rows = tx.execute(query).all()
        for row in rows:
            yield Ref(source, row.key, row.display), Ref(target, row.there, row.called)

    def hand_over(self, source: str, target: str, at: datetime) -> Handed:
        """Have the target serve what was migrated to it, all or nothing: the old sides are out of it.

        What people said of a ticket's clocks goes along, and which steps of escalation were taken: nobody is
        told twice. On the old side no clock runs any more, and a ticket that is known from both is told once.
        Doing it twice is fine.
        """
        old, new = links.alias("old"), links.alias("new")
        moved = (
            select(old.c.bundle)
            .select_from(old.join(new, old.c.bundle == new.c.bundle))
            .where(old.c.connection == source, new.c.connection == target)
            .where(old.c.unlinked.is_(None), new.c.unlinked.is_(None))
        )
        with self._db.writing() as tx:
            ids = moved.scalar_subquery()
            tx.execute(update(bundles).where(bundles.c.id.in_(ids)).values(switched=at))
            gone = update(links).where(links.c.connection == source, links.c.bundle.in_(ids))
            tickets = tx.execute(gone.values(unlinked=at)).rowcount
            carried = tx.execute(select(t).where(t.c.source == source)).all()
            for row in carried:
                said = (amendments.c.connection == source) & (amendments.c.key == row.source_key)
                new_side = {"connection": row.connection, "key": row.key}
                tx.execute(update(amendments).where(said).values(**new_side))
                steps.pass_on(tx, Ref(source, row.source_key), Ref(row.connection, row.key))
            forget(tx, (Ref(source, row.source_key) for row in carried))
            tx.execute(delete(clocks).where(clocks.c.connection == source))
        return Handed(tickets, len(carried))

    def hand_back(self, source: str, at: datetime) -> int:
        """Undo `hand_over` of that moment: the old sides count again. Returns how many.

        Which clocks run on them is known once they were looked at.
        """
        with self._db.writing() as tx:
            tx.execute(update(bundles).where(bundles.c.switched == at).values(switched=None))
            back = update(links).where(links.c.connection == source, links.c.unlinked == at)
            tickets = tx.execute(back.values(unlinked=None)).rowcount
            carried = tx.execute(select(t).where(t.c.source == source)).all()
            for row in carried:
                said = (amendments.c.connection == row.connection) & (amendments.c.key == row.key)
                old_side = {"connection": source, "key": row.source_key}
                tx.execute(update(amendments).where(said).values(**old_side))
                steps.pass_on(tx, Ref(row.connection, row.key), Ref(source, row.source_key))
            forget(tx, (Ref(row.connection, row.key) for row in carried))
            return tickets

    def drop(self, source: str) -> None:
        """Forget what was carried from a source."""
        with self._db.writing() as tx:
            tx.execute(delete(t).where(t.c.source == source))
