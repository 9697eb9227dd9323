"""One time for the sandbox, the people and the hub's processes: it stands still until somebody moves it."""

from __future__ import annotations

import fcntl
import mmap
import struct
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deskbridge.sandbox.world import Clock

START = datetime(2026, 1, 12, 9, 0, tzinfo=UTC)
_COUNT = struct.Struct("<q")


class SharedClock(Clock):
    """Microseconds since `START`, in a file that several processes have in their memory.

    Eight bytes that are written at once are never read half written.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(START)
        if not path.exists():
            path.write_bytes(_COUNT.pack(0))
        self._file, self._turn = path.open("r+b"), threading.Lock()
        self._shared = mmap.mmap(self._file.fileno(), _COUNT.size)

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
        """Go on by `seconds`; several processes may say so at once, and it never goes back."""
        with self._turn:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                self.wind(self.now() + timedelta(seconds=seconds))
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the file."""
        self._shared.close()
        self._file.close()
