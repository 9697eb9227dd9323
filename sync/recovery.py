"""Recovery: links are found again in the tools, by the markers of what the hub wrote there.

A store that was lost knows nothing; one that was restored from a backup knows too little. In both cases the
tools hold texts of this hub that the store does not know. Nothing is written before what they say is known
again: a ticket would be created twice, a text be copied twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from connectors.base import Connector, Presence, Snapshot
from connectors.errors import Gone
from mappings.markup import read
from mappings.provenance import Marker, Signer
from mappings.ticket import PersonRole, Ref
from sync.links import Links, NotLinked
from sync.rules import Role, Rules
from sync.store import Store

_ROOM = 1_000_000
"""Running numbers that are left out after recovering: later texts, and those on front sides, are not read."""


@dataclass(slots=True)
class Recovered:
    """What was found, or would be."""

    links: list[tuple[Ref, Ref]] = field(default_factory=list)
    """(front side, work side) of each ticket that the store did not know to be linked."""
    problems: list[str] = field(default_factory=list)
    highest: int = 0
    """The highest running number of a marker."""


class Recovery:
    """Finds the hub's own texts on the work sides, and takes their tickets as linked."""

    def __init__(
        self,
        *,
        store: Store,
        connectors: Mapping[str, Connector],
        rules: Rules,
        signer: Signer,
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._connectors, self._rules = store, connectors, rules
        self._signer, self._now = signer, now

    def recover(self, *, apply: bool) -> Recovered:
        """Look at every ticket of the work sides, and link again what the hub had created.

        Nothing is written in any tool. With `apply`, the links are recorded, what each side says now counts
        as seen, and running numbers go on above the highest one found; the hub works again afterwards.
        """
        found, hubs = Recovered(), set[str]()
        for work, marker in self._created():
            found.highest = max(found.highest, marker.number)
            hubs.add(marker.hub)
            if not self._store.bundles.subject(work.ref).startswith("bundle:"):
                found.links.append((Ref(marker.origin, marker.origin_key), work.ref))
        if len(hubs) > 1:
            found.problems.append(f"texts of {len(hubs)} hubs with one secret were found: give each its own")
        elif apply:
            self._apply(found, hubs)
        return found

    def lost(self) -> Iterator[tuple[Ref, Ref]]:
        """Yield (front side, work side) of each ticket that this hub created and does not know to be linked.

        What a person unlinked is left out. Nothing is written.
        """
        for work, marker in self._created():
            known = self._store.bundles.subject(work.ref)
            if marker.hub != self._store.hub() or known.startswith("bundle:"):
                continue
            if not self._store.bundles.load(known).former:
                yield Ref(marker.origin, marker.origin_key), work.ref

    def _apply(self, found: Recovered, hubs: set[str]) -> None:
        self._store.database.rename_hub(hubs)
        self._store.bundles.forget_seen(self._now())
        self._store.database.raise_number(found.highest + _ROOM)
        links = Links(self._store, self._connectors, self._rules, self._now)
        for front, work in found.links:
            try:
                links.link(front, work, history=True)
            except (Gone, NotLinked) as error:
                found.problems.append(f"{work}: {error}")
        self._store.database.recover(None)
        # What waited for this looks again now: each attempt that was refused made it wait longer.
        self._store.inbox.put_many(self._store.bundles.subjects(), self._now(), "recovered")

    def _created(self) -> Iterator[tuple[Snapshot, Marker]]:
        """Yield each ticket on a work side whose description carries a marker of this secret."""
        for name, connector in self._connectors.items():
            if self._rules.roles[name] is not Role.WORK:
                continue
            for hint in connector.walk():
                if hint.presence is not Presence.PRESENT:
                    continue
                try:
                    side = connector.fetch(hint.key)
                except Gone:
                    continue
                if marker := self._marker(side):
                    yield side, marker

    def _marker(self, side: Snapshot) -> Marker | None:
        first = side.ticket.messages[0] if side.ticket.messages else None
        if first is None or first.author.role is not PersonRole.HUB:
            return None
        marker = self._signer.find(read(first.body, first.attachments))
        return marker if marker and marker.target == side.ref.connection else None
