"""Teams: which group has a ticket and where its work is done; what happened is kept in the order of weeks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

from sync.store.derived import happened_of

revision = "0024"
down_revision = "0023"

_BATCH = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WORKS = """SELECT DISTINCT front.connection, front.key, work.connection AS work
    FROM served JOIN links front ON front.connection = served.connection AND front.key = served.key
    JOIN links work ON work.bundle = front.bundle
    WHERE front.unlinked IS NULL AND work.unlinked IS NULL
    AND work.connection NOT IN (SELECT DISTINCT connection FROM served)"""
"""Where no ticket is served, work is done."""


def upgrade() -> None:
    """Make what happened anew from the facts; groups are known when their tickets are next read."""
    for name in ("team", "works"):
        op.add_column("served", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.drop_index("ix_links_bundle", "links")
    op.create_index("ix_links_bundle", "links", ["bundle", "unlinked"])
    _note_works()
    op.drop_table("happened")
    happened = op.create_table(
        "happened",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("connection", "key", "kind")),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.Column("exact", sa.Boolean(), nullable=False),
        sa.Column("week", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("team", "works")),
        sa.Column("open", sa.Boolean()),
        sa.Column("about", sa.BigInteger()),
        sa.PrimaryKeyConstraint("connection", "key", "kind", "at", name="pk_happened"),
    )
    for rows in _served():
        op.bulk_insert(happened, [_plain(one) for row in rows for one in happened_of(row)])
    whose = ["customer", "team", "works"]
    op.create_index("ix_happened_week", "happened", ["week", "kind", *whose, "seconds", "exact"])
    made, still = sa.text("open IS NOT NULL"), sa.column("open", sa.Boolean()).is_(True)
    about = ["week", "about", *whose, "open"]
    op.create_index("ix_happened_about", "happened", about, sqlite_where=made, postgresql_where=made)
    op.create_index("ix_happened_open", "happened", whose, sqlite_where=still, postgresql_where=still)


def _note_works() -> None:
    found: dict[tuple[str, str], list[str]] = {}
    for row in op.get_bind().execute(sa.text(_WORKS)):
        found.setdefault((row.connection, row.key), []).append(row.work)
    values = [
        {"works": ",".join(sorted(works)), "there": connection, "of": key}
        for (connection, key), works in found.items()
    ]
    note = sa.text("UPDATE served SET works = :works WHERE connection = :there AND key = :of")
    if values:
        op.get_bind().execute(note, values)


def _served() -> Iterator[list[dict[str, Any]]]:
    names = ("connection", "key", "customer", "subject", "team", "works")
    served = sa.table("served", *map(sa.column, names), sa.column("facts", sa.JSON))
    c, last = served.c, ("", "")
    while True:
        later = sa.or_(c.connection > last[0], sa.and_(c.connection == last[0], c.key > last[1]))
        query = sa.select(served).where(later).order_by(c.connection, c.key).limit(_BATCH)
        rows = [dict(row) for row in op.get_bind().execute(query).mappings()]
        if not rows:
            return
        yield rows
        last = rows[-1]["connection"], rows[-1]["key"]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its instants as they are kept."""
    return {
        name: (value - _EPOCH) // timedelta(microseconds=1) if isinstance(value, datetime) else value
        for name, value in row.items()
    }
