"""What a create was sent with: what people changed before its answer was heard is told from it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the column; a create that is under way at this moment has nothing in it."""
    op.add_column("intents", sa.Column("told", sa.JSON(), nullable=True))
