"""Priorities from impact and urgency, over real HTTP: in Freshdesk, in Jira, and in the clocks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deskbridge.demo.people import Tool
from tests.app.program import Hub
from tests.app.test_sla import ALWAYS

pytestmark = pytest.mark.timeout(180)  # each is a dozen commands

_LENS = """
[connections.desk.vocabulary.impact]
read = { One = "person", Department = "department", Company = "organisation" }
write = { person = "One", department = "Department", organisation = "Company" }

[connections.desk.vocabulary.urgency]
read = { Low = "low", Medium = "medium", High = "high" }
write = { low = "Low", medium = "Medium", high = "High" }
"""
_TABLE = """
[priorities.agreed]
person = ["low", "medium", "medium"]
department = ["medium", "medium", "high"]
organisation = ["medium", "high", "urgent"]
vip = "high"
"""
_LEVELS = {1: "low", 2: "medium", 3: "high", 4: "urgent"}


def agreed(hub: Hub) -> None:
    """Have a desk with fields for impact and urgency, and a customer whose priorities a table gives."""
    admin = Tool(f"{hub.environment['FRESHDESK_URL']}/api/v2", (hub.environment["FRESHDESK_API_KEY"], "X"))
    words_of = {"Impact": ("One", "Department", "Company"), "Urgency": ("Low", "Medium", "High")}
    for label, words in words_of.items():
        choices = [{"value": word} for word in words]
        field = {"label": label, "type": "custom_dropdown", "choices": choices}
        admin("POST", "admin/ticket_fields", json=field)
    hub.change(
        ALWAYS,
        (
            'fields = { version = "cf_product_version" }\n',
            'fields = { version = "cf_product_version", impact = "cf_impact", urgency = "cf_urgency" }\n'
            + _LENS,
        ),
        ("[customers.lantern]\n", f'{_TABLE}\n[customers.lantern]\npriorities = "agreed"\n'),
        (
            'domains = ["lantern.example"]\n',
            'domains = ["lantern.example"]\nvips = ["boss@lantern.example"]\n',
        ),
    )


def judged(hub: Hub, ticket: int, impact: str, urgency: str, **more: Any) -> None:
    """Have the agent say how many a matter stops, and how badly, and the hub look at it."""
    words = {"cf_impact": impact, "cf_urgency": urgency}
    hub.people.sort(ticket, custom_fields=words, **more)
    for _ in range(2):
        ended = hub.run("sync", "--once")
        assert ended.code == 0, ended.err


def priority(hub: Hub, ticket: int) -> str:
    """What the desk's own field says."""
    return _LEVELS[hub.people.agent("GET", f"tickets/{ticket}")["priority"]]


def notes(hub: Hub, ticket: int) -> list[str]:
    """What staff read of the table, and nobody else."""
    said = hub.people.agent("GET", f"tickets/{ticket}/conversations")
    told = [one for one in said if "priority" in one["body_text"].lower()]
    assert all(one["private"] for one in told)
    return [" ".join(one["body_text"].split()).partition(" (desk")[0] for one in told]


def test_a_table_gives_the_priority_everywhere_with_its_reason(hub: Hub) -> None:
    """Otherwise each agent judges by themselves, and the developers and the clocks by something else."""
    agreed(hub)
    ticket = hub.people.mail("kim@lantern.example", "Kim Park", "Till is dead", "<p>All of them.</p>")
    hub.people.sort(ticket, tags=["dev"])
    judged(hub, ticket, "Department", "High")
    assert priority(hub, ticket) == "high"
    assert notes(hub, ticket) == ["The priority is now high (department x high)"]
    issue = hub.people.jira("GET", f"api/2/issue/{hub.people.issue_of('Till is dead')}")
    assert issue["fields"]["priority"]["name"] == "High"
    (row,) = json.loads(hub.run("sla", "next", "--json").out)
    assert 7000 < row["remaining_seconds"] <= 7200, "the promise of a high one"
    assert not [mail for mail in hub.people.outbox() if mail["customer"] and "priority" in str(mail).lower()]
    assert "priority" not in hub.run("plan", "--all").out


def test_supports_own_word_goes_before_the_table(hub: Hub) -> None:
    """Otherwise an agent who knows better is overruled at the next change of a field."""
    agreed(hub)
    ticket = hub.people.mail("kim@lantern.example", "Kim Park", "Till is slow", "<p>A bit.</p>")
    judged(hub, ticket, "Department", "High")
    assert priority(hub, ticket) == "high"
    hub.people.sort(ticket, priority=1)
    hub.run("sync", "--once")
    judged(hub, ticket, "Company", "High")
    assert priority(hub, ticket) == "low"
    assert "the priority stays as it was set" in notes(hub, ticket)[-1]
    assert "urgent" in notes(hub, ticket)[-1]


def test_somebody_who_goes_before_others_is_raised_when_they_ask(hub: Hub) -> None:
    """Otherwise who was promised to go before waits in the row."""
    agreed(hub)
    ticket = hub.people.mail("boss@lantern.example", "The Boss", "My screen", "<p>Black.</p>")
    other = hub.people.mail("kim@lantern.example", "Kim Park", "My screen", "<p>Black.</p>")
    for _ in range(2):
        assert hub.run("sync", "--once").code == 0
    assert (priority(hub, ticket), priority(hub, other)) == ("high", "low")
