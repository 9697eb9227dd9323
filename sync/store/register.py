"""The register: what is known of many tickets, asked for in one query."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, bindparam, func, select

from mappings.ticket import Ref
from sync.store import schema as t
from sync.store.bundles import subject_of
from sync.store.database import Database

T = TypeVar("T")

_AT_ONCE = 500
"""Keys that stand in one query."""


_SIDES = select(t.links.c.bundle, t.links.c.connection).where(
    t.links.c.bundle.in_(bindparam("some", expanding=True)), t.links.c.unlinked.is_(None)
)
_ENTRIES = (
    select(t.links.c.key, t.links.c.bundle, t.seen.c.version, t.seen.c.read_at)
    .join(
        t.seen,
        (t.seen.c.connection == t.links.c.connection) & (t.seen.c.key == t.links.c.key),
        isouter=True,
    )
    .where(t.links.c.connection == bindparam("there"), t.links.c.unlinked.is_(None))
    .where(t.links.c.key.in_(bindparam("some", expanding=True)))
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one ticket on one connection."""

    subject: str
    """The inbox name under which it is looked at."""
    linked: bool
    version: str | None = None
    """The version that was last read, and when; None if it never was."""
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Bundled:
    """A bundle in the order of the sweep."""

    id: int
    connections: frozenset[str]
    read_at: datetime | None
    """When any of its sides was last read and remembered."""


class Register:
    """Reads only."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def entries(self, connection: str, keys: Collection[str]) -> dict[str, Entry]:
        """Return what is known of each of a connection's tickets."""
        with self._db.reading() as tx:
            return entries(tx, connection, keys)

    def connections(self, subjects: Collection[str]) -> dict[str, frozenset[str]]:
        """Return on which connections each of these tickets has a side."""
        found: dict[str, frozenset[str]] = {}
        bundles = []
        for subject in subjects:
            kind, _, rest = subject.partition(":")
            if kind == "ref":
                found[subject] = frozenset({rest.partition(":")[0]})
            else:
                bundles.append(int(rest))
        with self._db.reading() as tx:
            for some in _batches(bundles):
                for row in tx.execute(_SIDES, {"some": some}):
                    name = f"bundle:{row.bundle}"
                    found[name] = found.get(name, frozenset()) | {row.connection}
        return found

    def bundles(self, after: int, limit: int) -> list[Bundled]:
        """Return the next bundles in the order of their numbers, and when each was last read."""
        ids = select(t.bundles.c.id).where(t.bundles.c.id > after).order_by(t.bundles.c.id).limit(limit)
        with self._db.reading() as tx:
            numbers = tx.execute(ids).scalars().all()
            newest = (
                select(t.seen.c.bundle, func.max(t.seen.c.read_at).label("read_at"))
                .where(t.seen.c.bundle.in_(numbers))
                .group_by(t.seen.c.bundle)
            )
            read = {row.bundle: row.read_at for row in tx.execute(newest)}
        where = self.connections([f"bundle:{number}" for number in numbers])
        return [Bundled(n, where.get(f"bundle:{n}", frozenset()), read.get(n)) for n in numbers]


def entries(tx: Connection, connection: str, keys: Collection[str]) -> dict[str, Entry]:
    """Return what is known of each ticket, within a transaction that does more."""
    found: dict[str, Entry] = {}
    for some in _batches(list(keys)):
        found |= {
            row.key: Entry(f"bundle:{row.bundle}", linked=True, version=row.version, read_at=row.read_at)
            for row in tx.execute(_ENTRIES, {"there": connection, "some": some})
        }
    unknown = {key: Entry(subject_of(None, Ref(connection, key)), linked=False) for key in keys}
    return unknown | found


def _batches(items: list[T]) -> list[list[T]]:
    return [items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE)]
