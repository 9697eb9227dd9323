"""What is remembered of the sides of a create whose answer nobody heard. Pure.

Between the create and the day on which its ticket is found, people go on working on both ends. What
counts as *seen* is therefore what was sent, and what the other sides said at that time: the next look
finds what was changed since, and carries it on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.base import NativeValue, Snapshot
from connectors.capabilities import Capabilities
from mappings.ticket import Field, Status, Value
from sync.fields import OWN, slug
from sync.remember import Remembered
from sync.seen import Seen, sent_as, shows


@dataclass(frozen=True, slots=True)
class Told:
    """What a create was sent with, in the words in which later reads show it."""

    values: Mapping[Field, NativeValue] = field(default_factory=dict)
    sides: Mapping[str, Mapping[Field, NativeValue]] = field(default_factory=dict)
    """What each other side said when it was sent, by connection, in that side's own words."""

    def kept(self) -> dict[str, Any]:
        """Return it as the store keeps it."""
        return {
            "values": _plain(self.values),
            "sides": {side: _plain(native) for side, native in self.sides.items()},
        }


def told_of_creating(values: Mapping[Field, Value], can: Capabilities, sides: Mapping[str, Snapshot]) -> Told:
    """Return what is kept of a create that is about to be sent with `values`."""
    said: dict[Field, NativeValue] = {
        name: tuple(sorted(value)) if isinstance(value, frozenset) else sent_as(can, name, value)
        for name, value in values.items()
    }
    return Told(said, {connection: dict(side.native) for connection, side in sides.items()})


def not_yet(sent: Told, source: str, name: Field) -> Told:
    """Return the same, one field of a side left out of what it had said: it is still to be carried on."""
    sides = {side: {**said, name: None} if side == source else said for side, said in sent.sides.items()}
    return replace(sent, sides=sides)


def told(kept: Mapping[str, Any]) -> Told:
    """Return what the store kept."""
    return Told(_native(kept["values"]), {side: _native(said) for side, said in kept["sides"].items()})


def remember_found(side: Snapshot, sent: Told, can: Capabilities) -> Remembered:
    """Return what to remember of a ticket that was found: of each field, what it had been created with.

    Where nobody touched the ticket since, whatever differs is the tool's own doing, as in any answer.
    """
    wanted: dict[Field, NativeValue] = {n: value for n, value in sent.values.items() if n != "tags"}
    native = dict(side.native)
    if side.ticket.updated > side.ticket.created:
        for name, now in side.native.items():
            if name == "tags":
                native[name] = _tags(now, sent.values.get(name))
            elif name not in OWN and not _as_sent(side, name, sent, can):
                native[name] = _other_than(now, sent.values.get(name))
    return Remembered(Seen(native, wanted), again=native != dict(side.native))


def before_creating(made: Remembered, said: Mapping[Field, NativeValue]) -> Remembered:
    """Return what to remember of another side: what it said when the create was sent.

    The hub's own fields stay as they are now: no side's people decide about those.
    """
    past = {name: value for name, value in said.items() if name in made.seen.native and name not in OWN}
    native = {**made.seen.native, **past}
    return replace(
        made, seen=replace(made.seen, native=native), again=made.again or native != made.seen.native
    )


def _as_sent(side: Snapshot, name: Field, sent: Told, can: Capabilities) -> bool:
    """Whether a field still says what it was created with; of one that was not sent, nobody knows.

    Only a status is known all the same: a ticket begins open.
    """
    value, said = side.ticket.value(name), sent.values.get(name)
    if said is None:
        return name != "status" or not isinstance(value, Status) or value is Status.OPEN
    if name == "subject":  # tools shorten it, and join its blanks
        return _joined(said).startswith(_joined(value).rstrip("….").rstrip()) and bool(_joined(value))
    return sent_as(can, name, value) == said or (name == "assignee" and shows(side.ticket, name, said))


def _joined(text: object) -> str:
    return " ".join(str(text or "").split())


def _other_than(now: NativeValue, sent: NativeValue) -> NativeValue:
    """Return what a field is remembered as that says something else today than it was created with."""
    return sent if sent is not None and sent != now else ("" if now is None else None)


def _tags(now: NativeValue, sent: NativeValue) -> NativeValue:
    """Return the tags that were sent, each in the tool's own spelling where it shows it."""
    ours = {slug(tag): tag for tag in sent or ()}
    shown = {slug(tag): tag for tag in now or ()}
    return tuple(sorted(shown.get(one, tag) for one, tag in ours.items()))


def _plain(values: Mapping[Field, NativeValue]) -> dict[str, Any]:
    return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}


def _native(values: Mapping[Any, Any]) -> dict[Field, NativeValue]:
    return {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
