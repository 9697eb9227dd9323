"""Readable: whether a customer reads what a ticket begins with; where that is not known, they do not."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

_KNOWN = """UPDATE served SET readable = true WHERE EXISTS (
    SELECT 1 FROM messages WHERE messages.connection = served.connection AND messages.key = served.key
    AND messages.kind = 'description' AND messages.audience = 'customer')"""


def upgrade() -> None:
    """Read it off the texts that are kept; of other tickets it is known from their next look on."""
    no = sa.false()
    op.add_column("served", sa.Column("readable", sa.Boolean(), nullable=False, server_default=no))
    op.execute(sa.text(_KNOWN))
