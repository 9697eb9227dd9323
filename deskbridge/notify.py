"""Tells people what the store's outbox holds, by the channels of the settings.

Each thing at least once, under the same key: what was sent while nobody heard the answer is sent again. A
channel that is down is asked again later and later, and holds up no other.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from deskbridge.bootstrap import Application
from deskbridge.channels import Channel, Unsent, channels_of, secrets_of
from deskbridge.message import Message, messages
from deskbridge.parts import Settings
from sync.store.outbox import LEASE, Notification, Outbox, Outgoing, Queue

_TICK = 1.0
"""Seconds between two looks into the outbox."""
_FIRST_REST = timedelta(seconds=30)
_LONGEST_REST = timedelta(hours=1)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifier:
    """Sends what is due. Several processes on one store may each have one."""

    outbox: Outbox
    channels: Mapping[str, Channel]
    gather: Mapping[str, timedelta]
    """channel -> how long what falls due waits for more."""
    secrets: Collection[str]
    now: Callable[[], datetime]

    def start(self, stopping: threading.Event) -> None:
        """Begin to send, with a thread for each channel; they end soon after `stopping` is set."""
        for name in self.channels:
            threading.Thread(
                target=self._watch, args=(name, stopping), name=f"notify-{name}", daemon=True
            ).start()

    def once(self) -> None:
        """Send what is due on every channel; what cannot be sent waits."""
        for name in self.channels:
            self._send(name)

    def turn(self, name: str) -> bool:
        """Send what is due on a channel, if it is time and nobody else does; whether all went out."""
        first = self.outbox.first(name)
        if first is None or first > self.now() - self.gather[name]:
            return True
        return self._send(name)

    def _send(self, name: str) -> bool:
        taken = self.outbox.take(name, self.now())
        rest, attempts = timedelta(0), max((one.attempts for one in taken), default=0)
        try:
            channel = self.channels[name]
            for message in messages(taken, self.now(), channel.room, self.secrets):
                self.outbox.rest(name, self.now() + LEASE)  # a new lease for each
                channel.send(message)
                self.outbox.sent(message.told, self.now())
        except Unsent as error:
            rest = rest_after(attempts)
            _log.warning("notify %s, attempt %s; again in %s", error, attempts, rest)
        finally:
            if taken:
                self.outbox.rest(name, self.now() + rest)
        return not rest

    def _watch(self, name: str, stopping: threading.Event) -> None:
        while not stopping.wait(_TICK):
            try:
                self.turn(name)
            except Exception as error:  # noqa: BLE001 - a store that is locked for long must not end it
                _log.error("notify %s: a turn failed: %s", name, type(error).__name__)


def rest_after(attempts: int) -> timedelta:
    """Return how long a channel rests that has failed so often."""
    return min(_FIRST_REST * (1 << min(attempts - 1, 10)), _LONGEST_REST)


def notifier_of(application: Application) -> Notifier:
    """Return what sends what a hub's store holds. Raises ConfigError for addresses that cannot be read."""
    settings = application.settings
    return Notifier(
        outbox=application.store.outbox,
        channels=channels_of(settings),
        gather={name: said.gather for name, said in settings.notify.items()},
        secrets=secrets_of(settings),
        now=application.now,
    )


def trial(channel: str, at: datetime) -> Message:
    """Return the message of `deskbridge notify test`."""
    body = f"Somebody asked whether messages of deskbridge arrive by the channel {channel!r}. This one did."
    note = Notification(f"test:{channel}:{at.isoformat()}", channel, "deskbridge: a test", body, at)
    return messages([Outgoing(0, 1, note)], at, 10_000, ())[0]


@dataclass(frozen=True, slots=True)
class Line:
    """How one channel stands."""

    name: str
    kind: str
    """What it is; empty for one that something was put out for and that the settings do not name."""
    queue: Queue | None

    def __str__(self) -> str:
        what = self.kind or "the settings have no such channel"
        if self.queue is None:
            return f"{self.name}: {what}; nothing waits"
        tried = f", tried {self.queue.attempts} times" if self.queue.attempts else ""
        since = f"{self.queue.since:%Y-%m-%d %H:%M} UTC"
        return f"{self.name}: {what}; {self.queue.count} wait, the first due {since}{tried}"

    def as_json(self) -> dict[str, object]:
        """Return it as data; times as ISO 8601."""
        queue = self.queue
        return {
            "name": self.name,
            "kind": self.kind or None,
            "waiting": queue.count if queue else 0,
            "first_due": queue.since.isoformat() if queue else None,
            "attempts": queue.attempts if queue else 0,
        }


def standing(settings: Settings, outbox: Outbox) -> list[Line]:
    """Return how the channels stand, those included that are missing. Raises ConfigError."""
    queues = {queue.channel: queue for queue in outbox.queues()}
    known = [Line(n, channel.kind, queues.get(n)) for n, channel in channels_of(settings).items()]
    return [*known, *(Line(n, "", queue) for n, queue in queues.items() if n not in settings.notify)]
