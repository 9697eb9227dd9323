"""`backup` and `restore` as people type them."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.errors import ConfigError
from sync.store import open_store
from tests.app.test_account import Machine
from tests.sync.filled import fill


def test_a_backup_is_made_and_restored(tmp_path: Path) -> None:
    """Otherwise what the runbook says cannot be typed, or the hub goes on with what it does not know."""
    machine, file = Machine(tmp_path), tmp_path / "copy"
    (tmp_path / "store.sqlite3").unlink()
    with pytest.raises(ConfigError, match="there is no store yet"):
        machine.typed("backup", str(file))
    assert list(tmp_path.glob("store.sqlite3*")) == []
    fill(store := open_store(tmp_path / "store.sqlite3"))
    made = machine.typed("backup", str(file))
    assert made.startswith(f"{tmp_path}/store.sqlite3: 1 links, ")
    assert made.endswith("keep it together with hub.secret\n")
    with pytest.raises(ConfigError, match="not empty; --replace"):
        machine.typed("restore", str(file))
    told = machine.typed("restore", str(file), "--replace")
    assert "now run `deskbridge recover`" in told
    assert "end what was taken back since" in told, "a link that was revoked opens again, and nobody knows"
    assert store.database.recovering() is not None
    assert "the hub may be started" in machine.typed("restore", str(file), "--replace", "--complete")
    assert store.database.recovering() is None
    store.database.close()
