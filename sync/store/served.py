"""Served tickets: their facts, their running clocks in the order in which they run out, and what was said."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Table,
    and_,
    bindparam,
    delete,
    insert,
    or_,
    select,
    update,
)

from mappings.ticket import Ref
from sync.served import Counting, Served, facts_json, facts_of
from sync.sla.clock import Clock, amended
from sync.sla.cycle import Amendment, ClockState
from sync.sla.policy import ClockName
from sync.store import schema as t
from sync.store.bundles import subject_of
from sync.store.database import Database
from sync.store.derived import Rows, happened_of, theirs_of, words_of
from sync.store.dialects import replacing
from sync.store.inbox import Claim, verify

_BATCH = 500
_UNSERVED = "unserved"
"""What stands instead of a `Presence` where the ticket's connection serves nobody now."""
_SHOWN = ("subject", "url", "requester", "from_customer", "readable", "priority", "team")
"""What nothing is decided by, and people look for."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a person said of one cycle of a ticket's clock."""

    clock: ClockName
    cycle: str
    amendment: Amendment


def with_words(clocks: Iterable[Clock], said: Iterable[Said]) -> tuple[Clock, ...]:
    """Return clocks with what people said of them; of several words on a cycle the last one counts."""
    found = {clock.name: clock for clock in clocks}
    for one in said:
        if one.clock in found:
            found[one.clock] = amended(found[one.clock], one.cycle, one.amendment)
    return tuple(found.values())


class ServedTickets:
    """One row for each ticket that is served, and one for each clock of it that is not over."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def keep(self, claim: Claim, ticket: Served, clocks: Collection[Counting]) -> None:
        """Remember a ticket as it was read; nothing is written if nothing differs."""
        values = _values(ticket)
        rows = {clock.clock.value: _clock_values(clock) for clock in clocks}
        with self._db.reading() as tx:
            before, counted = _kept(tx, ticket.ref)
            if (before, counted) == (values, rows):
                return
        with self._db.writing() as tx:
            verify(tx, claim)
            tx.execute(_KEEP(tx), values)
            derive(tx, ticket.ref, before, values)
            _stop(tx, ticket.ref)
            if rows:
                tx.execute(_COUNT, list(rows.values()))

    def gone(self, ref: Ref, presence: str) -> None:
        """Have a ticket that is not there to be worked on run no clock; its facts stay for the reports."""
        with self._db.reading() as tx:
            known = tx.execute(_SERVED, _here(ref)).first()
            runs = tx.execute(_CLOCKS, _here(ref)).first() is not None
        if not runs and (known is None or known.presence == presence):
            return
        with self._db.writing() as tx:
            _stop(tx, ref)
            tx.execute(update(t.served).where(_of(t.served)).values(presence=presence), _here(ref))

    def serve(self, fronts: Collection[str]) -> list[Ref]:
        """Have clocks run on these connections alone; return the tickets on them that are to be looked at.

        What another one served before is promised by nobody now: its facts stay, and its clocks are counted
        again once its connection serves, by the next look at them.
        """
        left = t.clocks.c.connection.not_in(fronts)
        back = and_(t.served.c.presence == _UNSERVED, t.served.c.connection.in_(fronts))
        with self._db.reading() as tx:
            stopped = tx.execute(select(t.clocks.c.connection, t.clocks.c.key).where(left).distinct()).all()
            again = tx.execute(select(t.served.c.connection, t.served.c.key).where(back)).all()
        if stopped or again:
            with self._db.writing() as tx:
                if stopped:
                    rows = [_here(Ref(*row)) for row in stopped]
                    tx.execute(update(t.served).where(_of(t.served)).values(presence=_UNSERVED), rows)
                    tx.execute(delete(t.clocks).where(left))
                tx.execute(update(t.served).where(back).values(presence=""))
        return [Ref(*row) for row in again]

    def unserved(self, connection: str, keys: Collection[str]) -> set[str]:
        """Return which of some tickets were served on a connection that serves nobody now."""
        c, names, found = t.served.c, sorted(keys), set[str]()
        with self._db.reading() as tx:
            for start in range(0, len(names), _BATCH):
                some = c.key.in_(names[start : start + _BATCH])
                mine = (c.connection == connection, some, c.presence == _UNSERVED)
                found.update(tx.execute(select(c.key).where(*mine)).scalars())
        return found

    def follow(self, ref: Ref, status: str, changed: datetime) -> None:
        """Remember how a ticket stands that is served nowhere: people go on working on it by hand."""
        with self._db.reading() as tx:
            row = tx.execute(_SERVED, _here(ref)).mappings().first()
        if row is None or row["presence"] != _UNSERVED or row["status"] == status:
            return
        with self._db.writing() as tx:
            values = {"status": status, "changed": changed}
            tx.execute(update(t.served).where(_of(t.served)).values(values), _here(ref))
            derive(tx, ref, dict(row), {**row, **values})

    def worked(self, ref: Ref, works: Iterable[str]) -> None:
        """Have a ticket's work be done on these connections, if it is served."""
        said = {"works": ",".join(sorted(set(works)))}
        with self._db.writing() as tx:
            for table in (t.served, t.happened):
                tx.execute(update(table).where(_of(table)).values(said), _here(ref))

    def ticket(self, ref: Ref) -> Served | None:
        """Return what is known of a ticket, or None."""
        with self._db.reading() as tx:
            row = tx.execute(_SERVED, _here(ref)).first()
        return _served(row) if row else None

    def tickets(
        self,
        customer: str | None = None,
        since: datetime | None = None,
        *,
        within: tuple[str, datetime, datetime] | None = None,
    ) -> Iterator[Served]:
        """Yield the tickets, of one customer if said, that changed since an instant if said.

        `within`: those that are or were a customer's, and of which anything can have come between two
        instants: they were made before the second, and were not done for good before the first.
        """
        here = (t.served.c.connection, t.served.c.key)
        query = select(*here)
        if within is not None:
            whose, begin, until = within
            c = t.theirs.c
            may = (c.customer == whose, c.created < until, or_(c.last.is_(None), c.last >= begin))
            query = select(c.connection, c.key).where(*may)
        if customer is not None:
            query = query.where(t.served.c.customer == customer)
        if since is not None:
            query = query.where(t.served.c.changed >= since)
        # Their names first: to go on behind a ticket, all that are left would be put in order each time.
        by: dict[str, list[str]] = {}
        with self._db.reading() as tx:
            for connection, key in tx.execute(query):
                by.setdefault(connection, []).append(key)
        for connection, keys in sorted(by.items()):
            keys.sort()
            for start in range(0, len(keys), _BATCH):
                batch = keys[start : start + _BATCH]
                rows = select(t.served).where(here[0] == connection, here[1].in_(batch)).order_by(here[1])
                with self._db.reading() as tx:
                    found = tx.execute(rows).all()
                yield from map(_served, found)

    def next(self, customer: str | None = None, most: int = 20) -> list[Counting]:
        """Return the running clocks that are due first, those that are overdue before all others."""
        query = select(t.clocks, t.served.c.display).join_from(
            t.clocks,
            t.served,
            (t.served.c.connection == t.clocks.c.connection) & (t.served.c.key == t.clocks.c.key),
        )
        query = query.where(t.clocks.c.due.is_not(None))
        if customer is not None:
            query = query.where(t.clocks.c.customer == customer)
        query = query.order_by(t.clocks.c.due, t.clocks.c.connection, t.clocks.c.key).limit(most)
        with self._db.reading() as tx:
            return [_counting(row) for row in tx.execute(query)]

    def counting(self) -> list[str]:
        """Return the inbox names of the tickets that a clock runs or pauses on."""
        inside = select(t.clocks.c.connection, t.clocks.c.key, t.links.c.bundle).distinct()
        query = inside.select_from(
            t.clocks.outerjoin(
                t.links,
                (t.links.c.connection == t.clocks.c.connection)
                & (t.links.c.key == t.clocks.c.key)
                & t.links.c.unlinked.is_(None),
            )
        )
        with self._db.reading() as tx:
            return list(
                dict.fromkeys(subject_of(r.bundle, Ref(r.connection, r.key)) for r in tx.execute(query))
            )

    def names(self, refs: Iterable[Ref]) -> dict[Ref, tuple[Ref, ...]]:
        """Return every side of each of some tickets, in the order in which they were linked."""
        there, found = t.links.alias(), {}
        with self._db.reading() as tx:
            for ref in refs:
                mine = (t.links.c.connection == ref.connection, t.links.c.key == ref.key)
                query = (
                    select(there.c.connection, there.c.key, there.c.display)
                    .select_from(t.links.join(there, t.links.c.bundle == there.c.bundle))
                    .where(*mine, t.links.c.unlinked.is_(None), there.c.unlinked.is_(None))
                    .order_by(there.c.created, there.c.connection)
                )
                found[ref] = tuple(Ref(*row) for row in tx.execute(query)) or (ref,)
        return found

    # -- what people say of a clock

    def say(self, ref: Ref, said: Said) -> None:
        """Record what a person says of a cycle, beside what was counted; it is never taken out again."""
        one = said.amendment
        values = {
            "connection": ref.connection,
            "key": ref.key,
            "clock": said.clock.value,
            "cycle": said.cycle,
            "kind": one.kind,
            "who": one.who,
            "reason": one.reason,
            "said": one.said,
            "met": one.met,
        }
        with self._db.writing() as tx:
            tx.execute(insert(t.amendments).values(values))

    def said(self, ref: Ref) -> tuple[Said, ...]:
        """Return what people said of a ticket's clocks, oldest first."""
        with self._db.reading() as tx:
            return tuple(map(_said, tx.execute(_SAID, _here(ref))))

    def all_said(self) -> Mapping[Ref, tuple[Said, ...]]:
        """Return what people said of all tickets' clocks."""
        found: dict[Ref, tuple[Said, ...]] = {}
        with self._db.reading() as tx:
            for row in tx.execute(select(t.amendments).order_by(t.amendments.c.id)):
                ref = Ref(row.connection, row.key)
                found[ref] = (*found.get(ref, ()), _said(row))
        return found


def derive(tx: Connection, ref: Ref, before: Mapping[str, Any] | None, values: Mapping[str, Any]) -> None:
    """Keep what follows from a ticket's row, where it differs from what followed from the row before."""
    for table, rows_of in _DERIVED.items():
        rows = rows_of(values)
        if before is not None and rows_of(before) == rows:
            continue
        if before is not None:
            tx.execute(delete(table).where(table.c.connection == ref.connection, table.c.key == ref.key))
        tx.execute(_FOLLOWS[table.name], rows)


def forget(tx: Connection, refs: Iterable[Ref]) -> None:
    """Forget tickets that are served elsewhere from now on, within a transaction that does more."""
    rows = [_here(ref) for ref in refs]
    if rows:
        for table in (t.clocks, *_DERIVED, t.served):
            tx.execute(delete(table).where(_of(table)), rows)


def _of(table: Table) -> ColumnElement[bool]:
    return and_(table.c.connection == bindparam("there"), table.c.key == bindparam("of"))


def _here(ref: Ref) -> dict[str, str]:
    return {"there": ref.connection, "of": ref.key}


_SERVED = select(t.served).where(_of(t.served))
_CLOCKS = select(t.clocks).where(_of(t.clocks))
_SAID = select(t.amendments).where(_of(t.amendments)).order_by(t.amendments.c.id)
_SAME = ("connection", "key")
_KEEP = replacing(t.served, _SAME, *(name for column in t.served.c if (name := column.name) not in _SAME))
_DERIVED: Mapping[Table, Callable[[Mapping[str, Any]], Rows]] = {
    t.happened: happened_of,
    t.theirs: theirs_of,
}
_FOLLOWS = {table.name: insert(table) for table in _DERIVED}
_STOP = delete(t.clocks).where(_of(t.clocks))
_COUNT = insert(t.clocks)


def _stop(tx: Connection, ref: Ref) -> None:
    tx.execute(_STOP, _here(ref))


def _kept(tx: Connection, ref: Ref) -> tuple[dict[str, Any] | None, object]:
    row = tx.execute(_SERVED, _here(ref)).mappings().first()
    clocks = tx.execute(_CLOCKS, _here(ref)).mappings()
    return (dict(row) if row else None), {str(clock["clock"]): dict(clock) for clock in clocks}


def _values(ticket: Served) -> dict[str, Any]:
    values: dict[str, Any] = {
        "connection": ticket.ref.connection,
        "key": ticket.ref.key,
        "display": ticket.ref.display,
        "customer": ticket.customer,
        "owner": ticket.owner,
        "type": ticket.type,
        "status": ticket.status,
        "assumed": list(ticket.assumed),
        "changed": ticket.changed,
        "facts": facts_json(ticket.facts),
        **{name: getattr(ticket, name) for name in _SHOWN},
        "works": ",".join(ticket.works),
    }
    return values | {"words": words_of(values), "presence": ""}


def _clock_values(clock: Counting) -> dict[str, object]:
    return {
        "connection": clock.ref.connection,
        "key": clock.ref.key,
        "clock": clock.clock.value,
        "cycle": clock.cycle,
        "customer": clock.customer,
        "base": clock.base,
        "state": clock.state.value,
        "due": clock.due,
        "at_risk": clock.at_risk,
        "breached": clock.breached,
    }


def _served(row: Row[tuple[object, ...]]) -> Served:
    return Served(
        ref=Ref(row.connection, row.key, row.display),
        customer=row.customer,
        owner=row.owner,
        type=row.type,
        status=row.status,
        assumed=tuple(row.assumed),
        changed=row.changed,
        facts=facts_of(row.facts),
        **{name: getattr(row, name) for name in _SHOWN},
        works=tuple(filter(None, row.works.split(","))),
    )


def _counting(row: Row[tuple[object, ...]]) -> Counting:
    return Counting(
        Ref(row.connection, row.key, row.display),
        row.customer,
        ClockName(row.clock),
        row.cycle,
        row.base,
        ClockState(row.state),
        row.due,
        row.at_risk,
        row.breached,
    )


def _said(row: Row[tuple[object, ...]]) -> Said:
    return Said(ClockName(row.clock), row.cycle, Amendment(row.kind, row.who, row.reason, row.said, row.met))
