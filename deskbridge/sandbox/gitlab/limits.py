"""Both limiters of 1.3: the application's own for each endpoint, and the throttle in front of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime

from starlette.responses import PlainTextResponse

from deskbridge.sandbox.kernel import Refused

_WINDOW = 60
_TOO_MANY = "This endpoint has been requested too many times. Try again later."


class Throttled(Exception):
    """The throttle's refusal: the call never reaches the application."""

    def __init__(self, answer: PlainTextResponse) -> None:
        super().__init__(429)
        self.answer = answer


@dataclass(slots=True)
class Limits:
    """Counts calls by what they count against, in windows of a minute or more."""

    _seen: dict[object, tuple[int, int]] = field(default_factory=dict)

    def clear(self) -> None:
        """Forget all calls."""
        self._seen.clear()

    def count(self, what: object, now: datetime, seconds: int = _WINDOW) -> int:
        """Count one more call and return how many this window has seen."""
        window = int(now.timestamp()) // seconds
        known, seen = self._seen.get(what, (window, 0))
        seen = seen + 1 if known == window else 1
        self._seen[what] = window, seen
        return seen

    def check(self, what: object, limit: int, now: datetime, seconds: int = _WINDOW) -> None:
        """Refuse beyond `limit` calls a window: JSON, and no header says when to come back (1.3 b)."""
        if limit and self.count(what, now, seconds) > limit:
            raise Refused(429, {"message": {"error": _TOO_MANY}})

    def throttle(self, user: int, limit: int, now: datetime) -> dict[str, str]:
        """Return the headers of an ordinary answer; beyond `limit` raises Throttled (1.3 a)."""
        if not limit:
            return {}
        seen = self.count(("throttle_authenticated_api", user), now)
        headers = _headers(limit, seen, now)
        if seen <= limit:
            return headers
        headers["Retry-After"] = str(_WINDOW - int(now.timestamp()) % _WINDOW)
        raise Throttled(PlainTextResponse("Retry later\n", 429, headers))


def _headers(limit: int, seen: int, now: datetime) -> dict[str, str]:
    reset = (int(now.timestamp()) // _WINDOW + 1) * _WINDOW
    return {
        "RateLimit-Limit": str(limit),
        "RateLimit-Name": "throttle_authenticated_api",
        "RateLimit-Observed": str(seen),
        "RateLimit-Remaining": str(max(0, limit - seen)),
        "RateLimit-Reset": str(reset),
        "RateLimit-ResetTime": format_datetime(datetime.fromtimestamp(reset, UTC), usegmt=True),
    }
