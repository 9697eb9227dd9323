"""Rules whose effect people read or are mailed, over real HTTP: routes' tags, references, what is told."""

from __future__ import annotations

from typing import Any

from tests.app.program import Hub


def conversation(hub: Hub, ticket: int) -> list[dict[str, Any]]:
    """Return what stands below a ticket's description in Freshdesk."""
    return list(hub.people.agent("GET", f"tickets/{ticket}/conversations"))


def comments(hub: Hub, issue: str) -> list[str]:
    """Return the comments on an issue in Jira."""
    found = hub.people.jira("GET", f"api/2/issue/{issue}", params={"fields": "comment"})
    return [comment["body"] for comment in found["fields"]["comment"]["comments"]]


def opened(hub: Hub, subject: str) -> tuple[int, str]:
    """Have a ticket with an issue in Jira, and return what both are called."""
    ticket = hub.people.mail("kim@lantern.example", "Kim Park", subject, "<p>It smokes</p>")
    hub.people.sort(ticket, tags=["dev"])
    assert hub.run("sync", "--once").code == 0
    return ticket, hub.people.issue_of(subject)


def test_a_removed_tag_is_told_to_staff_on_both_sides_and_mails_no_customer(hub: Hub) -> None:
    """Developers would write to nobody, or a customer would be mailed that they were taken from them."""
    ticket, issue = opened(hub, "Reader")
    mailed = hub.customers_mailed()
    hub.people.sort(ticket, tags=["other"])
    assert hub.run("sync", "--once").code == 0
    (note,) = [c for c in conversation(hub, ticket) if "not kept together" in c["body"]]
    assert note["private"] is True
    assert sum("not kept together" in said for said in comments(hub, issue)) == 1
    hub.people.note(ticket, "<p>Not for them any more</p>")
    assert hub.run("sync", "--once").code == 0
    assert not any("Not for them" in said for said in comments(hub, issue))
    assert "Nothing to write" in hub.run("plan", "--all").out
    assert hub.customers_mailed() == mailed


def test_a_tickets_number_leads_to_its_issue_and_not_to_another_one(hub: Hub) -> None:
    """A developer would open a ticket in a tool that they have no account for."""
    first, issue = opened(hub, "Reader")
    second, other = opened(hub, "Printer")
    hub.people.note(first, f"<p>The same as #{second}, not as #99</p>")
    assert hub.run("sync", "--once").code == 0
    (said,) = [text for text in comments(hub, issue) if "The same as" in text]
    assert f"/browse/{other}]" in said
    assert f"[#{second}|" in said
    assert "[#99|" not in said


def test_a_strangers_ticket_is_told_once_and_internally(hub: Hub) -> None:
    """A customer would read of the desk's settings, or an agent of nothing."""
    stranger = hub.people.mail("pat@nowhere.example", "Pat", "Hello", "<p>Hi</p>")
    hub.people.sort(stranger, tags=["dev"])
    mailed = hub.customers_mailed()
    assert hub.run("sync", "--once").code == 4
    (note,) = [c for c in conversation(hub, stranger) if "waits for a person" in c["body"]]
    assert note["private"] is True
    assert "no customer is known for pat@nowhere.example" in note["body"]
    hub.run("sync", "--once")
    assert len([c for c in conversation(hub, stranger) if "waits for a person" in c["body"]]) == 1
    assert hub.customers_mailed() == mailed
