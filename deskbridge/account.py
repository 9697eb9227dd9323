"""Whether an account is the hub's alone: what stands on the newest tickets tells. Writes nothing."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from connectors.base import Connector, Snapshot
from connectors.errors import Gone
from mappings.markup import read
from mappings.provenance import Signer, find_token
from mappings.ticket import Comment, CommentKind, PersonRole

_BACK = timedelta(days=30)
_ROWS = 300
"""Rows of the list of changes that are read at most."""
_TICKETS = 10
"""Tickets that are read whole, one call or a few each."""
_FILE = re.compile(r"!?\[(?:\\.|[^\]\\\n])*\]\(<?attachment:[^)>\n]*>?\)")
"""A file as a text shows it."""


@dataclass(slots=True)
class Traces:
    """What was found, each with the first ticket that shows it."""

    owned: list[str] = field(default_factory=list)
    by_hand: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    """Copies of another hub, or of this one under another secret."""
    ours: bool = False
    """Whether those stand there under our own account."""


def traces(connector: Connector, signer: Signer, at: datetime) -> Traces:
    """Return what the newest of the tickets that changed lately say about the account."""
    found = Traces()
    newest = deque(islice(connector.changed(at - _BACK), _ROWS), maxlen=_TICKETS)
    for hint in newest:
        try:
            _read(connector.fetch(hint.key), signer, found)
        except Gone:
            continue
    return found


def strangers(name: str, found: Traces) -> Iterator[str]:
    """Yield what stands against working with the account, each with the way out."""
    way = "give the hub an account that nobody else uses"
    if found.owned:
        yield f"{name}: a person's own account: it owns {_some(found.owned)}; {way}"
    if found.by_hand:
        yield f"{name}: a person's own account: {_some(found.by_hand)} has texts that it wrote by hand; {way}"
    if found.foreign and found.ours:
        yield (
            f"{name}: another hub writes with this account, or this one had another secret: see"
            f" {_some(found.foreign)}; give each hub its own account, and the secret back that it had"
        )


def neighbours(name: str, found: Traces) -> Iterator[str]:
    """Yield what is good to know of another hub beside this one."""
    if found.foreign and not found.ours:
        yield f"{name}: another hub writes there too, as on {_some(found.foreign)}"


def _read(side: Snapshot, signer: Signer, found: Traces) -> None:
    shown = str(side.ref)
    if side.ticket.assignee is not None and side.ticket.assignee.role is PersonRole.HUB:
        found.owned.append(shown)
    for message in side.ticket.messages:
        text = read(message.body, message.attachments)
        token, mine = find_token(text), message.author.role is PersonRole.HUB
        if token is not None and signer.read(token) is None:
            found.foreign.append(shown)
            found.ours = found.ours or mine
        elif token is None and mine and _typed(message, text):
            found.by_hand.append(shown)


def _typed(message: Comment, text: str) -> bool:
    """Whether a text has words: an upload is its name, and what the hub withdrew is one line in italics."""
    words = _FILE.sub("", text).strip() if message.attachments else text.strip()
    withdrawn = words.startswith("*") and words.endswith("*") and "\n" not in words
    return bool(words) and not withdrawn and message.kind is not CommentKind.AUTOMATIC


def _some(names: list[str]) -> str:
    unique = list(dict.fromkeys(names))
    return unique[0] + (f" and {len(unique) - 1} more" if len(unique) > 1 else "")
