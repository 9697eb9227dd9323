"""Feeds of holidays are read anew while the hub runs, and it works by what they tell from then on.

One process reads them, each takes over what was kept. A feed that is down, or that suddenly tells nothing,
is a finding, and what was read before holds.
"""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

from deskbridge.bootstrap import Application
from deskbridge.desk import desk_of
from deskbridge.feeds import Feeds
from deskbridge.sla.editions import promised
from sync.operations import Severity, Skip
from sync.store.chores import Chores
from sync.store.findings import Look

EVERY = timedelta(hours=6)
"""How often they are read: holidays are announced weeks ahead."""
SUBJECT = "feeds"
"""Under what their findings stand."""
_CHORE = "feeds"
_TICK = 60.0
"""Seconds between two looks whether another process has read them."""

_log = logging.getLogger(__name__)


class Refresh:
    """Keeps the holidays of a running hub up to date. Several processes on one store may each have one."""

    def __init__(self, application: Application) -> None:
        self._app = application
        self._feeds = Feeds(application.settings, application.path)
        self._chores = Chores(application.store.database)
        self._known = application.promised.holidays

    def start(self, stopping: threading.Event) -> None:
        """Begin to look after them in a thread, where the settings name any; it ends after `stopping`."""
        if self._feeds.named:
            threading.Thread(target=self._watch, args=(stopping,), name="feeds", daemon=True).start()

    def turn(self) -> bool:
        """Read the feeds if it is time and nobody else does; return whether other dates hold now."""
        store, now = self._app.store, self._app.now()
        if self._chores.begin(_CHORE, now, now + EVERY):
            stale = self._feeds.refreshed(store.editions, now)
            remarks = tuple(Skip(place, "the feed", why, severity=Severity.WARNING) for place, why in stale)
            store.findings.record(SUBJECT, (), now, Look(remarks, {}))
        kept = store.editions.holidays()
        if kept == self._known:
            return False
        agreed = promised(store.editions.all(), self._app.desk.promises, kept, now)
        self._app.engine.adopt(desk_of(self._app.settings, kept, agreed))
        self._known = kept
        return True

    def _watch(self, stopping: threading.Event) -> None:
        while not stopping.wait(_TICK):
            try:
                self.turn()
            except Exception:  # noqa: BLE001 - a locked store is no reason to take no holidays ever after
                _log.exception("the feeds of holidays were not looked at")
