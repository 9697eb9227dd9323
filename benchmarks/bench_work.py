"""Several workers on one PostgreSQL: how much faster than one, and webhooks while they work.

The server is a real one that waits for the disk at each commit. The workers, the database, the three
systems and the people share the machine's cores: its load stands beside each figure.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import requests
from sqlalchemy import URL

from benchmarks.bench_webhooks import _at, _environment, _post
from benchmarks.figures import NotHereError, Sheet, most, ratio_least
from benchmarks.rig import Rig, sandbox
from deskbridge.bootstrap import Application, build
from deskbridge.demo.people import People
from deskbridge.hooks import hook_of
from deskbridge.service import look_once
from deskbridge.web.app import _PATIENCE
from sync.jobs.beats import EVERY, STILL
from sync.jobs.rounds import poll_name
from tests.sync.postgres import Postgres, Unavailable, running

SIZES = {
    "SHARED": (160, 16),
    "BEGUN": (16, 16),
    "LATENCY_MS": (50, 50),
    "RATE": (250, 20),
    "STORM_SECONDS": (60, 2),
}
_KIM = "kim@lantern.example"
_THREADS = 4
_LONG = timedelta(hours=9)
_HEARD = 2.5
"""Seconds after which each worker has heard of the others."""
_FIRST = 9_000_000
"""The number of the first ticket that webhooks name; there are none of these numbers."""
_SLOW = 1.0
"""Seconds that each answer takes while a worker is killed, so that it dies in the midst of its tickets."""


def main(sheet: Sheet) -> None:
    """Take down each figure. Raises NotHereError without a PostgreSQL."""
    try:
        with running(durable=True) as server:
            _scaled(sheet, server)
            _taken_over(sheet, server)
            _stormed(sheet, server)
    except Unavailable as error:
        raise NotHereError(str(error)) from error


def _scaled(sheet: Sheet, server: Postgres) -> None:
    """Copy a comment on each of many tickets, by one worker and by four; nothing else is to do."""
    count, latency = sheet.size("SHARED"), sheet.size("LATENCY_MS") / 1000
    with sandbox() as rig, _hub(rig, server.store()) as (application, environment):
        people, tickets = _linked(rig, application, count)
        seconds, spent = dict[int, float](), dict[int, float]()
        for workers in (1, 4):
            with _workers(environment, workers) as processes:
                _until(lambda wanted=workers: len(application.store.workers.all()) == wanted)  # type: ignore[misc]
                time.sleep(_HEARD)
                for pause in (0, latency):  # the first time each of them loads what it needs
                    for number, ticket in enumerate(tickets):  # one text on all would be kept once, in turns
                        people.note(ticket, f"<p>Word {workers} {pause} {number}</p>")
                    _latency(rig, pause)
                    begun, before = time.perf_counter(), _processor(processes)
                    subjects = list(application.store.bundles.subjects())
                    application.store.inbox.put_many(subjects, application.now(), "webhook")
                    _until(lambda: _done(application))
                    seconds[workers] = time.perf_counter() - begun
                    spent[workers] = _processor(processes) - before
                _latency(rig, 0)
        turns = [f"Word {workers} {pause}" for workers in (1, 4) for pause in (0, latency)]
        wanted = {f"Subject {n}": [f"{turn} {n}" for turn in turns] for n in range(count)}
        found = _said(people)
        wrong = sum(found.get(subject) != words for subject, words in wanted.items())
        sheet.add(
            f"tickets by four workers of {_THREADS} threads, at {latency * 1000:.0f} ms",
            count / seconds[4],
            "/s",
            beside=count / seconds[1],
            named="one worker",
            goal=ratio_least(3.2),
        )
        what = "processor time of four workers for a ticket"
        sheet.add(what, spent[4] / count, "s", beside=spent[1] / count, named="one worker")
        sheet.count("texts lost, doubled or out of order", wrong, 0)


def _taken_over(sheet: Sheet, server: Postgres) -> None:
    """Kill one of two workers while both are at tickets; time until the other has done them all."""
    with sandbox() as rig, _hub(rig, server.store()) as (application, environment):
        people, tickets = _linked(rig, application, sheet.size("BEGUN"))
        for ticket in tickets:
            people.note(ticket, "<p>Word 0</p>")
        with _program(environment, "work", "--threads", str(_THREADS)) as dying, _workers(environment, 1):
            _until(lambda: len(application.store.workers.all()) == 2)
            _latency(rig, _SLOW)
            application.store.inbox.put_many(
                list(application.store.bundles.subjects()), application.now(), "webhook"
            )
            _until(lambda: _holders(application) == 2)
            dying.kill()
            begun = time.perf_counter()
            _latency(rig, 0)
            _until(lambda: _done(application))
            seconds = time.perf_counter() - begun
        wrong = sum(said != ["Word 0"] for said in _said(people).values())
    sheet.add(
        "what a killed worker had begun is done by another",
        seconds,
        "s",
        beside=EVERY.total_seconds() * STILL,
        named="its signs of life are missed for",
        goal=most(20),
    )
    sheet.count("its texts lost or doubled", wrong, 0)


def _linked(rig: Rig, application: Application, count: int) -> tuple[People, list[int]]:
    """Have tickets be linked with issues, and nobody poll from now on; return who writes them, and them."""
    people = People(rig.env)
    tickets = [people.mail(_KIM, "Kim", f"Subject {n}", "<p>Help</p>") for n in range(count)]
    for ticket in tickets:
        people.sort(ticket, tags=["firmware"])
    application.engine.collect()
    look_once(application, lambda result: None)
    for name in application.connectors:
        application.store.chores.begin(poll_name(name), application.now(), application.now() + _LONG)
    return people, tickets


def _stormed(sheet: Sheet, server: Postgres) -> None:
    """Send webhooks steadily to `serve`, beside which another worker works."""
    rate, length = sheet.size("RATE"), sheet.size("STORM_SECONDS")
    with sandbox() as rig, _hub(rig, server.store()) as (application, environment):
        with _workers(environment, 1), _serving(environment) as url:
            secret = hook_of(application.settings, "desk").secret
            at = [n / rate for n in range(rate * length)]
            taken, late = asyncio.run(_steady(url, secret, at))
            answered = {f"ref:desk:{_FIRST + n}" for n, one in enumerate(taken) if one is not None}
            with suppress(RuntimeError):
                _until(lambda: answered <= _noted(application), 30)
            lost = len(answered - _noted(application))
        times = [one for one in taken if one is not None]
        early = sum(one >= _PATIENCE for one in times)
        what = f"{rate} webhooks/s for {length} s on PostgreSQL"
        sheet.add(f"{what}, committed before the answer, p99", _at(times, 0.99), "s", goal=most(_PATIENCE))
        sheet.add(f"{what}, p50", _at(times, 0.5), "s")
        sheet.add(f"{what}, answered before the commit at most", early, "answers")
        # Who sends less often than was said, or is not answered at all, would make the rest look well.
        sheet.add(f"{what}, sent too late by, p99", _at(late, 0.99), "s", goal=most(_PATIENCE))
        sheet.count(f"{what}, sent away unanswered", len(taken) - len(times), 0)
        sheet.count(f"{what}, lost", lost, 0)


async def _steady(url: str, secret: str, at: Sequence[float]) -> tuple[list[float | None], list[float]]:
    """Send webhooks at these moments; return how long each answer took, and how late each was sent.

    None for who was sent away.
    """
    begun, late = time.monotonic(), list[float]()

    async def send(number: int, moment: float) -> float | None:
        await asyncio.sleep(max(0.0, moment - (time.monotonic() - begun)))
        late.append(time.monotonic() - begun - moment)
        with suppress(OSError, IndexError):
            return await _post(url, secret, json.dumps({"ticket_id": _FIRST + number}).encode())
        return None

    return list(await asyncio.gather(*(send(n, moment) for n, moment in enumerate(at)))), late


def _noted(application: Application) -> set[str]:
    """Return the tickets that stand in the inbox, or stood there: claims are kept."""
    with application.store.database.reading() as tx:
        said = "SELECT subject FROM {0} WHERE subject LIKE 'ref:desk:9%%'"
        rows = [tx.exec_driver_sql(said.format(table)).scalars().all() for table in ("inbox", "claims")]
    return {subject for found in rows for subject in found}


@contextmanager
def _hub(rig: Rig, store: URL) -> Iterator[tuple[Application, dict[str, str]]]:
    with tempfile.TemporaryDirectory() as room:
        settings = Path(room) / "settings.toml"
        settings.write_text((files("deskbridge.demo") / "settings.toml").read_text("utf-8"), "utf-8")
        environment = _environment(rig) | {
            "DESKBRIDGE_HUB__STORE": store.render_as_string(hide_password=False),
            "DESKBRIDGE_SETTINGS": str(settings),
            "DESKBRIDGE_FUSES__SHARE": "1",
        }
        application = build(settings, environment)
        application.engine.identify()
        yield application, environment
        application.store.database.close()


@contextmanager
def _workers(environment: dict[str, str], count: int) -> Iterator[list[int]]:
    """Have workers work, and give their process ids."""
    with ExitStack() as stack:
        command = ("work", "--threads", str(_THREADS))
        yield [stack.enter_context(_program(environment, *command)).pid for _ in range(count)]


def _processor(processes: Sequence[int]) -> float:
    """Return how many seconds of processor time processes have used so far."""
    told = [
        Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[11:13] for pid in processes
    ]
    return sum(int(ticks) for pair in told for ticks in pair) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _serving(environment: dict[str, str]) -> Iterator[str]:
    with _program(environment, "serve", "--port", "0") as process:
        if process.stdout is None:
            raise RuntimeError("the hub says nothing")
        yield process.stdout.readline().split(" at ")[1].removesuffix("/hooks/CONNECTION\n")


@contextmanager
def _program(environment: dict[str, str], *words: str) -> Iterator[subprocess.Popen[str]]:
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    command = [sys.executable, "-c", "from deskbridge.cli import main; main()", *words]
    with subprocess.Popen(  # noqa: S603 - our own program
        command, env={**kept, **environment}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def _done(application: Application) -> bool:
    return application.store.inbox.ready(application.now(), 1) == [] and _free(application)


def _holders(application: Application) -> int:
    with application.store.database.reading() as tx:
        said = "SELECT count(DISTINCT holder) FROM claims WHERE until > 0"
        return int(tx.exec_driver_sql(said).scalar() or 0)


def _free(application: Application) -> bool:
    with application.store.database.reading() as tx:
        held = tx.exec_driver_sql("SELECT count(*) FROM claims WHERE until > 0").scalar()
    return not held


def _said(people: People) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    page: Sequence[dict[str, object]] = [{}]
    number = 0
    while page:
        number += 1
        page = people.gitlab("GET", "issues", params={"scope": "all", "per_page": 100, "page": number})
        for issue in page:
            notes = people.gitlab("GET", f"issues/{issue['iid']}/notes", params={"sort": "asc"})
            lines = [line for n in notes if not n["system"] for line in str(n["body"]).splitlines()]
            if str(issue["title"]).startswith("Subject"):
                found[str(issue["title"])] = [line for line in lines if line.startswith("Word")]
    return found


def _latency(rig: Rig, seconds: float) -> None:
    url = f"{rig.env['SANDBOX_CONTROL_URL']}/latency"
    requests.post(url, json={"seconds": seconds}, timeout=10).raise_for_status()


def _until(true: Callable[[], bool], seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise RuntimeError("the workers did not come to their end")
        time.sleep(0.02)
