"""A short campaign over real HTTP; `make campaign` plays the long one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaign.campaign import Campaign, Size
from tests.campaign.planted import PLANTED
from tests.campaign.seed import play

SHORT = Size.of(60)
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def campaign() -> Iterator[Campaign]:
    """A sandbox and a hub's process."""
    with Campaign.running() as running:
        yield running


@pytest.mark.timeout(300)
def test_a_short_campaign_passes(campaign: Campaign) -> None:
    """Otherwise people lose or double what they wrote."""
    first = play(campaign, 1, SHORT)
    assert [str(fault) for fault in first.faults] == []
    assert (first.kills, first.struck > 0) == (SHORT.kills, True)


@pytest.mark.timeout(300)
def test_a_planted_mistake_is_found_and_replays_exactly(campaign: Campaign) -> None:
    """Otherwise the judge could pass anything, or a failing seed could not be looked into.

    Here copies are written for the customer to read.
    """
    first = play(campaign, 3, SHORT, "no-audience")
    assert "leak" in {fault.check for fault in first.faults}
    again = play(campaign, 3, SHORT, "no-audience")
    assert (first.tape, first.faults) == (again.tape, again.faults)


@pytest.mark.parametrize("name", PLANTED)
def test_each_mistake_can_be_planted(campaign: Campaign, name: str) -> None:
    """Otherwise a mistake that is searched for in vain may never have been made."""
    room = campaign.reset(1)
    assert campaign.hub.do(campaign.job(room, what="state", seed=1, planted=name)) is not None


@pytest.mark.parametrize("name", ["judge", "reading", "ledger", "knowing", "people"])
def test_the_judge_knows_nothing_of_the_hub(name: str) -> None:
    """Otherwise a mistake in our reading of a tool would be made twice, and nobody would see it."""
    tree = ast.parse((HERE / f"{name}.py").read_text("utf-8"))
    found = {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    found |= {alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names}
    ours = ("sync", "connectors", "mappings", "deskbridge.bootstrap")
    assert [module for module in sorted(found) if module.startswith(ours)] == []
