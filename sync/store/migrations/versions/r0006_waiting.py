"""Writes whose answer was not heard are found by an index: every note of a write looks for one of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the index; it holds only what waits, so it stays small however long the journal becomes."""
    waiting = sa.text("done IS NULL")
    op.create_index(
        "ix_intents_waiting",
        "intents",
        ["origin_connection", "origin_key", "origin_id"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
