"""Counting a past by its lists, and looking into a sample of it. Reads only.

The lists are walked once, each ticket counted once. What they do not tell (texts, files, sizes) comes from
tickets drawn at random; what no list shows (archived tickets) from numbers drawn at random out of those that
no list knows. How many calls that takes at most is known before, and is kept.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from connectors.base import Presence
from connectors.capabilities import Capabilities
from connectors.errors import Gone
from connectors.past import Look, Past, Row
from mappings.ticket import CommentKind, Field, Status, Unmapped
from mappings.vocabulary import Native, Vocabularies
from sync.migrate.losses import Loss, losses
from sync.migrate.sampling import About, counted, hits, total

RECENT = timedelta(days=14)
"""Over which it is measured how many tickets change in a day."""
_OF_STAFF = (CommentKind.REPLY, CommentKind.NOTE, CommentKind.FORWARD)
_SHOWN = 5
"""Tickets that are named for each loss."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How closely to look."""

    tickets: int = 400
    """Tickets that are looked into."""
    gaps: int = 400
    """Numbers that no list knows, of which it is asked whether they bear an archived ticket."""
    seed: int = 1


@dataclass(slots=True)
class Counted:
    """What the lists say."""

    now: datetime
    lenses: Vocabularies
    known: bytearray
    """By number: whether a list showed it."""
    presence: Counter[str] = field(default_factory=Counter)
    words: dict[Field, Counter[str]] = field(default_factory=dict)
    unmapped: Counter[tuple[Field, str]] = field(default_factory=Counter)
    organisations: Counter[str] = field(default_factory=Counter)
    years: Counter[int] = field(default_factory=Counter)
    filled: Counter[str] = field(default_factory=Counter)
    tags: Counter[str] = field(default_factory=Counter)
    assignees: Counter[str] = field(default_factory=Counter)
    requesters: set[str] = field(default_factory=set)
    open: int = 0
    recent: int = 0

    @property
    def listed(self) -> int:
        """Return how many tickets the lists show."""
        return self.presence.total()

    def add(self, row: Row) -> bool:
        """Count a row; False for one that was counted before."""
        if row.number >= len(self.known):
            self.known.extend(bytes(row.number + 1 - len(self.known)))
        if self.known[row.number]:
            return False
        self.known[row.number] = 1
        self.presence[row.presence.value] += 1
        self.detail(row)
        return True

    def detail(self, row: Row) -> None:
        """Count what a row says, whether a list showed it or the archive."""
        for name, word in row.words.items():
            self.words.setdefault(name, Counter())[str(word or "")] += 1
            if word and (lens := self.lenses.get(name)) and isinstance(lens.get(Native(str(word))), Unmapped):
                self.unmapped[name, str(word)] += 1
        status = self.lenses["status"].get(Native(str(row.words.get("status")))) if self.lenses else None
        self.open += row.presence is Presence.PRESENT and not (isinstance(status, Status) and status.done)
        self.recent += row.updated >= self.now - RECENT
        self.organisations[row.organisation] += 1
        self.years[row.created.year] += 1
        self.filled.update(row.filled)
        self.tags.update(row.tags)
        self.assignees[row.assignee] += bool(row.assignee)
        self.requesters.add(row.requester)

    def gaps(self) -> Sequence[int]:
        """Return the numbers that no list knows, below the highest that one does."""
        return [number for number in range(1, len(self.known)) if not self.known[number]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """What looking into some tickets tells of all."""

    looked: int
    texts: About
    files: About
    bytes: About
    more_pages: About
    """Calls for further pages of conversations, beyond the first of each ticket."""
    losses: Mapping[Loss, About]
    """Tickets of which something is lost."""
    examples: Mapping[Loss, tuple[str, ...]]
    authors: frozenset[str]
    """Who wrote texts there that are not the customer's own, by their keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """What is known of tickets that no list shows."""

    gaps: int
    asked: int
    found: int
    tickets: About
    rows: Counted
    """What the found ones say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A past, as far as it is known."""

    highest: int
    counted: Counted
    sampled: Sampled
    archive: Archive
    calls_at_most: int


def price(past: Past, highest: int, asked: Asked) -> int:
    """Return how many calls the estimate of a past with so many numbers makes at most.

    A list's pages overlap by the rows of one second, and a second that many share is looked at twice; so
    twice the pages, and three for each of three lists. A looked-into ticket has ten pages at most.
    """
    pages = 2 * ceil(highest / past.cost.rows) + 9
    return pages + min(asked.tickets, highest) * past.cost.ticket * 2 + min(asked.gaps, highest) + 12


def estimate(
    past: Past,
    lenses: Vocabularies,
    target: Capabilities,
    asked: Asked,
    now: datetime,
    tell: Tell,
) -> Told:
    """Return what a past holds; `tell` hears how far it is. Raises WireError."""
    chance = random.Random(asked.seed)  # noqa: S311 - an estimate can be repeated
    highest = past.highest()
    at_most = price(past, highest, asked)
    tell(f"about {highest:,} numbers were given; this makes at most {at_most:,} calls that read")
    listed = Counted(now, lenses, bytearray(highest + 1))
    drawn = _walked(past, listed, asked.tickets, chance, tell)
    archive = _archive(past, listed, asked.gaps, chance)
    tell(f"{listed.listed:,} tickets counted; looking into {len(drawn):,} of them")
    sampled = _sampled(past, drawn, listed.listed, target, at_most, chance)
    return Told(
        highest=len(listed.known) - 1,
        counted=listed,
        sampled=sampled,
        archive=archive,
        calls_at_most=at_most,
    )


def _walked(past: Past, listed: Counted, wanted: int, chance: random.Random, tell: Tell) -> list[int]:
    """Count every row, and return numbers drawn so that each ticket has the same chance."""
    drawn: list[int] = []
    for row in past.rows():
        if not listed.add(row):
            continue
        if len(drawn) < wanted:
            drawn.append(row.number)
        elif (place := chance.randrange(listed.listed)) < wanted:
            drawn[place] = row.number
        if listed.listed % 10_000 == 0:
            tell(f"{listed.listed:,} tickets counted")
    return drawn


def _archive(past: Past, listed: Counted, wanted: int, chance: random.Random) -> Archive:
    gaps = listed.gaps()
    asked = chance.sample(gaps, min(wanted, len(gaps)))
    found = Counted(listed.now, listed.lenses, bytearray())
    for number in asked:
        if (row := past.archived(number)) is not None:
            found.add(row)
    return Archive(
        gaps=len(gaps),
        asked=len(asked),
        found=found.listed,
        tickets=hits(found.listed, len(asked), len(gaps)),
        rows=found,
    )


def _sampled(
    past: Past, drawn: Sequence[int], whole: int, target: Capabilities, most: int, chance: random.Random
) -> Sampled:
    looks = list(_looks(past, drawn, min(most, len(drawn) * past.cost.ticket * 2)))
    found: dict[Loss, list[str]] = {loss: [] for loss in Loss}
    for number, look in looks:
        for loss in frozenset().union(*(losses(message, target) for message in look.messages)):
            found[loss].append(str(number))
    files = [[file for m in look.messages for file in m.attachments] for _, look in looks]
    many, seed = len(looks), chance.randrange(1 << 30)
    return Sampled(
        looked=many,
        texts=total([len(look.messages) for _, look in looks], whole, seed),
        files=total([len(held) for held in files], whole, seed),
        bytes=total([sum(file.size or 0 for file in held) for held in files], whole, seed),
        more_pages=total([look.calls - past.cost.ticket for _, look in looks], whole, seed),
        losses={loss: hits(len(numbers), many, whole) for loss, numbers in found.items()},
        examples={loss: tuple(numbers[:_SHOWN]) for loss, numbers in found.items()},
        authors=frozenset(key for _, look in looks for key in written_by_staff(look)),
    )


def _looks(past: Past, drawn: Sequence[int], most: int) -> Iterator[tuple[int, Look]]:
    """Yield looks at tickets while the promised calls last; one that went meanwhile is left out."""
    spent = 0
    for number in drawn:
        if spent + past.cost.ticket > most:
            return
        try:
            look = past.look(number)
        except Gone:
            spent += 1
            continue
        spent += look.calls
        yield number, look


def written_by_staff(look: Look) -> Iterator[str]:
    """Yield the keys of those who wrote what only staff writes."""
    for message in look.messages:
        if message.kind in _OF_STAFF and message.author.key:
            yield message.author.key


def archived_rows(archive: Archive, count: Callable[[Counted], int]) -> About:
    """Return how many archived tickets have something in common that `count` counts among the found."""
    if archive.asked >= archive.gaps:
        return counted(count(archive.rows))
    return hits(count(archive.rows), archive.asked, archive.gaps)
