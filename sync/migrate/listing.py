"""Lists what there is on a source: into the store, so that a run that is cut off goes on where it was.

Memory holds a batch at a time. A list that was read to its end is read again from there: what changed since.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta

from connectors.base import Connector, Hint, Presence
from connectors.capabilities import Part
from mappings.ticket import Status
from sync.rated import collected
from sync.store import Store
from sync.store.register import Entry
from sync.store.runs import Listed, Rank

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_OVERLAP = timedelta(minutes=3)
"""How far a list is read back behind where it was read to: clocks differ, rows appear after their stamps."""
_BATCH = 500
_GAPS = 2_000
"""Numbers that are noted together."""
NOT_READ = {Presence.TRASHED: "it is in the trash, or spam", Presence.ARCHIVED: "it is archived"}


class Lister:
    """Reads the lists of one source."""

    def __init__(
        self, store: Store, connector: Connector, reads: frozenset[Presence], parts: frozenset[Part]
    ) -> None:
        """`reads` says in which presence tickets are taken, `parts` what is taken along."""
        self._store, self._connector, self._reads = store, connector, reads
        self._rated = Part.RATINGS in parts and connector.capabilities.lists_ratings

    def __call__(self, at: datetime) -> Iterator[int]:
        """Bring the table up to date, yielding how many rows were read so far. Raises WireError."""
        name, known = self._connector.name, self._store.runs.listing(self._connector.name)
        since, count = known.reached or BEGINNING, 0
        if known.whole is not None:
            since = max(BEGINNING, since - _OVERLAP - self._connector.capabilities.index_lag)
        for batch in batches(self._connector.changed(since)):
            self._store.runs.listed(name, self._listed(batch), batch[-1].changed)
            count += len(batch)
            yield count
        if self._rated:
            chore = f"ratings of runs:{name}"
            self._store.chores.begin(chore, at, at)
            collected(self._store, self._connector, chore, BEGINNING, at)
            self._store.runs.rated(name)
        self._store.runs.whole(name, at)

    def gaps(self) -> Iterator[int]:
        """Note the numbers that no list shows, yielding how many were found so far; none where none count."""
        name, count, runs = self._connector.name, 0, self._store.runs
        if not self._connector.capabilities.counts_up:
            return
        while keys := runs.gaps(name, _GAPS):
            runs.unlisted(name, keys, int(keys[-1]))
            count += len(keys)
            yield count

    def _listed(self, hints: list[Hint]) -> list[Listed]:
        settle, newest = self._connector.capabilities.settle, {hint.key: hint for hint in hints}
        known = known_elsewhere(self._store, self._connector.name, newest)
        return [listed(hint, self._reads, known.get(hint.key), settle) for hint in newest.values()]


def known_elsewhere(store: Store, connection: str, keys: Collection[str]) -> dict[str, Entry]:
    """Return what is known of those tickets that stand somewhere else too.

    What live work has alone, to keep promises of it, it has read too; and nothing of it was moved. Nor was
    what a person took apart from its other side.
    """
    kept = store.lent.alone(connection, keys, even_parted=True)
    found = store.register.entries(connection, keys)
    return {key: entry for key, entry in found.items() if key not in kept}


def listed(hint: Hint, reads: frozenset[Presence], known: Entry | None, settle: timedelta) -> Listed:
    """Return what a list tells of a ticket, and whether that is news."""
    status = hint.status
    rank = Rank.UNKNOWN if status is None else Rank.DONE if status.done else Rank.OPEN
    read = known.read_at if known and known.linked and known.version == hint.version else None
    return Listed(
        key=hint.key,
        version=hint.version or "",
        presence=hint.presence,
        status=_word(status),
        whose=hint.organisation or "",
        changed=hint.changed,
        created=hint.created,
        rank=rank,
        skipped="" if hint.presence in reads else NOT_READ.get(hint.presence, f"it is {hint.presence}"),
        known=read is not None and read > hint.changed + settle,
    )


def _word(status: Status | None) -> str:
    return "" if status is None else status.value


def batches(hints: Iterable[Hint]) -> Iterator[list[Hint]]:
    """Yield them in batches, each committed together."""
    batch: list[Hint] = []
    for hint in hints:
        batch.append(hint)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
