"""What the sides of a bundle tell that clocks depend on: learned as it is met, read as one story. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.base import Snapshot
from mappings.ticket import Priority, Status
from sync.routing import Customer
from sync.sla.facts import Fact, FactKind, Facts, StatusFact, facts
from sync.sla.policy import Policy, Rulebook
from sync.sla.terms import terms
from sync.store.bundles import Bundle
from sync.timeline import as_answers, new_facts

_TEXTS = (FactKind.STATUS, FactKind.ANSWER, FactKind.MESSAGE)
_OF_THE_DESK = (FactKind.CUSTOMER, FactKind.TIER)


def learned(side: Snapshot, bundle: Bundle, customer: Customer | None) -> Iterator[Fact]:
    """Yield what a side tells that is not known of it yet; `customer` is whose ticket a front side is."""
    of = {FactKind.CUSTOMER: customer.key, FactKind.TIER: customer.tier} if customer else {}
    known, seen = bundle.timeline.get(side.ref, ()), bundle.seen.get(side.ref)
    return new_facts(side, known, seen, of=of, raised=_raised(bundle), lifted=_lifted(bundle))


def _raised(bundle: Bundle) -> frozenset[Priority]:
    """Return the priorities that the hub was setting when it was last heard of."""
    left = (one for taken in bundle.steps.values() for one in taken if one.unfinished and one.raised)
    return frozenset(one.raised[0 if one.withdrawn else 1] for one in left if one.raised)


def _lifted(bundle: Bundle) -> frozenset[Priority]:
    """Return the priorities that steps have set, or set back."""
    taken = (one for steps in bundle.steps.values() for one in steps)
    return frozenset(one.raised[0 if one.withdrawn else 1] for one in taken if one.raised)


def story_of(
    front: Snapshot,
    works: Sequence[Snapshot],
    bundle: Bundle,
    customer: Customer | None,
    rules: Policy | Rulebook | None,
) -> Facts:
    """Return what clocks are asked of: the conversation at the front, and the rest from the policy's side.

    A workaround counts on whichever side it is said. `works` are the most trusted first.
    """
    told = _told(front, bundle, customer)
    found = _facts(front, told, bundle, works, customer)
    if rules is None:
        return found
    book = rules if isinstance(rules, Rulebook) else Rulebook((rules,))
    policy = terms(found, book)[-1].policy
    if policy is None or policy.reads == "front" or not works:
        return found
    beside = [fact for fact in told if fact.kind in _OF_THE_DESK]
    return _facts(front, [*beside, *_told(works[0], bundle, None)], bundle, works[1:], customer)


def _told(side: Snapshot, bundle: Bundle, customer: Customer | None) -> list[Fact]:
    return [*bundle.timeline.get(side.ref, ()), *learned(side, bundle, customer)]


def _facts(
    front: Snapshot,
    told: list[Fact],
    bundle: Bundle,
    others: Sequence[Snapshot],
    customer: Customer | None,
) -> Facts:
    eased = [f for side in others for f in _told(side, bundle, None) if f.kind is FactKind.WORKAROUND]
    rest = sorted([*(f for f in told if f.kind not in _TEXTS), *eased], key=lambda fact: fact.by)
    first = {fact.kind: fact.value for fact in reversed(rest)}
    key, tier = (customer.key, customer.tier) if customer else ("", "")
    published = {m.target.id for m in bundle.mirrors if m.answers and m.target.ref == front.ref}
    return facts(
        as_answers(front.ticket, published),
        [StatusFact(Status(f.value), f.after, f.by) for f in told if f.kind is FactKind.STATUS],
        rest,
        customer=first.get(FactKind.CUSTOMER, key),
        tier=first.get(FactKind.TIER, tier),
    )
