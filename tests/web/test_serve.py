"""The program `serve` as people start it, before a sandbox: killed, restarted, badly informed."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests

from deskbridge.demo.people import People
from deskbridge.sandbox.run import Sandbox
from tests.app.program import PROGRAM
from tests.web.conftest import settings_in

KIM = "kim@lantern.example"


class Hub:
    """A folder with settings and the processes that serve it."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        settings = settings_in(folder)
        settings.write_text(settings.read_text("utf-8").replace("2026-01-12T00", "2020-01-12T00"), "utf-8")
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
        self.folder, self.environment = folder, {**kept, "HOME": str(folder), **sandbox.environment()}
        for name, system in {"DESK": "FRESHDESK", "JIRA": "JIRA", "GITLAB": "GITLAB"}.items():
            self.environment[f"DESKBRIDGE_CONNECTIONS__{name}__URL"] = self.environment[f"{system}_URL"]
        self.environment |= {"DESKBRIDGE_SECRET": "a secret for one test", "DESKBRIDGE_SERVE__POLL": "2s"}
        self.processes: list[subprocess.Popen[str]] = []
        self.port = 0

    def serve(self) -> str:
        """Start the service, on the port that it had before, and return its address."""
        process = subprocess.Popen(
            [PROGRAM, "serve", "--port", str(self.port)],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        assert process.stdout
        url = process.stdout.readline().split(" at ")[1].removesuffix("/hooks/CONNECTION\n")
        self.port = self.port or int(url.rpartition(":")[2])
        return url

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [PROGRAM, *words],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def kill(self) -> None:
        """Kill the newest process as a power cut does."""
        self.processes[-1].kill()
        self.processes[-1].wait()

    def end(self) -> int:
        """End the newest process as a service manager does, and return its exit code."""
        self.processes[-1].send_signal(signal.SIGTERM)
        return self.processes[-1].wait(30)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Three fake servers at the present time."""
    with Sandbox.running(limits=False) as running:
        yield running


@pytest.fixture
def hub(sandbox: Sandbox, tmp_path: Path) -> Iterator[Hub]:
    """A hub that has not been started."""
    made = Hub(tmp_path, sandbox)
    yield made
    for process in made.processes:
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()


@pytest.mark.timeout(180)  # five programs start, one after the other
def test_from_the_webhook_to_the_other_side_through_kills(sandbox: Sandbox, hub: Hub) -> None:
    """Otherwise a change is lost, doubled or late when webhooks go astray and the hub dies in the middle."""
    people = People(hub.environment)
    url = hub.serve()
    hub.environment["DESKBRIDGE_SERVE__ADDRESS"] = url
    installed = hub.run("webhooks", "install", "--apply", "--json")
    assert installed.returncode == 0, installed.stderr
    assert "a secret" not in installed.stdout + installed.stderr
    requests.post(
        f"{sandbox.control_url}/hooks",
        json={"system": "freshdesk", "duplicate": 0.4, "reorder": 0.3, "lose": 0.3},
        timeout=10,
    ).raise_for_status()
    tickets = []
    for number in range(2):
        tickets.append(people.mail(KIM, "Kim", f"Subject {number}", f"<p>Help {number}</p>"))
        people.sort(tickets[-1], tags=["firmware"])
        time.sleep(0.3)
        hub.kill()
        _some_minutes_later(hub)
        people.note(tickets[-1], f"<p>While it was down {number}</p>")
        hub.serve()
    wanted = sorted((f"Subject {n}", [f"While it was down {n}"]) for n in range(2))
    _until(lambda: sorted(_in_gitlab(people)) == wanted)
    assert hub.end() == 0
    left = hub.run("plan", "--all")
    assert left.returncode == 0, left.stderr
    assert [line for line in left.stdout.splitlines() if line.startswith("  +")] == []
    assert [mail for mail in people.outbox() if "Deskbridge" in str(mail)] == []


@pytest.mark.timeout(180)
def test_two_serve_and_one_syncs_on_one_store(hub: Hub) -> None:
    """Otherwise a second instance, or a person's `sync`, doubles what the first one writes."""
    people = People(hub.environment)
    hub.serve()
    hub.port = 0
    hub.serve()
    for number in range(4):
        people.sort(people.mail(KIM, "Kim", f"Subject {number}", "<p>Help</p>"), tags=["firmware"])
    assert hub.run("sync", "--once").returncode == 0
    _until(lambda: sorted(s for s, _ in _in_gitlab(people)) == [f"Subject {n}" for n in range(4)])
    time.sleep(1)
    assert len(_in_gitlab(people)) == 4
    assert hub.end() == 0


def test_a_shadow_writes_nothing(hub: Hub) -> None:
    """Otherwise trying the hub beside another tool changes what customers and developers see."""
    people = People(hub.environment)
    people.sort(people.mail(KIM, "Kim", "Only looked at", "<p>Help</p>"), tags=["firmware"])
    ended = hub.run("sync", "--once", "--shadow")
    assert ended.returncode == 0, ended.stderr
    assert "create a ticket in harbour/firmware" in ended.stdout
    assert _in_gitlab(people) == []
    assert "create a ticket in harbour/firmware" in hub.run("sync", "--once", "--shadow").stdout


def _in_gitlab(people: People) -> list[tuple[str, list[str]]]:
    """Return subject and people's notes of every issue that the hub made."""
    found = []
    for issue in people.gitlab("GET", "issues", params={"scope": "all", "per_page": 100}):
        if str(issue["title"]).startswith(("Subject", "Only")):
            notes = people.gitlab("GET", f"issues/{issue['iid']}/notes")
            texts = [str(n["body"]) for n in notes if not n["system"]]
            said = [line for text in texts for line in text.splitlines() if line.startswith("While")]
            found.append((str(issue["title"]), said))
    return found


def _some_minutes_later(hub: Hub) -> None:
    """Have what dead processes held run out, as it does in some minutes: nobody waits for that here."""
    with closing(sqlite3.connect(hub.folder / "store.sqlite3", timeout=20)) as store:
        store.execute("UPDATE claims SET until = 0")
        store.execute("UPDATE inbox SET due_at = 0 WHERE parked IS NULL")
        store.execute("UPDATE intents SET sent = sent - 600000000 WHERE done IS NULL")
        store.commit()


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.2)
