"""Places that were silenced for a move: what each was set to stands here before anything is changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update

from sync.store.database import Database
from sync.store.dialects import replacing
from sync.store.schema import quiets as t


class QuietState(StrEnum):
    """How far the switch is."""

    TURNING_ON = "turning on"
    """It may have been turned: whoever looks compares."""
    ON = "on"
    TURNING_OFF = "turning off"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """One place."""

    connection: str
    project: str
    before: str
    """What it was set to, by the tool's own id, and what people call that."""
    before_name: str
    silent: str
    state: QuietState
    who: str
    at: datetime
    canary: str = ""
    """Whose mailbox is watched: mails to a customer would come there."""
    asked: datetime | None = None
    """When the canary was given something to be mailed about."""
    confirmed_by: str = ""
    confirmed: datetime | None = None
    """When somebody said that nothing came."""
    invited: str = ""
    """The address for which an account was made, to see whether an invitation comes there."""


_REST = (
    "before",
    "before_name",
    "silent",
    "state",
    "who",
    "at",
    "canary",
    "asked",
    "confirmed_by",
    "confirmed",
    "invited",
)


class Quiets:
    """One row a place; the last move's."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._put = replacing(t, ("connection", "project"), *_REST)

    def all(self) -> tuple[Quiet, ...]:
        """Return every place that was ever silenced, by connection and project."""
        query = select(t).order_by(t.c.connection, t.c.project)
        with self._db.reading() as tx:
            rows = tx.execute(query).mappings().all()
        return tuple(Quiet(**{**row, "state": QuietState(row["state"])}) for row in rows)

    def find(self, connection: str, project: str) -> Quiet | None:
        """Return what is known of a place."""
        known = (one for one in self.all() if (one.connection, one.project) == (connection, project))
        return next(known, None)

    def put(self, quiet: Quiet) -> None:
        """Note how a place stands."""
        values = {name: getattr(quiet, name) for name in ("connection", "project", *_REST)}
        with self._db.writing() as tx:
            tx.execute(self._put(tx), values)

    def turn(self, quiet: Quiet, state: QuietState, at: datetime) -> None:
        """Note how far a place is."""
        mine = (t.c.connection == quiet.connection) & (t.c.project == quiet.project)
        with self._db.writing() as tx:
            tx.execute(update(t).where(mine).values(state=state.value, at=at))
