"""When a ticket that waits for its customer alone is closed: working days after the last word. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mappings.ticket import Status
from sync.sla.facts import FactKind, Facts
from sync.sla.policy import Policy, Rulebook
from sync.sla.terms import terms
from sync.sla.worktime import WorkingTime


@dataclass(frozen=True, slots=True)
class Closure:
    """A ticket that is to be closed unless its customer answers."""

    status: Status
    """What it is meanwhile."""
    since: datetime
    """From when on the days are counted."""
    days: int
    """Working days."""
    at: datetime
    """When it is to be closed."""
    due: bool
    """Whether that time has come."""


def closure(facts: Facts, rules: Policy | Rulebook, at: datetime) -> Closure | None:
    """Return when a ticket is to be closed; None if nothing was agreed, or somebody is to act before.

    The days begin with the status, and anew with each public answer. A message of the customer that no
    answer followed keeps it open, and so does one that may have come after the status: nobody knows which
    was first. What would have been closed before `enforce_from` stays.
    """
    statuses = facts.of(FactKind.STATUS)
    if not statuses:
        return None
    status, answered, asked = Status(statuses[-1].value), *(_last(facts, kind) for kind in _SAID)
    book = rules if isinstance(rules, Rulebook) else Rulebook((rules,))
    held = terms(facts, book)[-1].policy
    policy = (book.named(held.name, statuses[-1].by) or held) if held else None
    target = policy.closes.get(status) if policy else None
    if policy is None or target is None or not isinstance(target.base, WorkingTime):
        return None
    if asked and asked > max(statuses[-1].after, answered or statuses[-1].after):
        return None
    since = max(statuses[-1].by, answered or statuses[-1].by)
    closing = target.base.closing(since, target.days)
    if policy.enforce_from is not None and closing < policy.enforce_from:
        return None
    return Closure(status, since, target.days, closing, due=closing <= at)


_SAID = (FactKind.ANSWER, FactKind.MESSAGE)


def _last(facts: Facts, kind: FactKind) -> datetime | None:
    return max((fact.by for fact in facts.of(kind)), default=None)
