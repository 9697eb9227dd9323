"""A store in which every table has a row, so that whatever is done to a whole store meets all of them."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Column, LargeBinary, Text, insert

from sync.store import Store
from sync.store.schema import Instant, metadata, workers

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)

Said = Callable[[str, str], str]
"""What stands in a column, by the names of its table and itself."""


def fill(store: Store, said: Said = lambda table, column: "x") -> None:
    """Put one row into every table but that of workers."""
    with store.database.writing() as tx:
        for table in metadata.sorted_tables:
            if table.name != workers.name:
                row = {column.name: _value(column, said(table.name, column.name)) for column in table.c}
                tx.execute(insert(table).values(**row))


def _value(column: Column[Any], text: str) -> Any:
    match column.type:
        case Text():
            return text
        case JSON():
            return {text: [text, 1, {"deep": text}]}
        case Boolean():
            return True
        case Instant():
            return AT
        case LargeBinary():
            return zlib.compress(text.encode())
        case _:
            return 1


def rows(store: Store, *without: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return every table's rows."""
    with store.database.reading() as tx:
        return {
            table.name: sorted((tuple(row) for row in tx.execute(table.select())), key=repr)
            for table in metadata.sorted_tables
            if table.name not in without
        }
