"""How long a caller may take to say what it wants: whoever drips keeps nobody else out.

uvicorn waits for ever for the rest of a request, and a process can hold only so many connections: a few
hundred callers who send a letter a minute would keep every webhook out (slow-loris).
"""

from __future__ import annotations

import asyncio
import resource
from contextlib import suppress
from functools import partial
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

SECONDS = 15.0
"""How long a request may take to arrive whole: longer than a body may take, shorter than people wait."""
_FILES = 65_536
"""Files and connections that the process asks the system for."""


class Crowd:
    """The connections on which something is still to come, the one that has waited longest first."""

    def __init__(self, most: int) -> None:
        self._most, self._waiting = most, dict[asyncio.Protocol, asyncio.TimerHandle]()

    def enter(self, one: asyncio.Protocol, transport: asyncio.Transport) -> None:
        """Have a connection closed that does not say what it wants; where many wait, the oldest at once."""
        if one in self._waiting:
            return
        loop = asyncio.get_running_loop()
        self._waiting[one] = loop.call_later(SECONDS, transport.abort)
        if len(self._waiting) > self._most:
            oldest = next(iter(self._waiting))
            self._waiting[oldest]._run()  # noqa: SLF001 - what it would do later
            self.leave(oldest)

    def leave(self, one: asyncio.Protocol) -> None:
        """Let a connection be: it has said what it wants, or it is gone."""
        if (timer := self._waiting.pop(one, None)) is not None:
            timer.cancel()


class Patient(H11Protocol):
    """One connection, which is in the crowd as long as a request of its own is on its way."""

    def __init__(self, *arguments: Any, crowd: Crowd, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._crowd = crowd

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._crowd.enter(self, transport)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        request: RequestResponseCycle | None = self.cycle
        if request and not (request.more_body or request.response_complete):
            self._crowd.leave(self)
        else:
            self._crowd.enter(self, self.transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._crowd.leave(self)
        super().connection_lost(exc)


def patient() -> partial[Patient]:
    """Return what makes a connection of a server; half of the files that we may open are for them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    room, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return partial(Patient, crowd=Crowd((_FILES if room == resource.RLIM_INFINITY else room) // 2))
