"""How each connection is doing: what a person must know about it, and may have to settle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from sync.store.database import Database
from sync.store.dialects import Upsert, prepared, upsert
from sync.store.schema import health, pulse


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """What is known of a connection's life; nothing was heard of a new one."""

    heard: datetime | None = None
    """When its last webhook was believed."""
    news: datetime | None = None
    """When a poll last found a change there."""
    silent: datetime | None = None
    """Since when its silence has been known to a person."""
    refused: int = 0
    """Webhooks with a wrong signature, ever, and when the last one came."""
    refused_at: datetime | None = None
    unread: int = 0
    """Webhooks that were signed and could not be read, ever."""
    paused: datetime | None = None
    """Since when nobody has called it, until when, and why; None while it answers."""
    until: datetime | None = None
    probes: int = 0
    """How often it was tried since."""
    denied: bool = False
    """Whether it refuses our credential; else it does not answer."""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """Webhooks of one connection that are noted together."""

    heard: int = 0
    refused: int = 0
    unread: int = 0

    def plus(self, other: Tally) -> Tally:
        """Return both together."""
        return Tally(self.heard + other.heard, self.refused + other.refused, self.unread + other.unread)


def _telling(*stamps: str) -> Callable[[Connection], Upsert]:
    """Return an upsert that adds to the counts and sets these stamps."""

    def make(row: Upsert) -> Upsert:
        more = {name: pulse.c[name] + row.excluded[name] for name in ("refused", "unread")}
        set_ = {**more, **{name: row.excluded[name] for name in stamps}}
        return row.on_conflict_do_update(index_elements=["connection"], set_=set_)

    return prepared(pulse, make)


_HEARD, _REFUSED = ("heard", "silent"), ("refused_at",)
_TELL = {frozenset(some): _telling(*some) for some in ((), _HEARD, _REFUSED, (*_HEARD, *_REFUSED))}
_PULSES = select(pulse)
_DOUBTED = select(health.c.doubted).where(health.c.connection == bindparam("there"))


class Health:
    """One row a connection."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def doubted(self, connection: str) -> bool:
        """Whether what the connection does not find may be there all the same."""
        with self._db.reading() as tx:
            return tx.execute(_DOUBTED, {"there": connection}).scalar() is not None

    def doubt(self, connection: str, at: datetime | None) -> None:
        """Doubt, or trust again (None), what a connection does not find."""
        with self._db.writing() as tx:
            row = upsert(tx, health).values(connection=connection, doubted=at)
            tx.execute(row.on_conflict_do_update(index_elements=["connection"], set_={"doubted": at}))

    def pulses(self) -> dict[str, Pulse]:
        """Return what is known of each connection's life."""
        with self._db.reading() as tx:
            rows = tx.execute(_PULSES).all()
        return {row.connection: _pulse(row) for row in rows}

    def pulse(self, connection: str) -> Pulse:
        """Return what is known of a connection's life."""
        return self.pulses().get(connection, Pulse())

    def tell(self, tx: Connection, tallies: Mapping[str, Tally], at: datetime) -> None:
        """Note webhooks that came, within the transaction that puts their tickets into the inbox."""
        for connection, tally in sorted(tallies.items()):
            counts = {"refused": tally.refused, "unread": tally.unread}
            stamps: dict[str, Any] = {"heard": at, "silent": None} if tally.heard else {}
            stamps |= {"refused_at": at} if tally.refused else {}
            told = _TELL[frozenset(stamps)]
            tx.execute(told(tx), {"connection": connection, **counts, **stamps})

    def changed(self, connection: str, at: datetime) -> None:
        """Note that a poll found a change."""
        with self._db.writing() as tx:
            _set(tx, connection, {"news": at})

    def silent(self, connection: str, at: datetime) -> bool:
        """Note that a person is told of a connection's silence; whether nobody had told them yet."""
        with self._db.writing() as tx:
            row = update(pulse).where(pulse.c.connection == connection, pulse.c.silent.is_(None))
            return tx.execute(row.values(silent=at)).rowcount == 1

    def pause(self, connection: str, at: datetime, until: datetime, why: str, *, denied: bool) -> bool:
        """Have nobody call a connection before `until`; whether it was not paused already."""
        values = {"paused": at, "until": until, "why": why, "denied": denied, "probes": 0}
        with self._db.writing() as tx:
            row = upsert(tx, pulse).values(connection=connection, **values)
            first = row.on_conflict_do_update(
                index_elements=["connection"], set_=values, where=pulse.c.paused.is_(None)
            )
            return tx.execute(first.returning(pulse.c.connection)).first() is not None

    def still(self, connection: str, known: Pulse, until: datetime, why: str, *, denied: bool) -> None:
        """Note that a paused connection was tried in vain; `until` when it is left alone now."""
        values = {"until": until, "why": why, "denied": denied, "probes": known.probes + 1}
        with self._db.writing() as tx:
            tx.execute(update(pulse).where(pulse.c.connection == connection).values(**values))

    def resume(self, connection: str) -> bool:
        """Note that a connection answers; whether it had been paused."""
        row = update(pulse).where(pulse.c.connection == connection, pulse.c.paused.is_not(None))
        with self._db.writing() as tx:
            done = tx.execute(row.values(paused=None, until=None, probes=0, denied=None, why=None))
            return done.rowcount == 1


def _set(tx: Connection, connection: str, values: Mapping[str, Any]) -> None:
    row = upsert(tx, pulse).values(connection=connection, **values)
    tx.execute(row.on_conflict_do_update(index_elements=["connection"], set_=dict(values)))


def _pulse(row: Any) -> Pulse:
    named = {name: getattr(row, name) for name in Pulse.__dataclass_fields__}
    return Pulse(**{name: value for name, value in named.items() if value is not None})
