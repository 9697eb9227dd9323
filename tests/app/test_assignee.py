"""Whose a ticket is, from the desk to the developers and back, over real HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from deskbridge.demo.people import Tool
from tests.app.program import Hub

RULE = '[fields.assignee]\nfront_to_work = "always"\nwork_to_front = "always"\n\n[hub]'
TITLE = "Reader stops"


class Staff:
    """Two people, as every tool knows them; the table names the first `known` of them."""

    def __init__(self, hub: Hub, known: int = 2) -> None:
        env = hub.environment
        admin = Tool(f"{env['FRESHDESK_URL']}/api/v2", (env["FRESHDESK_API_KEY"], "X"))
        rows: list[dict[str, Any]] = admin("GET", "agents")
        self.agents = [row for row in rows if row["id"] != admin("GET", "agents/me")["id"]]
        found = hub.people.jira("GET", "api/2/user/assignable/search?project=SUP")
        self.jira = [user["accountId"] for user in found][:2]
        members = hub.people.gitlab("GET", "members/all")
        self.gitlab = [one["username"] for one in members if "bot" not in one["username"]][:2]
        table = ["person,desk,jira,gitlab"]
        for n in range(known):
            address = self.agents[n]["contact"]["email"]
            table.append(f"Person {n},{address.upper()},{self.jira[n]},{self.gitlab[n]}")
        (hub.folder / "people.csv").write_text("\n".join(table) + "\n", "utf-8")
        hub.change(("[hub]", f'people = "people.csv"\n\n{RULE}'))


def hidden(hub: Hub) -> None:
    """Have the portal show no customer who serves them: what staff alone read elsewhere may go there then."""
    env = hub.environment
    admin = Tool(f"{env['FRESHDESK_URL']}/api/v2", (env["FRESHDESK_API_KEY"], "X"))
    (field,) = [f for f in admin("GET", "ticket_fields") if f["type"] == "default_agent"]
    admin("PUT", f"admin/ticket_fields/{field['id']}", json={"displayed_to_customers": False})


def opened(hub: Hub, **fields: Any) -> int:
    """A ticket that goes to both teams."""
    ticket = hub.people.mail("kim@lantern.example", "Kim Park", TITLE, "<p>At row 17.</p>")
    hub.people.sort(ticket, tags=["dev", "firmware"], **fields)
    return ticket


def synced(hub: Hub) -> str:
    """Sync until nothing is left, and return what was said."""
    said = ""
    for _ in range(3):
        ended = hub.run("sync", "--once")
        assert ended.code == 0, ended.err
        said += ended.out
    assert not [line for line in hub.run("plan", "--all").lines if line.startswith("  +")]
    return said


def holders(hub: Hub, ticket: int) -> tuple[object, object, list[object]]:
    """Whose the ticket is in each tool."""
    there = hub.people.agent("GET", f"tickets/{ticket}")["responder_id"]
    fields = hub.people.jira("GET", f"api/2/issue/{hub.people.issue_of(TITLE)}")["fields"]
    issue = hub.people.gitlab("GET", f"issues/{hub.people.gitlab_issue_of(TITLE)}")
    held = fields["assignee"]
    return there, held and held["accountId"], [user["username"] for user in issue["assignees"]]


def test_it_goes_both_ways_for_people_of_the_table(hub: Hub) -> None:
    """Everything would be assigned twice by hand, or to somebody whom nobody named."""
    staff = Staff(hub)
    hidden(hub)
    one, other = (agent["id"] for agent in staff.agents)
    ticket = opened(hub, responder_id=one)
    assert "assignee" in hub.run("plan", "--all").out
    synced(hub)
    assert holders(hub, ticket) == (one, staff.jira[0], [staff.gitlab[0]])
    body = {"accountId": staff.jira[1]}
    hub.people.jira("PUT", f"api/2/issue/{hub.people.issue_of(TITLE)}/assignee", json=body)
    synced(hub)
    assert holders(hub, ticket) == (other, staff.jira[1], [staff.gitlab[0]])
    hub.people.sort(ticket, responder_id=None)
    synced(hub)
    assert holders(hub, ticket) == (None, None, [])


def test_a_customer_does_not_learn_who_works_on_it(hub: Hub) -> None:
    """The portal shows who serves a ticket: staff's own matter would be read by the customer."""
    staff = Staff(hub)
    ticket = opened(hub)
    synced(hub)
    body = {"accountId": staff.jira[1]}
    hub.people.jira("PUT", f"api/2/issue/{hub.people.issue_of(TITLE)}/assignee", json=body)
    synced(hub)
    assert holders(hub, ticket)[0] is None
    texts = [c["body_text"] for c in hub.people.agent("GET", f"tickets/{ticket}/conversations")]
    assert not any("assignee" in text for text in texts)
    assert any("staff alone read it on jira" in text for text in remarks(hub))


def remarks(hub: Hub) -> list[str]:
    """What the hub told the developers about what it did not carry."""
    issue = hub.people.jira("GET", f"api/2/issue/{hub.people.issue_of(TITLE)}/comment")
    return [comment["body"] for comment in issue["comments"]]


def test_somebody_unknown_is_told_and_nobody_is_guessed(hub: Hub) -> None:
    """A ticket would silently be nobody's where the work is done."""
    staff = Staff(hub, 1)
    ticket = opened(hub, responder_id=staff.agents[1]["id"])
    synced(hub)
    assert holders(hub, ticket)[1:] == (None, [])
    found = hub.run("finding", "list").out
    name = staff.agents[1]["contact"]["name"]
    assert f"the table of people does not say who {name} is on jira" in found


def test_one_who_left_stops_nothing(hub: Hub) -> None:
    """A developer whose account was closed would keep every ticket of theirs from the others."""
    staff = Staff(hub)
    table = (hub.folder / "people.csv").read_text("utf-8")
    table = table.replace(staff.jira[0], "712020:closed").replace(f",{staff.gitlab[0]}\n", ",somebody-else\n")
    (hub.folder / "people.csv").write_text(table, "utf-8")
    ticket = opened(hub, responder_id=staff.agents[0]["id"])
    said = synced(hub)
    assert "parked" not in said.replace("parked 0", "")
    assert holders(hub, ticket)[1:] == (None, [])
    found = hub.run("finding", "list").out
    assert "refused" in found
    assert "somebody-else" in found
    hub.people.sort(ticket, responder_id=None)
    synced(hub)
    hub.people.sort(ticket, responder_id=staff.agents[0]["id"], subject="Reader stops again")
    ended = hub.run("sync", "--once")
    assert ended.code == 0
    titles = [issue["title"] for issue in hub.people.gitlab("GET", "issues?scope=all")]
    assert "Reader stops again" in titles


def test_several_people_are_left_to_a_person(hub: Hub) -> None:
    """GitLab's paid tiers have several assignees: all but one would lose the issue."""
    staff = Staff(hub)
    ticket = opened(hub)
    synced(hub)
    number = hub.people.gitlab_issue_of(TITLE)
    ids = [m["id"] for m in hub.people.gitlab("GET", "members/all")][:2]
    hub.people.gitlab("PUT", f"issues/{number}", json={"assignee_ids": ids})
    synced(hub)
    hub.people.sort(ticket, responder_id=staff.agents[1]["id"])
    synced(hub)
    assert len(hub.people.gitlab("GET", f"issues/{number}")["assignees"]) == 2
    assert "a person decides whose it is to be" in hub.run("finding", "list").out


def test_old_tickets_are_remapped(hub: Hub) -> None:
    """A rule that is made later would hold for new tickets only."""
    staff = Staff(hub)
    hub.change((RULE, "[hub]"))
    ticket = opened(hub, responder_id=staff.agents[0]["id"])
    synced(hub)
    assert holders(hub, ticket)[1:] == (None, [])
    hub.change(("[hub]", RULE))
    synced(hub)
    assert holders(hub, ticket)[1:] == (None, [])
    name = staff.agents[0]["contact"]["name"]
    assert f"gitlab: set assignee to {name} (desk)" in hub.run("plan", "--remap", "assignee").out
    assert hub.run("sync", "--once", "--remap", "assignee", "--apply").code == 0
    synced(hub)
    assert holders(hub, ticket)[1:] == (staff.jira[0], [staff.gitlab[0]])


def test_check_tells_who_has_no_name_somewhere(hub: Hub) -> None:
    """Tickets of theirs would be nobody's, and the desk would learn it one by one."""
    staff = Staff(hub, 1)
    row = f"Person 2,{staff.agents[1]['contact']['email']},,\n"
    with (hub.folder / "people.csv").open("a", encoding="utf-8") as table:
        table.write(row)
    said = hub.run("check", "--live").out
    assert (
        "jira: the table of people does not say who they are there, so no ticket is given to Person 2" in said
    )


@pytest.mark.parametrize("way", ["create", "always"])
def test_a_rule_without_a_table_is_refused(hub: Hub, way: str) -> None:
    """People would wait for assignments that never come."""
    hub.change(("[hub]", f'[fields.assignee]\nfront_to_work = "{way}"\n\n[hub]'))
    ended = hub.run("check")
    assert ended.code == 2
    assert "fields.assignee: nobody is known in two tools" in ended.err + ended.out
