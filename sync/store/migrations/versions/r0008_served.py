"""Served: each ticket's facts and running clocks, what people said of them, and how the rules were edited."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the tables; tickets are noted with the next look at each."""
    op.create_table(
        "served",
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("connection", "key", "display", "customer", "owner", "type", "status")
        ),
        sa.Column("assumed", sa.JSON(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "key", name="pk_served"),
    )
    op.create_index("ix_served_customer", "served", ["customer", "changed"])
    op.create_table(
        "clocks",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("connection", "key", "clock", "cycle")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("customer", "base", "state")),
        sa.Column("due", sa.BigInteger()),
        sa.Column("at_risk", sa.BigInteger()),
        sa.Column("breached", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "key", "clock", name="pk_clocks"),
    )
    op.create_index("ix_clocks_next", "clocks", ["due", "connection", "key"])
    op.create_index("ix_clocks_customer", "clocks", ["customer", "due"])
    op.create_table(
        "amendments",
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("connection", "key", "clock", "cycle")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("kind", "who", "reason")),
        sa.Column("said", sa.BigInteger(), nullable=False),
        sa.Column("met", sa.Boolean()),
        sa.PrimaryKeyConstraint("id", name="pk_amendments"),
    )
    op.create_index("ix_amendments_ticket", "amendments", ["connection", "key"])
    op.create_table(
        "editions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("adopted", sa.BigInteger(), nullable=False),
        sa.Column("replaced", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_editions"),
    )
    op.create_table(
        "holidays",
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("dates", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("country", "region", name="pk_holidays"),
    )
    op.create_table(
        "statements",
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("issued", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("customer", "month", name="pk_statements"),
    )
    op.create_table(
        "corrections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("what", "before", "after")),
        sa.PrimaryKeyConstraint("id", name="pk_corrections"),
    )
    op.create_index("ix_corrections_statement", "corrections", ["customer", "month"])
    op.create_table(
        "swaps",
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("rota", "person", "who", "reason")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("start", "end", "said")),
        sa.PrimaryKeyConstraint("id", name="pk_swaps"),
    )
    op.create_index("ix_swaps_rota", "swaps", ["rota", "end"])
