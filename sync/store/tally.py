"""How much of everything the store holds: what `status` tells. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from sync.store.database import Database
from sync.store.journal import EDIT
from sync.store.schema import cursors, findings, inbox, intents, links

_UNHEARD = select(func.count()).where(intents.c.done.is_(None), intents.c.kind != EDIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counts at one moment."""

    bundles: int
    """Linked tickets."""
    sides: Mapping[str, int]
    """connection -> tickets that are linked there."""
    due: int
    """What is to be looked at now."""
    later: int
    """What waits for its time: a clock, or another attempt."""
    oldest: datetime | None
    """Since when the longest due has been waiting."""
    parked: Mapping[str, int]
    """reason -> tickets that wait for a person."""
    findings: int
    uncertain: int
    """Writes that were sent and whose answer nobody has heard yet; edits apart, which may be sent again."""
    collected: Mapping[str, datetime]
    """connection -> until when its changes have been collected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits at one moment: the part of a `Tally` that costs little however many tickets there are."""

    due: int
    oldest: datetime | None
    parked: Mapping[str, int]
    uncertain: int
    collected: Mapping[str, datetime]


def waiting(database: Database, at: datetime) -> Waiting:
    """Return what waits at a moment."""
    with database.reading() as tx:
        due = tx.execute(select(func.count(), func.min(inbox.c.due_at)).where(inbox.c.due_at <= at)).one()
        parked = tx.execute(
            select(inbox.c.parked, func.count()).where(inbox.c.parked.is_not(None)).group_by(inbox.c.parked)
        )
        return Waiting(
            due=due[0],
            oldest=due[1],
            parked={str(row[0]): row[1] for row in parked},
            uncertain=tx.execute(_UNHEARD).scalar_one(),
            collected={row.connection: row.at for row in tx.execute(select(cursors))},
        )


def tally(database: Database, at: datetime) -> Tally:
    """Return what the store holds at a moment, all from one state."""
    standing = links.c.unlinked.is_(None)
    with database.reading() as tx:
        sides = tx.execute(
            select(links.c.connection, func.count()).where(standing).group_by(links.c.connection)
        )
        waiting = tx.execute(select(func.count(), func.min(inbox.c.due_at)).where(inbox.c.due_at <= at)).one()
        parked = tx.execute(
            select(inbox.c.parked, func.count()).where(inbox.c.parked.is_not(None)).group_by(inbox.c.parked)
        )
        return Tally(
            bundles=tx.execute(select(func.count(links.c.bundle.distinct())).where(standing)).scalar_one(),
            sides={row[0]: row[1] for row in sides},
            due=waiting[0],
            oldest=waiting[1],
            later=tx.execute(select(func.count()).where(inbox.c.due_at > at)).scalar_one(),
            parked={str(row[0]): row[1] for row in parked},
            findings=tx.execute(select(func.count()).select_from(findings)).scalar_one(),
            uncertain=tx.execute(_UNHEARD).scalar_one(),
            collected={row.connection: row.at for row in tx.execute(select(cursors))},
        )
