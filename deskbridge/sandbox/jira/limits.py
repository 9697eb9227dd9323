"""Jira's limits (reference, 1.3 and 1.4).

Bursts per endpoint, writes on one issue, points per hour; Data Center's bucket per user.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict, deque
from datetime import UTC, datetime, timedelta
from typing import Any

from deskbridge.sandbox.kernel import Refused

PER_SECOND = {"GET": 100, "POST": 100, "PUT": 50, "DELETE": 50}
SPECIAL = {
    ("GET", "issue/{key}"): 150,
    ("GET", "issue/{key}/changelog"): 200,
    ("GET", "attachment/content/{id}"): 300,
    ("GET", "attachment/thumbnail/{id}"): 200,
    ("GET", "user"): 150,
    ("GET", "component/{id}"): 200,
    ("PUT", "component/{id}"): 500,
    ("POST", "search/approximate-count"): 150,
    ("GET", "/rest/servicedeskapi/servicedesk/{desk}/customer"): 5,
}
# All searches for people share one limit of the site.
_SHARED = ("user/search", "user/assignable/search", "user/picker", "user/assignable/multiProjectSearch")
ISSUE_WRITES = ((20, 2.0), (100, 30.0))
DC_BUCKET, DC_FILL = 30, 10
_MOST_REMEMBERED = 10_000


def burst_of(method: str, template: str) -> int:
    """Return how many calls a second this endpoint takes from the whole site."""
    short = template.removeprefix("/rest/api/{v}/")
    return SPECIAL.get((method, short), PER_SECOND.get(method, 100))


class Limits:
    """Counts calls against the site's limits; knows no clock of its own."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}
        self._writes: dict[int, deque[float]] = defaultdict(deque)
        self._spent: tuple[datetime, int] = (datetime.min.replace(tzinfo=UTC), 0)

    def take(self, method: str, template: str, now: datetime) -> dict[str, str]:
        """Count one call and return the headers that tell about the bucket; Refused when empty."""
        short = template.removeprefix("/rest/api/{v}/")
        key = (method, "people" if short in _SHARED else template)
        size = burst_of(method, template)
        left, wait = self._draw(key, size, size, now)
        if wait:
            raise too_many("jira-burst-based", size, wait, now)
        return _state("jira-burst-based", size, left)

    def _draw(self, key: tuple[str, str], size: int, fill: int, now: datetime) -> tuple[int, float]:
        """Take a token from a bucket; return how many are left, and the seconds to wait for one."""
        seconds = now.timestamp()
        tokens, since = self._buckets.get(key, (float(size), seconds))
        tokens = min(float(size), tokens + (seconds - since) * fill)
        missing = tokens < 1
        self._buckets[key] = (tokens if missing else tokens - 1, seconds)
        return (0, (1 - tokens) / fill) if missing else (int(tokens - 1), 0.0)

    def take_dc(self, user: str, now: datetime) -> dict[str, str]:
        """Count one call of a user on Data Center, whose headers stand on every answer."""
        left, wait = self._draw(("dc", user), DC_BUCKET, DC_FILL, now)
        headers = {
            "X-RateLimit-Limit": str(DC_BUCKET),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-FillRate": str(DC_FILL),
            "X-RateLimit-Interval-Seconds": "1",
            "retry-after": str(math.ceil(wait)),
        }
        if wait:
            raise Refused(429, {"message": "Rate limit exceeded."}, headers)
        return headers

    def write(self, issue: int, now: datetime) -> None:
        """Count one write on an issue; raises Refused above 20 in 2 s or 100 in 30 s."""
        seconds = now.timestamp()
        self._forget(seconds)
        times = self._writes[issue]
        while times and times[0] <= seconds - 30:
            times.popleft()
        for size, span in ISSUE_WRITES:
            if len(times) >= size and times[-size] > seconds - span:
                wait = times[-size] + span - seconds
                raise too_many("jira-per-issue-on-write", size, wait, now)
        times.append(seconds)

    def _forget(self, seconds: float) -> None:
        """Drop the issues that nobody wrote to of late, once they are many."""
        if len(self._writes) > _MOST_REMEMBERED:
            recent = {issue: times for issue, times in self._writes.items() if times[-1] > seconds - 30}
            self._writes = defaultdict(deque, recent)

    def points_left(self, pool: int, now: datetime) -> int:
        """Return what is left of this hour's points; Refused when it is nothing."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        if self._spent[0] != hour:
            self._spent = (hour, 0)
        left = pool - self._spent[1]
        if left <= 0:
            wait = (hour + timedelta(hours=1) - now).total_seconds()
            raise too_many("jira-quota-global-based", pool, wait, now)
        return left

    def spend(self, method: str, body: bytes) -> None:
        """Take what an answer cost from this hour's points."""
        cost = 1 if method != "GET" else 1 + _objects(body)
        self._spent = (self._spent[0], self._spent[1] + cost)


def _objects(body: bytes) -> int:
    """Return the points of an answer's objects: 2 for people, 1 for all else."""
    shown: Any = json.loads(body) if body[:1] in b"[{" and body else None
    if isinstance(shown, dict):
        rows = next((value for value in shown.values() if isinstance(value, list)), [shown])
        rows = [shown] if "id" in shown or "accountId" in shown else rows
    else:
        rows = shown or []
    return sum(2 if isinstance(row, dict) and "accountId" in row else 1 for row in rows)


def _state(policy: str, size: int, left: int) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(size),
        "X-RateLimit-Remaining": str(left),
        "RateLimit-Policy": f'"{policy}";q={size};w=1',
        "RateLimit": f'"{policy}";r={left};t=1',
    }


def points_state(pool: int, left: int, now: datetime) -> dict[str, str]:
    """Return the headers that tell about the hour's points."""
    reset = 3600 - now.minute * 60 - now.second
    near = {"X-RateLimit-NearLimit": "true"} if left < pool / 5 else {}
    return near | {
        "RateLimit-Policy": f'"global-app-quota";q={pool};w=3600',
        "RateLimit": f'"global-app-quota";r={left};t={reset}',
    }


def too_many(reason: str, size: int, wait: float, now: datetime) -> Refused:
    """Return the 429 of one limit, with whole seconds to wait."""
    seconds = max(1, math.ceil(wait))
    reset = datetime.fromtimestamp(now.timestamp() + seconds, UTC)
    headers = {
        "Retry-After": str(seconds),
        "RateLimit-Reason": reason,
        "X-RateLimit-Limit": str(size),
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": reset.strftime("%Y-%m-%dT%H:%MZ"),
    }
    body = {"code": 429, "message": "Rate limit exceeded. Refer to the Retry-After header."}
    return Refused(429, body, headers)
