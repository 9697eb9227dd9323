"""A run's process among those that work on the store, and what it takes over from one that was killed.

One process at a time works for a run, so what a former one still holds is nobody's: it need not run out. What
that one had begun to write is in the journal, and is looked for by its marker before anything is sent again.
A former one that only slept is told: it finds its claims gone before it writes or records anything more.
"""

from __future__ import annotations

import socket
from pathlib import Path

from connectors.errors import UnsafePlan
from deskbridge.bootstrap import Application
from deskbridge.service import worker_of
from sync.store import Store
from sync.store.workers import Worker

_PROCESSES = Path("/proc")
_ENDED = frozenset("ZX")
"""How a process is marked that has ended, and that nobody has asked about yet."""


def kind_of(run: int) -> str:
    """Return what a process that works for a run is entered as."""
    return f"run {run}"


def gone(store: Store, run: int) -> bool:
    """Whether those who worked for a run were on this machine, and are not there any more.

    Another machine may have our name: who is sure to live gives signs of life all the same.
    """
    former = _former(store, run)
    return bool(former) and all(map(departed, former))


def beside(application: Application, run: int, threads: int) -> Worker:
    """Enter this process as one that works for a run beside the run's own."""
    worker = worker_of(application, _beside(run), threads)
    application.store.workers.join(worker)
    application.store.database.holder = worker.id
    return worker


def departed(worker: Worker) -> bool:
    """Whether a worker was on this machine, and is not there any more; see `gone`."""
    return worker.host == socket.gethostname() and not _there(worker.pid)


def succeed(application: Application, run: int, threads: int) -> Worker:
    """Enter this process as the one that works for a run, and free what those before it held.

    Raises UnsafePlan where one of them gives a sign of life.
    """
    store = application.store
    free(application, run)
    worker = worker_of(application, kind_of(run), threads)
    store.workers.join(worker)
    store.database.holder = worker.id
    return worker


def free(application: Application, run: int) -> None:
    """Free what those who worked for a run held. Raises UnsafePlan where one of them gives a sign of life."""
    store = application.store
    for one in _former(store, run, _beside(run)):
        if store.workers.bury(one, application.now()) is None and one.id in _ids(store):
            raise UnsafePlan(f"run {run} is worked on by another process, {one.pid} on {one.host}")


def beats(application: Application, run: int, worker: Worker) -> bool:
    """Give a sign of life; False if another process works for the run by now."""
    store = application.store
    if store.workers.beat(worker.id, application.now()):
        return True
    if _former(store, run):
        return False
    store.workers.join(worker)  # it was taken for dead, by those who do other work
    return True


def _beside(run: int) -> str:
    return f"{kind_of(run)}, beside"


def _former(store: Store, run: int, *others: str) -> list[Worker]:
    return [one for one in store.workers.all() if one.kind in (kind_of(run), *others)]


def _ids(store: Store) -> set[str]:
    return {one.id for one in store.workers.all()}


def _there(pid: int) -> bool:
    """Whether a process is there; where nobody can tell, it is."""
    try:
        told = (_PROCESSES / str(pid) / "stat").read_text("utf-8", "replace")
    except OSError:
        return not (_PROCESSES / "self").exists()
    return told.rpartition(")")[2].split()[0] not in _ENDED
