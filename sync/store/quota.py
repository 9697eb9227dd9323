"""One budget for each connection, shared by all processes on a store: live work, migrations, the sweep.

A process takes calls from the store in small batches, so that most calls cost no transaction. A batch counts
as used until a window after the last moment at which its calls may be made; what of it was not used is given
back with the next batch.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from connectors.quota import HEADROOM, TOTAL, Level, LocalBudget
from sync.store.database import Database
from sync.store.dialects import replacing
from sync.store.schema import batches, quotas

_KEPT = 200
"""Batches that a process keeps in mind before it forgets those that are over."""
_HOLDS = timedelta(seconds=1)
"""How long the calls of a batch may be made, and how soon every process knows what another one learned."""
_SHORTEST = timedelta(seconds=45)
"""The shortest window that is shared. Shorter ones limit the writes on one ticket, whose claim one worker
has at a time; a store would be asked for each of them."""
_PARTS, _MOST = 50, 20
"""A batch is one part in so many of a limit, and no more calls than that."""
_UNSURE = 40
"""Calls that the store counts and a server may not have counted yet: under way, or of batches not used up."""


class Share(StrEnum):
    """Who calls. Live work comes first: the others leave it some of each limit, whatever they have to do.

    What the sweep found to be written is live work; its looks are not.
    """

    LIVE = "live"
    MIGRATION = "migration"
    SWEEP = "sweep"


_MAY_USE = {Share.LIVE: 1.0, Share.MIGRATION: 0.75, Share.SWEEP: 0.1}
"""How much of a limit, less the head-room, all processes of one share may use together."""


def part_of_limit(share: Share, most: float | None = None) -> float:
    """Return what part of a limit a share uses at most; `most` is told as `SharedBudget` is told it."""
    return (1 - HEADROOM) * (_MAY_USE[share] if most is None else most)


class Turn(threading.local):
    """For which share each thread of a process calls; one for all its budgets."""

    def __init__(self, share: Share = Share.LIVE) -> None:
        super().__init__()
        self.share = share

    @contextmanager
    def of(self, share: Share) -> Iterator[None]:
        """Have what this thread calls within the block count for a share."""
        before, self.share = self.share, share
        try:
            yield
        finally:
            self.share = before


@dataclass(slots=True)
class _Batch:
    """Calls that this process may make between two moments."""

    since: datetime
    until: datetime
    left: int
    id: int | None = None
    taken: int = 0
    """How many calls it had; none where no limit is known."""


class SharedBudget:
    """The budget of a connection for one process and all its threads, together with all other processes.

    What answers say of what is left counts as in a `LocalBudget`: it contains what everybody used.
    """

    def __init__(
        self,
        database: Database,
        connection: str,
        now: Callable[[], datetime],
        share: Share | Turn = Share.LIVE,
        headroom: float = HEADROOM,
        most: float | None = None,
    ) -> None:
        """`share` is who calls: always the same one, or whose turn it is in each thread.

        `most` is how much of a limit, less the head-room, a share may use, if not the usual part.
        """
        self._most = most
        self._db, self._connection, self._now = database, connection, now
        self._turn, self._headroom = share if isinstance(share, Turn) else Turn(share), headroom
        self._local, self._lock = LocalBudget(now, headroom), threading.Lock()
        self._held: dict[tuple[Share, str], _Batch] = {}
        self._noted, self._asked = set[str](), datetime.min.replace(tzinfo=UTC)
        """Buckets of which the store knows anything, and when it was asked."""
        self._told: dict[str, tuple[int, timedelta]] = {}
        self._left: dict[str, int] = {}
        """What the server must have left of each bucket, by what the store counted last."""

    @property
    def _share(self) -> Share:
        return self._turn.share

    def __len__(self) -> int:
        """Return how many batches are in mind."""
        return len(self._held)

    def allowance(self) -> float | None:
        """Return how many calls a second the whole account may make; None while no answer told anybody."""
        if self._local.allowance() is None:
            self._adopt(TOTAL)
        return self._local.allowance()

    def used(self) -> float | None:
        """Return which share of the account's limit is used, whoever used it; None while nothing told."""
        return self._local.used()

    def blocked_until(self, bucket: str = TOTAL) -> datetime | None:
        """Return when the next call may be made, or None if no refusal of the server stands."""
        self._adopt(bucket)
        return self._local.blocked_until(bucket)

    def block(self, until: datetime, bucket: str = TOTAL) -> None:
        """Keep everybody from calling before `until`."""
        self._local.block(until, bucket)
        row = {"connection": self._connection, "bucket": bucket, "blocked": until}
        with self._db.writing() as tx:
            tx.execute(_BLOCK(tx), row)

    def take(self, buckets: Iterable[str], patience: timedelta) -> datetime:
        """Book a call in these buckets; return when it may be made."""
        counted = sorted({TOTAL, *buckets})
        with self._lock:
            now = self._now()
            lacking = self._limited([name for name in counted if not self._has(name, now)], now)
            at = self._fetch(lacking, now, patience) if lacking else now
            if at - now > patience:
                return at
            ours = self._local.take(counted, patience)
            if ours - now <= patience:
                for name in counted:
                    self._held[self._share, name].left -= 1
            return max(at, ours)

    def learn(self, levels: Iterable[Level]) -> None:
        """Take in what an answer said of its buckets, and tell the other processes of limits that are new."""
        levels = [level for level in levels if level.limit > 0]
        self._local.learn(levels)
        for level in levels:
            if level.remaining is not None and level.remaining > self._left.get(
                level.bucket, level.remaining
            ):
                self._forget(level, level.remaining)
        news = [one for one in levels if self._told.get(one.bucket) != (one.limit, one.window)]
        if not news:
            return
        with self._db.writing() as tx:
            for level in sorted(news):
                row = {"connection": self._connection, "bucket": level.bucket, "calls": level.limit}
                tx.execute(_LEARN(tx), {**row, "window": _micros(level.window)})
        self._told |= {level.bucket: (level.limit, level.window) for level in news}

    def _forget(self, level: Level, remaining: int) -> None:
        """Count no earlier calls: the server says that it began a new window, or counts nothing.

        Another process may have heard that before, and what was called since is to be counted.
        """
        self._left.pop(level.bucket, None)
        over = (
            batches.c.connection == self._connection,
            batches.c.bucket == level.bucket,
            batches.c.until <= self._now(),
        )
        with self._db.writing() as tx:
            self._quota(tx, level.bucket)
            counted = int(tx.execute(select(func.sum(batches.c.taken)).where(*over)).scalar() or 0)
            if remaining > (left := level.limit - counted + _UNSURE):
                tx.execute(delete(batches).where(*over))
            else:
                self._left[level.bucket] = left

    def _has(self, bucket: str, now: datetime) -> bool:
        held = self._held.get((self._share, bucket))
        return held is not None and held.since <= now < held.until and held.left > 0

    def _limited(self, buckets: list[str], now: datetime) -> list[str]:
        """Return those buckets of which anybody learned anything; the others are free for a moment.

        Most are of one ticket each and have no limit: the store is asked for all of them at once.
        """
        if not buckets:
            return []
        if not self._asked <= now < self._asked + _HOLDS:
            with self._db.reading() as tx:
                self._noted = set(tx.execute(_NOTED, {"of": self._connection, "at": now}).scalars())
            self._asked = now
        for name in buckets:
            if name not in self._noted:
                self._held[self._share, name] = _Batch(now, self._asked + _HOLDS, left=1 << 30)
        self._tidy(now)
        return [name for name in buckets if name in self._noted]

    def _tidy(self, now: datetime) -> None:
        if len(self._held) > _KEPT:
            self._held = {name: held for name, held in self._held.items() if held.id or held.until > now}

    def _fetch(self, buckets: Sequence[str], now: datetime, patience: timedelta) -> datetime:
        """Get a batch in each bucket, or one call that is made later; return when the call may be made."""
        with self._db.writing() as tx:
            rows = {name: self._quota(tx, name) for name in buckets}
            for name, row in rows.items():
                if row is not None:
                    self._take_over(name, row)
            at = max(self._free(tx, name, row, now) for name, row in rows.items())
            for name, row in rows.items():
                if at - now <= patience:
                    self._held[self._share, name] = self._booked(tx, name, row, now, at)
        self._tidy(now)
        return at

    def _adopt(self, bucket: str) -> None:
        where = (quotas.c.connection == self._connection, quotas.c.bucket == bucket)
        with self._db.reading() as tx:
            row = tx.execute(select(quotas).where(*where)).first()
        if row is not None:
            self._take_over(bucket, row)

    def _take_over(self, bucket: str, row: Row[tuple[object, ...]]) -> None:
        """Take in what other processes learned."""
        known = (row.calls, timedelta(microseconds=row.window or 0))
        if row.calls and self._told.get(bucket) != known:
            self._told[bucket] = known
            self._local.learn([Level(bucket, known[0], window=known[1])])
        if row.blocked and row.blocked > (self._local.blocked_until(bucket) or self._now()):
            self._local.block(row.blocked, bucket)

    def _quota(self, tx: Connection, bucket: str) -> Row[tuple[object, ...]] | None:
        """Return what is known of a bucket; nobody else takes calls from it before the transaction ends.

        A bucket of which nothing was told has no row: there may be one for each ticket.
        """
        where = (quotas.c.connection == self._connection, quotas.c.bucket == bucket)
        return tx.execute(select(quotas).where(*where).with_for_update()).first()

    def _free(
        self, tx: Connection, bucket: str, row: Row[tuple[object, ...]] | None, now: datetime
    ) -> datetime:
        """Return when a call may be made, having given back what the last batch did not use."""
        if row is None or not _shared(row):
            return now
        self._give_back(tx, bucket)
        window = timedelta(microseconds=row.window)
        here = (batches.c.connection == self._connection, batches.c.bucket == bucket)
        tx.execute(delete(batches).where(*here, batches.c.until <= now - window))
        found = tx.execute(select(batches).where(*here).order_by(batches.c.until.desc())).all()
        mine = [batch for batch in found if batch.share == self._share]
        self._left[bucket] = row.calls - sum(b.taken for b in found if b.until <= now) + _UNSURE
        everybody, share = (self._allowed(row.calls, all_shares=all_) for all_ in (True, False))
        return max(_room(found, window, everybody, now), _room(mine, window, share, now))

    def _booked(
        self, tx: Connection, bucket: str, row: Row[tuple[object, ...]] | None, now: datetime, at: datetime
    ) -> _Batch:
        """Take a batch to be used from now on, or one call that is made later."""
        if row is None or not _shared(row):
            return _Batch(now, now + _HOLDS, left=1 << 30)
        count = 1 if at > now else self._size(tx, bucket, row.calls)
        until = at if at > now else now + _HOLDS
        values = {"connection": self._connection, "bucket": bucket, "share": self._share, "taken": count}
        made = tx.execute(insert(batches).values(**values, until=until))
        return _Batch(at, until, count, int((made.inserted_primary_key or (0,))[0]), count)

    def _size(self, tx: Connection, bucket: str, limit: int) -> int:
        """Return how many calls are taken at once: few of a small limit, and no more than there are."""
        here = (batches.c.connection == self._connection, batches.c.bucket == bucket)
        found = tx.execute(select(batches.c.share, batches.c.taken).where(*here)).all()
        room: int = self._allowed(limit, all_shares=True) - sum(one.taken for one in found)
        mine = sum(one.taken for one in found if one.share == self._share)
        room = min(room, self._allowed(limit, all_shares=False) - mine)
        return max(1, min(room, limit // _PARTS, _MOST))

    def _allowed(self, limit: int, *, all_shares: bool) -> int:
        free = limit - int(limit * self._headroom)
        most = _MAY_USE[self._share] if self._most is None else self._most
        return max(1, free if all_shares else int(free * most))

    def _give_back(self, tx: Connection, bucket: str) -> None:
        held = self._held.pop((self._share, bucket), None)
        if held is None or held.id is None or not held.left:
            return
        row = batches.c.id == held.id
        if held.left >= held.taken:
            tx.execute(delete(batches).where(row))
        else:
            tx.execute(update(batches).where(row).values(taken=held.taken - held.left))


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of a connection's limit the hub uses."""

    calls: int
    """Calls in each window, as the system said."""
    window: timedelta
    taken: int
    """Calls that all processes took in the last window."""
    blocked: datetime | None
    """Until when the system wants no calls; None if it does not say so."""


def usage(database: Database, at: datetime) -> dict[str, Usage]:
    """Return what is known of each connection's whole limit; nothing of one whose answers never told."""
    with database.reading() as tx:
        rows = tx.execute(select(quotas).where(quotas.c.bucket == TOTAL)).all()
        found = {}
        for row in rows:
            window = timedelta(microseconds=row.window or 0)
            recent = (batches.c.connection == row.connection, batches.c.bucket == TOTAL)
            taken = select(func.sum(batches.c.taken)).where(*recent, batches.c.until > at - window)
            blocked = row.blocked if row.blocked and row.blocked > at else None
            if row.calls or blocked:
                count = int(tx.execute(taken).scalar() or 0)
                found[row.connection] = Usage(row.calls or 0, window, count, blocked)
    return found


_KEY = ("connection", "bucket")
_NOTED = select(quotas.c.bucket).where(
    quotas.c.connection == bindparam("of"),
    quotas.c.calls.is_not(None) | (quotas.c.blocked > bindparam("at")),
)
_BLOCK = replacing(quotas, _KEY, "blocked")
_LEARN = replacing(quotas, _KEY, "calls", "window")


def _shared(row: Row[tuple[object, ...]]) -> bool:
    """Whether calls are counted in the store: of an unknown or short limit they are not."""
    return bool(row.calls) and row.window >= _micros(_SHORTEST)


def _room(
    newest_first: Sequence[Row[tuple[object, ...]]], window: timedelta, allowed: int, now: datetime
) -> datetime:
    """Return when another call may be made, so that no stretch of a window's length has too many."""
    later = 0
    for batch in newest_first:
        if later + batch.taken + 1 > allowed:
            free: datetime = batch.until + window
            return max(now, free)
        later += batch.taken
    return now


def _micros(time: timedelta) -> int:
    return time // timedelta(microseconds=1)
