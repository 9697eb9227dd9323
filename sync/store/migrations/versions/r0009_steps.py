"""Escalation: which steps of which cycle of a clock were taken, missed or withdrawn."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the table; what came due before counts from the first look on."""
    op.create_table(
        "steps",
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("connection", "key", "clock", "cycle", "step")
        ),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger()),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("missed", sa.Boolean(), nullable=False),
        sa.Column("notified", sa.Boolean(), nullable=False),
        sa.Column("before", sa.Text()),
        sa.Column("after", sa.Text()),
        sa.Column("withdrawn", sa.BigInteger()),
        sa.Column("unfinished", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "key", "clock", "cycle", "step", name="pk_steps"),
    )
