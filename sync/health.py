"""Whether connections work: who is paused, who fell silent, and who is told of it.

A connection that fails several times in a row is left alone and tried by one call at growing intervals,
instead of by every ticket. One that refuses our credential is paused at once. Both are shared through the
store by all processes, and said once, as findings.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from connectors.base import Account, Connector
from connectors.errors import Throttled, Transient, Unauthorised, WireError
from sync.operations import Skip
from sync.store import Store
from sync.store.health import Pulse

FAILURES = 5
"""Failures in a row after which a connection is left alone."""
_PROBES = (timedelta(seconds=30), timedelta(minutes=15))
"""The first and the longest time until it is tried again."""
_FRESH = timedelta(seconds=1)
"""How long what other processes said of connections is believed without asking the store again."""
_AGAIN = timedelta(minutes=1)
"""How often, at most, a refused call makes us ask whether the credential itself is refused."""
_TELLING = timedelta(minutes=5)
"""How much later than the last webhook a poll must find a change to say that webhooks are missing."""
_NOTHING_AT_ALL = 7
"""Times the silence that is allowed, after which it counts though no ticket changed either."""


class Breakers:
    """Who may be called. Every thread of a process shares one."""

    def __init__(
        self, store: Store, connectors: Mapping[str, Connector], now: Callable[[], datetime]
    ) -> None:
        self._store, self._connectors, self._now = store, connectors, now
        self._lock = threading.Lock()
        self._failures = dict.fromkeys(connectors, 0)
        self._asked: dict[str, datetime] = {}
        self._here: dict[str, WireError] = {}
        self._known: tuple[datetime, Mapping[str, WireError]] | None = None

    def paused(self) -> Mapping[str, WireError]:
        """Return the connections that are left alone, each with the error that says why."""
        known, now = self._known, self._now()
        if known is None or now - known[0] >= _FRESH:
            pulses = self._store.health.pulses()
            paused = {name: _error(name, p) for name, p in pulses.items() if p.paused}
            known = (now, {**{name: _unsaid(error) for name, error in self._here.items()}, **paused})
            self._known = known
        return known[1]

    def worked(self, connection: str) -> None:
        """Learn that a connection answered a call."""
        if self._failures.get(connection):
            with self._lock:
                self._failures[connection] = 0

    def failed(self, error: Exception) -> None:
        """Learn from an error of a connection; throttling is none."""
        if not isinstance(error, WireError) or error.connection in self.paused():
            return
        if isinstance(error, Unauthorised):
            self._ask(error)
        elif isinstance(error, Transient) and not isinstance(error, Throttled):
            with self._lock:
                self._failures[error.connection] = self._failures.get(error.connection, 0) + 1
                many = self._failures[error.connection] >= FAILURES
            if many:
                self.pause(error)

    def pause(self, error: WireError) -> None:
        """Leave a connection alone because of this error, and say so once."""
        name, now, denied = error.connection, self._now(), isinstance(error, Unauthorised)
        until = error.until if isinstance(error, Throttled) else now + _PROBES[0]
        if self._store.health.pause(name, now, until, f"{error.call}: {error.text}", denied=denied):
            what = "any call" if denied else "calls for now"
            why = f"since {now:%Y-%m-%d %H:%M} UTC it {'refuses our credential' if denied else 'fails'}"
            self._tell(name, what, f"{why} ({error.call}: {error.text})")
        self._known = None

    def probe(self, connection: str) -> bool:
        """Try a paused connection once if it is time; whether it may be called now."""
        if (unsaid := self._here.pop(connection, None)) is not None:
            self.pause(unsaid)
            return False
        known, now = self._store.health.pulse(connection), self._now()
        if known.paused is None:
            return True
        if (known.until or now) > now:
            return False
        wait = min(_PROBES[0] * (1 << min(known.probes + 1, 10)), _PROBES[1])
        if not self._store.chores.begin(f"probe:{connection}", now, now + _PROBES[0] / 2):
            return False
        try:
            self._connectors[connection].whoami()
        except WireError as error:
            self._still(connection, error, wait)
            return False
        self._resume(connection)
        return True

    def ask(self, connection: str) -> Account | WireError:
        """Ask who we are, paused or not. Nothing is noted of an error before the next `probe`."""
        self._here.pop(connection, None)
        self._known = None
        try:
            account = self._connectors[connection].whoami()
        except WireError as error:
            self._here[connection] = error
            return error
        self._resume(connection)
        return account

    def _resume(self, connection: str) -> None:
        self.worked(connection)
        if self._store.health.resume(connection):
            self._store.inbox.hasten(connection, self._now())
            self._known = None

    def _still(self, connection: str, error: WireError, wait: timedelta) -> None:
        known = self._store.health.pulse(connection)
        now, denied = self._now(), isinstance(error, Unauthorised)
        until = error.until if isinstance(error, Throttled) else now + wait
        self._store.health.still(connection, known, until, f"{error.call}: {error.text}", denied=denied)
        self._known = None

    def _ask(self, error: Unauthorised) -> None:
        """Ask who we are, now and then: one call may be denied to a credential that is good otherwise."""
        now = self._now()
        with self._lock:
            last = self._asked.get(error.connection)
            if last is not None and now - last < _AGAIN:
                return
            self._asked[error.connection] = now
        try:
            self._connectors[error.connection].whoami()
        except Unauthorised as denied:
            self.pause(denied)
        except WireError as other:
            self.failed(other)

    def _tell(self, connection: str, what: str, why: str) -> None:
        said = [Skip(connection, what, why)]
        self._store.findings.record(f"connection:{connection}", said, self._now())


def silence(pulse: Pulse, now: datetime, allowed: timedelta) -> str | None:
    """Return what is odd about a connection's silence; None if nothing is, or if it never called."""
    if pulse.heard is None or now - pulse.heard <= allowed:
        return None
    if pulse.news is not None and pulse.news > pulse.heard + _TELLING:
        return f"no webhook has come since {pulse.heard:%Y-%m-%d %H:%M} UTC, though tickets changed"
    if now - max(pulse.heard, pulse.news or pulse.heard) > allowed * _NOTHING_AT_ALL:
        return f"no webhook has come since {pulse.heard:%Y-%m-%d %H:%M} UTC, and no ticket changed"
    return None


def listen(store: Store, connection: str, now: datetime, allowed: timedelta) -> None:
    """Have a person told, once, of a connection that called us before and does not any more."""
    why = silence(store.health.pulse(connection), now, allowed)
    if why is not None and store.health.silent(connection, now):
        way = f"{why}; `deskbridge webhooks check` says what is wrong with them"
        store.findings.record(f"connection:{connection}", [Skip(connection, "webhooks", way)], now)


def _error(name: str, pulse: Pulse) -> WireError:
    if pulse.denied:
        return Unauthorised(name, "paused", pulse.why)
    until = pulse.until or pulse.paused
    if until is None:
        raise ValueError(f"{name} is not paused")
    return Throttled(name, "paused", pulse.why, until)


def _unsaid(error: WireError) -> WireError:
    """Return what an error at the beginning means for tickets: whatever was answered, they wait."""
    kept = isinstance(error, Unauthorised | Throttled)
    return error if kept else Transient(error.connection, error.call, error.text)
