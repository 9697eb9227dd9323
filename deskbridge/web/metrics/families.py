"""Every figure that there is. What is not here is not told; docs/metrics.md says the same.

No label holds a customer, a person, a ticket or a word that somebody wrote.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a figure is."""

    GAUGE = "gauge"
    """As the store has it at this moment, for all processes on it."""
    COUNTER = "counter"
    """Of this process, since it began."""
    HISTOGRAM = "histogram"
    """Of this process, since it began; seconds."""


@dataclass(frozen=True, slots=True)
class Family:
    """One figure, or one for each value of its labels."""

    name: str
    kind: Kind
    means: str
    labels: tuple[str, ...] = ()


def _gauge(name: str, means: str, *labels: str) -> Family:
    return Family(f"deskbridge_{name}", Kind.GAUGE, means, labels)


def _counter(name: str, means: str, *labels: str) -> Family:
    return Family(f"deskbridge_{name}_total", Kind.COUNTER, means, labels)


def _histogram(name: str, means: str, *labels: str) -> Family:
    return Family(f"deskbridge_{name}_seconds", Kind.HISTOGRAM, means, labels)


BUILD = _gauge("build_info", "1; the label tells the version", "version")
STORE = _gauge("store_up", "1 if the store answers; else no other gauge is told")
STOPPED = _gauge("recovering", "1 while nothing is written, as the store was restored and not recovered yet")
DUE = _gauge("inbox_due", "tickets that are to be looked at now")
OLDEST = _gauge("inbox_oldest_seconds", "how long the longest due has been waiting; 0 if nothing is due")
UNCERTAIN = _gauge("writes_uncertain", "writes that were sent and whose answer nobody has heard yet")
PARKED = _gauge("parked", "tickets that wait for a person")
FINDINGS = _gauge("findings_open", "findings that stand until somebody settles them", "severity")
OPEN = _gauge("tickets_open", "tickets that somebody is expected to work on")
CLOCKS = _gauge(
    "clocks",
    "clocks that run: `breached` is late, `soon` will be (as the policy says)",
    "state",
)
OUTBOX = _gauge("notifications_waiting", "messages to people that were not sent yet", "channel")
WORKERS = _gauge("workers", "processes that work on the store", "command")
POLL = _gauge("poll_lag_seconds", "how long ago changes were last collected up to", "connection")
HEARD = _gauge("webhook_age_seconds", "how long ago a webhook was last believed", "connection")
PAUSED = _gauge("connection_paused", "1 while it is left alone: it does not answer, or refuses", "connection")
DENIED = _gauge("connection_denied", "1 while it refuses the hub's credential", "connection")
SILENT = _gauge("connection_silent", "1 while webhooks are missing", "connection")
DOUBTED = _gauge("connection_doubted", "1 while a person must say whether tickets are gone", "connection")
LIMIT = _gauge("quota_limit", "calls that a connection allows in its window, as it said", "connection")
LEFT = _gauge("quota_left", "of these, what all processes did not use in the last window", "connection")
RUN = _gauge(
    "run_tickets", "tickets of the newest migration's source, by what became of them", "source", "state"
)
RUNNING = _gauge("run_running", "1 while the newest migration of a source runs", "source")
LOOKS = _counter("looks", "looks at tickets: `done`, `later` or `parked`", "outcome")
WRITES = _counter("writes", "writes of plans: `made`, or `left` for a later look", "connection", "outcome")
CALLS = _counter(
    "calls", "calls to tools: `2xx` to `5xx`, `429`, or `none` where no answer came", "connection", "status"
)
CALL = _histogram("call", "from sending a call until its answer was read", "connection")
HOOKS = _counter("webhooks", "webhooks: `noted`, `refused`, `unreadable`", "connection", "outcome")
HOOK = _histogram("webhook", "from a webhook's head until its answer", "connection")
ASKED = _counter("api_requests", "requests to the API, by what was asked for", "operation", "status")

FAMILIES = tuple(one for one in tuple(globals().values()) if isinstance(one, Family))
