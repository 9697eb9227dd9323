"""Jira's two limits on token traffic: bursts per endpoint, and writes on one issue (reference, 1.3)."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from datetime import UTC, datetime

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
}
ISSUE_WRITES = ((20, 2.0), (100, 30.0))
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

    def take(self, method: str, template: str, now: datetime) -> dict[str, str]:
        """Count one call and return the headers that tell about the bucket; Refused when empty."""
        size = burst_of(method, template)
        seconds = now.timestamp()
        tokens, since = self._buckets.get((method, template), (float(size), seconds))
        tokens = min(float(size), tokens + (seconds - since) * size)
        if tokens < 1:
            self._buckets[method, template] = (tokens, seconds)
            raise too_many("jira-burst-based", size, (1 - tokens) / size, now)
        self._buckets[method, template] = (tokens - 1, seconds)
        return _state("jira-burst-based", size, int(tokens - 1))

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


def _state(policy: str, size: int, left: int) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(size),
        "X-RateLimit-Remaining": str(left),
        "RateLimit-Policy": f'"{policy}";q={size};w=1',
        "RateLimit": f'"{policy}";r={left};t=1',
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
