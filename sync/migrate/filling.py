"""The loop of a backfill, and the list that it works off."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from connectors.base import Connector, Hint, Presence
from sync.migrate.backfill import Backfill, Kind, Left
from sync.migrate.listing import BEGINNING, batches, listed
from sync.migrate.take import Taker
from sync.outcome import Parked, Reconciled
from sync.store import Store
from sync.store.runs import Item, Listed, Rank, State

WRITTEN = "it was written to"
"""What is kept of a ticket that got anything; of one that needed nothing, nothing is."""
_PRESENT = frozenset({Presence.PRESENT})


def rows(store: Store, front: Connector | None, asked: Backfill, digest: str) -> Iterator[list[Listed]]:
    """Yield what a backfill may have to do with, a batch at a time. Raises WireError.

    `front` is read for tickets alone; the store knows the rest. What was looked at by the same rules,
    of which `digest` tells, is no news.
    """
    if asked.kind is Kind.TICKETS and front is not None:
        for hints in batches(front.changed(BEGINNING)):
            yield list(_unlinked(store, front, hints, digest))
        return
    firsts = store.bundles.firsts()
    found = [(ref, at) for ref, at in firsts if at is not None or asked.kind is not Kind.COMMENTS]
    yield [_linked(f"{r.connection}:{r.key}", f"{digest}{f' {at}' if at else ''}") for r, at in found]


def _unlinked(store: Store, front: Connector, hints: list[Hint], digest: str) -> Iterator[Listed]:
    newest = {hint.key: hint for hint in hints}
    known = store.register.entries(front.name, newest.keys())
    sides = store.register.connections([one.subject for one in known.values()])
    for key, hint in newest.items():
        if len(sides[known[key].subject]) > 1:
            continue  # it is linked, not only on record because of what the hub wrote in it
        one = listed(hint, _PRESENT, None, timedelta(0))
        yield Listed(
            key=key,
            version=f"{digest} {one.version}",
            presence=one.presence,
            status=one.status,
            whose=one.whose,
            changed=one.changed,
            created=one.created,
            rank=one.rank,
            skipped=one.skipped,
        )


def _linked(key: str, version: str) -> Listed:
    return Listed(
        key=key,
        version=version,
        presence=Presence.PRESENT,
        status="",
        whose="",
        changed=None,
        created=None,
        rank=Rank.UNKNOWN,
    )


class Filling(Taker):
    """Takes what a backfill listed; everything that guards a migration's run guards it."""

    def _judged(self, item: Item, result: Reconciled) -> tuple[State | None, str]:
        """Return what became of a ticket, and why; no state for one that was not asked for."""
        match result.outcome:
            case Left(reason=reason, state=state):
                if state is State.WAITING:
                    self._store.runs.not_asked(item.ref, result.customer or "")
                    return None, ""
                return state, reason
            case Parked(reason=reason):
                return State.PARKED, reason
            case _:
                return (State.GONE, result.gone) if result.gone else (State.MIGRATED, WRITTEN)

    def _settle(self, item: Item, state: State, reason: str, result: Reconciled) -> None:
        self._store.runs.settle(item.ref, state, reason, self._run, None, self._now())
