"""A rollback among those that work on the store: no run begins beside it, nor does a second one.

Each side enters itself first and looks for the other then, so that of two that begin at once one at least is
refused. One that was killed is in nobody's way: whether it lives is told by its signs alone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from connectors.errors import UnsafePlan
from deskbridge.bootstrap import Application
from deskbridge.migration.opening import ALIVE, GONE, refuse_two
from deskbridge.migration.succeeding import departed, free
from deskbridge.service import worker_of
from sync.store import Store
from sync.store.workers import Worker

_EVERY = 1.0
"""Seconds between two signs of life."""
_LOOK = 0.1


def kind_of(source: str) -> str:
    """Return what a process is entered as that undoes what runs over a source created."""
    return f"rollback of {source}"


def refuse_beside(application: Application, source: str, *, ours: str = "") -> None:
    """Wait until it is sure that no rollback works, but `ours`. Raises UnsafePlan where one does.

    What a killed one held is freed.
    """
    store = application.store
    for one in store.workers.all():
        if one.kind != kind_of(source) or one.id == ours:
            continue
        if _lives(store, one) or (store.workers.bury(one, application.now()) is None and _of(store, one)):
            since = f"process {one.pid} on {one.host} since {one.began:%Y-%m-%d %H:%M} UTC"
            way = (
                "wait for its end, or end it with Ctrl-C: `deskbridge migrate rollback --apply` goes on later"
            )
            raise UnsafePlan(f"a rollback of what runs over {source} made is at work ({since}); {way}")


@contextmanager
def undoing(application: Application, source: str) -> Iterator[Callable[[], bool]]:
    """Be the one that undoes what runs over a source created; yields whether it still is.

    Raises UnsafePlan where a run or another rollback is at work.
    """
    store, ended, lost = application.store, threading.Event(), threading.Event()
    worker = worker_of(application, kind_of(source), 1)

    def beat() -> None:
        while not ended.wait(_EVERY):
            if not store.workers.beat(worker.id, application.now()):
                lost.set()
                return

    store.workers.join(worker)
    store.database.holder = worker.id
    thread = threading.Thread(target=beat, name="beats", daemon=True)
    thread.start()
    try:
        refuse_beside(application, source, ours=worker.id)
        newest = next(iter(store.runs.all(source)), None)
        if newest is not None:
            refuse_two(application, newest)
            free(application, newest.id)
        yield lambda: not lost.is_set()
    finally:
        ended.set()
        thread.join()
        store.workers.leave(worker.id)


def _lives(store: Store, worker: Worker) -> bool:
    """Whether a worker gives a sign of life within the time in which it would give several."""
    silent = GONE if departed(worker) else ALIVE
    until = time.monotonic() + silent.total_seconds()
    while time.monotonic() < until:
        time.sleep(_LOOK)
        now = _of(store, worker)
        if now is None or now.beat != worker.beat:
            return now is not None
    return False


def _of(store: Store, worker: Worker) -> Worker | None:
    return next((one for one in store.workers.all() if one.id == worker.id), None)
