"""How the hub stands at a moment: what `status` tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectors.base import Account, Connector
from connectors.errors import Unauthorised, WireError
from connectors.quota import Budget
from deskbridge import notify
from deskbridge.report import complaint
from sync.store import Store
from sync.store.health import Pulse
from sync.store.tally import Tally, tally
from sync.store.workers import Worker

STOPPED = (
    "NOTHING IS WRITTEN IN ANY TOOL: the store is older than what the hub wrote there. `deskbridge recover` "
    "lists what would be linked again; with --apply the hub goes on."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One connection."""

    name: str
    account: Account | None
    """Who we are there; None if it did not say."""
    error: WireError | None
    stranger: bool
    """Whether it answers as another site or account than on its first use."""
    sides: int
    collected: datetime | None
    pulse: Pulse
    """What the service noted of it."""
    calls: float | None
    """How many calls a minute its account may make, as far as an answer told."""
    doubted: bool
    """Whether a person must settle that it lost tickets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Everything at one moment."""

    at: datetime
    connections: tuple[Line, ...]
    tally: Tally
    channels: tuple[notify.Line, ...] = ()
    """How people are told outside the tools."""
    workers: tuple[Worker, ...] = ()
    """The processes that work on the store, and those that died within the last seconds."""
    aside: int = 0
    """How many tickets migrations and backfills parked, which live work does not wait for."""
    recovering: datetime | None = None
    """Since when nothing is written, as the store is older than what the hub wrote in the tools."""

    @property
    def exit_code(self) -> int:
        """Return 3 if a credential was refused, 4 if something is parked or nothing is written, else 0."""
        if any(isinstance(line.error, Unauthorised) for line in self.connections):
            return Unauthorised.exit_code
        return 4 if self.tally.parked or self.recovering else 0

    def lines(self) -> list[str]:
        """Return it in a person's words."""
        return [*(self._connection(line) for line in self.connections), *self._counts()]

    def as_json(self) -> dict[str, object]:
        """Return it as data; times as ISO 8601."""
        t = self.tally
        return {
            "at": self.at.isoformat(),
            "connections": [self._data(line) for line in self.connections],
            "recovering": self.recovering.isoformat() if self.recovering else None,
            "bundles": t.bundles,
            "due": t.due,
            "later": t.later,
            "oldest_waiting": t.oldest.isoformat() if t.oldest else None,
            "parked": dict(t.parked),
            "parked_by_runs": self.aside,
            "findings": t.findings,
            "uncertain": t.uncertain,
            "channels": [line.as_json() for line in self.channels],
            "workers": [
                {
                    "command": one.kind,
                    "host": one.host,
                    "process": one.pid,
                    "threads": one.threads,
                    "version": one.version,
                    "began": one.began.isoformat(),
                    "last_sign": one.heard.isoformat(),
                }
                for one in self.workers
            ],
        }

    def _connection(self, line: Line) -> str:
        who = f"as {line.account.name} on {line.account.instance}" if line.account else "it did not answer"
        said = complaint(line.error) if line.error else f"{line.name}: {who}"
        polled = f"last poll {_ago(self.at, line.collected)}" if line.collected else "never polled"
        more = [f"{line.sides} tickets", polled]
        more += [f"last webhook {_ago(self.at, line.pulse.heard)}"] if line.pulse.heard else []
        more += [f"paused by the service: {line.pulse.why}"] if line.pulse.paused else []
        more += [f"{line.calls:.0f} calls a minute"] if line.calls else []
        more += ["another account than on its first use"] if line.stranger else []
        more += ["it lost tickets: a person must say whether they are gone"] if line.doubted else []
        return f"{said} ({', '.join(more)})"

    def _counts(self) -> Iterator[str]:
        t = self.tally
        if self.recovering:
            yield f"{STOPPED} Stopped {_ago(self.at, self.recovering)}."
        oldest = f", the oldest since {_ago(self.at, t.oldest)}" if t.oldest else ""
        yield f"{t.bundles} linked, {t.due} due{oldest}, {t.later} later"
        yield f"{t.findings} findings, {t.uncertain} writes whose answer nobody heard"
        if not t.parked and not self.aside:
            yield "Nothing is parked."
        for reason, count in sorted(t.parked.items(), key=lambda row: (-row[1], row[0])):
            yield f"{count} parked: {reason}"
        if self.aside:
            yield f"{self.aside} parked by runs: `deskbridge parked list --group`"
        yield from (f"notify {line}" for line in self.channels if line.queue)
        for one in self.workers:
            sign = f"last sign of life {_ago(self.at, one.heard)}"
            yield f"{one.kind} works on {one.host} ({one.pid}), {one.threads} threads, {sign}"

    def _data(self, line: Line) -> dict[str, object]:
        return {
            "name": line.name,
            "account": line.account.key if line.account else None,
            "called": line.account.name if line.account else None,
            "instance": line.account.instance if line.account else None,
            "error": str(line.error) if line.error else None,
            "refused": isinstance(line.error, Unauthorised),
            "another_account": line.stranger,
            "doubted": line.doubted,
            "tickets": line.sides,
            "last_webhook": line.pulse.heard.isoformat() if line.pulse.heard else None,
            "paused": line.pulse.why if line.pulse.paused else None,
            "calls_a_minute": line.calls,
            "last_poll": line.collected.isoformat() if line.collected else None,
        }


def standing(
    connectors: Mapping[str, Connector],
    store: Store,
    budgets: Mapping[str, Budget],
    at: datetime,
    channels: Iterable[notify.Line] = (),
) -> Standing:
    """Return how everything stands; each connection is asked once who we are there."""
    counts = tally(store.database, at)
    lines = tuple(_line(name, c, store, budgets[name], counts) for name, c in connectors.items())
    return Standing(
        at=at,
        connections=lines,
        tally=counts,
        channels=tuple(channels),
        workers=tuple(store.workers.all()),
        aside=len(store.runs.parked()),
        recovering=store.database.recovering(),
    )


def _line(name: str, connector: Connector, store: Store, budget: Budget, counts: Tally) -> Line:
    account, error = None, None
    try:
        account = connector.whoami()
    except WireError as failed:
        error = failed
    allowed = budget.allowance()
    known = store.database.identity(name)
    return Line(
        name=name,
        account=account,
        error=error,
        stranger=account is not None and known not in (None, (account.instance, account.key)),
        sides=counts.sides.get(name, 0),
        collected=counts.collected.get(name),
        pulse=store.health.pulse(name),
        calls=allowed * 60 if allowed else None,
        doubted=store.health.doubted(name),
    )


def _ago(now: datetime, then: datetime) -> str:
    """Return a moment as people say it, with the hour in UTC."""
    past = max(timedelta(0), now - then)
    minutes = past // timedelta(minutes=1)
    word = f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
    return f"{then.astimezone(UTC):%Y-%m-%d %H:%M} UTC ({word} ago)"
