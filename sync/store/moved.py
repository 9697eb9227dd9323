"""Where tickets of a connection went: pairs of linked sides, by the thousand or one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, or_, select

from mappings.ticket import Ref
from sync.store.database import Database
from sync.store.schema import bundles, links

_PAGE = 1000
_OLD, _NEW = links.alias("old"), links.alias("new")


@dataclass(frozen=True, slots=True)
class Moved:
    """A ticket, and where it is on another connection."""

    old: Ref
    old_url: str
    new: Ref
    new_url: str


class Movings:
    """Reads links; writes nothing."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def all(self, source: str, target: str = "") -> Iterator[Moved]:
        """Yield every pair of a source, in the order of the keys; a thousand are read at once."""
        last = ("", "", "")
        while True:
            query = _pairs(source, target).where(_after(last)).limit(_PAGE)
            with self._db.reading() as tx:
                rows = [_moved(row) for row in tx.execute(query.order_by(*_ORDER))]
            yield from rows
            if len(rows) < _PAGE:
                return
            last = (rows[-1].old.key, rows[-1].new.connection, rows[-1].new.key)

    def of(self, name: str, source: str = "") -> list[Moved]:
        """Return where a ticket of a source, or of any, went by its key, its name in its tool, or address."""
        query = _pairs(source, "").where(or_(_OLD.c.key == name, _OLD.c.display == name, _OLD.c.url == name))
        with self._db.reading() as tx:
            return [_moved(row) for row in tx.execute(query.order_by(*_ORDER).limit(_PAGE))]

    def arrived(self, new: Ref, source: str) -> bool:
        """Whether a ticket is what became of one of a source."""
        query = _pairs(source, new.connection).where(_NEW.c.key == new.key).limit(1)
        with self._db.reading() as tx:
            return tx.execute(query).first() is not None


_ORDER = (_OLD.c.key, _NEW.c.connection, _NEW.c.key)


def _pairs(source: str, target: str) -> Select[Any]:
    joined = _OLD.join(_NEW, _OLD.c.bundle == _NEW.c.bundle).join(bundles, bundles.c.id == _OLD.c.bundle)
    # A side that the switch took out is still where the ticket was; one that a person unlinked is not.
    stands = or_(_OLD.c.unlinked.is_(None), _OLD.c.unlinked == bundles.c.switched)
    query = (
        select(
            _OLD.c.connection,
            _OLD.c.key,
            _OLD.c.display,
            _OLD.c.url,
            _NEW.c.connection.label("there"),
            _NEW.c.key.label("new_key"),
            _NEW.c.display.label("new_display"),
            _NEW.c.url.label("new_url"),
        )
        .select_from(joined)
        .where(_NEW.c.connection != _OLD.c.connection, stands, _NEW.c.unlinked.is_(None))
    )
    query = query.where(_OLD.c.connection == source) if source else query
    return query.where(_NEW.c.connection == target) if target else query


def _after(last: tuple[str, str, str]) -> ColumnElement[bool]:
    key, connection, new = last
    return or_(
        _OLD.c.key > key,
        (_OLD.c.key == key) & (_NEW.c.connection > connection),
        (_OLD.c.key == key) & (_NEW.c.connection == connection) & (_NEW.c.key > new),
    )


def _moved(row: Row[Any]) -> Moved:
    old, new = Ref(row.connection, row.key, row.display), Ref(row.there, row.new_key, row.new_display)
    return Moved(old, row.url, new, row.new_url)
