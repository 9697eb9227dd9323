"""Tickets that live work had alone, to keep promises of them, and that a run took to move them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import delete, exists, or_, select, update

from mappings.ticket import Ref
from sync.seen import UNSAID
from sync.store.bundles import Bundle
from sync.store.database import Database
from sync.store.inbox import Claim, put, verify
from sync.store.schema import bundles, intents, items, links, mirrors, seen, timeline


def alone(bundle: Bundle) -> bool:
    """Whether live work has a ticket, and nothing of it is, or was, anywhere else."""
    return bundle.id is not None and bundle.run is None and len(bundle.refs) == 1 and not bundle.former


class Lent:
    """What is lent to a run is left alone by live work until the cutover, or until the run is undone."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def lend(self, claim: Claim, bundle: int, run: int, at: datetime) -> None:
        """Have a ticket be a run's. What was recorded of it stays, but that it has said anything before.

        All that it says is news to what is made of it, whatever comes between: see `sync.seen.UNSAID`.
        """
        with self._db.writing() as tx:
            verify(tx, claim)
            tx.execute(update(seen).where(seen.c.bundle == bundle).values(native=dict(UNSAID)))
            tx.execute(update(bundles).where(bundles.c.id == bundle).values(run=run, lent=at))

    def held(self, subject: str, run: int) -> None:
        """Have a bundle be a run's that was found again in the tools, while nobody works."""
        with self._db.writing() as tx:
            here = bundles.c.id == int(subject.partition(":")[2])
            tx.execute(update(bundles).where(here).values(run=run))

    def is_lent(self, bundle: int) -> bool:
        """Whether live work had a ticket before the run that has it now."""
        with self._db.reading() as tx:
            return tx.execute(select(bundles.c.lent).where(bundles.c.id == bundle)).scalar() is not None

    def give_back(self, claim: Claim, bundle: int, made: Iterable[Ref], at: datetime) -> None:
        """Have live work have a ticket again, and look at it soon; what a run `made` of it is forgotten."""
        with self._db.writing() as tx:
            verify(tx, claim)
            for ref in made:
                here = {"connection": ref.connection, "key": ref.key}
                for table in (links, seen, timeline):
                    tx.execute(delete(table).filter_by(**here))
                for table in (mirrors, intents):
                    ends = (
                        (table.c[f"{end}_connection"] == ref.connection) & (table.c[f"{end}_key"] == ref.key)
                        for end in ("origin", "target")
                    )
                    tx.execute(delete(table).where(or_(*ends)))
            tx.execute(update(bundles).where(bundles.c.id == bundle).values(run=None, lent=None))
            put(tx, [claim.subject], at, "a run was undone")

    def alone(self, connection: str, keys: Collection[str], *, even_parted: bool = False) -> frozenset[str]:
        """Return which of a few tickets live work has, while nothing of them is, or was, anywhere else.

        `even_parted`: also those that a person took apart from what they had been linked with.
        """
        other = links.alias("other")
        elsewhere = (other.c.bundle == links.c.bundle) & (
            (other.c.connection != links.c.connection) | (other.c.key != links.c.key)
        )
        if even_parted:
            elsewhere &= other.c.unlinked.is_(None)
        query = (
            select(links.c.key)
            .join(bundles, links.c.bundle == bundles.c.id)
            .where(links.c.connection == connection, links.c.unlinked.is_(None), bundles.c.run.is_(None))
            .where(~exists().where(elsewhere), links.c.key.in_(keys))
        )
        with self._db.reading() as tx:
            return frozenset(tx.execute(query).scalars())

    def worked_on(self, connection: str, rank: int) -> list[str]:
        """Return the tickets that are lent and that people still work on: of this rank or an earlier one."""
        here = (items.c.connection == links.c.connection) & (items.c.key == links.c.key)
        query = (
            select(links.c.key)
            .select_from(links.join(bundles, links.c.bundle == bundles.c.id).join(items, here))
            .where(links.c.connection == connection, links.c.unlinked.is_(None))
            .where(bundles.c.lent.is_not(None), bundles.c.switched.is_(None), items.c.rank <= rank)
            .order_by(links.c.key)
        )
        with self._db.reading() as tx:
            return list(tx.execute(query).scalars())
