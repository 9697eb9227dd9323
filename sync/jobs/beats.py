"""Signs of life: a worker that was killed is found out by the others, who then do what it had begun.

Each process counts up a number in the store, and looks whether the others' numbers grow. One that stood
still while this process gave several signs itself is taken for dead. So no clocks are compared, and a store
that stands still for all of them buries nobody.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sync.store import Store
from sync.store.workers import Worker

EVERY = timedelta(seconds=2)
"""How often a sign is given."""
STILL = 6
"""So many signs of our own without one of another's, and it is dead."""

_log = logging.getLogger(__name__)


class Beats:
    """Gives signs of life for one process, and watches the others."""

    def __init__(
        self,
        store: Store,
        worker: Worker,
        now: Callable[[], datetime],
        *,
        beside: Callable[[int], None],
        freed: Callable[[], None],
        outdated: Callable[[], None],
    ) -> None:
        """`beside` is told how many others there are; `freed` is called when tickets of a dead one are due.

        `outdated` is called when this program is too old: a newer one brought the tables up to date, and
        nothing may be written any more.
        """
        self._store, self._worker, self._now = store, worker, now
        self._beside, self._freed, self._outdated = beside, freed, outdated
        self._still: dict[str, tuple[int, int]] = {}
        self._stopping = threading.Event()

    def start(self) -> None:
        """Enter the worker, and go on giving signs in a thread. From now on claims bear its name."""
        self._store.workers.join(self._worker)
        self._store.database.holder = self._worker.id
        threading.Thread(target=self._run, name="beats", daemon=True).start()

    def stop(self, *, ended: bool) -> None:
        """End. If not all that was begun `ended`, the others find out, and take it over."""
        self._stopping.set()
        if ended:
            self._store.workers.leave(self._worker.id)

    def _run(self) -> None:
        while not self._stopping.wait(EVERY.total_seconds()):
            try:
                self.turn()
            except Exception as error:  # noqa: BLE001 - a store that is locked or restarts is asked again
                _log.warning("no sign of life could be given: %s", type(error).__name__)
                self._still.clear()  # nobody else can give one either

    def turn(self) -> None:
        """Give one sign, and bury who gave none for long."""
        if self._store.database.outdated():
            found = self._store.database.revision()
            _log.error("a newer program brought the store to revision %s; this one ends", found)
            self._outdated()
            return
        if not self._store.workers.beat(self._worker.id, self._now()):
            _log.warning("others took this process for dead: it gave no sign of life for long")
            self._store.workers.join(replace(self._worker, heard=self._now()))
        others = [other for other in self._store.workers.all() if other.id != self._worker.id]
        self._beside(len(others))
        # Who left and comes again is met as if for the first time.
        self._still = {other.id: self._still[other.id] for other in others if other.id in self._still}
        for other in others:
            self._watch(other)

    def _watch(self, other: Worker) -> None:
        beat, since = self._still.get(other.id, (-1, 0))
        self._still[other.id] = (other.beat, since + 1 if beat == other.beat else 0)
        if beat != other.beat or since + 1 < STILL:
            return
        del self._still[other.id]
        if (freed := self._store.workers.bury(other, self._now())) is not None:
            _log.warning(
                "%s on %s (%s) gives no sign of life; %d tickets are taken over",
                other.kind,
                other.host,
                other.pid,
                freed,
            )
            self._freed()
