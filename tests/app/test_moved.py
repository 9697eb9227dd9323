"""Tickets that people move and merge in their tools, over real HTTP."""

from __future__ import annotations

from urllib.parse import quote

from deskbridge.demo.people import Tool
from tests.app.program import Hub

PLACE = """
[places.other]
connection = "gitlab"
key = "{project}"
readers = "staff"

[[routes]]
name = "to the developers"
"""


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
    url = f"{hub.environment['GITLAB_URL']}/api/v4/projects/{quote(project, safe='')}"
    return Tool(url, headers={"PRIVATE-TOKEN": hub.environment["GITLAB_DEV_TOKEN"]})


def notes_of(project: Tool, issue: int) -> list[str]:
    """Return the people's and our own texts on an issue."""
    notes = project("GET", f"issues/{issue}/notes", params={"per_page": 100})
    return [note["body"] for note in notes if not note["system"]]


class TestMoved:
    def test_an_issue_that_is_moved_is_followed(self, hub: Hub) -> None:
        """The conversation would end with a move, the ticket be closed by it, or everything stand twice."""
        other = hub.environment["GITLAB_PROJECT2"]
        hub.change(('[[routes]]\nname = "to the developers"\n', PLACE.lstrip("\n").format(project=other)))
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
