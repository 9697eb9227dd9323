"""What people ask about promises, over real HTTP and the real store."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sync.store import open_store
from tests.app.program import Hub

ALWAYS = ('week = { "mon-fri" = ["09:00-13:00", "14:00-18:00"] }\nholidays = [2026-01-06]', "always = true")
"""A desk that never closes, so that no test depends on the hour at which it runs."""


def opened(
    hub: Hub, sender: str = "kim@lantern.example", subject: str = "Import stops", **fields: Any
) -> str:
    """Have a customer's ticket be seen by the hub, and return what it calls it."""
    ticket = hub.people.mail(sender, "Kim Park", subject, "<p>At row 17.</p>")
    hub.people.sort(ticket, **({"priority": 4, "type": "Incident"} | fields))
    assert hub.run("sync", "--once").code == 0
    return f"desk:{ticket}"


class TestNext:
    def test_what_runs_out_first_is_told_first_without_asking_a_tool(self, hub: Hub) -> None:
        """People would work on what can wait, or the list would be as slow as the slowest tool."""
        hub.change(ALWAYS)
        later = opened(hub, priority=3)
        first = opened(hub, "sam@orbit.example", "Till is dead", tags=["dev"])
        calls = hub.calls()
        rows = json.loads(hub.run("sla", "next", "--json").out)
        assert hub.calls() == calls
        assert [(row["ticket"], row["clock"]) for row in rows] == [
            (first, "first_response"),
            (later, "first_response"),
        ]
        assert rows[0]["customer"] == "orbit"
        assert rows[0]["names"] == "desk #2 = jira SUP-1"
        assert (rows[0]["state"], rows[0]["zone"]) == ("on_track", "Europe/Rome")
        assert 3000 < rows[0]["remaining_seconds"] <= 3600
        due = datetime.fromisoformat(rows[0]["due"])
        assert timedelta(minutes=50) < due - datetime.now(UTC) <= timedelta(hours=1)

    def test_a_customer_is_told_alone_and_what_is_answered_goes(self, hub: Hub) -> None:
        """A list for one customer would show another one's, or what was answered would stand there."""
        hub.change(ALWAYS)
        mine = opened(hub)
        opened(hub, "sam@orbit.example", "Till is dead")
        told = hub.run("sla", "next", "--customer", "lantern")
        assert (told.code, len(told.lines)) == (0, 1)
        assert "first_response" in told.out
        assert "orbit" not in told.out
        hub.people.reply(int(mine.partition(":")[2]), "<p>We look.</p>")
        hub.run("sync", "--once")
        rows = json.loads(hub.run("sla", "next", "--customer", "lantern", "--json").out)
        assert [row["clock"] for row in rows] == ["update"]

    def test_a_customer_whom_nobody_knows(self, hub: Hub) -> None:
        """A slip of the hand would look like a customer without clocks."""
        ended = hub.run("sla", "next", "--customer", "lantren")
        assert ended.code == 2
        assert "'lantren'" in ended.err
        assert "lantern" in ended.err
        assert hub.run("sla", "next").out == "No clock runs.\n"


class TestWords:
    def test_a_waived_clock_leaves_the_list_and_stays_counted(self, hub: Hub) -> None:
        """A person's word would take back what was counted, or change nothing."""
        hub.change(ALWAYS)
        ticket = opened(hub)
        ended = hub.run("sla", "waive", ticket, "first_response", "--reason", "by phone", "--by", "Ada")
        assert ended.code == 0, ended.err
        assert "waived by Ada; counted: running" in ended.out
        hub.run("sync", "--once")
        assert hub.run("sla", "next").out == "No clock runs.\n"
        told = hub.run("explain", ticket).out
        assert "first_response" in told
        assert "waived by Ada: by phone" in told

    def test_everything_that_is_wrong_is_told_at_once(self, hub: Hub) -> None:
        """Somebody who is told of one mistake after the other asks three times."""
        ended = hub.run("sla", "correct", "desk:99", "first_respnse", "--met", "--reason", " ")
        assert ended.code == 2
        assert "--reason is empty" in ended.err
        assert "no clock 'first_respnse'" in ended.err
        assert "first_response" in ended.err
        assert "nothing is kept of a ticket 'desk:99'" in ended.err


class TestEdits:
    def test_an_edit_acts_from_now_and_may_be_amended(self, hub: Hub) -> None:
        """An edited promise would change what was promised before, or never could."""
        hub.change(ALWAYS)
        opened(hub)
        before = json.loads(hub.run("sla", "next", "--json").out)
        hub.change(('urgent = { first_response = "1h"', 'urgent = { first_response = "3h"'))
        assert hub.run("sync", "--once").code == 0
        assert json.loads(hub.run("sla", "next", "--json").out)[0]["due"] == before[0]["due"]
        since = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}"
        listed = hub.run("sla", "amend", "--from", since)
        assert (listed.code, listed.err) == (0, "")
        assert "lantern): first_response: running" in listed.out
        assert json.loads(hub.run("sla", "next", "--json").out)[0]["due"] == before[0]["due"]
        assert hub.run("sla", "amend", "--from", since, "--apply").code == 0
        hub.run("sync", "--once")
        after = json.loads(hub.run("sla", "next", "--json").out)[0]["due"]
        assert datetime.fromisoformat(after) - datetime.fromisoformat(before[0]["due"]) == timedelta(hours=2)
        assert hub.run("sla", "amend", "--from", since).out == "Nothing would be answered otherwise.\n"

    def test_a_calendar_edit_counts_each_hour_as_it_was(self, hub: Hub) -> None:
        """A holiday that is added late would take back hours that were worked."""
        hub.change(ALWAYS)
        opened(hub)
        hub.change(("always = true", "always = true\nholidays = [2020-01-01]"))
        hub.run("sync", "--once")
        assert len(hub.run("sla", "next").lines) == 1

    def test_a_clock_that_pauses_is_looked_at_again(self, hub: Hub) -> None:
        """A step that was not due by the amended rules would stand until somebody touches its ticket."""
        promised = 'urgent = { first_response = "1h", resolve = "8h", update = "4h"'
        hub.change(ALWAYS, ('urgent = { first_response = "1h", update = "4h"', promised))
        pauses = 'assume_priority = "medium"\npauses = { resolve = ["waiting_on_customer"] }\n'
        hub.change(('assume_priority = "medium"\n', pauses))
        number = int(opened(hub).partition(":")[2])
        hub.people.reply(number, "<p>Which row?</p>")
        hub.people.sort(number, status=3)
        hub.run("sync", "--once")
        hub.change((promised, promised.replace("4h", "5h")))
        hub.run("sync", "--once")
        assert hub.run("sla", "amend", "--from", "2026-01-01", "--apply").code == 0
        store = open_store(hub.folder / "store.sqlite3")
        due = store.inbox.next_due()
        store.database.close()
        assert due is not None
        assert due <= datetime.now(UTC)

    def test_a_date_that_is_none(self, hub: Hub) -> None:
        """A slip of the hand would rewrite the wrong year."""
        for text, why in (("soon", "no date"), ("2999-01-01", "not past")):
            ended = hub.run("sla", "amend", "--from", text)
            assert ended.code == 2
            assert why in ended.err
