"""Tickets that are served, as lists for people: a list costs what it shows, however many there are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, or_, select

from mappings.ticket import Ref, Status
from sync.served import Counting
from sync.sla.cycle import ClockState
from sync.sla.policy import ClockName
from sync.store.database import Database
from sync.store.derived import folded
from sync.store.inbox import EVENTUALLY
from sync.store.schema import clocks, links, served

OPEN = tuple(status.value for status in Status if not status.done)
"""The statuses of tickets that somebody is expected to work on; a word that no vocabulary has counts too."""
_DONE = tuple(status.value for status in Status if status.done)
_CARD = (
    served.c.connection,
    served.c.key,
    *(served.c[n] for n in ("display", "customer", "owner", "type", "status", "changed")),
    *(served.c[n] for n in ("subject", "url", "requester", "priority")),
)
NEW = "new"
"""What `Wanted` calls the status ``open`` alone."""
_LOOKED_AT = 1000
"""Tickets of one column that are sorted by their clocks."""
_FEW = 400
"""Tickets that one statement asks for by name."""


@dataclass(frozen=True, slots=True)
class Side:
    """Where else a ticket is."""

    ref: Ref
    url: str
    gone: bool
    """Whether it is not found, lost, or linked in name only."""


@dataclass(frozen=True, slots=True)
class Card:
    """What people recognise a ticket by."""

    ref: Ref
    subject: str
    customer: str
    owner: str
    type: str
    status: str
    priority: str
    requester: str
    url: str
    changed: datetime
    clocks: tuple[Counting, ...] = field(default=())
    """Those that count or pause, the one that is due first before the others."""
    sides: tuple[Side, ...] = field(default=())
    """The other sides, in the order in which they were linked."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one customer's tickets stand."""

    open: int
    broken: int
    """Promises that were broken and whose clocks still run."""
    soon: int
    """Promises that will be broken soon, as their policies say it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which tickets somebody looks for; what is empty restricts nothing."""

    text: str = ""
    customer: str | None = None
    """Empty means nobody's."""
    status: str = ""
    """A status, ``open`` for any that is not done, `NEW` for the status ``open`` alone, ``any``."""
    owner: str | None = None
    """Empty means nobody's."""
    late: bool = False
    """Only those of which a promise was broken and a clock still runs."""


class Lists:
    """Reads only."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def standings(self, at: datetime, customer: str | None = None) -> dict[str, Standing]:
        """Return how each customer's tickets stand, or one's; under the empty name those of nobody."""
        tickets = select(served.c.customer, func.count()).where(served.c.status.not_in(_DONE))
        late = or_(clocks.c.breached, clocks.c.due <= at)
        soon = and_(~late, clocks.c.at_risk <= at)
        promises = select(
            clocks.c.customer, func.sum(case((late, 1), else_=0)), func.sum(case((soon, 1), else_=0))
        )
        if customer is not None:
            tickets = tickets.where(served.c.customer == customer)
            promises = promises.where(clocks.c.customer == customer)
        with self._db.reading() as tx:
            opened = {r[0]: int(r[1]) for r in tx.execute(tickets.group_by(served.c.customer))}
            counted = {r[0]: (int(r[1]), int(r[2])) for r in tx.execute(promises.group_by(clocks.c.customer))}
        return {
            name: Standing(opened.get(name, 0), *counted.get(name, (0, 0)))
            for name in sorted(opened.keys() | counted.keys())
        }

    def coming(self, at: datetime, most: int, customer: str = "") -> list[Card]:
        """Return the tickets of the clocks that run out next, one line for each clock."""
        return self._running([clocks.c.due > at, ~clocks.c.breached], most, customer)

    def broken(self, at: datetime, most: int, customer: str = "") -> list[Card]:
        """Return the tickets of promises that were broken and whose clocks run, the latest broken first."""
        return self._running([clocks.c.due <= at], most, customer, newest=True)

    def _running(
        self, which: Sequence[ColumnElement[bool]], most: int, customer: str, *, newest: bool = False
    ) -> list[Card]:
        order = clocks.c.due.desc() if newest else clocks.c.due
        joined = and_(served.c.connection == clocks.c.connection, served.c.key == clocks.c.key)
        counted = [c.label(f"clock_{c.name}") for c in clocks.c]
        query = select(*_CARD, *counted).join_from(clocks, served, joined).where(*which)
        if customer:
            query = query.where(clocks.c.customer == customer)
        query = query.order_by(order, clocks.c.connection, clocks.c.key).limit(most)
        with self._db.reading() as tx:
            rows = tx.execute(query).all()
        return self._with_sides([_card(row, (_counting(row, "clock_"),)) for row in rows])

    def counts(self, customer: str) -> dict[str, int]:
        """Return how many tickets of a customer have each status; an unknown word counts as open."""
        query = select(served.c.status, func.count()).where(served.c.customer == customer)
        found: dict[str, int] = {}
        with self._db.reading() as tx:
            for status, count in tx.execute(query.group_by(served.c.status)):
                found[status or Status.OPEN.value] = found.get(status or Status.OPEN.value, 0) + int(count)
        return found

    def column(self, customer: str, status: str, count: int, most: int) -> list[Card]:
        """Return tickets of a customer with a status, of whom there are `count`: the due ones first.

        Of few tickets all are looked at; of many the clocks are, in the order in which they run out.
        """
        of = [served.c.customer == customer, _status(status)]
        joined = and_(served.c.connection == clocks.c.connection, served.c.key == clocks.c.key)
        if count <= _LOOKED_AT:
            due = (
                select(served.c.connection, served.c.key)
                .join_from(served, clocks, joined)
                .where(clocks.c.due.is_not(None), *of)
                .group_by(served.c.connection, served.c.key)
                .order_by(func.min(clocks.c.due))
                .limit(most)
            )
        else:
            due = (
                select(served.c.connection, served.c.key)
                .join_from(clocks, served, joined)
                .where(clocks.c.customer == customer, clocks.c.due.is_not(None), *of)
                .order_by(clocks.c.due)
                .limit(2 * most)
            )
        with self._db.reading() as tx:
            first = list(dict.fromkeys((row.connection, row.key) for row in tx.execute(due)))[:most]
            newest = select(*_CARD).where(*of).order_by(served.c.changed.desc()).limit(most)
            rows = tx.execute(newest).all() if len(first) < most else []
        cards = self.cards([Ref(*name) for name in first])
        known = set(first)
        rest = [_card(row) for row in rows if (row.connection, row.key) not in known]
        return [*cards, *self._whole(rest[: most - len(cards)])]

    def cards(self, refs: Sequence[Ref]) -> list[Card]:
        """Return these tickets whole, in this order, without those that are not kept."""
        found = {card.ref: card for card in map(_card, self._of(served, _CARD, refs))}
        return self._whole([found[ref] for ref in refs if ref in found])

    def found(self, wanted: Wanted, at: datetime, most: int, skip: int = 0) -> list[Card]:
        """Return the tickets that somebody looks for, the one that changed last first."""
        query = self._meant(wanted, at).order_by(served.c.changed.desc()).limit(most).offset(skip)
        with self._db.reading() as tx:
            rows = tx.execute(query).all()
        return self._whole(list(map(_card, rows)))

    def page(
        self, wanted: Wanted, at: datetime, most: int, after: tuple[datetime, Ref] | None = None
    ) -> list[Card]:
        """Return tickets as `found` does, those behind one that was told before: its change and its name.

        Whoever asks on gets each ticket that did not change meanwhile once, however many come or go.
        """
        changed, connection, key = served.c.changed, served.c.connection, served.c.key
        query = self._meant(wanted, at).order_by(changed.desc(), connection, key).limit(most)
        if after is not None:
            then, ref = after
            behind = or_(connection > ref.connection, and_(connection == ref.connection, key > ref.key))
            query = query.where(or_(changed < then, and_(changed == then, behind)))
        with self._db.reading() as tx:
            rows = tx.execute(query).all()
        return self._whole(list(map(_card, rows)))

    def _meant(self, wanted: Wanted, at: datetime) -> Select[Any]:
        meant = [(word, self._named(word)) for word in wanted.text.split()[:6]]
        return _wanted(wanted, at).where(*(_has(*one) for one in meant))

    def _named(self, word: str) -> set[Ref]:
        """Return the tickets of which another side is called so, in capitals or not."""
        here, there = links.alias(), links.alias()
        query = (
            select(here.c.connection, here.c.key)
            .join_from(there, here, here.c.bundle == there.c.bundle)
            .where(there.c.display.in_({word, word.upper(), word.lower()}))
            .limit(_FEW)
        )
        with self._db.reading() as tx:
            return {Ref(*row) for row in tx.execute(query)}

    def owners(self, customer: str = "") -> list[str]:
        """Return who owns open tickets, by name."""
        query = select(served.c.owner).distinct().where(served.c.status.not_in(_DONE), served.c.owner != "")
        if customer:
            query = query.where(served.c.customer == customer)
        with self._db.reading() as tx:
            return sorted(tx.execute(query).scalars(), key=str.lower)

    def _whole(self, cards: Sequence[Card]) -> list[Card]:
        """Return cards with their clocks and other sides."""
        running: dict[Ref, list[Counting]] = {}
        for row in self._of(clocks, tuple(clocks.c), [card.ref for card in cards]):
            running.setdefault(Ref(row.connection, row.key), []).append(_counting(row))
        with_clocks = [
            replace(
                card,
                clocks=tuple(sorted(running.get(card.ref, ()), key=lambda one: one.due or EVENTUALLY)),
            )
            for card in cards
        ]
        return self._with_sides(with_clocks)

    def _with_sides(self, cards: Sequence[Card]) -> list[Card]:
        found = self.sides({card.ref for card in cards})
        return [replace(card, sides=found.get(card.ref, ())) for card in cards]

    def sides(self, refs: Collection[Ref]) -> Mapping[Ref, tuple[Side, ...]]:
        """Return the other sides of each of some tickets, in the order in which they were linked."""
        there, found = links.alias(), dict[Ref, list[Side]]()
        with self._db.reading() as tx:
            for here in _named(links, refs):
                query = (
                    select(links.c.connection.label("of"), links.c.key.label("of_key"), there)
                    .join_from(links, there, links.c.bundle == there.c.bundle)
                    .where(*here, links.c.unlinked.is_(None), there.c.unlinked.is_(None))
                    .order_by(there.c.created, there.c.connection)
                )
                for row in tx.execute(query):
                    if (row.of, row.of_key) == (row.connection, row.key):
                        continue
                    gone = any((row.missing, row.lost, row.ended))
                    side = Side(Ref(row.connection, row.key, row.display), row.url, gone)
                    found.setdefault(Ref(row.of, row.of_key), []).append(side)
        return {ref: tuple(sides) for ref, sides in found.items()}

    def _of(self, table: Any, columns: Sequence[Any], refs: Collection[Ref]) -> list[Row[Any]]:
        rows = list[Row[Any]]()
        with self._db.reading() as tx:
            for here in _named(table, refs):
                rows += tx.execute(select(*columns).where(*here)).all()
        return rows


def _named(table: Any, refs: Collection[Ref]) -> Iterator[tuple[ColumnElement[bool], ...]]:
    """Yield conditions that some tickets fulfil together; SQLite finds pairs of columns by no index."""
    by: dict[str, list[str]] = {}
    for ref in sorted(refs, key=lambda ref: (ref.connection, ref.key)):
        by.setdefault(ref.connection, []).append(ref.key)
    for connection, keys in by.items():
        for start in range(0, len(keys), _FEW):
            yield table.c.connection == connection, table.c.key.in_(keys[start : start + _FEW])


def _wanted(wanted: Wanted, at: datetime) -> Select[Any]:
    query = select(*_CARD)
    if wanted.late:
        late = select(clocks.c.key).where(
            clocks.c.connection == served.c.connection, clocks.c.key == served.c.key, clocks.c.due <= at
        )
        query = query.where(late.exists())
    if wanted.customer is not None:
        query = query.where(served.c.customer == wanted.customer)
    if wanted.status == "open":
        query = query.where(served.c.status.not_in(_DONE))
    elif wanted.status == NEW:
        query = query.where(_status(Status.OPEN.value))
    elif wanted.status not in ("", "any"):
        query = query.where(_status(wanted.status))
    if wanted.owner is not None:
        query = query.where(served.c.owner == wanted.owner)
    return query


def _has(word: str, named: Collection[Ref]) -> ColumnElement[bool]:
    """Whether a word stands anywhere in what people know of a ticket, or it is one of those so named."""
    # Words alone are looked for in an index that has them; with anything else every row would be read.
    said = served.c.words.contains(folded(word), autoescape=True)
    return or_(said, *(and_(*here) for here in _named(served, named)))


def _status(status: str) -> ColumnElement[bool]:
    if status == Status.OPEN.value:
        return served.c.status.in_((status, ""))
    return served.c.status == status


def _card(row: Row[Any], running: tuple[Counting, ...] = ()) -> Card:
    return Card(
        Ref(row.connection, row.key, row.display),
        row.subject,
        row.customer,
        row.owner,
        row.type,
        row.status or Status.OPEN.value,
        row.priority,
        row.requester,
        row.url,
        row.changed,
        running,
    )


def _counting(row: Row[Any], prefix: str = "") -> Counting:
    told = {name: getattr(row, f"{prefix}{name}") for name in clocks.c.keys()}  # noqa: SIM118 - no mapping
    return Counting(
        Ref(told["connection"], told["key"]),
        told["customer"],
        ClockName(told["clock"]),
        told["cycle"],
        told["base"],
        ClockState(told["state"]),
        told["due"],
        told["at_risk"],
        breached=told["breached"],
    )
