"""What the hub's clocks write into the tools, rule by rule, over real HTTP on a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.campaign.campaign import Campaign

_AGREED = """
[policies.standard.targets]
low = { first_response = "14h elapsed", update = "4h elapsed" }
medium = { first_response = "14h elapsed", update = "4h elapsed" }
urgent = { first_response = "1h elapsed", update = "2h elapsed" }
"""
_MADE = datetime(2026, 1, 12, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def campaign() -> Iterator[Campaign]:
    """A sandbox, and a process out of which hubs are forked."""
    with Campaign.running() as running:
        yield running


@pytest.fixture
def room(campaign: Campaign) -> Path:
    """The folder of a hub with promises to two customers, one of whom is called differently in Jira."""
    room = campaign.reset(1)
    settings = room / "settings.toml"
    said = settings.read_text("utf-8")
    for customer in ("lantern", "orbit"):
        said = said.replace(f"[customers.{customer}]\n", f'[customers.{customer}]\npolicy = "standard"\n')
    settings.write_text(said + _AGREED, "utf-8")
    return room


def asked(campaign: Campaign, *tags: str, customer: str = "lantern", **fields: Any) -> str:
    """Have a customer's request that an agent has given to the developers."""
    key = campaign.people.mail(customer, "It does not start", "<p>Help!</p>", [])
    campaign.people.agent("PUT", f"tickets/{key}", json={"tags": list(tags or ("dev",)), **fields})
    return key


def at(campaign: Campaign, room: Path, when: timedelta) -> None:
    """Let it be so long after the first request, and the hub look at what is due."""
    campaign.clock.wind(_MADE + when)
    for seed in (1, 2):
        assert campaign.hub.do(campaign.job(room, what="sync", seed=seed)) is not None
        campaign.clock.advance(1)


def desk(campaign: Campaign, key: str = "1") -> dict[str, Any]:
    """The ticket as the agent sees it."""
    found: dict[str, Any] = campaign.people.agent("GET", f"tickets/{key}")
    return found


def due(campaign: Campaign, key: str = "1") -> tuple[datetime, datetime]:
    """Both due times that Freshdesk shows."""
    ticket = desk(campaign, key)
    first, last = (datetime.fromisoformat(ticket[name]) for name in ("fr_due_by", "due_by"))
    return first, last


def jira(campaign: Campaign) -> dict[str, Any]:
    """The fields of the one issue in Jira."""
    ((issue),) = campaign.people.issues()
    fields: dict[str, Any] = issue["fields"]
    return fields


def gitlab(campaign: Campaign) -> dict[str, Any]:
    """The one issue in GitLab."""
    ((issue),) = campaign.people.gitlab_issues()
    return issue


def test_freshdesk_shows_both_due_times(campaign: Campaign, room: Path) -> None:
    """Otherwise an agent sees what the shipped policy of Freshdesk promises, and not what was agreed."""
    asked(campaign)
    at(campaign, room, HOUR / 60)
    first, last = due(campaign)
    assert abs(first - (_MADE + 14 * HOUR)) < timedelta(minutes=1)
    assert abs(last - (_MADE + 18 * HOUR)) < timedelta(minutes=1), "if the answer comes when it is due"


def test_due_times_stay_while_a_clock_is_paused(campaign: Campaign, room: Path) -> None:
    """Otherwise a ticket that waits for its customer is given a due time that no clock has."""
    asked(campaign)
    at(campaign, room, HOUR / 60)
    campaign.people.agent("POST", "tickets/1/reply", json={"body": "Which one?"})
    at(campaign, room, HOUR)
    before = due(campaign)
    assert abs(before[1] - (_MADE + 4 * HOUR)) < timedelta(minutes=2)
    campaign.people.agent("PUT", "tickets/1", json={"status": 6})
    at(campaign, room, 2 * HOUR)
    stamp = desk(campaign)["updated_at"]
    at(campaign, room, 3 * HOUR)
    at(campaign, room, 30 * HOUR)
    assert (due(campaign), desk(campaign)["updated_at"]) == (before, stamp), "nothing is written meanwhile"
    campaign.people.agent("PUT", "tickets/1", json={"status": 2})
    at(campaign, room, 30.5 * HOUR)
    assert abs(due(campaign)[1] - (_MADE + 34 * HOUR)) < timedelta(minutes=2), "a full interval from then on"


def test_a_change_of_less_than_five_minutes_is_not_written(campaign: Campaign, room: Path) -> None:
    """Otherwise each look writes a minute's difference, which the tool mails its watchers of."""
    asked(campaign)
    at(campaign, room, HOUR / 60)
    shown = due(campaign)
    nudged = (shown[1] + timedelta(minutes=4)).strftime("%Y-%m-%dT%H:%M:%SZ")
    times = {"due_by": nudged, "fr_due_by": shown[0].strftime("%Y-%m-%dT%H:%M:%SZ")}
    campaign.people.agent("PUT", "tickets/1", json=times)
    at(campaign, room, HOUR / 6)
    assert due(campaign)[1] == shown[1] + timedelta(minutes=4)
    nudged = (shown[1] + timedelta(minutes=9)).strftime("%Y-%m-%dT%H:%M:%SZ")
    campaign.people.agent("PUT", "tickets/1", json={**times, "due_by": nudged})
    at(campaign, room, HOUR / 3)
    assert due(campaign)[1] == shown[1]


def test_jira_shows_the_day_in_the_customers_zone(campaign: Campaign, room: Path) -> None:
    """Otherwise developers are given a day that is over, or one that is too late, where their customer is."""
    asked(campaign)
    at(campaign, room, HOUR / 60)
    assert jira(campaign)["duedate"] == "2026-01-13", "23:00 UTC is the next day in Rome"


def test_gitlab_shows_the_day_and_one_scoped_label(campaign: Campaign, room: Path) -> None:
    """Otherwise developers in GitLab do not see that time runs out, or see two answers at once."""
    asked(campaign, "firmware")
    at(campaign, room, HOUR / 60)
    assert gitlab(campaign)["due_date"] == "2026-01-13"
    seen = []
    for hours in (1, 11.1, 11.3, 13.9, 14.1):
        at(campaign, room, HOUR * hours)
        seen.append(sorted(label for label in gitlab(campaign)["labels"] if label.startswith("sla")))
    risk, late = ["sla::at-risk"], ["sla::breached"]
    assert seen == [[], [], risk, risk, late]
    campaign.people.agent("POST", "tickets/1/reply", json={"body": "It is the fuse"})
    at(campaign, room, 14.5 * HOUR)
    assert [one for one in gitlab(campaign)["labels"] if one.startswith("sla")] == []


def test_a_shared_issue_shows_the_earliest_due_and_the_worst_state_and_names_nobody(
    campaign: Campaign, room: Path
) -> None:
    """Otherwise developers work on the wrong customer's promise, or one reads that another has the bug."""
    first = asked(campaign, "firmware")
    at(campaign, room, HOUR / 60)
    second = asked(campaign, "nothing", customer="orbit", priority=4)
    at(campaign, room, HOUR / 30)
    issue = gitlab(campaign)
    pair = [f"desk:{second}", f"gitlab:{issue['project_id']}:{issue['iid']}"]
    linked = campaign.hub.do(campaign.job(room, what="link", seed=3, arguments=pair))
    assert "linked" in (linked or {})
    at(campaign, room, HOUR / 4)
    shown = gitlab(campaign)
    assert shown["due_date"] == "2026-01-12", "the urgent one's, an hour after it was asked"
    at(campaign, room, 2 * HOUR)
    labels = gitlab(campaign)["labels"]
    assert "sla::breached" in labels
    assert not {label for label in labels if "lantern" in label or "orbit" in label}
    assert first != second


def test_nothing_is_shown_of_what_is_from_before_the_promises(campaign: Campaign, room: Path) -> None:
    """Otherwise the first morning with the hub marks a backlog of years as breached."""
    settings = room / "settings.toml"
    said = settings.read_text("utf-8")
    since = "[policies.standard]\nenforce_from = 2026-01-13T08:00:00Z\n"
    targets = "[policies.standard.targets]"
    settings.write_text(said.replace(targets, f"{since}\n{targets}"), "utf-8")
    asked(campaign, "firmware")
    for hours in (1, 13, 15):
        at(campaign, room, HOUR * hours)
    issue = gitlab(campaign)
    assert (issue["due_date"], [one for one in issue["labels"] if one.startswith("sla")]) == (None, [])
