"""How people write zones, working weeks and lengths in the settings.

Each function raises ValueError in plain words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sync.sla.calendar import Frame

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def zone(value: object) -> object:
    """Return the time zone of a name."""
    try:
        return ZoneInfo(value) if isinstance(value, str) else value
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"no time zone {value!r}; write it like Europe/Rome") from None


def week(value: object) -> object:
    """Return the frames of Monday to Sunday out of ``{"mon-fri" = ["09:00-13:00"]}``."""
    if not isinstance(value, Mapping):
        raise ValueError('write it like {"mon-fri" = ["09:00-13:00", "14:00-18:00"]}')  # noqa: TRY004 - pydantic's
    days_frames: list[tuple[Frame, ...]] = [()] * 7
    for days, frames in value.items():
        first, _, last = str(days).partition("-")
        if first not in _DAYS or (last or first) not in _DAYS:
            raise ValueError(f"no days {days!r}; there are {', '.join(_DAYS)}, and ranges like mon-fri")
        for day in range(_DAYS.index(first), _DAYS.index(last or first) + 1):
            days_frames[day] = _frames(frames)
    return tuple(days_frames)


def _frames(value: object) -> tuple[Frame, ...]:
    texts = value if isinstance(value, list | tuple) else ()
    frames = []
    for text in texts:
        found = re.fullmatch(r"(\d\d):(\d\d)-(\d\d):(\d\d)", str(text))
        if not found:
            raise ValueError(f"no frame {text!r}; write it like 09:00-13:00")
        h1, m1, h2, m2 = map(int, found.groups())
        frames.append(Frame(time(h1, m1), time(h2 % 24, m2)))
    for before, after in pairwise(frames):
        if after.start < before.end:
            raise ValueError(f"the frames {_text(before)} and {_text(after)} overlap or are out of order")
    return tuple(frames)


def _text(frame: Frame) -> str:
    return f"{frame.start:%H:%M}-{frame.end:%H:%M}"


@dataclass(frozen=True, slots=True)
class Span:
    """A target's length, and whether it counts night and day."""

    length: timedelta
    elapsed: bool


def span(value: object) -> object:
    """Return the length out of ``4h`` or ``48h elapsed``."""
    if isinstance(value, Span):
        return value
    found = re.fullmatch(r"(\d+) ?(m|h)( elapsed)?", str(value))
    if not found:
        raise ValueError(f"no length {value!r}; write 30m or 4h, or 48h elapsed to count night and day")
    unit = timedelta(hours=1) if found[2] == "h" else timedelta(minutes=1)
    return Span(length=int(found[1]) * unit, elapsed=found[3] is not None)
