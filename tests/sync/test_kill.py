"""A hub that is killed again and again, between real servers: nothing twice, nothing lost."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random

import pytest

from deskbridge.bootstrap import Application, build
from deskbridge.demo.morning import Story
from deskbridge.demo.people import People
from deskbridge.sandbox.run import Sandbox
from sync.store.inbox import LEASE
from tests.sync.three_tools import START, answers, environment_of, opens, settings_in, whole

Workers = subprocess.Popen[str]


class Hub:
    """A hub that runs in processes that can be killed."""

    def __init__(self, workers: Workers, settings: Path, environment: Mapping[str, str]) -> None:
        self._workers, self._settings, self._environment = workers, settings, dict(environment)

    def work(self, *, killed_after: float | None = None) -> bool:
        """Sync once, and return whether that ended by itself rather than by a SIGKILL."""
        assert self._workers.stdin
        assert self._workers.stdout
        job = {"settings": str(self._settings), "environment": self._environment}
        self._workers.stdin.write(json.dumps(job | {"killed_after": killed_after}) + "\n")
        self._workers.stdin.flush()
        ended = int(self._workers.stdout.readline())
        assert ended in (0, -signal.SIGKILL), "the hub failed by itself"
        return ended == 0

    def application(self, sandbox: Sandbox) -> Application:
        """Return the same hub in this process, to ask it things."""
        return build(self._settings, self._environment, now=sandbox.world.clock.now)


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """A process with the hub's code in it, out of which hubs are forked."""
    command = [sys.executable, "-m", "tests.sync.hub_process"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin
        process.stdin.close()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_hub_that_is_killed_loses_nothing_and_doubles_nothing(
    seed: int, workers: Workers, tmp_path: Path
) -> None:
    """Otherwise a crash, a deploy or a power cut leaves two issues, half a conversation, or a leak."""
    chance = Random(seed)
    with Sandbox.running(start=START, seed=seed, limits=False) as sandbox:
        hub = Hub(workers, settings_in(tmp_path), environment := environment_of(sandbox))
        people, story = People(environment), Story()
        opens(people, story)
        _killed(hub, sandbox, chance)
        answers(people, story)
        _killed(hub, sandbox, chance)
        application = hub.application(sandbox)
        whole(people, story, application)
        application.store.database.close()


def _killed(hub: Hub, sandbox: Sandbox, chance: Random) -> None:
    """Have the hub work, killed three times on the way, until nothing is left to do."""
    for _ in range(3):
        hub.work(killed_after=chance.uniform(0.05, 0.5))
        sandbox.world.clock.advance(LEASE.total_seconds() + 1)  # nobody waits for a dead worker's claim
    for _ in range(2):
        assert hub.work()
        sandbox.world.clock.advance(LEASE.total_seconds() + 1)
