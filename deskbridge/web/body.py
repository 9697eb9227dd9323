"""A request's body, as far as we are willing to read it."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request

LARGEST = 25 << 20
"""Bytes of a webhook: the most that any system sends (GitLab's limit; the others stay far below)."""
SECONDS = 10.0
"""How long a body may take: as long as the systems wait for an answer."""


class TooLarge(Exception):
    """The body has more bytes than we read."""


class CutOff(Exception):
    """The body ended early, or never came."""


async def read(request: Request, most: int = LARGEST) -> bytes:
    """Return the body whole. Raises TooLarge before more than `most` bytes are held, CutOff."""
    told = request.headers.get("content-length", "")
    if told.isdigit() and int(told[:18]) > most:
        raise TooLarge
    pieces, size = list[bytes](), 0
    try:
        async with asyncio.timeout(SECONDS):
            async for piece in request.stream():
                size += len(piece)
                if size > most:
                    raise TooLarge
                pieces.append(piece)
    except (TimeoutError, ClientDisconnect):
        raise CutOff from None
    return b"".join(pieces)
