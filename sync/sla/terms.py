"""Which policy and priority hold for a ticket from when on, and when its lives begin and end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from mappings.ticket import Priority, TicketType
from sync.sla.facts import CREATED, Actor, Fact, FactKind, Facts
from sync.sla.policy import ClockName, Kind, Policy, Rulebook, Target


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds from an instant on, until the next terms."""

    since: datetime
    fact: str
    """The id of what made them hold."""
    policy: Policy | None
    priority: Priority | None
    """With what a workaround takes off it."""
    why: str = ""
    """What changed and who changed it, where a report must say so."""

    targets: Mapping[ClockName, Target] = field(default_factory=dict)
    """What is promised."""

    def target(self, clock: ClockName) -> Target | None:
        """Return what is promised for a clock, or None."""
        return self.targets.get(clock)


@dataclass(frozen=True, slots=True)
class Life:
    """A ticket from its beginning, or from being opened again long after, until it is done for long."""

    start: datetime
    fact: str
    until: datetime | None
    """When the next life begins."""
    resolved: datetime | None
    """When it was done at last; None while it is open."""
    done: tuple[tuple[datetime, datetime], ...]
    """When it was done for a while."""


_LOWER = {
    Priority.URGENT: Priority.HIGH,
    Priority.HIGH: Priority.MEDIUM,
    Priority.MEDIUM: Priority.LOW,
    Priority.LOW: Priority.LOW,
}
_CHANGES = frozenset(
    {
        FactKind.PRIORITY,
        FactKind.TYPE,
        FactKind.CUSTOMER,
        FactKind.TIER,
        FactKind.WORKAROUND,
        FactKind.PROJECT,
    }
)


def terms(facts: Facts, rules: Rulebook) -> list[Terms]:
    """Return the terms of a ticket, oldest first; the first ones hold from its beginning."""
    kind = Kind(facts.priority, facts.type, facts.customer, facts.tier, facts.tags)
    policy = rules.match(kind, facts.created)
    found = [_terms(facts.created, CREATED, policy, _priority(kind, policy))]
    eased, project = False, False
    for fact in facts.told:
        if fact.kind not in _CHANGES or fact.actor is not Actor.PERSON:
            continue
        if fact.kind is FactKind.WORKAROUND:
            eased = True
        elif fact.kind is FactKind.PROJECT:
            project = True
        else:
            kind = _changed(kind, fact)
            eased = eased and fact.kind is not FactKind.PRIORITY  # a person's own word goes before
        policy = rules.match(kind, fact.by)
        if project and policy and policy.on_project is not None:
            policy = rules.named(policy.on_project, fact.by)
        priority = _priority(kind, policy)
        if eased and priority:
            priority = _LOWER[priority]
        if policy is not found[-1].policy or priority is not found[-1].priority:
            found.append(_terms(max(fact.by, facts.created), fact.id, policy, priority, _why(fact)))
    return found


def _terms(
    since: datetime, fact: str, policy: Policy | None, priority: Priority | None, why: str = ""
) -> Terms:
    return Terms(since, fact, policy, priority, why, policy.promised(priority) if policy else {})


def _priority(kind: Kind, policy: Policy | None) -> Priority | None:
    return kind.priority or (policy.assume_priority if policy else None)


def _changed(kind: Kind, fact: Fact) -> Kind:
    match fact.kind:
        case FactKind.PRIORITY:
            return replace(kind, priority=Priority(fact.value) if fact.value else None)
        case FactKind.TYPE:
            return replace(kind, type=TicketType(fact.value) if fact.value else None)
        case FactKind.CUSTOMER:
            return replace(kind, customer=fact.value)
        case _:
            return replace(kind, tier=fact.value)


def _why(fact: Fact) -> str:
    by = f" by {fact.who}" if fact.who else ""
    return f"{fact.kind}{by}: {fact.value}" if fact.value else f"{fact.kind}{by}"


def lives(facts: Facts, held: list[Terms]) -> list[Life]:
    """Return a ticket's lives: opened again within the policy's days it goes on, later it begins anew."""
    found: list[Life] = []
    start, name, done = facts.created, CREATED, list[tuple[datetime, datetime]]()
    for since, until in facts.done():
        if until is None:
            return [*found, Life(start, name, None, since, tuple(done))]
        policy = at(held, since).policy
        if policy and until - since > timedelta(days=policy.reopen_days):
            found.append(Life(start, name, until, since, tuple(done)))
            opened = next(f for f in facts.of(FactKind.STATUS) if f.by == until)
            start, name, done = until, opened.id, []
        else:
            done.append((since, until))
    return [*found, Life(start, name, None, None, tuple(done))]


def at(held: list[Terms], instant: datetime) -> Terms:
    """Return the terms that hold at an instant; the first ones before the beginning."""
    found = held[0]
    for one in held[1:]:
        if one.since > instant:
            break
        found = one
    return found
