"""A few tickets that stand for all: by status, customer, size, language, files. Pure, the same each time."""

from __future__ import annotations

import hashlib
import heapq
import unicodedata
from collections.abc import Iterable, Sequence

from connectors.base import Snapshot
from mappings.ticket import Audience

_EACH = 3
"""Tickets that are kept of each status of each customer."""
_GROUPS = 2_000
"""Groups that are kept apart; of an account with more, so many by chance."""


def candidates(tickets: Iterable[tuple[str, str, str]], most: int) -> list[str]:
    """Return keys of (key, status, customer), as many as may be looked into: some of every group.

    Chance decides which, the same for the same tickets in whatever order they come, and however often each.
    """
    groups: dict[tuple[str, str], list[tuple[int, str]]] = {}
    last: list[tuple[int, tuple[str, str]]] = []
    for key, status, whose in tickets:
        group = (status, whose)
        if group not in groups:
            lot = -_lot(f"{status}\n{whose}")
            if len(groups) < _GROUPS:
                heapq.heappush(last, (lot, group))
            elif lot <= last[0][0]:
                continue
            else:
                groups.pop(heapq.heappushpop(last, (lot, group))[1])
            groups[group] = []
        drawn = (_lot(key), key)
        if drawn not in groups[group]:
            groups[group] = sorted([*groups[group], drawn])[:_EACH]
    rows = [groups[group] for _, group in sorted(last, reverse=True)]
    turns = [row[turn][1] for turn in range(_EACH) for row in rows if turn < len(row)]
    return turns[:most]


def _lot(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


def signs(side: Snapshot) -> frozenset[str]:
    """Return what makes a ticket different from others."""
    ticket = side.ticket
    letters = sum(len(message.body.text) for message in ticket.messages)
    files = [file for message in ticket.messages for file in message.attachments]
    found = {
        f"status {ticket.status}",
        f"type {ticket.type}",
        f"customer {ticket.organisation.key if ticket.organisation else ''}",
        f"texts {_size(len(ticket.messages), (1, 4, 10, 30))}",
        f"letters {_size(letters, (200, 2_000, 20_000))}",
        f"files {_size(len(files), (0, 1, 5))}",
        f"presence {side.presence}",
        *(f"written in {script}" for script in _scripts(ticket.subject)),
        *(f"kind {message.kind}" for message in ticket.messages),
    }
    for message in ticket.messages:
        found |= {f"written in {script}" for script in _scripts(message.body.text[:4_000])}
        if message.audience is not Audience.CUSTOMER:
            found.add("for staff")
    if any(file.inline for file in files):
        found.add("a picture in a text")
    return frozenset(found)


def chosen(looked_at: Sequence[tuple[str, frozenset[str]]], count: int) -> list[str]:
    """Return the keys of so many of (key, signs) that show as much as possible, the most telling first."""
    left, known, picked = list(looked_at), set[str](), list[str]()
    while left and len(picked) < count:
        best = max(left, key=lambda one: len(one[1] - known))
        left.remove(best)
        known |= best[1]
        picked.append(best[0])
    return picked


def _size(value: int, steps: Sequence[int]) -> str:
    return next((f"up to {step}" for step in steps if value <= step), "more")


def _scripts(text: str) -> set[str]:
    """Return in which scripts a text is written, by the names of its letters."""
    found = set()
    for letter in set(text):
        if letter.isalpha() and not letter.isascii():
            found.add(unicodedata.name(letter, "UNKNOWN").partition(" ")[0])
        elif unicodedata.category(letter) == "So":
            found.add("pictures")
    return found
