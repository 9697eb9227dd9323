"""What a text may mean by the names and addresses of other tickets in it. Pure.

A name counts only where a linked ticket bears it: `sync.store` knows which.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mappings.ticket import MESSAGE_0, Audience, Comment, Ref
from sync.situation import Situation

_ADDRESS = re.compile(r"https?://[^\s<>()\[\]\"'`]+")
_NAME = re.compile(r"(?<![\w/#&!.-])(?:[\w.-]+(?:/[\w.-]+)+)?#\d+(?!\w)|(?<![\w/#&!.-])[A-Za-z]\w*-\d+(?!\w)")
_MOST = 100
"""So many names of one text are looked up at most."""


@dataclass(frozen=True, slots=True)
class Names:
    """What in a text may name tickets of the side that it stands on."""

    called: dict[str, str]
    """As it is written -> what the tool calls the ticket in full."""
    addresses: frozenset[str]


def names(markdown: str, side: Ref) -> Names:
    """Return what a text on a side may name; ``#4`` means a ticket of the same project there."""
    plain = re.sub(r"\\(\W)", r"\1", markdown)
    written = list(dict.fromkeys(_NAME.findall(plain)))[:_MOST]
    project = side.display.rpartition("#")[0]
    return Names(
        {name: f"{project}{name}" if name.startswith("#") else name for name in written},
        frozenset(url.rstrip("/.,;:!?") for url in _ADDRESS.findall(plain)[:_MOST]),
    )


def tells_of_others(s: Situation, target: str, message: Comment, audience: Audience) -> bool:
    """Whether whoever reads a copy may be led to other tickets: staff alone may."""
    opens = message.id == MESSAGE_0 and s.readers(target).audience is Audience.CUSTOMER
    return audience is Audience.STAFF and not opens
