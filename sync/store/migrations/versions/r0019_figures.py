"""Figures: what happened to each ticket and whose it was, in indexes; links by which customers look in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

from sync.store.derived import happened_of, theirs_of, words_of

revision = "0019"
down_revision = "0018"

_BATCH = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATER = {"team": "", "works": ""}
"""What rows are derived from by now, and had not yet."""


def upgrade() -> None:
    """Make the tables, and derive what they hold from the facts that are there."""
    op.add_column("served", sa.Column("words", sa.Text(), nullable=False, server_default=""))
    op.create_index("ix_served_words", "served", ["changed", "words"])
    op.create_index("ix_links_display", "links", ["display"])
    happened = op.create_table(
        "happened",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("connection", "key", "kind")),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.Column("exact", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "key", "kind", "at", name="pk_happened"),
    )
    op.create_index("ix_happened_kind", "happened", ["kind", "at", "customer", "seconds"])
    op.create_index("ix_happened_customer", "happened", ["customer", "kind", "at", "seconds"])
    theirs = op.create_table(
        "theirs",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("connection", "key", "customer")),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger()),
        sa.PrimaryKeyConstraint("connection", "key", "customer", name="pk_theirs"),
    )
    op.create_index("ix_theirs_customer", "theirs", ["customer", "created", "last"])
    op.create_table(
        "shares",
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("customer", "salt", "who")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("made", "until")),
        *(sa.Column(name, sa.BigInteger()) for name in ("revoked", "used")),
        sa.PrimaryKeyConstraint("id", name="pk_shares"),
        sqlite_autoincrement=True,
    )
    for rows in _served():
        op.bulk_insert(happened, [_plain(happened, one) for row in rows for one in happened_of(row)])
        op.bulk_insert(theirs, [_plain(theirs, one) for row in rows for one in theirs_of(row)])
        words = sa.text("UPDATE served SET words = :words WHERE connection = :connection AND key = :key")
        said = ({"words": words_of(r), "connection": r["connection"], "key": r["key"]} for r in rows)
        op.get_bind().execute(words, list(said))


def _served() -> Iterator[list[dict[str, Any]]]:
    names = ("connection", "key", "display", "customer", "owner", "subject", "requester")
    served = sa.table("served", *map(sa.column, names), sa.column("facts", sa.JSON))
    c, last = served.c, ("", "")
    while True:
        later = sa.or_(c.connection > last[0], sa.and_(c.connection == last[0], c.key > last[1]))
        query = sa.select(served).where(later).order_by(c.connection, c.key).limit(_BATCH)
        rows = [dict(row) | _LATER for row in op.get_bind().execute(query).mappings()]
        if not rows:
            return
        yield rows
        last = rows[-1]["connection"], rows[-1]["key"]


def _plain(table: sa.Table, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as this revision's table keeps it, with its instants as they are kept."""
    return {
        name: (value - _EPOCH) // timedelta(microseconds=1) if isinstance(value, datetime) else value
        for name, value in row.items()
        if name in table.c
    }
