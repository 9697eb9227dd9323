"""What the hub keeps of a ticket that is served, so that what was promised can be told without asking a tool.

Pure. Facts are kept, never figures: what a clock says follows from them, today's rules and the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.base import Snapshot
from mappings.ticket import (
    Audience,
    CommentKind,
    Person,
    PersonRole,
    Priority,
    Ref,
    Status,
    TicketType,
    Unmapped,
)
from sync.sla.clock import Clock
from sync.sla.cycle import ClockState
from sync.sla.facts import Actor, Fact, FactKind, Facts
from sync.sla.policy import ClockName


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A ticket as its front side was last read."""

    ref: Ref
    customer: str
    """Whose it is; empty for nobody's."""
    owner: str
    """Who it is given to; empty for nobody."""
    type: str
    """Its type's word; empty for none, or one that no vocabulary has."""
    status: str
    """Its status' word; empty for one that no vocabulary has."""
    assumed: tuple[str, ...]
    """What its policy had to assume."""
    changed: datetime
    """When anything last changed there."""
    facts: Facts
    subject: str = ""
    url: str = ""
    """Where people open it."""
    requester: str = ""
    """Whose question it is."""
    from_customer: bool = False
    """Whether that is one of the customer's own people: no customer is told who of the desk asks."""
    readable: bool = False
    """Whether its customer reads in their tool what it begins with; else it is the desk's own matter."""
    priority: str = ""
    """Its priority's word; empty for none, or one that no vocabulary has."""
    team: str = ""
    """The group that it is given to, as its tool names it; empty for none, or where the tool has none."""
    works: tuple[str, ...] = ()
    """The connections on which its work is done, by name."""

    @property
    def open(self) -> bool:
        """Whether somebody is expected to work on it."""
        return self.status not in (Status.RESOLVED, Status.CLOSED)


@dataclass(frozen=True, slots=True)
class Counting:
    """A clock that has begun and is not over, as it stood when its ticket was last read."""

    ref: Ref
    customer: str
    clock: ClockName
    cycle: str
    """The id of the fact that started it."""
    base: str
    """The calendar that it is measured in, or ``elapsed``."""
    state: ClockState
    due: datetime | None
    """When it is due; None while it pauses before that."""
    at_risk: datetime | None
    breached: bool
    """Whether a promise of it was broken already."""


def served(
    side: Snapshot, customer: str, facts: Facts, assumed: tuple[str, ...], works: Iterable[str]
) -> Served:
    """Return what is kept of a front side; `works` are the connections on which its work is done."""
    front = side.ticket
    return Served(
        ref=side.ref,
        customer=customer,
        owner=front.assignee.name or front.assignee.key if front.assignee else "",
        type=word(front.type),
        status=word(front.status),
        assumed=assumed,
        changed=front.updated,
        facts=facts,
        subject=front.subject,
        url=side.url,
        requester=_asking(front.requester),
        from_customer=front.requester is not None and front.requester.role is PersonRole.CUSTOMER,
        readable=any(
            text.kind is CommentKind.DESCRIPTION and text.audience is Audience.CUSTOMER
            for text in front.messages
        ),
        priority=word(front.priority),
        team=front.group or "",
        works=tuple(sorted(set(works))),
    )


def _asking(person: Person | None) -> str:
    """Return whose question it is; nobody's where the hub's own account asks in a customer's place."""
    return "" if person is None or person.role is PersonRole.HUB else person.name or person.key


def counting(ref: Ref, customer: str, clocks: Iterable[Clock]) -> Iterator[Counting]:
    """Yield what is kept of a ticket's clocks: those that count or pause, and that nobody waived."""
    for clock in clocks:
        cycle = clock.cycle
        live = clock.state in (ClockState.RUNNING, ClockState.PAUSED)
        if cycle is None or not live or cycle.amendment:
            continue
        runs = clock.state is ClockState.RUNNING
        yield Counting(
            ref,
            customer,
            clock.name,
            cycle.fact,
            cycle.target.base.name,
            clock.state,
            cycle.due if runs else None,
            cycle.at_risk if runs else None,
            cycle.breached is not None,
        )


def facts_json(facts: Facts) -> dict[str, Any]:
    """Return facts as JSON has them."""
    return {
        "created": facts.created.isoformat(),
        "priority": facts.priority.value if facts.priority else None,
        "type": facts.type.value if facts.type else None,
        "customer": facts.customer,
        "tier": facts.tier,
        "tags": sorted(facts.tags),
        "told": [
            [f.kind.value, f.value, f.after.isoformat(), f.by.isoformat(), f.actor.value, f.side, f.who]
            for f in facts.told
        ],
    }


def facts_of(kept: Mapping[str, Any]) -> Facts:
    """Return the facts out of `facts_json`."""
    return Facts(
        created=datetime.fromisoformat(kept["created"]),
        told=tuple(
            Fact(
                FactKind(kind),
                value,
                datetime.fromisoformat(after),
                datetime.fromisoformat(by),
                Actor(actor),
                side,
                who,
            )
            for kind, value, after, by, actor, side, who in kept["told"]
        ),
        priority=Priority(kept["priority"]) if kept["priority"] else None,
        type=TicketType(kept["type"]) if kept["type"] else None,
        customer=kept["customer"],
        tier=kept["tier"],
        tags=frozenset(kept["tags"]),
    )


def word(value: Status | TicketType | Priority | Unmapped | None) -> str:
    """Return a word of a vocabulary; empty for none, or one that no vocabulary has."""
    return "" if value is None or isinstance(value, Unmapped) else value.value
