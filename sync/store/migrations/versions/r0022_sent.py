"""Sent: values that were sent to a side, and whose answer nobody heard, are told from a person's change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Add the column; an older program leaves it alone."""
    op.add_column("seen", sa.Column("sent", sa.JSON()))
