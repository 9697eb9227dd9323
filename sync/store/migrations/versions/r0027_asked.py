"""Who asks: whether that is one of the customer's own people, known from each ticket's next look on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Until then nobody is told to a customer: it may be somebody of the desk."""
    no = sa.false()
    op.add_column("served", sa.Column("from_customer", sa.Boolean(), nullable=False, server_default=no))
