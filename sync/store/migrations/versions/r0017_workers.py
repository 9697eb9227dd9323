"""Workers: who works on this store and still gives signs of life, and which tickets each of them holds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Make the table, and the column of the claims."""
    op.create_table(
        "workers",
        sa.Column("id", sa.Text, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("kind", "host", "version")),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("pid", "threads")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("beat", "began", "heard")),
        sa.PrimaryKeyConstraint("id", name="pk_workers"),
    )
    op.add_column("claims", sa.Column("holder", sa.Text))
