"""Who asked becomes a customer with an account, where the new tool has a portal, over real HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from tests.app.program import Hub
from tests.app.test_migrate_quiet import HELP, jira, permit

REQUESTERS = 'to = "history"\nrequesters = "accounts"\nrequest_types = { history = "25" }\n'


@pytest.fixture
def moving(hub: Hub) -> Hub:
    """A hub whose tickets are to go to a service desk, their customers with them."""
    help_ = HELP.replace('to = "history"\n', REQUESTERS)
    hub.change(('[[routes]]\nname = "to the developers"', help_ + '[[routes]]\nname = "to the developers"'))
    permit(hub, allowed=True)
    return hub


def moved(hub: Hub) -> dict[str, dict[str, Any]]:
    """Return subject -> fields of what was moved."""
    asked = {"jql": "project = HELP AND labels is not EMPTY", "fields": "*all"}
    rows = jira(hub, "GET", "search/jql", params=asked)["issues"]
    return {row["fields"]["summary"]: row["fields"] for row in rows}


def outbox(hub: Hub) -> int:
    """How many mails Jira has sent."""
    return sum(mail["system"] == "jira" for mail in hub.control("GET", "outbox"))


def quiet(hub: Hub, *more: str) -> None:
    """Silence the place, and prove it."""
    assert hub.run("migrate", "quiet", "on").code == 0
    asked = {"email": "iris@lantern.example", "request_type": "Get help", "summary": "Canary"}
    key = hub.control("POST", "act/jira/customer_request", **asked)["key"]
    assert hub.run("migrate", "quiet", "canary", key, *more).code == 0
    assert hub.run("migrate", "quiet", "confirm", "--by", "Noor").code == 0


@pytest.mark.timeout(240)
def test_tickets_are_their_customers_and_nobody_is_mailed(moving: Hub) -> None:
    """Customers would find nothing of theirs after the switch, be mailed, or see others' tickets."""
    people = moving.people
    moving.control("POST", "act/jira/set_switch", name="customer_mails", value=False)
    quiet(moving)
    refused = moving.run("migrate", "run", "--apply")
    assert (refused.code, "may be invited by mail" in refused.err) == (5, True)
    known = {"email": "kim@lantern.example", "displayName": "Kim P."}
    kims = jira(moving, "POST", "../../servicedeskapi/customer", json=known)["accountId"]
    first = people.mail("kim@lantern.example", "Kim Park", "First", "<p>It stops</p>")
    people.reply(first, "<p>We look</p>")
    people.mail("lee@lantern.example", "Lee", "Second", "<p>It too</p>")
    people.mail("kim@lantern.example", "Kim Park", "Third", "<p>And again</p>")
    means = json.loads(moving.run("migrate", "estimate", "--json").out)["consequences"]
    assert "2 accounts and 1 organisations will be made at most" in json.dumps(means)
    quiet(moving, "--invite", "canary@lantern.example")
    sent = outbox(moving)
    done = moving.run("migrate", "run", "--apply")
    assert done.code == 0, done.out + done.err
    found = moved(moving)
    assert {name: one["reporter"]["displayName"] for name, one in found.items()} == {
        "First": "Kim P.",
        "Second": "Lee",
        "Third": "Kim P.",
    }
    assert found["First"]["reporter"]["accountId"] == kims
    assert {one["customfield_10010"]["requestType"]["name"] for one in found.values()} == {"Get help"}
    page = found["First"]["customfield_10010"]["_links"]["web"]
    portal = requests.get(page, params={"as": "kim@lantern.example"}, timeout=10).text
    assert "It stops" in portal
    assert "We look" not in portal, "a copy is for staff"
    (theirs,) = {one["name"] for name in found for one in found[name]["customfield_10002"]}
    served = jira(moving, "GET", "../../servicedeskapi/servicedesk/HELP/organization")["values"]
    (organisation,) = [one["id"] for one in served if one["name"] == theirs]
    members = jira(moving, "GET", f"../../servicedeskapi/organization/{organisation}/user")["values"]
    assert {"Kim P.", "Lee"} <= {one["displayName"] for one in members}
    assert outbox(moving) == sent
    people.note(first, "<p>Said since</p>")
    calls = moving.calls()["jira"]
    moving.control(
        "POST",
        "faults",
        system="jira",
        method="POST",
        path=".*/(customer|organization).*",
        kind="answer",
        status=500,
    )
    assert moving.run("migrate", "run", "--apply").code == 0, "it asks again for what it knows"
    again = moved(moving)["First"]
    assert again["reporter"] == found["First"]["reporter"]
    assert "It stops" in again["description"]
    assert moving.calls()["jira"] > calls
    assert outbox(moving) == sent
    verified = moving.run("migrate", "verify", "full")
    assert verified.code == 0
    assert "taken away by no rollback: 1 account" in verified.out
    undone = moving.run("migrate", "rollback", "--apply")
    assert undone.code == 0, undone.out
    assert "stay too, as people may use them by now: 1 account" in undone.out


@pytest.mark.timeout(120)
def test_an_account_that_cannot_be_made_parks_the_ticket(moving: Hub) -> None:
    """A ticket would be said to be moved though its customer will never see it."""
    moving.control("POST", "act/jira/set_switch", name="customer_mails", value=False)
    quiet(moving, "--invite", "canary@lantern.example")
    moving.people.mail("kim@lantern.example", "Kim Park", "First", "<p>It stops</p>")
    fault = {"system": "jira", "method": "POST", "path": ".*/servicedeskapi/customer", "kind": "answer"}
    moving.control("POST", "faults", **fault, status=403, times=9, body='{"errorMessage": "no"}')
    parked = moving.run("migrate", "run", "--apply")
    assert parked.code == 4
    assert "jira: who asked: 403" in moving.run("parked", "list").out
    assert moved(moving)["First"]["reporter"]["displayName"] != "Kim Park"
