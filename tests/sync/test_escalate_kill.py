"""Escalation over real HTTP: a hub that is killed at each point of it, and two processes on one store."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from sync.store import open_store
from tests.campaign.campaign import Campaign
from tests.campaign.driver import Hub

_LEASE = 301
_AGREED = """
[policies.standard.targets]
medium = { first_response = "1h elapsed", update = "30d elapsed" }
high = { first_response = "1h elapsed", update = "30d elapsed" }

[[policies.standard.steps]]
at = "breach"
notify = "chat"
note = "A promise was broken"
raise_priority = true
label = "too-late"

[notify.chat]
url = "file:chat-url"
"""


@pytest.fixture(scope="module")
def campaign() -> Iterator[Campaign]:
    """A sandbox, and processes out of which hubs are forked that count what they do."""
    with Campaign.running() as running:
        yield running


def _late(campaign: Campaign) -> Path:
    """Have a ticket with an issue that was to be answered a minute ago; return the hub's folder."""
    room, people = campaign.reset(1), campaign.people
    settings = room / "settings.toml"
    said = settings.read_text("utf-8").replace(
        "[customers.lantern]\n", '[customers.lantern]\npolicy = "standard"\n'
    )
    settings.write_text(said + _AGREED, "utf-8")
    (room / "chat-url").write_text("json://127.0.0.1:9", "utf-8")
    key = people.mail("lantern", "It does not start", "<p>Help!</p>", [])
    people.agent("PUT", f"tickets/{key}", json={"tags": ["dev"], "priority": 2})
    for seed in (1, 2):
        campaign.clock.advance(60)
        campaign.hub.do(campaign.job(room, what="sync", seed=seed))
    campaign.clock.advance(3600)
    return room


def _goes_on(campaign: Campaign, room: Path) -> None:
    for seed in (3, 4, 5):
        campaign.clock.advance(_LEASE)
        assert campaign.hub.do(campaign.job(room, what="sync", seed=seed)) is not None


def _told(room: Path) -> list[str]:
    """Return the keys of what is told outside the tools."""
    store = open_store(room / "store.sqlite3")
    keys = [n.key for n in store.outbox.waiting() if n.key.startswith("step:")]
    store.database.close()
    return keys


def _done(campaign: Campaign, room: Path) -> dict[str, object]:
    """Return all that came of the step, in both tools and beside them."""
    people = campaign.people
    ticket, (issue,) = people.agent("GET", "tickets/1"), people.issues()
    texts = [*people.texts("desk", "1"), *people.texts("jira", str(issue["id"]))]
    return {
        "notes": sum("A promise was broken" in text for text in texts),
        "priorities": (ticket["priority"], issue["fields"]["priority"]["name"]),
        "labels": ["too-late" in ticket["tags"], "too-late" in issue["fields"]["labels"]],
        "told": _told(room),
    }


_ALL = {
    "notes": 1,
    "priorities": (3, "High"),
    "labels": [True, True],
    "told": ["step:desk:1:first_response:created:breach:1:chat"],
}


@pytest.mark.timeout(600)
def test_a_step_is_taken_exactly_once_wherever_the_hub_is_killed(campaign: Campaign) -> None:
    """Otherwise a crash leaves a priority raised twice, two notes, a breach that nobody heard of, or half."""
    room = _late(campaign)
    before = len((room / "tape").read_text("utf-8").splitlines())
    campaign.hub.do(campaign.job(room, what="sync", seed=3))
    tape = (room / "tape").read_text("utf-8").splitlines()[before:]
    assert _done(campaign, room) == _ALL
    points = [
        int(line.split(" ")[0])
        for line in tape
        if line.split(" ", 1)[1].startswith(("commit", "answer POST", "answer PUT"))
    ]
    assert len(points) > 10
    otherwise = {}
    for point in points[:: max(1, len(points) // 14)]:
        room = _late(campaign)
        assert campaign.hub.do(campaign.job(room, what="sync", seed=3, kill_at=point)) is None
        _goes_on(campaign, room)
        if (found := _done(campaign, room)) != _ALL:
            otherwise[point] = found
    assert otherwise == {}


@pytest.mark.timeout(300)
def test_two_processes_on_one_store_take_a_step_once(campaign: Campaign) -> None:
    """Otherwise `serve` beside `sync --watch` tells everybody of everything twice."""
    room = _late(campaign)
    job = campaign.job(room, what="sync", seed=3)
    hubs: list[tuple[Hub, str]] = [(campaign.hub, "tape"), (campaign.other, "tape-2")]
    with ThreadPoolExecutor() as pool:
        for _ in range(3):
            jobs = [pool.submit(hub.do, replace(job, tape=str(room / tape))) for hub, tape in hubs]
            assert None not in [one.result() for one in jobs]
            campaign.clock.advance(_LEASE)
    assert _done(campaign, room) == _ALL
