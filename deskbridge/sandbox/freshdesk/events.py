"""What happens to tickets, as automation rules and their webhooks call it (reference 6.15, 6.16)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# What an event's field is called on a ticket.
CHANGES = ("status", "priority", "type", "group_id", "responder_id", "product_id", "due_by")
NAMES = {"type": "ticket_type"}
EVENTS = {NAMES.get(name, name) for name in CHANGES} | {"note_type", "reply_sent", "ticket_action"}


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: a field that changed, or a message (then `after` says of which kind)."""

    name: str
    after: Any
    before: Any = None

    def text(self) -> str:
        """Return the event as webhooks tell it: no JSON (6.16)."""
        if self.name in ("note_type", "reply_sent", "ticket_action"):
            return f"{{{self.name}:{self.after}}}"
        return f"{{{self.name}:{{from:{word(self.before)},to:{word(self.after)}}}}}"


def word(value: object) -> str:
    """Return a value as rules compare it: nothing is the empty text."""
    return "" if value is None else str(value)
