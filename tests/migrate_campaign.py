"""`make migrate-campaign`: a past of many tickets moves to Jira, killed again and again, and nobody sees it.

The same past is generated twice, before two sandboxes whose clocks say the same. One run is left alone; the
other one is killed by SIGKILL at calls that chance chooses, started again at once each time, and must leave
the same in Jira: every issue by a hash of its words, fields and files, without keys, ids and server times.
Nobody may be mailed, and a run after the last one may write nothing. What is generated: texts of realistic
sizes in several languages, files, a tenth of all tickets with one `updated_at`, archived, trashed and odd
ones; from 30,001 tickets on Freshdesk's lists end at their 300th page.

Many tickets take hours. KEEP=file keeps what the run that was left alone came to, and takes it from there if
it is of as many tickets and the same seed: the two halves need not be run one after the other.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import requests

from benchmarks.rig import Rig, sandbox
from deskbridge.demo.people import People
from sync.uncertain import REQUEST_LIFE
from tests.app.moved_in import MIGRATION, pictures
from tests.sync.hub_process import work
from tests.sync.three_tools import settings_in

_START = "2027-01-04T09:00:00+00:00"
_DAY = 86_400
_COMMENTS, _ARCHIVED = 3, 0.1
_WRITES = {"kind": "answer", "system": "jira", "method": "POST|PUT|DELETE", "status": 500}
_READING_POSTS = "(?!.*/(search/jql|issue/bulkfetch)).*"
_LAG = 120.0
"""Seconds that a write which nobody heard of may be invisible, beside a request's life."""
_TWENTIETH = 20
"""So much less than a run an empty one may take, from _JUDGED tickets on."""
_JUDGED = 10_000


@dataclass
class World:
    """A sandbox with a past, and the room of a hub before it."""

    rig: Rig
    settings: Path
    environment: dict[str, str]
    processes: int

    @classmethod
    @contextmanager
    def running(cls, tickets: int, seed: int, processes: int) -> Iterator[World]:
        """Start one, and give its desk a past."""
        with sandbox() as rig, tempfile.TemporaryDirectory() as room:
            settings = settings_in(Path(room))
            settings.write_text(settings.read_text("utf-8") + MIGRATION, "utf-8")
            environment = dict(rig.env) | {"DESKBRIDGE_SECRET": "a secret for a campaign"}
            for connection, system in {"DESK": "FRESHDESK", "JIRA": "JIRA", "GITLAB": "GITLAB"}.items():
                environment[f"DESKBRIDGE_CONNECTIONS__{connection}__URL"] = environment[f"{system}_URL"]
            world = cls(rig, settings, environment, processes)
            world.control("POST", "clock", now=_START)
            past = {"count": tickets, "seed": seed, "days": days_for(tickets)}
            rig.act("freshdesk", "generate", **past, comments=_COMMENTS, archived=_ARCHIVED)
            yield world

    def control(self, verb: str, route: str, **body: Any) -> Any:
        """Use the sandbox's own API."""
        url = f"{self.rig.env['SANDBOX_CONTROL_URL']}/{route}"
        answer = requests.request(verb, url, json=body or None, timeout=120)
        answer.raise_for_status()
        return answer.json()

    def calls(self) -> int:
        """Return how many calls all systems have answered."""
        return sum(self.control("GET", "calls").values())

    def hub(self) -> subprocess.Popen[bytes]:
        """Start a run in a process of its own."""
        program = [sys.executable, "-m", "tests.migrate_campaign"]
        command = [*program, "--hub", str(self.settings), "--processes", str(self.processes)]
        told = {**os.environ, "CAMPAIGN": json.dumps(self.environment)}
        return subprocess.Popen(command, env=told, stderr=subprocess.DEVNULL)

    def whole_run(self) -> tuple[float, float]:
        """Run to the end; return the seconds and MB that took. Raises RuntimeError if it fails by itself."""
        begun = time.monotonic()
        with self.hub() as process:
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"a run ended with {process.returncode}")
        return time.monotonic() - begun, used.ru_maxrss / 1024

    def written(self) -> int:
        """Return how many texts, files and tickets the hub knows to have written."""
        (store,) = self.settings.parent.glob("*.sqlite3")
        with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=30)) as tx:
            return int(tx.execute("SELECT count(*) FROM mirrors").fetchone()[0])

    def outcomes(self) -> dict[str, int]:
        """Return what became of the tickets."""
        (store,) = self.settings.parent.glob("*.sqlite3")
        with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as tx:
            return dict(tx.execute("SELECT state, count(*) FROM items GROUP BY state"))

    def hashes(self) -> dict[str, str]:
        """Return old number -> a hash of all that stands there. Raises RuntimeError for two of one ticket."""
        found: dict[str, str] = {}
        for number, said in pictures(People(self.environment)):
            if number in found:
                raise RuntimeError(f"two issues stand for ticket {number}")
            found[number] = hashlib.sha256(said.encode()).hexdigest()
        return found


@dataclass(frozen=True)
class Undisturbed:
    """What a run that was left alone came to: seconds, calls, a hash of each issue, and what is wrong."""

    tickets: int
    seed: int
    seconds: float
    calls: int
    outcomes: dict[str, int]
    hashes: dict[str, str]
    wrong: list[str]

    @classmethod
    def kept(cls, path: Path | None, tickets: int, seed: int) -> Undisturbed | None:
        """Return one that was kept. Raises ValueError if it is of another past."""
        if path is None or not path.exists():
            return None
        found = cls(**json.loads(path.read_text("utf-8")))
        if (found.tickets, found.seed) != (tickets, seed):
            raise ValueError(f"{path} is of {found.tickets} tickets and seed {found.seed}: name another file")
        return found

    def keep(self, path: Path) -> None:
        """Keep it in a file."""
        path.write_text(json.dumps(asdict(self)), "utf-8")


def days_for(tickets: int) -> int:
    """Return over how many days so many tickets lie whole seconds apart: two pasts are equal then."""
    for days in range(400, 7300):
        if days * _DAY % tickets == 0:
            return days
    raise ValueError(f"{tickets} tickets do not lie whole seconds apart: take a rounder number")


def differing(found: Mapping[str, str], wanted: Mapping[str, str]) -> list[str]:
    """Return a line for each ticket that is not as it should be."""
    lines = [f"ticket {number} is missing" for number in sorted(wanted.keys() - found.keys())]
    lines += [f"ticket {number} is too much" for number in sorted(found.keys() - wanted.keys())]
    both = sorted(found.keys() & wanted.keys())
    return lines + [f"ticket {number} differs" for number in both if found[number] != wanted[number]]


def killed(world: World, at: int) -> tuple[bool, float | None]:
    """Kill a run at a call; return whether it still ran, and after how many seconds it first wrote."""
    before = world.written() if list(world.settings.parent.glob("*.sqlite3")) else 0
    begun, first = time.monotonic(), None
    process = world.hub()
    try:
        while process.poll() is None and world.calls() < at:
            if first is None and before and world.written() > before:
                first = time.monotonic() - begun
            time.sleep(0.2)
        ran = process.poll() is None
    finally:
        process.kill()
        process.wait()
    return ran, first


def disturbed(world: World, kills: int, calls: int, chance: random.Random) -> tuple[int, list[float]]:
    """Run, killed so many times; return how often it was, and after how long each restart first wrote."""
    done, firsts, begun = 0, list[float](), world.calls()
    for at in sorted(chance.randrange(1, calls) for _ in range(kills)):
        ran, first = killed(world, begun + at)
        done += ran
        firsts += [] if first is None else [first]
    while (now := world.calls()) != begun:
        begun = now
        time.sleep(0.5)
    # What was under way when it was killed, and is not there, is sent again when it cannot arrive any more.
    world.control("POST", "clock", advance=REQUEST_LIFE.total_seconds() + _LAG)
    world.whole_run()
    return done, firsts


def main() -> int:
    """Run the campaign; return 1 if anything is not as it should be."""
    parser = argparse.ArgumentParser(prog="make migrate-campaign", description=__doc__)
    parser.add_argument("--tickets", type=int, default=2_000)
    parser.add_argument("--kills", type=int, default=20, help="0: only the run that is left alone")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2, help="that each run has")
    parser.add_argument("--keep", type=Path, help="a file for what the run that was left alone came to")
    parser.add_argument("--hub", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.hub:
        environment = json.loads(os.environ["CAMPAIGN"])
        os.environ.update(environment)  # the run's other processes have it from there
        work(given.hub, environment, run=True, workers=8, processes=given.processes)
        return 0
    alone = Undisturbed.kept(given.keep, given.tickets, given.seed) or _undisturbed(given)
    if given.keep:
        alone.keep(given.keep)
    if not given.kills:
        return int(bool(alone.wrong))
    wrong = list(alone.wrong)
    with World.running(given.tickets, given.seed, given.processes) as world:
        begun = time.monotonic()
        chance = random.Random(given.seed)
        kills, firsts = disturbed(world, given.kills, alone.calls, chance)
        took = time.monotonic() - begun
        told = f"; after a restart it wrote in {median(firsts):.1f} s (median)" if firsts else ""
        say(f"killed {kills} times: {world.outcomes()} in {took:.0f} s{told}")
        if world.outcomes() != alone.outcomes:
            wrong += [f"{world.outcomes()} instead of {alone.outcomes}"]
        found = world.hashes()
        wrong += differing(found, alone.hashes)
        wrong += _after(world, alone.seconds, given.tickets)
    say(f"{len(found)} issues compared by hash with {len(alone.hashes)}: {len(wrong)} faults")
    for line in wrong[:20]:
        say(f"  {line}")
    return int(bool(wrong) or kills < given.kills * 0.8)


def _undisturbed(given: argparse.Namespace) -> Undisturbed:
    """Run one that is left alone, and one more after it; return what they came to."""
    with World.running(given.tickets, given.seed, given.processes) as world:
        before = world.calls()
        seconds, memory = world.whole_run()
        calls, outcomes = world.calls() - before, world.outcomes()
        say(f"undisturbed: {outcomes} in {seconds:.0f} s, {calls:,} calls, {memory:.0f} MB")
        hashes = world.hashes() if given.kills or given.keep else {}
        wrong = list(_after(world, seconds, given.tickets))
        return Undisturbed(given.tickets, given.seed, seconds, calls, outcomes, hashes, wrong)


def _after(world: World, seconds: float, tickets: int) -> Iterator[str]:
    """Yield what is wrong after the last run: somebody was mailed, or one more run writes or takes long."""
    if mails := world.control("GET", "outbox"):
        yield f"{len(mails)} mails were sent"
    world.control("POST", "faults", **_WRITES, path=_READING_POSTS, times=999)
    before = world.calls()
    again, _ = world.whole_run()
    refused = sum(999 - fault["times"] for fault in world.control("GET", "faults"))
    world.control("DELETE", "faults")
    spent = world.calls() - before
    say(f"  one more run: {again:.1f} s (1/{seconds / again:.0f}), {spent} calls, {refused} writes")
    if refused:
        yield f"one more run would have written {refused} times"
    if tickets >= _JUDGED and again * _TWENTIETH > seconds:
        yield f"an empty run took {again:.1f} s, more than a twentieth of {seconds:.0f} s"


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
