"""Notifications say whom they are for: what is for one person stands together in a message."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the column; what waits already is for whoever reads the channel."""
    op.add_column("notifications", sa.Column("whom", sa.Text(), nullable=False, server_default=""))
