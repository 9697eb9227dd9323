"""What people did, as they know it: the tickets they opened, what they said, where things were linked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

DESCRIPTION = "0"
TOOLS = ("desk", "jira", "gitlab")
TOKEN = re.compile(r"(?<![\w.])zq\d{4}[a-z](?!\w)")
"""The word that each text begins with. Nothing else has it: who quotes a text changes it, and a marker, which
may have it by chance within, is one long word."""


@dataclass(frozen=True)
class File:
    """A file that somebody sent."""

    name: str
    sha256: str


@dataclass(eq=False)
class Side:
    """One tool's ticket. `linked` is when a person linked it by hand; None where the hub made it."""

    tool: str
    key: str
    linked: datetime | None = None
    trashed: bool = False
    gone: bool = False
    left: str = ""
    """Where nobody acts on it any more, what became of it: ``merged`` into another ticket, or ``moved``."""
    unheard: bool = False
    """Whether it was deleted before its ticket told of it: the hub cannot know that it had made it."""
    moved: datetime | None = None
    """When somebody last finished it, took it up again, or began."""
    made_for: Side | None = None
    """The ticket whose description it was made with, if the hub made it."""

    @property
    def there(self) -> bool:
        """Whether it can be worked on."""
        return not (self.trashed or self.gone)


@dataclass(eq=False)
class Said:
    """A text that a person wrote; `token` is the word that its present revision begins with."""

    side: Side
    id: str
    token: str
    author: str
    private: bool
    when: datetime
    files: list[File] = field(default_factory=list)
    earlier: list[str] = field(default_factory=list)
    deleted: bool = False
    published: bool = False
    """Whether it bears the sign that has the customer read it."""
    kept: bool = False
    """Whether it must stand nowhere else: it bears the sign for that, or fewer than staff may read it."""


@dataclass(eq=False)
class Ticket:
    """A matter that a customer brought up, and its story in words."""

    number: int
    desk: Side
    customer: str
    subject: str
    story: list[str] = field(default_factory=list)


@dataclass(eq=False)
class Bundle:
    """A work side with all the tickets that are linked to it."""

    tickets: list[Ticket] = field(default_factory=list)
    works: dict[str, Side] = field(default_factory=dict)
    by_hand: bool = False

    @property
    def sides(self) -> list[Side]:
        """Every side of it."""
        return [*(t.desk for t in self.tickets), *self.works.values()]


@dataclass(frozen=True)
class Tagged:
    """Somebody added a tag where it was not, or removed one that was there."""

    side: Side
    tag: str
    added: bool


@dataclass(frozen=True)
class Parted:
    """Somebody took a side out of its ticket."""

    bundle: Bundle
    side: Side
    when: datetime
    sides: tuple[Side, ...] = ()
    """What it belonged together with until then: its ticket may lose further sides later."""


@dataclass
class Ledger:
    """Everything that people did in one seed."""

    bundles: list[Bundle] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    tagged: list[Tagged] = field(default_factory=list)
    subjects: list[tuple[Side, str]] = field(default_factory=list)
    """Who gave which subject last, in order."""
    finished: list[Side] = field(default_factory=list)
    """Work sides, each time that a person finished one."""
    touched: list[tuple[Side, str, str]] = field(default_factory=list)
    """(side, text, word): copies that a person edited, and texts of other programs: they stay as they are."""
    copied: dict[str, str] = field(default_factory=dict)
    """What somebody added to a copy -> the word of the text that it is a copy of."""
    removed: set[tuple[Side, str]] = field(default_factory=set)
    """(side, word) of each copy that a person deleted."""
    parted: list[Parted] = field(default_factory=list)
    stayed: set[tuple[str, str, str]] = field(default_factory=set)
    """(word, tool, ticket) of copies that stood there when the issue of their original was deleted."""
    born: dict[str, datetime] = field(default_factory=dict)
    """When each word was first written."""
    focus: Sequence[Side] = ()
    """What everybody just looks at: the ticket that the hub is at work on, for instance."""
    written: tuple[str, str] | None = None
    """(tool, key) of the ticket whose fields the hub has just read and is about to write."""
    acts: int = 0
    words: int = 0

    def token(self) -> str:
        """Return a word that nothing else has."""
        self.words += 1
        return f"zq{self.words:04d}a"

    @staticmethod
    def next(token: str) -> str:
        """Return the word of a text's next revision."""
        return token[:-1] + chr(ord(token[-1]) + 1)

    def tickets(self) -> Iterator[tuple[Bundle, Ticket]]:
        """Yield every ticket with its bundle."""
        for bundle in self.bundles:
            for ticket in bundle.tickets:
                yield bundle, ticket

    def bundle_of(self, side: Side) -> Bundle:
        """Return the bundle that a side is in."""
        return next(bundle for bundle in self.bundles if side in bundle.sides)

    def told(self, side: Side, what: str, when: datetime) -> None:
        """Write down, for the story of each ticket that it concerns, what a person did on a side."""
        self.acts += 1
        self.tell((side.tool, side.key), f"{self.acts:4} {when:%d %H:%M:%S} {side.tool}:{side.key} {what}")

    def tell(self, side: tuple[str, str], line: str) -> None:
        """Write a line into the story of each ticket that has a side."""
        for bundle in self.bundles:
            for ticket in bundle.tickets:
                if any((s.tool, s.key) == side for s in (ticket.desk, *bundle.works.values())):
                    ticket.story.append(line)

    def part(self, bundle: Bundle, side: Side, when: datetime) -> None:
        """Have a work side belong to its ticket no longer."""
        self.parted.append(Parted(bundle, side, when, tuple(bundle.sides)))
        del bundle.works[side.tool]

    def split(self, bundle: Bundle, tickets: list[Ticket], work: Side, when: datetime) -> None:
        """Have tickets be linked with a work side no longer, which the other ones keep.

        What was made for them meanwhile, in another tool, was never the others': it stays with them.
        """
        desks = [ticket.desk for ticket in tickets]
        own = {tool: side for tool, side in bundle.works.items() if any(side.made_for is d for d in desks)}
        own.pop(work.tool, None)
        bundle.tickets = [one for one in bundle.tickets if not any(one.desk is d for d in desks)]
        bundle.works = {tool: side for tool, side in bundle.works.items() if tool not in own}
        self.bundles.append(alone := Bundle(list(tickets), own, by_hand=True))
        self.parted.append(Parted(alone, work, when, (*desks, work, *own.values())))

    def was_there(self, token: str, home: Side, tool: str, key: str) -> bool:
        """Whether a text was written while its side and another one still belonged together."""
        for parted in self.parted:
            ends = {(s.tool, s.key) for s in parted.sides}
            apart = {(home.tool, home.key), (tool, key)}
            if (parted.side.tool, parted.side.key) in apart and apart <= ends:
                return self.born[token] <= parted.when
        return False

    @staticmethod
    def move(side: Side, key: str) -> None:
        """Have a side live under another key from now on."""
        side.key, side.left = key, "moved"

    def merge(self, one: Bundle, other: Bundle, merged: Side) -> None:
        """Have the second bundle's ticket be merged into the first one's, which inherits its issues."""
        merged.left = "merged"
        if other.works:
            self.join(one, other)

    def join(self, one: Bundle, other: Bundle) -> None:
        """Have two bundles be one."""
        one.tickets += other.tickets
        one.works |= other.works
        one.by_hand = True
        self.bundles.remove(other)


def quoted(text: str) -> str:
    """Return a text as somebody quotes it: no word identifies it any more, and its files stay behind."""
    return re.sub(r"zq(?=\d{4}[a-z])", "zx", text).replace("/uploads/", "/elsewhere/")
