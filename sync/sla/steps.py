"""Escalation steps as they are written, and what each of them does: data, nothing is done here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sync.sla.policy import ClockName


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell somebody through a channel; whom, goes along a path of roles until somebody owns the ticket."""

    channel: str
    path: tuple[str, ...] = ("duty",)


@dataclass(frozen=True, slots=True)
class Note:
    """Write an internal comment."""

    text: str


@dataclass(frozen=True, slots=True)
class Assign:
    """Give the ticket to who has a role."""

    role: str


@dataclass(frozen=True, slots=True)
class Raise:
    """Raise the priority by one, once in a cycle."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Set a label."""

    label: str


Action = Notify | Note | Assign | Raise | Mark


@dataclass(frozen=True, slots=True)
class Step:
    """Something that is done at a moment of a cycle: a share of the promise, or so long after its breach."""

    name: str
    """As it was written, with its number if it is done several times; part of its key."""
    share: float
    after: timedelta
    """How long after the breach, night and day; nothing for shares."""
    actions: tuple[Action, ...]
    clocks: frozenset[ClockName] = frozenset()
    """The clocks it is for; empty for all."""
    policies: frozenset[str] = frozenset()
    """The names of the policies it is for; empty for all."""

    def concerns(self, clock: ClockName, policy: str) -> bool:
        """Whether it is for a clock that is promised by a policy."""
        return (not self.clocks or clock in self.clocks) and (not self.policies or policy in self.policies)

    @property
    def rank(self) -> tuple[float, timedelta]:
        """By which steps are ordered: what comes later is higher."""
        return self.share, self.after


_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def steps(moment: str, *actions: Action) -> tuple[Step, ...]:
    """Return the steps of a moment: ``50 %``, ``breach``, ``breach + 1h``, or after it ``every 1h x 5``.

    Raises ValueError, in plain words, for another text.
    """
    text = " ".join(moment.split())
    if found := re.fullmatch(r"([0-9]{1,2}) ?%", text):
        share = int(found[1])
        if not share:
            raise ValueError("0 % is when it begins; write 1 % or more")
        return (Step(f"{share} %", share / 100, timedelta(0), actions),)
    if text == "breach":
        return (Step(text, 1.0, timedelta(0), actions),)
    if found := re.fullmatch(r"breach ?\+ ?([1-9][0-9]{0,3}) ?([mhd])", text):
        return (Step(f"breach + {found[1]}{found[2]}", 1.0, _length(found[1], found[2]), actions),)
    if found := re.fullmatch(r"every ([1-9][0-9]{0,3}) ?([mhd]) ?x ?([1-9][0-9]?)", text):
        every = _length(found[1], found[2])
        name = f"every {found[1]}{found[2]}"
        return tuple(Step(f"{name} #{n}", 1.0, every * n, actions) for n in range(1, int(found[3]) + 1))
    raise ValueError(f"no moment {moment!r}; write 80 %, breach, breach + 1h, or every 1h x 5")


def _length(count: str, unit: str) -> timedelta:
    return timedelta(**{_UNITS[unit]: int(count)})


def addressee(path: Sequence[str], told: int, owner: str | None) -> str:
    """Return who is told: the owner if there is one, else the next role of the path; the last one stays."""
    return owner or path[min(told, len(path) - 1)]
