"""Before what the program is tested."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from deskbridge.sandbox.run import Sandbox
from tests.app.program import Hub, Warm
from tests.sync.empty import empty_store

_SIDES = {"DESK": "FRESHDESK_URL", "JIRA": "JIRA_URL", "GITLAB": "GITLAB_URL"}


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """Three fake servers for each test process, at the present time, which is the program's too."""
    with Sandbox.running(limits=False) as running:
        yield running


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    """The program, loaded once for each test process."""
    command = [sys.executable, "-m", "tests.app.warm"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Warm(process)
        assert process.stdin
        process.stdin.close()


@pytest.fixture
def hub(sandbox: Sandbox, warm: Warm, tmp_path: Path) -> Hub:
    """A hub that has done nothing yet, before tools in which nothing has happened yet."""
    return hub_before(sandbox, warm, tmp_path)


@pytest.fixture
def hub_apart(warm: Warm, tmp_path: Path) -> Iterator[Hub]:
    """The same before tools of its own, whose clock a test may move on."""
    with Sandbox.running(limits=False) as own:
        yield hub_before(own, warm, tmp_path)


def hub_before(sandbox: Sandbox, warm: Warm, tmp_path: Path) -> Hub:
    """Return a hub that has done nothing yet, in a folder of its own."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    environment = {**kept, "HOME": str(tmp_path), "LC_ALL": "C.UTF-8", **sandbox.environment()}
    for connection, variable in _SIDES.items():
        environment[f"DESKBRIDGE_CONNECTIONS__{connection}__URL"] = environment[variable]
    environment["DESKBRIDGE_SECRET"] = "the-hub's-secret-0123456789"
    made = Hub(tmp_path, sandbox, environment, warm)
    empty_store(tmp_path / "store.sqlite3")
    made.settings.write_text((files("deskbridge.demo") / "settings.toml").read_text("utf-8"), "utf-8")
    made.change(("since = 2026-01-12T00:00:00Z", "since = 2020-01-01T00:00:00Z"))
    made.control("POST", "reset")
    return made
