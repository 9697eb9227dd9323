"""Moves: a ticket that lives under another id now, and what its texts and files are called there. Pure.

A tool copies the texts of a ticket that it moves, with new ids; author and time stay. Where it re-writes a
text meanwhile (addresses of files, references), words tell nothing.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from connectors.base import Snapshot
from mappings.ticket import Comment


def renamed(old: Snapshot, new: Snapshot) -> dict[str, str]:
    """Return the old id -> new id of the texts and files that a move took along."""
    there: dict[tuple[str, datetime], list[Comment]] = defaultdict(list)
    for message in new.ticket.messages:
        there[message.author.key, message.created].append(message)
    ids: dict[str, str] = {}
    for message in old.ticket.messages:
        alike = there[message.author.key, message.created]
        if message.id == new.ticket.messages[0].id:  # message 0 is message 0 everywhere
            found = new.ticket.messages[0]
        elif alike:
            found = next((m for m in alike if m.body.sha == message.body.sha), alike[0])
        else:
            continue
        if found in alike:
            alike.remove(found)
        ids[message.id] = found.id
        # Nothing but their order tells which file is which.
        ids |= {a.id: b.id for a, b in zip(message.attachments, found.attachments, strict=False)}
    return ids
