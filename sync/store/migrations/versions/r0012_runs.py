"""Runs: migrations, which tickets there are on their source, and what became of each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add the tables; no bundle that there is was made by a run."""
    op.add_column("bundles", sa.Column("run", sa.Integer()))
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("source", "digest", "who", "state", "why")),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("began", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger()) for name in ("ended", "beat", "stop", "accepted")),
        sa.Column("accepted_by", sa.Text(), nullable=False, server_default=""),
        sa.Column("progress", sa.JSON(), nullable=False),
        sa.Column("verified", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "listings",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("reached", sa.BigInteger()),
        sa.Column("whole", sa.BigInteger()),
        sa.Column("gaps", sa.BigInteger(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("connection", name="pk_listings"),
    )
    op.create_table(
        "items",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("connection", "key")),
        sa.Column("number", sa.BigInteger()),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("version", "presence", "status", "whose")),
        *(sa.Column(name, sa.BigInteger()) for name in ("changed", "created", "due")),
        sa.Column("rank", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("state", "reason")),
        sa.Column("run", sa.Integer()),
        sa.Column("handled", sa.BigInteger()),
        sa.PrimaryKeyConstraint("connection", "key", name="pk_items"),
    )
    op.create_index("ix_items_next", "items", ["connection", "state", "rank", "changed", "key"])
    op.create_index("ix_items_number", "items", ["connection", "number"])
    op.create_index("ix_items_run", "items", ["run"])
