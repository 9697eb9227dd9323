"""Presence: a ticket that its tool shows no more is told from one that is there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Add the column; what is not there any more is noted with the next look at it."""
    op.add_column("served", sa.Column("presence", sa.Text(), nullable=False, server_default=""))
