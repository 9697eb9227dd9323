"""What people know of their tickets: the judge is right only where this is."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.campaign.ledger import Bundle, Ledger, Side, Ticket

NOW = datetime(2026, 1, 12, 12, tzinfo=UTC)


def test_a_ticket_that_leaves_a_shared_issue_takes_with_it_what_was_made_for_it() -> None:
    """Otherwise the judge would miss the other ticket's texts on an issue that was never theirs."""
    first, second = (Ticket(n, Side("desk", str(n)), "orbit", "pump") for n in (5, 6))
    shared, own = Side("gitlab", "102:2"), Side("jira", "10004", made_for=second.desk)
    both = Bundle([first, second], {"gitlab": shared, "jira": own})
    ledger = Ledger([both])

    ledger.split(both, [second], shared, NOW)

    alone = ledger.bundle_of(second.desk)
    assert (both.sides, alone.sides) == ([first.desk, shared], [second.desk, own])
    assert ledger.parted[-1].sides == (second.desk, shared, own)


def test_tickets_that_leave_together_stay_together() -> None:
    """Otherwise the judge would look for each one's texts apart, though only the issue was taken away."""
    first, second, third = (Ticket(n, Side("desk", str(n)), "orbit", "pump") for n in (4, 3, 19))
    shared, own = Side("gitlab", "102:1"), Side("jira", "10005", made_for=third.desk)
    everyone = Bundle([first, second, third], {"gitlab": shared, "jira": own})
    ledger = Ledger([everyone])

    ledger.split(everyone, [second, third], shared, NOW)

    apart = ledger.bundle_of(third.desk)
    assert (everyone.sides, apart.sides) == ([first.desk, shared], [second.desk, third.desk, own])
