"""Dates and months as people write them on the command line."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from connectors.errors import ConfigError


def day_of(
    option: str, text: str, *, before: datetime | None = None, zone: ZoneInfo | None = None
) -> datetime:
    """Return the instant at which a date begins in a zone, UTC if none is said.

    Raises ConfigError for another text, or for an instant that is not `before` one.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ConfigError([f"{option} {text!r}: this is no date; write it like 2026-03-01"]) from None
    begin = datetime(day.year, day.month, day.day, tzinfo=zone or UTC).astimezone(UTC)
    if before is not None and begin >= before:
        raise ConfigError([f"{option} {text}: this is not past yet"])
    return begin


def month_of(text: str, zone: ZoneInfo) -> tuple[date, datetime, datetime]:
    """Return the first day of a month, and when it begins and ends in a zone. Raises ConfigError."""
    found = re.fullmatch(r"([12][0-9]{3})-(0[1-9]|1[0-2])", text)
    if not found:
        raise ConfigError([f"--month {text!r}: this is no month; write it like 2026-03"])
    first = date(int(found[1]), int(found[2]), 1)
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    begin, end = (datetime(d.year, d.month, 1, tzinfo=zone).astimezone(UTC) for d in (first, after))
    return first, begin, end


def one_form(**asked: bool) -> None:
    """Raise ConfigError if more than one form of an answer was asked for."""
    named = [f"--{name}" for name, wanted in asked.items() if wanted]
    if len(named) > 1:
        raise ConfigError([f"{' and '.join(named)}: an answer has one form; ask for one of them"])
