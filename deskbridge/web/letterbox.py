"""The letterbox: what webhooks name, put into the inbox together, many events in one commit.

While it is being written, what comes in gathers; so the more comes, the fewer commits there are. Nothing
is called, nothing is read: a letter costs two queries of the store, shared by all that came with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from connectors.base import Hint
from sync.jobs.rounds import poll_name
from sync.operations import Skip
from sync.store import Store
from sync.store.health import Tally
from sync.store.inbox import put
from sync.store.register import entries

_FULL = 20_000
"""Tickets that may wait to be written; beyond that the connection is polled instead."""
_ECHO = timedelta(seconds=5)
"""How long a look may wait of which nothing but our own write is told. Most end in an empty plan; in a busy
conversation the next person's event comes first, and one look does for both."""
_AGAIN = 0.5
"""Seconds until a write that failed is tried again."""


@dataclass(slots=True)
class _Pile:
    """What came since the last commit."""

    keys: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    echoes: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Tickets of which events tell what our own account did."""
    tallies: dict[str, Tally] = field(default_factory=dict)
    polls: set[str] = field(default_factory=set)
    """Connections that are to be polled, because something of theirs is known in no other way."""
    since: datetime | None = None
    """When the first of all this came."""
    name: str = field(default_factory=lambda: secrets.token_hex(4))
    """By which the log and the looks that follow speak of what came."""

    def size(self) -> int:
        return sum(map(len, (*self.keys.values(), *self.echoes.values())))

    def count(self, connection: str, tally: Tally) -> None:
        self.tallies[connection] = self.tallies.get(connection, Tally()).plus(tally)

    def take(self, other: _Pile) -> None:
        """Take in what another pile holds."""
        for connection, keys in other.keys.items():
            self.keys[connection] |= keys
        for connection, keys in other.echoes.items():
            self.echoes[connection] |= keys
        for connection, tally in other.tallies.items():
            self.count(connection, tally)
        self.polls |= other.polls
        self.since = min(filter(None, (self.since, other.since)), default=None)


class Letterbox:
    """Belongs to one event loop; `run` writes until it is closed."""

    def __init__(
        self,
        store: Store,
        now: Callable[[], datetime],
        fronts: Callable[[str], bool],
        wake: Callable[[], None],
    ) -> None:
        """`fronts`: whether an unlinked ticket deserves a look there; `wake` is told of each commit."""
        self._store, self._now, self._fronts, self._wake = store, now, fronts, wake
        self._pile, self._written = _Pile(), asyncio.Event()
        self._coming, self._closing = asyncio.Event(), False

    def put(self, connection: str, hints: Iterable[Hint]) -> str:
        """Have these tickets looked at, and return by which name; the looks that follow bear it.

        Where too many wait already, the connection is polled instead.
        """
        pile = self._new(connection, Tally(heard=1))
        if pile.size() >= _FULL:
            pile.polls.add(connection)
        else:
            for hint in hints:
                (pile.echoes if hint.ours else pile.keys)[connection].add(hint.key)
        return pile.name

    def unreadable(self, connection: str) -> None:
        """Have a connection polled that sent something which is its own and names nothing."""
        self._new(connection, Tally(unread=1)).polls.add(connection)

    def refused(self, connection: str) -> None:
        """Count a webhook that did not prove where it comes from."""
        self._new(connection, Tally(refused=1))

    async def written(self, patience: float) -> bool:
        """Wait until all that was put so far is committed, or for `patience` seconds; whether it is."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                return await self._written.wait()
        return False

    async def run(self) -> None:
        """Write what comes, until `close`; then what is left."""
        while not (self._closing and not self._coming.is_set()):
            await self._coming.wait()
            self._coming.clear()
            pile, written = self._pile, self._written
            self._pile, self._written = _Pile(), asyncio.Event()
            try:
                await asyncio.to_thread(self._write, pile)
            except Exception:  # noqa: BLE001 - whatever the store has: senders switch off hooks that fail
                self._pile.take(pile)
                self._coming.set()
                if self._closing:
                    return
                await asyncio.sleep(_AGAIN)
            finally:
                written.set()

    def close(self) -> None:
        """Have `run` end when all is written."""
        self._closing = True
        self._coming.set()

    def _new(self, connection: str, tally: Tally) -> _Pile:
        self._pile.since = self._pile.since or self._now()
        self._pile.count(connection, tally)
        self._coming.set()
        return self._pile

    def _write(self, pile: _Pile) -> None:
        now, store, found = self._now(), self._store, 0
        with store.database.writing() as tx:
            for connection, keys in pile.keys.items():
                found += self._put(tx, connection, keys, now, f"webhook {pile.name}")
            for connection, keys in pile.echoes.items():
                self._put(tx, connection, keys, now + _ECHO, "the hub's own write")
            store.health.tell(tx, pile.tallies, now)
        for connection in pile.polls:
            store.inbox.rewind(connection, pile.since or now)
            store.chores.soon(poll_name(connection), now)
        for connection, tally in pile.tallies.items():
            if tally.refused:
                said = _forged(connection, now)
                store.findings.record(f"connection:{connection}", [said], now)
        if found:
            self._wake()

    def _put(self, tx: Connection, connection: str, keys: set[str], at: datetime, why: str) -> int:
        """Have tickets looked at by `at`; return how many those are."""
        known = entries(tx, connection, keys)
        subjects = {e.subject for e in known.values() if e.linked or self._fronts(connection)}
        if subjects:
            put(tx, subjects, at, why)
        return len(subjects)


def _forged(connection: str, now: datetime) -> Skip:
    why = (
        f"on {now:%Y-%m-%d} webhooks came whose signature is wrong: either somebody else sent them, or the "
        "secret there is another one; `deskbridge webhooks check` tells"
    )
    return Skip(connection, "webhooks that did not prove where they come from", why)
