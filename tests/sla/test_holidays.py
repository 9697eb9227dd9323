"""Holidays of countries, by hand from their laws, and of feeds as calendars really write them."""

from __future__ import annotations

from datetime import date

import pytest

from sync.sla.holidays import altered, countries, holidays_of, holidays_of_feed

ITALY_2025 = "01-01 01-06 04-21 04-25 05-01 06-02 08-15 12-08 12-25 12-26"
"""Those that are not Sundays or Saturdays."""


def test_a_country() -> None:
    """On the Epiphany a desk in Rome is closed: a promise that runs through it is broken at noon."""
    expected = {date.fromisoformat(f"2025-{day}") for day in ITALY_2025.split()}
    assert {day for day in holidays_of("IT", None, [2025]) if day.weekday() < 5} == expected


def test_a_region_has_its_own() -> None:
    """In Munich Corpus Christi is a holiday, in Berlin it is not, and there the women's day is."""
    munich, berlin = holidays_of("DE", "BY", [2025]), holidays_of("DE", "BE", [2025])
    assert date(2025, 6, 19) in munich - berlin
    assert date(2025, 3, 8) in berlin - munich


def test_only_the_years_that_were_asked_for() -> None:
    """What is stored for three years must not depend on what was asked before it."""
    assert {day.year for day in holidays_of("US", None, [2025, 2026])} == {2025, 2026}
    assert holidays_of("US", None, []) == frozenset()


@pytest.mark.parametrize(
    ("country", "region", "told"),
    [
        ("XX", None, "no country 'XX'"),
        ("it", None, "no country 'it'"),
        ("IT", "Paris", "no region 'Paris' of IT"),
    ],
)
def test_unknown_ones_are_refused(country: str, region: str | None, told: str) -> None:
    """A misspelt country would mean that nobody ever has a holiday."""
    with pytest.raises(ValueError, match=told):
        holidays_of(country, region, [2025])


def test_countries_can_be_listed() -> None:
    """The settings name what was meant instead of an unknown one."""
    assert "BY" in countries()["DE"]


def test_plus_and_minus() -> None:
    """The town's patron saint closes the desk, and on a bridge day it works though the state does not."""
    dates = holidays_of("IT", None, [2025])
    changed = altered(dates, plus=[date(2025, 6, 29)], minus=[date(2025, 8, 15), date(2025, 8, 16)])
    assert changed - dates == {date(2025, 6, 29)}
    assert dates - changed == {date(2025, 8, 15)}


def feed(*events: str) -> str:
    """A feed with events as their lines."""
    lines = [line for event in events for line in ("BEGIN:VEVENT", *event.split("|"), "END:VEVENT")]
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//desk//EN", *lines, "END:VCALENDAR", ""])


FEEDS = {
    "one day": ("DTSTART;VALUE=DATE:20250624|DTEND;VALUE=DATE:20250625", ["2025-06-24"]),
    "without an end": ("DTSTART;VALUE=DATE:20250624", ["2025-06-24"]),
    "two days": ("DTSTART;VALUE=DATE:20251224|DTEND;VALUE=DATE:20251226", ["2025-12-24", "2025-12-25"]),
    "by its length": ("DTSTART;VALUE=DATE:20251224|DURATION:P2D", ["2025-12-24", "2025-12-25"]),
    "every year": ("DTSTART;VALUE=DATE:20190624|RRULE:FREQ=YEARLY", ["2025-06-24", "2026-06-24"]),
    "every year until": ("DTSTART;VALUE=DATE:20190624|RRULE:FREQ=YEARLY;UNTIL=20250701", ["2025-06-24"]),
    "every year until an instant": (
        "DTSTART;VALUE=DATE:20190624|RRULE:FREQ=YEARLY;UNTIL=20250701T000000Z",
        ["2025-06-24"],
    ),
    "so many times": (
        "DTSTART;VALUE=DATE:20240624|RRULE:FREQ=YEARLY;COUNT=2",
        ["2025-06-24"],
    ),
    "a stretch beside it": (
        "DTSTART;VALUE=DATE:20250502|RDATE;VALUE=PERIOD:20260601T000000Z/PT1H",
        ["2025-05-02", "2026-06-01"],
    ),
    "at times of the day": (
        "DTSTART;VALUE=DATE:20250624|RRULE:FREQ=DAILY;COUNT=1;BYHOUR=0,1;BYMINUTE=0,1;BYSECOND=0,1",
        ["2025-06-24"],
    ),
    "every year but one": (
        "DTSTART;VALUE=DATE:20190624|RRULE:FREQ=YEARLY|EXDATE;VALUE=DATE:20250624",
        ["2026-06-24"],
    ),
    "two dates": ("DTSTART;VALUE=DATE:20250502|RDATE;VALUE=DATE:20260601", ["2025-05-02", "2026-06-01"]),
    "over the end of a year": (
        "DTSTART;VALUE=DATE:20241230|DTEND;VALUE=DATE:20250103",
        ["2025-01-01", "2025-01-02"],
    ),
    "an appointment": ("DTSTART:20250624T090000Z|DTEND:20250624T100000Z", []),
    "cancelled": ("DTSTART;VALUE=DATE:20250624|STATUS:CANCELLED", []),
    "another year": ("DTSTART;VALUE=DATE:20300624", []),
}


@pytest.mark.parametrize("what", FEEDS)
def test_feeds(what: str) -> None:
    """A works outing that the company's calendar knows closes the desk; a meeting in it does not."""
    event, expected = FEEDS[what]
    found = holidays_of_feed(feed(f"UID:1|SUMMARY:Closed|{event}"), [2025, 2026])
    assert sorted(day.isoformat() for day in found) == expected


NEVER = "RRULE:FREQ=DAILY;COUNT=9;BYMONTH=2;BYMONTHDAY=30"
BOMBS = {
    "no step": feed("DTSTART;VALUE=DATE:20250101|RRULE:FREQ=DAILY;INTERVAL=0"),
    "each second": feed("DTSTART;VALUE=DATE:20250101|RRULE:FREQ=SECONDLY"),
    "from the year one on": feed(f"DTSTART;VALUE=DATE:00010101|{NEVER}"),
    "a thousand": feed(*[f"DTSTART;VALUE=DATE:20250101|{NEVER}"] * 1_000),
    "every day, often": feed(*["DTSTART;VALUE=DATE:20150101|RRULE:FREQ=DAILY"] * 50),
    "long ones": feed(*["DTSTART;VALUE=DATE:20150101|DTEND;VALUE=DATE:20250101"] * 1_000),
}


@pytest.mark.parametrize("what", BOMBS)
def test_a_feed_that_never_ends_is_refused(what: str) -> None:
    """A few bytes from a server that was taken over would hold the hub up, some of them for ever."""
    with pytest.raises(ValueError, match=r"recur|more than"):
        holidays_of_feed(BOMBS[what], range(2015, 2046))


@pytest.mark.parametrize(
    "text", ["", "<html>Sign in</html>", "BEGIN:VEVENT\r\nEND:VEVENT\r\n", "BEGIN:VCALENDAR"]
)
def test_what_is_no_feed_is_refused(text: str) -> None:
    """A page that asks to sign in would mean that all holidays are gone."""
    with pytest.raises(ValueError, match="no iCalendar feed"):
        holidays_of_feed(text, [2025])
