"""Verification: both sides read again, by counts and by what the servers send."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta

from connectors.base import Connector, Presence
from connectors.errors import Gone, Rejected
from mappings.boards import STAFF, Readers
from mappings.ticket import MESSAGE_0, Ref
from sync.migrate.compare import Difference, compared
from sync.migrate.listing import BEGINNING, listed
from sync.seen import Kind
from sync.store import Store
from sync.store.bundles import Bundle
from sync.store.runs import State

_TOGETHER = 8
"""Tickets that are read at once."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is wrong with a ticket, or is not there for a known reason."""

    ticket: Ref
    what: str
    why: str
    explained: bool = False


@dataclass(slots=True)
class Verified:
    """What a verification found."""

    listed: int = 0
    """Tickets that the source's lists show now."""
    new: int = 0
    """Those of them that no run has met, or that changed since: run again."""
    issues: int = 0
    """Tickets that runs made and the target's lists show."""
    missing: int = 0
    """Tickets that runs made and the target's lists do not show."""
    checked: int = 0
    """Tickets whose texts and files were compared."""
    texts: int = 0
    files: int = 0
    found: list[Found] = field(default_factory=list)

    @property
    def well(self) -> bool:
        """Whether nothing is missing without a known reason."""
        return not (self.new or self.missing or any(not one.explained for one in self.found))


class Verifier:
    """Reads both sides of one migration again."""

    def __init__(
        self,
        store: Store,
        connectors: Mapping[str, Connector],
        source: str,
        targets: Collection[str],
        readers: Callable[[Ref], Readers],
        reads: frozenset[Presence],
    ) -> None:
        """`readers` says who reads the place that a ticket of the target is in, as the settings have it."""
        self._store, self._connectors, self._source = store, connectors, source
        self._targets, self._readers, self._reads = tuple(targets), readers, reads

    def counts(self, verified: Verified) -> None:
        """Count both sides by their lists. Raises WireError."""
        known, source = self._store.runs, self._connectors[self._source]
        met: set[str] = set()
        for hint in source.changed(BEGINNING):
            if hint.key in met:
                continue
            met.add(hint.key)
            row = listed(hint, self._reads, None, timedelta(0))
            item = known.item(Ref(self._source, hint.key))
            waits = item is None or item.state is State.WAITING
            # A version that a run read after its list may be newer than the list's; never older.
            stale = item is not None and item.version < row.version and item.state is State.MIGRATED
            verified.new += (waits or stale) and not row.skipped
        verified.listed = len(met)
        for name in self._targets:
            there = {hint.key for hint in self._connectors[name].walk()}
            for key in self._store.bundles.made_by_runs(name):
                verified.issues += key in there
                if key not in there:
                    verified.missing += 1
                    verified.found.append(
                        Found(Ref(name, key), "the ticket", "no list of the target shows it")
                    )

    def contents(self, verified: Verified, sample: int | None) -> Iterator[int]:
        """Compare texts and files of so many migrated tickets by chance, or of all; yield how many so far."""
        keys = [item.ref for item in self._store.runs.walk(self._source, [State.MIGRATED])]
        if sample is not None and sample < len(keys):
            keys = sorted(random.sample(keys, sample), key=lambda ref: ref.key)
        with ThreadPoolExecutor(_TOGETHER) as pool:
            for start in range(0, len(keys), 100):
                for ref, texts, files, differences in pool.map(self._one, keys[start : start + 100]):
                    verified.checked += 1
                    verified.texts, verified.files = verified.texts + texts, verified.files + files
                    verified.found += [Found(ref, d.what, d.why, d.explained) for d in differences]
                yield verified.checked

    def _one(self, ref: Ref) -> tuple[Ref, int, int, list[Difference]]:
        bundle = self._store.bundles.load(self._store.bundles.subject(ref))
        target = next((side for side in bundle.refs if side.connection in self._targets), None)
        if target is None or bundle.run is None:
            return ref, 0, 0, []  # live work's
        try:
            here = self._connectors[self._source].recount(ref.key)
        except Gone:
            return (
                ref,
                0,
                0,
                [Difference("the ticket", "the source does not have it any more", explained=True)],
            )
        try:
            there = self._connectors[target.connection].recount(target.key)
        except (Gone, Rejected) as error:
            return ref, 0, 0, [Difference("the ticket", f"{target} cannot be read: {error.text}")]
        differences = compared(
            here,
            there,
            _copies(bundle, ref, target),
            self._reasons(bundle),
            staff_alone=self._readers(target) == STAFF,
        )
        return ref, len(here.texts), len(here.files), differences

    def _reasons(self, bundle: Bundle) -> dict[str, str]:
        """Return why texts and files of a ticket were left out, by what the hub recorded when it did so."""
        kept = self._store.findings.of(bundle.subject)
        quiet = self._store.decisions.quiet(bundle.subject)
        said = [(f.what, f.reason) for f in kept] + [(what, why) for _, what, why in quiet]
        return dict(said)


def _copies(bundle: Bundle, source: Ref, target: Ref) -> dict[str, list[str]]:
    """Return text -> the texts of the target that tell it: the copy and its further parts."""
    found: dict[str, list[str]] = {}
    for m in bundle.mirrors:
        if m.kind is Kind.COMMENT and m.origin.ref == source and m.target.ref == target:
            found.setdefault(m.origin.whole, []).append(m.target.id or MESSAGE_0)
    return found
