"""What the running service remembers: each connection's pulse, and the chores that processes share."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make both tables; due rows are found in the order in which they are taken."""
    op.create_table(
        "chores",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_chores")),
    )
    op.create_table(
        "pulse",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("heard", sa.BigInteger(), nullable=True),
        sa.Column("news", sa.BigInteger(), nullable=True),
        sa.Column("silent", sa.BigInteger(), nullable=True),
        sa.Column("refused", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refused_at", sa.BigInteger(), nullable=True),
        sa.Column("unread", sa.Integer(), server_default="0", nullable=False),
        sa.Column("paused", sa.BigInteger(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("probes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("denied", sa.Boolean(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("connection", name=op.f("pk_pulse")),
    )
    op.drop_index("inbox_due", "inbox")
    op.create_index("inbox_next", "inbox", ["due_at", "subject"], unique=False)
