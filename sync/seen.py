"""What the hub remembers of a ticket: what each side said, and which text is whose copy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import cast

from connectors.base import NativeValue
from connectors.capabilities import Capabilities
from mappings.ticket import Field, Ref, Value, Word
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

    def knows(self, name: Field) -> bool:
        """Whether this field has been seen on this side."""
        return name in self.native


def sent_as(can: Capabilities, name: Field, value: Value) -> str:
    """Return what a later read must show for a value that was written."""
    return str(held(can.vocabularies, name, cast(Word, value)) if isinstance(value, StrEnum) else value)


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
    """A file's name on the target."""


class Mirrors:
    """All copies within one bundle, found by their origin or by where they stand."""

    def __init__(self, mirrors: Iterable[Mirror] = (), among: frozenset[Ref] | None = None) -> None:
        """`among` are the sides of one ticket: only copies on them are found by their origin.

        On a work side that several tickets share, one text may have a copy on each of their front sides.
        """
        self._all, self._among = tuple(mirrors), among
        self._mine = [m for m in self._all if among is None or m.target.ref in among]
        self._by_origin = {(m.kind, m.origin, m.target.connection): m for m in self._mine}
        self._targets = {(m.kind, m.target) for m in self._all}

    def __iter__(self) -> Iterator[Mirror]:
        return iter(self._mine)

    def of(self, kind: Kind, origin: TextId, target: str) -> Mirror | None:
        """Return the copy of `origin` on the connection `target`, or None."""
        return self._by_origin.get((kind, origin, target))

    def is_copy(self, kind: Kind, text: TextId) -> bool:
        """Whether this text or file is one of ours."""
        return (kind, text) in self._targets

    def names(self, source: str, target: str) -> dict[str, str]:
        """Return origin file id -> name on `target`, of the files copied there from `source`."""
        return {
            m.origin.id: m.name
            for m in self._mine
            if m.kind is Kind.FILE and m.origin.connection == source and m.target.connection == target
        }

    def plus(self, more: Iterable[Mirror]) -> Mirrors:
        """Return these copies and `more`."""
        new = tuple(more)
        among = None if self._among is None else self._among | {m.target.ref for m in new}
        return Mirrors((*self._all, *new), among)

    def of_ticket(self, refs: Iterable[Ref]) -> Mirrors:
        """Return these copies as one ticket of the bundle sees them, whose sides these are."""
        return Mirrors(self._all, frozenset(refs))
