"""The benchmarks, with next to nothing to measure: that they run at all, and say what they are asked for."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SMALL = {"BENCH_READ": "6", "BENCH_WRITE": "2", "BENCH_TICKETS": "20", "BENCH_GETS": "2"}
SYSTEMS = ("freshdesk", "jira", "gitlab")


@pytest.mark.parametrize("name", ["connectors", "sandbox"])
def test_a_benchmark_prints_its_figures(name: str) -> None:
    """Broken: `make bench` ends in a traceback, and nobody notices before somebody asks for the figures."""
    command = [sys.executable, "-m", "benchmarks", name]
    ended = subprocess.run(command, env={**os.environ, **SMALL}, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    told = [line for line in ended.stdout.splitlines() if "ratio" in line]
    assert all(sum(system in line for line in told) == 2 for system in SYSTEMS)
