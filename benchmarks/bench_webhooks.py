"""The running hub, before a sandbox in a process of its own: how soon, how many, how much at a time.

No latency is added but where it is said; limits are off. `serve` runs as people start it, so the hub, the
three systems and the people share the machine's cores: its load stands beside each figure.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

import requests

from benchmarks.figures import Goal, Sheet, most, ratio_least
from benchmarks.rig import Rig, sandbox
from deskbridge.bootstrap import Application, build
from deskbridge.demo.people import People
from deskbridge.hooks import hook_of
from deskbridge.service import look_once

SIZES = {
    "EVENTS": (500, 50),
    "BURST": (500, 50),
    "NOTES": (200, 20),
    "COMMENTS": (40, 4),
    "LINKS": (100_000, 2_000),
}
_KIM = "kim@lantern.example"
_WORKERS = 16
_LATENCY = 0.05


@dataclass(frozen=True)
class Running:
    """A hub that serves."""

    application: Application
    url: str
    people: People


def main(sheet: Sheet) -> None:
    """Take down what an idle poll costs, how soon webhooks are answered and acted on, comments a second."""
    _idle(sheet)
    with sandbox() as rig, _serving(rig) as running:
        steady, burst = [n / 50 for n in range(sheet.size("EVENTS"))], sheet.size("BURST")
        _answers(sheet, running, "50 webhooks/s", steady, 0.05)
        _answers(sheet, running, f"{burst} webhooks at once", [0.0] * burst, 1.0)
        _end_to_end(sheet, running)
    waiting = sheet.size("COMMENTS")
    _mirrored(sheet, waiting // 4, goal=None)
    _mirrored(sheet, waiting, goal=ratio_least(0.6))


@contextmanager
def _serving(rig: Rig) -> Iterator[Running]:
    with tempfile.TemporaryDirectory() as room:
        environment, settings = _environment(rig), Path(room) / "settings.toml"
        settings.write_text((files("deskbridge.demo") / "settings.toml").read_text("utf-8"), "utf-8")
        program = [sys.executable, "-c", "from deskbridge.cli import main; main()"]
        command = [*program, "serve", "--port", "0", "--settings", str(settings)]
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
        with subprocess.Popen(  # noqa: S603 - our own program
            command, env={**kept, **environment}, stdout=subprocess.PIPE, text=True
        ) as process:
            if process.stdout is None:
                raise RuntimeError("the hub says nothing")
            try:
                url = process.stdout.readline().split(" at ")[1].removesuffix("/hooks/CONNECTION\n")
                environment["DESKBRIDGE_SERVE__ADDRESS"] = url
                yield Running(build(settings, environment), url, People(rig.env))
            finally:
                process.terminate()


def _environment(rig: Rig) -> dict[str, str]:
    environment = {**rig.env, "DESKBRIDGE_SECRET": "a secret for figures"}
    for name, system in {"DESK": "FRESHDESK", "JIRA": "JIRA", "GITLAB": "GITLAB"}.items():
        environment[f"DESKBRIDGE_CONNECTIONS__{name}__URL"] = rig.env[f"{system}_URL"]
    return environment


def _answers(sheet: Sheet, running: Running, what: str, at: Sequence[float], goal: float) -> None:
    """Send webhooks at these moments, each by a connection of its own, and time the answers."""
    secret = hook_of(running.application.settings, "desk").secret
    taken = asyncio.run(_storm(running.url, secret, at))
    store = running.application.store
    end = time.monotonic() + 60
    lost = len(at)
    while lost and time.monotonic() < end:
        time.sleep(0.1)
        # Tickets of these numbers do not exist: a row that was looked at is gone, and what stays was noted.
        lost = len(at) - _noted(running, len(at))
    pulse = store.health.pulse("desk")
    sheet.add(f"{what} answered, p50", _at(taken, 0.5), "s")
    sheet.add(f"{what} answered, p99", _at(taken, 0.99), "s", goal=most(goal))
    sheet.count(f"{what}, lost", lost, 0)
    sheet.count(f"{what}, refused", pulse.refused, 0)


def _noted(running: Running, count: int) -> int:
    """Return how many of `count` tickets were noted, or looked at already: claims are kept."""
    with running.application.store.database.reading() as tx:
        said = "SELECT subject FROM {0} WHERE subject LIKE 'ref:desk:9000%'"
        rows = [tx.exec_driver_sql(said.format(table)).scalars().all() for table in ("inbox", "claims")]
    return min(count, len({subject for found in rows for subject in found}))


async def _storm(url: str, secret: str, at: Sequence[float]) -> list[float]:
    begun = time.monotonic()

    async def send(number: int, moment: float) -> float:
        await asyncio.sleep(max(0.0, moment - (time.monotonic() - begun)))
        return await _post(url, secret, json.dumps({"ticket_id": 9_000_000 + number}).encode())

    return list(await asyncio.gather(*(send(n, moment) for n, moment in enumerate(at))))


async def _post(url: str, secret: str, body: bytes) -> float:
    parts, began = urlsplit(url), time.perf_counter()
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = f"POST /hooks/desk HTTP/1.1\r\nHost: hub\r\nX-Deskbridge-Token: {secret}\r\nConnection: close\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    status = (await reader.readline()).split()[1]
    taken = time.perf_counter() - began
    await reader.read()
    writer.close()
    assert status == b"200", status
    return taken


def _end_to_end(sheet: Sheet, running: Running) -> None:
    """Write private notes at 20 a second over linked tickets; time until each stands in GitLab."""
    people, count = running.people, sheet.size("NOTES")
    for connector in (running.application.connectors[name] for name in ("desk", "gitlab")):
        connector.apply_hook(hook_of(running.application.settings, connector.name))
    tickets = [people.mail(_KIM, "Kim", f"Subject {n}", "<p>Help</p>") for n in range(40)]
    for ticket in tickets:
        people.sort(ticket, tags=["firmware"])
    end = time.monotonic() + 120
    while len(_issues(people)) < len(tickets) and time.monotonic() < end:
        time.sleep(0.5)
    time.sleep(5)
    sent: dict[str, float] = {}
    arrived: dict[str, float] = {}
    stop = threading.Event()
    watcher = threading.Thread(target=_watch, args=(people, sent, arrived, stop))
    watcher.start()
    begun = time.monotonic()

    def note(number: int) -> None:
        time.sleep(max(0.0, begun + number / 20 - time.monotonic()))
        people.note(tickets[number % len(tickets)], f"<p>Word{number}z</p>")
        sent[f"Word{number}z"] = time.time()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(note, range(count)))
    end = time.monotonic() + 60
    while len(arrived) < count and time.monotonic() < end:
        time.sleep(0.1)
    stop.set()
    watcher.join()
    taken = [max(0.0, arrived[word] - sent[word]) for word in sent if word in arrived]
    what = "20 notes/s written on the other side"
    sheet.add(f"{what}, p50", _at(taken, 0.5), "s")
    sheet.add(f"{what}, p95", _at(taken, 0.95), "s", goal=most(1.0))
    sheet.add(f"{what}, p99", _at(taken, 0.99), "s", goal=most(3.0))
    sheet.count(f"{what}, lost", count - len(taken), 0)


def _issues(people: People) -> list[Mapping[str, object]]:
    found = people.gitlab("GET", "issues", params={"scope": "all", "per_page": 100})
    return [issue for issue in found if str(issue["title"]).startswith("Subject")]


def _watch(
    people: People, sent: Mapping[str, float], arrived: dict[str, float], stop: threading.Event
) -> None:
    """Note when the notes of GitLab say that they were made: the sandbox's clock is the machine's."""
    from datetime import datetime

    numbers = [issue["iid"] for issue in _issues(people)]
    while not stop.is_set():
        for number in numbers:
            for note in people.gitlab("GET", f"issues/{number}/notes", params={"per_page": 100}):
                word = next((part for part in str(note["body"]).split() if part.startswith("Word")), None)
                if word:
                    arrived.setdefault(word, datetime.fromisoformat(str(note["created_at"])).timestamp())
        stop.wait(2)


def _mirrored(sheet: Sheet, each: int, *, goal: Goal | None) -> None:
    """Mirror comments over 16 issues with 50 ms latency, beside a bare loop with as many threads.

    Both sides of a ticket are read once, however many comments of it wait: `each` says how many do.
    """
    with sandbox() as rig, tempfile.TemporaryDirectory() as room:
        settings = Path(room) / "settings.toml"
        settings.write_text((files("deskbridge.demo") / "settings.toml").read_text("utf-8"), "utf-8")
        environment = _environment(rig) | {"DESKBRIDGE_SERVE__WORKERS": str(_WORKERS)}
        application, people = build(settings, environment), People(rig.env)
        tickets = [people.mail(_KIM, "Kim", f"Subject {n}", "<p>Help</p>") for n in range(_WORKERS)]
        for ticket in tickets:
            people.sort(ticket, tags=["firmware"])
        _sync(application)
        for ticket in tickets:
            for number in range(each):
                people.note(ticket, f"<p>Word {number}</p>")
        time.sleep(1)
        _latency(rig)
        application.engine.collect()
        ours = _seconds(lambda: look_once(application, lambda result: None))
        numbers = [int(str(issue["iid"])) for issue in _issues(people)]

        def bare(number: int) -> None:
            with requests.Session() as session:
                session.headers["PRIVATE-TOKEN"] = rig.env["GITLAB_TOKEN"]
                base = f"{rig.env['GITLAB_URL']}/api/v4/projects/harbour%2Ffirmware/issues/{number}/notes"
                for count in range(each):
                    session.post(base, json={"body": f"Bare {count}"}, timeout=60).raise_for_status()

        def loop() -> None:
            with ThreadPoolExecutor(_WORKERS) as pool:
                list(pool.map(bare, numbers))

        theirs, total = _seconds(loop), each * _WORKERS
        sheet.add(
            f"comments mirrored at 50 ms over {_WORKERS} issues, {each} waiting in each",
            total / ours,
            "/s",
            beside=total / theirs,
            named=f"bare loop of {_WORKERS} threads",
            goal=goal,
        )


def _sync(application: Application) -> None:
    application.engine.collect()
    look_once(application, lambda result: None)


def _latency(rig: Rig) -> None:
    for system in ("freshdesk", "jira", "gitlab"):
        fault = {"system": system, "kind": "slow", "seconds": _LATENCY, "times": 1_000_000}
        url = f"{rig.env['SANDBOX_CONTROL_URL']}/faults"
        requests.post(url, json=fault, timeout=10).raise_for_status()


def _seconds(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def _idle(sheet: Sheet) -> None:
    """Count what a poll costs in which nothing changed, with few links and with many."""
    from sqlalchemy import event, insert

    from sync.store import schema

    with sandbox() as rig, tempfile.TemporaryDirectory() as room:
        settings = Path(room) / "settings.toml"
        settings.write_text((files("deskbridge.demo") / "settings.toml").read_text("utf-8"), "utf-8")
        application = build(settings, _environment(rig))
        application.engine.collect()
        engine, asked = application.store.database._engine, list[str]()  # noqa: SLF001 - to count
        event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
        known, when, first = 0, application.now() - timedelta(days=9), None
        for links in (100, sheet.size("LINKS")):
            numbers = range(1_000_000 + known, 1_000_000 + links)
            side = {"connection": "desk", "display": "", "url": "", "created": when}
            with application.store.database.writing() as tx:
                tx.execute(insert(schema.bundles), [{"id": n, "created": when} for n in numbers])
                tx.execute(insert(schema.links), [{**side, "key": f"x{n}", "bundle": n} for n in numbers])
            known, before = links, sum(_calls(rig).values())
            asked.clear()
            taken = _seconds(application.engine.collect)
            calls = sum(_calls(rig).values()) - before
            first = calls if first is None else first
            sheet.count(f"calls of a poll in which nothing changed, with {links:,} links", calls, first)
            print(f"  {len(asked)} queries, {taken:.2f} s", flush=True)


def _calls(rig: Rig) -> dict[str, int]:
    calls: dict[str, int] = requests.get(f"{rig.env['SANDBOX_CONTROL_URL']}/calls", timeout=10).json()
    return calls


def _at(taken: Sequence[float], share: float) -> float:
    """Return within how many seconds a share of all was answered; none was if there is no answer."""
    ordered = sorted(taken) or [float("inf")]
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
