"""Time that is booked again in another tool, over real HTTP, by processes that are killed."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from deskbridge.bootstrap import build
from deskbridge.migration.asked import Asked
from deskbridge.migration.building import working_for
from deskbridge.migration.running import Orders, machine_for
from deskbridge.migration.succeeding import succeed
from mappings.ticket import Ref
from sync.outcome import Done, Later, Outcome, Waiting
from sync.uncertain import REQUEST_LIFE
from tests.app.moved_in import MIGRATION, issues, number_of
from tests.app.program import Hub

_BOOKING = {"system": "jira", "method": "POST", "path": ".*/worklog$", "times": 1}


class Desk:
    """A hub in this process, at a time that a test moves on, and what is booked in Jira."""

    def __init__(self, hub: Hub) -> None:
        self._hub, self._later = hub, timedelta(0)
        self._application = build(hub.settings, hub.environment, now=lambda: datetime.now(UTC) + self._later)
        (run, *_) = self._application.store.runs.all("desk")
        machine = machine_for(self._application, Orders(asked=Asked()))
        succeed(self._application, run.id, 1)
        self._engine = working_for(machine, run.id).engine

    def wait(self) -> None:
        """Let so much time pass that a request which nobody heard of cannot arrive any more."""
        self._later += REQUEST_LIFE + timedelta(seconds=1)

    def arrives(self, ticket: int, minutes: int) -> None:
        """Have Jira carry out what a process had sent for a ticket's first entry before it was killed."""
        people = self._hub.people
        (issue,) = [one for one in issues(people) if number_of(one) == str(ticket)]
        entries = people.agent("GET", f"tickets/{ticket}/time_entries")
        said = f"Sam Rivera: looked (desk {ticket}, entry {min(entry['id'] for entry in entries)})"
        body = {"timeSpentSeconds": minutes * 60, "comment": said}
        people.jira("POST", f"api/2/issue/{issue['key']}/worklog", json=body)

    def take(self, ticket: int) -> Outcome:
        """Take a ticket once more."""
        result = self._engine.take(Ref("desk", str(ticket)))
        assert result
        return result.outcome

    def minutes(self, ticket: int) -> list[int]:
        """Return what is booked, in minutes."""
        return [log["timeSpentSeconds"] // 60 for log in self.logs(ticket)]

    def logs(self, ticket: int) -> list[dict[str, Any]]:
        """Return what is booked on the issue of a ticket."""
        (issue,) = [one for one in issues(self._hub.people) if number_of(one) == str(ticket)]
        logs = self._hub.people.jira("GET", f"api/2/issue/{issue['key']}/worklog")["worklogs"]
        return [log | {"issue": issue["key"]} for log in logs]


def _spend(hub: Hub, ticket: int, minutes: int) -> None:
    entry = {"time_spent": f"00:{minutes:02d}", "note": "looked"}
    hub.people.agent("POST", f"tickets/{ticket}/time_entries", json=entry)


def test_what_nobody_heard_the_answer_of_is_booked_once(hub: Hub) -> None:
    """A kill, or a network that breaks off, would have customers billed twice for the same hour."""
    hub.settings.write_text(f'{hub.settings.read_text("utf-8")}{MIGRATION}time = "entries"\n', "utf-8")
    ticket = hub.people.mail("kim@lantern.example", "Kim", "Import stops", "<p>Help</p>")
    for minutes in (1, 12):
        _spend(hub, ticket, minutes)
    hub.control("POST", "faults", **_BOOKING, kind="slow", seconds=2)
    process = hub.start("migrate", "run", "--apply", "--id", str(ticket))
    while any(fault["times"] for fault in hub.control("GET", "faults")):
        time.sleep(0.05)
    process.kill()  # the first entry is on its way
    process.communicate()
    desk = Desk(hub)
    held = desk.take(ticket)
    assert isinstance(held, Later), "what is under way is not waited for"
    assert isinstance(held.error, Waiting)
    assert desk.minutes(ticket) == []
    desk.arrives(ticket, 1)
    assert isinstance(desk.take(ticket), Done), "it is there, so nobody need wait"
    assert desk.minutes(ticket) == [1, 12]
    for kind, there in (("lost", [1, 12, 30]), ("reset", [1, 12, 30, 45])):
        _spend(hub, ticket, there[-1])
        hub.control("POST", "faults", **_BOOKING, kind=kind)
        assert isinstance(desk.take(ticket), Later)
        desk.wait()
        assert isinstance(desk.take(ticket), Done)
        assert desk.minutes(ticket) == there, kind
    (first, *_) = desk.logs(ticket)
    hub.people.jira("DELETE", f"api/2/issue/{first['issue']}/worklog/{first['id']}")
    assert isinstance(desk.take(ticket), Done)
    assert desk.minutes(ticket) == [12, 30, 45], "a person had taken it away"
