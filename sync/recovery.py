"""Recovery: links are found again in the tools, by the markers of what the hub wrote there.

A store that was lost knows nothing; one that was restored from a backup knows too little. In both cases the
tools hold texts of this hub that the store does not know. Nothing is written before what they say is known
again: a ticket would be created twice, a text be copied twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from connectors.base import Connector, Presence, Snapshot
from connectors.errors import Gone
from mappings.markup import read
from mappings.provenance import Marker, Signer
from mappings.ticket import MESSAGE_0, PersonRole, Ref
from sync.farewell import ENDED, REROUTED
from sync.fields import slug
from sync.links import Links, NotLinked, holding
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
    ended: dict[Ref, datetime] = field(default_factory=dict)
    """The sides that a removed tag had ended, and since when, as the notes on the work sides tell."""
    moved: set[Ref] = field(default_factory=set)
    """The work sides that a run made: live work leaves their tickets alone."""


@dataclass(frozen=True, slots=True)
class _Made:
    """A ticket that the hub created on a work side."""

    work: Snapshot
    marker: Marker
    """Of its description."""
    fronts: tuple[Ref, ...]
    """The tickets that it was linked with: it was created for one, and has texts of the others."""
    ended: Mapping[Ref, datetime]
    """See `Recovered`."""


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
        numbered: Mapping[str, str] | None = None,
    ) -> None:
        """`numbered` tells what the label of an old number begins with, by the connection that is left."""
        self._store, self._connectors, self._rules = store, connectors, rules
        self._signer, self._now, self._numbered = signer, now, numbered or {}

    def recover(self, *, apply: bool) -> Recovered:
        """Look at every ticket of the work sides, and link again what the hub had created.

        Nothing is written in any tool. With `apply`, the links are recorded, what each side says now counts
        as seen, and running numbers go on above the highest one found; the hub works again afterwards.
        """
        found, hubs = Recovered(), set[str]()
        for made in self._created():
            found.highest = max(found.highest, made.marker.number)
            hubs.add(made.marker.hub)
            if not self._store.bundles.subject(made.work.ref).startswith("bundle:"):
                found.links += [(front, made.work.ref) for front in made.fronts]
                found.moved |= {made.work.ref} if self._moved(made) else set()
                found.ended |= made.ended
        if len(hubs) > 1:
            found.problems.append(f"texts of {len(hubs)} hubs with one secret were found: give each its own")
        elif apply:
            self._apply(found, hubs)
        return found

    def lost(self) -> Iterator[tuple[Ref, Ref]]:
        """Yield (front side, work side) of each ticket that this hub created and does not know to be linked.

        What a person unlinked is left out, and what a removed tag ended. Nothing is written.
        """
        for made in self._created():
            known = self._store.bundles.subject(made.work.ref)
            if made.marker.hub != self._store.hub() or known.startswith("bundle:") or made.ended:
                continue
            if self._moved(made):
                continue  # no live work's to link
            if not self._store.bundles.load(known).former:
                yield from ((front, made.work.ref) for front in made.fronts)

    def _apply(self, found: Recovered, hubs: set[str]) -> None:
        # Nobody works before all is known again, whether this is interrupted or not.
        self._store.database.recover(self._now())
        self._store.database.rename_hub(hubs)
        self._store.bundles.forget_seen(self._now())
        self._store.database.raise_number(found.highest + _ROOM)
        links = Links(self._store, self._connectors, self._rules, self._now)
        for front, work in found.links:
            try:
                subject = links.link(front, work, history=True)
                if work in found.moved:
                    self._store.lent.held(subject, self._newest(front.connection))
            except (Gone, NotLinked) as error:
                found.problems.append(f"{work}: {error}")
        self._end(found)
        self._store.database.recover(None)
        # What waited for this looks again now: each attempt that was refused made it wait longer.
        self._store.inbox.put_many(self._store.bundles.subjects(), self._now(), "recovered")

    def _moved(self, made: _Made) -> bool:
        """Whether a run made it: it bears the old number of its ticket, which nothing else does."""
        labels = {slug(tag) for tag in made.work.ticket.tags}
        known = ((front, self._numbered.get(front.connection)) for front in made.fronts)
        return any(begins is not None and slug(f"{begins}{front.key}") in labels for front, begins in known)

    def _newest(self, source: str) -> int:
        """Return the newest run over a connection that is known; 0 for one that the store has lost."""
        return next((run.id for run in self._store.runs.all(source)), 0)

    def _end(self, found: Recovered) -> None:
        """Have what a removed tag had ended be ended still; the next look tells whether the tag is back."""
        for ref, since in found.ended.items():
            subject = self._store.bundles.subject(ref)
            if subject.startswith("bundle:"):
                with holding(self._store, self._now, subject) as claim:
                    self._store.bundles.end(claim, ref, since)

    def _created(self) -> Iterator[_Made]:
        """Yield each ticket on a work side whose description carries a marker of this secret.

        One that was left, because its matter goes on in another place, is none of the hub's any more.
        """
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
                if made := self._made(side):
                    yield made

    def _made(self, side: Snapshot) -> _Made | None:
        markers = list(self._markers(side))
        if not markers or markers[0][0] != MESSAGE_0:
            return None
        said = [marker for _, marker in markers[1:] if marker.target_key == side.ref.key]
        ended = _ended(side.ref, said)
        if ended is None:
            return None
        origins = [(marker.origin, marker.origin_key) for marker in (markers[0][1], *said)]
        fronts = [Ref(*of) for of in dict.fromkeys(origins) if self._rules.roles.get(of[0]) is Role.FRONT]
        return _Made(side, markers[0][1], tuple(fronts), ended)

    def _markers(self, side: Snapshot) -> Iterator[tuple[str, Marker]]:
        """Yield (its id, its marker) of each text of ours on a ticket, the description first."""
        for message in side.ticket.messages:
            if message.author.role is PersonRole.HUB:
                marker = self._signer.find(read(message.body, message.attachments))
                if marker and marker.target == side.ref.connection:
                    yield message.id, marker


def _ended(work: Ref, markers: Sequence[Marker]) -> dict[Ref, datetime] | None:
    """Return which sides a removed tag had ended, and since when; None if the work side was left.

    What got a text after the note had taken part again.
    """
    texts = [marker for marker in markers if not marker.origin_id.startswith("hub:")]
    ended: dict[Ref, datetime] = {}
    for marker in markers:
        side = Ref(marker.origin, marker.origin_key)
        later = [text for text in texts if text.number > marker.number]
        if marker.origin_id.startswith(REROUTED) and not later:
            return None
        if side != work:  # one of several tickets on the issue left it
            later = [text for text in later if Ref(text.origin, text.origin_key) == side]
        if marker.origin_id.startswith(ENDED) and not later:
            stamp = float(marker.origin_id.removeprefix(ENDED))
            ended[side] = datetime.fromtimestamp(stamp, UTC)
    return ended
