"""The dry run: what a run would do, in counts and examples. Nothing is written anywhere."""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from connectors.base import Presence
from deskbridge.bootstrap import Application
from deskbridge.migration.building import Machine
from deskbridge.migration.choosing import meant, shown
from deskbridge.migration.opening import Changed
from deskbridge.migration.running import Orders, machine_for
from deskbridge.report import plan_json, plan_lines
from mappings.ticket import Ref
from sync.migrate.listing import BEGINNING, batches, known_elsewhere, listed
from sync.migrate.source import KEPT
from sync.outcome import Planned
from sync.store.bundles import subject_of
from sync.store.runs import Listed, Rank, State, Which

EXAMPLES = 5


@dataclass(slots=True)
class Counted:
    """What the lists of a source show."""

    all: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    unlisted: int = 0
    """How many numbers below the highest one no list shows, and no run has looked for."""
    problems: list[str] = field(default_factory=list)
    """What stands against writing there, as the targets tell."""
    strange: list[str] = field(default_factory=list)
    """Numbers that were asked for, and that the source does not have."""
    first: list[Listed] = field(default_factory=list)
    """Those that would be taken first."""


def counted(machine: Machine, which: Which, examples: int = EXAMPLES) -> Counted:
    """Return what there is to do, having read the source's lists. Raises WireError."""
    found, reads = Counted(), machine.desk.rules.reads
    connector, best = machine.connectors[machine.source], list[tuple[float, float, int, Listed]]()
    settle, seen = connector.capabilities.settle, set[int]()
    store, asked = machine.application.store, set(which.keys)
    fresh = (
        (listed(hint, reads, known.get(hint.key), settle), hint.key in kept)
        for batch in batches(connector.changed(BEGINNING))
        for keys in [{hint.key for hint in batch}]
        for known in [known_elsewhere(store, machine.source, keys)]
        for kept in [frozenset() if machine.frozen else store.lent.alone(machine.source, keys)]
        for hint in batch
    )
    for one, kept in fresh:
        if one.key.isdecimal():
            if int(one.key) in seen:
                continue
            seen.add(int(one.key))
        found.all += 1
        asked.discard(one.key)
        if one.skipped:
            found.left_out[one.skipped] += 1
        elif not meant(which, one):
            found.left_out["not asked for"] += 1
        elif kept and one.rank < Rank.DONE:
            found.left_out[KEPT] += 1
        elif one.known:
            found.left_out["it is there, and did not change since"] += 1
        else:
            found.statuses[one.status or "unknown"] += 1
            changed = one.changed.timestamp() if one.changed else 0.0
            early = -one.rank if not which.done else one.rank
            row = (early, -changed if which.done else changed, -found.all, one)
            (heapq.heappush if len(best) < examples else heapq.heappushpop)(best, row)
    if connector.capabilities.counts_up and seen:
        walked = store.runs.walk(machine.source, [state for state in State if state is not State.WAITING])
        tried = {n for item in walked if item.rank is Rank.UNLISTED and (n := int(item.ref.key)) not in seen}
        found.unlisted = max(0, max(seen) - len(seen) - len(tried))
        if which.keys:
            below = {key for key in asked if key.isdecimal() and 0 < int(key) < max(seen)}
            found.unlisted = sum(int(key) not in tried for key in below)
            found.strange = sorted(asked - below)
    found.first = [row[3] for row in sorted(best, reverse=True)]
    return found


def planned(machine: Machine, keys: list[str]) -> Iterator[Planned]:
    """Yield what would be written for tickets. Raises WireError."""
    yield from machine.engine.plan([subject_of(None, Ref(machine.source, key)) for key in keys])


def rehearsed(application: Application, orders: Orders, *, as_json: bool) -> str:
    """Return what a run would do, as text. Raises what `ready` and the source's lists raise."""
    asked = orders.asked
    machine = machine_for(application, orders)
    which = asked.which(application.settings, machine.source)
    keys: list[str] | None = None
    if orders.demo is not None:
        keys = shown(machine, which, orders.demo, remap=orders.changed is Changed.REMAP)
        which = replace(which, keys=frozenset(keys))
    found = counted(machine, which)
    if keys is None:
        keys = [one.key for one in found.first]
    elif (more := len(keys) - sum(found.statuses.values())) > 0:
        found.statuses["unknown"] += more  # they are in no list, or a rule had left them out
    for name in machine.targets:
        there = [place for place in machine.places if place.connection == name]
        found.problems += machine.connectors[name].problems(there)
    plans = list(planned(machine, keys))
    if as_json:
        return json.dumps(rehearsal_json(machine, found, plans), indent=2)
    return "\n".join(rehearsal_lines(machine, found, plans))


def rehearsal_lines(machine: Machine, found: Counted, plans: list[Planned]) -> list[str]:
    """Return a dry run as lines."""
    total = sum(found.statuses.values())
    lines = [f"{machine.source} has {found.all} tickets in its lists; {total} would be migrated to:"]
    lines += [
        f"  {place.connection} {place.key}, read by {place.readers}, no mail" for place in machine.places
    ]
    lines += [f"stands in the way: {one}" for one in found.problems]
    lines += [f"  {count} {status}" for status, count in sorted(found.statuses.items())]
    lines += [f"left out: {count}: {why}" for why, count in sorted(found.left_out.items())]
    if found.unlisted and Presence.ARCHIVED in machine.desk.rules.reads:
        lines.append(f"{found.unlisted} numbers are in no list: each is looked for in the archive")
    lines += [f"there is no ticket {key}" for key in found.strange]
    if plans:
        lines.append(f"The first {len(plans)} of them:")
    for plan in plans:
        lines += plan_lines(plan) or [f"{' = '.join(map(str, plan.refs))}: nothing to write"]
    return [*lines, "Nothing is written yet: say --apply."]


def rehearsal_json(machine: Machine, found: Counted, plans: list[Planned]) -> dict[str, object]:
    """Return a dry run as data."""
    return {
        "source": machine.source,
        "listed": found.all,
        "would_migrate": dict(found.statuses),
        "left_out": dict(found.left_out),
        "unlisted": found.unlisted,
        "not_listed": found.strange,
        "problems": found.problems,
        "places": [
            {"connection": p.connection, "project": p.key, "readers": str(p.readers)} for p in machine.places
        ],
        "first": [plan_json(plan) for plan in plans],
    }
