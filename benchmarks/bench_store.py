"""The store's calls with a thousand links and with BENCH_LINKS (100,000): how much slower the second is."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from benchmarks.figures import Sheet, ratio_most
from mappings.ticket import Ref
from sync.seen import Kind, Mirror, TextId
from sync.store import Store, open_store
from sync.store import schema as t
from sync.store.inbox import Claim, take
from sync.store.journal import Wish

_AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
SIZES = {"LINKS": (100_000, 2_000), "CALLS": (300, 30)}
_SLOWER = 3.0
"""A tree of a hundred times as much is two levels deeper; a whole table takes a hundred times as long."""


def main(sheet: Sheet) -> None:
    """Take down how long one call takes with many links, beside the same with few."""
    most = sheet.size("LINKS")
    few, many = _measured(1000, sheet.size("CALLS")), _measured(most, sheet.size("CALLS"))
    for name, quick in few.items():
        sheet.add(
            f"{name}, with {most:,} links",
            many[name],
            "s",
            beside=quick,
            named="with 1,000",
            goal=ratio_most(_SLOWER),
            steady=True,
        )


def _measured(links: int, count: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "store.sqlite3")
        _fill(store, links)
        settle, claim = timedelta(seconds=2), _claimed(store)
        calls: dict[str, Callable[[int], object]] = {
            "load(bundle)": lambda n: store.bundles.load(f"bundle:{n}"),
            "fresh": lambda n: store.bundles.fresh(Ref("desk", str(n)), "v1", _AT - settle * 2, settle),
            "subject": lambda n: store.bundles.subject(Ref("jira", str(n))),
            "due, ten of all": lambda n: store.inbox.due(_AT + timedelta(seconds=9)),
            "a text's note and answer": lambda n: _answered(store, claim, n),
        }
        seconds = {name: _best(call, links, count) for name, call in calls.items()}
        store.database.close()
        return seconds


def _best(call: Callable[[int], object], links: int, count: int) -> float:
    """Return the seconds of one call, the best of three rounds over links far from one another."""
    rounds = []
    for _ in range(3):
        started = time.perf_counter()
        for n in range(count):
            call(1 + n * 7919 % links)
        rounds.append((time.perf_counter() - started) / count)
    return min(rounds)


def _claimed(store: Store) -> Claim:
    with store.database.writing() as tx:
        return take(tx, "bundle:1", _AT, None)


def _answered(store: Store, claim: Claim, number: int) -> None:
    origin, target = TextId("desk", str(number), "7"), TextId("jira", str(number), "70")
    wish = Wish(Kind.COMMENT, origin, "jira", "r1", str(number))
    with store.together():
        store.journal.intend(claim, 1, wish, str, _AT)
        store.bundles.copied(claim, 1, [Mirror(Kind.COMMENT, origin, target, "r1", "a1")], _AT)


def _fill(store: Store, links: int) -> None:
    numbers = range(1, links + 1)
    sides = [(side, n) for n in numbers for side in ("desk", "jira")]
    said = {"native": {"subject": "s", "tags": ["a"]}, "wanted": {}, "serial": 0, "version": "v1"}
    with store.database.writing() as tx:
        tx.execute(insert(t.bundles), [{"created": _AT} for _ in numbers])
        here = [{"connection": side, "key": str(n), "bundle": n} for side, n in sides]
        tx.execute(insert(t.links), [{**one, "display": "", "url": "", "created": _AT} for one in here])
        tx.execute(insert(t.seen), [{**one, **said, "read_at": _AT} for one in here])
        ids = [
            {
                "origin_connection": "desk",
                "origin_key": str(n),
                "target_connection": "jira",
                "target_key": str(n),
            }
            for n in numbers
        ]
        noted = {"kind": "comment", "origin_id": "1", "revision": "r", "token": "t", "sent": _AT, "done": _AT}
        rows = [{**one, **noted, "bundle": n} for one, n in zip(ids, numbers, strict=True)]
        tx.execute(insert(t.intents), rows)
        due = [_AT + timedelta(seconds=n - 1) for n in numbers]
        row = {"reason": "a clock", "attempts": 0, "allowed": False}
        tx.execute(
            insert(t.inbox), [{**row, "subject": f"bundle:{n}", "due_at": due[n - 1]} for n in numbers]
        )
