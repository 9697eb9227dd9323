"""How a run reads its source, which it never writes to. Pure."""

from __future__ import annotations

from dataclasses import replace

from connectors.base import Presence, Snapshot
from mappings.ticket import Relation, RelationKind
from sync.migrate.history import HISTORY
from sync.operations import AddLink, AddNotice, Conflict, Escalate, Operation, Plan, Skip, Tell
from sync.rules import Rules

KEPT = "live work keeps its promises until the cutover is frozen; the next run after that moves it"
"""Why a ticket is left that people still work on, and that live work has alone."""


def as_read(side: Snapshot, rules: Rules) -> Snapshot:
    """Return a side as it counts in a run, or as it is in live work.

    A ticket of the source that a rule takes out of the trash or the archive is read like any other. One
    that was merged into another goes where its own history goes, and is tied to that one.
    """
    if side.ref.connection != rules.source:
        return side
    presence = Presence.PRESENT if side.presence in rules.reads else side.presence
    ties = side.ticket.relations
    if ties is not None:
        ties = tuple(_tied(tie) for tie in ties)
    return replace(side, presence=presence, ticket=replace(side.ticket, relations=ties))


def _tied(tie: Relation) -> Relation:
    return Relation(RelationKind.DUPLICATES, tie.key) if tie.kind is RelationKind.MERGED_INTO else tie


def in_a_run(operation: Operation, rules: Rules) -> bool:
    """Whether an operation is a run's to carry out: on its target alone, and telling nobody anything."""
    if isinstance(operation, Tell):
        return operation.occasion.id.startswith(HISTORY)
    if isinstance(operation, AddLink | AddNotice | Escalate):
        return False
    return isinstance(operation, Conflict) or operation.target != rules.source


def left_out(plan: Plan, otherwise: str) -> str:
    """Return why a ticket was not placed, in the plan's words where it says so."""
    skips = [r for r in plan.remarks if isinstance(r, Skip) and r.what == "the ticket"]
    return skips[0].reason if skips else otherwise
