"""Time that is booked again in another tool, over real HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import Uncertain
from deskbridge.bootstrap import build
from mappings.ticket import Person, PersonRole, Ref, TimeEntry
from sync.migrate.bookings import book
from tests.app.program import Hub

LOST = {"system": "jira", "kind": "lost", "method": "POST", "path": ".*/worklog$", "times": 1}


def test_what_nobody_heard_the_answer_of_is_not_booked_twice(hub: Hub) -> None:
    """A network that breaks off would have customers billed twice for the same hour."""
    fields = {"project": {"key": "SUP"}, "issuetype": {"id": "10002"}, "summary": "Import stops"}
    made = hub.people.jira("POST", "api/2/issue", json={"fields": fields})
    sam = Person("desk", "7", "Sam *Rivera*", PersonRole.STAFF)
    day = datetime(2026, 3, 2, 10, tzinfo=UTC)
    entries = [
        TimeEntry(str(id), sam, timedelta(minutes=id), day, billable=None, note="looked") for id in (1, 12)
    ]
    connectors = build(hub.settings, hub.environment).connectors
    ticket, issue = Ref("desk", "9"), Ref("jira", str(made["id"]))
    hub.control("POST", "faults", **LOST)
    with pytest.raises(Uncertain):
        book(connectors, ticket, issue, entries[1:])
    for _ in range(2):
        book(connectors, ticket, issue, entries)
    logs = hub.people.jira("GET", f"api/2/issue/{made['key']}/worklog")["worklogs"]
    assert [log["timeSpentSeconds"] // 60 for log in logs] == [12, 1]
