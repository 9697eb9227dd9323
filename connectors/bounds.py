"""How much is made of an answer: what a mad server, or a proxy before it, could send without end."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Where patience ends; what is sent beyond is refused by name. Real answers are far below."""

    answer: int = 64 << 20
    """Bytes that an answer may have; a page of the longest tickets is far below."""
    first: float = 120.0
    """Seconds that any answer may take."""
    slowest: int = 1024
    """Bytes a second below which a longer answer counts as without end."""
    pages: int = 10_000
    """Pages that a list of one ticket, or of the settings, may have; each has tens of rows at least."""
    walk: int = 100_000
    """Pages that a walk over all tickets may have: of the usual hundred rows, ten million tickets."""

    def endless(self, seconds: float, size: int) -> bool:
        """Return whether an answer of which so many bytes came in so many seconds has no end."""
        return seconds > self.first + size / self.slowest


BOUNDS = Bounds()
