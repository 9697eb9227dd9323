"""A look into a store that makes none, migrates none and writes nothing."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import DatabaseError

from connectors.errors import ConfigError
from sync.store.dialects import READING, Address, engine_of
from sync.store.schema import identities


def identities_at(address: Address) -> dict[str, tuple[str, str]]:
    """Return the (instance, account) that each connection had when it was first used.

    None of them where there is no store yet, or none that can be read: who opens it is told why.
    """
    if isinstance(address, Path) and not address.is_file():
        return {}
    with suppress(DatabaseError, ConfigError):
        engine = engine_of(address)
        try:
            with engine.execution_options(**READING[engine.dialect.name]).connect() as tx:
                return {row.connection: (row.instance, row.account) for row in tx.execute(select(identities))}
        finally:
            engine.dispose()
    return {}
