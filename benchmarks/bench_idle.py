"""A hub with BENCH_RUNNING (50,000) running clocks, none of which is due: the share of a core that it uses.

It runs as `serve` does, with its threads, polls and look for notifications between three tools in which
nothing changes; the sweep, which reads tickets within its share of the calls, is off. BENCH_SECONDS (20).
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from benchmarks.figures import Sheet, most
from connectors.base import ConnectionConfig, Connector
from connectors.memory import Memory, MemoryDesk
from connectors.quota import LocalBudget
from deskbridge.notify import Notifier
from mappings.provenance import Signer
from mappings.vocabulary import vocabularies
from sync.engine import Engine
from sync.jobs.rounds import Rounds
from sync.jobs.threads import Threads
from sync.routing import Desk
from sync.rules import Role, Rules
from sync.store import Store, open_store
from sync.store import schema as t
from sync.sweep import Sweep

SIZES = {"RUNNING": (50_000, 1_000), "SECONDS": (20, 2)}
_GOAL = 0.01
_NAMES = ("desk", "jira", "gitlab")


def main(sheet: Sheet) -> None:
    """Take down which share of a core a hub uses with no clocks and with many."""
    running, seconds, none = sheet.size("RUNNING"), sheet.size("SECONDS"), None
    for count in (0, running):
        with tempfile.TemporaryDirectory() as folder:
            store = open_store(Path(folder) / "store.sqlite3")
            _fill(store, count)
            share = _used(store, seconds)
            store.database.close()
        what = f"an idle hub with {count:,} running clocks, of a core"
        sheet.add(what, share, "share", beside=none, named="" if none is None else "none", goal=most(_GOAL))
        none = share


def _fill(store: Store, count: int) -> None:
    """Have clocks run whose answers change tomorrow at the earliest."""
    due = datetime.now(UTC) + timedelta(days=1)
    rows = [
        {
            "subject": f"bundle:{number}",
            "due_at": due + timedelta(seconds=number),
            "reason": "a clock",
            "attempts": 0,
        }
        for number in range(count)
    ]
    if rows:
        with store.database.writing() as tx:
            tx.execute(insert(t.inbox), rows)


def _used(store: Store, seconds: int) -> float:
    """Return the share of a core that a hub uses while nothing happens, its first polls not counted."""
    stopping = threading.Event()
    connectors = {name: _tool(name) for name in _NAMES}
    rules = Rules(roles={"desk": Role.FRONT, "jira": Role.WORK, "gitlab": Role.WORK}, trust=_NAMES, places=())
    engine = Engine(
        store=store,
        connectors=connectors,
        desk=Desk(rules, (), (), {}),
        signer=Signer(b"sixteen bytes at least"),
        now=_now,
    )
    jobs = Threads(store, engine.look, _now, dict.fromkeys(_NAMES, 4))
    rounds = Rounds(
        store=store,
        engine=engine,
        connections=_NAMES,
        now=_now,
        every=timedelta(minutes=1),
        silence=timedelta(days=1),
        sweep=Sweep(store, _now, lambda name: 1.0, share=0.0),
        wake=jobs.wake,
        stopping=stopping,
    )
    told = Notifier(outbox=store.outbox, channels={}, gather={}, secrets=(), now=_now)
    parts: list[Callable[[], None]] = [jobs.start, rounds.start, lambda: told.start(stopping)]
    for start in parts:
        start()
    time.sleep(3)
    begun, used = time.monotonic(), time.process_time()
    time.sleep(seconds)
    share = (time.process_time() - used) / (time.monotonic() - begun)
    stopping.set()
    jobs.stop(timedelta(seconds=5))
    return share


def _now() -> datetime:
    return datetime.now(UTC)


def _tool(name: str) -> Connector:
    desk = MemoryDesk(_now)
    config = ConnectionConfig(
        name=name,
        url=f"http://{name}.test",
        user="",
        secret=desk.secret,
        projects=(),
        fields={},
        vocabularies=vocabularies("memory", {}),
        budget=LocalBudget(_now),
        now=_now,
    )
    return Memory(config, desk)
