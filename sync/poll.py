"""Poll: what changed on a connection since the last time, put into the inbox a batch at a time.

How many calls and queries a poll takes depends on how much changed, never on how much is linked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from connectors.base import Connector, Hint
from sync.rated import collected, holds
from sync.store import Store
from sync.store.register import Entry

_OVERLAP = timedelta(minutes=3)
"""How far a poll reaches back behind its cursor, beside the index lag: clocks differ, and stamps are set
before rows appear."""
_SET_BACK = timedelta(days=1)
"""How far back is asked for once when our own clock was set back."""
_FIRST_LOOK = timedelta(days=1)
"""How far the very first poll reaches back, where the settings do not say."""
_RATINGS = timedelta(minutes=10)
"""How often a list of ratings is read: rating changes no stamp of its ticket."""
_RATED_BEFORE = timedelta(days=365)
"""How far back it is read the first time."""
_BATCH = 500
"""Rows that are compared and noted together."""


class Poller:
    """Collects changes. Every process polls with the same cursors."""

    def __init__(
        self,
        *,
        store: Store,
        connectors: Mapping[str, Connector],
        fronts: Callable[[str], bool],
        now: Callable[[], datetime],
        since: datetime | None,
    ) -> None:
        """`fronts` says of a connection whether a ticket that is not linked yet deserves a look there."""
        self._store, self._connectors, self._fronts = store, connectors, fronts
        self._now, self._since = now, since

    def poll(self, name: str) -> int:
        """Put what changed into the inbox, and return how many tickets that were. Raises WireError.

        The cursor follows batch by batch: a first poll over years that is cut off goes on where it was.
        """
        begun, count = self._now(), 0
        was = self.since(name)
        for subjects, reached in self._batches(name, was):
            self._store.inbox.put_many(subjects, begun, "changed")
            if subjects:
                count += len(subjects)
                self._store.health.changed(name, begun)
            if self._theirs(name, begun) > reached > (self._store.inbox.cursor(name) or was):
                self._store.inbox.collected(name, reached)
        self._store.inbox.collected(name, self._theirs(name, begun))
        return count + self._rated(name, begun)

    def _rated(self, name: str, begun: datetime) -> int:
        """Note what customers thought, from time to time; return how many tickets get a look for it."""
        chore, connector = f"ratings:{name}", self._connectors[name]
        if not connector.capabilities.lists_ratings:
            return 0
        if not self._store.chores.begin(chore, begun, begun + _RATINGS):
            return 0
        news = collected(self._store, connector, chore, begun - _RATED_BEFORE, begun)
        if not (news and holds(self._connectors)):
            return 0
        known = self._store.register.entries(name, news)
        subjects = [one.subject for one in known.values() if one.linked]
        self._store.inbox.put_many(subjects, begun, "a customer rated it")
        return len(subjects)

    def changed(self, name: str, since: datetime | None = None) -> Iterator[str]:
        """Yield the inbox names of what changed, noting nothing. Raises WireError."""
        for subjects, _ in self._batches(name, since or self.since(name)):
            yield from subjects

    def since(self, name: str) -> datetime:
        """Return from when on the next poll asks."""
        cursor = self._store.inbox.cursor(name)
        if cursor is None:
            return self._since or self._theirs(name, self._now()) - _FIRST_LOOK
        if cursor > self._theirs(name, self._now()) + _OVERLAP:
            # A clock was ahead, and was set back: nobody knows how long ago the last poll really was.
            cursor = self._theirs(name, self._now()) - _SET_BACK
        return cursor - _OVERLAP - self._connectors[name].capabilities.index_lag

    def _theirs(self, name: str, at: datetime) -> datetime:
        """Return what the server's clock says at a moment of ours, never later than that moment.

        Its rows bear its own stamps: a cursor of a clock that is ahead would pass over changes to come.
        """
        return min(at, at - self._connectors[name].ahead())

    def worth_a_look(self, name: str, hints: Iterable[Hint]) -> list[str]:
        """Return the inbox names of what these hints name and what is not known to be as it was read."""
        hints = list(hints)
        known = self._store.register.entries(name, {hint.key for hint in hints})
        # What we read bears our time, what changed there theirs.
        settle = self._connectors[name].capabilities.settle + self._connectors[name].ahead()
        fresh = {hint.key for hint in hints if not known[hint.key].linked}
        if fresh and not self._fronts(name):  # what was served here once is told as it stands
            fresh = self._store.served.unserved(name, fresh)
        ours = [hint for hint in hints if known[hint.key].linked or hint.key in fresh]
        news = [hint for hint in ours if not _fresh(known[hint.key], hint, settle)]
        return list(dict.fromkeys(known[hint.key].subject for hint in news))

    def _batches(self, name: str, since: datetime) -> Iterator[tuple[list[str], datetime]]:
        """Yield the inbox names of what changed, and until when a batch told."""
        batch: list[Hint] = []
        for hint in self._connectors[name].changed(since):
            batch.append(hint)
            if len(batch) == _BATCH:
                yield self.worth_a_look(name, batch), batch[-1].changed
                batch = []
        if batch:
            yield self.worth_a_look(name, batch), batch[-1].changed


def _fresh(known: Entry, hint: Hint, settle: timedelta) -> bool:
    """Whether this very version was read, later than the settle time after its stamp."""
    if not known.linked or hint.version is None or known.read_at is None:
        return False
    return known.version == hint.version and known.read_at > hint.changed + settle
