"""What is remembered of a side after a reconcile. Pure.

A field becomes *seen* as observed, or, where we wrote it, as the server answered. What somebody else
changed between our read and our write is left unseen, so that the next look finds it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from connectors.base import NativeValue, Snapshot, WrittenTicket
from connectors.capabilities import Capabilities
from mappings.ticket import Field, Value
from sync.fields import slug
from sync.operations import Severity, Skip
from sync.seen import Seen, sent_as, shows


@dataclass(frozen=True, slots=True)
class Answer:
    """What a side answered to our writes: the values we sent, and its fields afterwards."""

    native: Mapping[Field, NativeValue]
    sent: Mapping[Field, Value]
    added: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Remembered:
    """The new memory of a side, what is to be said about it, and whether to look again at once."""

    seen: Seen
    remarks: tuple[Skip, ...] = ()
    again: bool = False


_NOTHING: Seen = Seen({})


@dataclass(slots=True)
class _Draft:
    native: dict[Field, NativeValue]
    wanted: dict[Field, NativeValue] = field(default_factory=dict)
    remarks: list[Skip] = field(default_factory=list)
    again: bool = False


def remember(
    side: Snapshot, old: Seen | None, answer: Answer | None, unsettled: frozenset[Field], can: Capabilities
) -> Remembered:
    """Return what to remember of a side that was observed as `side` and answered as `answer`.

    `unsettled` are fields of this side whose change has not reached every side yet: they stay unseen.
    """
    draft = _Draft(dict(side.native))
    _await(draft, side, old or _NOTHING, answer)
    if answer is not None:
        _answered(draft, side, answer, can)
    for name in unsettled & draft.native.keys():
        if old is not None and old.knows(name):
            draft.native[name] = old.native[name]
        else:
            del draft.native[name]
    changed = old is not None and old.native.get("status") != draft.native.get("status")
    seen = Seen(draft.native, draft.wanted, (old or _NOTHING).serial + changed)
    return Remembered(seen, tuple(draft.remarks), draft.again)


def remember_created(written: WrittenTicket, sent: Mapping[Field, Value], can: Capabilities) -> Remembered:
    """Return what to remember of a side that was just created, and which of its tags it did not take."""
    wanted: dict[Field, NativeValue] = {f: sent_as(can, f, v) for f, v in sent.items() if f != "tags"}
    tags = sent.get("tags")
    ours = {slug(tag) for tag in tags} if isinstance(tags, frozenset) else set()
    missing = sorted(ours - {slug(tag) for tag in written.native.get("tags") or ()})
    if missing:
        wanted["tags"] = tuple(missing)
    remarks = tuple(_not_taken(written.ref.connection, "tags", tag) for tag in missing)
    return Remembered(Seen(written.native, wanted), remarks)


def as_written(old: Seen, answer: Answer | None) -> Seen:
    """Return what a side had said, with what the hub wrote there since and nothing that people changed."""
    if answer is None:
        return old
    native = {**old.native, **{name: answer.native.get(name) for name in answer.sent}}
    if "tags" in old.native:
        native["tags"] = tuple(sorted({*(old.native["tags"] or ()), *answer.added} - answer.removed))
    return replace(old, native=native)


def _await(draft: _Draft, side: Snapshot, old: Seen, answer: Answer | None) -> None:
    """Keep waiting for what a server applies later; say so where it did not take what was written.

    What was written anew has an `answer` of its own.
    """
    for name, wanted in old.wanted.items():
        if answer is not None and name in answer.sent:
            continue
        if shows(side.ticket, name, wanted) or side.native.get(name) != old.native.get(name):
            continue
        draft.wanted[name] = wanted
        ability = side.abilities.fields.get(name)
        if ability and name != "tags" and not ability.asynchronous:
            draft.remarks.append(_not_taken(side.ref.connection, name, str(wanted)))


def _answered(draft: _Draft, side: Snapshot, answer: Answer, can: Capabilities) -> None:
    for name, native in answer.native.items():
        if name == "tags":
            _tags(draft, side, answer)
        elif name in answer.sent:
            draft.native[name] = native
            draft.wanted[name] = sent_as(can, name, answer.sent[name])
        elif native != side.native.get(name):
            draft.again = True


def _tags(draft: _Draft, side: Snapshot, answer: Answer) -> None:
    before, after = set(side.native.get("tags") or ()), set(answer.native.get("tags") or ())
    ours = {slug(tag) for tag in answer.added}
    kept = {tag for tag in after if tag in before or slug(tag) in ours}
    vanished = before - after - answer.removed
    missing = ours - {slug(tag) for tag in after}
    draft.native["tags"] = tuple(sorted(kept | vanished))
    draft.again |= bool(vanished or after - kept)
    if missing:
        draft.wanted["tags"] = tuple(sorted(missing))
    for tag in sorted(missing):
        draft.remarks.append(_not_taken(side.ref.connection, "tags", tag))


def _not_taken(connection: str, name: Field, value: str) -> Skip:
    return Skip(connection, name, f"not taken: {value}", severity=Severity.WARNING)
