"""What customers notice over real HTTP: a receipt and a closing, from a hub that is killed at each point."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.campaign.campaign import Campaign
from tests.campaign.driver import Hub

_LEASE = 301
_DAY = 86_400
_RULES = """
[receipt]
connections = ["desk"]
enforce_from = 2020-01-01T00:00:00Z
sender = "Harbour support"
text = "We have your request. Please quote {numbers}."

[calendars.always]
zone = "UTC"
always = true

[policies.closing]
calendar = "always"
close_after = { resolved = 2 }
"""


@pytest.fixture(scope="module")
def campaign() -> Iterator[Campaign]:
    """A sandbox, and processes out of which hubs are forked that count what they do."""
    with Campaign.running() as running:
        yield running


def _room(campaign: Campaign) -> Path:
    """Return the folder of a hub whose desk sends receipts, and closes what is solved."""
    room = campaign.reset(1)
    settings = room / "settings.toml"
    said = settings.read_text("utf-8").replace("[hub]\n", 'may_mail = ["desk"]\n\n[hub]\n', 1)
    said = said.replace("[customers.lantern]\n", '[customers.lantern]\npolicy = "closing"\n')
    settings.write_text(said + _RULES, "utf-8")
    return room


def _asked(campaign: Campaign) -> Path:
    """Have a request that an agent has just given to the developers."""
    room = _room(campaign)
    key = campaign.people.mail("lantern", "It does not start", "<p>Help!</p>", [])
    campaign.people.agent("PUT", f"tickets/{key}", json={"tags": ["dev"]})
    campaign.clock.advance(60)
    return room


def _solved(campaign: Campaign) -> Path:
    """Have a ticket of which nobody says anything for days after it was solved."""
    room = _room(campaign)
    settings = room / "settings.toml"
    settings.write_text(settings.read_text("utf-8").replace("2020-01-01", "2040-01-01"), "utf-8")
    key = campaign.people.mail("lantern", "It does not start", "<p>Help!</p>", [])
    campaign.people.agent("PUT", f"tickets/{key}", json={"tags": ["dev"], "status": 4})
    for seed in (1, 2):
        campaign.clock.advance(60)
        campaign.hub.do(campaign.job(room, what="sync", seed=seed))
    campaign.clock.advance(4 * _DAY)
    return room


def _thanks(campaign: Campaign) -> tuple[int, int]:
    """Return how many texts thank the customer, and how many mails went to them for it."""
    texts = sum("We have your request" in text for text in campaign.people.texts("desk", "1"))
    mails = [m for m in campaign.people.control("GET", "outbox") if m["system"] == "freshdesk"]
    return texts, sum(bool(m["customer"]) and "We have your request" in str(m) for m in mails)


def _points(room: Path, before: int) -> list[int]:
    tape = (room / "tape").read_text("utf-8").splitlines()[before:]
    kinds = ("commit", "answer POST", "answer PUT")
    return [int(line.split(" ")[0]) for line in tape if line.split(" ", 1)[1].startswith(kinds)]


def _length(room: Path) -> int:
    tape = room / "tape"
    return len(tape.read_text("utf-8").splitlines()) if tape.exists() else 0


def _goes_on(campaign: Campaign, room: Path) -> None:
    for seed in (3, 4, 5, 6):
        campaign.clock.advance(_LEASE)
        assert campaign.hub.do(campaign.job(room, what="sync", seed=seed)) is not None


@pytest.mark.timeout(600)
def test_a_customer_gets_one_receipt_wherever_the_hub_is_killed(campaign: Campaign) -> None:
    """Otherwise a crash mails somebody twice, or their numbers never."""
    room, points = _asked(campaign), list[int]()
    for seed in (1, 2):
        before = _length(room)
        campaign.hub.do(campaign.job(room, what="sync", seed=seed))
        points = _points(room, before) if seed == 2 else points
        campaign.clock.advance(60)
    assert _thanks(campaign) == (1, 1)
    (text,) = [t for t in campaign.people.texts("desk", "1") if "We have your request" in t]
    (issue,) = campaign.people.issues()
    assert "#1" in text
    assert issue["key"] in text, "all the numbers"
    assert points
    otherwise = {}
    for point in points[:: max(1, len(points) // 8)]:
        room = _asked(campaign)
        campaign.hub.do(campaign.job(room, what="sync", seed=1))
        campaign.clock.advance(60)
        assert campaign.hub.do(campaign.job(room, what="sync", seed=2, kill_at=point)) is None
        _goes_on(campaign, room)
        if (found := _thanks(campaign)) != (1, 1):
            otherwise[point] = found
    assert otherwise == {}


@pytest.mark.timeout(600)
def test_two_processes_on_one_store_thank_and_close_once(campaign: Campaign) -> None:
    """Otherwise `serve` beside `sync --watch` mails each customer twice."""
    room = _asked(campaign)
    job = campaign.job(room, what="sync", seed=3)
    hubs: list[tuple[Hub, str]] = [(campaign.hub, "tape"), (campaign.other, "tape-2")]
    with ThreadPoolExecutor() as pool:
        for _ in range(3):
            jobs = [pool.submit(hub.do, replace(job, tape=str(room / tape))) for hub, tape in hubs]
            assert None not in [one.result() for one in jobs]
            campaign.clock.advance(_LEASE)
    assert _thanks(campaign) == (1, 1)


@pytest.mark.timeout(600)
def test_a_ticket_is_closed_once_wherever_the_hub_is_killed(campaign: Campaign) -> None:
    """Otherwise a crash leaves it open for ever, or a person who opens it again finds it closed."""
    room = _solved(campaign)
    before = _length(room)
    campaign.hub.do(campaign.job(room, what="sync", seed=3))
    points = _points(room, before)
    assert campaign.people.agent("GET", "tickets/1")["status"] == 5
    assert points
    for point in points[:: max(1, len(points) // 6)]:
        room = _solved(campaign)
        assert campaign.hub.do(campaign.job(room, what="sync", seed=3, kill_at=point)) is None
        _goes_on(campaign, room)
        assert campaign.people.agent("GET", "tickets/1")["status"] == 5, point
        campaign.people.agent("PUT", "tickets/1", json={"status": 2})
        _goes_on(campaign, room)
        assert campaign.people.agent("GET", "tickets/1")["status"] == 2, point
