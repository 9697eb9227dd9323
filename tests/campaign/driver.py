"""Gives the hub its jobs, and lets people act while it is held."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from tests.campaign.hub import Job, line_of

ROOT = Path(__file__).parents[2]


class Hub:
    """The process out of which hubs are forked."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._up = False
        """Whether a hub is there that has done a job and waits for another one."""

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Hub]:
        """Yield one that has loaded everything."""
        command = [sys.executable, "-m", "tests.campaign.hub"]
        # Sets of strings are walked in an order that differs from process to process otherwise.
        environment = {"PYTHONHASHSEED": "0", "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=ROOT,
        ) as process:
            hub = cls(process)
            yield hub
            hub.end()
            hub._input.close()

    def do(
        self, job: Job, held: Callable[[int, str], None] = lambda noted, at: None
    ) -> dict[str, Any] | None:
        """Return what came of a job, None if it was killed. `held` is called where the hub is held.

        It is given how many writes the hub has noted and not heard an answer to, and what it is at.
        """
        self._tell(line_of(job))
        result = None
        while "ended" not in (told := json.loads(self._output.readline())):
            if "held" in told:
                held(told["noted"], told["at"])
                self._tell("\n")
            else:
                result = told["result"]
        if told["ended"] not in (0, -signal.SIGKILL):
            raise RuntimeError(f"the hub failed by itself while it was to {job.what}")
        self._up = told["ended"] == 0
        return result

    def end(self) -> None:
        """Have the hub end: the next job is done by one that knows nothing but the store."""
        if self._up:
            self._tell("\n")
            self._output.readline()
            self._up = False

    def _tell(self, line: str) -> None:
        self._input.write(line)
        self._input.flush()

    @property
    def _input(self) -> IO[str]:
        assert self._process.stdin
        return self._process.stdin

    @property
    def _output(self) -> IO[str]:
        assert self._process.stdout
        return self._process.stdout
