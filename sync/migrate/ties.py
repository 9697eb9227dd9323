"""What ties the source's tickets to each other: made between what became of them, once both are there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from connectors.base import Connector
from connectors.errors import Gone, Rejected
from mappings.ticket import Ref, Relation, RelationKind
from sync.store import Store
from sync.store.runs import Tie


class Ties:
    """Makes the ties of one source on its targets. Each is idempotent, so it can be interrupted."""

    def __init__(self, store: Store, connectors: Mapping[str, Connector], source: str) -> None:
        self._store, self._connectors, self._source = store, connectors, source

    def make(self, stopping: Callable[[], bool]) -> Iterator[Tie]:
        """Yield each tie as it is made. What cannot be made is kept with the reason. Raises WireError."""
        for tie in self._store.runs.ties(self._source):
            if stopping():
                return
            ends = [self._there(key) for key in (tie.key, tie.other)]
            if any(end is None for end in ends):
                continue  # the other ticket was not migrated yet, or never will be
            self._store.runs.tied(self._source, tie, self._made(tie, ends))
            yield tie

    def _there(self, key: str) -> Ref | None:
        """Return what a run made of a ticket of the source."""
        bundle = self._store.bundles.load(self._store.bundles.subject(Ref(self._source, key)))
        sides = [ref for ref in bundle.refs if ref.connection != self._source]
        return sides[0] if bundle.run is not None and sides else None

    def _made(self, tie: Tie, ends: list[Ref | None]) -> str:
        """Make a tie; return why it was not made, or nothing."""
        one, other = ends
        if one is None or other is None or one.connection != other.connection:
            return "they are in different tools"
        connector = self._connectors[one.connection]
        can, kind = connector.capabilities.relates, RelationKind(tie.kind)
        wanted = kind if kind in can else RelationKind.RELATES_TO
        if wanted not in can:
            return f"no {kind} there"
        try:
            connector.add_relation(one.key, Relation(wanted, other.key))
        except (Rejected, Gone) as error:
            return error.text
        return ""
