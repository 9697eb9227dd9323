"""How people write names, addresses, zones, working weeks and lengths in the settings.

Each function raises ValueError in plain words, which never repeat what could be a secret.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from itertools import pairwise
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import SecretStr

from sync.rules import When
from sync.sla.calendar import Frame
from sync.sla.steps import steps

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONGEST = timedelta(days=366)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}


def name(value: str) -> str:
    """Return a name that the settings, a variable of the environment and a label can all hold."""
    if not re.fullmatch(r"[a-z0-9]+([-_][a-z0-9]+)*", value):
        raise ValueError("a name has small letters and digits, with single - or _ between them")
    return value


def label(value: str) -> str:
    """Return a label that every tool takes as one."""
    if not re.fullmatch(r"[^\s,]+", value):
        raise ValueError("a label has no spaces or commas, and is not empty; leave it out for customer-KEY")
    return value


def mail(value: str) -> str:
    """Return a mail address."""
    if not re.fullmatch(r"[^\s@,;<>]+@[^\s@,;<>]+", value):
        raise ValueError(f"{value!r} is no mail address; write it like kim@example.com")
    return value


def sign(value: str) -> str:
    """Return a sign that a text may begin with and that no tool takes for markup."""
    if not re.fullmatch(r"[^\w\s<>*_`\[\\/@#~]\S{2,}", value):
        raise ValueError(
            f"{value!r} cannot be a sign; take a word of three characters or more, without spaces, that"
            " begins with ! or + (and with none of * _ ` # @ / ~ [ <, which mean something in a text)"
        )
    return value


def mark(value: str) -> str:
    """Return a label that a step sets."""
    if not re.fullmatch(r"[^\s,]+", value):
        raise ValueError("a label has no spaces or commas, and is not empty")
    return value


def feed(value: str) -> str:
    """Return where an iCalendar feed is: a file, or an address over https."""
    if "://" not in value:
        if not value.strip():
            raise ValueError("name a file, or an address like https://example.com/holidays.ics")
        return value
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"\s", value):
        raise ValueError("this is no address; write it like https://example.com/holidays.ics")
    if parts.username or parts.password:
        raise ValueError("an address holds no credential; put the file beside the settings")
    if parts.scheme == "http" and not re.fullmatch(r"localhost|127(\.\d+){3}|::1", parts.hostname):
        raise ValueError("write https: over http anybody on the way could give the desk a day off")
    return value


def network(value: str) -> str:
    """Return an address, or a network like ``10.0.0.0/24``."""
    try:
        found = ipaddress.ip_network(value)
    except ValueError:
        raise ValueError(f"no network {value!r}; write 127.0.0.1 or 10.0.0.0/24") from None
    if not found.prefixlen:
        raise ValueError(f"{found} is everybody; name the proxy's own address, or its network")
    return str(found)


def days(value: object) -> timedelta:
    """Return the length out of ``90d``."""
    if isinstance(value, timedelta):
        return value
    found = re.fullmatch(r"([1-9][0-9]{0,4}) ?d", str(value))
    if not found:
        raise ValueError(f"no number of days {str(value)!r}; write 90d")
    return timedelta(days=int(found[1]))


def store(value: SecretStr) -> SecretStr:
    """Return where the store is: a path, or the address of a PostgreSQL database."""
    written = value.get_secret_value()
    if not written or ("://" in written and not re.match(r"postgresql\+psycopg://.*/[^/]", written)):
        raise ValueError("this is no store; write a path, or postgresql+psycopg://USER@HOST/DATABASE")
    return value


_WAYS = {"never": frozenset[When](), **{str(when): frozenset({when}) for when in When}}


def ways(value: object) -> frozenset[When]:
    """Return when a field travels out of ``always``, or ``["create", "suggest"]``; ``never`` is empty."""
    words = value if isinstance(value, list | tuple | frozenset) else [value]
    if unknown := [word for word in words if str(word) not in _WAYS]:
        raise ValueError(f"no {str(unknown[0])!r}; there are {', '.join(_WAYS)}")
    found = frozenset(when for word in words for when in _WAYS[str(word)])
    if When.ALWAYS in found and len(words) > 1:
        raise ValueError("always has no room for anything beside it; only create and suggest go together")
    if "never" in words and len(words) > 1:
        raise ValueError("never has no room for anything beside it")
    return found


FOR_ANYBODY = frozenset(
    "aol.com gmail.com gmx.de gmx.net googlemail.com hotmail.com icloud.com live.com mail.com mail.ru"
    " me.com msn.com outlook.com proton.me protonmail.com qq.com t-online.de web.de yahoo.com yandex.ru"
    " ymail.com 163.com".split()
)
"""Domains at which the largest mail providers give addresses away: nobody's customers are all there."""


def domain(value: str) -> str:
    """Return a mail domain in small letters."""
    if not re.fullmatch(r"[^\s@/*.]+(\.[^\s@/*.]+)+", value):
        raise ValueError(f"{value!r} is no mail domain; write what follows the @, like lantern.example")
    if value.lower() in FOR_ANYBODY:
        raise ValueError(f"anybody may have an address at {value}: name the customer's organisations instead")
    return value.lower()


def address(value: str) -> str:
    """Return a tool's base address, without a slash at its end."""
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("this is no address; write it like https://example.atlassian.net") from None
    if parts.username is not None or parts.password is not None:
        raise ValueError("a credential never stands in an address; put it where `secret` points")
    if parts.scheme not in ("http", "https") or not host or re.search(r"\s", value):
        raise ValueError("this is no address; write it like https://example.atlassian.net")
    if parts.query or parts.fragment:
        raise ValueError("an address ends before ? and #")
    if parts.scheme == "http" and not re.fullmatch(r"localhost|127(\.\d+){3}|::1", host):
        raise ValueError("write https: over http anybody on the way could read the credential")
    return value.rstrip("/")


def zone(value: object) -> object:
    """Return the time zone of a name."""
    try:
        return ZoneInfo(value) if isinstance(value, str) else value
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = available_timezones()
        near = [one for one in sorted(known) if one.rpartition("/")[2] == str(value).title()]
        near += get_close_matches(str(value).title(), known, 1)
        meant = f"did you mean {near[0]!r}?" if near else "write it like Europe/Rome"
        raise ValueError(f"no time zone {value!r}; {meant}") from None


def week(value: object) -> object:
    """Return the frames of Monday to Sunday out of ``{"mon-fri" = ["09:00-13:00"]}``.

    A frame that does not end after it starts (``22:00-06:00``) ends on the next day.
    """
    if not isinstance(value, Mapping):
        raise ValueError('write it like {"mon-fri" = ["09:00-13:00", "14:00-18:00"]}')  # noqa: TRY004 - pydantic's
    frames: dict[int, tuple[Frame, ...]] = {}
    for days, texts in value.items():
        for day in _days(str(days)):
            if day in frames:
                raise ValueError(f"{_DAYS[day]} is said twice")
            frames[day] = _frames(texts)
    _refuse_overlaps(frames)
    return tuple(frames.get(day, ()) for day in range(7))


def frames_of_dates(value: object) -> object:
    """Return the frames of dates out of ``{"2026-12-24" = ["09:00-13:00"]}``; an empty list is a day off."""
    if not isinstance(value, Mapping):
        raise ValueError('write it like {"2026-12-24" = ["09:00-13:00"]}')  # noqa: TRY004 - pydantic's
    found: dict[date, tuple[Frame, ...]] = {}
    for text, frames in value.items():
        try:
            day = date.fromisoformat(str(text))
        except ValueError:
            raise ValueError(f"no date {str(text)!r}; write it like 2026-12-24") from None
        found[day] = frames if _made(frames) else _frames(frames)
        for before, after in pairwise(found[day]):
            if after.start < before.end or before.end <= before.start:
                told = f"the frames {_text(before)} and {_text(after)}"
                raise ValueError(f"{told} of {day} overlap or are out of order")
    return found


def _made(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(one, Frame) for one in value)


def _days(text: str) -> range:
    first, _, last = text.partition("-")
    if first not in _DAYS or (last or first) not in _DAYS:
        raise ValueError(f"no days {text!r}; there are {', '.join(_DAYS)}, and ranges like mon-fri")
    days = range(_DAYS.index(first), _DAYS.index(last or first) + 1)
    if not days:
        raise ValueError(f"the days {text!r} are the wrong way round; a week runs from mon to sun")
    return days


def _frames(value: object) -> tuple[Frame, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError('write frames as a list, like ["09:00-13:00"]')  # noqa: TRY004 - pydantic's
    return tuple(_frame(str(text)) for text in value)


def _frame(text: str) -> Frame:
    found = re.fullmatch(r"((?:[01]\d|2[0-3]):[0-5]\d)-((?:[01]\d|2[0-3]):[0-5]\d|24:00)", text)
    if not found or found[1] == found[2]:
        raise ValueError(f"no frame {text!r}; write it like 09:00-13:00")
    return Frame(time.fromisoformat(found[1]), time.fromisoformat(found[2].replace("24:", "00:")))


def _refuse_overlaps(frames: Mapping[int, tuple[Frame, ...]]) -> None:
    """Raise ValueError for frames that count the same minute twice, also over midnight and Sunday's end."""
    monday = datetime(2001, 1, 1)  # noqa: DTZ001 - some week, on the clock on the wall
    spans = []
    for day, one in [(n, frame) for n in (*range(7), 7) for frame in frames.get(n % 7, ())]:
        start = datetime.combine(monday + timedelta(days=day), one.start)
        end = datetime.combine(start, one.end) + timedelta(days=one.end <= one.start)
        spans.append((start, end, f"{_DAYS[day % 7]} {_text(one)}"))
    if not spans:
        raise ValueError("there is no working time at all")
    for (_, end, before), (start, _, after) in pairwise(spans):
        if start < end:
            raise ValueError(f"the frames {before} and {after} overlap or are out of order")


def _text(frame: Frame) -> str:
    return f"{frame.start:%H:%M}-{frame.end:%H:%M}"


@dataclass(frozen=True, slots=True)
class Span:
    """A target's length, and what it is measured in: working time if nothing else is said."""

    length: timedelta
    elapsed: bool
    """Whether it counts night and day."""
    days: int = 0
    """So many working days instead of a length."""
    due_working: bool = False
    """Whether elapsed time is due in working time only."""
    by_date: bool = False
    """Whether it is due by the date that was promised."""


def span(value: object) -> object:
    """Return the length out of ``4h``, ``3d``, ``48h elapsed``, ``48h elapsed due working`` or ``date``."""
    if isinstance(value, Span):
        return value
    if value == "date":
        return Span(timedelta(0), elapsed=False, by_date=True)
    found = re.fullmatch(r"([0-9]{1,6}) ?(m|h|d)( working| elapsed(?: due working)?)?", str(value))
    if not found:
        raise ValueError(f"no length {value!r}; write 30m or 4h, or 48h elapsed to count night and day")
    elapsed = bool(found[3]) and "elapsed" in found[3]
    count, unit = int(found[1]), {"m": "minutes", "h": "hours", "d": "days"}[found[2]]
    length = timedelta(**{unit: count})
    if not timedelta(0) < length <= _LONGEST:
        raise ValueError(f"the length {value!r} must be more than nothing and a year at most")
    if unit == "days" and not elapsed:
        return Span(timedelta(0), elapsed=False, days=count)
    return Span(length, elapsed=elapsed, due_working=elapsed and found[3].endswith("working"))


def moment(value: object) -> str:
    """Return when a step is taken, out of ``80 %``, ``breach``, ``breach + 1h`` or ``every 1h x 5``."""
    steps(str(value))
    return str(value)


def duration(value: object) -> object:
    """Return the time out of ``30s``, ``5m`` or ``24h``: night and day, at least a second."""
    if isinstance(value, timedelta):
        return value
    found = re.fullmatch(r"([0-9]{1,6}) ?(s|m|h)", str(value))
    if not found:
        raise ValueError(f"no time {value!r}; write 30s, 5m or 24h")
    length = int(found[1]) * timedelta(**{_UNITS[found[2]]: 1})
    if not timedelta(0) < length <= _LONGEST:
        raise ValueError(f"the time {value!r} must be more than nothing and a year at most")
    return length
