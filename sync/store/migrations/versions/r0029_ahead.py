"""Ahead: how far our clock was ahead of a tool's, in seconds, when a ticket there was about to be created."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Of what is under way it is not known: the clocks are taken to differ as they do now."""
    op.add_column("intents", sa.Column("ahead", sa.Float()))
