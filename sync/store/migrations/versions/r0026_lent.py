"""Lent: since when a run has a ticket that live work had alone before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

_AGAIN = """UPDATE items SET state = 'waiting', handled = NULL WHERE state = 'migrated' AND EXISTS (
    SELECT 1 FROM links JOIN bundles ON bundles.id = links.bundle
    WHERE links.connection = items.connection AND links.key = items.key
    AND links.unlinked IS NULL AND bundles.run IS NULL AND NOT EXISTS (
        SELECT 1 FROM links other WHERE other.bundle = links.bundle AND other.unlinked IS NULL
        AND (other.connection <> links.connection OR other.key <> links.key)))"""
"""Live work had read them, to keep promises of them, so a list of the source told a run no news."""


def upgrade() -> None:
    """Add the column; no run took one before. What was taken for moved, and was not, waits again."""
    op.add_column("bundles", sa.Column("lent", sa.BigInteger()))
    op.execute(sa.text(_AGAIN))
