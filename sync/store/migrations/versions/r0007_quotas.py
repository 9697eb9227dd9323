"""Quotas: what answers said of each limit, and which calls the processes on this store have taken of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the tables; what is left of each limit is learned from the next answers."""
    op.create_table(
        "quotas",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("calls", sa.Integer()),
        sa.Column("window", sa.BigInteger()),
        sa.Column("blocked", sa.BigInteger()),
        sa.PrimaryKeyConstraint("connection", "bucket", name="pk_quotas"),
    )
    op.create_table(
        "batches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("share", sa.Text(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_batches"),
    )
    op.create_index("ix_batches_newest", "batches", ["connection", "bucket", "until"])
