"""The store's reads with a thousand links and with BENCH_LINKS (100,000): how much slower the second is."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from benchmarks.rig import size
from mappings.ticket import Ref
from sync.store import Store, open_store
from sync.store import schema as t

_AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
_CALLS = 300


def main() -> None:
    """Print how long one call takes with few and with many links, and the ratio."""
    most = size("LINKS", 100_000)
    few, many = _measured(1000), _measured(most)
    for name, quick in few.items():
        told = f"1000 links {quick * 1e6:.0f} us, {most} links {many[name] * 1e6:.0f} us"
        print(f"{name}: {told}, ratio {many[name] / quick:.2f}")


def _measured(links: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "store.sqlite3")
        _fill(store, links)
        settle = timedelta(seconds=2)
        calls: dict[str, Callable[[int], object]] = {
            "load(bundle)": lambda n: store.bundles.load(f"bundle:{n}"),
            "fresh": lambda n: store.bundles.fresh(Ref("desk", str(n)), "v1", _AT - settle * 2, settle),
            "subject": lambda n: store.bundles.subject(Ref("jira", str(n))),
            "due, ten of all": lambda n: store.inbox.due(_AT + timedelta(seconds=9)),
        }
        seconds = {name: _best(call, links) for name, call in calls.items()}
        store.database.close()
        return seconds


def _best(call: Callable[[int], object], links: int) -> float:
    """Return the seconds of one call, the best of three rounds over links far from one another."""
    rounds = []
    for _ in range(3):
        started = time.perf_counter()
        for n in range(_CALLS):
            call(1 + n * 7919 % links)
        rounds.append((time.perf_counter() - started) / _CALLS)
    return min(rounds)


def _fill(store: Store, links: int) -> None:
    numbers = range(1, links + 1)
    sides = [(side, n) for n in numbers for side in ("desk", "jira")]
    said = {"native": {"subject": "s", "tags": ["a"]}, "wanted": {}, "serial": 0, "version": "v1"}
    with store.database.writing() as tx:
        tx.execute(insert(t.bundles), [{"created": _AT} for _ in numbers])
        here = [{"connection": side, "key": str(n), "bundle": n} for side, n in sides]
        tx.execute(insert(t.links), [{**one, "display": "", "url": "", "created": _AT} for one in here])
        tx.execute(insert(t.seen), [{**one, **said, "read_at": _AT} for one in here])
        due = [_AT + timedelta(seconds=n - 1) for n in numbers]
        row = {"reason": "a clock", "attempts": 0, "allowed": False}
        tx.execute(
            insert(t.inbox), [{**row, "subject": f"bundle:{n}", "due_at": due[n - 1]} for n in numbers]
        )
