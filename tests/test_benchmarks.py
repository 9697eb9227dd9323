"""The benchmarks, with next to nothing to measure: they run, say what they are asked for, and can fail."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SMALL = {
    "BENCH_READ": "6",
    "BENCH_WRITE": "2",
    "BENCH_TICKETS": "20",
    "BENCH_GETS": "2",
    "BENCH_WALK": "50",
    "BENCH_EVERY": "5",
    "BENCH_CLOCK_OPERATIONS": "500",
    "BENCH_CLOCK_TICKETS": "100",
    "BENCH_RUNNING": "10",
    "BENCH_OPEN": "30",
    "BENCH_TEXTS": "3",
    "BENCH_LOOKS": "2",
    "BENCH_SECONDS": "1",
    "BENCH_MIGRATE": "12",
}
SYSTEMS = ("freshdesk", "jira", "gitlab")


def measured(name: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a benchmark, small, and return what it printed and its exit code."""
    command = [sys.executable, "-m", "benchmarks", name]
    env = {**os.environ, **SMALL, **more}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ["connectors", "sandbox", "walk_memory"])
def test_a_benchmark_prints_its_figures(name: str) -> None:
    """Broken: `make bench` ends in a traceback, and nobody notices before somebody asks for the figures."""
    ended = measured(name)
    assert ended.returncode == 0, ended.stderr
    told = [line for line in ended.stdout.splitlines() if "ratio" in line]
    assert all(sum(system in line for line in told) == 2 for system in SYSTEMS)


@pytest.mark.parametrize("name", ["connectors", "walk_memory"])
def test_a_benchmark_fails_above_its_limit(name: str) -> None:
    """Broken: a connector that costs twice as much, or a walk that keeps all it read, ends as well as any."""
    ended = measured(name, BENCH_ENOUGH="1", BENCH_LIMIT="0.01")
    assert ended.returncode != 0
    assert "above the limit of 0.01" in ended.stderr
    assert "of 0.01: freshdesk" in ended.stderr


def test_noise_is_told_and_not_judged() -> None:
    """Broken: six tickets on a busy machine fail, so that nobody believes a failure."""
    ended = measured("connectors", BENCH_LIMIT="0.01")
    assert ended.returncode == 0, ended.stderr
    assert "judged from 10000 on" in ended.stdout
    assert "judged from 2000 on" in ended.stdout


def test_slow_decisions_fail() -> None:
    """Broken: deciding becomes a thousand times slower, and `make bench` ends as well as ever."""
    ended = measured("decide", BENCH_JUDGE="always", BENCH_STRICT="1000")
    assert ended.returncode != 0
    assert "missed: empty plans a second" in ended.stderr


def test_an_idle_hub_that_is_not_idle_fails() -> None:
    """Broken: a scan over all clocks joins the hub, and `make bench` ends as well as ever."""
    ended = measured("idle", BENCH_JUDGE="always", BENCH_STRICT="1000")
    assert ended.returncode != 0
    assert "missed: an idle hub with 0 running clocks" in ended.stderr


def test_a_busy_machine_is_told_and_not_judged() -> None:
    """Broken: figures fail because others used the machine, so that nobody believes a failure."""
    ended = measured("decide", BENCH_JUDGE="never", BENCH_STRICT="1000")
    assert ended.returncode == 0, ended.stderr
    assert "missed, not judged" in ended.stdout


def test_a_store_that_reads_whole_tables_fails() -> None:
    """Broken: a query without an index is found by the first company with 100,000 tickets."""
    ended = measured("store", BENCH_LIMIT="0.01", BENCH_LINKS="2000", BENCH_ENOUGH="1")
    assert ended.returncode != 0
    assert "above the limit of 0.01: load(bundle)" in ended.stderr


def test_a_report_prints_its_figures_and_fails_above_them() -> None:
    """Broken: a report that asks the clocks of every customer's tickets is found by the largest desk."""
    ended = measured("report", BENCH_TICKETS="200", BENCH_LIMIT="1000")
    assert ended.returncode == 0, ended.stderr
    assert all(f"as {form}: " in ended.stdout for form in ("text", "CSV", "HTML"))
    slow = measured("report", BENCH_TICKETS="200", BENCH_LIMIT="0.01")
    assert slow.returncode != 0
    assert "above the limit of 0.01: as text" in slow.stderr


def test_clocks_print_their_figures_and_fail_below_them() -> None:
    """Broken: clocks that take ten times as long are found by the desk that has 50,000 tickets."""
    ended = measured("clocks", BENCH_LIMIT="0.01")
    assert ended.returncode == 0, ended.stderr
    assert all(
        word in ended.stdout for word in ("between: ", "after: ", "closing ", "clocks of 100 open tickets")
    )
    slow = measured("clocks", BENCH_LIMIT="100000")
    assert slow.returncode != 0
    assert "too slow: between: " in slow.stderr
    assert "all clocks took" in slow.stderr


def test_a_migration_is_measured() -> None:
    """Broken: what a migration costs is guessed, and a change that doubles its calls is noticed by nobody."""
    ended = measured("migrate")
    assert ended.returncode == 0, ended.stderr
    assert "of the least" in ended.stdout
    assert "speed in bare loops" in ended.stdout


def test_pages_that_are_slow_fail() -> None:
    """Broken: overview and board take seconds before many tickets, and the figures say that all is well."""
    ended = measured("pages", BENCH_JUDGE="always", BENCH_STRICT="100000")
    assert ended.returncode != 0
    assert "missed: " in ended.stderr
    assert "board: p95" in ended.stdout
