"""Time spent and estimated: ``1mo 2w 3d 4h 5m``, with working days and weeks (3.6)."""

from __future__ import annotations

import re

# 1d = 8h, 1w = 5d, 1mo = 4w
_UNITS = {"mo": 576_000, "w": 144_000, "d": 28_800, "h": 3_600, "m": 60, "s": 1}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(mo|w|d|h|m|s)(?![a-z])\s*")


def seconds(text: str) -> int | None:
    """Return the seconds of a duration, below zero with a leading minus; None for what is none."""
    given = text.strip().lower()
    sign, rest = (-1, given[1:].strip()) if given.startswith("-") else (1, given)
    total, at = 0.0, 0
    while part := _PART.match(rest, at):
        total += float(part[1]) * _UNITS[part[2]]
        at = part.end()
    return sign * int(total) if rest and at == len(rest) else None


def words(value: int) -> str | None:
    """Return seconds as a duration; none at all is null."""
    if not value:
        return None
    rest, parts = abs(value), []
    for unit, size in _UNITS.items():
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return ("-" if value < 0 else "") + " ".join(parts)
