"""Whom an internal note notifies: whoever a ticket is assigned to, over real HTTP."""

from __future__ import annotations

import pytest

from tests.app.program import Hub

DESK = '[connections.desk]\nsystem = "freshdesk"\n'
RULE = 'notify = "assignee"\n'


def assigned(hub: Hub) -> tuple[int, str]:
    """Have a linked ticket that is assigned to an agent; return its number and the agent's address."""
    ticket = hub.people.mail("giulia@orbit.example", "Giulia Conti", "Reader", "<p>E42</p>")
    me = hub.people.agent("GET", "agents/me")
    hub.people.sort(ticket, tags=["firmware"], priority=2, responder_id=me["id"])
    assert hub.run("sync", "--once").code == 0
    hub.people.comment_in_gitlab(hub.people.gitlab_issue_of("Reader"), "A developer looks at it")
    return ticket, me["contact"]["email"]


@pytest.mark.parametrize("wanted", [True, False])
def test_the_assignee_is_mailed_an_internal_note_where_a_rule_says_so(hub: Hub, *, wanted: bool) -> None:
    """An agent would learn of the developers' answer when they next open the ticket by chance."""
    if wanted:
        hub.change((DESK, DESK + RULE))
    ticket, agent = assigned(hub)
    mailed = hub.customers_mailed()
    planned = hub.run("plan").out
    assert (f"read by staff, no mail, staff mail to {agent}" in planned) is wanted
    assert hub.run("sync", "--once").code == 0
    said = hub.people.agent("GET", f"tickets/{ticket}/conversations")
    (note,) = [c for c in said if "A developer looks at it" in c["body"]]
    assert note["private"] is True
    assert note["to_emails"] == ([agent] if wanted else [])
    assert hub.customers_mailed() == mailed
