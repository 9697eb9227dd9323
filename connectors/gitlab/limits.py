"""How GitLab's limits show in its answers (gitlab-api 1.3). Pure.

A throttle counts all calls of an account; where it is on, GitLab.com's answers tell it. Behind it some calls
have a limit of their own, which no answer tells before it refuses one; those of GitLab.com are known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import requests

from connectors.http import Limits
from connectors.quota import TOTAL, Level, number

_THROTTLE = "throttle_authenticated_api"
"""The throttle that counts what the hub calls; files, searches and pages may have others."""
_COM: Mapping[str, int] = {"note": 60, "issue": 200}
"""How many of each one account may write on GitLab.com in a minute."""
_CALLS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"projects/[^/]+/issues/[0-9]+/(?:notes|discussions(?:/[^/]+/notes)?)"), "note"),
    (re.compile(r"projects/[^/]+/issues"), "issue"),
)
"""What a POST to these makes: an issue's own text counts as a note nowhere."""


def _buckets(method: str, path: str) -> tuple[str, ...]:
    """Return the limit of its own that a call falls under."""
    path = path.partition("?")[0]
    return tuple(name for calls, name in _CALLS if method == "POST" and calls.fullmatch(path))


def _learn(response: requests.Response) -> Iterator[Level]:
    """Yield what an answer says of all calls, and on GitLab.com what is known of notes and issues.

    The limit is one of a minute, whatever time the throttle counts over; of a longer one more may be left.
    """
    told = response.headers
    if told.get("RateLimit-Name", _THROTTLE) != _THROTTLE:
        return
    limit, left = number(told.get("RateLimit-Limit")), number(told.get("RateLimit-Remaining"))
    if limit is None or left is None:
        return
    yield Level(TOTAL, limit, left if left <= limit else None)
    if urlsplit(response.url).hostname == "gitlab.com":
        yield from (Level(name, most) for name, most in _COM.items())


def _spent(response: requests.Response) -> tuple[str, ...]:
    """Return what a 429 shuts: notes or issues where their own limit refused in JSON, else everything."""
    path = urlsplit(response.request.url or "").path.partition("/api/v4/")[2]
    own = _buckets(response.request.method or "", path)
    json = response.headers.get("Content-Type", "").startswith("application/json")
    return own if own and json and "RateLimit-Limit" not in response.headers else (TOTAL,)


LIMITS = Limits(_buckets, _learn, _spent)
"""The hooks by which calls are paced."""
