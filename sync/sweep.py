"""Sweep: a slow walk over all links, for what neither webhook nor poll tells.

Deletions, edits that bump nothing, lost webhooks: every bundle that nobody looked at for a while is put
into the inbox, within a share of what its connections allow. The walk begins anew when it is through.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from sync.store import Store
from sync.store.inbox import SWEPT

CALLS = 6
"""Calls that one look is reckoned with: two sides, each with its texts and files."""
_BATCH = 100
_BUSY = 50
"""Due rows from which on the sweep waits: what people do goes first."""
_NAME = "sweep"

Pace = Callable[[str], float]
"""Calls a second that a connection allows, or is supposed to."""


class Sweep:
    """One walk for all processes; each step is made by one of them."""

    def __init__(
        self,
        store: Store,
        now: Callable[[], datetime],
        pace: Pace,
        *,
        share: float,
        rest: timedelta = timedelta(hours=1),
    ) -> None:
        """`share` of each connection's calls may be used; who was read within `rest` is passed over."""
        self._store, self._now, self._pace, self._share, self._rest = store, now, pace, share, rest

    def step(self, paused: Collection[str], every: timedelta) -> int:
        """Put the next bundles into the inbox, as many as may be looked at within `every`.

        Returns how many those were: none where it is another process's turn, where much waits already, or
        where nothing is left to look at. A bundle on a paused connection has its turn in the next walk.
        """
        now = self._now()
        if self._share <= 0 or not self._store.chores.begin(_NAME, now, now + every):
            return 0
        if len(self._store.inbox.ready(now, _BUSY)) >= _BUSY:
            return 0
        after, chosen = int(self._store.chores.place(_NAME) or 0), list[str]()
        seconds = every.total_seconds()
        bundles = self._store.register.bundles(after, _BATCH)
        for bundle in bundles:
            resting = bundle.read_at is not None and bundle.read_at > now - self._rest
            if not (resting or bundle.connections & set(paused) or not bundle.connections):
                cost = CALLS / (self._share * min(map(self._pace, bundle.connections)))
                if cost > seconds and chosen:
                    break
                seconds -= cost
                chosen.append(f"bundle:{bundle.id}")
            after = bundle.id
        else:
            after = after if len(bundles) == _BATCH else 0
        self._store.inbox.put_many(chosen, now, SWEPT)
        self._store.chores.leave(_NAME, str(after))
        if seconds < 0:
            # One look costs more than the turn allows: the next turn comes later.
            self._store.chores.later(_NAME, now + every + timedelta(seconds=-seconds))
        return len(chosen)
