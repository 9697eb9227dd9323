"""A move: which places were silenced for it, and the steps of the switch."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_QUIET = ("before", "before_name", "silent", "state", "who", "canary", "confirmed_by")


def upgrade() -> None:
    """Add the tables; nothing was silenced, and nothing switched, before."""
    op.create_table(
        "quiets",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("connection", "project", *_QUIET)),
        sa.Column("at", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger()) for name in ("asked", "confirmed")),
        sa.PrimaryKeyConstraint("connection", "project", name="pk_quiets"),
    )
    op.create_table(
        "cutovers",
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("source", "state", "way", "who", "why")),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cutovers"),
        sqlite_autoincrement=True,
    )
