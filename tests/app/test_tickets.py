"""What people ask about one ticket, over real HTTP: why, since when, and what they may do about it."""

from __future__ import annotations

import json
import re

from tests.app.program import Hub

SECRET_WORDS = "Not for Kim"


def opened(hub: Hub) -> str:
    """Have a customer's ticket be kept together with an issue, and return what the hub calls it."""
    ticket = hub.people.mail("kim@lantern.example", "Kim Park", "Import stops", "<p>At row 17.</p>")
    hub.people.sort(ticket, tags=["dev"], priority=3)
    hub.people.note(ticket, f"<p>{SECRET_WORDS}.</p>")
    assert hub.run("sync", "--once").code == 0
    return f"desk:{ticket}"


def renamed(hub: Hub) -> None:
    """Have a developer give their issue another summary, which is theirs alone."""
    key = hub.people.issue_of("Import stops")
    hub.people.jira("PUT", f"api/2/issue/{key}", json={"fields": {"summary": "Parser: off by one"}})
    hub.run("sync", "--once")


class TestExplain:
    def test_each_field_and_text_says_where_it_came_from(self, hub: Hub) -> None:
        """Nobody could find out why an issue says what it says."""
        ended = hub.run("explain", opened(hub))
        assert (ended.code, ended.err) == (0, "")
        assert "desk #1 = jira SUP-1" in ended.lines[0]
        told = ended.out
        assert (
            "subject: Import stops  <- desk said Import stops (it goes into a ticket that is created" in told
        )
        assert "the description by Kim Park: desk #1 -> jira SUP-1 (" in told
        assert "read by staff; texts are copied to every side where staff can read them" in told

    def test_it_speaks_our_words_beside_the_tools_own(self, hub: Hub) -> None:
        """A status would be a number, and a due time stand there in two forms that look different."""
        told = hub.run("explain", opened(hub)).out
        assert "status: open (2)" in told
        assert re.search(r"  due: (\S+ \S+ UTC)  <- hub said \1 \(", told)

    def test_no_text_of_a_customer_is_kept_in_it(self, hub: Hub) -> None:
        """What customers wrote would stand in terminals and logs of those who ask why."""
        name = opened(hub)
        for command in ("explain", "history"):
            told = hub.run(command, name).out + hub.run(command, name, "--json").out
            assert SECRET_WORDS not in told
            assert "row 17" not in told

    def test_a_rule_that_skipped_something_is_named(self, hub: Hub) -> None:
        """What was left out would be explained by nobody."""
        name = opened(hub)
        renamed(hub)
        told = json.loads(hub.run("explain", name, "--json").out)
        assert ("subject (jira)", "the rules keep this change where it was made") in {
            (row["what"], row["why"]) for row in told["not_done"]
        }

    def test_json_and_history_say_the_same(self, hub: Hub) -> None:
        """A program that asks would know less than a person."""
        name = opened(hub)
        told = json.loads(hub.run("explain", name, "--json").out)
        assert [side["connection"] for side in told["sides"]] == ["desk", "jira"]
        assert {"subject", "status", "tags"} <= {f["field"] for f in told["fields"]}
        assert all(copy["readers"] == "staff" for copy in told["texts"])
        decided = json.loads(hub.run("history", name, "--json").out)
        assert [d["kind"] for d in decided][:2] == ["ticket", "text"]
        assert len(hub.run("history", name).lines) == len(decided)
        assert all(re.fullmatch(r"(ref|bundle):\S+/\d+", d["look"]) for d in decided)
        assert f"[{decided[0]['look']}]" in hub.run("history", name).lines[0]

    def test_a_ticket_nobody_knows(self, hub: Hub) -> None:
        """A slip of the hand would end in a traceback, or in silence."""
        ended = hub.run("explain", "nothing")
        assert ended.code == 2
        assert "no ticket is called 'nothing'" in ended.err


class TestLink:
    def test_two_tickets_become_one_and_are_parted_again(self, hub: Hub) -> None:
        """What people did by hand before the hub came could never be kept together, or never be parted."""
        ticket = hub.people.mail("kim@lantern.example", "Kim Park", "An old one", "<p>Long ago.</p>")
        fields = {"project": {"key": "SUP"}, "issuetype": {"id": "10002"}, "summary": "Older"}
        issue = hub.people.jira("POST", "api/2/issue", json={"fields": fields})
        names = f"desk:{ticket}", f"jira:{issue['id']}"
        ended = hub.run("link", *names)
        assert (ended.code, ended.err) == (0, "")
        assert hub.run("sync", "--once").code == 0
        assert hub.people.jira("GET", f"api/2/issue/{issue['id']}")["fields"]["summary"] == "Older"
        assert "linked by a person" in hub.run("explain", names[0]).out
        assert hub.run("link", names[0], names[0]).code != 0
        assert hub.run("unlink", names[1]).code == 0
        assert hub.run("unlink", names[1]).code != 0


class TestParked:
    def test_what_waits_is_listed_retried_and_dismissed(self, hub: Hub) -> None:
        """What was set aside would be seen by nobody, or could not be had looked at again."""
        ticket = hub.people.mail("pat@nowhere.example", "Pat", "Who?", "<p>Hi</p>")
        hub.people.sort(ticket, tags=["dev"])
        assert hub.run("sync", "--once").code == 4
        listed = hub.run("parked", "list")
        assert listed.code == 4
        assert "no customer is known" in listed.out
        (grouped,) = json.loads(hub.run("parked", "list", "--group", "--json").out)
        assert grouped["tickets"] == "1"
        assert hub.run("parked", "retry", "--reason", "no such words").out.startswith("0 ")
        assert hub.run("parked", "retry", f"desk:{ticket}").out.startswith("1 ")
        assert hub.run("parked", "list").code == 0
        assert hub.run("sync", "--once").code == 4
        assert hub.run("parked", "dismiss", f"desk:{ticket}", "--reason", "a test").code == 0
        assert hub.run("parked", "list").out == "Nothing is parked.\n"
        assert "a test" in hub.run("history", f"desk:{ticket}").out

    def test_findings_are_listed(self, hub: Hub) -> None:
        """What was refused or contradictory would stand in the store, and nowhere else."""
        opened(hub)
        renamed(hub)
        assert "not subject (jira): the rules keep this change" in hub.run("finding", "list").out
        rows = json.loads(hub.run("finding", "list", "--json").out)
        assert rows[0]["ticket"].startswith("desk #1")
        assert hub.run("finding", "answer", str(rows[0]["id"]), "theirs to name").code == 0
        assert hub.run("finding", "list").out == "There are no findings.\n"
        assert "no open finding" in hub.run("finding", "answer", str(rows[0]["id"]), "twice").err


class TestNames:
    def test_each_name_that_people_see_names_the_ticket(self, hub: Hub) -> None:
        """Who copies a name from the hub's output, or an address, would be told that there is none."""
        opened(hub)
        wanted = hub.run("explain", "desk:1").out
        assert wanted.startswith("desk #1 = jira SUP-1\n")
        desk, jira = (hub.environment[f"{system}_URL"] for system in ("FRESHDESK", "JIRA"))
        names = ["desk #1", "desk 1", "desk:#1", "SUP-1", "jira SUP-1", "jira:SUP-1", "jira:10000"]
        for name in [*names, f"{desk}/a/tickets/1", f"{jira}/browse/SUP-1"]:
            assert hub.run("explain", name).out == wanted, name
        unlinked = hub.run("unlink", "jira SUP-1")
        assert (unlinked.code, unlinked.out) == (0, "jira SUP-1 is on its own now.\n")

    def test_what_the_store_calls_a_ticket_is_no_name(self, hub: Hub) -> None:
        """Who mistypes a connection would be told an empty story, as if nothing had ever been done."""
        opened(hub)
        for name in ("bundle:1", "ref:desk:1", "nowhere:1"):
            ended = hub.run("explain", name)
            assert (ended.code, ended.out) == (2, ""), name
            assert "no ticket is called" in ended.err

    def test_a_ticket_that_was_never_linked(self, hub: Hub) -> None:
        """An empty answer would leave people to guess whether it failed."""
        assert hub.run("explain", "desk:77").out == (
            "desk 77: it is not linked, and nothing was ever decided about it; "
            "`deskbridge plan desk:77` tells what would be written\n"
        )
