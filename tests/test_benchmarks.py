"""The benchmarks, with next to nothing to measure: they run, say what they are asked for, and can fail."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.__main__ import main
from benchmarks.__main__ import names as benchmarks
from benchmarks.figures import Sheet, least, most, ratio_most
from benchmarks.table import BEGIN, END, into_page

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "performance.md"
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
    "BENCH_LINKS": "1500",
    "BENCH_MONTHLY": "200",
    "BENCH_BODIES": "2",
    "BENCH_LONG": "2000",
}
SYSTEMS = ("freshdesk", "jira", "gitlab")
STRICT = {"BENCH_JUDGE": "always", "BENCH_STRICT": "100000"}


def measured(*names: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run benchmarks, small, and return what they printed and their exit code."""
    command = [sys.executable, "-m", "benchmarks", "--quick", *names]
    env = {**os.environ, **SMALL, **more}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def found_in(file: Path) -> dict[str, list[dict[str, Any]]]:
    """The figures of each benchmark."""
    told = json.loads(file.read_text("utf-8"))["benchmarks"]
    return {one["benchmark"]: one["figures"] for one in told}


@pytest.mark.timeout(180)
def test_small_benchmarks_tell_their_figures_and_judge_nothing(tmp_path: Path) -> None:
    """Broken: `make bench` ends in a traceback, or six tickets fail and nobody believes a failure."""
    file = tmp_path / "figures.json"
    asked = ("clocks", "connectors", "report", "sandbox", "text")
    ended = measured(*asked, "--json", str(file), BENCH_STRICT="100000")
    assert ended.returncode == 0, ended.stderr
    found = found_in(file)
    assert tuple(found) == asked
    for system in SYSTEMS:
        assert sum(one["what"].startswith(system) for one in found["connectors"]) == 2
        assert sum(one["what"].startswith(f"GET {system}") for one in found["sandbox"]) == 2
    assert all(one["baseline"] and one["ratio"] for one in found["connectors"])
    assert [one["what"] for one in found["clocks"]][-1] == "all 500 clocks of 100 open tickets"
    assert all(any(form in one["what"] for one in found["report"]) for form in ("text", "CSV", "HTML"))
    goals = [one for figures in found.values() for one in figures if one["goal"]]
    assert {one["unjudged"] for one in goals} == {"small"}
    assert {one["verdict"] for one in found["connectors"]} == {"missed"}
    # One table ends it, in which what was missed is not hidden.
    table = ended.stdout.partition("== all figures")[2]
    assert all(f"make bench ARGS={name}; " in table for name in asked)
    assert table.count("missed (small)") == sum(one["verdict"] == "missed" for one in goals)


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "asked", [("clocks", "connectors", "decide", "report"), ("idle", "pages", "store"), ("walk_memory",)]
)
def test_benchmarks_fail_above_their_limits(asked: tuple[str, ...], tmp_path: Path) -> None:
    """Broken: a scan over all clocks joins the hub, or boards take seconds, and `make bench` ends well."""
    file = tmp_path / "figures.json"
    ended = measured(*asked, "--json", str(file), **STRICT)
    assert ended.returncode == 1
    found = found_in(file)
    for name in asked:
        goals = [one for one in found[name] if one["goal"]]
        assert goals, name
        assert all(one["verdict"] == "missed" and not one["unjudged"] for one in goals), name
        assert f"missed: {name}: " in ended.stderr
    for system in SYSTEMS if "walk_memory" in asked else ():
        assert sum(one["what"].startswith(system) for one in found["walk_memory"]) == 2


def test_a_busy_machine_is_told_and_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: times fail because others used the machine; or memory passes because of that."""
    monkeypatch.setenv("BENCH_JUDGE", "never")
    sheet = Sheet("sample")
    sheet.add("speed", 3, "/s", goal=least(5))
    assert (sheet.figures[-1].outcome, sheet.failed) == ("missed (busy)", False)
    sheet.add("memory", 3, "MB", goal=most(2), steady=True)
    assert (sheet.figures[-1].outcome, sheet.failed) == ("missed", True)


def test_a_count_is_judged_whatever_the_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken: a webhook is lost in a small run, which says that all is well."""
    monkeypatch.delenv("BENCH_SOME", raising=False)
    sheet = Sheet("sample", {"SOME": (100, 1)}, quick=True)
    sheet.add("speed", 1, "s", beside=1.0, named="bare", goal=ratio_most(0.5))
    assert (sheet.small, sheet.figures[-1].outcome, sheet.failed) == (True, "missed (small)", False)
    sheet.count("lost", 1, 0)
    assert (sheet.figures[-1].outcome, sheet.failed) == ("missed", True)


def test_figures_take_the_place_of_earlier_ones(tmp_path: Path) -> None:
    """Broken: to measure one benchmark again costs the page all others, or leaves stale rows beside them."""
    page, head = tmp_path / "page.md", "| command | what |\n|---|---|\n"
    others = "| `make bench ARGS=a` | kept |\n| `make bench ARGS=z` | kept |\n"
    stale = "| `make bench ARGS=sample` | stale |\n"
    page.write_text(f"Before.\n{BEGIN}\n{head}{stale}{others}{END}\nAfter.\n", "utf-8")
    sheet = Sheet("sample", {"SOME": (1, 1)})
    sheet.add("one | two", 0.25, "s", beside=0.5, named="bare", goal=ratio_most(1), steady=True)
    into_page(page, [sheet, Sheet("a")])
    text = page.read_text("utf-8")
    assert text.startswith(f"Before.\n{BEGIN}\n{head}| `make bench ARGS=a` | kept |\n")
    assert (
        "| `make bench ARGS=sample` | one \\| two | 250 ms | bare 500 ms | 0.50 | ratio at most 1 | met |"
        in text
    )
    assert text.endswith(f"| `make bench ARGS=z` | kept |\n{END}\nAfter.\n")
    assert "stale" not in text


def test_small_figures_stand_on_no_page(tmp_path: Path) -> None:
    """Broken: who tries whether everything works writes over what took hours to measure."""
    with pytest.raises(SystemExit) as ended:
        main(["--quick", "--markdown", str(tmp_path / "page.md"), "decide"])
    assert ended.value.code == 2


def test_a_small_process_is_not_as_large_as_the_one_that_started_it() -> None:
    """Broken: a walk that keeps all it read looks like one that keeps nothing: the benchmark was larger."""
    told = "from benchmarks.rig import memory; print(memory('VmHWM'))"
    large = f"held = bytearray(b'x') * (512 << 20); import subprocess, sys; {told}; sys.stdout.flush(); "
    code = large + f"subprocess.run([sys.executable, '-c', {told!r}], check=True)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ours, theirs = map(float, ended.stdout.split())
    assert ours > 512 > theirs


@pytest.mark.timeout(180)
def test_a_migration_is_measured(tmp_path: Path) -> None:
    """Broken: what a migration costs is guessed, and a change that doubles its calls is noticed by nobody."""
    file = tmp_path / "figures.json"
    ended = measured("migrate", "--json", str(file))
    assert ended.returncode == 0, ended.stderr
    told = found_in(file)["migrate"]
    calls = next(one for one in told if one["what"].startswith("calls for each ticket"))
    assert calls["baseline"].startswith("the least possible")
    assert any(one["baseline"].startswith("bare loop") for one in told)


def rows_of(text: str) -> dict[str, list[list[str]]]:
    """The rows of a page's figures by the benchmark that measures them."""
    found: dict[str, list[list[str]]] = {}
    for line in text.splitlines():
        for name in re.findall(r"`make bench ARGS=(\w+)`", line) if line.startswith("| ") else ():
            found.setdefault(name, []).append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return found


def test_the_page_of_figures_knows_every_benchmark() -> None:
    """Broken: a figure is measured that no page explains, or the page names a benchmark that is gone."""
    text = PAGE.read_text("utf-8")
    said, _, table = text.partition(BEGIN)
    rows = rows_of(table.partition(END)[0])
    assert sorted(rows) == benchmarks()
    assert sorted(re.findall(r"^\| `(\w+)` \|", said, re.MULTILINE)) == benchmarks()
    assert {len(row) for found in rows.values() for row in found} == {8}


def test_the_readme_states_recorded_figures_alone() -> None:
    """Broken: figures are measured anew, and the README goes on to tell the better ones of before."""
    recorded = rows_of(PAGE.read_text("utf-8").partition(BEGIN)[2])
    stated = rows_of((ROOT / "README.md").read_text("utf-8").partition("## Figures")[2])
    assert stated
    for name, found in stated.items():
        known = {number for row in recorded[name] for cell in row[2:5] for number in numbers(cell)}
        for row in found:
            assert set(numbers(row[1])) <= known, row
            missed = [one for one in recorded[name] if "missed" in one[6] and numbers(row[1])[0] in one[4]]
            assert bool(missed) == ("missed" in row[1]), row


def numbers(cell: str) -> list[str]:
    """The figures of a cell, as they are written."""
    return re.findall(r"\d[\d.,]*\d|\d", cell)
