"""A desk's life over real HTTP, held against a counter of minutes, and proof that the counter finds mistakes.

A week of it is played each time; `make desk-life` plays a quarter, `make desk-life PLANTED=all` all mistakes.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaign.campaign import Campaign
from tests.desk_life.planted import PLANTED
from tests.desk_life.story import QUARTER, WEEK, Story

SEED = int(os.environ.get("DESK_LIFE", "1"))
LONG = "DESK_LIFE" in os.environ
WANTED = os.environ.get("DESK_LIFE_PLANTED", "")
ALWAYS = {"waiting-counts": "clock", "label-left": "label"}
"""What is planted each time, and what finds it."""


@pytest.fixture(scope="module")
def campaign() -> Iterator[Campaign]:
    """A sandbox, and the processes out of which hubs are forked."""
    with Campaign.running() as running:
        yield running


@pytest.mark.timeout(7200 if LONG else 300)
@pytest.mark.skipif(bool(WANTED), reason="only mistakes are asked for")
def test_every_clock_is_what_the_minutes_say_and_so_are_the_tools(campaign: Campaign) -> None:
    """Otherwise a clock, a due time, a label, a step or a report is wrong on some day, or told twice."""
    told = Story(campaign, SEED, QUARTER if LONG else WEEK).play()
    print(told)  # noqa: T201 - the figures of `make desk-life`
    assert told.wrong == []
    assert told.parked == {}
    assert told.compared > (20_000 if LONG else 400)
    assert told.notes >= told.outside > (150 if LONG else 5)
    assert told.withdrawn > 0
    assert told.kills > (20 if LONG else 1)
    assert told.pairs > (20 if LONG else 1)
    assert told.reported > (60 if LONG else 5)


@pytest.mark.timeout(1800 if LONG else 300)
@pytest.mark.parametrize("name", [WANTED] if WANTED in PLANTED else PLANTED if WANTED == "all" else ALWAYS)
@pytest.mark.skipif(LONG and not WANTED, reason="the quarter alone is asked for")
def test_a_mistake_is_found(campaign: Campaign, name: str) -> None:
    """Otherwise the counter would agree with a hub that counts wrongly."""
    sizes = [WEEK] * 4 + [QUARTER] * LONG
    seeds = (Story(campaign, SEED + n, size, planted=name).play() for n, size in enumerate(sizes))
    told = next((told for told in seeds if told.wrong), None)
    assert told is not None
    print(f"{name}: after {told.compared} comparisons: {told.wrong[0]}")  # noqa: T201 - as above
    if name in ALWAYS:
        assert ALWAYS[name] in {fault.partition(":")[0] for fault in told.wrong}


@pytest.mark.parametrize("name", ["counting", "judge", "life"])
def test_who_counts_knows_nothing_of_the_hub(name: str) -> None:
    """Otherwise a mistake of ours would be made twice, and nobody would see it."""
    tree = ast.parse((Path(__file__).parent / f"{name}.py").read_text("utf-8"))
    found = {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    found |= {alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names}
    assert [m for m in sorted(found) if m.startswith(("sync", "connectors", "mappings", "deskbridge"))] == []
