"""Programs: tokens by which they ask the hub, and which look decided what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Add the table, and the column; what was decided before was decided by a look that nobody named."""
    op.create_table(
        "tokens",
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("id", "hash", "account", "role", "purpose")
        ),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name="fk_tokens_account"),
    )
    op.create_index("ix_tokens_account", "tokens", ["account"])
    op.add_column("decisions", sa.Column("look", sa.Text(), nullable=False, server_default=""))
