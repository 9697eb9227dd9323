"""Lists: customers' clocks are counted, and tickets listed by their last change, out of indexes alone."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Make the indexes."""
    op.drop_index("ix_clocks_customer", "clocks")
    op.create_index("ix_clocks_customer", "clocks", ["customer", "due", "at_risk", "breached"])
    op.create_index("ix_served_changed", "served", ["changed"])
