"""What people read outside the tools: several notifications in one message. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from sync.store.outbox import Outgoing

_LONGEST = 1_000
"""Characters of one notification's body; each was made by the hub and is far shorter."""
_MOST = 8_000
"""Characters of a message, where the channel allows more."""
_HEADROOM = 300
"""Characters that a channel may need for the title and for what it adds."""
_LATE = timedelta(minutes=30)
"""How long after it fell due a notification tells when that was."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message, and the notifications that are told by it."""

    title: str
    body: str
    told: tuple[Outgoing, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """What tells these notifications from every other; they stay the same when they are sent again."""
        return tuple(one.notification.key for one in self.told)


def messages(taken: Sequence[Outgoing], at: datetime, room: int, secrets: Collection[str]) -> list[Message]:
    """Return notifications as few messages, in their order, each of at most `room` characters.

    What is for one person stands together, after what is for everybody; the order of people is that of the
    oldest of each.

    None of `secrets` is in them, whatever a notification says, and nothing in them calls a group of people,
    which chats do with what looks like ``@all``.
    """
    limit = max(min(room, _MOST) - _HEADROOM, 1)
    made: list[Message] = []
    waiting: list[tuple[Outgoing, str, str]] = []
    order = {"": 0}
    for one in taken:
        order.setdefault(one.notification.whom, len(order))
    for one in sorted(taken, key=lambda one: order[one.notification.whom]):
        said = _told(one, at, secrets)
        if waiting and len(_body([*waiting, said])) > limit:
            made.append(_message(waiting))
            waiting = []
        waiting.append(said)
    return [*made, _message(waiting)] if waiting else made


def reference(key: str) -> str:
    """Return a short word for a key, by which people see that they were told twice."""
    return sha256(key.encode()).hexdigest()[:8]


def _told(one: Outgoing, at: datetime, secrets: Collection[str]) -> tuple[Outgoing, str, str]:
    """Return a notification with its title and body as they may leave the hub."""
    note = one.notification
    body = _harmless(note.body, secrets)
    body = body if len(body) <= _LONGEST else body[: _LONGEST - 1] + "…"
    late = f", due {note.due_at:%Y-%m-%d %H:%M} UTC" if at - note.due_at >= _LATE else ""
    whom = " ".join(_harmless(note.whom, secrets).split())
    one = replace(one, notification=replace(note, whom=whom))
    return one, " ".join(_harmless(note.title, secrets).split()), f"{body}\n(ref {reference(note.key)}{late})"


def _message(said: Sequence[tuple[Outgoing, str, str]]) -> Message:
    first = said[0][1]
    title = first if len(said) == 1 else f"{len(said)} notices, the first: {first}"
    return Message(title, _body(said), tuple(one for one, _, _ in said))


def _body(said: Sequence[tuple[Outgoing, str, str]]) -> str:
    if len(said) == 1:
        return said[0][2]
    lines, person = [], ""
    for number, (one, title, body) in enumerate(said, 1):
        whom = one.notification.whom
        lines += [f"For {whom}:"] if whom != person else []
        lines.append(f"{number}. {title}\n{body}")
        person = whom
    return "\n\n".join(lines)


def _harmless(text: str, secrets: Collection[str]) -> str:
    for secret in _longest_first(secrets):
        text = text.replace(secret, "***")
    text = re.sub(r"[^\S\n]|[\x00-\x09\x0b-\x1f\x7f]", " ", text)
    return re.sub(r"@(?=\w)", "@\u200b", text.replace("<", "‹").replace(">", "›"))


def _longest_first(secrets: Collection[str]) -> Iterator[str]:
    """Yield what is long enough to be a secret; one that holds another goes before it."""
    return (secret for secret in sorted(secrets, key=len, reverse=True) if len(secret) >= 6)
