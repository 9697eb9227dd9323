"""A fact that a server without any knowledge fulfils is none: its test must be able to fail."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.sandbox import yes_sayer

HERE = Path(__file__).parent
NO_FACTS = ("_scale", "_odd")
"""Files about many rows and about chance's bodies: they cost much and state no fact of their own."""

FILES = sorted(
    path
    for system in ("freshdesk", "jira", "gitlab")
    for path in HERE.glob(f"test_{system}*.py")
    if not path.stem.endswith(NO_FACTS)
)


def outcomes(report: Path) -> Iterator[tuple[str, bool, int]]:
    """Yield each test of a report, as ``file::name``, whether it passed, and how often it asked a server."""
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - our own subprocess has written it
        file = case.get("classname", "").partition(".test_")[2].partition(".")[0]
        asked = sum(int(p.get("value", 0)) for p in case.iter("property") if p.get("name") == "asked")
        passed = not any(case.find(end) is not None for end in ("failure", "error", "skipped"))
        yield f"test_{file}::{case.get('name')}", passed, asked


@pytest.mark.parametrize("mood", yes_sayer.MOODS)
def test_no_fact_holds_for_a_server_that_knows_nothing(mood: str, tmp_path: Path) -> None:
    """A test that passes whatever the server answers guards nothing: its fact could be lost unseen."""
    report = tmp_path / "report.xml"
    quick = "-q -p no:randomly -p no:cacheprovider -p no:xdist --tb=no --assert=plain --timeout=2 -o addopts="
    options = [
        *quick.split(),
        "--import-mode=importlib",
        f"--junitxml={report}",
        f"--basetemp={tmp_path / 't'}",
    ]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *map(str, FILES)],
        cwd=HERE.parents[1],
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        | {yes_sayer.VARIABLE: mood},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED, ended.stdout[-2000:] + ended.stderr
    found = list(outcomes(report))
    assert sum(not passed for _, passed, _ in found) > 300, "the facts did not run"
    content = [name for name, passed, asked in found if passed and asked]
    assert not content, f"content with any answer: {', '.join(content)}"
