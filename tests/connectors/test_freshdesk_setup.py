"""What is read of a Freshdesk account's business hours and SLA policies, in all the forms it has."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
import responses

from connectors.freshdesk.survey import survey
from connectors.freshdesk.zones import zone_of
from connectors.survey import Survey
from deskbridge.first_promises import promised, promises
from deskbridge.sandbox.freshdesk.zones import ZONES
from mappings.vocabulary import vocabularies
from tests.connectors.freshdesk_payloads import API, configuration

WORDS = vocabularies("freshdesk", {})


def found(hours: list[dict[str, Any]], policies: list[dict[str, Any]] | None = None) -> Survey:
    """What an account has that answers so."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as web:
        web.get(f"{API}/ticket_fields", json=[])
        web.get(f"{API}/agents", json=[])
        web.get(f"{API}/business_hours", json=hours)
        web.get(f"{API}/sla_policies", json=policies or [])
        return survey(configuration())


def week(**days: tuple[str, str]) -> dict[str, Any]:
    """Business hours in Rome."""
    told = {day: {"start_time": first, "end_time": last} for day, (first, last) in days.items()}
    return {"id": 1, "name": "Rome", "time_zone": "Rome", "is_default": True, "business_hours": told}


@pytest.mark.parametrize(
    ("first", "last", "frame"),
    [
        ("8:00 am", "5:00 pm", "08:00-17:00"),
        ("08:00:00 am", "05:30:00 pm", "08:00-17:30"),
        ("12:00 am", "12:00 pm", "00:00-12:00"),
        ("12:00 pm", "12:00 am", "12:00-24:00"),
        ("09:00", "17:30", "09:00-17:30"),
        ("9:00 pm", "6:00 am", "21:00-06:00"),
    ],
)
def test_hours(first: str, last: str, frame: str) -> None:
    """A desk would be open half a day longer, or at night."""
    (hours,) = found([week(monday=(first, last))]).hours
    assert (dict(hours.week), hours.odd) == ({"mon": frame}, ())


@pytest.mark.parametrize(
    "odd", [("", "5:00 pm"), ("13:00 pm", "5:00 pm"), ("25:00", "26:00"), ("9:00 am", "9:00 am")]
)
def test_hours_that_nobody_can_read_are_said(odd: tuple[str, str]) -> None:
    """A day would be closed in silence, or settings written that are refused."""
    has = found([week(monday=odd, tuesday=("9:00 am", "5:00 pm"))])
    assert (dict(has.hours[0].week), has.hours[0].odd) == ({"tue": "09:00-17:00"}, ("mon",))
    assert "# The hours of mon could not be read." in promises(has, WORDS).lines


def test_every_zone_of_rails_is_known() -> None:
    """A calendar would be hours off."""
    told = {name: zone_of(name) for name in ZONES}
    assert [name for name, zone in told.items() if not zone] == []
    at = {name: ZoneInfo(zone) for name, zone in told.items()}
    assert str(at["Eastern Time (US & Canada)"]) == "America/New_York"
    assert str(at["Chennai"]) == "Asia/Kolkata"
    assert zone_of("Atlantis") == ""


def test_an_unknown_zone_is_said() -> None:
    """A calendar would be hours off, and nobody would look."""
    has = found([{**week(monday=("9:00 am", "5:00 pm")), "time_zone": "Atlantis"}])
    assert "zone = \"UTC\"  # its zone 'Atlantis' is not known: put it in" in promises(has, WORDS).lines


def test_only_an_administrator_is_shown_them() -> None:
    """`init` would end with an error for the key that the page on Freshdesk recommends."""
    with responses.RequestsMock() as web:
        web.get(f"{API}/ticket_fields", json=[])
        web.get(f"{API}/agents", json=[])
        web.get(f"{API}/business_hours", status=403, json={"code": "access_denied", "message": "no"})
        has = survey(configuration())
    assert (has.hours, has.promises) == ((), ())
    assert promises(has, WORDS).lines == (
        "# Not read: business hours and SLA policies: only an administrator's key is shown them.",
    )


def policy(name: str, **more: Any) -> dict[str, Any]:
    """A policy that promises an answer in an hour of working time."""
    targets = {"priority_1": {"respond_within": 3600, "resolve_within": None, "business_hours": True}}
    return {"id": 1, "name": name, "position": 1, "sla_target": targets, **more}


def test_policies_stand_in_the_order_in_which_they_count() -> None:
    """A customer would be promised what everybody is, and not what was sold to them."""
    rows = [
        policy("Default", is_default=True, position=0, applicable_to={}),
        {**policy("Late", position=2, applicable_to={"company_ids": [7]}), "id": 2},
        {**policy("First", position=1, applicable_to={"ticket_types": ["Incident"]}), "id": 3},
    ]
    agreed = promises(found([week(monday=("9:00 am", "5:00 pm"))], rows), WORDS)
    assert promised(agreed, "7")[0].startswith('# policy = ["first", "late"]')
    assert promised(agreed, "8")[0].startswith('# policy = ["first", "default"]')
    assert '# types = ["incident"]' in agreed.lines


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"active": False}, "## it is switched off."),
        (
            {"applicable_to": {"group_ids": [5, 6]}},
            "## it is for groups 5, 6 only, which no policy here can ask for.",
        ),
        ({"applicable_to": {"ticket_types": ["Ring"]}}, "## its type 'Ring' is read as none of ours."),
        ({"sla_target": {}}, "## it promises nothing."),
        ({"sla_target": None, "applicable_to": None}, "## it promises nothing."),
    ],
)
def test_what_the_settings_cannot_say_is_a_comment(more: dict[str, Any], reason: str) -> None:
    """A promise to some would be written as one to all."""
    agreed = promises(found([week(monday=("9:00 am", "5:00 pm"))], [policy("Odd", **more)]), WORDS)
    assert reason in agreed.lines
    assert [line for line in agreed.lines if line.startswith("# [policies")] == []
    assert promised(agreed, "7") == []
