"""What an edit changes of answers that were given: a ticket under other calendars, policies or facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sync.sla.clock import Clock
from sync.sla.cycle import ClockState, Cycle
from sync.sla.policy import ClockName


@dataclass(frozen=True, slots=True)
class Answer:
    """What one cycle says, as a report states it."""

    state: ClockState
    due: datetime | None
    breached: bool


@dataclass(frozen=True, slots=True)
class Changed:
    """A cycle whose answer is another one; None where there is no such cycle."""

    clock: ClockName
    cycle: str
    before: Answer | None
    after: Answer | None


def changed(before: Iterable[Clock], after: Iterable[Clock]) -> Iterator[Changed]:
    """Yield the answers that differ between two sets of a ticket's clocks, in the order of clocks and cycles.

    What a person said of a cycle is no part of its answer, so it stays where it was said.
    """
    old, new = _answers(before), _answers(after)
    for key in sorted(
        old.keys() | new.keys(), key=lambda k: (list(ClockName).index(k[0]), _order(k, old, new))
    ):
        one, other = old.get(key), new.get(key)
        if (one and one[1]) != (other and other[1]):
            yield Changed(key[0], key[1], one[1] if one else None, other[1] if other else None)


_Key = tuple[ClockName, str]
_Answers = dict[_Key, tuple[datetime, Answer]]


def _answers(asked: Iterable[Clock]) -> _Answers:
    return {(c.name, cycle.fact): (cycle.started, _answer(cycle)) for c in asked for cycle in c.cycles}


def _answer(cycle: Cycle) -> Answer:
    return Answer(cycle.state, cycle.due, cycle.breached is not None)


def _order(key: _Key, old: _Answers, new: _Answers) -> tuple[datetime, str]:
    return (old.get(key) or new[key])[0], key[1]
