"""Fields and tags that were sent to a side, and nobody heard the answer. Pure.

A hub that is killed, or whose line breaks, has written a value or has not; it may even arrive a little
later. What is about to be sent is therefore noted, with what the sides said that it comes from. Where the
value is found, it is the hub's and nobody's change, and counts as seen, as if the answer had been heard.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from connectors.base import NativeValue, Snapshot
from mappings.ticket import Field, Ref
from sync.fields import OWN, slug
from sync.operations import ChangeTags, SetFields, Write
from sync.seen import Seen, sent_as, shows
from sync.sent import Notes, Sent
from sync.situation import Situation
from sync.uncertain import REQUEST_LIFE


def noted(s: Situation, writes: Iterable[Write], at: datetime) -> Iterator[tuple[Ref, Sent]]:
    """Yield what is noted of a ticket's writes before any is sent, with the side that each goes to.

    A side that is not there yet is made by the same plan, and nobody has changed anything on it.
    """
    for write in writes:
        if isinstance(write, SetFields) and write.target in s.sides:
            mine = [change for change in write.changes if change.field not in OWN]
            can, said = s.capabilities[write.target], dict[Ref, dict[Field, NativeValue]]()
            for change in mine:
                if (source := s.sides.get(change.source)) is not None:
                    said.setdefault(source.ref, {})[change.field] = source.native.get(change.field)
            if mine:
                values: dict[Field, NativeValue] = {c.field: sent_as(can, c.field, c.value) for c in mine}
                yield s.sides[write.target].ref, Sent(at, values, said=said)
        elif isinstance(write, ChangeTags) and write.target in s.sides:
            sources = [s.sides[name] for name in sorted(write.sources) if name in s.sides]
            tags: dict[Ref, Mapping[Field, NativeValue]] = {
                side.ref: {"tags": side.native.get("tags")} for side in sources
            }
            yield s.sides[write.target].ref, Sent(at, {}, write.add, write.remove, tags)


def plus(notes: Notes, more: Iterable[tuple[Ref, Sent]]) -> dict[Ref, tuple[Sent, ...]]:
    """Return the notes of all sides that `more` are for, those included."""
    found: dict[Ref, tuple[Sent, ...]] = {}
    for ref, one in more:
        found[ref] = (*found.get(ref, notes.get(ref, ())), one)
    return found


def settled(notes: Notes, sides: Mapping[Ref, Snapshot], at: datetime) -> dict[Ref, tuple[Sent, ...]]:
    """Return what is left of notes once a look has settled what they were about.

    They may still arrive, for as long as a request lives; what was read later than that shows them.
    """
    return {
        ref: tuple(
            replace(one, at=at if one.open else one.at, open=False)
            for one in kept
            if one.open or ref not in sides or sides[ref].read_at <= one.at + REQUEST_LIFE
        )
        for ref, kept in notes.items()
    }


def recognised(
    seen: Mapping[Ref, Seen], notes: Notes, sides: Mapping[Ref, Snapshot]
) -> tuple[dict[Ref, Seen], dict[Ref, tuple[Sent, ...]]]:
    """Return what counts as seen of each side that was read, and what is still not found of the notes.

    What the hub had sent and is there now counts as seen there. Each side that it comes from counts as
    having said then what was carried, so that what it says by now is carried on; but as long as it says
    the same, and the value is not yet everywhere, it stays to be carried.
    """
    look = _Look(dict(seen), notes, sides)
    left = {ref: tuple(look.take(ref, one) for one in kept) for ref, kept in notes.items()}
    return look.seen, {ref: some for ref, kept in left.items() if (some := tuple(filter(_holds, kept)))}


def _holds(one: Sent) -> bool:
    return bool(one.values or one.add or one.remove)


@dataclass(slots=True)
class _Look:
    seen: dict[Ref, Seen]
    notes: Notes
    sides: Mapping[Ref, Snapshot]

    def take(self, ref: Ref, one: Sent) -> Sent:
        """Take a note of a side in; return what of it was not found."""
        side = self.sides.get(ref)
        late = side is not None and not one.open and side.ticket.updated > one.at + REQUEST_LIFE
        found, tags = set[Field](), set[str]()
        for name, value in one.values.items():
            here = side is not None and not late and self._arrived(side, name, value)
            if here and side is not None:
                found.add(name)
                self._sees(ref, name, side.native.get(name), value)
            if here or one.open:
                self._rewinds(one, name, everywhere=self._everywhere(name))
        for tag in one.add | one.remove:
            here = side is not None and not late and self._tagged(side, tag, there=tag in one.add)
            if here and side is not None:
                tags.add(tag)
                self._sees_tag(ref, side, tag)
            if here or one.open:
                self._rewinds_tag(one, tag, there=tag in one.add)
        values = {name: value for name, value in one.values.items() if name not in found}
        return replace(one, values=values, add=one.add - tags, remove=one.remove - tags)

    def _arrived(self, side: Snapshot, name: Field, value: NativeValue) -> bool:
        """Whether a field says what was sent to it, and did not when it was last seen."""
        known = self.seen.get(side.ref)
        if known is None or not known.knows(name) or known.native[name] == side.native.get(name):
            return False
        return _says(side, name, value)

    def _everywhere(self, name: Field) -> bool:
        """Whether every side says what was sent to this field of it, last of all."""
        for ref, kept in self.notes.items():
            last = next((one for one in reversed(kept) if one.open and name in one.values), None)
            side = self.sides.get(ref)
            if last is not None and (side is None or not _says(side, name, last.values[name])):
                return False
        return True

    def _sees(self, ref: Ref, name: Field, native: NativeValue, value: NativeValue) -> None:
        known = self.seen[ref]
        serial = known.serial + (name == "status")
        wanted = {**known.wanted, name: value}
        self.seen[ref] = replace(known, native={**known.native, name: native}, wanted=wanted, serial=serial)

    def _rewinds(self, one: Sent, name: Field, *, everywhere: bool) -> None:
        for ref, said in one.said.items():
            side, known = self.sides.get(ref), self.seen.get(ref)
            if side is None or known is None or name not in said or not known.knows(name):
                continue
            if everywhere or side.native.get(name) != said[name]:
                self.seen[ref] = replace(known, native={**known.native, name: said[name]})

    def _tagged(self, side: Snapshot, tag: str, *, there: bool) -> bool:
        """Whether a tag was added or removed as the hub had sent it, and was not when it was last seen."""
        known = self.seen.get(side.ref)
        if known is None or not known.knows("tags"):
            return False
        now, before = _slugs(side.native.get("tags")), _slugs(known.native["tags"])
        return (slug(tag) in now) is there and (slug(tag) in before) is not there

    def _sees_tag(self, ref: Ref, side: Snapshot, tag: str) -> None:
        self._set(ref, [shown for shown in side.native.get("tags") or () if slug(shown) == slug(tag)], tag)

    def _rewinds_tag(self, one: Sent, tag: str, *, there: bool) -> None:
        everywhere = all(
            (side := self.sides.get(ref)) is not None
            and (slug(tag) in _slugs(side.native.get("tags"))) is there
            for ref, kept in self.notes.items()
            if any(other.open and tag in (other.add if there else other.remove) for other in kept)
        )
        for ref, said in one.said.items():
            side, known = self.sides.get(ref), self.seen.get(ref)
            if side is None or known is None or not known.knows("tags"):
                continue
            if (slug(tag) in _slugs(said.get("tags"))) is not there:
                continue  # it comes from another side
            if everywhere or (slug(tag) in _slugs(side.native.get("tags"))) is not there:
                self._set(ref, [t for t in said.get("tags") or () if slug(t) == slug(tag)], tag)

    def _set(self, ref: Ref, shown: Iterable[str], tag: str) -> None:
        """Have a side be seen with a tag as it is shown, or without it."""
        known = self.seen[ref]
        others = [other for other in known.native.get("tags") or () if slug(other) != slug(tag)]
        tags = tuple(sorted({*others, *shown}))
        self.seen[ref] = replace(known, native={**known.native, "tags": tags})


def _says(side: Snapshot, name: Field, value: NativeValue) -> bool:
    if name == "subject":  # tools shorten it, and join its blanks
        now, said = (" ".join(str(text or "").split()) for text in (side.ticket.value(name), value))
        return bool(now) and said.startswith(now.rstrip("….").rstrip())
    return shows(side.ticket, name, value)


def _slugs(tags: NativeValue) -> set[str]:
    return {slug(tag) for tag in tags or ()}
