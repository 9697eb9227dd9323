"""How Freshdesk's limits show (freshdesk-api 2). Pure.

Calls are counted a minute for the whole account; four kinds of calls have ceilings of their own inside
that, which no answer tells: they follow from the total, which every answer tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

from requests import Response

from connectors.quota import TOTAL, Level, number

_CEILINGS = ("ticket create", "ticket update", "ticket list", "contact list")
_PLANS: Mapping[int, tuple[int, ...]] = {
    200: (80, 80, 20, 20),
    400: (160, 160, 100, 100),
    700: (280, 280, 200, 200),
    1000: (400, 400, 300, 300),
    2000: (800, 800, 400, 400),
}
"""Calls a minute in all -> the four ceilings inside. Trials (50) have none."""
_CALLS: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("POST", re.compile(r"tickets(/outbound_email)?"), "ticket create"),
    ("PUT", re.compile(r"tickets/[0-9]+"), "ticket update"),
    ("POST", re.compile(r"tickets/bulk_update"), "ticket update"),
    ("GET", re.compile(r"tickets"), "ticket list"),
    ("GET", re.compile(r"contacts"), "contact list"),
)
_HOURLY = 3000
"""The total from which on it must be an hour's: what very old accounts still have (freshdesk-api 2)."""


def bucket_of(method: str, path: str) -> tuple[str, ...]:
    """Return the ceiling that a call falls under."""
    return tuple(name for verb, calls, name in _CALLS if verb == method and calls.fullmatch(path))


def learn(response: Response) -> Iterator[Level]:
    """Yield what an answer says of the total, and the ceilings that follow from it."""
    total = number(response.headers.get("X-Ratelimit-Total"))
    if not total:
        return
    left = number(response.headers.get("X-Ratelimit-Remaining"))
    window = timedelta(hours=1) if total >= _HOURLY else timedelta(minutes=1)
    yield Level(TOTAL, total, left, window=window)
    cost = number(response.headers.get("X-Ratelimit-Used-CurrentRequest")) or 1
    if left is not None and left + cost < total:
        # Calls before this one were counted, so ceilings are not far; an account that counts none has none.
        for name, ceiling in zip(_CEILINGS, _PLANS.get(total, ()), strict=False):
            yield Level(name, ceiling)


def spent(response: Response) -> tuple[str, ...]:
    """Return what a 429 shuts: a ceiling if calls are left otherwise, else everything."""
    path = urlsplit(response.url).path.rpartition("/api/v2/")[2]
    ceilings = bucket_of(response.request.method or "", path)
    return ceilings if ceilings and number(response.headers.get("X-Ratelimit-Remaining")) else (TOTAL,)


class Told(NamedTuple):
    """An account's limits, and what the vendor sells them as."""

    calls: float
    """A minute."""
    lists: float | None
    plan: str


_SOLD = {50: "a trial", 200: "Growth", 400: "Pro", 700: "Enterprise"}


def told(response: Response) -> Told | None:
    """Return what an answer tells of the limits; None where it does not."""
    total = number(response.headers.get("X-Ratelimit-Total"))
    if not total:
        return None
    if total >= _HOURLY:
        return Told(total / 60, None, f"{total} calls an hour")
    ceilings = dict(zip(_CEILINGS, _PLANS.get(total, ()), strict=False))
    return Told(total, ceilings.get("ticket list"), _SOLD.get(total, ""))


def in_words(response: Response) -> str | None:
    """Say what the account's limits are; None where the answer does not tell."""
    total = number(response.headers.get("X-Ratelimit-Total"))
    if not total:
        return None
    if total >= _HOURLY:
        return f"{total} calls an hour for all tools together"
    inside = [f"{n} {name}s" for name, n in zip(_CEILINGS, _PLANS.get(total, ()), strict=False)]
    return f"{total} calls a minute for all tools together" + (
        f", of them {', '.join(inside)}" if inside else ""
    )
