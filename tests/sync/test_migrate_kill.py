"""A run that is killed again and again ends as one that was left alone, between real servers."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest
import requests
from sqlalchemy import select

from deskbridge.bootstrap import Application, build
from deskbridge.demo.people import People
from deskbridge.migration.opening import Changed, opened
from deskbridge.migration.succeeding import beats, succeed
from deskbridge.sandbox.run import Sandbox
from sync.store.inbox import LEASE, Claim, LostClaim, Waiting, verify
from sync.store.runs import State
from sync.store.schema import claims
from tests.app.moved_in import MIGRATION, comments, issues, number_of, picture
from tests.sync.three_tools import START, environment_of, settings_in

COUNT = 40
PAST = {"count": COUNT, "seed": 5, "days": 400, "comments": 2, "archived": 0.1}


class Rig:
    """A sandbox with a past, and a hub that runs in processes that can be killed."""

    def __init__(self, sandbox: Sandbox, workers: subprocess.Popen[str], folder: Path) -> None:
        self.sandbox, self._workers = sandbox, workers
        self.environment = environment_of(sandbox)
        self.settings = settings_in(folder)
        self.settings.write_text(self.settings.read_text("utf-8") + MIGRATION, "utf-8")
        self.people = People(self.environment)
        self.control("POST", "act/freshdesk/generate", **PAST)

    def control(self, verb: str, route: str, **body: Any) -> Any:
        """Use the sandbox's own API."""
        answer = requests.request(verb, f"{self.sandbox.control_url}/{route}", json=body, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def run(self, *, killed_after: float | None = None, later: bool = True) -> bool:
        """Migrate, and return whether that ended by itself rather than by a SIGKILL; it is `later` then."""
        assert self._workers.stdin
        assert self._workers.stdout
        job = {"settings": str(self.settings), "environment": self.environment, "run": True}
        self._workers.stdin.write(json.dumps(job | {"killed_after": killed_after}) + "\n")
        self._workers.stdin.flush()
        ended = int(self._workers.stdout.readline())
        assert ended in (0, -signal.SIGKILL), "the run failed by itself"
        if not later:
            return ended == 0
        self._at_rest()
        # Nobody waits for a dead worker's claim, nor for a request that nobody heard the answer of.
        self.sandbox.world.clock.advance(LEASE.total_seconds() + 1)
        return ended == 0

    def _at_rest(self) -> None:
        """Wait until the servers have carried out what a killed process had sent."""
        before = None
        while (now := self.control("GET", "calls")) != before:
            before = now
            time.sleep(0.4)

    def application(self) -> Application:
        """Return a hub in this process."""
        return build(self.settings, self.environment, now=self.sandbox.world.clock.now)

    def counts(self) -> Mapping[State, int]:
        """Return what became of the tickets."""
        store = self.application().store
        try:
            return store.runs.counts("desk")
        finally:
            store.database.close()


@pytest.fixture(scope="module")
def workers() -> Iterator[subprocess.Popen[str]]:
    """A process with the hub's code in it, out of which hubs are forked."""
    command = [sys.executable, "-m", "tests.sync.hub_process"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin
        process.stdin.close()


@pytest.fixture(scope="module")
def undisturbed(workers: subprocess.Popen[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What stands in Jira after a run that nobody disturbed."""
    with Sandbox.running(start=START, limits=False) as sandbox:
        rig = Rig(sandbox, workers, tmp_path_factory.mktemp("undisturbed"))
        assert rig.run()
        assert rig.counts()[State.WAITING] == 0
        assert not rig.control("GET", "outbox"), "somebody was mailed"
        return picture(rig.people)


def _alike(found: dict[str, str], wanted: dict[str, str]) -> None:
    """Compare ticket by ticket: a difference is read more easily than two worlds."""
    assert found.keys() == wanted.keys()
    for number, said in wanted.items():
        assert found[number] == said, number


@pytest.mark.parametrize("seed", [1])
def test_a_run_that_is_killed_ends_as_one_that_was_not(
    seed: int, workers: subprocess.Popen[str], undisturbed: dict[str, str], tmp_path: Path
) -> None:
    """Otherwise a reboot in the middle of a weekend leaves issues twice, or half their conversations."""
    chance = Random(seed)
    with Sandbox.running(start=START, limits=False) as sandbox:
        rig = Rig(sandbox, workers, tmp_path)
        for _ in range(5):
            if rig.run(killed_after=chance.uniform(0.2, 2.5)):
                break
        assert rig.run()
        assert rig.counts()[State.WAITING] == 0
        assert sum(rig.counts().values()) == COUNT
        _alike(picture(rig.people), undisturbed)
        assert not rig.control("GET", "outbox"), "somebody was mailed"


def _held(application: Application) -> list[Claim]:
    """Return the claims that nobody gave back."""
    at = application.now()
    with application.store.database.reading() as tx:
        rows = tx.execute(select(claims.c.subject, claims.c.token).where(claims.c.until > at))
        return [Claim(*row) for row in rows]


def test_a_restart_goes_on_with_what_a_killed_run_was_at(
    workers: subprocess.Popen[str], tmp_path: Path
) -> None:
    """Otherwise what eight workers and a batch of fifty were at waits for five minutes after each reboot."""
    with Sandbox.running(start=START, limits=False) as sandbox:
        rig = Rig(sandbox, workers, tmp_path)
        slow = {"system": "jira", "kind": "slow", "method": "POST", "path": ".*/comment$", "times": 99}
        rig.control("POST", "faults", **slow, seconds=8)
        assert not rig.run(killed_after=4.0, later=False)
        second, third = rig.application(), rig.application()
        held = _held(second)
        assert held
        begun = time.monotonic()
        run, _ = opened(second, "desk", "a person", {}, Changed.ASK, lambda: "stop")
        worker = succeed(second, run.id, 4)
        assert time.monotonic() - begun < 5
        assert _held(second) == []
        row = Waiting(held[0].subject, second.now(), "a run", 0, None)
        taken = second.store.inbox.claim(row, second.now())
        assert taken is not None
        for late in held:
            with pytest.raises(LostClaim), second.store.database.writing() as tx:
                verify(tx, late)
        assert beats(second, run.id, worker)
        last = succeed(third, run.id, 4)
        assert not beats(second, run.id, worker), "two processes would work for one run"
        third.store.workers.leave(last.id)
        assert beats(third, run.id, last), "it lives, whatever others took it for"
        for application in (second, third):
            application.store.database.close()


def test_answers_that_are_lost_make_nothing_twice(
    workers: subprocess.Popen[str], undisturbed: dict[str, str], tmp_path: Path
) -> None:
    """A network that breaks off leaves fifty issues of one call about which nobody knows."""
    with Sandbox.running(start=START, limits=False) as sandbox:
        rig = Rig(sandbox, workers, tmp_path)
        lost = {"system": "jira", "kind": "lost", "method": "POST", "path": ".*/issue(/bulk|/.*/comment)?$"}
        rig.control("POST", "faults", **lost, times=4, chance=0.5)
        rig.run(killed_after=4.0)
        rig.control("DELETE", "faults")
        assert rig.run()
        assert rig.counts()[State.WAITING] == 0
        _alike(picture(rig.people), undisturbed)


def test_a_source_that_changes_while_it_is_walked(workers: subprocess.Popen[str], tmp_path: Path) -> None:
    """What people wrote during the run would stay behind, and nobody would know."""
    with Sandbox.running(start=START, limits=False) as sandbox:
        rig = Rig(sandbox, workers, tmp_path)
        rig.run(killed_after=1.5)
        new = rig.people.mail("kim@lantern.example", "Kim", "Came meanwhile", "<p>Help</p>")
        rows = rig.people.agent("GET", "tickets?per_page=10")
        told = [int(row["id"]) for row in rows if row["id"] != new][:4]
        for number in told:
            rig.people.note(number, f"<p>Said meanwhile on {number}</p>")
        assert rig.run()
        found = {number_of(issue): issue["key"] for issue in issues(rig.people)}
        assert str(new) in found
        for number in told:
            texts = [text["body"] for text in comments(rig.people, found[str(number)])]
            assert sum(f"Said meanwhile on {number}" in text for text in texts) == 1
