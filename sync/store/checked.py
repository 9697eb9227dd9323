"""What the systems last said to the settings, for those who look later. A check makes no store for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import inspect, select, text
from sqlalchemy.exc import DatabaseError

from connectors.errors import ConfigError
from sync.store.database import Database
from sync.store.dialects import Address, engine_of, upsert
from sync.store.migrate import revisions
from sync.store.schema import meta

_NAME = "checked"


@dataclass(frozen=True, slots=True)
class Checked:
    """An answer, and when it was given."""

    at: datetime
    answer: Mapping[str, Any]
    """`ready`, `problems` and `remarks`: lists of lines."""


def keep(address: Address, answer: Mapping[str, Any], at: datetime) -> bool:
    """Keep an answer in a store of this program's; whether there was one. An older store is left as it is."""
    if isinstance(address, Path) and not (address.is_file() and address.stat().st_size):
        return False
    with suppress(DatabaseError, ConfigError):
        engine = engine_of(address)
        try:
            with engine.begin() as tx:
                if not inspect(tx).has_table(meta.name):
                    return False
                if tx.execute(text("SELECT version_num FROM alembic_version")).scalar() != revisions()[-1]:
                    return False
                value = json.dumps({"at": at.isoformat(), "answer": dict(answer)})
                row = upsert(tx, meta).values(name=_NAME, value=value)
                tx.execute(row.on_conflict_do_update(index_elements=["name"], set_={"value": value}))
                return True
        finally:
            engine.dispose()
    return False


def checked(database: Database) -> Checked | None:
    """Return the last answer, or None."""
    with database.reading() as tx:
        kept = tx.execute(select(meta.c.value).where(meta.c.name == _NAME)).scalar()
    if not kept:
        return None
    said = json.loads(kept)
    return Checked(datetime.fromisoformat(said["at"]), said["answer"])
