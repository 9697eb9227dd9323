"""Ratings: what customers thought of how their tickets were served."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Make the table; it is filled when the tools are next asked."""
    op.create_table(
        "ratings",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("connection", "key", "id")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("mood", "native", "remark", "author")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("given", "noted")),
        sa.PrimaryKeyConstraint("connection", "key", "id", name="pk_ratings"),
    )
    op.create_index("ix_ratings_given", "ratings", ["given"])
