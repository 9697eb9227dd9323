"""How often somebody asks who needs not sign in: beyond a number in a minute they wait."""

from __future__ import annotations

import threading
from datetime import datetime

_KNOWN = 10_000
"""Names that are counted at once; whoever comes then under new ones has all counting begin anew."""


class Rates:
    """Counts in this process alone, by the minute."""

    def __init__(self) -> None:
        self._lock, self._minute, self._counts = threading.Lock(), 0, dict[str, int]()

    def wait(self, name: str, at: datetime, most: int) -> int:
        """Count one request; return for how many seconds its sender has to wait, 0 if not at all."""
        seconds = int(at.timestamp())
        with self._lock:
            if self._minute != seconds // 60 or len(self._counts) >= _KNOWN:
                self._minute, self._counts = seconds // 60, {}
            self._counts[name] = self._counts.get(name, 0) + 1
            return 60 - seconds % 60 if self._counts[name] > most else 0
