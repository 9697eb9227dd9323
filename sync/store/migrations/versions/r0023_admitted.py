"""Admitted: customers' accounts and organisations of runs, and whose each ticket was said to be."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Make the table, and room for whether an invitation was tried out."""
    op.create_table(
        "admitted",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("connection", "kind", "name", "key")),
        sa.Column("made", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "kind", "name", name="pk_admitted"),
    )
    op.add_column("quiets", sa.Column("invited", sa.Text(), nullable=False, server_default=""))
