"""Runs: what a migration was asked, how far it is, and what became of each ticket of its source.

There is one row for each ticket of a source, whichever run takes it: that is the checkpoint. A run that was
interrupted goes on with what still waits; a later one finds again what changed since.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    and_,
    bindparam,
    distinct,
    func,
    insert,
    or_,
    select,
    tuple_,
    type_coerce,
    update,
)

from mappings.ticket import Ref
from sync.store.database import Database
from sync.store.dialects import prepared, upsert
from sync.store.journal import TIME
from sync.store.schema import bundles, intents, items, listings, mirrors, ratings, runs, seen, ties

SCOPE = "backfill "
"""What the sources of backfills begin with: no connection's name has a blank."""


class RunState(StrEnum):
    """How a run stands."""

    RUNNING = "running"
    """Or killed: then nothing was heard of it for a while."""
    STOPPED = "stopped"
    """By a person."""
    PAUSED = "paused"
    """By itself, because something is wrong with many tickets."""
    DONE = "done"


class State(StrEnum):
    """What became of a ticket of the source."""

    WAITING = "waiting"
    MIGRATED = "migrated"
    SKIPPED = "skipped"
    """By a rule; the reason names it."""
    PARKED = "parked"
    GONE = "gone"
    """Purged: neither a list nor the archive has it."""
    UNREACHABLE = "unreachable"
    """It is in the archive and cannot be read there."""


class Rank(IntEnum):
    """In which order tickets are taken: what people still work on first."""

    OPEN = 0
    UNKNOWN = 1
    DONE = 2
    UNLISTED = 3
    """No list shows it; it may be in the archive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run, with its pinned rules and its report."""

    id: int
    source: str
    digest: str
    """Of the rules that it works by."""
    who: str
    state: RunState
    why: str
    """Why it stopped or paused."""
    asked: Mapping[str, Any]
    began: datetime
    ended: datetime | None
    beat: datetime | None
    """When it last said how far it is."""
    progress: Mapping[str, Any]
    verified: Mapping[str, Any]
    """What the last verification found; empty before the first."""
    accepted: datetime | None
    accepted_by: str

    @property
    def fills_in(self) -> bool:
        """Whether it is a backfill's; else it is a migration's."""
        return self.source.startswith(SCOPE)

    @property
    def again(self) -> str:
        """The command that goes on with it."""
        if not self.fills_in:
            return "deskbridge migrate run --apply"
        words = self.source.split()
        front = ["--front"] if words[1] == "tickets" else []
        return " ".join(["deskbridge", *words[:2], *front, *words[2:], "--apply"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A ticket as a list of the source shows it."""

    key: str
    version: str
    presence: str
    status: str
    """The canonical word; empty where the list does not tell."""
    whose: str
    """The organisation's key on the source; empty where the list does not tell, or there is none. Of one that
    was read and that nobody asked for, ``customer:`` and the customer's key."""
    changed: datetime | None
    created: datetime | None
    rank: Rank
    skipped: str = ""
    """Why a rule leaves it out, as far as the list tells."""
    known: bool = False
    """Whether this very version was read before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A ticket of the source, and what became of it."""

    ref: Ref
    version: str
    presence: str
    status: str
    whose: str
    changed: datetime | None
    created: datetime | None
    rank: Rank
    state: State
    reason: str
    run: int | None
    """The run that settled it last."""


@dataclass(frozen=True, slots=True)
class Listing:
    """How far the lists of a source were read."""

    reached: datetime | None = None
    """Every change up to here is in the table."""
    whole: datetime | None = None
    """When the lists were last read to their end."""
    gaps: int = 0
    """Up to which number what no list shows is in the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which of the source's tickets are meant. What is empty holds for every ticket."""

    statuses: frozenset[str] = frozenset()
    customers: frozenset[str] = frozenset()
    """The keys of customers; a ticket that was not read yet is looked at, unless `whose` tells."""
    whose: frozenset[str] | None = None
    """The organisations that are theirs; None where only reading a ticket tells whose it is."""
    created: tuple[datetime | None, datetime | None] = (None, None)
    """From, and before."""
    changed: tuple[datetime | None, datetime | None] = (None, None)
    keys: frozenset[str] = frozenset()
    done: bool = False
    """Only what nobody is expected to work on any more, oldest change first."""

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """Yield what a row must fulfil."""
        c = items.c
        if self.statuses:
            yield c.status.in_({*self.statuses, ""})
        if self.customers:
            theirs = c.whose.in_({*(self.whose or ()), *(f"{_READ}{key}" for key in self.customers), ""})
            yield theirs if self.whose is not None else or_(theirs, ~c.whose.startswith(_READ))
        for column, (since, before) in ((c.created, self.created), (c.changed, self.changed)):
            if since is not None:
                yield or_(column >= since, column.is_(None))
            if before is not None:
                yield or_(column < before, column.is_(None))
        if self.keys:
            yield c.key.in_(self.keys)
        if self.done:
            yield c.rank >= int(Rank.DONE)


@dataclass(frozen=True, slots=True)
class Tie:
    """One ticket of a source is something to another one."""

    key: str
    kind: str
    """A `RelationKind`."""
    other: str


class Runs:
    """Runs and the tickets of their sources."""

    def __init__(self, database: Database) -> None:
        self._db = database

    # -- runs

    def begin(self, source: str, digest: str, who: str, asked: Mapping[str, Any], at: datetime) -> Run:
        """Record that a run began."""
        values = {"source": source, "digest": digest, "who": who, "state": RunState.RUNNING, "why": ""}
        more = {"asked": dict(asked), "began": at, "beat": at, "progress": {}, "verified": {}}
        with self._db.writing() as tx:
            return _run(tx.execute(insert(runs).values(**values, **more).returning(runs)).one())

    def ask(self, id: int, asked: Mapping[str, Any]) -> None:
        """Keep what a run was asked."""
        self._set(id, asked=dict(asked))

    def go_on(self, id: int, digest: str, asked: Mapping[str, Any], at: datetime) -> None:
        """Record that a run goes on, by these rules, and that nobody wants it to stop any more."""
        now = {"state": RunState.RUNNING, "why": "", "ended": None, "stop": None, "beat": at}
        self._set(id, digest=digest, asked=dict(asked), **now)

    def get(self, id: int) -> Run | None:
        """Return a run, or None."""
        with self._db.reading() as tx:
            row = tx.execute(select(runs).where(runs.c.id == id)).first()
        return _run(row) if row else None

    def all(self, source: str | None = None) -> list[Run]:
        """Return the runs, newest first."""
        query = select(runs).order_by(runs.c.id.desc())
        if source is not None:
            query = query.where(runs.c.source == source)
        with self._db.reading() as tx:
            return [_run(row) for row in tx.execute(query)]

    def beat(self, id: int, progress: Mapping[str, Any], at: datetime) -> bool:
        """Note how far a run is; return whether it goes on: nobody asked it to stop."""
        row = update(runs).where(runs.c.id == id).values(progress=dict(progress), beat=at)
        with self._db.writing() as tx:
            return tx.execute(row.returning(runs.c.stop)).scalar_one() is None

    def end(self, id: int, state: RunState, why: str, at: datetime) -> None:
        """Note that a run ended, and why."""
        self._set(id, state=state, why=why, ended=at)

    def stop(self, id: int, at: datetime) -> None:
        """Ask a run to stop; it hears of it within seconds."""
        self._set(id, stop=at)

    def verified(self, id: int, found: Mapping[str, Any]) -> None:
        """Keep what a verification found."""
        self._set(id, verified=dict(found))

    def accept(self, id: int, who: str, at: datetime) -> None:
        """Record who accepted what a run did."""
        self._set(id, accepted=at, accepted_by=who)

    def _set(self, id: int, **values: Any) -> None:
        with self._db.writing() as tx:
            tx.execute(update(runs).where(runs.c.id == id).values(**values))

    # -- the list of the source

    def listing(self, source: str) -> Listing:
        """Return how far the lists of a source were read."""
        with self._db.reading() as tx:
            row = tx.execute(select(listings).where(listings.c.connection == source)).first()
        return Listing(row.reached, row.whole, row.gaps) if row else Listing()

    def listed(self, source: str, found: Iterable[Listed], reached: datetime | None) -> None:
        """Note tickets that a list showed, and until when it told; what changed since waits again."""
        rows = [_row(source, one) for one in found]
        with self._db.writing() as tx:
            if rows:
                tx.execute(_LISTED(tx), rows)
            _progress(tx, source, reached=reached)

    def whole(self, source: str, at: datetime) -> None:
        """Note that the lists were read to their end."""
        with self._db.writing() as tx:
            _progress(tx, source, whole=at)

    def gaps(self, source: str, limit: int) -> list[str]:
        """Return the next numbers, below the highest one, that no list shows."""
        mine = (items.c.connection == source, items.c.number.is_not(None))
        with self._db.reading() as tx:
            after = self.listing(source).gaps
            query = select(items.c.number).where(*mine, items.c.number > after).order_by(items.c.number)
            known = tx.execute(query.limit(limit)).scalars().all()
        found: list[str] = []
        for number in known:
            found += [str(n) for n in range(after + 1, min(number, after + 1 + limit - len(found)))]
            after = number
            if len(found) >= limit:
                break
        return found

    def unlisted(self, source: str, keys: Collection[str], upto: int) -> None:
        """Note tickets that no list shows, and up to which number that was looked for."""
        empty = {"version": "", "presence": "", "status": "", "whose": "", "reason": ""}
        rest: dict[str, Any] = {"changed": None, "created": None, "rank": int(Rank.UNLISTED)}
        with self._db.writing() as tx:
            if keys:
                rows = [
                    {
                        "connection": source,
                        "key": k,
                        "number": int(k),
                        "state": State.WAITING,
                        **empty,
                        **rest,
                    }
                    for k in keys
                ]
                tx.execute(upsert(tx, items).on_conflict_do_nothing(), rows)
            _progress(tx, source, gaps=upto)

    def highest(self, source: str) -> int:
        """Return the highest number that a list showed."""
        query = select(func.max(items.c.number)).where(items.c.connection == source)
        with self._db.reading() as tx:
            return int(tx.execute(query).scalar() or 0)

    # -- tickets

    def next(self, source: str, which: Which, at: datetime, limit: int) -> list[Item]:
        """Return tickets that wait, in the order in which they are taken."""
        c = items.c
        mine = and_(c.connection == source, c.state == State.WAITING, or_(c.due.is_(None), c.due <= at))
        by = c.changed.asc() if which.done else c.changed.desc()
        query = select(items).where(mine, *which.conditions()).order_by(c.rank, by, c.key)
        with self._db.reading() as tx:
            return [_item(row) for row in tx.execute(query.limit(limit))]

    def waiting(self, source: str, which: Which) -> tuple[int, datetime | None]:
        """Return how many tickets wait, and when the first of them may be tried again."""
        c = items.c
        query = select(func.count(), func.min(c.due)).where(
            c.connection == source, c.state == State.WAITING, *which.conditions()
        )
        with self._db.reading() as tx:
            row = tx.execute(query).one()
        return int(row[0]), row[1]

    def settle(
        self, ref: Ref, state: State, reason: str, run: int, version: str | None, at: datetime
    ) -> None:
        """Record what became of a ticket; `version` is the one that was read, where one was."""
        values = {"state": state, "reason": reason, "run": run, "handled": at}
        read = {} if version is None else {"version": version}
        with self._db.writing() as tx:
            row = _SETTLED if version is None else _SETTLED_AS_READ
            tx.execute(row, {"there": ref.connection, "of": ref.key, **values, **read})

    def later(self, ref: Ref, due: datetime, reason: str) -> None:
        """Have a ticket tried again."""
        with self._db.writing() as tx:
            tx.execute(update(items).where(*_here(ref)).values(due=due, reason=reason))

    def hasten(self, source: str) -> None:
        """Have what was to be tried again later be tried now: what it waited for may have passed."""
        mine = (items.c.connection == source, items.c.state == State.WAITING, items.c.due.is_not(None))
        with self._db.writing() as tx:
            tx.execute(update(items).where(*mine).values(due=None))

    def undone(self, ref: Ref) -> None:
        """Have a ticket wait again: what was made of it was deleted."""
        again = {"state": State.WAITING, "reason": "", "run": None, "handled": None, "due": None}
        with self._db.writing() as tx:
            tx.execute(update(items).where(*_here(ref)).values(**again))

    def not_asked(self, ref: Ref, customer: str) -> None:
        """Note whose ticket it is that a run was not asked for: it waits for one that is."""
        with self._db.writing() as tx:
            tx.execute(update(items).where(*_here(ref)).values(whose=f"{_READ}{customer}", due=None))

    def again(self, source: str, states: Collection[State], reason: str = "") -> int:
        """Have tickets of these states, whose reason has these words, looked at again; return how many."""
        mine = [items.c.connection == source, items.c.state.in_(states)]
        if reason:
            mine.append(items.c.reason.contains(reason, autoescape=True))
        with self._db.writing() as tx:
            again = update(items).where(*mine).values(state=State.WAITING, due=None)
            return tx.execute(again).rowcount

    def rated(self, source: str) -> int:
        """Have what was migrated before it was known how it was rated be looked at again; return how many."""
        mine = (items.c.connection == source, items.c.state == State.MIGRATED)
        since = select(ratings.c.key).where(
            ratings.c.connection == source, ratings.c.key == items.c.key, ratings.c.noted > items.c.handled
        )
        with self._db.writing() as tx:
            again = update(items).where(*mine, since.exists()).values(state=State.WAITING, due=None)
            return tx.execute(again).rowcount

    def hurried(self, source: str, which: Which, settle: timedelta) -> int:
        """Have those that were read within `settle` of their last change be looked at again; return how many.

        A stamp of whole seconds, say, tells nothing of a change later in the same second.
        """
        mine = (items.c.connection == source, items.c.state == State.MIGRATED, *which.conditions())
        read = select(seen.c.key).where(seen.c.connection == source, seen.c.key == items.c.key)
        last, at = type_coerce(items.c.changed, BigInteger), type_coerce(seen.c.read_at, BigInteger)
        early = read.where(at <= last + settle // timedelta(microseconds=1))
        with self._db.writing() as tx:
            again = update(items).where(*mine, early.exists()).values(state=State.WAITING, due=None)
            return tx.execute(again).rowcount

    def retry(self, ref: Ref) -> bool:
        """Have one parked ticket looked at again; return whether it was parked."""
        mine = (*_here(ref), items.c.state == State.PARKED)
        with self._db.writing() as tx:
            again = update(items).where(*mine).values(state=State.WAITING, due=None)
            return tx.execute(again).rowcount > 0

    def dismiss(self, ref: Ref, reason: str) -> bool:
        """Leave one parked ticket out, because a person says so; return whether it was parked."""
        mine = (*_here(ref), items.c.state == State.PARKED)
        with self._db.writing() as tx:
            gone = update(items).where(*mine).values(state=State.SKIPPED, reason=f"a person: {reason}")
            return tx.execute(gone).rowcount > 0

    def tie(self, source: str, found: Iterable[Tie]) -> None:
        """Note ties of tickets that were migrated; those that are known stay as they are."""
        rows = [
            {"connection": source, "key": t.key, "kind": t.kind, "other": t.other, "made": False, "why": ""}
            for t in found
        ]
        if rows:
            with self._db.writing() as tx:
                tx.execute(upsert(tx, ties).on_conflict_do_nothing(), rows)

    def ties(self, source: str) -> Iterator[Tie]:
        """Yield the ties that are not made yet, a batch at a time."""
        c, after = ties.c, ("", "", "")
        while True:
            later = tuple_(c.key, c.kind, c.other) > after
            query = select(c.key, c.kind, c.other).where(c.connection == source, ~c.made, later)
            with self._db.reading() as tx:
                rows = tx.execute(query.order_by(c.key, c.kind, c.other).limit(_BATCH)).all()
            yield from (Tie(*row) for row in rows)
            if len(rows) < _BATCH:
                return
            after = (rows[-1].key, rows[-1].kind, rows[-1].other)

    def tied(self, source: str, tie: Tie, why: str) -> None:
        """Note that a tie was made, or cannot be, and why."""
        here = (ties.c.connection == source, ties.c.key == tie.key)
        mine = (*here, ties.c.kind == tie.kind, ties.c.other == tie.other)
        with self._db.writing() as tx:
            tx.execute(update(ties).where(*mine).values(made=True, why=why))

    def untied(self, source: str, keys: Collection[str]) -> None:
        """Forget the ties of tickets whose migration was undone."""
        here = (ties.c.connection == source, or_(ties.c.key.in_(keys), ties.c.other.in_(keys)))
        with self._db.writing() as tx:
            tx.execute(update(ties).where(*here).values(made=False, why=""))

    def item(self, ref: Ref) -> Item | None:
        """Return what is known of a ticket of a source, or None."""
        with self._db.reading() as tx:
            row = tx.execute(select(items).where(*_here(ref))).first()
        return _item(row) if row else None

    def known(self, source: str, keys: Collection[str]) -> dict[str, Item]:
        """Return what is known of a few tickets of a source, by their keys."""
        query = select(items).where(items.c.connection == source, items.c.key.in_(keys))
        with self._db.reading() as tx:
            return {row.key: _item(row) for row in tx.execute(query)}

    def parked(self) -> list[Item]:
        """Return what runs set aside, of every source."""
        query = select(items).where(items.c.state == State.PARKED).order_by(items.c.connection, items.c.key)
        with self._db.reading() as tx:
            return [_item(row) for row in tx.execute(query)]

    def walk(
        self, source: str, states: Collection[State], run: int | None = None, which: Which | None = None
    ) -> Iterator[Item]:
        """Yield the tickets in these states in the order of their keys, a batch at a time."""
        after = ""
        mine = [items.c.connection == source, items.c.state.in_(states)]
        mine += which.conditions() if which else ()
        if run is not None:
            mine.append(items.c.run == run)
        while True:
            query = select(items).where(*mine, items.c.key > after).order_by(items.c.key).limit(_BATCH)
            with self._db.reading() as tx:
                rows = [_item(row) for row in tx.execute(query)]
            yield from rows
            if len(rows) < _BATCH:
                return
            after = rows[-1].ref.key

    def settled(self, source: str, since: datetime, limit: int) -> list[tuple[Ref, datetime]]:
        """Return tickets that were migrated at `since` or later, and when, oldest first.

        They are `limit` at most, and as many more as the last of them shares its moment with.
        """
        c = items.c
        mine = (c.connection == source, c.state == State.MIGRATED, c.handled >= since)
        query = select(c.key, c.handled).where(*mine).order_by(c.handled, c.key)
        with self._db.reading() as tx:
            rows = tx.execute(query.limit(limit)).all()
            if len(rows) == limit:
                rest = query.where(c.handled == rows[-1].handled, c.key > rows[-1].key)
                rows = [*rows, *tx.execute(rest)]
        return [(Ref(source, row.key), row.handled) for row in rows]

    def archived(self, source: str) -> int:
        """Return how many tickets were migrated that no list shows."""
        c = items.c
        mine = (c.connection == source, c.state == State.MIGRATED, c.rank == int(Rank.UNLISTED))
        with self._db.reading() as tx:
            return int(tx.execute(select(func.count()).where(*mine)).scalar_one())

    def copied(self) -> dict[str, int]:
        """Return how many copies runs have made, of each kind."""
        made = bundles.c.run.is_not(None)
        joined = mirrors.join(bundles, mirrors.c.bundle == bundles.c.id)
        query = select(mirrors.c.kind, func.count()).select_from(joined).where(made).group_by(mirrors.c.kind)
        with self._db.reading() as tx:
            return {row[0]: int(row[1]) for row in tx.execute(query)}

    def booked(self, connection: str) -> int:
        """Return on how many tickets of a connection time was booked."""
        there = (intents.c.kind == TIME, intents.c.target_connection == connection)
        query = select(func.count(distinct(intents.c.bundle))).where(*there, intents.c.done.is_not(None))
        with self._db.reading() as tx:
            return int(tx.execute(query).scalar_one())

    def counts(self, source: str, run: int | None = None) -> dict[State, int]:
        """Return how many tickets of a source are in each state; of one run, those it settled."""
        mine = [items.c.connection == source]
        if run is not None:
            mine.append(items.c.run == run)
        query = select(items.c.state, func.count()).where(*mine).group_by(items.c.state)
        with self._db.reading() as tx:
            found = {State(row[0]): int(row[1]) for row in tx.execute(query)}
        return {state: found.get(state, 0) for state in State}

    def reasons(self, source: str, state: State, run: int | None = None) -> dict[str, int]:
        """Return why tickets are in a state, and how many each time, the most first; of one run, its own."""
        mine = [items.c.connection == source, items.c.state == state]
        if run is not None:
            mine.append(items.c.run == run)
        query = select(items.c.reason, func.count()).where(*mine).group_by(items.c.reason)
        with self._db.reading() as tx:
            rows = tx.execute(query.order_by(func.count().desc(), items.c.reason)).all()
        return {row[0]: int(row[1]) for row in rows}

    def held(self, subject: str) -> int | None:
        """Return the run that a bundle belongs to until the cutover, or None."""
        kind, _, number = subject.partition(":")
        if kind != "bundle":
            return None
        with self._db.reading() as tx:
            run: int | None = tx.execute(_HELD, {"of": int(number)}).scalar()
        return run


_HERE = (items.c.connection == bindparam("there"), items.c.key == bindparam("of"))
_SETTLED = (
    update(items)
    .where(*_HERE)
    .values({name: bindparam(name) for name in ("state", "reason", "run", "handled")} | {"due": None})
)
_SETTLED_AS_READ = _SETTLED.values(version=bindparam("version"))
_HELD = select(bundles.c.run).where(bundles.c.id == bindparam("of"))
_READ = "customer:"
"""What `whose` begins with once a ticket was read; then its customer's key follows, or nothing."""
_BATCH = 500
_LISTED = prepared(
    items,
    lambda row: row.on_conflict_do_update(
        index_elements=["connection", "key"],
        set_={
            **{
                name: row.excluded[name]
                for name in ("version", "presence", "status", "whose", "changed", "created", "rank")
            },
            **{name: row.excluded[name] for name in ("state", "reason")},
            "due": None,
        },
        where=and_(items.c.version != row.excluded.version, row.excluded.handled.is_(None)),
    ),
)
"""What a list shows anew replaces what was known, unless that very version was read."""


def _row(source: str, one: Listed) -> dict[str, Any]:
    state = State.SKIPPED if one.skipped else State.MIGRATED if one.known else State.WAITING
    return {
        "connection": source,
        "key": one.key,
        "number": int(one.key) if one.key.isascii() and one.key.isdigit() and len(one.key) < 19 else None,
        **{name: getattr(one, name) for name in ("version", "presence", "status", "whose")},
        "changed": one.changed,
        "created": one.created,
        "rank": int(one.rank),
        "state": state,
        "reason": one.skipped,
        # Only a row that is new keeps this: it tells that the ticket was linked before any run saw it.
        "handled": one.changed if one.known else None,
    }


def _progress(tx: Any, source: str, **values: Any) -> None:
    row = upsert(tx, listings).values(connection=source, **values)
    tx.execute(row.on_conflict_do_update(index_elements=["connection"], set_=values))


def _here(ref: Ref) -> tuple[ColumnElement[bool], ...]:
    return (items.c.connection == ref.connection, items.c.key == ref.key)


def _run(row: Row[Any]) -> Run:
    return Run(
        id=row.id,
        source=row.source,
        digest=row.digest,
        who=row.who,
        state=RunState(row.state),
        why=row.why,
        asked=row.asked,
        began=row.began,
        ended=row.ended,
        beat=row.beat,
        progress=row.progress,
        verified=row.verified,
        accepted=row.accepted,
        accepted_by=row.accepted_by,
    )


def _item(row: Row[Any]) -> Item:
    return Item(
        ref=Ref(row.connection, row.key),
        version=row.version,
        presence=row.presence,
        status=row.status,
        whose=row.whose,
        changed=row.changed,
        created=row.created,
        rank=Rank(row.rank),
        state=State(row.state),
        reason=row.reason,
        run=row.run,
    )
