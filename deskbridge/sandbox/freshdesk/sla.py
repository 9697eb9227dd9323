"""The SLA of tickets: which policy, when due, when the clock stands still, what is broken (reference 4.6)."""

from __future__ import annotations

from datetime import datetime, timedelta

from deskbridge.sandbox.freshdesk import mails
from deskbridge.sandbox.freshdesk.records import CLOSED, RESOLVED, Policy, Ticket
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
    account.unsettled.add(ticket.id)


def set_by_hand(account: Account, ticket: Ticket, name: str, instant: datetime | None) -> None:
    """Set `due_by` or `fr_due_by` at once and for good; None gives it back to the policy."""
    setattr(ticket.due, name, instant)
    if instant is not None:
        ticket.due.by_hand.add(name)
        return
    ticket.due.by_hand.discard(name)
    schedule(account, ticket)


def status_changed(account: Account, ticket: Ticket) -> None:
    """Stop or restart the ticket's clock; time in which it stood still moves the due times."""
    due, runs = ticket.due, account.statuses[ticket.status].sla_timer
    if not runs and due.off_since is None:
        due.off_since = account.now()
    elif runs and due.off_since is not None:
        due.off_for += account.now() - due.off_since
        due.off_since = None
        schedule(account, ticket)


def fill_due_times(account: Account) -> None:
    """Show the due times whose delay is over."""
    for ticket_id in sorted(account.unsettled):
        ticket = account.tickets.get(ticket_id)
        if ticket and ticket.due.changes_at and ticket.due.changes_at > account.now():
            continue
        account.unsettled.discard(ticket_id)
        if ticket and ticket.due.changes_at:
            _fill(account, ticket, ticket.due.changes_at)


def _fill(account: Account, ticket: Ticket, instant: datetime) -> None:
    due, policy = ticket.due, policy_of(account, ticket)
    due.changes_at = None
    if policy is None:
        return
    respond, resolve = policy.targets[ticket.priority]
    start = ticket.created_at + due.off_for
    if "fr_due_by" not in due.by_hand and (due.fr_due_by is None or ticket.stats.first_responded_at is None):
        due.fr_due_by = start + timedelta(seconds=respond)
    if "due_by" not in due.by_hand:
        due.due_by = start + timedelta(seconds=resolve)
    if account.switches.due_fill_bumps:
        ticket.updated_at = max(ticket.updated_at, instant)


def mark_breaches(account: Account) -> list[int]:
    """Flag the tickets that are late by now and return their ids; each flag bumps `updated_at` (4.9)."""
    return [ticket.id for ticket in account.tickets.values() if _mark(account, ticket)]


def _mark(account: Account, ticket: Ticket) -> bool:
    now, due = account.now(), ticket.due
    if ticket.trashed_at or ticket.spam or not account.statuses[ticket.status].sla_timer:
        return False
    first = (
        not ticket.fr_escalated and ticket.stats.first_responded_at is None and _passed(due.fr_due_by, now)
    )
    whole = not ticket.is_escalated and ticket.status not in (RESOLVED, CLOSED) and _passed(due.due_by, now)
    ticket.fr_escalated |= first
    ticket.is_escalated |= whole
    if first or whole:
        ticket.updated_at = now
        mails.escalated(account, ticket)
    return first or whole


def _passed(instant: datetime | None, now: datetime) -> bool:
    return instant is not None and instant < now
