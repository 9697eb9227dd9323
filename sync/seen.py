"""What the hub remembers of a ticket: what each side said, and which text is whose copy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, cast

from connectors.base import NativeValue
from connectors.capabilities import Capabilities
from mappings.ticket import Audience, Comment, Field, Ref, Ticket, Value, Word
from mappings.vocabulary import held


@dataclass(frozen=True, slots=True)
class Seen:
    """What one side said when its ticket was last reconciled, in that side's own words."""

    native: Mapping[Field, NativeValue]
    wanted: Mapping[Field, NativeValue] = field(default_factory=dict)
    """What we wrote to a field, until a read shows it or somebody else changes it; of the tags, those
    that were not taken."""
    serial: int = 0
    """How often this side's status has been seen to change: tells one occasion from the next."""
    read: datetime | None = field(default=None, compare=False)
    """When that was."""

    def knows(self, name: Field) -> bool:
        """Whether this field has been seen on this side."""
        return name in self.native


UNSAID: Mapping[Field, NativeValue] = MappingProxyType({"status": None})
"""What the source of a run had said before it is moved. Its status goes last: failing that, it is to come."""


def sent_as(can: Capabilities, name: Field, value: Value) -> str:
    """Return what a later read must show for a value that was written."""
    return str(held(can.vocabularies, name, cast(Word, value)) if isinstance(value, StrEnum) else value)


def shows(ticket: Ticket, name: Field, wanted: NativeValue) -> bool:
    """Whether a ticket says what was written to a field, as `sent_as` keeps it: people have several names."""
    if name == "assignee" and ticket.assignee is not None and isinstance(wanted, str):
        return ticket.assignee.is_called(wanted)
    return str(ticket.value(name)) == wanted


class Kind(StrEnum):
    """What a copy is a copy of."""

    COMMENT = "comment"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class TextId:
    """A text or file on one side. `key` is the ticket's."""

    connection: str
    key: str
    id: str

    @property
    def ref(self) -> Ref:
        """The side that it stands on."""
        return Ref(self.connection, self.key)

    def part(self, number: int) -> TextId:
        """Return the identity of a part of this text; the first one's is the text's own."""
        return self if number == 1 else replace(self, id=f"{self.id}{_PART}{number}")

    def addendum(self, revision: str) -> TextId:
        """Return the identity of the text that tells of this text's new wording."""
        return replace(self, id=f"{self.id}{_ADDENDUM}{revision}")

    @property
    def whole(self) -> str:
        """The id of the text that this is, is a part of, or tells the new wording of."""
        return self.id.partition(_PART)[0].partition(_ADDENDUM)[0]

    @property
    def is_the_hubs(self) -> bool:
        """Whether nobody wrote it but the hub: it tells of something, or greets."""
        return self.id.startswith(_OURS)

    @property
    def is_addendum(self) -> bool:
        """Whether it tells the new wording of a text."""
        return _ADDENDUM in self.id

    def after_move(self, ids: Mapping[str, str]) -> TextId:
        """Return what this is called once its ticket has moved and its texts and files got new `ids`.

        Its parts, what tells its new wording, and the notes about it are named by it.
        """
        about = next((sign for sign in _ABOUT if self.id.startswith(sign)), "")
        whole = self.whole.removeprefix(about)
        return replace(self, id=f"{about}{ids.get(whole, whole)}{self.id[len(about) + len(whole) :]}")


RECEIPT = "hub:receipt"
"""The name of the text that tells a customer what to quote."""
_OURS = "hub:"
"""What the names of all texts of the hub's own begin with."""
_ABOUT = ("hub:told-", "hub:publish-", "hub:deleted-", "hub:file-")
"""What the names of notes about a text begin with; its id follows."""
_PART, _ADDENDUM = "#part:", "#edit:"
_PUBLISHED = "!"


@dataclass(frozen=True, slots=True)
class Mirror:
    """One copy that the hub made, and what of."""

    kind: Kind
    origin: TextId
    target: TextId
    revision: str
    """The origin's revision that was copied."""
    answer: str
    """The revision that the target's server answered with: what the copy is as long as nobody edits it."""
    name: str = ""
    """A file's name on the target; of a text, who could read the original when it was copied, and
    whether the copy was published."""

    def stands_in(self, there: Comment) -> bool:
        """Whether a copy says what we wrote; files may have joined it since: those that we added after it."""
        counts = range(len(there.attachments) + 1)
        return any(
            replace(there, attachments=there.attachments[:count]).revision == self.answer for count in counts
        )

    @property
    def published(self) -> bool:
        """Whether the customer reads it: a person's publish sign made it so, or it is a receipt."""
        return self.kind is Kind.COMMENT and self.name.endswith(_PUBLISHED)

    @property
    def answers(self) -> bool:
        """Whether it is a person's answer to the customer."""
        return self.published and self.origin.id != RECEIPT

    @property
    def read_by(self) -> Audience | None:
        """Who could read the original when it was copied; None where that is not on record."""
        name = self.name.removesuffix(_PUBLISHED)
        return Audience(name) if self.kind is Kind.COMMENT and name else None


def readable(original: Audience, *, published: bool) -> str:
    """Return what a text's record says of its readers."""
    return f"{original}{_PUBLISHED if published else ''}"


_Place = tuple[Kind, str, str]
_NOTHING: Mapping[str, Any] = {}
_NONE: frozenset[str] = frozenset()


class Mirrors:
    """All copies within one bundle, found by their origin or by where they stand."""

    def __init__(self, mirrors: Iterable[Mirror] = (), among: frozenset[Ref] | None = None) -> None:
        """`among` are the sides of one ticket: only copies on them are found by their origin.

        On a work side that several tickets share, one text may have a copy on each of their front sides.
        """
        self._all, self._among = tuple(mirrors), among
        self._mine = [m for m in self._all if among is None or m.target.ref in among]
        self._made: dict[_Place, dict[str, dict[str, Mirror]]] = {}
        self._copies: dict[_Place, set[str]] = {}
        for m in self._mine:
            made = self._made.setdefault((m.kind, m.origin.connection, m.origin.key), {})
            made.setdefault(m.origin.id, {})[m.target.connection] = m
        for m in self._all:
            self._copies.setdefault((m.kind, m.target.connection, m.target.key), set()).add(m.target.id)

    def __iter__(self) -> Iterator[Mirror]:
        return iter(self._mine)

    def of(self, kind: Kind, origin: TextId, target: str) -> Mirror | None:
        """Return the copy of `origin` on the connection `target`, or None."""
        return self.made(kind, origin.connection, origin.key).get(origin.id, _NOTHING).get(target)

    def made(self, kind: Kind, connection: str, key: str) -> Mapping[str, Mapping[str, Mirror]]:
        """Return id -> connection -> copy, of everything on a side that was copied."""
        return self._made.get((kind, connection, key), _NOTHING)

    def copies(self, kind: Kind, connection: str, key: str) -> AbstractSet[str]:
        """Return the ids of everything on a side that is a copy."""
        return self._copies.get((kind, connection, key), _NONE)

    def is_copy(self, kind: Kind, text: TextId) -> bool:
        """Whether this text or file is one of ours."""
        return text.id in self.copies(kind, text.connection, text.key)

    def copied(self, kind: Kind, to: Ref) -> Iterator[Mirror]:
        """Yield the copies that stand on a side."""
        return (m for m in self._all if m.kind is kind and m.target.ref == to)

    def names(self, source: str, target: str) -> dict[str, str]:
        """Return origin file id -> name on `target`, of the files copied there from `source`."""
        return {
            m.origin.id: m.name
            for m in self._mine
            if m.kind is Kind.FILE
            and m.name
            and (m.origin.connection, m.target.connection) == (source, target)
        }

    def plus(self, more: Iterable[Mirror]) -> Mirrors:
        """Return these copies and `more`."""
        new = tuple(more)
        among = None if self._among is None else self._among | {m.target.ref for m in new}
        return Mirrors((*self._all, *new), among)

    def of_ticket(self, refs: Iterable[Ref]) -> Mirrors:
        """Return these copies as one ticket of the bundle sees them, whose sides these are."""
        return Mirrors(self._all, frozenset(refs))
