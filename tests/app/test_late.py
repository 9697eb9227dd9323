"""Late replies to old numbers are found and offered, over real HTTP."""

from __future__ import annotations

import json

import pytest

from tests.app.program import Hub

MIGRATION = '[migration]\nto = "support-development"\n\n'
ROUTE = '[[routes]]\nname = "to the developers"'


@pytest.mark.timeout(180)
def test_a_new_ticket_that_names_an_old_number_is_offered_and_tied(hub: Hub) -> None:
    """Broken: a customer answers a mail of last year, and nobody sees what it is about."""
    hub.change((ROUTE, MIGRATION + ROUTE))
    ticket = hub.people.mail("kim@lantern.example", "Kim Park", "Import stops", "<p>It stops</p>")
    hub.people.mail("kim@lantern.example", "Kim Park", "Another", "<p>Else</p>")
    assert hub.run("migrate", "late").code == 2
    assert hub.run("migrate", "run", "--apply").code == 0
    moved = hub.people.issue_of("Import stops")
    for subject, text in (
        (f"Re: Import stops [#{ticket}]", "It stops again"),
        ("A question", f"See {hub.environment['FRESHDESK_URL']}/a/tickets/{ticket}"),
        ("Both #1 and #2", "which?"),
        ("Order #4711", "nobody's number"),
    ):
        fields = {
            "project": {"key": "SUP"},
            "issuetype": {"id": "10004"},
            "summary": subject,
            "description": text,
        }
        hub.people.jira("POST", "api/2/issue", json={"fields": fields})
    words = ("migrate", "late", "--since", "2020-01-01")
    found = json.loads(hub.run(*words, "--json").out)
    assert {one["subject"] for one in found} == {f"Re: Import stops [#{ticket}]", "A question"}
    assert {one["names"] for one in found} == {f"desk:{ticket}"}
    assert not any(one["tied"] for one in found)
    links = hub.people.jira("GET", f"api/2/issue/{moved}")["fields"]["issuelinks"]
    assert links == []
    applied = hub.run(*words, "--apply")
    assert (applied.code, applied.out.count("(tied)")) == (0, 2)
    again = hub.run(*words, "--apply")
    assert (again.code, len(again.lines)) == (0, 1), "it offers what was done"
    assert again.out.startswith("Nothing is left")
    links = hub.people.jira("GET", f"api/2/issue/{moved}")["fields"]["issuelinks"]
    assert len(links) == 2
