"""The account's credits per minute, and the four ceilings inside them (reference 2)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from deskbridge.sandbox.kernel import Refused
from deskbridge.sandbox.world import World

_BUCKETS = ("ticket create", "ticket update", "tickets list", "contacts list")
_PLANS: dict[str, tuple[int, ...]] = {
    "trial": (50,),
    "growth": (200, 80, 80, 20, 20),
    "pro": (400, 160, 160, 100, 100),
    "enterprise": (700, 280, 280, 200, 200),
    "1000": (1000, 400, 400, 300, 300),
    "2000": (2000, 800, 800, 400, 400),
}


@dataclass(slots=True)
class Meter:
    """Counts the credits of all keys together, in fixed minutes of the world's clock."""

    world: World
    plan: str
    _minute: int = 0
    _used: int = 0
    _calls: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.plan not in _PLANS:
            raise ValueError(f"Freshdesk has no plan {self.plan!r}, only {', '.join(_PLANS)}")

    @property
    def total(self) -> int:
        """Return the credits per minute of the plan."""
        return _PLANS[self.plan][0]

    def spend(self, cost: int, bucket: str) -> dict[str, str]:
        """Take `cost` credits and return the headers that say so; raises Refused(429) when spent.

        A call that is refused for another reason has cost its credits all the same. Without limits no header
        tells of any: clients that count for themselves would keep to a limit that there is not.
        """
        if not self.world.limits:
            return {}
        self._roll()
        if self._used + cost > self.total or self._calls.get(bucket, 0) >= self._ceiling(bucket):
            raise Refused(
                429, {"message": "You have exceeded the limit of requests per minute"}, self._wait()
            )
        self._used += cost
        self._calls[bucket] = self._calls.get(bucket, 0) + 1
        return self._headers(cost, self.total - self._used)

    def _roll(self) -> None:
        minute = int(self.world.clock.now().timestamp() // 60)
        if minute != self._minute:
            self._minute, self._used, self._calls = minute, 0, {}

    def _ceiling(self, bucket: str) -> float:
        ceilings = dict(zip(_BUCKETS, _PLANS[self.plan][1:], strict=False))
        return ceilings.get(bucket, math.inf)

    def _headers(self, cost: int, remaining: int) -> dict[str, str]:
        return {
            "X-Ratelimit-Total": str(self.total),
            "X-Ratelimit-Remaining": str(max(0, remaining)),
            "X-Ratelimit-Used-CurrentRequest": str(cost),
        }

    def _wait(self) -> dict[str, str]:
        """Return the seconds until the minute rolls; a 429 carries no other rate header."""
        return {"Retry-After": str(60 - int(self.world.clock.now().timestamp() % 60))}
