"""A text as it is written on another side: whole, in numbered parts, or attached. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from connectors.capabilities import Capabilities
from mappings.markup import parts, read
from mappings.ticket import MESSAGE_0, Comment, TextFormat

_HEAD = 2_500
"""Characters kept free for the line that says who wrote a text, with its marker, and for files' addresses."""
_GROWTH = 6
"""How many characters a sign grows to at most when it is written in another markup (``&quot;``)."""


class Long(StrEnum):
    """What becomes of a text that is longer than its target allows."""

    PARTS = "parts"
    """Numbered parts, each a text of its own."""
    ATTACH = "attach"
    """One text that says so, with the whole attached; a description is written in parts all the same."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One of the texts that an original is written as."""

    number: int
    of: int
    text: str
    """Canonical Markdown, without the line that says who wrote it."""
    revision: str
    """What the copy's record compares: a part that says the same as before is not edited."""


def pieces(message: Comment, can: Capabilities, long: Long = Long.PARTS) -> tuple[Piece, ...]:
    """Return what a text is written as where `can` says what fits; nothing if it must be attached whole."""
    if fits(message, can):
        return (Piece(1, 1, words(message), message.revision),)
    if long is Long.ATTACH and message.id != MESSAGE_0:
        return ()
    made = _parted(words(message), can.text_format, _room(can))
    if len(made) == 1:
        return (Piece(1, 1, made[0], message.revision),)
    return tuple(Piece(n, len(made), text, _revision(n, made)) for n, text in enumerate(made, 1))


def fits(message: Comment, can: Capabilities) -> bool:
    """Whether a text certainly fits, without writing it first."""
    return len(message.body.text) * _GROWTH <= _room(can)


def words(message: Comment) -> str:
    """Return a text in canonical Markdown."""
    signatures = (message.signature,) if message.signature else ()
    return read(message.body, message.attachments, signatures=signatures)


def _room(can: Capabilities) -> int:
    return can.max_text - min(_HEAD, can.max_text // 2)


@lru_cache(maxsize=256)
def _parted(markdown: str, format: TextFormat, room: int) -> tuple[str, ...]:
    return tuple(parts(markdown, format, room, {}))


def _revision(number: int, made: tuple[str, ...]) -> str:
    said = f"{number}/{len(made)} {made[number - 1]}"
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:16]
