"""What an account holds of a ticket, read once more and not by our own translation: raw texts, files, words.

Who verifies that something arrived must not ask the code that moved it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module

from mappings.ticket import Attachment, Field, Mood


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
class RawValue:
    """What a field of a ticket says, in the server's own words."""

    said: tuple[str, ...]
    """The word; none where nothing is said, several where there are several: tags, the names of a person."""
    category: str | None = None
    """What kind of word it is, where the server has such: of a status."""
    edited: bool | None = None
    """Whether another account than ours changed it since, as `RawText.edited`."""


@dataclass(frozen=True, slots=True)
class RawTime:
    """Booked time, as the server lists it; a clock that still runs is none."""

    id: str
    seconds: int
    text: str = field(repr=False)
    at: datetime
    """When the work was done."""
    who: str = ""
    """The name of who worked; empty where nothing tells, and for our own account."""
    edited: bool | None = None
    """As `RawText.edited`."""


@dataclass(frozen=True, slots=True)
class RawRating:
    """What a customer thought, as a list of all ratings shows it."""

    key: str
    """Of the ticket."""
    id: str
    mood: Mood
    text: str = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class Recount:
    """What is there of one ticket."""

    texts: tuple[RawText, ...]
    files: tuple[RawFile, ...]
    removed: frozenset[str] = frozenset()
    """Ids of files that another account than ours took away, as far as the server's own record tells."""
    fields: Mapping[Field, RawValue] = field(default_factory=dict)
    times: tuple[RawTime, ...] | None = None
    """What was booked; None where it was not asked for, or nothing tells."""
    unbooked: tuple[int, ...] | None = None
    """Seconds of each entry that another account than ours took away; None where no record tells all."""


def further(system: str, whats: Collection[str]) -> int:
    """Return how many calls it takes to read a ticket again beyond itself and its texts.

    `whats` names the parts and fields that are wanted; those that come along by themselves cost nothing.
    """
    told: Mapping[str, int] = import_module(f"connectors.{system}.recount").FURTHER
    return sum(told.get(what, 0) for what in whats)
