"""A store in a file: private to its owner, and never made of something else."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from connectors.errors import ConfigError
from sync.store import open_store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store is."""
    return tmp_path / "kept" / "store.sqlite3"


def test_the_file_is_private_and_written_ahead(path: Path) -> None:
    """Otherwise others on the machine read customers' tickets, or readers block writers."""
    open_store(path).database.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize("content", [b"PK\x03\x04 a spreadsheet, perhaps" * 100, b"x"])
def test_what_is_no_store_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    """Otherwise a wrong path in the settings ends in a stack trace, or in a ruined file."""
    path = tmp_path / "store"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as refused:
        open_store(path)
    (line,) = refused.value.problems
    assert str(path) in line
    assert "\n" not in line
    assert path.read_bytes() == content


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    """Otherwise the hub makes its tables in a database that belongs to something else."""
    path = tmp_path / "other.sqlite3"
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("CREATE TABLE recipes (name TEXT)")
    with pytest.raises(ConfigError, match="another program's database"):
        open_store(path)
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT name FROM sqlite_master").fetchall() == [("recipes",)]


def test_a_store_that_cannot_be_opened_is_refused_in_one_line(tmp_path: Path) -> None:
    """Otherwise a missing right ends in a stack trace."""
    (tmp_path / "file").write_text("in the way")
    for path in (tmp_path, tmp_path / "file" / "store"):
        with pytest.raises(ConfigError) as refused:
            open_store(path)
        assert len(refused.value.problems) == 1
