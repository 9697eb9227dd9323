"""Since when a link is one in name only: a route's tag was removed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column; no link of before is ended."""
    op.add_column("links", sa.Column("ended", sa.BigInteger(), nullable=True))
