"""Reasons that are the same for a person, though each names another ticket. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

_NAMED = re.compile(r"'[^']*'|\"[^\"]*\"|\b[\w.+-]+@[\w.-]+\b|#?\b[A-Z][A-Z0-9_]*-\d+\b|#?\d+(?:[:.,]\d+)*")
"""What a reason says of one ticket alone: a quoted word, an address, a key, a number or a time."""


def alike(reason: str) -> str:
    """Return what a reason has in common with those that are the same; what differs is ``…``."""
    return _NAMED.sub("…", " ".join(reason.split()))


def grouped(reasons: Iterable[tuple[str, int]]) -> list[tuple[str, int, str]]:
    """Return (what they have in common, how many, one of them) of counted reasons, the most first."""
    counted: Counter[str] = Counter()
    one: dict[str, str] = {}
    for reason, count in reasons:
        common = alike(reason)
        counted[common] += count
        one.setdefault(common, reason)
    return [(common, count, one[common]) for common, count in counted.most_common()]
