"""The SLA of tickets: which policy, when due, when the clock stands still, what is broken (reference 4.6)."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

from deskbridge.sandbox.freshdesk import hours, mails
from deskbridge.sandbox.freshdesk.records import CLOSED, RESOLVED, Ticket
from deskbridge.sandbox.freshdesk.setup import Calendar, Policy
from deskbridge.sandbox.freshdesk.state import Account


def policy_of(account: Account, ticket: Ticket) -> Policy | None:
    """Return the first active policy by position that applies to `ticket`; the default one is last (6.8)."""
    active = [policy for policy in account.policies if policy.active]
    ordered = sorted(active, key=lambda policy: (policy.is_default, policy.position))
    return next((policy for policy in ordered if _applies(policy, ticket)), None)


def _applies(policy: Policy, ticket: Ticket) -> bool:
    """Keys are joined by and, the values within a key by or."""
    of_ticket = {
        "company_ids": ticket.company_id,
        "group_ids": ticket.group_id,
        "sources": ticket.source,
        "ticket_types": ticket.type,
        "product_ids": ticket.product_id,
    }
    return all(of_ticket.get(key) in values for key, values in policy.applicable_to.items() if values)


def schedule(account: Account, ticket: Ticket) -> None:
    """Have the due times computed some seconds from now; until then the old ones are shown."""
    ticket.due.changes_at = account.now() + timedelta(seconds=account.switches.due_delay)
    account.plan_for(ticket.due.changes_at, "due", ticket.id)


def set_by_hand(account: Account, ticket: Ticket, name: str, instant: datetime | None) -> None:
    """Set `due_by` or `fr_due_by` at once and for good; None gives it back to the policy."""
    setattr(ticket.due, name, instant)
    others = tuple(other for other in ticket.due.by_hand if other != name)
    if instant is None:
        ticket.due.by_hand = others
        schedule(account, ticket)
    else:
        ticket.due.by_hand = (*others, name)
        _watch(account, instant, ticket)


def status_changed(account: Account, ticket: Ticket) -> None:
    """Stop or restart the ticket's clock; time in which it stood still moves the due times."""
    due, runs = ticket.due, account.statuses[ticket.status].sla_timer
    if not runs and due.off_since is None:
        due.off_since = account.now()
    elif runs and due.off_since is not None:
        if account.now() > due.off_since:
            due.off = (*due.off, (due.off_since, account.now()))
        due.off_since = None
        schedule(account, ticket)


def customer_wrote(account: Account, ticket: Ticket) -> None:
    """Start the wait for the next response, if the policy promises one; the first has its own."""
    if ticket.stats.first_responded_at and ticket.due.asked_at is None:
        ticket.due.asked_at = account.now()
        schedule(account, ticket)


def responded(account: Account, ticket: Ticket) -> None:
    """End the wait for a response."""
    ticket.due.asked_at = ticket.due.nr_due_by = None


def fill(account: Account, number: int) -> None:
    """Show the due times of a ticket whose delay is over."""
    ticket = account.tickets.get(number)
    if ticket is None or ticket.due.changes_at is None or ticket.due.changes_at > account.now():
        return
    due, policy = ticket.due, policy_of(account, ticket)
    due.changes_at = None
    if policy:
        _compute(account, ticket, policy)
    if account.switches.due_fill_bumps:
        account.touch(ticket)
    for instant in (due.fr_due_by, due.due_by, due.nr_due_by):
        if instant:
            _watch(account, instant, ticket)


def _compute(account: Account, ticket: Ticket, policy: Policy) -> None:
    target, due = policy.sla_target[f"priority_{ticket.priority}"], ticket.due
    calendar = account.calendar_of(ticket.group_id) if target["business_hours"] else None
    if "fr_due_by" not in due.by_hand and (due.fr_due_by is None or ticket.stats.first_responded_at is None):
        due.fr_due_by = _due(calendar, ticket.created_at, target["respond_within"], ticket)
    if "due_by" not in due.by_hand:
        due.due_by = _due(calendar, ticket.created_at, target["resolve_within"], ticket)
    if due.asked_at and target.get("next_respond_within"):
        due.nr_due_by = _due(calendar, due.asked_at, target["next_respond_within"], ticket)


def _due(calendar: Calendar | None, start: datetime, seconds: int, ticket: Ticket) -> datetime:
    """Return when the target is used up; time in which the clock stood still is added to it."""
    off = sum(hours.between(calendar, max(a, start), b) for a, b in ticket.due.off if b > start)
    return hours.after(calendar, start, seconds + off)


def _watch(account: Account, instant: datetime, ticket: Ticket) -> None:
    """Have the periodic job look at the ticket in its first turn after `instant`."""
    period = account.switches.sla_job_seconds
    if period:
        turns = math.floor((instant - account.created_at).total_seconds() / period) + 1
        account.plan_for(account.created_at + timedelta(seconds=turns * period), "breach", ticket.id)


def look(account: Account, number: int) -> bool:
    """Flag what is late on a ticket by now; each flag bumps `updated_at` (4.9). Return whether any is."""
    ticket = account.tickets.get(number)
    if ticket is None or ticket.place != "normal" or not account.statuses[ticket.status].sla_timer:
        return False
    now, due = account.now(), ticket.due
    unanswered, unsolved = ticket.stats.first_responded_at is None, ticket.status not in (RESOLVED, CLOSED)
    late = {
        "fr_escalated": unanswered and _passed(due.fr_due_by, now),
        "nr_escalated": due.asked_at is not None and _passed(due.nr_due_by, now),
        "is_escalated": unsolved and _passed(due.due_by, now),
    }
    fresh = [name for name, broken in late.items() if broken and not getattr(ticket, name)]
    for name in fresh:
        setattr(ticket, name, True)
    if fresh:
        account.touch(ticket)
    _escalate(account, ticket, late)
    return bool(fresh)


def _escalate(account: Account, ticket: Ticket, late: dict[str, bool]) -> None:
    """Mail those whom the policy names, each level once, so long after the breach as it says (6.8)."""
    policy = policy_of(account, ticket)
    if policy is None or not policy.sla_target[f"priority_{ticket.priority}"].get("escalation_enabled", True):
        return
    due = ticket.due
    broken = (
        ("response", late["fr_escalated"], due.fr_due_by),
        ("next_response", late["nr_escalated"], due.nr_due_by),
        ("resolution", late["is_escalated"], due.due_by),
    )
    for kind, is_late, instant in broken:
        for name, level in _levels(policy.escalation.get(kind) or {}, kind):
            at = (instant or account.now()) + timedelta(seconds=level.get("escalation_time") or 0)
            if is_late and name not in due.escalated and at <= account.now():
                due.escalated = (*due.escalated, name)
                mails.escalated(account, ticket, level.get("agent_ids") or [], name)
            elif is_late and name not in due.escalated:
                _watch(account, at, ticket)


def _levels(parts: dict[str, Any], kind: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the levels by name: the resolution has up to four, a response one."""
    if kind != "resolution":
        return [(kind, parts)] if parts else []
    return [(f"{kind} {name}", level) for name, level in sorted(parts.items())]


def _passed(instant: datetime | None, now: datetime) -> bool:
    return instant is not None and instant < now
