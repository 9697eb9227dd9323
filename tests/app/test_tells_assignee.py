"""Whom an internal note notifies: whoever a ticket is assigned to, or a group, over real HTTP."""

from __future__ import annotations

import pytest

from deskbridge.demo.people import Tool
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


def admin(hub: Hub) -> Tool:
    """The desk's administrator."""
    return Tool(f"{hub.environment['FRESHDESK_URL']}/api/v2", (hub.environment["FRESHDESK_API_KEY"], "X"))


@pytest.mark.parametrize("grouped", [True, False])
def test_a_group_is_mailed_an_internal_note_where_a_rule_says_so(hub: Hub, *, grouped: bool) -> None:
    """A team whose members share their tickets would hear of nothing; one of no group still is somebody's."""
    hub.change((DESK, DESK + 'notify = "group"\n'))
    agents = admin(hub)("GET", "agents")
    ticket, agent = assigned(hub)
    told = [agent]
    if grouped:
        body = {"name": "Second line", "agent_ids": [one["id"] for one in agents]}
        hub.people.sort(ticket, group_id=admin(hub)("POST", "groups", json=body)["id"])
        me = admin(hub)("GET", "agents/me")["id"]
        told = [one["contact"]["email"] for one in agents if one["id"] != me]
    mailed = hub.customers_mailed()
    assert f"read by staff, no mail, staff mail to {', '.join(told)}" in hub.run("plan").out
    assert hub.run("sync", "--once").code == 0
    said = hub.people.agent("GET", f"tickets/{ticket}/conversations")
    (note,) = [c for c in said if "A developer looks at it" in c["body"]]
    assert (note["private"], sorted(note["to_emails"])) == (True, sorted(told))
    assert hub.customers_mailed() == mailed


def test_check_says_where_no_group_can_be_told(hub: Hub) -> None:
    """An agent's key is told nobody's address: a desk would wait for mails that never come."""
    hub.change((DESK, DESK + 'notify = "group"\n'))
    assert "notify" not in hub.run("check", "--live").out
    key = hub.environment["FRESHDESK_AGENT_API_KEY"]
    ended = hub.run("check", "--live", FRESHDESK_API_KEY=key)
    assert ended.code == 2
    assert 'desk: notify = "group", but only an administrator' in ended.out
    assert 'write notify = "assignee"' in ended.out


def test_a_group_is_refused_where_a_tool_tells_people_itself(hub: Hub) -> None:
    """People would rely on a rule that nothing carries out."""
    jira = '[connections.jira]\nsystem = "jira"\n'
    hub.change((jira, jira + 'notify = "group"\n'))
    ended = hub.run("check")
    assert ended.code == 2
    assert "connections.jira.notify: jira tells people of a note as its own settings say" in ended.err
