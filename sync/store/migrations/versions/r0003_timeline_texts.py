"""Facts of every side, texts by their sha, findings that are settled, notifications."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_SIDE = ("bundle", "connection", "key", "after", "by")


def upgrade() -> None:
    """Keep what is known: statuses become facts of persons, findings are open."""
    _timeline()
    _findings()
    op.create_table(
        "texts",
        sa.Column("sha", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha", name="pk_texts"),
    )
    op.create_table(
        "wordings",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("sha", sa.Text(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "key", "id", "sha", name="pk_wordings"),
        sa.ForeignKeyConstraint(["sha"], ["texts.sha"], name="fk_wordings_sha"),
    )
    op.create_index("ix_wordings_sha", "wordings", ["sha"])
    op.create_index("ix_wordings_read_at", "wordings", ["read_at"])
    op.create_table(
        "notifications",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_notifications"),
        sa.UniqueConstraint("key", name="uq_notifications_key"),
    )
    op.create_index("ix_notifications_waiting", "notifications", ["sent_at", "due_at"])


def _timeline() -> None:
    op.create_table(
        "timeline",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bundle", sa.Integer(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("after", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_timeline"),
        sa.ForeignKeyConstraint(["bundle"], ["bundles.id"], name="fk_timeline_bundle"),
        sa.UniqueConstraint("connection", "key", "kind", "value", "by", name="uq_timeline_connection"),
    )
    op.create_index("ix_timeline_bundle", "timeline", ["bundle"])
    names = [*_SIDE, "value", "kind", "actor"]
    new = sa.table("timeline", *(sa.column(name) for name in names))
    old = sa.table("facts", *(sa.column(name) for name in (*_SIDE, "status")))
    told = [*(old.c[name] for name in _SIDE), old.c.status, sa.literal("status"), sa.literal("person")]
    op.execute(new.insert().from_select(names, sa.select(*told).order_by(old.c.by)))
    op.drop_table("facts")


def _findings() -> None:
    with op.batch_alter_table(
        "findings", recreate="auto", table_kwargs={"sqlite_autoincrement": True}
    ) as batch:
        batch.add_column(sa.Column("severity", sa.Text(), nullable=False, server_default="info"))
        batch.add_column(sa.Column("state", sa.Text(), nullable=False, server_default="open"))
        batch.add_column(sa.Column("standing", sa.Boolean(), nullable=False, server_default=sa.true()))
        batch.add_column(sa.Column("answer", sa.Text(), nullable=True))
        batch.add_column(sa.Column("settled", sa.BigInteger(), nullable=True))
        batch.create_index("ix_findings_state", ["state"])
    found = sa.table("findings", *(sa.column(name) for name in ("what", "reason", "standing", "severity")))
    event = [
        found.c.what.like("conflict in %"),
        found.c.reason.like("refused: %"),
        found.c.reason.like("not taken: %"),
        found.c.reason.like("it became readable for %"),
    ]
    op.execute(found.update().where(sa.or_(*event)).values(standing=sa.false(), severity="warning"))
