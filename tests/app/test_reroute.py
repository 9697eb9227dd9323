"""Tickets that go on in another place because the routes name it today, over real HTTP."""

from __future__ import annotations

import json

from tests.app.program import Hub
from tests.app.test_moved import in_gitlab, notes_of

OTHER = """
[places.other]
connection = "gitlab"
key = "{project}"
readers = "staff"

[[routes]]
name = "to the developers"
"""
FIRMWARE = 'tags = ["firmware"]\nto = "firmware"\n'


def sent_elsewhere(hub: Hub, subject: str = "Reader") -> tuple[int, int]:
    """Have a ticket with an issue, then routes that name another project; return both numbers."""
    ticket = hub.people.mail("giulia@orbit.example", "Giulia Conti", subject, "<p>E42</p>")
    hub.people.sort(ticket, tags=["firmware"], priority=2)
    assert hub.run("sync", "--once").code == 0
    issue = hub.people.gitlab_issue_of(subject)
    hub.people.comment_in_gitlab(issue, "A developer looks at it")
    assert hub.run("sync", "--once").code == 0
    named_elsewhere(hub)
    return ticket, issue


def named_elsewhere(hub: Hub) -> None:
    """Have the routes name another project of GitLab."""
    other = OTHER.format(project=hub.environment["GITLAB_PROJECT2"]).lstrip("\n")
    hub.change(('[[routes]]\nname = "to the developers"\n', other))
    hub.change((FIRMWARE, FIRMWARE.replace('"firmware"\n', '"other"\n')))


def noted(hub: Hub, ticket: int) -> str:
    """Return everything that was said on a ticket."""
    found = hub.people.agent("GET", f"tickets/{ticket}/conversations")
    return "\n".join(str(text["body"]) for text in found)


class TestReroute:
    def test_a_customers_ticket_goes_on_in_the_new_place(self, hub: Hub) -> None:
        """A team that moved to another project would keep its old tickets in the old one for ever."""
        ticket, issue = sent_elsewhere(hub)
        elsewhere, project = (
            in_gitlab(hub, hub.environment["GITLAB_PROJECT2"]),
            hub.environment["GITLAB_PROJECT2"],
        )
        assert "Nothing to write" in hub.run("plan", "--all").out
        assert hub.run("reroute", "lantern").out == "Everything is where the routes name.\n"
        hub.refuse_writes()
        listed = hub.run("reroute", "orbit")
        assert (listed.code, hub.writes_refused()) == (0, 0)
        hub.control("DELETE", "faults")
        assert f"gitlab harbour/firmware#{issue} -> {project} on gitlab" in listed.lines[0]
        assert f"gitlab: create a ticket in {project} from desk" in listed.out
        assert "tell staff: This matter goes on in" in listed.out
        assert "(read by staff, no mail)" in listed.lines[1]
        applied = hub.run("reroute", "orbit", "--apply")
        assert (applied.code, applied.err) == (0, "")
        (there,) = elsewhere("GET", "issues", params={"scope": "all"})
        assert there["title"] == "Reader"
        left = hub.people.gitlab("GET", f"issues/{issue}")
        assert left["state"] == "opened"
        assert any("goes on in" in note for note in notes_of(hub.people.gitlab, issue))
        hub.people.comment_in_gitlab(issue, "Said in the old one")
        elsewhere("POST", f"issues/{there['iid']}/notes", json={"body": "Said in the new one"})
        assert hub.run("sync", "--once").code == 0
        said = noted(hub, ticket)
        assert (said.count("Said in the old one"), said.count("Said in the new one")) == (0, 1)
        assert said.count("A developer looks at it") == 1
        assert "Nothing to write" in hub.run("plan", "--all").out
        assert hub.run("reroute", "orbit").out == "Everything is where the routes name.\n"
        assert hub.customers_mailed() == 1  # the desk's own receipt

    def test_it_goes_on_in_another_tool(self, hub: Hub) -> None:
        """A team that changed its tool would keep its old tickets in the old one, or have them in both."""
        ticket, _ = sent_elsewhere(hub)
        hub.change(
            (
                FIRMWARE.replace('"firmware"\n', '"other"\n'),
                FIRMWARE.replace('"firmware"\n', '"support-development"\n'),
            )
        )
        (told,) = json.loads(hub.run("reroute", "orbit", "--json").out)
        assert (told["to"], told["problem"], told["done"]) == ("SUP", None, False)
        assert hub.run("reroute", "orbit", "--apply").code == 0
        assert hub.people.issue_of("Reader") == "SUP-1"
        assert hub.run("explain", f"desk:{ticket}").lines[0] == f"desk #{ticket} = jira SUP-1"
        assert "Nothing to write" in hub.run("plan", "--all").out

    def test_tickets_that_share_an_issue_stay(self, hub: Hub) -> None:
        """One ticket of several would take the issue from the others."""
        _, issue = sent_elsewhere(hub)
        second = hub.people.mail("giulia@orbit.example", "Giulia Conti", "The same", "<p>Again</p>")
        key = json.loads(hub.run("explain", "desk:1", "--json").out)["sides"][1]["key"]
        assert hub.run("link", f"desk:{second}", f"gitlab:{key}").code == 0
        assert hub.run("sync", "--once").code == 0
        ended = hub.run("reroute", "orbit", "--apply")
        assert ended.code == 4
        assert "several tickets share the issue" in ended.out
        assert not [note for note in notes_of(hub.people.gitlab, issue) if "goes on in" in note]

    def test_a_customer_nobody_knows(self, hub: Hub) -> None:
        """A slip of the hand would be told that everything is well."""
        ended = hub.run("reroute", "lanter")
        assert (ended.code, ended.out) == (2, "")
        assert "did you mean 'lantern'?" in ended.err
