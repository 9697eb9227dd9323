"""What the tool that is left had promised of a ticket, as a run carries it along. Pure.

Its due times are taken as it states them. Whether they were kept is told by what happened, not by statistics.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from mappings.ticket import SlaState, Ticket
from sync.situation import Promises
from sync.sla.facts import FactKind, Facts

MISSED = "sla-missed"
"""The label of a ticket that is done, and that was surely answered or done later than was promised."""


def stated(ticket: Ticket, zone: ZoneInfo) -> Promises | None:
    """Return the due times that a tool states of a ticket; None where it states none."""
    first, due = _instant(ticket.first_response_due), _instant(ticket.due)
    if first is None and due is None:
        return None
    return Promises(first, due, due or first, SlaState.ON_TRACK, zone)


def missed(ticket: Ticket, facts: Facts) -> bool:
    """Whether a ticket that is done was surely answered, or done, after its tool said that it was due."""
    since = facts.resolved()
    if since is None:
        return False
    first, due = _instant(ticket.first_response_due), _instant(ticket.due)
    answered = next(iter(facts.of(FactKind.ANSWER)), None)
    done = next((fact for fact in facts.of(FactKind.STATUS) if fact.by == since), None)
    late = answered is not None and first is not None and answered.after > first
    return late or (done is not None and due is not None and done.after > due)


def _instant(value: object) -> datetime | None:
    return value if isinstance(value, datetime) else None
