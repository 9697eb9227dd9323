"""`deskbridge purge` as people type it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connectors.errors import ConfigError
from sync.store import open_store
from tests.app.test_account import Machine
from tests.sync.filled import AT
from tests.sync.test_erasure import DESK, OTHER, opened, put, said, whole


def test_a_person_is_listed_and_then_erased(tmp_path: Path) -> None:
    """Otherwise nobody can say where a person's data stand, or a command that only asks erases them."""
    machine, store = Machine(tmp_path), open_store(tmp_path / "store.sqlite3")
    opened(store, DESK, 1, "Kim Canary", "My pump sings")
    opened(store, OTHER, 2, "Sam Lee", "Another pump")
    put(store, "links", connection="jira", key="KIM-1", display="KIM-1", bundle=1, url="", created=AT)
    said(store, DESK, "0", "Kim Canary", "It sings all night")
    said(store, OTHER, "1", "Sam Lee", "Ask Kim Canary about it")
    told = machine.typed("purge", "Kim Canary").splitlines()
    assert told[:4] == [
        "desk #1  https://desk.test/1",
        "  their ticket; 1 texts of theirs; files: canary.pdf",
        "desk #2  https://desk.test/2",
        "  named in 1 texts",
    ]
    assert any(line.startswith("In desk, first: delete the contact") for line in told)
    assert any(line.startswith("In jira, first: ") for line in told)
    assert told[-1] == "Nothing is erased yet: --apply erases it."
    assert "canary" in whole(store)
    sides = json.loads(machine.typed("purge", "Kim Canary", "--json").rpartition("}")[0] + "}")["sides"]
    assert {(side["connection"], side["theirs"]) for side in sides} == {
        ("desk", True),
        ("jira", True),
        ("desk", False),
    }
    machine.typed("backup", str(tmp_path / "copy"))
    done = machine.typed("purge", "kim canary", "--apply")
    assert "Erased from the store: 2 sides of their tickets, 2 texts" in done
    assert "Backups that were made before still hold it." in done
    assert "canary" not in whole(store)
    store.database.close()
    after = b"".join(file.read_bytes() for file in tmp_path.glob("store.sqlite3*"))
    assert b"Canary" not in after
    assert machine.typed("purge", "Kim Canary").startswith("The store holds nothing of them.")
    with pytest.raises(ConfigError, match="would be found everywhere"):
        machine.typed("purge", "K")
