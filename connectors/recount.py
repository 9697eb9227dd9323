"""What an account holds of a ticket, read once more and not by our own translation: raw texts, raw files.

Who verifies that something arrived must not ask the code that moved it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mappings.ticket import Attachment


@dataclass(frozen=True, slots=True)
class RawText:
    """A text as the server sent it."""

    id: str
    """As `Comment.id` names it."""
    text: str = field(repr=False)
    public: bool | None
    """Whether a customer may read it, by the server's own flag; None where there is no such flag."""
    ends: str = field(default="", repr=False)
    """What the server puts below its author's texts by itself; a copy may lack it."""
    edited: bool | None = None
    """Whether another account than its author's and ours changed it since, by the server's own record.

    None where the server keeps none, or does not tell all of it.
    """


@dataclass(frozen=True, slots=True)
class RawFile:
    """A file as the server lists it."""

    name: str
    size: int | None
    """None where the server does not tell."""
    file: Attachment
    """By which it is opened; `inline` for a picture inside a text, which several texts may show."""
    altered: bool = False
    """Whether the server may have changed the file when it took it: hidden data of pictures."""
    sha256: str = ""
    """Of the bytes that it sends, once somebody has read them."""


@dataclass(frozen=True, slots=True)
class Recount:
    """What is there of one ticket."""

    texts: tuple[RawText, ...]
    files: tuple[RawFile, ...]
    removed: frozenset[str] = frozenset()
    """Ids of files that another account than ours took away, as far as the server's own record tells."""
