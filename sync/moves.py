"""Moves: a ticket that lives under another id now, and what its texts and files are called there. Pure.

A tool copies the texts of a ticket that it moves, with new ids; author and time stay. Where it re-writes a
text meanwhile (addresses of files, references), words tell nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from connectors.base import Snapshot
from mappings.ticket import Audience, Comment


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


@dataclass(frozen=True, slots=True)
class Late:
    """What was written to the old place of a ticket when it had just been copied to the new one."""

    texts: frozenset[str] = frozenset()
    """Ids of the staff's texts, and of their files, that stand in the old place alone."""
    edits: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """The old id of a text that was edited there alone -> (its revision there, and in the new place)."""


def late(old: Snapshot, new: Snapshot, ids: Mapping[str, str]) -> Late:
    """Return what a move did not take along because it was written after it; `ids` are what it took.

    A text older than one that was taken along was deleted in the new place, and customers were mailed what
    is for them: neither is written again.
    """
    texts = old.ticket.messages
    taken = max((m.created for m in texts if m.id in ids), default=old.ticket.created)
    left = [m for m in texts if m.id not in ids and m.created > taken and m.audience is not Audience.CUSTOMER]
    edits = {}
    for was in texts:
        now = new.ticket.message(ids.get(was.id, ""))
        if now and was.edited and (now.edited is None or was.edited > now.edited):
            edits[was.id] = (was.revision, now.revision)
    return Late(frozenset(id for m in left for id in (m.id, *(a.id for a in m.attachments))), edits)
