"""Two-way tables between one system's words and the canonical words.

A vocabulary is a lens. Its canonical words fall into those that the system can tell apart (each has a
native word to write) and those it cannot (each is *folded* into one that it can, explicitly). The laws
are checked when a table is loaded:

* every canonical word is written or folded, not both, and a fold ends at a written word;
* a word that is read is written;
* PutGet: reading what was written for a word gives that word, or the word it is folded into;
* GetPut: writing what was just read changes nothing (`put` keeps a native word that already means it).

A native word may carry a category (``10041 category:done``): a table reads the exact word first, then
the category. Words are ids and categories, never translated names.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import Generic, TypeVar, cast

from mappings.ticket import (
    Field,
    Impact,
    Mood,
    Priority,
    Resolution,
    SlaState,
    Status,
    TicketType,
    Unmapped,
    Urgency,
    Word,
)

W = TypeVar("W", bound=StrEnum)

WORDS: Mapping[Field, type[StrEnum]] = {
    "status": Status,
    "priority": Priority,
    "type": TicketType,
    "impact": Impact,
    "urgency": Urgency,
    "resolution": Resolution,
    "sla": SlaState,
    "rating": Mood,
}
"""The fields whose values are words, and the canonical words of each."""

NOTHING = "-"
"""How a table writes "no native word at all" (a label that is absent)."""


class VocabularyError(ValueError):
    """A table breaks a law; `problems` lists all of them, each naming table and word."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Native:
    """A native word as a connector read it: the word itself and, where the system has one, its category."""

    word: str
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Vocabulary(Generic[W]):
    """The lens of one field on one connection. Build it with `vocabulary`, which checks the laws."""

    reads: Mapping[str, W]
    writes: Mapping[W, str]
    folds: Mapping[W, W]

    def get(self, native: Native) -> W | Unmapped:
        """Return what a native word means, or `Unmapped`."""
        for word in (native.word, f"category:{native.category}"):
            if word in self.reads:
                return self.reads[word]
        return Unmapped(native.word)

    def hold(self, value: W) -> W:
        """Return the word this system keeps `value` as: itself, or what it is folded into."""
        return self.folds.get(value, value)

    def put(self, value: W, present: Native | None) -> str:
        """Return the native word to write for `value`; the present one where it already means it."""
        if present is not None and self.get(present) == self.hold(value):
            return present.word
        return self.writes[self.hold(value)]


def vocabulary(words: type[W], table: Mapping[str, Mapping[str, str]], name: str) -> Vocabulary[W]:
    """Return the lens that `table` (its parts ``read``, ``write``, ``fold``) describes.

    `name` is how problems call the table. Raises VocabularyError with every law that is broken.
    """
    problems: list[str] = []

    def word(text: str, where: str) -> W | None:
        if text in words.__members__.values():
            return words(text)
        problems.append(f"{name}.{where}: {text!r} is not one of {', '.join(words)}")
        return None

    reads = {n: w for n, t in table.get("read", {}).items() if (w := word(t, f"read.{n}"))}
    writes = {w: n for t, n in table.get("write", {}).items() if (w := word(t, "write"))}
    folds = {
        w: into
        for t, i in table.get("fold", {}).items()
        if (w := word(t, "fold")) and (into := word(i, f"fold.{t}"))
    }
    result = Vocabulary(reads, writes, folds)
    problems += _broken_laws(words, result, name)
    if problems:
        raise VocabularyError(problems)
    return result


def _broken_laws(words: type[W], v: Vocabulary[W], name: str) -> list[str]:
    problems = []
    for word in words:
        if word in v.writes and word in v.folds:
            problems.append(f"{name}: {word} is both written and folded")
        elif word not in v.writes and word not in v.folds:
            problems.append(f"{name}: {word} can be neither written nor folded")
    for word, into in v.folds.items():
        if into not in v.writes:
            problems.append(f"{name}.fold.{word}: {into} is not a written word")
    for native, word in v.reads.items():
        if word in v.folds:
            problems.append(f"{name}.read.{native}: {word} is folded, so what is read could not be written")
    for word, native in v.writes.items():
        category = native.removeprefix("category:") if native.startswith("category:") else None
        if v.get(Native(native, category)) != word:
            problems.append(f"{name}.write.{word}: {native!r} does not read back as {word}")
    return problems


Vocabularies = Mapping[Field, Vocabulary[StrEnum]]
"""The lenses of one connection, by field. A field without one is not translated there."""


def vocabularies(system: str, overrides: Mapping[str, Mapping[str, Mapping[str, str]]]) -> Vocabularies:
    """Return the lenses of a connection: its system's default tables with a person's rows on top.

    `overrides` is ``{field: {"read": {...}, "write": {...}, "fold": {...}}}``. A written word leaves
    the folds and the other way round, so that one row is enough. Raises VocabularyError.
    """
    table = tomllib.loads((files("mappings") / "tables" / f"{system}.toml").read_text("utf-8"))
    unknown = sorted((set(table) | set(overrides)) - set(WORDS))
    problems = [f"{system}.{field}: no such vocabulary; there are {', '.join(WORDS)}" for field in unknown]
    result: dict[Field, Vocabulary[StrEnum]] = {}
    for field, words in WORDS.items():
        merged = _merge(table.get(field, {}), overrides.get(field, {}))
        if not merged:
            continue
        try:
            result[field] = vocabulary(words, merged, f"{system}.{field}")
        except VocabularyError as error:
            problems += error.problems
    if problems:
        raise VocabularyError(problems)
    return result


def _merge(
    base: Mapping[str, Mapping[str, str]], over: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, str]]:
    merged = {part: dict(rows) for part, rows in base.items()}
    for part, rows in over.items():
        merged.setdefault(part, {}).update(rows)
        other = {"write": "fold", "fold": "write"}.get(part)
        for word in rows:
            if other in merged and word not in over.get(other, {}):
                merged[other].pop(word, None)
    # What meant a word that is folded now means the word that it is folded into.
    folds = over.get("fold", {})
    for native, word in merged.get("read", {}).items():
        if native not in over.get("read", {}):
            merged["read"][native] = folds.get(word, word)
    return merged


def held(lenses: Vocabularies, field: Field, value: Word) -> Word:
    """Return the word that a side with these lenses keeps `value` as; itself where nothing translates it."""
    lens = lenses.get(field)
    return cast(Word, lens.hold(value)) if lens else value
