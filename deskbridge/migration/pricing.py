"""What a verification costs, before it begins: from what is on record of what was migrated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from connectors.capabilities import Part
from connectors.recount import further
from deskbridge.migration.building import Machine
from sync.migrate.hours import USUAL, WRITES, hours
from sync.migrate.sampling import counted
from sync.seen import Kind
from sync.store.runs import State

_ROWS, _TEXTS = 100, 100
"""Tickets on a page of a list, and texts on a page of a conversation, in all tools."""
_LISTS = 3
"""Lists that each end with a page of their own: what is there, the trash, spam."""
_HIDDEN = 1
"""Calls more for a ticket that is looked for in the archive when it is not where others are."""
_HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one way to verify costs."""

    tickets: int
    """That are compared."""
    calls: Mapping[str, int]
    """On each connection."""
    files: int
    """That are read whole on both sides."""
    hours: float

    def line(self) -> str:
        """Return it as a person reads it."""
        calls = ", ".join(f"about {count:,} calls of {name}" for name, count in self.calls.items())
        files = f", {self.files:,} files read on both sides" if self.files else ""
        return f"{calls}{files}; {hours(counted(self.hours))}"


def priced(machine: Machine, tickets: int | None) -> Price:
    """Return what it costs to read both lists and to compare so many tickets; None means all of them.

    The hours are those at which the accounts let themselves be read, as far as their answers have told.
    """
    runs = machine.application.store.runs
    listed, copied = runs.counts(machine.source), runs.copied()
    made = {name: len(machine.application.store.bundles.made_by_runs(name)) for name in machine.targets}
    there = listed[State.MIGRATED]
    compared = there if tickets is None else min(tickets, there)
    share = compared / there if there else 0.0
    pages = 2 + copied.get(Kind.COMMENT, 0) / max(1, there) / _TEXTS
    files = round(copied.get(Kind.FILE, 0) * share)
    hidden = runs.archived(machine.source) * share * _HIDDEN
    lists = ceil(sum(listed.values()) / _ROWS) + _LISTS
    rated = _rated(machine) if compared else 0
    each = pages + _further(machine, machine.source)
    calls = Counter({machine.source: lists + rated + ceil(compared * each + hidden)})
    for name, count in made.items():
        mine = count / max(1, sum(made.values()))
        each = pages + _further(machine, name)
        calls[name] = ceil(count / _ROWS) + 1 + ceil(compared * each * mine) + ceil(files * mine)
        if machine.desk.rules.books:
            calls[name] += ceil(runs.booked(name) * share * further(_system(machine, name), [Part.TIME]))
    slowest = max(count / _pace(machine, name) for name, count in calls.items())
    return Price(tickets=compared, calls=dict(calls), files=files, hours=slowest / _HOUR)


def _further(machine: Machine, connection: str) -> int:
    """Return how many calls more each ticket takes: for fields told apart, at the source for booked time."""
    named = [*machine.application.settings.connections[connection].fields]
    times = [Part.TIME] if connection == machine.source and Part.TIME in machine.desk.rules.parts else []
    return further(_system(machine, connection), [*named, *times])


def _rated(machine: Machine) -> int:
    """Return how many calls the source's list of ratings takes, where it is read."""
    listed = machine.connectors[machine.source].capabilities.lists_ratings
    if not listed or Part.RATINGS not in machine.desk.rules.parts:
        return 0
    return machine.application.store.ratings.count(machine.source) // _ROWS + 1


def _system(machine: Machine, connection: str) -> str:
    return machine.application.settings.connections[connection].system


def _pace(machine: Machine, connection: str) -> float:
    """Return how many calls a second are reckoned with."""
    told = machine.budgets[connection].allowance()
    return told * USUAL if told else WRITES
