"""The SLA engine of the fake Freshdesk against dates worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deskbridge.sandbox.freshdesk import hours
from deskbridge.sandbox.freshdesk.setup import Calendar
from deskbridge.sandbox.freshdesk.zones import ZONES, zone
from tests.sandbox.freshdesk_desk import Desk, failing, serving

WEEK = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), ("09:00", "17:00"))


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One server for all tests."""
    with serving(tmp_path_factory.mktemp("files")) as desk:
        yield desk


@pytest.fixture
def desk(account: Desk) -> Desk:
    """A freshly set-up account."""
    return account.renewed()


def targets(respond: int, resolve: int, *, business: bool = False, **more: int) -> dict[str, Any]:
    """The same target for every priority."""
    one = {"respond_within": respond, "resolve_within": resolve, "business_hours": business}
    return {f"priority_{n}": one | more | {"escalation_enabled": True} for n in (4, 3, 2, 1)}


def policy(desk: Desk, name: str, **values: Any) -> dict[str, Any]:
    """A policy for incidents."""
    body = {"name": name, "applicable_to": {"ticket_types": ["Incident"]}} | values
    made: dict[str, Any] = desk.done("POST", "sla_policies", **body)
    return made


def go(desk: Desk, when: str) -> datetime:
    """Go to an instant of a year that no test has reached."""
    instant = datetime.fromisoformat(when).replace(tzinfo=UTC)
    desk.world.clock.wind(instant)
    desk.server.reset()
    return instant


def due(desk: Desk, ticket: int) -> tuple[datetime, datetime]:
    """Both due times as soon as they are there."""
    desk.later(4)
    row = desk.get(f"tickets/{ticket}")
    return datetime.fromisoformat(row["fr_due_by"]), datetime.fromisoformat(row["due_by"])


def close(one: datetime, other: datetime) -> bool:
    """Within the seconds that the test took."""
    return abs(one - other) < timedelta(seconds=15)


class TestPolicies:
    def test_first_by_position_that_matches_wins_and_the_default_is_last(self, desk: Desk) -> None:
        """A client that takes the first of the list in any other order shows the wrong promise."""
        policy(desk, "Slow", sla_target=targets(7200, 14400), position=5)
        policy(desk, "Quick", sla_target=targets(3600, 7200), position=2)
        assert [row["name"] for row in desk.get("sla_policies")][:2] == ["Quick", "Slow"]
        assert desk.get("sla_policies")[-1]["is_default"]
        now = desk.world.clock.now()
        assert close(due(desk, desk.ticket(type="Incident")["id"])[1], now + timedelta(hours=2))
        now = desk.world.clock.now()
        assert close(due(desk, desk.ticket(type="Question")["id"])[1], now + timedelta(hours=72))

    def test_what_a_policy_needs(self, desk: Desk) -> None:
        """All four priorities, something that narrows it, whole minutes."""
        body: dict[str, Any] = {"name": "x", "sla_target": {"priority_4": targets(60, 60)["priority_4"]}}
        codes = failing(desk.call("POST", "sla_policies", json=body))
        assert codes == dict.fromkeys(
            ("applicable_to", "priority_1", "priority_2", "priority_3"), "missing_field"
        )
        body |= {"sla_target": targets(61, 600), "applicable_to": {"sources": [1]}}
        assert failing(desk.call("POST", "sla_policies", json=body)) == {"respond_within": "invalid_value"}
        desk.act("switch", name="sla_minimum", value=900)
        body["sla_target"] = targets(600, 900)
        assert failing(desk.call("POST", "sla_policies", json=body)) == {"respond_within": "invalid_value"}

    def test_there_is_no_view_and_no_delete(self, desk: Desk) -> None:
        """A client can read the list only, and only switch a policy off."""
        made = policy(desk, "Gold", sla_target=targets(3600, 7200))
        for method in ("GET", "DELETE"):
            assert desk.call(method, f"sla_policies/{made['id']}").status_code == 405
        values = {"applicable_to": {"sources": [2]}, "active": False}
        assert desk.done("PUT", f"sla_policies/{made['id']}", **values)["active"] is False


class TestBusinessTime:
    def test_nights_and_weekends_do_not_count(self, desk: Desk) -> None:
        """Friday 16:00 in Rome plus two working hours is Monday 10:00; the zone has its Rails name."""
        go(desk, "2030-03-29T15:00:00")  # Friday 16:00 in Rome; summer time begins on Sunday
        calendar = desk.act("add_calendar", name="Rome", time_zone="Rome", hours=WEEK)["calendar"]
        group = desk.done("POST", "groups", name="Italy", business_hour_id=calendar)["id"]
        policy(desk, "Hours", sla_target=targets(7200, 8 * 3600, business=True))
        made = desk.ticket(type="Incident", group_id=group)["id"]
        first, last = due(desk, made)
        assert close(first, datetime(2030, 4, 1, 8, 0, tzinfo=UTC))  # 10:00 in summer time
        assert close(last, datetime(2030, 4, 1, 14, 0, tzinfo=UTC))

    def test_holidays_count_and_no_call_tells_them(self, desk: Desk) -> None:
        """The same hours give another due time than a client can work out."""
        go(desk, "2031-12-24T15:00:00")
        calendar = desk.get("business_hours")[0]
        desk.act("set_holidays", calendar=calendar["id"], holidays=["2031-12-25", "2031-12-26"])
        policy(desk, "Hours", sla_target=targets(3 * 3600, 4 * 3600, business=True))
        first, _ = due(desk, desk.ticket(type="Incident")["id"])
        assert close(first, datetime(2031, 12, 29, 9, 0, tzinfo=UTC))
        assert "holidays" not in desk.get("business_hours")[0]

    def test_business_hours_are_written_in_two_ways(self, desk: Desk) -> None:
        """Really without seconds, documented with them; a closed day is missing."""
        shown = desk.get("business_hours")[0]
        assert shown["business_hours"]["monday"] == {"start_time": "8:00 am", "end_time": "5:00 pm"}
        assert "sunday" not in shown["business_hours"]
        desk.act("switch", name="hours_as_documented", value=True)
        one = desk.get(f"business_hours/{shown['id']}")
        assert one["business_hours"]["monday"]["end_time"] == "05:00:00 pm"


class TestPauses:
    def test_time_in_a_stopped_status_moves_the_due_times_when_it_ends(self, desk: Desk) -> None:
        """While the ticket waits the old due time is shown."""
        now = desk.world.clock.now()
        made = desk.ticket(priority=4)["id"]
        before = due(desk, made)[1]
        desk.done("PUT", f"tickets/{made}", status=3)
        desk.later(3600)
        assert due(desk, made)[1] == before
        desk.done("PUT", f"tickets/{made}", status=2)
        assert close(due(desk, made)[1], now + timedelta(hours=5))

    def test_which_statuses_stop_the_clock_no_call_tells(self, desk: Desk) -> None:
        """An admin may say so of each, and of statuses of the account's own."""
        number = desk.act("add_status", label="With the lab", sla_timer=False)["status"]
        field = next(f for f in desk.get("ticket_fields") if f["name"] == "status")
        assert field["choices"][str(number)] == ["With the lab", "With the lab"]
        now = desk.world.clock.now()
        made = desk.ticket(priority=4, status=number)["id"]
        desk.later(7200)
        desk.done("PUT", f"tickets/{made}", status=2)
        assert close(due(desk, made)[1], now + timedelta(hours=6))


class TestResponses:
    def test_next_response_is_due_after_the_customers_answer(self, desk: Desk) -> None:
        """Only where the policy promises it; the desk's reply ends it."""
        policy(desk, "Chatty", sla_target=targets(3600, 86400, next_respond_within=1800))
        made = desk.ticket(type="Incident")["id"]
        desk.done("POST", f"tickets/{made}/reply", body="hello")
        assert desk.get(f"tickets/{made}")["nr_due_by"] is None
        desk.act("customer_reply", ticket=made, email="kim@lantern.example", html="and?")
        now = desk.world.clock.now()
        due(desk, made)
        shown = datetime.fromisoformat(desk.get(f"tickets/{made}")["nr_due_by"])
        assert close(shown, now + timedelta(minutes=30))
        desk.later(2400)
        assert desk.get(f"tickets/{made}")["nr_escalated"] is True
        desk.done("POST", f"tickets/{made}/reply", body="here")
        assert desk.get(f"tickets/{made}")["nr_due_by"] is None

    def test_escalations_mail_by_level_and_time(self, desk: Desk) -> None:
        """-1 is the assigned agent; each level is told once."""
        noor = desk.get("agents", email="noor@harbour.example")[0]["id"]
        sam = desk.get("agents", email="sam@harbour.example")[0]["id"]
        levels = {
            "level_1": {"escalation_time": 0, "agent_ids": [-1]},
            "level_2": {"escalation_time": 3600, "agent_ids": [noor]},
        }
        policy(desk, "Told", sla_target=targets(86400, 3600), escalation={"resolution": levels})
        desk.ticket(type="Incident", responder_id=sam)
        desk.later(5)
        desk.world.outbox.clear()
        desk.later(3600 + 600)
        desk.get("agents/me")
        assert desk.mails() == [("SLA missed", "sam@harbour.example", False)]
        desk.later(3600)
        desk.get("agents/me")
        assert desk.mails()[1:] == [("SLA missed", "noor@harbour.example", False)]

    def test_due_times_of_an_ended_ticket_are_a_switch(self, desk: Desk) -> None:
        """Whether they can be set is not documented: a client must live with either."""
        made = desk.ticket()["id"]
        desk.done("PUT", f"tickets/{made}", status=4)
        later = (desk.world.clock.now() + timedelta(days=3)).isoformat()
        desk.act("switch", name="due_after_end", value=False)
        refused = desk.call("PUT", f"tickets/{made}", json={"due_by": later})
        assert failing(refused) == {"due_by": "incompatible_field"}
        desk.act("switch", name="due_after_end", value=True)
        assert desk.call("PUT", f"tickets/{made}", json={"due_by": later}).status_code == 200


class TestTheJob:
    def test_what_is_late_at_once_is_marked_in_its_next_turn(self, desk: Desk) -> None:
        """A poll from the last change on would miss a breach that is dated before it."""
        made = desk.ticket(priority=1)["id"]
        desk.later(10 * 3600)
        changed = desk.done("PUT", f"tickets/{made}", priority=4)["updated_at"]
        desk.later(600)
        seen = desk.get(f"tickets/{made}")
        assert seen["fr_due_by"] < changed
        assert (seen["fr_escalated"], seen["is_escalated"]) == (True, True)
        assert seen["updated_at"] > changed
        assert [row["id"] for row in desk.get("tickets", updated_since=changed)] == [made]


def test_working_time_equals_a_count_minute_by_minute() -> None:
    """Across a weekend, a holiday and the end of summer time."""
    calendar = Calendar(1, "x", None, "Rome", dict.fromkeys(range(5), ("09:00", "17:00")), datetime.now(UTC))
    calendar.holidays = ["2026-11-02"]
    start, own = datetime(2026, 10, 22, 20, 0, tzinfo=UTC), zone("Rome")
    minute, counted = timedelta(minutes=1), 0
    for offset in range(14 * 24 * 60):
        at = (start + offset * minute).astimezone(own)
        works = at.weekday() < 5 and 9 <= at.hour < 17 and at.date().isoformat() not in calendar.holidays
        counted += works
        if offset % 997 == 0:
            end = start + (offset + 1) * minute
            assert hours.between(calendar, start, end) == counted * 60
    assert hours.after(calendar, start, counted * 60) <= start + 14 * 24 * 60 * minute


def test_every_zone_of_rails_has_a_usual_name() -> None:
    """A name that is in no table would stop a client at its first business hours."""
    assert len(ZONES) > 140
    assert [name for name in ZONES if zone(name) is None] == []
    assert ZONES["Chennai"] == ZONES["Mumbai"] == "Asia/Kolkata"
