"""`deskbridge work` as people start it: two workers on one PostgreSQL, one killed, and an upgrade."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import URL, create_engine, text

from deskbridge.demo.people import People
from deskbridge.sandbox.run import Sandbox
from tests.app.program import PROGRAM
from tests.sync.postgres import Postgres
from tests.web.conftest import settings_in

KIM = "kim@lantern.example"
TAKEOVER = 20


class Machines:
    """Workers on one store, each a process of its own."""

    def __init__(self, folder: Path, sandbox: Sandbox, store: URL | None) -> None:
        settings = settings_in(folder)
        settings.write_text(settings.read_text("utf-8").replace("2026-01-12T00", "2020-01-12T00"), "utf-8")
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
        self.folder, self.environment = folder, {**kept, "HOME": str(folder), **sandbox.environment()}
        for name, system in {"DESK": "FRESHDESK", "JIRA": "JIRA", "GITLAB": "GITLAB"}.items():
            self.environment[f"DESKBRIDGE_CONNECTIONS__{name}__URL"] = self.environment[f"{system}_URL"]
        self.environment |= {"DESKBRIDGE_SECRET": "a secret for one test", "DESKBRIDGE_SERVE__POLL": "1s"}
        self.people, self.processes = People(self.environment), list[subprocess.Popen[str]]()
        if store is not None:
            self.environment["DESKBRIDGE_HUB__STORE"] = store.render_as_string(hide_password=False)
            self.server = create_engine(store)

    def work(self, *more: str) -> subprocess.Popen[str]:
        """Start a worker, with more options."""
        process = subprocess.Popen(
            [PROGRAM, "work", "--threads", "2", *more],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.processes.append(process)
        return process

    def asked(self, query: str) -> list[tuple[Any, ...]]:
        """Return what stands in the store."""
        with self.server.connect() as tx:
            return [tuple(row) for row in tx.execute(text(query))]

    def change(self, statement: str) -> None:
        """Change what stands in the store."""
        with self.server.begin() as tx:
            tx.execute(text(statement))

    def holding(self) -> list[tuple[int, str, int]]:
        """Return (process id, subject, token) of what workers hold now."""
        query = "SELECT w.pid, c.subject, c.token FROM claims c JOIN workers w ON w.id = c.holder"
        return self.asked(f"{query} WHERE c.until > 0")

    def tokens(self) -> dict[str, int]:
        """Return how often each subject was claimed or freed."""
        return {str(row[0]): int(row[1]) for row in self.asked("SELECT subject, token FROM claims")}

    def notes(self) -> dict[str, list[str]]:
        """Return subject -> the lines that people wrote of every issue that was made."""
        found: dict[str, list[str]] = {}
        for issue in self.people.gitlab("GET", "issues", params={"scope": "all", "per_page": 100}):
            notes = self.people.gitlab("GET", f"issues/{issue['iid']}/notes", params={"sort": "asc"})
            lines = [line for n in notes if not n["system"] for line in str(n["body"]).splitlines()]
            assert str(issue["title"]) not in found, "made twice"
            found[str(issue["title"])] = [line for line in lines if line.startswith("Said")]
        return {subject: said for subject, said in found.items() if subject.startswith("Pump")}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Three fake servers at the present time."""
    with Sandbox.running(limits=False) as running:
        yield running


@pytest.fixture
def machines(sandbox: Sandbox, postgres: Postgres, tmp_path: Path) -> Iterator[Machines]:
    """An empty store on a server, and nobody who works."""
    made = Machines(tmp_path, sandbox, postgres.store())
    yield made
    for process in made.processes:
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()
    made.server.dispose()


@pytest.mark.timeout(240)  # four programs start; a dead one is waited for
def test_a_killed_worker_is_taken_over_and_an_upgraded_store_left_alone(
    sandbox: Sandbox, machines: Machines
) -> None:
    """Otherwise a machine that dies keeps its tickets for minutes, and texts come twice or out of order.

    Without the end of it, an older program writes into tables of a newer one.
    """
    first, second = machines.work(), machines.work()
    people = machines.people
    tickets = [people.mail(KIM, "Kim", f"Pump {n}", "<p>Help</p>") for n in range(4)]
    for ticket in tickets:
        people.sort(ticket, tags=["firmware"])
    _until(lambda: set(machines.notes()) == {f"Pump {n}" for n in range(4)}, 60)
    both = {first.pid, second.pid}  # one of them may have done it all before the other one was up
    _until(lambda: {pid for (pid,) in machines.asked("SELECT pid FROM workers")} == both, 30)

    _latency(sandbox, 0.4)  # so that one of them is found at work
    for number in range(3):
        for ticket in tickets:
            people.note(ticket, f"<p>Said {number}</p>")
    held = _until(machines.holding, 20)
    victim = next(process for process in (first, second) if process.pid == held[0][0])
    mine = [(subject, token) for pid, subject, token in machines.holding() if pid == victim.pid]
    victim.kill()
    killed = time.monotonic()
    _latency(sandbox, 0)
    # A write whose answer nobody heard is looked for when it cannot arrive any more: nobody waits for that.
    machines.change("UPDATE intents SET sent = sent - 600000000 WHERE done IS NULL")
    _until(lambda: all(machines.tokens()[subject] > token + 1 for subject, token in mine), TAKEOVER)
    assert time.monotonic() - killed < TAKEOVER
    said = {f"Pump {n}": ["Said 0", "Said 1", "Said 2"] for n in range(4)}
    _until(lambda: machines.notes() == said, 60)

    survivor = second if victim is first else first
    machines.change("UPDATE alembic_version SET version_num = '9999'")
    assert survivor.wait(20) == 2
    assert survivor.stdout
    assert "a newer program brought the store up to date" in survivor.stdout.read()
    assert machines.asked("SELECT id FROM workers") == []
    late = machines.work()
    assert late.wait(20) == 2
    assert late.stdout
    assert "a newer program made this store" in late.stdout.read()


def test_a_file_is_not_shared_between_machines(sandbox: Sandbox, tmp_path: Path) -> None:
    """Otherwise somebody puts the file on a network disk, starts workers, and it breaks."""
    machines = Machines(tmp_path, sandbox, None)
    process = machines.work()
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "is a file, which belongs to one machine" in said


def test_a_worker_that_is_told_to_end_leaves_nothing_behind(machines: Machines) -> None:
    """Otherwise each restart of a machine is taken for its death, and waited for.

    Without the middle of it, no monitor knows what a worker counts, or anybody's request is work for it.
    """
    worker = machines.work("--port", "0")
    _until(lambda: machines.asked("SELECT id FROM workers"), 30)
    _is_told_how_it_is_and_nothing_else(machines, worker)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0
    assert machines.asked("SELECT id FROM workers") == []


def _is_told_how_it_is_and_nothing_else(machines: Machines, worker: subprocess.Popen[str]) -> None:
    """Have a monitor ask a worker that was started with a port, when it has looked at something."""
    assert worker.stdout
    url = next(found[1] for line in worker.stdout if (found := re.search(r"(http\S+)/metrics", line)))
    machines.people.mail(KIM, "Kim", "Hello", "<p>Hello</p>")
    counted = 'deskbridge_looks_total{outcome="done"}'
    _until(lambda: counted in requests.get(f"{url}/metrics", timeout=10).text, 30)
    passed_on = {"X-Forwarded-For": "203.0.113.7"}
    assert requests.get(f"{url}/metrics", headers=passed_on, timeout=10).status_code == 401
    assert requests.get(f"{url}/healthz", timeout=10).text == "alive\n"
    well = requests.get(f"{url}/readyz", timeout=10).json()
    assert well == {"ready": True, "connections": dict.fromkeys(("desk", "jira", "gitlab"), "ok")}
    assert requests.post(f"{url}/hooks/desk", json={"ticket_id": 1}, timeout=10).status_code == 404
    assert [requests.get(url + path, timeout=10).status_code for path in ("/", "/api/v1/me")] == [404, 404]


def _latency(sandbox: Sandbox, seconds: float) -> None:
    requests.post(f"{sandbox.control_url}/latency", json={"seconds": seconds}, timeout=10).raise_for_status()


def _until(true: Callable[[], Any], seconds: float) -> Any:
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.2)
    return found
