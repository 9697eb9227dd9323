"""Builds who takes tickets for a run, in the run's own process and in those that share its work."""

from __future__ import annotations

from collections.abc import Collection

from deskbridge.migration.building import Machine
from sync.migrate.source import KEPT
from sync.migrate.take import Taker, Told
from sync.store.runs import State


def taker_of(machine: Machine, run: int, customers: Collection[str], told: Told, *, remap: bool) -> Taker:
    """Return who takes a run's tickets; `customers` are those asked for, all if there are none."""
    application = machine.application
    return Taker(
        store=application.store,
        engine=machine.engine,
        run=run,
        source=machine.source,
        now=application.now,
        remap=remap,
        customers=frozenset(customers),
        told=told,
    )


def hand_over_kept(machine: Machine) -> int:
    """Have what was left to live work until the freeze be looked at again, once it is; return how many."""
    if not machine.frozen:
        return 0
    return machine.application.store.runs.again(machine.source, [State.SKIPPED], KEPT)
