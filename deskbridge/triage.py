"""What nobody owns or sorted: open tickets without owner or type, and what was assumed of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sync.served import Served


@dataclass(frozen=True, slots=True)
class Unsorted:
    """A ticket that somebody should look at."""

    ticket: Served
    lacks: tuple[str, ...]
    """Of `owner`, `type`, `customer`."""


def unsorted(tickets: Iterable[Served]) -> list[Unsorted]:
    """Return the open tickets that lack something, the oldest first."""
    found = [Unsorted(one, _lacks(one)) for one in tickets if one.open]
    return sorted((one for one in found if one.lacks), key=lambda one: one.ticket.facts.created)


def triage_line(one: Unsorted) -> str:
    """Return one line for a ticket."""
    ticket = one.ticket
    assumed = f"; assumed by its policy: {', '.join(ticket.assumed)}" if ticket.assumed else ""
    whose = f" ({ticket.customer})" if ticket.customer else ""
    return (
        f"{ticket.ref}{whose}, since {ticket.facts.created:%Y-%m-%d}: no {', no '.join(one.lacks)}{assumed}"
    )


def triage_json(one: Unsorted) -> dict[str, object]:
    """Return a ticket as data."""
    ticket = one.ticket
    return {
        "ticket": f"{ticket.ref.connection}:{ticket.ref.key}",
        "name": str(ticket.ref),
        "customer": ticket.customer or None,
        "created": ticket.facts.created.isoformat(),
        "lacks": list(one.lacks),
        "assumed": list(ticket.assumed),
    }


def _lacks(ticket: Served) -> tuple[str, ...]:
    has = {"owner": ticket.owner, "type": ticket.type, "customer": ticket.customer}
    return tuple(name for name, value in has.items() if not value)
