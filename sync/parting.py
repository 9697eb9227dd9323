"""A route's tag that was removed ends the mirroring; adding it again resumes it. Pure.

It is the only way in which routes act on sides that exist already. The link is kept, as ended: what was
written stays everywhere, nothing more passes, and both sides are told once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from connectors.base import Snapshot
from mappings.ticket import Ref
from sync.routing import Customer, Desk, slugs
from sync.rules import Role
from sync.situation import Ended
from sync.store.bundles import Adoption, Bundle


@dataclass(frozen=True, slots=True)
class Parting:
    """Which sides of a bundle belong to it in name only."""

    ended: Mapping[Ref, Ended] = field(default_factory=dict)
    fresh: frozenset[Ref] = frozenset()
    """Those of them whose tag is found removed for the first time."""
    resumed: frozenset[Ref] = frozenset()
    """Sides that had been ended, and whose tag is there again."""

    def known(self, bundle: Bundle, at: datetime) -> Bundle:
        """Return a bundle as it counts from now on: what is resumed is adopted, as if just linked."""
        anew = dict.fromkeys(self.resumed, Adoption(at, history=False, prefer=None))
        seen = {ref: said for ref, said in bundle.seen.items() if ref not in self.resumed}
        held = {ref: said for ref, said in bundle.held.items() if ref not in self.resumed}
        ended = {ref: over.since for ref, over in self.ended.items()}
        return replace(bundle, adopted={**bundle.adopted, **anew}, ended=ended, seen=seen, held=held)

    def of(self, sides: Mapping[str, Snapshot]) -> tuple[Ended, ...]:
        """Return those of one ticket's sides that are ended."""
        return tuple(self.ended[side.ref] for side in sides.values() if side.ref in self.ended)


def parting(
    bundle: Bundle, desk: Desk, fronts: Sequence[tuple[Snapshot, Customer | None]], at: datetime
) -> Parting:
    """Return which sides a removed tag has ended, and which a tag that came back resumes.

    `fronts` are the front sides that are there. Of a ticket alone with its work sides, a work side is
    ended; of several tickets on one work side, the ticket whose tag was removed.
    """
    works = [ref for ref in bundle.refs if desk.rules.roles.get(ref.connection) is Role.WORK]
    shared = sum(desk.rules.roles.get(ref.connection) is Role.FRONT for ref in bundle.refs) > 1
    ended: dict[Ref, Ended] = {}
    resumed: set[Ref] = set()
    for front, customer in fronts:
        for one, ways in [(front.ref, works)] if shared else [(ref, [ref]) for ref in works]:
            to = [ref.connection for ref in ways]
            goes = any(desk.goes(front.ticket, customer, front.ref.connection, name) for name in to)
            since = bundle.ended.get(one)
            if goes and since is not None:
                resumed.add(one)
            elif not goes and (since is not None or _untagged(bundle, desk, front, to)):
                tags = {tag for name in to for tag in desk.steering(front.ref.connection, name)}
                ended[one] = Ended(one, since or at, tuple(sorted(tags)))
    fresh = frozenset(ended.keys() - bundle.ended.keys())
    for ref in bundle.ended.keys() - resumed - ended.keys():  # nobody can tell now: as it was
        ended[ref] = Ended(ref, bundle.ended[ref], ())
    return Parting(ended, fresh, frozenset(resumed))


def _untagged(bundle: Bundle, desk: Desk, front: Snapshot, to: list[str]) -> bool:
    """Whether a front side had a tag, when it was last seen, by which a route led to a connection."""
    known = bundle.seen.get(front.ref)
    before = frozenset(known.native.get("tags") or ()) if known else frozenset()
    return any(slugs(before) & slugs(desk.steering(front.ref.connection, name)) for name in to)
