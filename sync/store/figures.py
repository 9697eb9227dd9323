"""What happened to the tickets that are served, counted: by week, customer, team. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, Table, and_, case, func, or_, select, type_coerce

from mappings.ticket import Ref
from sync.store.database import Database
from sync.store.derived import Kind
from sync.store.schema import EPOCH, happened, links, ratings, served

WEEK = timedelta(days=7)
_STEP = WEEK // timedelta(microseconds=1)
_TIMED = (Kind.ANSWERED, Kind.RESOLVED)


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
    """Whose tickets are counted, and when."""

    since: datetime
    until: datetime
    customer: str | None = None
    """Empty means nobody's. A ticket counts for whom it is now."""
    team: str | None = None
    """A connection on which its work is done; empty: on none."""
    teams: tuple[str, ...] = ()
    """Every connection on which work is done."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """A problem that several tickets have."""

    tickets: int
    customers: int
    subject: str
    one: Ref
    """One of the tickets, or the work that they share."""


class Figures:
    """Sums over facts: nothing is stored that was counted."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def weeks(self, over: Over) -> list[Sum]:
        """Return each week from `since` on, which begins one."""
        count = -(-(over.until - over.since) // WEEK)
        week = (type_coerce(happened.c.at, BigInteger) - _micros(over.since)) // _STEP
        given = (type_coerce(ratings.c.given, BigInteger) - _micros(over.since)) // _STEP
        found, backlog = self._sums(over, week, given), self._standing(over).get(None, 0)
        rows = []
        for number in range(count):
            one = found.get(number, {})
            backlog += one.get("created", 0) - one.get("resolved", 0) + one.get("reopened", 0)
            rows.append(Sum(**one, backlog=backlog))
        return rows

    def whole(self, over: Over) -> Sum:
        """Return the whole time as one."""
        found = self._sums(over, None, None).get(None, {})
        return Sum(**found, backlog=self._standing(over, end=True).get(None, 0))

    def customers(self, over: Over) -> dict[str, Sum]:
        """Return what there is of each customer; under the empty name of nobody's."""
        return self._each(over, happened.c.customer, _WHOSE)

    def teams(self, over: Over) -> dict[str, Sum]:
        """Return what there is where work is done; under the empty name what is done nowhere but in front.

        A ticket whose work is done in two places counts in both.
        """
        return self._each(over, _WORK.c.connection, _WORK.c.connection)

    def _each(self, over: Over, by: ColumnElement[str], rated_by: ColumnElement[str]) -> dict[str, Sum]:
        found, standing = self._sums(over, by, rated_by), self._standing(over, by, end=True)
        return {
            str(name or ""): Sum(**found.get(name, {}), backlog=standing.get(name, 0))
            for name in sorted(found.keys() | standing.keys(), key=lambda name: str(name or ""))
        }

    def _sums(
        self, over: Over, by: ColumnElement[Any] | None, rated_by: ColumnElement[Any] | None
    ) -> dict[Any, dict[str, Any]]:
        c, group = happened.c, [by] if by is not None else []
        within = (c.at >= over.since, c.at < over.until)
        counts: Select[Any] = select(c.kind, func.count(), func.sum(case((c.exact, 0), else_=1)), *group)
        counts = _from(counts, over, by).where(*within).group_by(c.kind, *group)
        ranked: Select[Any] = select(
            c.kind,
            c.seconds,
            func.row_number().over(partition_by=[c.kind, *group], order_by=c.seconds).label("rank"),
            func.count().over(partition_by=[c.kind, *group]).label("of"),
            *(one.label("by") for one in group),
        )
        row = _from(ranked, over, by).where(*within, c.kind.in_([k.value for k in _TIMED])).subquery().c
        meant = or_(row.rank == (row.of + 1) // 2, row.rank == (9 * row.of + 9) // 10)
        found: dict[Any, dict[str, Any]] = {}
        spreads: dict[tuple[Any, str], list[int]] = {}
        with self._db.reading() as tx:
            for kind, count, between, *name in tx.execute(counts):
                one = found.setdefault(name[0] if name else None, {"between": 0})
                one[kind] = int(count)
                one["between"] += int(between)
            for said in tx.execute(select(*row).where(meant).order_by(row.seconds)):
                spreads.setdefault((said.by if group else None, said.kind), []).append(said.seconds)
        for (name_, kind), seconds in spreads.items():
            called = "answer" if kind == Kind.ANSWERED else "resolution"
            found[name_][called] = Spread(seconds[0], seconds[-1])
        self._rated(over, rated_by, found)
        return found

    def _rated(self, over: Over, by: ColumnElement[Any] | None, found: dict[Any, dict[str, Any]]) -> None:
        """Add how many ratings of each mood were given."""
        group, c = [by] if by is not None else [], ratings.c
        query: Select[Any] = select(c.mood, func.count(), *group).where(
            c.given >= over.since, c.given < over.until
        )
        there = and_(served.c.connection == c.connection, served.c.key == c.key)
        query = _with_work(query.select_from(ratings).outerjoin(served, there), ratings, over, by)
        query = _narrowed(query, ratings, _WHOSE, over).group_by(c.mood, *group)
        with self._db.reading() as tx:
            for mood, count, *name in tx.execute(query):
                found.setdefault(name[0] if name else None, {"between": 0})[mood] = int(count)

    def _standing(
        self, over: Over, by: ColumnElement[Any] | None = None, *, end: bool = False
    ) -> dict[Any, int]:
        """Return how many were open when the time began, or at its end."""
        c, group = happened.c, [by] if by is not None else []
        signed = case((c.kind == Kind.RESOLVED.value, -1), else_=1)
        counted = c.kind.in_([Kind.CREATED.value, Kind.RESOLVED.value, Kind.REOPENED.value])
        query = _from(select(func.sum(signed), *group), over, by)
        query = query.where(counted, c.at < (over.until if end else over.since)).group_by(*group)
        with self._db.reading() as tx:
            return {(name[0] if name else None): int(count or 0) for count, *name in tx.execute(query)}

    def shared(self, over: Over, most: int) -> list[Repeated]:
        """Return the work that several tickets share which were made in this time, the most shared first."""
        query = (
            _made(select(links.c.bundle, func.count(), func.count(happened.c.customer.distinct())), over)
            .join(links, and_(links.c.connection == happened.c.connection, links.c.key == happened.c.key))
            .where(links.c.unlinked.is_(None))
            .group_by(links.c.bundle)
            .having(func.count() > 1)
            .order_by(func.count().desc(), links.c.bundle)
            .limit(most)
        )
        with self._db.reading() as tx:
            rows = tx.execute(query).all()
            works = self._works(tx, [row[0] for row in rows], over.teams)
        return [
            Repeated(int(count), int(whose), *works[bundle])
            for bundle, count, whose in rows
            if bundle in works
        ]

    def _works(
        self, tx: Any, bundles: Sequence[int], teams: Collection[str]
    ) -> Mapping[int, tuple[str, Ref]]:
        """Return, for each of some bundles, a subject and the side where its work is done."""
        there = (links.c.bundle.in_(bundles), links.c.unlinked.is_(None), links.c.connection.in_(teams))
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
        subject = func.lower(func.trim(served.c.subject))
        said = (func.count(), func.count(served.c.customer.distinct()), func.min(served.c.subject))
        query = (
            _made(select(*said, served.c.connection, func.min(served.c.key)), over)
            .join(served, and_(served.c.connection == happened.c.connection, served.c.key == happened.c.key))
            .where(subject != "")
            .group_by(subject, served.c.connection)
            .having(func.count() > 1)
            .order_by(func.count().desc(), func.min(served.c.subject))
            .limit(most)
        )
        with self._db.reading() as tx:
            return [
                Repeated(int(count), int(whose), text, Ref(connection, key))
                for count, whose, text, connection, key in tx.execute(query)
            ]


_SAME = and_(links.c.connection == served.c.connection, links.c.key == served.c.key)
_FRONT, _WORK = links.alias("front"), links.alias("work")
_WHOSE = func.coalesce(served.c.customer, "")
"""Whose ticket was rated; nobody's where it is not served."""


def _made(query: Select[Any], over: Over) -> Select[Any]:
    c = happened.c
    of = [c.kind == Kind.CREATED.value, c.at >= over.since, c.at < over.until]
    return _meant(query.select_from(happened).where(*of), over)


def _from(query: Select[Any], over: Over, by: ColumnElement[Any] | None) -> Select[Any]:
    return _meant(_with_work(query.select_from(happened), happened, over, by), over)


def _with_work(query: Select[Any], of: Table, over: Over, by: ColumnElement[Any] | None) -> Select[Any]:
    """Return a query of what there is of tickets with where their work is done, if that is asked for."""
    if by is not _WORK.c.connection:
        return query
    here = and_(_FRONT.c.connection == of.c.connection, _FRONT.c.key == of.c.key)
    work = and_(_WORK.c.bundle == _FRONT.c.bundle, _WORK.c.connection.in_(over.teams))
    query = query.outerjoin(_FRONT, and_(here, _FRONT.c.unlinked.is_(None)))
    return query.outerjoin(_WORK, and_(work, _WORK.c.unlinked.is_(None)))


def _meant(query: Select[Any], over: Over) -> Select[Any]:
    return _narrowed(query, happened, happened.c.customer, over)


def _narrowed(query: Select[Any], of: Table, whose: ColumnElement[str], over: Over) -> Select[Any]:
    """Return a query for the tickets of a customer and a team only, if they are said."""
    if over.customer is not None:
        query = query.where(whose == over.customer)
    if over.team is not None:
        here, there = links.alias(), links.alias()
        worked = (
            select(here.c.key)
            .join(there, there.c.bundle == here.c.bundle)
            .where(here.c.connection == of.c.connection, here.c.key == of.c.key)
            .where(here.c.unlinked.is_(None), there.c.unlinked.is_(None))
            .where(there.c.connection.in_([over.team] if over.team else over.teams))
        )
        query = query.where(worked.exists() if over.team else ~worked.exists())
    return query


def _micros(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)
