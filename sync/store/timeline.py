"""The timeline: what became known of each side of a bundle, and between which instants it happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, bindparam, select

from mappings.ticket import Ref
from sync.sla.facts import Actor, Fact, FactKind
from sync.store.dialects import prepared
from sync.store.schema import timeline

Timelines = Mapping[Ref, tuple[Fact, ...]]
"""The facts of each side, in the order of the instants by which they had happened."""

_OF = select(timeline).where(timeline.c.bundle == bindparam("of")).order_by(timeline.c.by, timeline.c.id)
_LEARN = prepared(timeline, lambda row: row.on_conflict_do_nothing())


def load(tx: Connection, bundle: int) -> Timelines:
    """Return everything that is known of a bundle's sides."""
    told: dict[Ref, tuple[Fact, ...]] = {}
    for row in tx.execute(_OF, {"of": bundle}):
        fact = Fact(FactKind(row.kind), row.value, row.after, row.by, Actor(row.actor))
        side = Ref(row.connection, row.key)
        told[side] = (*told.get(side, ()), fact)
    return told


def learn(tx: Connection, bundle: int, ref: Ref, facts: Iterable[Fact]) -> None:
    """Add facts of a side; saying one twice is fine."""
    rows = [
        {
            "bundle": bundle,
            "connection": ref.connection,
            "key": ref.key,
            "kind": fact.kind.value,
            "value": fact.value,
            "after": fact.after,
            "by": fact.by,
            "actor": fact.actor.value,
        }
        for fact in facts
    ]
    if rows:
        tx.execute(_LEARN(tx), rows)
