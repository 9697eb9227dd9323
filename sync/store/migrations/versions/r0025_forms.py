"""Forms: which forms of the pages were sent, so that none is carried out twice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Make the table; an older program leaves it alone."""
    op.create_table(
        "forms",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("sent", "answer")),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sent", name="pk_forms"),
    )
