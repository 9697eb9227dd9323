"""Which tickets a demonstration shows: the same ones in a dry run and in the run that follows it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from itertools import islice

from connectors.base import Presence, Snapshot
from connectors.errors import Gone, Rejected
from deskbridge.migration.building import Machine
from deskbridge.migration.desk import digest_of
from mappings.ticket import Status
from sync.migrate.listing import BEGINNING, batches, known_elsewhere, listed
from sync.migrate.sample import candidates, chosen, signs
from sync.store.runs import Item, Listed, RunState, State, Which

_LOOKS, _SEEKING = 60, 10
"""Tickets that are read to choose a demonstration from, at least; and how many times as many to find them."""
_BATCH = 500
_UNLISTED = ("", "")
"""The status and the customer of a ticket that no list shows."""


def demonstration(
    machine: Machine, tickets: Iterable[tuple[str, str, str]], count: int, customers: Collection[str] = ()
) -> list[str]:
    """Return the keys of a few of (key, status, customer) that stand for all. Raises WireError.

    What a run would leave to live work is none of them. With `customers`, theirs alone: whose a ticket is, no
    list may tell, so more are read until enough are theirs.
    """
    wanted, looked_at = max(_LOOKS, count * 3), list[tuple[str, frozenset[str]]]()
    for key in candidates(_takes(machine, tickets), wanted * (_SEEKING if customers else 1)):
        with suppress(Gone, Rejected):  # what cannot be read shows nobody anything
            side = machine.connectors[machine.source].fetch(key)
            if not customers or _whose(machine, side) in customers:
                looked_at.append((key, signs(side)))
        if len(looked_at) == wanted:
            break
    return chosen(looked_at, count)


def _takes(machine: Machine, tickets: Iterable[tuple[str, str, str]]) -> Iterator[tuple[str, str, str]]:
    """Yield the tickets without those that live work keeps promises of until the cutover is frozen."""
    rest, done = iter(tickets), {status.value for status in Status if status.done}
    while some := list(islice(rest, _BATCH)):
        open_ones = [key for key, status, _ in some if status not in done]
        lent = machine.application.store.lent
        kept = frozenset[str]() if machine.frozen else lent.alone(machine.source, open_ones)
        yield from (one for one in some if one[0] not in kept)


def _whose(machine: Machine, side: Snapshot) -> str:
    """Return the key of the customer whose ticket it is; empty for one whom the settings do not know."""
    home = machine.desk.rules.readers(side.ref.connection, side.place)
    customer = machine.desk.customer(side.ticket, home, (side.ref.connection, side.place))
    return customer.key if customer else ""


def waiting(machine: Machine, which: Which) -> Iterator[tuple[str, str, str]]:
    """Yield (key, status, customer) of what waits for a run that has read the lists."""
    for item in machine.application.store.runs.walk(machine.source, [State.WAITING], which=which):
        yield item.ref.key, item.status, item.whose


def shown(machine: Machine, which: Which, count: int, *, remap: bool) -> list[str]:
    """Return the keys of which a run would make a demonstration now, writing nothing. Raises WireError.

    A demonstration that was interrupted goes on with those that it had chosen.
    """
    last = next(iter(machine.application.store.runs.all(machine.source)), None)
    if last is not None and last.state is not RunState.DONE and last.asked.get("demo"):
        return list(last.asked["demo"])
    return demonstration(machine, _would_wait(machine, which, remap=remap), count, which.customers)


def _would_wait(machine: Machine, which: Which, *, remap: bool) -> Iterator[tuple[str, str, str]]:
    """Yield what would wait once the lists were read into the store; `remap` as a run is asked for it."""
    runs, source = machine.application.store.runs, machine.source
    fresh, numbers = set[str](), set[int]()
    for one, item in _listed(machine):
        numbers.update([int(one.key)] if one.key.isdecimal() else [])
        stands = item is not None and (item.version == one.version or one.known)
        if one.key in fresh or stands:
            continue
        fresh.add(one.key)
        if not one.skipped and not one.known and meant(which, one):
            yield one.key, one.status, one.whose
    states = _again(machine, remap=remap)
    for item in runs.walk(source, states, which=which):
        if item.ref.key not in fresh:
            yield item.ref.key, item.status, item.whose
    if Presence.ARCHIVED in machine.desk.rules.reads and machine.connectors[source].capabilities.counts_up:
        numbers.update(int(one.ref.key) for one in runs.walk(source, list(State)) if one.ref.key.isdecimal())
        for number in range(1, max(numbers, default=0)):
            if number not in numbers and (not which.keys or str(number) in which.keys):
                yield (str(number), *_UNLISTED)


def _listed(machine: Machine) -> Iterator[tuple[Listed, Item | None]]:
    """Yield what the source's lists show, with what is known of it."""
    store, source, reads = machine.application.store, machine.source, machine.desk.rules.reads
    connector = machine.connectors[source]
    for batch in batches(connector.changed(BEGINNING)):
        newest = {hint.key: hint for hint in batch}
        entries, items = (
            known_elsewhere(store, source, newest.keys()),
            store.runs.known(source, newest.keys()),
        )
        for key, hint in newest.items():
            yield listed(hint, reads, entries.get(key), connector.capabilities.settle), items.get(key)


def _again(machine: Machine, *, remap: bool) -> list[State]:
    """Return in which states tickets would wait: where the rules changed, what they had left out does too."""
    last = next(iter(machine.application.store.runs.all(machine.source)), None)
    if last is None or last.digest == digest_of(machine.application.settings):
        return [State.WAITING]
    return [State.WAITING, State.SKIPPED, *([State.MIGRATED] if remap else [])]


def meant(which: Which, one: Listed) -> bool:
    """Whether a ticket is one that was asked for, as far as a list tells."""
    ranges = ((one.created, which.created), (one.changed, which.changed))
    done = one.status in {status.value for status in Status if status.done}
    return (
        (not which.statuses or one.status in which.statuses or not one.status)
        and (which.whose is None or one.whose in which.whose or not one.whose)
        and (not which.keys or one.key in which.keys)
        and (not which.done or done)
        and all(_within(at, *bounds) for at, bounds in ranges)
    )


def _within(at: datetime | None, since: datetime | None, before: datetime | None) -> bool:
    return at is None or ((since is None or at >= since) and (before is None or at < before))
