"""One ticket of a run: reconciled once, and what became of it put down at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from mappings.ticket import FIELDS, Field, Ref
from sync.fields import OWN
from sync.migrate.source import KEPT, left_out
from sync.operations import CreateTicket
from sync.outcome import Later, Parked, Reconciled
from sync.store import Store
from sync.store.runs import Item, Rank, State, Tie

REMAPPED: frozenset[Field] = frozenset(name for name in FIELDS if name not in (*OWN, "tags"))
"""The fields of what was migrated that are decided again if a person wants that."""

_HELD = timedelta(seconds=10)
"""When a ticket is tried again that another worker holds."""
_APART = "a person took it apart from its other side: link it again, or unlink it and retry it"
"""Why a ticket is left that live work has, and that was somewhere else before."""
_NO_OTHER = "a person took it apart from its other side, and no run makes another: link it again"
"""Why a ticket is left that belongs to nothing any more, and that was where a run would put it."""
_BEFORE = "it was linked before"
"""Why a ticket counts as migrated that no run made: live work linked it."""

Told = Callable[[Item, Reconciled], None]
"""Hears what came of a look at a ticket."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a ticket that was settled."""

    state: State
    reason: str
    created: bool
    """Whether a ticket was created of it."""


class Takes(Protocol):
    """An engine that takes what a run asks for."""

    def take(self, ref: Ref, *, remap: frozenset[Field] = ...) -> Reconciled | None:
        """Reconcile a ticket now; None if somebody else is at it."""
        ...


class Taker:
    """Takes tickets of one source for a run, in any number of threads."""

    def __init__(
        self,
        *,
        store: Store,
        engine: Takes,
        run: int,
        source: str,
        now: Callable[[], datetime],
        remap: bool = False,
        customers: frozenset[str] = frozenset(),
        told: Told = lambda item, result: None,
    ) -> None:
        """`remap` has the fields of what was migrated decided again; `customers` are those asked for.

        `told` hears of each look, in the thread that made it.
        """
        self._told = told
        self._store, self._engine, self._run, self._source, self._now = store, engine, run, source, now
        self._remap, self._customers = REMAPPED if remap else frozenset[Field](), customers

    def take(self, item: Item) -> Taken | None:
        """Take a ticket; return what became of it, or None where it waits, or was not asked for."""
        result = self._engine.take(item.ref, remap=self._remap)
        if result is None:
            self._later(item, self._now() + _HELD, "another worker holds it")
            return None
        self._told(item, result)
        if isinstance(result.outcome, Later):
            self._later(item, result.outcome.at, str(result.outcome.error))
        else:
            with self._store.together():
                state, reason = self._judged(item, result)
                if state is not None:
                    self._settle(item, state, reason, result)
            if state is not None:
                made = any(isinstance(write, CreateTicket) for write in result.made)
                return Taken(state, reason, made)
        return None

    def _judged(self, item: Item, result: Reconciled) -> tuple[State | None, str]:
        """Return what became of a ticket, and why; no state for one that was not asked for."""
        if result.gone:
            why = "neither a list nor the archive has it" if item.rank is Rank.UNLISTED else result.gone
            return State.GONE, why
        if isinstance(result.outcome, Parked):
            unread = item.rank is Rank.UNLISTED and self._source == _blamed(result.outcome)
            return State.UNREACHABLE if unread else State.PARKED, result.outcome.reason
        bundle = self._store.bundles.load(self._store.bundles.subject(item.ref))
        if bundle.id is not None:
            if len(bundle.refs) > 1 or (bundle.run is not None and bundle.former):
                return State.MIGRATED, "" if bundle.run is not None else _BEFORE
            if bundle.former:
                return State.PARKED, _APART
            if left_out(result.plan, "") == KEPT:
                return State.SKIPPED, KEPT
            # What was begun and nothing was made of, as it was refused or cut off, and is not wanted by now.
        if self._customers and (whose := result.customer) not in self._customers:
            self._store.runs.not_asked(item.ref, whose or "")
            return None, ""
        why = _NO_OTHER if bundle.former else "no route of the migration takes it"
        return State.SKIPPED, left_out(result.plan, why)

    def _settle(self, item: Item, state: State, reason: str, result: Reconciled) -> None:
        known = self._store.register.entries(self._source, {item.ref.key})[item.ref.key]
        # Of a ticket that is live work's nothing was read now: what the list told of it stands.
        version = known.version if state is State.MIGRATED and reason != _BEFORE else None
        if state is State.MIGRATED and result.ties:
            ties = (Tie(item.ref.key, tie.kind.value, tie.key) for tie in result.ties)
            self._store.runs.tie(self._source, ties)
        self._store.runs.settle(item.ref, state, reason, self._run, version, self._now())

    def _later(self, item: Item, at: datetime, reason: str) -> None:
        self._store.runs.later(item.ref, max(at, self._now() + timedelta(seconds=1)), reason)


def _blamed(outcome: Parked) -> str:
    """Return which connection a reason begins with."""
    return outcome.reason.partition(":")[0]
