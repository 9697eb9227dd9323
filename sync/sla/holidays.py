"""Holidays: computed for a country, or read out of an iCalendar feed; dates that the caller keeps.

What was computed is data from then on: a newer edition of the library, or a feed that was changed, must not
move what was promised. The caller stores the dates and says from when on new ones hold
(`sync.sla.calendar.Versions`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Any

_LONGEST = timedelta(days=3660)


def countries() -> dict[str, list[str]]:
    """Return the two letters of every country whose holidays are known, with its regions."""
    import holidays

    return holidays.list_supported_countries()


def holidays_of(country: str, region: str | None, years: Iterable[int]) -> frozenset[date]:
    """Return the public holidays of a country, or of one region of it, in some years.

    The dates are those of the `holidays` library. Raises ValueError for a country or region it does not know.
    """
    import holidays

    known = countries()
    if country not in known:
        raise ValueError(f"no country {country!r}")
    if region is not None and region not in known[country]:
        raise ValueError(f"no region {region!r} of {country}")
    # All years at once: what this library answers grows by each further year that it is asked about.
    return frozenset(holidays.country_holidays(country, subdiv=region, years=list(years), expand=False))


def altered(dates: Iterable[date], plus: Collection[date], minus: Collection[date]) -> frozenset[date]:
    """Return holidays with some added and some taken away: the desk's own, and those on which it works."""
    return (frozenset(dates) | frozenset(plus)) - frozenset(minus)


def holidays_of_feed(text: str, years: Iterable[int]) -> frozenset[date]:
    """Return the dates in some years that an iCalendar feed (RFC 5545) names as whole days.

    Days that recur are followed, those that were cancelled are left out, and so are appointments with a
    time of day: they close no desk. Raises ValueError if the text is no such feed.
    """
    from icalendar import Calendar as Feed

    wanted = frozenset(years)
    try:
        feed = Feed.from_ical(text)
        events = feed.walk("VEVENT") if feed.name == "VCALENDAR" else None
    except (ValueError, IndexError, KeyError) as error:
        raise ValueError(f"this is no iCalendar feed: {error}") from None
    if events is None:
        raise ValueError("this is no iCalendar feed: it does not begin with VCALENDAR")
    found: set[date] = set()
    event: Any  # a component says of each property only that it is one of thirty types
    for event in events:
        start = _day(event.get("DTSTART"))
        if start is None or str(event.get("STATUS", "")).upper() == "CANCELLED":
            continue
        end = _day(event.get("DTEND"))
        length = event["DURATION"].dt if end is None and "DURATION" in event else None
        days = (end - start if end else length or timedelta(days=1)).days
        for first in _recurring(event, start, wanted):
            found |= {first + timedelta(days=n) for n in range(min(max(days, 1), _LONGEST.days))}
    return frozenset(day for day in found if day.year in wanted)


def _day(value: Any) -> date | None:
    """Return a date that is meant as a whole day, or None."""
    day = getattr(value, "dt", None)
    return day if isinstance(day, date) and not isinstance(day, datetime) else None


def _recurring(event: Any, start: date, years: Collection[int]) -> set[date]:
    """Return the first days of an event that recurs, until the last of the years."""
    from dateutil.rrule import rruleset

    days = rruleset()
    midnight = datetime.combine(start, datetime.min.time())
    days.rdate(midnight)
    for rule in _listed(event.get("RRULE")):
        days.rrule(_rule(rule.to_ical().decode(), midnight))
    for name, add in (("RDATE", days.rdate), ("EXDATE", days.exdate)):
        for value in _listed(event.get(name)):
            for one in value.dts:
                day = one.dt.date() if isinstance(one.dt, datetime) else one.dt
                add(datetime.combine(day, datetime.min.time()))
    # An event may begin in the year before and go on into the first of them.
    first, last = datetime(min(years, default=1) - 1 or 1, 1, 1), datetime(max(years, default=1), 12, 31)  # noqa: DTZ001 - dates
    return {found.date() for found in days.between(first, last, inc=True)}


def _rule(text: str, start: datetime) -> Any:
    from dateutil.rrule import rrulestr

    return rrulestr(text, dtstart=start)


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]
