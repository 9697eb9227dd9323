"""The tables, as the newest revision in ``migrations`` leaves them.

Instants are kept as microseconds since 1970 in UTC, texts of vendors as they came.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
    true,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""From when instants are counted."""


class Instant(TypeDecorator[datetime]):
    """An aware datetime, kept as whole microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Return the number to store; a naive datetime is refused by the subtraction."""
        return None if value is None else (value - EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Return the instant that was stored."""
        return None if value is None else EPOCH + timedelta(microseconds=value)


metadata = MetaData(
    naming_convention={  # a later revision can only change what has a name
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

meta = Table("meta", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))

bundles = Table(
    "bundles",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("created", Instant, nullable=False),
    Column("run", Integer),
    Column("switched", Instant),
    Column("lent", Instant),
)

links = Table(
    "links",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("bundle", ForeignKey("bundles.id"), nullable=False),
    Column("display", Text, nullable=False, index=True),
    Column("url", Text, nullable=False),
    Column("created", Instant, nullable=False),
    Column("unlinked", Instant),
    Column("missing", Instant),
    Column("lost", Instant),
    Column("ended", Instant),
    Column("held", JSON),
    Column("adopted", Instant),
    Column("history", Boolean),
    Column("prefer", Text),
    Index("ix_links_bundle", "bundle", "unlinked"),
)

seen = Table(
    "seen",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("bundle", ForeignKey("bundles.id"), nullable=False, index=True),
    Column("native", JSON, nullable=False),
    Column("wanted", JSON, nullable=False),
    Column("serial", Integer, nullable=False),
    Column("version", Text, nullable=False),
    Column("read_at", Instant, nullable=False),
    Column("sent", JSON(none_as_null=True)),
)


TEXT_IDS = ("origin_connection", "origin_key", "origin_id", "target_connection", "target_key")
"""What tells one copy from another; a target's key is empty until its ticket was created."""


def _text_ids() -> list[Column[str]]:
    return [Column(name, Text, nullable=False) for name in TEXT_IDS]


mirrors = Table(
    "mirrors",
    metadata,
    Column("bundle", ForeignKey("bundles.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    *_text_ids(),
    Column("target_id", Text, nullable=False),
    Column("revision", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("name", Text, nullable=False),
    UniqueConstraint("kind", *TEXT_IDS),
)

intents = Table(
    "intents",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("bundle", ForeignKey("bundles.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    *_text_ids(),
    Column("revision", Text, nullable=False),
    Column("sent", Instant, nullable=False),
    Column("done", Instant),
    Column("token", Text, nullable=False),
    Column("told", JSON),
    Column("ahead", Float),
    Index(
        "ix_intents_waiting",
        *TEXT_IDS[:3],
        sqlite_where=text("done IS NULL"),
        postgresql_where=text("done IS NULL"),
    ),
    sqlite_autoincrement=True,
)

inbox = Table(
    "inbox",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("due_at", Instant),
    Column("reason", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("parked", Text),
    Column("allowed", Boolean, nullable=False, server_default=false()),
    Index("inbox_next", "due_at", "subject"),
)

claims = Table(
    "claims",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("token", Integer, nullable=False),
    Column("until", Instant, nullable=False),
    Column("holder", Text),
)

workers = Table(
    "workers",
    metadata,
    Column("id", Text, primary_key=True),
    *(Column(name, Text, nullable=False) for name in ("kind", "host", "version")),
    *(Column(name, Integer, nullable=False) for name in ("pid", "threads")),
    Column("beat", BigInteger, nullable=False),
    *(Column(name, Instant, nullable=False) for name in ("began", "heard")),
)

cursors = Table(
    "cursors", metadata, Column("connection", Text, primary_key=True), Column("at", Instant, nullable=False)
)

timeline = Table(
    "timeline",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("bundle", ForeignKey("bundles.id"), nullable=False, index=True),
    Column("connection", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("after", Instant, nullable=False),
    Column("by", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    UniqueConstraint("connection", "key", "kind", "value", "by"),
)

steps = Table(
    "steps",
    metadata,
    *(Column(name, Text, primary_key=True) for name in ("connection", "key", "clock", "cycle", "step")),
    Column("at", Instant, nullable=False),
    Column("since", Instant),
    Column("times", Integer, nullable=False),
    Column("missed", Boolean, nullable=False),
    Column("notified", Boolean, nullable=False),
    Column("before", Text),
    Column("after", Text),
    Column("withdrawn", Instant),
    Column("unfinished", Boolean, nullable=False),
)

texts = Table(
    "texts",
    metadata,
    Column("sha", Text, primary_key=True),
    Column("format", Text, nullable=False),
    Column("packed", LargeBinary, nullable=False),
)

wordings = Table(
    "wordings",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("sha", ForeignKey("texts.sha"), primary_key=True, index=True),
    Column("read_at", Instant, nullable=False, index=True),
)

findings = Table(
    "findings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subject", Text, nullable=False, index=True),
    Column("target", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("found", Instant, nullable=False),
    Column("severity", Text, nullable=False, server_default="info"),
    Column("state", Text, nullable=False, server_default="open", index=True),
    Column("standing", Boolean, nullable=False, server_default=true()),
    Column("answer", Text),
    Column("settled", Instant),
    UniqueConstraint("subject", "target", "what", "reason"),
    sqlite_autoincrement=True,
)

notifications = Table(
    "notifications",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("channel", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("sent_at", Instant),
    Column("whom", Text, nullable=False, server_default=""),
    Index("ix_notifications_waiting", "sent_at", "due_at"),
)

health = Table(
    "health",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("doubted", Instant),
)

pulse = Table(
    "pulse",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("heard", Instant),
    Column("news", Instant),
    Column("silent", Instant),
    Column("refused", Integer, nullable=False, server_default="0"),
    Column("refused_at", Instant),
    Column("unread", Integer, nullable=False, server_default="0"),
    Column("paused", Instant),
    Column("until", Instant),
    Column("probes", Integer, nullable=False, server_default="0"),
    Column("denied", Boolean),
    Column("why", Text),
)

chores = Table(
    "chores",
    metadata,
    Column("name", Text, primary_key=True),
    Column("due", Instant, nullable=False),
    Column("place", Text, nullable=False, server_default=""),
)

quotas = Table(
    "quotas",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("bucket", Text, primary_key=True),
    Column("calls", Integer),
    Column("window", BigInteger),
    Column("blocked", Instant),
)

batches = Table(
    "batches",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("connection", Text, nullable=False),
    Column("bucket", Text, nullable=False),
    Column("share", Text, nullable=False),
    Column("taken", Integer, nullable=False),
    Column("until", Instant, nullable=False),
    Index("ix_batches_newest", "connection", "bucket", "until"),
)

identities = Table(
    "identities",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("instance", Text, nullable=False),
    Column("account", Text, nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subject", Text, nullable=False, index=True),
    Column("at", Instant, nullable=False, index=True),
    *(
        Column(name, Text, nullable=False)
        for name in (
            "target_connection",
            "target_key",
            "target_display",
            "kind",
            "name",
            "source",
            "value",
            "why",
            "readers",
            "mails",
            "result",
        )
    ),
    Column("look", Text, nullable=False, server_default=""),
)


def _texts(*names: str) -> list[Column[str]]:
    return [Column(name, Text, nullable=False) for name in names]


served = Table(
    "served",
    metadata,
    *(Column(name, Text, primary_key=True) for name in ("connection", "key")),
    *_texts("display", "customer", "owner", "type", "status"),
    Column("assumed", JSON, nullable=False),
    Column("changed", Instant, nullable=False),
    Column("facts", JSON, nullable=False),
    *(
        Column(name, Text, nullable=False, server_default="")
        for name in ("subject", "url", "requester", "priority")
    ),
    *(Column(name, Text, nullable=False, server_default="") for name in ("words", "presence")),
    *(Column(name, Text, nullable=False, server_default="") for name in ("team", "works")),
    *(
        Column(name, Boolean, nullable=False, server_default=false())
        for name in ("from_customer", "readable")
    ),
    Index("ix_served_customer", "customer", "changed"),
    Index("ix_served_board", "customer", "status", "changed"),
    Index("ix_served_status", "status", "changed"),
    Index("ix_served_changed", "changed"),
    Index("ix_served_words", "changed", "words"),
)

happened = Table(
    "happened",
    metadata,
    *(Column(name, Text, primary_key=True) for name in ("connection", "key", "kind")),
    Column("at", Instant, primary_key=True),
    Column("customer", Text, nullable=False),
    Column("seconds", BigInteger, nullable=False),
    Column("exact", Boolean, nullable=False),
    Column("week", Integer, nullable=False),
    *_texts("team", "works"),
    Column("open", Boolean),
    Column("about", BigInteger),
    Index("ix_happened_week", "week", "kind", "customer", "team", "works", "seconds", "exact"),
)
_MADE, _WHOSE = happened.c.open.is_not(None), [happened.c[name] for name in ("customer", "team", "works")]
Index(
    "ix_happened_about",
    *(happened.c.week, happened.c.about, *_WHOSE, happened.c.open),
    sqlite_where=_MADE,
    postgresql_where=_MADE,
)
_STILL = happened.c.open.is_(True)
Index("ix_happened_open", *_WHOSE, sqlite_where=_STILL, postgresql_where=_STILL)

theirs = Table(
    "theirs",
    metadata,
    *(Column(name, Text, primary_key=True) for name in ("connection", "key", "customer")),
    Column("created", Instant, nullable=False),
    Column("last", Instant),
    Index("ix_theirs_customer", "customer", "created", "last"),
)

clocks = Table(
    "clocks",
    metadata,
    *(Column(name, Text, primary_key=True) for name in ("connection", "key", "clock")),
    *_texts("cycle", "customer", "base", "state"),
    Column("due", Instant),
    Column("at_risk", Instant),
    Column("breached", Boolean, nullable=False),
    Index("ix_clocks_next", "due", "connection", "key"),
    Index("ix_clocks_customer", "customer", "due", "at_risk", "breached"),
)

amendments = Table(
    "amendments",
    metadata,
    Column("id", Integer, primary_key=True),
    *_texts("connection", "key", "clock", "cycle", "kind", "who", "reason"),
    Column("said", Instant, nullable=False),
    Column("met", Boolean),
    Index("ix_amendments_ticket", "connection", "key"),
)

editions = Table(
    "editions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("valid_from", Instant, nullable=False),
    Column("said", Text, nullable=False),
    Column("adopted", Instant, nullable=False),
    Column("replaced", Instant),
)

holidays = Table(
    "holidays",
    metadata,
    *(Column(name, Text, primary_key=True) for name in ("country", "region")),
    Column("dates", JSON, nullable=False),
)

statements = Table(
    "statements",
    metadata,
    *(Column(name, Text, primary_key=True) for name in ("customer", "month")),
    Column("issued", Instant, nullable=False),
    *_texts("who", "hash", "body"),
)

corrections = Table(
    "corrections",
    metadata,
    Column("id", Integer, primary_key=True),
    *_texts("customer", "month"),
    Column("at", Instant, nullable=False),
    *_texts("what", "before", "after"),
    Index("ix_corrections_statement", "customer", "month"),
)

swaps = Table(
    "swaps",
    metadata,
    Column("id", Integer, primary_key=True),
    *_texts("rota", "person", "who", "reason"),
    *(Column(name, Instant, nullable=False) for name in ("start", "end", "said")),
    Index("ix_swaps_rota", "rota", "end"),
)

messages = Table(
    "messages",
    metadata,
    *(Column(name, Text, primary_key=True) for name in ("connection", "key", "id")),
    *_texts("kind", "author", "role", "audience"),
    Column("created", Instant, nullable=False),
    Column("edited", Instant),
    Column("files", JSON, nullable=False),
    Column("read_at", Instant, nullable=False, index=True),
)

accounts = Table(
    "accounts",
    metadata,
    Column("name", Text, primary_key=True),
    *_texts("role", "password"),
    Column("created", Instant, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token", Text, primary_key=True),
    Column("account", ForeignKey("accounts.name"), nullable=False, index=True),
    Column("begun", Instant, nullable=False),
    Column("used", Instant, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("hash", Text, nullable=False),
    Column("account", ForeignKey("accounts.name"), nullable=False, index=True),
    *_texts("role", "purpose"),
    Column("created", Instant, nullable=False),
    Column("expires", Instant, nullable=False),
    Column("used", Instant),
)

attempts = Table(
    "attempts",
    metadata,
    Column("who", Text, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last", Instant, nullable=False),
)

forms = Table(
    "forms",
    metadata,
    Column("sent", Text, primary_key=True),
    *_texts("answer"),
    Column("at", Instant, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    *_texts("who", "act"),
    Column("subject", Text, nullable=False, index=True),
    *_texts("detail", "place"),
)

shares = Table(
    "shares",
    metadata,
    Column("id", Integer, primary_key=True),
    *_texts("customer", "salt", "who"),
    *(Column(name, Instant, nullable=False) for name in ("made", "until")),
    *(Column(name, Instant) for name in ("revoked", "used")),
    sqlite_autoincrement=True,
)

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    *_texts("source", "digest", "who", "state", "why"),
    Column("asked", JSON, nullable=False),
    Column("began", Instant, nullable=False),
    *(Column(name, Instant) for name in ("ended", "beat", "stop", "accepted")),
    Column("accepted_by", Text, nullable=False, server_default=""),
    Column("progress", JSON, nullable=False),
    Column("verified", JSON, nullable=False),
    sqlite_autoincrement=True,
)

listings = Table(
    "listings",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("reached", Instant),
    Column("whole", Instant),
    Column("gaps", BigInteger, nullable=False, server_default="0"),
)

items = Table(
    "items",
    metadata,
    *(Column(name, Text, primary_key=True) for name in ("connection", "key")),
    Column("number", BigInteger),
    *_texts("version", "presence", "status", "whose"),
    *(Column(name, Instant) for name in ("changed", "created", "due")),
    Column("rank", Integer, nullable=False),
    *_texts("state", "reason"),
    Column("run", Integer),
    Column("handled", Instant),
    Index("ix_items_next", "connection", "state", "rank", "changed", "key"),
    Index("ix_items_number", "connection", "number"),
    Index("ix_items_run", "run"),
)

quiets = Table(
    "quiets",
    metadata,
    *(Column(name, Text, primary_key=True) for name in ("connection", "project")),
    *_texts("before", "before_name", "silent", "state", "who", "canary", "confirmed_by"),
    Column("at", Instant, nullable=False),
    *(Column(name, Instant) for name in ("asked", "confirmed")),
    Column("invited", Text, nullable=False, server_default=""),
)

cutovers = Table(
    "cutovers",
    metadata,
    Column("id", Integer, primary_key=True),
    *_texts("source", "state", "way", "who", "why"),
    Column("at", Instant, nullable=False),
    Column("detail", JSON, nullable=False),
    sqlite_autoincrement=True,
)

carried = Table(
    "carried",
    metadata,
    *(Column(name, Text, primary_key=True) for name in ("connection", "key")),
    *_texts("source", "source_key"),
    Column("facts", JSON, nullable=False),
    Column("until", Instant, nullable=False),
    Index("ix_carried_source", "source"),
)

ties = Table(
    "ties",
    metadata,
    *(Column(name, Text, primary_key=True) for name in ("connection", "key", "kind", "other")),
    Column("made", Boolean, nullable=False),
    *_texts("why"),
)

ratings = Table(
    "ratings",
    metadata,
    *(Column(name, Text, primary_key=True) for name in ("connection", "key", "id")),
    *_texts("mood", "native", "remark", "author"),
    *(Column(name, Instant, nullable=False) for name in ("given", "noted")),
    Index("ix_ratings_given", "given"),
)

admitted = Table(
    "admitted",
    metadata,
    *(Column(name, Text, primary_key=True) for name in ("connection", "kind", "name")),
    *_texts("key"),
    Column("made", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
)
