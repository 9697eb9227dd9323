"""A hub that is killed at each point at which it may be, while it makes the issues of a new ticket."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaign.campaign import Campaign
from tests.campaign.people import People

TAGS = {"jira": "dev", "gitlab": "firmware"}
_LEASE = 301


@pytest.fixture(scope="module")
def campaign() -> Iterator[Campaign]:
    """A sandbox, and the process out of which hubs are forked that count what they do."""
    with Campaign.running() as running:
        yield running


def _points(campaign: Campaign, tool: str) -> list[int]:
    """Return the numbers of the answer to the create and of each commit after it, where nobody kills."""
    room = _opened(campaign, tool)
    campaign.hub.do(campaign.job(room, what="sync", seed=1))
    events = [line.split(" ", 1) for line in (room / "tape").read_text("utf-8").splitlines()]
    made = next(int(n) for n, what in events if what.startswith("answer POST") and what.endswith(" 201"))
    return [made, *(int(n) for n, what in events if int(n) > made and what == "commit")]


def _opened(campaign: Campaign, tool: str) -> Path:
    """Have everything begin anew with a ticket that wants an issue, and return the hub's folder."""
    room, people = campaign.reset(1), campaign.people
    key = people.mail("lantern", "It does not start", "<p>Help!</p>", [])
    people.agent("PUT", f"tickets/{key}", json={"tags": [TAGS[tool], "hardware"]})
    return room


@pytest.mark.timeout(600)
@pytest.mark.parametrize("tool", ["jira", "gitlab"])
def test_what_people_change_after_a_kill_still_travels(campaign: Campaign, tool: str) -> None:
    """Otherwise a hub that is killed right after an issue was made leaves it linked and unlike its ticket."""
    points = _points(campaign, tool)
    assert len(points) > 5
    unlike: dict[int, list[list[str]]] = {}
    alike = [["beta", "blue-print", "hardware"]] * 2
    for point in points:
        room, people = _opened(campaign, tool), campaign.people
        assert campaign.hub.do(campaign.job(room, what="sync", seed=1, kill_at=point)) is None
        campaign.clock.advance(1)
        _label(people, tool, "Blue-Print")
        people.agent("PUT", "tickets/1", json={"tags": [TAGS[tool], "hardware", "beta"]})
        for _ in range(5):
            campaign.clock.advance(_LEASE)
            campaign.hub.do(campaign.job(room, what="sync", seed=2))
            unlike[point] = [_slugs(people.agent("GET", "tickets/1")["tags"]), _slugs(_labels(people, tool))]
            if unlike[point] == alike:
                del unlike[point]
                break
    assert unlike == {}


def _label(people: People, tool: str, label: str) -> None:
    if tool == "gitlab":
        people.gitlab("PUT", "issues/1", json={"add_labels": label})
    else:
        body = {"update": {"labels": [{"add": label}]}}
        people.jira("PUT", f"api/2/issue/{_issue(people)}", json=body)


def _labels(people: People, tool: str) -> list[str]:
    if tool == "gitlab":
        return list(people.gitlab("GET", "issues/1")["labels"])
    return list(people.jira("GET", f"api/2/issue/{_issue(people)}")["fields"]["labels"])


def _issue(people: People) -> str:
    """Return the id of the one issue in Jira."""
    (issue,) = people.issues()
    return str(issue["id"])


def _slugs(tags: list[str]) -> list[str]:
    ours = re.compile("dev|firmware|customer-.*|.*::.*")
    return sorted(tag.lower() for tag in tags if not ours.fullmatch(tag))
