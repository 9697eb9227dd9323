"""Whether time that was booked, and what customers thought, stand on the other side. Pure.

Time is booked again, each entry once and with a sign of the one that it stands for, or told in a note for
staff; the last rating stands in a field where there is one, all else that was said in such a note.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC

from connectors.recount import RawRating, RawText, RawTime, RawValue, Recount
from mappings.ticket import Ref
from mappings.vocabulary import Vocabularies
from sync.migrate.compare import CHANGED, CHANGED_FIELD, TAKEN, Difference
from sync.migrate.compare_values import meaning
from sync.migrate.words import Wanted, plain, told

_MINUTE = 60
"""Seconds: some tools count in minutes, and have no time that is shorter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """The notes of a ticket's copy that tell what no field there holds, and why there may be none."""

    texts: Sequence[RawText]
    reason: str
    """Why none was written, as it was recorded; empty if nothing tells."""

    def lacks(self, *pieces: str) -> list[str]:
        """Return what of these pieces no note says."""
        said = " ".join(" ".join(plain(text.text).split()) for text in self.texts)
        return [piece for piece in pieces if piece and piece not in said and self.unsaid(piece)]

    def unsaid(self, text: str) -> int:
        """Return how many words of a text no note says; a long note is in several texts."""
        said = sum((told(note.text) for note in self.texts), Counter[str]())
        return Wanted(text).lacking(said).total()

    def missing(self, what: str, why: str) -> Difference:
        """Return that something is not told, with what is known of why."""
        if any(text.edited for text in self.texts):
            return Difference(what, CHANGED, explained=True, changed=True)
        if self.reason:
            return Difference(what, self.reason, explained=True)
        return Difference(what, why, unsure=tuple(text.id for text in self.texts if text.edited is None))


def times_compared(
    source: Ref, here: Recount, there: Recount, notes: Notes, booked: Collection[str]
) -> Iterator[Difference]:
    """Yield the time that is booked at the source and not on the target, or not as it was.

    `there.times` is None where it is told in a note. `booked` are the entries that the hub knows to have
    booked: any other may be told in a note, as it is where the rules changed.
    """
    gone = list(there.unbooked or ())
    for entry in here.times or ():
        what = f"booked time {entry.id} ({_length(entry.seconds)} h, {entry.at.astimezone(UTC):%Y-%m-%d})"
        if there.times is None:
            if not _noted(entry, notes):
                yield notes.missing(what, "no note there tells it")
            continue
        sign = f"({source.connection} {source.key}, entry {entry.id}"
        copies = [one for one in there.times if any(f"{sign}{end}" in plain(one.text) for end in ",)")]
        if not copies:
            if any(_alike(entry.seconds, seconds) for seconds in gone):
                gone.remove(next(seconds for seconds in gone if _alike(entry.seconds, seconds)))
                yield Difference(what, TAKEN, explained=True, changed=True)
            elif entry.id in booked or not _noted(entry, notes):
                yield Difference(
                    what, "it is not booked there", entry=entry.id, unknown=there.unbooked is None
                )
        elif len(copies) > 1:
            yield Difference(what, f"it is booked {len(copies)} times there")
        else:
            yield from _booked(what, entry, copies[0], notes)


def _booked(what: str, entry: RawTime, copy: RawTime, notes: Notes) -> Iterator[Difference]:
    """Yield what an entry says otherwise than its original; a note may tell the end of a long text."""
    wrong = []
    if not _alike(entry.seconds, copy.seconds):
        wrong.append(f"{_length(copy.seconds)} h are booked there")
    if entry.at.astimezone(UTC).date() != copy.at.astimezone(UTC).date():
        wrong.append(f"it is booked on {copy.at.astimezone(UTC):%Y-%m-%d} there")
    wanted = Wanted(f"{entry.who} {entry.text}")
    said = told(copy.text)
    if wanted.lacking(said) and notes.unsaid(entry.text):
        wrong.append(f"{wanted.lacking(said).total()} of {len(wanted)} words are not there")
    if wrong and copy.edited:
        yield Difference(what, CHANGED, explained=True, changed=True)
    elif wrong:
        yield Difference(what, "; ".join(wrong))


def _noted(entry: RawTime, notes: Notes) -> bool:
    """Whether a note tells an entry, its length in whole minutes."""
    minutes = {entry.seconds // _MINUTE, -(-entry.seconds // _MINUTE)}
    lengths = [f"{many // 60}:{many % 60:02d} h" for many in minutes]
    return not all(notes.lacks(length) for length in lengths) and not notes.unsaid(entry.text)


def ratings_compared(
    ratings: Collection[RawRating],
    known: Collection[str],
    field: RawValue | None,
    lenses: Vocabularies,
    notes: Notes,
) -> Iterator[Difference]:
    """Yield what a customer thought that does not stand on the target.

    `known` are those that a run has read; `field` is what the target's field for it says, None if there is
    none.
    """
    ordered = sorted(ratings, key=lambda one: (one.at, len(one.id), one.id))
    for one in ordered:
        what, last = f"rating {one.id} ({one.mood}, {one.at:%Y-%m-%d})", one is ordered[-1]
        if one.id not in known:
            yield Difference(what, "no run has read it yet: run again")
            continue
        if last and field is not None and (stands := meaning(lenses, "rating", field)) != one.mood:
            why = f"the field says {stands!r}" if stands else "the field says nothing"
            if field.edited:
                yield Difference(what, CHANGED_FIELD, explained=True, changed=True, field="rating")
            else:
                yield Difference(what, why, field="rating", unknown=field.edited is None)
        elsewhere = field is not None and last and not one.text.strip()
        if not elsewhere and (notes.lacks(f"rated {one.mood}") or notes.unsaid(one.text)):
            yield notes.missing(what, "no note there tells it")


def _alike(one: int, other: int) -> bool:
    """Whether two lengths are the same, as far as a tool keeps them: whole minutes, one at least."""
    least = max(_MINUTE, one) if other == _MINUTE else one
    return other == least or (other % _MINUTE == 0 and abs(other - one) < _MINUTE)


def _length(seconds: int) -> str:
    return f"{seconds // 3600}:{seconds % 3600 // _MINUTE:02d}"
