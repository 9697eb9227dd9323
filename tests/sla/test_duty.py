"""Who is on duty when: weeks that change on the clock on the wall, overrides, swaps and the feed."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import pytest
from icalendar import Calendar

from sync.sla.duty import Rota, Turn, calendar_text, swapped
from tests.sla.stories import ROME, at, wall

ROTA = Rota("desk", ("Ada", "Bo", "Cy"), ROME, date(2026, 3, 16), time(9))


@pytest.mark.parametrize(
    ("when", "who"),
    [
        ("2026-03-16 09:00", "Ada"),
        ("2026-03-16 08:59", "Cy"),  # before the first day the row goes on backwards
        ("2026-03-23 08:59", "Ada"),
        ("2026-03-23 09:00", "Bo"),
        ("2026-03-30 08:59", "Bo"),  # summer time began the night before: nine is still nine
        ("2026-03-30 09:00", "Cy"),
        ("2026-04-06 09:00", "Ada"),
    ],
)
def test_turns_change_on_the_clock_on_the_wall(when: str, who: str) -> None:
    """Twice a year somebody would be called for an hour that is not theirs."""
    assert ROTA.on(at(when)) == who


def test_an_override_and_a_swap_go_before_the_week() -> None:
    """Who is away would be called, or who took their place would not."""
    away = Turn(at("2026-03-18 00:00"), at("2026-03-20 00:00"), "Cy", "a fair")
    rota = Rota("desk", ROTA.people, ROME, ROTA.first, ROTA.at, (away,))
    found = rota.turns(at("2026-03-16 09:00"), at("2026-03-30 09:00"))
    assert [(wall(t.start), t.person) for t in found] == [
        ("2026-03-16 09:00", "Ada"),
        ("2026-03-18 00:00", "Cy"),
        ("2026-03-20 00:00", "Ada"),
        ("2026-03-23 09:00", "Bo"),
    ]
    swaps = swapped(rota, at("2026-03-17 12:00"), at("2026-03-24 12:00"))
    assert [rota.on(at(when), swaps) for when in ("2026-03-19 12:00", "2026-03-24 12:00")] == ["Bo", "Ada"]
    back = swapped(rota, at("2026-03-17 12:00"), at("2026-03-24 12:00"), swaps)
    assert rota.on(at("2026-03-17 12:00"), (*swaps, *back)) == "Ada"


def test_a_swap_that_changes_nothing_is_refused() -> None:
    """A slip of the hand would stand in the plan as a swap."""
    with pytest.raises(ValueError, match="same turn"):
        swapped(ROTA, at("2026-03-17 12:00"), at("2026-03-18 12:00"))
    alone = Rota("desk", ("Ada",), ROME, ROTA.first)
    with pytest.raises(ValueError, match="both turns are Ada's"):
        swapped(alone, at("2026-03-17 12:00"), at("2026-03-24 12:00"))


def test_people_can_subscribe_to_it() -> None:
    """Nobody would have their turns in their own calendar."""
    turns = ROTA.turns(at("2026-03-16 09:00"), at("2026-03-30 09:00"))
    feed = Calendar.from_ical(calendar_text(ROTA, turns, at("2026-03-01 09:00")))
    events: list[Any] = list(feed.walk("VEVENT"))
    assert [str(event["SUMMARY"]) for event in events] == ["desk: Ada", "desk: Bo"]
    assert events[0]["DTSTART"].dt == turns[0].start
    assert len({str(event["UID"]) for event in events}) == 2
