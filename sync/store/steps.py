"""The steps of escalation that were taken, missed or withdrawn, by the ticket that they are of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, and_, bindparam, exists, select, update

from mappings.ticket import Priority, Ref
from sync.sla.escalation import Key, Taken
from sync.sla.policy import ClockName
from sync.store.dialects import replacing
from sync.store.schema import links, steps

Steps = Mapping[Ref, tuple[Taken, ...]]
"""What was recorded of each ticket, in the order in which it was done."""

_SAME = and_(steps.c.connection == links.c.connection, steps.c.key == links.c.key)
_OF = (
    select(steps)
    .join(links, _SAME)
    .where(links.c.bundle == bindparam("of"))
    .order_by(steps.c.at, steps.c.clock, steps.c.step)
)
_KEY = ("connection", "key", "clock", "cycle", "step")
_REST = ("at", "since", "times", "missed", "notified", "before", "after", "withdrawn", "unfinished")
_KEEP = replacing(steps, _KEY, *_REST)


def name_of(ref: Ref) -> str:
    """Return how the keys of steps call a ticket."""
    return f"{ref.connection}:{ref.key}"


def load(tx: Connection, bundle: int) -> Steps:
    """Return what was recorded of the tickets of a bundle."""
    found: dict[Ref, tuple[Taken, ...]] = {}
    for row in tx.execute(_OF, {"of": bundle}):
        ref = Ref(row.connection, row.key)
        one = Taken(
            key=Key(name_of(ref), ClockName(row.clock), row.cycle, row.step),
            at=row.at,
            missed=row.missed,
            notified=row.notified,
            raised=(Priority(row.before), Priority(row.after)) if row.before else None,
            since=row.since,
            times=row.times,
            withdrawn=row.withdrawn,
            unfinished=row.unfinished,
        )
        found[ref] = (*found.get(ref, ()), one)
    return found


def keep(tx: Connection, ref: Ref, taken: Iterable[Taken]) -> None:
    """Record steps of a ticket, in place of what was recorded of them before."""
    for one in taken:
        before, after = one.raised or (None, None)
        values = {
            "connection": ref.connection,
            "key": ref.key,
            "clock": one.key.clock.value,
            "cycle": one.key.cycle,
            "step": one.key.step,
            "at": one.at,
            "since": one.since,
            "times": one.times,
            "missed": one.missed,
            "notified": one.notified,
            "before": before.value if before else None,
            "after": after.value if after else None,
            "withdrawn": one.withdrawn,
            "unfinished": one.unfinished,
        }
        tx.execute(_KEEP(tx), values)


def pass_on(tx: Connection, old: Ref, new: Ref) -> None:
    """Have a ticket's steps be another one's, which goes on with its clocks, as far as that has none."""
    other = steps.alias("other")
    there = (other.c.connection == new.connection, other.c.key == new.key)
    same = (other.c[name] == steps.c[name] for name in ("clock", "cycle", "step"))
    mine = (steps.c.connection == old.connection, steps.c.key == old.key)
    known = exists().where(*there, *same).correlate(steps)
    tx.execute(update(steps).where(*mine, ~known).values(connection=new.connection, key=new.key))
