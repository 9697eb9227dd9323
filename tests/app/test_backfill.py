"""What is older than the hub, a link or the settings, brought in over real HTTP."""

from __future__ import annotations

import json
import time
from typing import Any

from deskbridge.demo.people import File
from tests.app.moved_in import comments
from tests.app.program import Ended, Hub

KIM = ("kim@lantern.example", "Kim Park")
GIULIA = ("giulia@orbit.example", "Giulia Conti")
TOMORROW = ("since = 2020-01-01T00:00:00Z", "since = 2099-01-01T00:00:00Z")
MAPPED = 'fields = { version = "customfield_10040" }'
ORBIT = """[customers.orbit]
name = "Orbit Cafe"
domains = ["orbit.example"]
zone = "Europe/Rome"
policy = "standard"
"""


def old(hub: Hub, who: tuple[str, str], subject: str, *tags: str) -> int:
    """Have a ticket with a conversation and a file, of which the hub knows nothing."""
    picture = File("log.txt", b"row 17", "text/plain")
    ticket = hub.people.mail(*who, subject, f"<p>It says {subject}</p>", picture)
    hub.people.sort(ticket, tags=list(tags))
    hub.people.reply(ticket, f"<p>Which one, {subject}?</p>")
    hub.people.note(ticket, f"<p>Between us: {subject}</p>")
    return ticket


def issue(hub: Hub, subject: str) -> dict[str, Any]:
    """Return an issue by its summary, whole."""
    found: dict[str, Any] = hub.people.jira("GET", f"api/2/issue/{hub.people.issue_of(subject)}")
    return found


def summaries(hub: Hub) -> list[str]:
    """Return what all issues are called."""
    query = {"jql": "project = SUP ORDER BY key", "fields": ["summary"], "maxResults": 100}
    return [
        one["fields"]["summary"] for one in hub.people.jira("POST", "api/2/search/jql", json=query)["issues"]
    ]


def applied(hub: Hub, *words: str) -> dict[str, Any]:
    """Fill something in, and return what it says it did."""
    ended = hub.run("backfill", *words, "--apply", "--json")
    assert ended.code == 0, ended.out + ended.err
    said: dict[str, Any] = json.loads(ended.out)
    assert said["waiting"] == 0
    return said


def only_looked(hub: Hub, *words: str) -> Ended:
    """Rehearse it, which writes nothing anywhere."""
    hub.refuse_writes()
    before = hub.remembered()
    ended = hub.run("backfill", *words)
    assert (ended.code, hub.writes_refused()) == (0, 0), ended.out + ended.err
    assert hub.remembered() == before
    hub.control("DELETE", "faults")
    assert "Nothing is written yet: say --apply." in ended.out
    return ended


class TestTickets:
    def test_what_is_older_than_the_hub_is_linked_and_synced_from_then_on(self, hub: Hub) -> None:
        """A desk's open work would stay outside for ever, or come in twice, or with mail to its customers."""
        # Live work is stopped once it wrote to another ticket: what a backfill writes does not count.
        hub.change(TOMORROW, ("[connections.desk]", "[fuses]\nshare = 0.01\nleast = 1\n\n[connections.desk]"))
        ticket = old(hub, KIM, "Import stops", "dev")
        old(hub, KIM, "A question")
        old(hub, GIULIA, "Battery drains", "dev")
        hub.people.sort(old(hub, KIM, "Long done", "dev"), status=5)
        mails = hub.customers_mailed()
        assert hub.run("status").code == 0
        looked = only_looked(hub, "tickets")
        assert "backfill tickets desk: 3 to look at" in looked.lines[0]
        assert "left out: 1: it is done" in looked.out
        assert "  2 x would be written to" in looked.lines
        assert "  1 x no route takes it" in looked.lines
        assert "(read by staff, no mail)" in looked.out
        assert "calls: about " in looked.out
        mine = applied(hub, "tickets", "--customer", "lantern")
        assert (mine["written"], summaries(hub)) == (1, ["Import stops"])
        rest = applied(hub, "tickets")
        assert (rest["written"], summaries(hub)) == (1, ["Import stops", "Battery drains"])
        made = issue(hub, "Import stops")
        texts = "\n".join(text["body"] for text in comments(hub.people, made["key"]))
        assert "Which one, Import stops?" in texts
        assert "Between us: Import stops" in texts
        assert [file["filename"] for file in made["fields"]["attachment"]] == ["log.txt"]
        assert hub.customers_mailed() == mails
        before = hub.calls()
        assert sum(applied(hub, "tickets")["tickets"].values()) == 0
        assert hub.calls()["jira"] - before["jira"] <= 2, "a second run reads what it has done already"
        assert hub.run("sync", "--once").code == 0
        hub.people.note(ticket, "<p>Said since</p>")
        assert hub.run("sync", "--once").code == 0
        assert "Said since" in comments(hub.people, made["key"])[-1]["body"]
        assert hub.run("plan", "--all").out.startswith("Nothing to write")
        assert hub.run("migrate", "status").out == "Nothing was migrated yet.\n"

    def test_what_is_younger_is_left_to_live_work_unless_it_is_named(self, hub: Hub) -> None:
        """Tickets that nobody asked for would get issues, or a route written later could never take them."""
        ticket = old(hub, KIM, "Import stops", "dev")
        only = ("tickets", "--id", str(ticket))
        hub.change(('tags = ["dev"]', 'tags = ["none"]'))
        assert applied(hub, *only)["reasons"]["skipped"] == {"no route takes it": 1}
        # What other rules judged, or was asked of another route, is looked at again.
        hub.change(('tags = ["none"]', 'tags = ["dev"]'))
        assert applied(hub, *only, "--route", "to the firmware team")["tickets"]["skipped"] == 1
        assert sum(applied(hub, "tickets")["tickets"].values()) == 0
        assert applied(hub, *only)["written"] == 1
        assert summaries(hub) == ["Import stops"]

    def test_nobody_is_called_because_of_a_promise_of_years_ago(self, hub: Hub) -> None:
        """Everybody on duty would be woken for each old ticket that is brought in."""
        hub.control("POST", "act/freshdesk/generate", count=1, seed=11, days=200, archived=0)
        whose = hub.people.agent("GET", "tickets/1?include=requester")["requester"]["email"]
        hub.people.sort(1, tags=["dev"], priority=1, status=2)
        step = '[[policies.standard.steps]]\nat = "breach"\nnote = "Too late."\nraise_priority = true\n\n'
        known = f'domains = ["lantern.example", "{whose.partition("@")[2]}"]\n'
        hub.change(
            TOMORROW,
            ('domains = ["lantern.example"]\n', known),
            ("[boards.lantern]", f"{step}[boards.lantern]"),
        )
        assert applied(hub, "tickets")["written"] == 1
        assert "step first_response breach missed from hub" in hub.run("history", "desk:1").out
        assert hub.run("sync", "--once").code == 0
        found = hub.people.agent("GET", "tickets/1/conversations")
        assert not [text for text in found if "Too late" in text["body"]]
        assert hub.people.agent("GET", "tickets/1")["priority"] == 1


class TestLinked:
    def test_each_fills_in_what_it_is_for_once(self, hub: Hub) -> None:
        """What was linked, mapped or entered late would stay empty for ever, come twice, or be published."""
        hub.change((f"\n{MAPPED}\n", "\n"), (ORBIT, ""))
        made = hub.people.mail(*KIM, "Import stops", "<p>Help</p>")
        hub.people.sort(made, tags=["dev"], custom_fields={"cf_product_version": "4.2"})
        ticket = old(hub, GIULIA, "Reader")
        fields = {"project": {"key": "SUP"}, "issuetype": {"id": "10002"}, "summary": "Theirs"}
        key = str(hub.people.jira("POST", "api/2/issue", json={"fields": fields})["key"])
        hub.people.comment(key, "A developer wrote this long ago")
        time.sleep(1)  # what is written within the second of a link is no history
        assert hub.run("link", f"desk:{ticket}", f"jira:{key}").code == 0
        assert hub.run("sync", "--once").code == 0
        assert "Which one" not in str(comments(hub.people, key))
        hub.change(('secret = "env:JIRA_TOKEN"\n', f'secret = "env:JIRA_TOKEN"\n{MAPPED}\n'))
        hub.settings.write_text(hub.settings.read_text("utf-8") + ORBIT, "utf-8")
        mails = hub.customers_mailed()

        looked = only_looked(hub, "board", "orbit")
        assert "change tags +customer-orbit (read by staff, no mail)" in looked.out
        assert "  1 x it is another customer's, or nobody's" in looked.lines
        done = applied(hub, "board", "orbit")
        assert (done["written"], done["tickets"]["skipped"]) == (1, 1)
        assert issue(hub, "Theirs")["fields"]["labels"] == ["customer-orbit"]

        looked = only_looked(hub, "field", "version")
        assert "jira: set version to '4.2' (desk) (read by staff, no mail)" in looked.out
        assert issue(hub, "Import stops")["fields"].get("customfield_10040") is None
        assert applied(hub, "field", "version")["written"] == 1
        assert issue(hub, "Import stops")["fields"]["customfield_10040"] == "4.2"
        before = hub.calls()
        assert sum(applied(hub, "field", "version")["tickets"].values()) == 0
        assert hub.calls()["jira"] - before["jira"] <= 2, "a second run reads what it has done already"

        assert "  1 x would be written to" in only_looked(hub, "comments").lines
        assert applied(hub, "comments")["written"] == 1
        texts = [text["body"] for text in comments(hub.people, key)]
        for said in ("Which one, Reader?", "Between us: Reader"):
            assert sum(said in text for text in texts) == 1
        notes = hub.people.agent("GET", f"tickets/{ticket}/conversations")
        theirs = [note for note in notes if "A developer wrote this long ago" in note["body"]]
        assert [note["private"] for note in theirs] == [True]
        assert sum(applied(hub, "comments")["tickets"].values()) == 0
        assert hub.customers_mailed() == mails
        assert hub.run("sync", "--once").code == 0
        assert hub.run("plan", "--all").out.startswith("Nothing to write")

    def test_a_ticket_of_which_a_customer_might_be_mailed_is_left_and_named(self, hub: Hub) -> None:
        """Hundreds of customers would get mail about matters that they have forgotten."""
        hub.change(('trust = ["desk"', 'may_mail = ["desk"]\ntrust = ["desk"'))
        more = (
            '[handover.work_to_front]\nclosed = { status = "resolved" }\nresolved = { status = "resolved" }\n'
        )
        hub.settings.write_text(hub.settings.read_text("utf-8") + more, "utf-8")
        ticket = hub.people.mail(*KIM, "Import stops", "<p>Help</p>")
        hub.people.sort(ticket, tags=["dev"])
        assert hub.run("sync", "--once").code == 0
        hub.people.finish(hub.people.issue_of("Import stops"))
        left = hub.run("backfill", "board", "lantern", "--apply")
        assert left.code == 4
        assert "parked: 1 x a customer might be mailed: desk (field status)" in left.out
        assert hub.people.agent("GET", f"tickets/{ticket}")["status"] == 2
        assert hub.run("sync", "--once").code == 0
        assert hub.people.agent("GET", f"tickets/{ticket}")["status"] == 4
        assert hub.run("parked", "retry", "--reason", "might be mailed").code == 0
        assert applied(hub, "board", "lantern")["tickets"]["migrated"] == 1


def test_a_slip_of_the_hand_is_answered(hub: Hub) -> None:
    """Something else would be filled in, or everything, than somebody meant."""
    for words, said in (
        (("field", "versoin"), "did you mean 'version'?"),
        (("board", "orbitt"), "did you mean 'orbit'?"),
        (("tickets", "--route", "to the developer"), "did you mean 'to the developers'?"),
        (("tickets", "--front", "jira"), "there is no front called 'jira'"),
    ):
        ended = hub.run("backfill", *words)
        assert ended.code == 2
        assert said in ended.err
