"""Snapshots: a world in one file, with its files, clock and outbox, at other addresses too."""

from __future__ import annotations

import random
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deskbridge.sandbox.snapshot import SnapshotError, Snapshots
from deskbridge.sandbox.world import Clock, World

THEN = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


class Shelf:
    """A system whose state is a list of rows and a name."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {"rows": [], "name": "", "facts": {}}

    def dump(self) -> dict[str, Any]:
        return self.state | {"rows": iter(self.state["rows"])}

    def restore(self, state: dict[str, Any]) -> None:
        self.state = state


def shelf(folder: Path, port: int, now: datetime) -> tuple[Snapshots, Shelf, Path]:
    """A sandbox of one system."""
    files = folder / f"files{port}"
    (files / "shelf").mkdir(parents=True)
    system, world = Shelf(), World(Clock(now), random.Random(1))
    return Snapshots(world, {"shelf": system}, {"shelf": f"http://127.0.0.1:{port}"}, files), system, files


def test_state_files_clock_and_outbox_come_back_elsewhere(tmp_path: Path) -> None:
    """What an admin prepared yesterday is the start of today's test, on whatever port is free."""
    old, before, files = shelf(tmp_path, 4000, THEN)
    rows = ["see http://127.0.0.1:4000/inline", "not http://127.0.0.1:40001/"]
    before.state |= {"rows": rows, "name": "Ä", "facts": {"1": None}}
    (files / "shelf" / "7").write_bytes(b"\x00picture")
    mail = {
        "system": "s",
        "to": "t",
        "subject": "u",
        "text": "v",
        "cause": "c",
        "actor": "a",
        "customer": True,
    }
    old.world.mail(**mail)
    old.write(tmp_path / "kept")
    new, after, other = shelf(tmp_path, 5000, datetime.now(UTC))
    (other / "shelf" / "8").touch()
    new.read(tmp_path / "kept")
    assert after.state["rows"] == ["see http://127.0.0.1:5000/inline", rows[1]]
    assert (after.state["name"], after.state["facts"]) == ("Ä", {"1": None})
    assert [file.name for file in (other / "shelf").iterdir()] == ["7"]
    assert new.world.outbox == old.world.outbox
    assert (new.world.clock.now() - THEN).total_seconds() < 60


def test_an_empty_list_comes_back_empty(tmp_path: Path) -> None:
    """Rows are written line by line; none at all still means that there were none."""
    old, _, _ = shelf(tmp_path, 4000, THEN)
    old.write(tmp_path / "kept")
    new, after, _ = shelf(tmp_path, 5000, THEN)
    after.state = {"rows": ["mine"]}
    new.read(tmp_path / "kept")
    assert after.state == {"rows": [], "name": "", "facts": {}}


def test_what_is_no_snapshot_changes_nothing(tmp_path: Path) -> None:
    """A slip in a path must not cost the state that is there."""
    snapshots, system, _ = shelf(tmp_path, 4000, THEN)
    system.state["rows"] = ["mine"]
    (tmp_path / "text").write_text("x")
    with zipfile.ZipFile(tmp_path / "zip", "w") as archive:
        archive.writestr("world.json", "{}")
    for name in ("none", "text", "zip"):
        with pytest.raises(SnapshotError, match=name):
            snapshots.read(tmp_path / name)
    with pytest.raises(SnapshotError, match="cannot write"):
        snapshots.write(tmp_path / "none" / "x")
    assert system.state["rows"] == ["mine"]
