"""Tickets that people move and merge in their tools, over real HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from deskbridge.demo.people import Tool
from tests.app.program import Hub

PLACE = """
[places.other]
connection = "gitlab"
key = "{project}"
readers = "staff"
"""
ROUTES = '[[routes]]\nname = "to the developers"\n'


def gitlab_ticket(hub: Hub) -> tuple[int, int]:
    """Have a ticket with an issue in GitLab and texts on both, and return both numbers."""
    ticket = hub.people.mail("giulia@orbit.example", "Giulia Conti", "Reader", "<p>E42</p>")
    hub.people.sort(ticket, tags=["firmware"], priority=2)
    assert hub.run("sync", "--once").code == 0
    issue = hub.people.gitlab_issue_of("Reader")
    hub.people.comment_in_gitlab(issue, "A developer looks at it")
    hub.people.note(ticket, "<p>An agent thinks</p>")
    assert hub.run("sync", "--once").code == 0
    return ticket, issue


def in_gitlab(hub: Hub, project: str) -> Tool:
    """Return another project of the same GitLab, as the developer."""
    return in_project(hub.environment, project)


def in_project(environment: Mapping[str, str], project: str) -> Tool:
    """Return a project of a sandbox's GitLab, as the developer."""
    url = f"{environment['GITLAB_URL']}/api/v4/projects/{quote(project, safe='')}"
    return Tool(url, headers={"PRIVATE-TOKEN": environment["GITLAB_DEV_TOKEN"]})


def notes_of(project: Tool, issue: int) -> list[str]:
    """Return the people's and our own texts on an issue."""
    notes = project("GET", f"issues/{issue}/notes", params={"per_page": 100})
    return [note["body"] for note in notes if not note["system"]]


class TestMoved:
    def test_an_issue_that_is_moved_is_followed(self, hub: Hub) -> None:
        """The conversation would end with a move, the ticket be closed by it, or everything stand twice."""
        other = hub.environment["GITLAB_PROJECT2"]
        hub.change((ROUTES, f"{PLACE.format(project=other)}\n{ROUTES}"))
        ticket, issue = gitlab_ticket(hub)
        elsewhere = in_gitlab(hub, other)
        found, target = hub.people.gitlab("GET", f"issues/{issue}"), elsewhere("GET", "")
        moved = hub.people.gitlab("POST", f"issues/{issue}/move", json={"to_project_id": target["id"]})
        assert moved["project_id"] != found["project_id"]
        hub.people.note(ticket, "<p>Said after the move</p>")
        assert hub.run("sync", "--once").code == 0
        texts = notes_of(elsewhere, moved["iid"])
        for said in ("A developer looks at it", "An agent thinks", "Said after the move"):
            assert sum(said in text for text in texts) == 1, said
        said_there = hub.people.agent("GET", f"tickets/{ticket}/conversations")
        conversation = "\n".join(str(text["body"]) for text in said_there)
        assert conversation.count("A developer looks at it") == 1
        assert "closed" not in conversation
        assert "Nothing to write" in hub.run("plan", "--all").out
        assert other in hub.run("explain", f"desk:{ticket}").lines[0]

    def test_an_issue_that_is_moved_and_linked_elsewhere_meanwhile_waits_for_a_person(self, hub: Hub) -> None:
        """It would end in a mistake of our own, which names nobody and no way out."""
        other = hub.environment["GITLAB_PROJECT2"]
        hub.change((ROUTES, f"{PLACE.format(project=other)}\n{ROUTES}"))
        ticket, issue = gitlab_ticket(hub)
        second = hub.people.mail("giulia@orbit.example", "Giulia Conti", "Scanner", "<p>E43</p>")
        target = in_gitlab(hub, other)("GET", "")
        moved = hub.people.gitlab("POST", f"issues/{issue}/move", json={"to_project_id": target["id"]})
        there = f"gitlab:{moved['project_id']}:{moved['iid']}"
        assert hub.run("link", f"desk:{second}", there).code == 0
        planned = hub.run("plan", f"desk:{ticket}")
        assert f"which belongs to desk #{second}" in planned.out + planned.err
        ended = hub.run("sync", "--once")
        assert ended.code == 4
        assert f"which belongs to desk #{second}" in hub.run("parked", "list").out
        assert hub.run("unlink", there).code == 0
        assert hub.run("parked", "retry", f"desk:{ticket}").out.startswith("1 ")
        assert hub.run("sync", "--once").code == 0
        assert other in hub.run("explain", f"desk:{ticket}").lines[0]


class TestMerged:
    def merge(self, hub: Hub, primary: int, secondary: int) -> None:
        """Merge a ticket into another as Freshdesk's agents do."""
        here = f"<a href='/a/tickets/{secondary}'>#{secondary}</a>"
        there = f"<a href='{hub.environment['FRESHDESK_URL']}/a/tickets/{primary}'>#{primary}</a>"
        body = {
            "primary_id": primary,
            "ticket_ids": [secondary],
            "note_in_primary": {"body": f"<p>Ticket {here} was merged: It burns</p>", "private": True},
            "note_in_secondary": {
                "body": f"<p>This ticket is closed and merged into ticket {there}</p>",
                "private": True,
            },
        }
        hub.people.agent("PUT", "tickets/merge", json=body)

    def two(self, hub: Hub, *, both: bool) -> tuple[int, int]:
        """Have two tickets of one matter, the second with an issue, the first only if `both` have one."""
        first = hub.people.mail("kim@lantern.example", "Kim Park", "It smokes", "<p>The first words</p>")
        second = hub.people.mail("kim@lantern.example", "Kim Park", "It burns", "<p>The second words</p>")
        hub.people.sort(second, tags=["dev"])
        if both:
            hub.people.sort(first, tags=["dev"])
        assert hub.run("sync", "--once").code == 0
        return first, second

    def said(self, hub: Hub, issue: str) -> str:
        """Return all that stands on an issue."""
        found = hub.people.jira("GET", f"api/2/issue/{issue}", params={"fields": "comment,description"})
        texts = [c["body"] for c in found["fields"]["comment"]["comments"]]
        return "\n".join([found["fields"]["description"], *texts])

    def test_the_ticket_that_stays_inherits_the_issue(self, hub: Hub) -> None:
        """The issue would be told that its ticket was closed, and never hear of the one that goes on."""
        first, second = self.two(hub, both=False)
        self.merge(hub, first, second)
        assert hub.run("sync", "--once").code == 0
        hub.people.answer(first, "kim@lantern.example", "<p>Said after the merge</p>")
        assert hub.run("sync", "--once").code == 0
        said = self.said(hub, "SUP-1")
        for words in ("The first words", "The second words", "Said after the merge"):
            assert said.count(words) == 1, words
        assert "was merged: It burns" not in said
        hub.people.comment(hub.people.issue_of("It burns"), "A developer has news")
        assert hub.run("sync", "--once").code == 0
        for ticket, count in ((first, 1), (second, 0)):
            found = hub.people.agent("GET", f"tickets/{ticket}/conversations")
            assert sum("A developer has news" in str(text["body"]) for text in found) == count
        assert "Nothing to write" in hub.run("plan", "--all").out

    def test_the_issue_is_labelled_with_the_customer_whose_ticket_goes_on(self, hub: Hub) -> None:
        """Another customer's board would show the issue, and its own would not."""
        first, second = self.two(hub, both=False)
        self.merge(hub, first, second)
        assert hub.run("sync", "--once").code == 0
        found = hub.people.agent("GET", "contacts", params={"email": "giulia@orbit.example"})[0]
        whose = {"requester_id": found["id"], "company_id": found["company_id"]}
        hub.people.agent("PUT", f"tickets/{first}", json=whose)
        assert hub.run("sync", "--once").code == 0
        issue = hub.people.jira("GET", f"api/2/issue/{hub.people.issue_of('It burns')}")
        labels = [label for label in issue["fields"]["labels"] if label.startswith("customer-")]
        assert labels == ["customer-orbit"]

    def test_two_issues_cannot_become_one(self, hub: Hub) -> None:
        """One of two issues would go on with nobody's ticket, or both would be mixed up."""
        first, second = self.two(hub, both=True)
        self.merge(hub, first, second)
        ended = hub.run("sync", "--once")
        assert ended.code == 4
        assert "each has an issue of its own on jira: unlink one of them" in ended.out
        assert hub.run("unlink", f"desk:{second}").code == 0
        hub.run("parked", "retry")
        hub.run("sync", "--once")
        assert hub.run("parked", "list").out == "Nothing is parked.\n"
