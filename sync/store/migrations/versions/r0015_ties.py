"""Ties: what binds tickets of a source to each other, until it binds what became of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add the table; what was migrated before is tied when it is looked at again."""
    op.create_table(
        "ties",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("connection", "key", "kind", "other")),
        sa.Column("made", sa.Boolean(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "key", "kind", "other", name="pk_ties"),
    )
