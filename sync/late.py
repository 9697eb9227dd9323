"""Files that their tool does not give for now: how long a text waits, and when one is tried again. Pure.

Kept beside the copies, as a record of the file itself: whichever side it was wanted for, it is one file.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sync.seen import Kind, Mirror, Mirrors, TextId

WAIT = timedelta(minutes=5)
"""How long a text waits for its file: some six tries of its ticket."""
_RARELY = (timedelta(hours=1), timedelta(days=1))
"""The shortest and the longest time until a file is tried again whose text went on without it."""
_LATE = "late:"


@dataclass(frozen=True, slots=True)
class Late:
    """What is known of a file that could not be fetched."""

    since: datetime
    again: datetime | None = None
    """When it is tried again by itself; None as long as its text waits for it."""
    why: str = ""

    def failed(self, at: datetime, why: str) -> Late:
        """Return what is known after one more try: the wait is doubled with each."""
        gone_by = at - self.since
        least, most = _RARELY
        return Late(self.since, at + min(max(gone_by, least), most) if gone_by >= WAIT else None, why)

    def rests(self, at: datetime | None) -> bool:
        """Whether it is not to be tried at this moment."""
        return self.again is not None and at is not None and at < self.again

    @property
    def reason(self) -> str:
        """What people are told, with what happens next."""
        return f"its tool did not give it ({self.why}); it is tried again by itself, and follows"


def late_of(mirrors: Mirrors, file: TextId) -> Late | None:
    """Return what is known of a file that could not be fetched, or None."""
    kept = mirrors.of(Kind.FILE, _called(file), file.connection)
    if kept is None:
        return None
    again = datetime.fromisoformat(kept.answer) if kept.answer else None
    return Late(datetime.fromisoformat(kept.revision), again, kept.name)


def record_of(file: TextId, late: Late) -> Mirror:
    """Return what is kept of it; it stands with the file, and is the copy of nothing that people see."""
    name, again = _called(file), late.again.isoformat() if late.again else ""
    return Mirror(Kind.FILE, name, name, late.since.isoformat(), again, late.why)


def is_record(kept: Mirror) -> bool:
    """Whether what is kept is no copy, but what is known of a file that could not be fetched."""
    return kept.kind is Kind.FILE and kept.origin == kept.target and kept.origin.id.startswith(_LATE)


def next_try(mirrors: Mirrors, at: datetime) -> datetime | None:
    """Return when the next file is tried again of those that texts went on without."""
    kept = (datetime.fromisoformat(m.answer) for m in mirrors if is_record(m) and m.answer)
    return min((again for again in kept if again > at), default=None)


def _called(file: TextId) -> TextId:
    return replace(file, id=f"{_LATE}{file.id}")
