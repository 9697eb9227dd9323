"""A store in which every table has a row, so that whatever is done to a whole store meets all of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Column, LargeBinary, Table, Text, insert

from sync.store import Store
from sync.store.schema import Instant, metadata, workers

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def fill(store: Store, text: str = "x", *, keys: str = "x") -> None:
    """Put one row into every table: `text` in every column of text, `keys` in those that others refer to."""
    with store.database.writing() as tx:
        for table in metadata.sorted_tables:
            if table.name != workers.name:
                tx.execute(insert(table).values(**row_of(table, text, keys)))


def row_of(table: Table, text: str, keys: str) -> dict[str, Any]:
    """Return a row for a table."""
    return {
        column.name: keys if column.primary_key and isinstance(column.type, Text) else _value(column, text)
        for column in table.c
        if not (column.foreign_keys and isinstance(column.type, Text))
    } | {c.name: keys for c in table.c if c.foreign_keys and isinstance(c.type, Text)}


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
            return b"\x00packed"
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
