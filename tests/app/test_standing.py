"""`check --live`, `mails` and `status`: what they tell of the sandbox's tools, over real HTTP."""

from __future__ import annotations

import base64
import json
from typing import Any

import requests

from deskbridge.demo.people import File
from mappings.provenance import Marker, Signer
from tests.app.program import Hub

DEAD = "http://127.0.0.1:9"


def a_stranger(hub: Hub) -> None:
    """A ticket that is to be worked on, of a customer whom nobody knows."""
    hub.people.sort(hub.people.mail("pat@nowhere.example", "Pat", "Who?", "<p>Hi</p>"), tags=["dev"])


def as_the_hub(hub: Hub, method: str, path: str, body: object = None) -> Any:
    """Use Freshdesk with the hub's own key, as a person would who shares it."""
    key = base64.b64encode(f"{hub.environment['FRESHDESK_API_KEY']}:X".encode()).decode()
    address = f"{hub.environment['FRESHDESK_URL']}/api/v2/{path}"
    headers = {"Authorization": f"Basic {key}"}
    answer = requests.request(method, address, json=body, headers=headers, timeout=10)
    answer.raise_for_status()
    return answer.json()


class TestTheAccount:
    def test_what_the_hub_wrote_itself_is_no_person(self, hub: Hub) -> None:
        """A hub that has worked would be refused because of its own texts, or of files that it copied."""
        log = File("a [log].txt", b"E42", "text/plain")
        ticket = hub.people.mail("kim@lantern.example", "Kim", "Import stops", "<p>At row 17.</p>", log)
        hub.people.sort(ticket, tags=["dev", "firmware"])
        assert hub.run("sync", "--once").code == 0
        hub.people.comment(hub.people.issue_of("Import stops"), "Which row?")
        assert hub.run("sync", "--once").code == 0
        ended = hub.run("check", "--live")
        assert (ended.code, ended.err) == (0, "")

    def test_a_persons_own_account(self, hub: Hub) -> None:
        """What a person writes by hand would count as the hub's own, and be copied nowhere."""
        ticket = hub.people.mail("kim@lantern.example", "Kim", "Import stops", "<p>At row 17.</p>")
        as_the_hub(hub, "POST", f"tickets/{ticket}/notes", {"body": "I look at it", "private": True})
        ended = hub.run("check", "--live")
        assert ended.code == 2
        assert (
            f"desk: a person's own account: desk #{ticket} has texts that it wrote by hand; give the hub an"
            " account that nobody else uses"
        ) in ended.lines

    def test_an_account_that_owns_tickets(self, hub: Hub) -> None:
        """So it would with the account of an agent who works on tickets."""
        ticket = hub.people.mail("kim@lantern.example", "Kim", "Import stops", "<p>At row 17.</p>")
        me = as_the_hub(hub, "GET", "agents/me")["id"]
        hub.people.sort(ticket, responder_id=me)
        ended = hub.run("check", "--live", "--json")
        assert ended.code == 2
        told = json.loads(ended.out)
        assert told["ready"] == ["jira", "gitlab"]
        (problem,) = told["problems"]
        assert problem.startswith(f"desk: a person's own account: it owns desk #{ticket}; ")

    def test_another_hub(self, hub: Hub) -> None:
        """Two hubs would copy each other's copies, or one would take the other's texts for its own."""
        marker = Marker("other", 1, "desk", "1", "jira", "9", "8", "r")
        token = Signer(b"the secret of another hub").write(marker)
        ticket = hub.people.mail("kim@lantern.example", "Kim", "Import stops", "<p>At row 17.</p>")
        line = f'<p>Lee in <a href="https://jira.example/x#{token}">jira X-1</a></p><p>Copied</p>'
        hub.people.note(ticket, line)
        ended = hub.run("check", "--live")
        assert (ended.code, f"  desk: another hub writes there too, as on desk #{ticket}" in ended.lines) == (
            0,
            True,
        )
        as_the_hub(hub, "POST", f"tickets/{ticket}/notes", {"body": line, "private": True})
        ended = hub.run("check", "--live")
        assert ended.code == 2
        assert ended.lines[0].startswith("desk: another hub writes with this account, or this one had")


class TestMails:
    def test_two_sides_that_mail(self, hub: Hub) -> None:
        """A customer would be mailed by Freshdesk and by Jira about the same ticket."""
        hub.change(('kind = "10004"', 'kind = "request:25"'))
        ended = hub.run("check")
        assert (ended.code, ended.out) == (2, "")
        assert ended.err == (
            f"deskbridge: settings.toml: line {hub.line('kind =')}: places.support-development.kind:"
            " a request mails its customer, and so"
            " does desk: one side of a ticket serves the customer; name an issue type, or take the tickets of"
            " a front that mails nobody\n"
        )
        told = json.loads(hub.run("check", "--json").out)
        assert told["ready"] == []
        assert len(told["problems"]) == 1

    def test_switches_that_no_call_shows(self, hub: Hub) -> None:
        """Somebody would not know why the hub leaves a status alone, nor what to look at first."""
        hub.change(
            ("[boards.lantern]", '[handover.work_to_front.closed]\nstatus = "resolved"\n[boards.lantern]')
        )
        told = json.loads(hub.run("check", "--live", "--json").out)["remarks"]
        (line,) = [line for line in told if "no call tells whether" in line and line.startswith("desk")]
        assert "sets the status to resolved (a work side became closed)" in line
        assert 'add may_mail = ["desk"]' in line

    def test_what_mails_whom(self, hub: Hub) -> None:
        """An operator could not tell beforehand which act of whom mails a customer."""
        ended = hub.run("mails")
        assert (ended.code, ended.err) == (0, "")
        assert (
            "desk: if people write a reply, the customer can read it, the customer is mailed; the hub copies"
            " it to the work sides, for staff"
        ) in ended.lines
        assert "desk: if the hub copies a text, staff can read it, nobody is mailed" in ended.lines
        assert "jira SUP: if the hub creates a ticket, staff can read it, nobody is mailed" in ended.lines
        only = json.loads(hub.run("mails", "--only", "--json").out)
        assert {row["mails"] for row in only} == {"always", "if_configured"}
        assert len(only) < len(ended.lines)

    def test_a_dead_server(self, hub: Hub) -> None:
        """What the others do would not be told, or the gap would go unnoticed."""
        ended = hub.run("mails", DESKBRIDGE_CONNECTIONS__JIRA__URL=DEAD)
        assert ended.code == 1
        assert ended.err.count("\n") == 1
        assert [line for line in ended.lines if line.startswith("gitlab harbour/firmware: ")]


class TestWebhooks:
    def test_what_is_not_installed(self, hub: Hub) -> None:
        """Somebody would take a hub for ready that is told of nothing, or check would install it."""
        hub.change(("[boards.lantern]", '[serve]\naddress = "http://127.0.0.1:8600"\n[boards.lantern]'))
        hub.refuse_writes()
        ended = hub.run("check", "--live", "--json")
        told = json.loads(ended.out)["remarks"]
        lacking = {line.partition(":")[0] for line in told if ": webhooks: " in line}
        assert (ended.code, lacking) == (0, {"desk", "jira", "gitlab"})
        assert hub.writes_refused() == 0


class TestStatus:
    def test_all_is_well(self, hub: Hub) -> None:
        """Somebody would be alarmed by a hub that works, or told nothing of it."""
        ticket = hub.people.mail("kim@lantern.example", "Kim", "Import stops", "<p>At row 17.</p>")
        hub.people.sort(ticket, tags=["dev"])
        assert hub.run("sync", "--once").code == 0
        ended = hub.run("status")
        assert (ended.code, ended.err) == (0, "")
        assert [line.partition(":")[0] for line in ended.lines[:3]] == ["desk", "jira", "gitlab"]
        assert "(1 tickets, last poll " in ended.lines[0]
        assert ended.lines[3].startswith("1 linked, 0 due")
        assert ended.lines[-1] == "Nothing is parked."
        told = json.loads(hub.run("status", "--json").out)
        assert (told["bundles"], told["parked"], told["uncertain"]) == (1, {}, 0)
        assert [one["tickets"] for one in told["connections"]] == [1, 1, 0]

    def test_what_waits_for_a_person(self, hub: Hub) -> None:
        """A monitor would see a hub without parked tickets."""
        a_stranger(hub)
        assert hub.run("sync", "--once").code == 4
        ended = hub.run("status")
        assert ended.code == 4
        assert ended.lines[-1] == (
            "1 parked: desk #1: no customer is known for pat@nowhere.example; add one to the settings"
        )

    def test_a_refused_credential(self, hub: Hub) -> None:
        """A monitor would not see that a connection stands still."""
        a_stranger(hub)
        hub.run("sync", "--once")
        ended = hub.run("status", "--json", JIRA_TOKEN="wrong-key-0123456789")
        assert ended.code == 3
        told = {one["name"]: one["refused"] for one in json.loads(ended.out)["connections"]}
        assert told == {"desk": False, "jira": True, "gitlab": False}

    def test_a_dead_server(self, hub: Hub) -> None:
        """One system that is down would hide how the others stand."""
        ended = hub.run("status", DESKBRIDGE_CONNECTIONS__JIRA__URL=DEAD)
        assert ended.code == 0
        assert ended.lines[1].startswith("jira: GET api/2/myself: 127.0.0.1:9 cannot be reached;")


class TestUnmapped:
    def test_companies_that_are_no_customers(self, hub: Hub) -> None:
        """A customer who was added to Freshdesk alone would find out by a ticket that nobody looked at."""
        before = hub.run("check", "--live")
        assert "organisations that are no customer's" not in before.out
        for number in range(12):
            row = {"name": f"Comet {number}", "domains": [f"comet{number}.example"]}
            as_the_hub(hub, "POST", "companies", row)
        as_the_hub(hub, "POST", "companies", {"name": "Lantern too", "domains": ["sub.lantern.example"]})
        ended = hub.run("check", "--live")
        (line,) = [line for line in ended.lines if "organisations that are no customer's" in line]
        assert line.count("'Comet ") == 10
        assert " and 3 more; tickets of theirs are parked" in line
        assert ended.code == before.code

    def test_projects_of_a_front_that_nobody_reads(self, hub: Hub) -> None:
        """A portal that somebody opened beside the first one would be answered by nobody."""
        hub.settings.write_text(_JIRA_FRONT, "utf-8")
        for name in [name for name in hub.environment if name.startswith("DESKBRIDGE_CONNECTIONS")]:
            del hub.environment[name]
        hub.environment["DESKBRIDGE_CONNECTIONS__HELP__URL"] = hub.environment["JIRA_URL"]
        hub.environment["DESKBRIDGE_CONNECTIONS__GITLAB__URL"] = hub.environment["GITLAB_URL"]
        line = "help: projects that no place is in, so that nothing of them is read: HELP"
        assert line in hub.run("check", "--live").out


class TestSecondClocks:
    def test_sla_policies_of_the_tools_own(self, hub: Hub) -> None:
        """Two engines would set due times and escalate, each by its own hours, and nobody would know why."""
        ended = hub.run("check", "--live")
        lines = [line.strip() for line in ended.lines if "counts beside the hub's clocks" in line]
        assert len(lines) == 1
        assert lines[0].startswith("desk: SLA policy ")
        assert lines[0].endswith("Admin > Workflows > SLA Policies: switch off its reminders and escalations")
        agreed = hub.settings.read_text("utf-8").replace('policy = "standard"\n', "")
        kept, _, rest = agreed.partition("[policies.standard]")
        hub.settings.write_text(kept + rest[rest.index("[boards.") :], "utf-8")
        assert "counts beside" not in hub.run("check", "--live").out


_JIRA_FRONT = """
[hub]
secret = "env:DESKBRIDGE_SECRET"
[connections.help]
system = "jira"
role = "front"
url = "https://jira.example"
user = "hub@harbour.example"
secret = "env:JIRA_TOKEN"
[connections.gitlab]
system = "gitlab"
role = "work"
url = "https://gitlab.example"
secret = "env:GITLAB_TOKEN"
[places.help]
connection = "help"
key = "SUP"
readers = "staff"
[places.work]
connection = "gitlab"
key = "harbour/firmware"
readers = "staff"
[[routes]]
name = "dev"
tags = ["dev"]
to = "work"
"""
