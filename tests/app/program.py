"""The program as people start it: a process of its own, in a folder of its own, before a sandbox."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from deskbridge.demo.people import People
from deskbridge.sandbox.run import Sandbox

PROGRAM = Path(sys.executable).with_name("deskbridge")
_WRITING = {"system": ".*", "kind": "answer", "method": "POST|PUT|PATCH|DELETE", "status": 500, "times": 99}
_CALLS = ('INSERT INTO "quotas"', 'INSERT INTO "batches"')


@dataclass(frozen=True)
class Ended:
    """A command that ended: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """What it printed for its caller."""
        return self.out.splitlines()


class Warm:
    """The program with everything loaded (`warm.py`): each command is a process forked from it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Ended:
        """Run a command to its end."""
        assert self._process.stdin
        assert self._process.stdout
        command = {"words": words, "folder": str(folder), "environment": environment}
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return Ended(*json.loads(self._process.stdout.readline()))


@dataclass(frozen=True)
class Hub:
    """A folder with settings, before the sandbox."""

    folder: Path
    sandbox: Sandbox
    environment: dict[str, str]
    warm: Warm

    @property
    def people(self) -> People:
        """Everybody who uses the tools."""
        return People(self.environment)

    @property
    def settings(self) -> Path:
        """The settings file."""
        return self.folder / "settings.toml"

    def change(self, *changes: tuple[str, str]) -> None:
        """Replace texts in the settings."""
        text = self.settings.read_text("utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        self.settings.write_text(text, "utf-8")

    def line(self, text: str) -> int:
        """Return the line of the settings in which a text stands first."""
        return 1 + self.settings.read_text("utf-8").partition(text)[0].count("\n")

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command as people do, from nothing."""
        return subprocess.Popen(
            [PROGRAM, *words],
            cwd=self.folder,
            env=self.environment | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A shell that runs the tests in the background has its children ignore Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - one call
        )

    def run(self, *words: str, **environment: str) -> Ended:
        """Run a command to its end. No secret and no traceback is ever printed."""
        ended = self.warm.run(words, self.folder, self.environment | environment)
        return self._discreet(ended, *environment.values())

    def end(self, process: subprocess.Popen[str], timeout: float = 30) -> Ended:
        """Wait for a command's end."""
        out, err = process.communicate(timeout=timeout)
        return self._discreet(Ended(process.returncode, out, err))

    def _discreet(self, ended: Ended, *more: str) -> Ended:
        """Return what ended without a secret or a traceback in what it printed."""
        printed = ended.out + ended.err
        secrets = [v for name, v in self.environment.items() if name.endswith(("_KEY", "_TOKEN", "SECRET"))]
        assert not [
            secret for secret in (*secrets, *more) if secret.startswith("wrong") and secret in printed
        ]
        assert not [secret for secret in secrets if secret in printed]
        assert "Traceback" not in ended.err
        return ended

    def control(self, verb: str, route: str, **body: Any) -> Any:
        """Use the sandbox's own API."""
        answer = requests.request(verb, f"{self.sandbox.control_url}/{route}", json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def refuse_writes(self) -> None:
        """Let every call that writes fail from now on. Jira's search is a POST that reads."""
        self.control("POST", "faults", **_WRITING, path="(?!.*/search/jql).*")

    def writes_refused(self) -> int:
        """How many calls that write were made since."""
        return sum(99 - fault["times"] for fault in self.control("GET", "faults"))

    def calls(self) -> dict[str, int]:
        """How many calls each system has answered."""
        calls: dict[str, int] = self.control("GET", "calls")
        return calls

    def customers_mailed(self) -> int:
        """How many mails customers have got from the tools."""
        return sum(mail["customer"] for mail in self.control("GET", "outbox"))

    def remembered(self) -> list[str]:
        """Everything in the store but how many calls were made: reading makes some."""
        with closing(sqlite3.connect(self.folder / "store.sqlite3")) as store:
            return [row for row in store.iterdump() if not row.startswith(_CALLS)]


def wait_until(true: Callable[[], bool]) -> None:
    """Wait for something that happens in another process."""
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
