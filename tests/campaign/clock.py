"""One time for the sandbox, the people and the hub's processes: it stands still until somebody moves it."""

from __future__ import annotations

import mmap
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deskbridge.sandbox.world import Clock

START = datetime(2026, 1, 12, 9, 0, tzinfo=UTC)
_COUNT = struct.Struct("<q")


class SharedClock(Clock):
    """Microseconds since `START`, in a file that several processes have in their memory.

    The hub works while everybody else waits for it, so nobody reads a time that is half written.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(START)
        if not path.exists():
            path.write_bytes(_COUNT.pack(0))
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), _COUNT.size)

    def now(self) -> datetime:
        """Return the present instant."""
        return START + timedelta(microseconds=_COUNT.unpack(self._shared[:])[0])

    def set(self, instant: datetime) -> None:
        """Go to an instant that is not earlier."""
        if instant < self.now():
            raise ValueError(f"the clock only goes forward from {self.now().isoformat()}")
        self.wind(instant)

    def wind(self, instant: datetime | str) -> None:
        """Go to any instant."""
        at = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
        self._shared[:] = _COUNT.pack((at - START) // timedelta(microseconds=1))

    def advance(self, seconds: float) -> None:
        """Go on by `seconds`."""
        self.wind(self.now() + timedelta(seconds=seconds))

    def close(self) -> None:
        """Let go of the file."""
        self._shared.close()
