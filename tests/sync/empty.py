"""Empty stores in files: one is made for each test process, by all migrations, the others are its copies."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import text

from sync.store import open_store


def empty_store(path: Path) -> Path:
    """Put a store at `path` in which there is nothing, not even a hub's name, and return where."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(_empty())
    return path


@cache
def _empty() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "store.sqlite3"
        store = open_store(path)
        with store.database.writing() as tx:
            tx.execute(text("DELETE FROM meta"))
        store.database.close()
        return path.read_bytes()
