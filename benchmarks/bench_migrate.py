"""A migration from Freshdesk to Jira: calls for each ticket against the least possible, tickets a second.

BENCH_MIGRATE tickets of three comments go to Jira as `migrate run --apply` has them go, store and text
conversion included, from the command's start to its end; half as many go once more from servers that take
50 ms for each answer. Calls are counted in a run of one process, and are then made bare, by as many threads
as a run has, each with one session and nothing to decide. The least calls are counted from what was moved:

    source   a list call for each 100 rows of three lists, twice (the second finds what changed meanwhile);
             for each ticket itself, its conversations by the hundred, and each of `parts`
    target   a create and a read-back for each 50 tickets; one for each text and file; for each ticket that is
             not left in the first status, one to move it and one to see where it then is
    files    one to fetch each

Times are judged at full size, calls from _ENOUGH tickets on. Above the least are people and companies,
who are asked for once, the list of ratings, what is asked at the start, and one look a second at all issues
that were just made.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from math import ceil
from pathlib import Path

from benchmarks.figures import Sheet, ratio_least, ratio_most
from benchmarks.figures import least as least_of
from benchmarks.rig import Bare, Call, Recording, Rig, sandbox
from deskbridge.bootstrap import Application, build
from deskbridge.migration.asked import Asked
from deskbridge.migration.running import Orders, migrated
from mappings.ticket import MESSAGE_0
from sync.store import Store, open_store
from sync.store.runs import State

SIZES = {"MIGRATE": (2_000, 40)}
_ENOUGH = 140
"""From how many tickets on what is asked once counts for little."""
_WORKERS, _MANY, _SLOW = 8, 28, 0.05
"""Workers that a run has if nobody says otherwise, and where servers are slow; seconds that those take."""
_PARTS = 2
"""Calls for each ticket beside its conversation: watchers and time. One list tells all ratings."""
_MIGRATION = '\n[migration]\nto = "support-development"\n'
_KINDS = 12
"""Kinds of calls that are listed, those made most."""
_MOST, _SPEED, _AGAIN = 1.05, 0.7, 0.05
"""Calls against the least, speed against the bare loop, and an empty second run against the first."""
_RATE = {0.0: 45, _SLOW: 25}
"""Tickets a second, at least, by the seconds that servers take to answer."""
_OTHER = re.compile(r"\d+")


def main(sheet: Sheet) -> None:
    """Take down calls and speed of quick servers and of slow ones, with what each is compared to."""
    count = sheet.size("MIGRATE")
    bare = _counted(sheet, count)
    for latency, workers, some in ((0.0, _WORKERS, count), (_SLOW, _MANY, max(1, count // 2))):
        _timed(sheet, some, workers, latency, bare[latency])


def _counted(sheet: Sheet, count: int) -> dict[float, float]:
    """Take down the calls of a run; return seconds that servers take -> tickets a second of bare calls."""
    with _world(count) as (rig, settings, environment):
        os.environ.update(environment)
        application = build(settings, environment)
        recording = Recording()
        first = _inside(application, recording)
        sent = recording.sent()
        second = _inside(application, recording)
        done = application.store.runs.counts("desk")[State.MIGRATED]
        least = _least(application.store, count)
        application.store.database.close()
        again = len(recording.sent()) - len(sent)
        print(f"  {done} of {count} tickets, {len(sent)} calls, at least {least}; {again} of a second run")
        sheet.add(
            "calls for each ticket",
            len(sent) / done,
            "calls",
            beside=least / done,
            named="the least possible",
            goal=ratio_most(_MOST),
            steady=True,
            enough=count >= _ENOUGH,
        )
        sheet.add(
            "a second run, in which nothing changed",
            second,
            "s",
            beside=first,
            named="the first",
            goal=ratio_most(_AGAIN),
        )
        _most_made(sent)
        calls, speeds = recording.taken(json_only=True), dict[float, float]()
        for latency, workers in ((0.0, _WORKERS), (_SLOW, _MANY)):
            rig.latency(latency)
            speeds[latency] = done / _bare(calls, workers)
        return speeds


def _inside(application: Application, recording: Recording) -> float:
    """Migrate in this one process; return the seconds that took."""
    orders = Orders(asked=Asked(), workers=_WORKERS, processes=1)
    begun = time.perf_counter()
    with recording.running():
        migrated(application, orders, lambda: "stop")
    return time.perf_counter() - begun


def _timed(sheet: Sheet, count: int, workers: int, latency: float, bare: float) -> None:
    """Time `migrate run --apply` with servers that take so many seconds to answer."""
    with _world(count) as (rig, settings, environment):
        rig.latency(latency)
        first = _run(settings, environment, workers)
        store = open_store(settings.with_name("store.sqlite3"))
        done = store.runs.counts("desk")[State.MIGRATED]
        store.database.close()
        at = f"at {latency * 1000:.0f} ms"
        what, named = f"tickets of 3 comments {at}", f"bare loop of {workers} threads"
        sheet.add(what, done / first, "/s", goal=least_of(_RATE[latency]))
        goal = ratio_least(_SPEED) if latency else None  # nobody promised that of servers that take no time
        sheet.add(f"{what}, beside bare calls", done / first, "/s", beside=bare, named=named, goal=goal)


def _run(settings: Path, environment: dict[str, str], workers: int) -> float:
    """Migrate as people do; return the seconds from the command's start to its end."""
    program = [sys.executable, "-c", "from deskbridge.cli import main; main()"]
    command = [*program, "migrate", "run", "--apply", "--workers", str(workers), "--settings", str(settings)]
    begun = time.perf_counter()
    subprocess.run(command, env=os.environ | environment, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own program
    return time.perf_counter() - begun


@contextmanager
def _world(count: int) -> Iterator[tuple[Rig, Path, dict[str, str]]]:
    """Give a desk with so many tickets of three comments, and the settings of a hub before it."""
    with sandbox() as rig, tempfile.TemporaryDirectory() as room:
        rig.act("freshdesk", "generate", count=count, seed=3, comments=3, archived=0)
        yield rig, _settings(Path(room)), _environment(rig)


def _settings(room: Path) -> Path:
    settings = room / "settings.toml"
    settings.write_text((files("deskbridge.demo") / "settings.toml").read_text("utf-8") + _MIGRATION, "utf-8")
    return settings


def _environment(rig: Rig) -> dict[str, str]:
    found = dict(rig.env) | {"DESKBRIDGE_SECRET": "a secret for a benchmark"}
    for connection, system in {"DESK": "FRESHDESK", "JIRA": "JIRA", "GITLAB": "GITLAB"}.items():
        found[f"DESKBRIDGE_CONNECTIONS__{connection}__URL"] = found[f"{system}_URL"]
    return found


def _least(store: Store, count: int) -> int:
    """Return the fewest calls by which all that was migrated can be moved; see above."""
    tickets = texts = moved = stood = 0
    first = _first_status(store)
    for subject in store.bundles.subjects():
        bundle = store.bundles.load(subject)
        tickets += 1
        for copy in bundle.mirrors:
            stood += copy.kind.value == "file"
            texts += copy.kind.value == "comment" and copy.target.id != MESSAGE_0
        status = next(said.native["status"] for ref, said in bundle.seen.items() if ref.connection == "jira")
        moved += status != first
    lists = 2 * (ceil(count / 100) + 2)
    return lists + tickets * (2 + _PARTS) + 2 * ceil(tickets / 50) + texts + 2 * stood + 2 * moved


def _first_status(store: Store) -> str:
    """Return the native status in which most tickets that nobody moved are: the lowest id is Jira's first."""
    found = set()
    for subject in store.bundles.subjects():
        seen = store.bundles.load(subject).seen
        found |= {str(said.native["status"]) for ref, said in seen.items() if ref.connection == "jira"}
    return min(found)


def _most_made(sent: list[tuple[str, str]]) -> None:
    """Print which calls were made most."""
    kinds = Counter(f"{method} {_OTHER.sub('N', path)}" for method, path in sent)
    for kind, count in kinds.most_common(_KINDS):
        print(f"    {count:6} {kind}")


def _bare(calls: list[Call], workers: int) -> float:
    """Make calls by as many threads as the run had; return the seconds that took."""
    lots = [calls[n::workers] for n in range(workers)]
    failed: list[Exception] = []

    def work(mine: list[Call]) -> None:
        try:
            loops: dict[str, Bare] = {}
            for call in mine:
                host = call.url.split("/")[2]
                if host not in loops:
                    loops[host] = Bare()
                    loops[host].like(call)
                loops[host].make([call])
        except Exception as error:  # noqa: BLE001 - said by whoever waits for the threads
            failed.append(error)

    threads = [threading.Thread(target=work, args=(lot,)) for lot in lots]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return time.perf_counter() - begun
