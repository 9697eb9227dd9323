"""Link and unlink: a person says which tickets are the same one, or that they are not any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta

from connectors.base import Connector, Presence, Snapshot
from connectors.errors import Gone, HubError
from mappings.ticket import MESSAGE_0, Ref
from sync.outcome import unknown
from sync.rules import Role, Rules
from sync.store import Store
from sync.store.bundles import Adoption, Bundle
from sync.store.inbox import Claim


class NotLinked(HubError):
    """Two tickets cannot be linked, or one cannot be unlinked; the text says what stands in the way."""


class Links:
    """Joins tickets to bundles and takes them out, while nobody else works on them."""

    def __init__(
        self, store: Store, connectors: Mapping[str, Connector], rules: Rules, now: Callable[[], datetime]
    ) -> None:
        self._store, self._connectors, self._rules, self._now = store, connectors, rules, now

    def link(
        self,
        one: Ref,
        other: Ref,
        *,
        prefer: str | None = None,
        history: bool = False,
        record: bool = True,
    ) -> str:
        """Make two tickets sides of one bundle, and return its inbox name; it is due to be reconciled.

        Nothing that stands on them is rewritten: what differs stays different until somebody changes it,
        unless `prefer` names the side to follow. Texts that are older stay where they are, unless
        `history` has them travel. Without `record` it is only found out whether they can be linked. Raises
        NotLinked and WireError; saying it twice is fine.
        """
        front, work = sorted((one, other), key=lambda ref: self._role(ref) is Role.WORK)
        if {self._role(front), self._role(work)} != {Role.FRONT, Role.WORK}:
            raise NotLinked("a front side and a work side are linked; these two have the same role")
        if prefer not in (None, front.connection, work.connection):
            raise NotLinked(f"{prefer} is no side of them: prefer {front.connection} or {work.connection}")
        sides = {ref: self._fetched(ref) for ref in (front, work)}
        self._refuse_unheard(sides[work], sides[front].ref)
        # By the clocks that stamp what people write from now on: of a hub that is ahead, that would be older.
        ahead = max(self._connectors[ref.connection].ahead() for ref in sides)
        linked = self._now() - max(ahead, timedelta(0))
        adoption = Adoption(linked, history=history, prefer=prefer)
        here, there = (self._store.bundles.subject(side.ref) for side in sides.values())
        if here == there:
            return here
        if here.startswith("bundle:") and there.startswith("bundle:"):
            return self._between(sides[front], sides[work], adoption, record=record)
        joined = {here: sides[work], there: sides[front]}
        for subject, side in joined.items():
            if subject.startswith("bundle:"):
                self._refuse_taken(subject, side)
                return self._join(subject, side, adoption) if record else subject
        if not record:
            return here
        return self._begin(sides[front], sides[work], adoption)

    def unlink(self, ref: Ref) -> None:
        """Take a side out of its bundle: nothing passes between it and the others any more.

        What was written stays everywhere. The routes do not create the side anew. Raises NotLinked.
        """
        subject = self._store.bundles.subject(ref)
        if not subject.startswith("bundle:"):
            raise NotLinked(f"{ref} is not linked")
        with holding(self._store, self._now, subject) as claim:
            self._store.bundles.unlink(claim, ref, self._now())
        self._store.served.worked(ref, ())
        rest = self._store.bundles.load(subject).refs
        works = [side.connection for side in rest if self._role(side) is Role.WORK]
        for side in rest:
            self._store.served.worked(side, works)

    def _begin(self, front: Snapshot, work: Snapshot, adoption: Adoption) -> str:
        with holding(self._store, self._now, self._store.bundles.subject(front.ref)) as claim:
            bundle, claimed = self._store.bundles.begin(claim, front)
            try:
                # Only the work side is new to the ticket: a side that is made later takes the ticket whole.
                self._store.bundles.link(claimed, bundle, work.ref, work.url, self._now(), adoption)
            finally:
                self._store.inbox.release(claimed)
        return self._due(f"bundle:{bundle}")

    def _refuse_unheard(self, work: Snapshot, front: Ref) -> None:
        """Refuse a side that the hub has made for another ticket, whose link is noted in a moment."""
        description = work.ticket.message(MESSAGE_0)
        said = description.body.text if description else ""
        for token, origin in self._store.journal.creating(work.ref.connection).items():
            if token in said and origin.ref != front:
                raise NotLinked(
                    f"{work.ref} is just being made for {origin.ref}; link {front} to it in a few minutes"
                )

    def _refuse_taken(self, subject: str, side: Snapshot) -> None:
        bundle = self._store.bundles.load(subject)
        taken = next((r for r in bundle.refs if r.connection == side.ref.connection), None)
        if taken is not None and self._role(side.ref) is Role.WORK:
            raise NotLinked(f"that ticket is linked to {taken} already: unlink {taken} first")

    def _join(self, subject: str, side: Snapshot, adoption: Adoption) -> str:
        bundle = self._store.bundles.load(subject)
        with holding(self._store, self._now, subject) as claim:
            self._store.bundles.link(claim, bundle.id or 0, side.ref, side.url, self._now(), adoption)
        return self._due(subject)

    def _between(self, front: Snapshot, work: Snapshot, adoption: Adoption, *, record: bool) -> str:
        """Link two sides that are both on record. Raises NotLinked unless one of them stands alone."""
        bundles = self._store.bundles
        known = {side.ref: bundles.load(bundles.subject(side.ref)) for side in (front, work)}
        for side, other in ((front, work), (work, front)):
            if known[side.ref].refs == (side.ref,):
                subject = known[other.ref].subject
                self._refuse_taken(subject, side)
                return self._unite(subject, side, known[side.ref], adoption) if record else subject
        why = "both are linked already, to different tickets"
        raise NotLinked(f"{why}: unlink {front.ref} or {work.ref} first")

    def _unite(self, subject: str, side: Snapshot, alone: Bundle, adoption: Adoption) -> str:
        """Have a side join another ticket of which only the hub's own acts are on record: it met nobody yet.

        What was seen of it goes, so that it is taken as it stands, like every side that a person links.
        """
        bundle = self._store.bundles.load(subject).id or 0
        with (
            holding(self._store, self._now, subject) as claim,
            holding(self._store, self._now, alone.subject) as theirs,
            self._store.together(),
        ):
            self._store.bundles.absorb(claim, bundle, theirs, alone.id or 0)
            self._store.bundles.unsee(claim, side.ref)
            self._store.bundles.link(claim, bundle, side.ref, side.url, self._now(), adoption)
        return self._due(subject)

    def _due(self, subject: str) -> str:
        self._store.inbox.put(subject, self._now(), "linked by a person")
        return subject

    def _role(self, ref: Ref) -> Role:
        if ref.connection not in self._rules.roles:
            known = ", ".join(self._rules.roles)
            raise NotLinked(f"no connection is called {ref.connection!r}; the connections are {known}")
        return self._rules.roles[ref.connection]

    def _fetched(self, ref: Ref) -> Snapshot:
        try:
            side = self._connectors[ref.connection].fetch(ref.key)
        except Gone as error:
            raise NotLinked(unknown(ref, error)) from None
        if side.presence is not Presence.PRESENT:
            raise NotLinked(f"{side.ref} is {side.presence} and cannot be linked")
        return side


@contextmanager
def holding(store: Store, now: Callable[[], datetime], subject: str) -> Iterator[Claim]:
    """Hold a subject for as long as its links are changed. Raises NotLinked if somebody else has it."""
    store.inbox.put(subject, now(), "linked by a person")
    row = store.inbox.row(subject)
    taken = store.inbox.claim(row, now()) if row else None
    if taken is None:
        raise NotLinked("the ticket is being worked on at this moment; try again in a minute")
    claim, row = taken
    try:
        yield claim
    finally:
        store.inbox.done(row)
        store.inbox.release(claim)
