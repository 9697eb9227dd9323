"""What the three fake servers share: one clock, one outbox of mails, one source of chance."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from deskbridge.sandbox.hooks import Hooks


class Clock:
    """The sandbox's time: runs like the real one, can be set and moved forward, never backward."""

    def __init__(self, start: datetime | None = None) -> None:
        self._base = start or datetime.now(UTC)
        self._since = time.monotonic()

    def now(self) -> datetime:
        """Return the present instant, aware and in UTC."""
        return self._base + timedelta(seconds=time.monotonic() - self._since)

    def set(self, instant: datetime) -> None:
        """Go to `instant`; raises ValueError for a naive or an earlier one."""
        if instant.tzinfo is None or instant < self.now():
            raise ValueError(f"the sandbox's clock only goes forward from {self.now().isoformat()}")
        self._base, self._since = instant.astimezone(UTC), time.monotonic()

    def wind(self, instant: datetime | str) -> None:
        """Go to `instant`, backward too: for a restored world, which knows nothing of what came later."""
        at = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
        self._base, self._since = at.astimezone(UTC), time.monotonic()

    def advance(self, seconds: float) -> None:
        """Move forward by `seconds` at once."""
        self.set(self.now() + timedelta(seconds=seconds))


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail that a real system would have sent."""

    at: datetime
    system: str
    to: str
    subject: str
    text: str
    cause: str
    """What made the system send it, e.g. ``reply`` or ``comment added``."""
    actor: str
    """The account whose act caused it; empty for the system's own jobs."""
    customer: bool
    """Whether the receiver is a customer (not a member of staff)."""


@dataclass(slots=True)
class Fault:
    """A misbehaviour to play on the next matching calls."""

    system: str
    kind: str
    """``answer`` (with `status`, `headers`, `body`), ``reset`` (before anything is done), ``lost``
    (done and committed, the answer is never sent), ``slow`` (answered after `seconds`) or
    ``truncated`` (done, the answer breaks off in its middle)."""
    method: str = ".*"
    path: str = ".*"
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    times: int = 1
    chance: float = 1.0
    """How likely a matching call is hit, from 0 to 1."""
    seconds: float = 0.0
    done: bool = False
    """Whether the call is carried out before the `answer` is given in place of its own."""


@dataclass(slots=True)
class World:
    """The state that all servers of one sandbox share. Used from one event loop only."""

    clock: Clock
    rng: random.Random
    outbox: list[Mail] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    latency: float = 0.0
    """Seconds added to every answer, as a network would."""
    limits: bool = True
    """Whether the servers enforce their rate limits."""
    calls: dict[str, int] = field(default_factory=dict)
    """How many API calls each system has answered."""
    deployment: str = "cloud"
    """Which Jira it is: ``cloud`` or ``dc`` (Data Center)."""
    empty: bool = False
    """Whether the systems start without customers and examples: only what a hub's settings name."""
    hooks: Hooks = field(init=False)
    """The webhooks that the servers send."""
    chance: random.Random = field(init=False)
    """Decides what goes astray. Apart from `rng`: faults must not change the tokens that follow."""

    def __post_init__(self) -> None:
        self.chance = random.Random(self.rng.getrandbits(64))  # noqa: S311 - repeats by seed, as meant
        self.hooks = Hooks(self.clock.now, self.chance)

    def token(self, size: int = 32) -> str:
        """Return a hex string drawn from the world's own chance, repeatable by seed."""
        return f"{self.rng.getrandbits(size * 4):0{size}x}"

    def mail(self, **mail: object) -> None:
        """Put a mail into the outbox, stamped with the world's time."""
        self.outbox.append(Mail(at=self.clock.now(), **mail))  # type: ignore[arg-type]
