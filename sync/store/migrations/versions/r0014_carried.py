"""The switch: what another tool told of a ticket before, and which bundles changed hands."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add them; nothing has changed hands yet."""
    op.add_column("bundles", sa.Column("switched", sa.BigInteger()))
    op.create_table(
        "carried",
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("connection", "key", "source", "source_key")
        ),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "key", name="pk_carried"),
    )
    op.create_index("ix_carried_source", "carried", ["source"])
