"""Holidays: computed for a country, or read out of an iCalendar feed; dates that the caller keeps.

What was computed is data from then on: a newer edition of the library, or a feed that was changed, must not
move what was promised. The caller stores the dates and says from when on new ones hold
(`sync.sla.calendar.Versions`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

_LONGEST = timedelta(days=3660)
_MOST_DAYS = 200_000
"""Days that a feed may name: ten times those of the busiest. One that was taken over costs no more."""
_MOST_RULES = 500
"""Events that may recur; each takes time though it names no day."""
_FREQUENCIES = frozenset({"YEARLY", "MONTHLY", "WEEKLY", "DAILY"})
_EARLIEST = 1900
"""The year before which nothing that recurs can have begun."""


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
    if sum("RRULE" in event for event in events) > _MOST_RULES:
        raise ValueError(f"more than {_MOST_RULES} of its events recur")
    found, named = set[date](), 0
    event: Any  # a component says of each property only that it is one of thirty types
    for event in events:
        start = _day(event.get("DTSTART"))
        if start is None or str(event.get("STATUS", "")).upper() == "CANCELLED":
            continue
        end = _day(event.get("DTEND"))
        length = event["DURATION"].dt if end is None and "DURATION" in event else None
        days = (end - start if end else length or timedelta(days=1)).days
        days = min(max(days, 1), _LONGEST.days)
        firsts = _recurring(event, start, wanted)
        named += days * len(firsts)
        if named > _MOST_DAYS:
            raise ValueError(f"it names more than {_MOST_DAYS} days")
        for first in firsts:
            found |= {first + timedelta(days=n) for n in range(days)}
    return frozenset(day for day in found if day.year in wanted)


def _day(value: Any) -> date | None:
    """Return a date that is meant as a whole day, or None."""
    day = getattr(value, "dt", None)
    return day if isinstance(day, date) and not isinstance(day, datetime) else None


def _recurring(event: Any, start: date, years: Collection[int]) -> set[date]:
    """Return the first days of an event that recurs, until the last of the years."""
    from dateutil.rrule import rrulestr

    # An event may begin in the year before and go on into the first of them.
    first, last = date(min(years, default=1) - 1 or 1, 1, 1), date(max(years, default=1), 12, 31)
    found = {start}
    for rule in _listed(event.get("RRULE")):
        text, most = _bounded(rule, start, last)
        found |= {one.date() for one in islice(rrulestr(text, dtstart=_midnight(start)), most)}
    found |= set(_dates(event, "RDATE"))
    found -= set(_dates(event, "EXDATE"))
    return {day for day in found if first <= day <= last}


def _dates(event: Any, name: str) -> Iterator[date]:
    for value in _listed(event.get(name)):
        for one in value.dts:
            moment = one.dt[0] if isinstance(one.dt, tuple) else one.dt  # a stretch has the day it begins on
            yield moment.date() if isinstance(moment, datetime) else moment


def _bounded(rule: Any, start: date, last: date) -> tuple[str, int]:
    """Return a rule that ends with the last of the years, and how often it may come at most.

    Times of the day, of which a rule may name 86,400, mean nothing to whole days. Raises ValueError for a
    rule that no holiday has.
    """
    parts = {name: value for name, value in rule.items() if name not in ("BYHOUR", "BYMINUTE", "BYSECOND")}
    often, step = _first(rule, "FREQ", ""), _first(rule, "INTERVAL", 1)
    if often not in _FREQUENCIES or int(step) < 1 or start.year < _EARLIEST:
        raise ValueError(f"an event recurs {often} by {step} from {start} on: no holiday does")
    most = int(_first(rule, "COUNT", _MOST_DAYS))
    parts.pop("COUNT", None)  # counted by who asks: a rule that never comes would never have come so often
    until = _first(rule, "UNTIL", last)
    until = until.date() if isinstance(until, datetime) else until
    parts["UNTIL"] = [_midnight(min(until, last))]
    return type(rule)(parts).to_ical().decode(), most


def _first(rule: Any, name: str, otherwise: Any) -> Any:
    return (_listed(rule.get(name)) or [otherwise])[0]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time())


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]
