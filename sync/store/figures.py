"""What happened to the tickets that are served, counted: by week, customer, team, place of work. Reads only.

One pass over an index that has all of it in order; what it yields is few, and is added up here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    select,
    type_coerce,
)

from mappings.ticket import Ref
from sync.store.database import Database
from sync.store.derived import WEEK, Kind, week_of
from sync.store.schema import EPOCH, happened, links, ratings, served

_STEP = WEEK // timedelta(microseconds=1)
_CHANGES = {Kind.CREATED.value: 1, Kind.REOPENED.value: 1, Kind.RESOLVED.value: -1}
"""By how many each event makes more tickets be open."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How long something took: whole seconds as they passed, by nearest rank."""

    median: int
    p90: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """What happened to some tickets in some time."""

    created: int = 0
    answered: int = 0
    """For the first time."""
    resolved: int = 0
    reopened: int = 0
    backlog: int = 0
    """Open at its end."""
    happy: int = 0
    """Ratings of that mood that customers gave; this and the next two."""
    neutral: int = 0
    unhappy: int = 0
    between: int = 0
    """How many of all these rest on an instant that is known only to lie between two looks."""
    answer: Spread | None = None
    resolution: Spread | None = None
    """Since the ticket was made, or opened again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """Whose tickets are counted, and when. A ticket counts as what it is now."""

    since: datetime
    """The beginning of a week: of a Monday, in UTC."""
    until: datetime
    """The beginning of another one."""
    customer: str | None = None
    """Empty means nobody's."""
    team: str | None = None
    """The group that it was given to, as its tool names it; empty: none."""
    work: str | None = None
    """A connection on which its work is done; empty: on none."""
    works: tuple[str, ...] = ()
    """Every connection on which work is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What happened, in whole and in parts; under the empty name what is of no customer, team or work."""

    whole: Sum
    weeks: Sequence[Sum]
    customers: Mapping[str, Sum]
    teams: Mapping[str, Sum]
    works: Mapping[str, Sum]
    """A ticket whose work is done in two places counts in both."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """A problem that several tickets have."""

    tickets: int
    customers: int
    subject: str
    one: Ref
    """One of the tickets, or the work that they share."""


@dataclass(slots=True)
class _Pile:
    """What is added up of one part."""

    counts: Counter[str] = field(default_factory=Counter)
    took: dict[str, list[int]] = field(default_factory=dict)
    backlog: int = 0

    def add(self, kind: str, count: int, between: int, took: list[int]) -> None:
        self.counts[kind] += count
        self.counts["between"] += between
        self.took.setdefault(kind, []).extend(took)

    def sum(self) -> Sum:
        answer, resolution = (_spread(self.took.get(kind, ())) for kind in (Kind.ANSWERED, Kind.RESOLVED))
        return Sum(**self.counts, backlog=self.backlog, answer=answer, resolution=resolution)


def _spread(took: Sequence[int]) -> Spread | None:
    if not took:
        return None
    ranked, count = sorted(took), len(took)
    return Spread(ranked[(count + 1) // 2 - 1], ranked[(9 * count + 9) // 10 - 1])


class _Piles(dict[str, _Pile]):
    """Parts by their names, made when they are needed."""

    def __missing__(self, name: str) -> _Pile:
        self[name] = made = _Pile()
        return made

    def sums(self) -> dict[str, Sum]:
        return {name: self[name].sum() for name in sorted(self)}


class _Counted:
    """What is counted, in all its parts."""

    def __init__(self, first: int, end: int) -> None:
        self._first, self._whole, self._weeks = first, _Pile(), [_Pile() for _ in range(first, end)]
        self._customers, self._teams, self._works = _Piles(), _Piles(), _Piles()

    def _parts(self, whose: Sequence[str]) -> Iterator[_Pile]:
        customer, team, works = whose
        yield from (self._whole, self._customers[customer], self._teams[team])
        yield from (self._works[name] for name in works.split(","))

    def open(self, count: int, whose: Sequence[str]) -> None:
        """Add tickets that are open now."""
        for pile in self._parts(whose):
            pile.backlog += count

    def event(
        self, week: int, kind: str, whose: Sequence[str], count: int, between: int, took: list[int]
    ) -> None:
        """Add what happened in a week; of a later one, only that it was not so yet when the time ended."""
        number = week - self._first
        for pile in self._parts(whose):
            if number < len(self._weeks):
                pile.add(kind, count, between, took)
            else:
                pile.backlog -= _CHANGES.get(kind, 0) * count
        if number < len(self._weeks):
            self._weeks[number].add(kind, count, between, took)

    def rated(self, number: int, mood: str, whose: Sequence[str], count: int) -> None:
        """Add ratings of the week with a number, which begins with 0."""
        for pile in (self._weeks[number], *self._parts(whose)):
            pile.counts[mood] += count

    def sums(self) -> Sums:
        backlog = self._whole.backlog
        for pile in reversed(self._weeks):
            pile.backlog = backlog
            backlog -= sum(change * pile.counts[kind] for kind, change in _CHANGES.items())
        return Sums(
            whole=self._whole.sum(),
            weeks=[pile.sum() for pile in self._weeks],
            customers=self._customers.sums(),
            teams=self._teams.sums(),
            works=self._works.sums(),
        )


class Figures:
    """Sums over facts: nothing is stored that was counted."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def sums(self, over: Over) -> Sums:
        """Return all that happened in some weeks."""
        counted = _Counted(week_of(over.since), week_of(over.until))
        with self._db.reading() as tx:
            for count, *whose in tx.execute(_open(over)):
                counted.open(count, whose)
            for week, kind, count, between, took, *whose in tx.execute(_events(over)):
                lengths = list(map(int, took.split(","))) if took else []
                counted.event(week, kind, whose, count, between, lengths)
            for week, mood, count, *whose in tx.execute(_rated(over)):
                counted.rated(week, mood, whose, count)
        return counted.sums()

    def teams(self) -> list[str]:
        """Return the groups that open tickets are given to, by name."""
        named = select(happened.c.team).distinct().where(happened.c.open.is_(True), happened.c.team != "")
        with self._db.reading() as tx:
            return sorted(tx.execute(named).scalars(), key=str.casefold)

    def shared(self, over: Over, most: int) -> list[Repeated]:
        """Return the work that several tickets share which were made in this time, the most shared first."""
        several = select(_TIES.c.bundle).where(_TIES.c.unlinked.is_(None))
        bundles = several.group_by(_TIES.c.bundle).having(func.count() > _PAIR).subquery().c
        c = happened.c
        # Few bundles have several tickets: no index leads away from beginning with them.
        within = (c.week + 0).between(week_of(over.since), week_of(over.until) - 1)
        query = (
            select(links.c.bundle, func.count(), func.count(c.customer.distinct()))
            .select_from(bundles.bundle.table)
            .join(links, and_(links.c.bundle == bundles.bundle, links.c.unlinked.is_(None)))
            .join(happened, and_(c.connection == links.c.connection, c.key == links.c.key))
            .where(c.kind == Kind.CREATED.value, within)
            .group_by(links.c.bundle)
            .having(func.count() > 1)
            .order_by(func.count().desc(), links.c.bundle)
            .limit(most)
        )
        query = _meant(query, over, (c.customer, c.team, c.works))
        with self._db.reading() as tx:
            rows = tx.execute(query).all()
            works = self._works(tx, [row[0] for row in rows], over.works)
        return [
            Repeated(int(count), int(whose), *works[bundle])
            for bundle, count, whose in rows
            if bundle in works
        ]

    def _works(
        self, tx: Connection, bundles: Sequence[int], works: Collection[str]
    ) -> Mapping[int, tuple[str, Ref]]:
        """Return, for each of some bundles, a subject and the side where its work is done."""
        there = (links.c.bundle.in_(bundles), links.c.unlinked.is_(None), links.c.connection.in_(works))
        sides = {
            r.bundle: Ref(r.connection, r.key, r.display) for r in tx.execute(select(links).where(*there))
        }
        named = (
            select(links.c.bundle, func.min(served.c.subject)).join(served, _SAME).group_by(links.c.bundle)
        )
        subjects = dict(tx.execute(named.where(links.c.bundle.in_(bundles))).all())
        return {bundle: (str(subjects.get(bundle) or ""), ref) for bundle, ref in sides.items()}

    def alike(self, over: Over, most: int) -> list[Repeated]:
        """Return the subjects that several tickets have which were made in this time, most frequent first."""
        c = happened.c
        counted = (c.about, func.count(), func.count(c.customer.distinct()))
        query = _made(select(*counted), over).where(c.about.is_not(None)).group_by(c.about)
        query = query.having(func.count() > 1).order_by(func.count().desc(), c.about).limit(most)
        with self._db.reading() as tx:
            rows = tx.execute(query).all()
            named = self._named(tx, over, [row.about for row in rows])
        return [Repeated(int(count), int(whose), *named[about]) for about, count, whose in rows]

    def _named(self, tx: Connection, over: Over, abouts: Sequence[int]) -> Mapping[int, tuple[str, Ref]]:
        """Return a ticket of each of these subjects, with its words."""
        c = happened.c
        query = _made(select(c.about, c.connection, func.min(c.key).label("key")), over)
        one = query.where(c.about.in_(abouts)).group_by(c.about, c.connection).subquery().c
        there = and_(served.c.connection == one.connection, served.c.key == one.key)
        words = select(one.about, served.c.subject, served.c.connection, served.c.key)
        rows = tx.execute(words.join(served, there).order_by(one.connection.desc()))
        return {row.about: (row.subject, Ref(row.connection, row.key)) for row in rows}


_SAME = and_(links.c.connection == served.c.connection, links.c.key == served.c.key)
_TIES = links.alias("ties")
_PAIR = 2
"""Sides that a bundle has which nothing is shared in."""
_TIMED = (Kind.ANSWERED.value, Kind.RESOLVED.value)


def _events(over: Over) -> Select[Any]:
    """Return how often each thing happened in each week from the first on, and how long it took each time."""
    c = happened.c
    took = case((c.kind.in_(_TIMED), cast(c.seconds, Text)), else_=None)
    whose = (c.customer, c.team, c.works)
    between = func.sum(case((c.exact, 0), else_=1))
    query = select(c.week, c.kind, func.count(), between, func.aggregate_strings(took, ","), *whose)
    return _meant(query.where(c.week >= week_of(over.since)).group_by(c.week, c.kind, *whose), over, whose)


def _open(over: Over) -> Select[Any]:
    """Return how many tickets are open now."""
    whose = (happened.c.customer, happened.c.team, happened.c.works)
    return _meant(select(func.count(), *whose).where(happened.c.open.is_(True)).group_by(*whose), over, whose)


def _rated(over: Over) -> Select[Any]:
    """Return how many ratings of each mood were given in each week; nobody's where a ticket is not served."""
    c = ratings.c
    week = (type_coerce(c.given, BigInteger) - (over.since - EPOCH) // timedelta(microseconds=1)) // _STEP
    whose = tuple(func.coalesce(served.c[name], "") for name in ("customer", "team", "works"))
    there = and_(served.c.connection == c.connection, served.c.key == c.key)
    query = select(week, c.mood, func.count(), *whose).select_from(ratings).outerjoin(served, there)
    query = query.where(c.given >= over.since, c.given < over.until).group_by(week, c.mood, *whose)
    return _meant(query, over, whose)


def _made(query: Select[Any], over: Over) -> Select[Any]:
    c = happened.c
    weeks = range(week_of(over.since), week_of(over.until))
    # What is made is told by having a state and a subject, and so by smaller indexes than its kind.
    query = query.select_from(happened).where(c.open.is_not(None), c.week.in_(weeks))
    return _meant(query, over, (c.customer, c.team, c.works))


def _meant(query: Select[Any], over: Over, whose: Sequence[ColumnElement[str]]) -> Select[Any]:
    """Return a query for the tickets of a customer, a team and a work side only, if they are said."""
    customer, team, works = whose
    if over.customer is not None:
        query = query.where(customer == over.customer)
    if over.team is not None:
        query = query.where(team == over.team)
    if over.work is not None:
        named = (literal(",") + works + literal(",")).contains(f",{over.work},", autoescape=True)
        query = query.where(named)
    return query
