"""Mistakes in the hub that the story must find, each a small change made in the hub's process alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from deskbridge.sla import statement
from deskbridge.sla.held import Held
from sync import escalate, fields, observe
from sync.sla import calendar, called, escalation
from sync.sla.calendar import Calendar, Frame, Versions
from sync.sla.facts import Facts
from sync.sla.worktime import seconds


def _change(place: Any, **names: Any) -> None:
    for name, value in names.items():
        if not hasattr(place, name):
            raise AttributeError(f"{place} has no {name} any more: plant the mistake where it is now")
        setattr(place, name, value)


def _lunch_counts() -> None:
    """Nobody has lunch."""
    frames = Calendar.frames

    def whole(self: Calendar, day: Any) -> tuple[Frame, ...]:
        row = frames(self, day)
        return (Frame(row[0].start, row[-1].end),) if row else ()

    _change(Calendar, frames=whole)


def _holidays_count() -> None:
    """People work on holidays."""
    _change(Calendar, frames=lambda self, day: self.week[day.weekday()])


def _no_summer_time() -> None:
    """Clocks are never set forward."""

    def shown(day: Any, at: Any, zone: Any) -> int:
        winter = datetime(day.year, 1, 1, tzinfo=zone).utcoffset() or timedelta(0)
        return seconds(datetime.combine(day, at, UTC) - winter)

    _change(calendar, _shown=shown)


def _waiting_counts() -> None:
    """No clock pauses while somebody else is waited for."""
    _change(Facts, waiting=lambda self, *statuses: ())


def _solved_time_counts() -> None:
    """The time in which a ticket was solved counts when it is opened again."""
    done = Facts.done
    _change(Facts, done=lambda self: tuple(span for span in done(self) if span[1] is None))


def _label_left() -> None:
    """A label of a step is never taken away."""
    marked = escalate.marked
    for module in (escalate, *(m for m in (fields,) if hasattr(m, "marked"))):
        _change(module, marked=lambda s, target: (marked(s, target)[0], frozenset()))


def _step_twice() -> None:
    """What was taken is not remembered when it is asked what is due."""
    escalated = escalation.escalated
    _change(called, escalated=lambda name, clocks, steps, taken, at: escalated(name, clocks, steps, (), at))


def _never_withdrawn() -> None:
    """A step that was not due by what is known now stays."""
    _change(called, withdrawn=lambda *given: ())


def _edit_acts_back() -> None:
    """An edited calendar holds for the past as well."""
    _change(Versions, stretches=lambda self, first, last: self.edits[-1][1].stretches(first, last))


def _one_of_all() -> None:
    """A shared issue shows the promises of its first ticket."""
    _change(observe, most_urgent=lambda promised: promised[0] if promised else None)


def _due_kept() -> None:
    """A due time that a tool shows is never moved."""
    wanted = fields._as_wanted

    def kept(s: Any, target: str, change: Any) -> bool:
        present = s.sides[target].ticket.value(change.field)
        return (change.field != "sla" and present is not None) or wanted(s, target, change)

    _change(fields, _as_wanted=kept)


def _everybodys_report() -> None:
    """A customer's month tells of all tickets."""
    decided = statement.decided

    def all_of_them(answers: Any, customer: str, begin: Any, until: Any) -> Any:
        _change(statement, _whose=lambda facts, at: customer)
        return decided(answers, customer, begin, until)

    _change(statement, decided=all_of_them)
    _change(Held, ever=lambda self, *asked: self.answers())


PLANTED: dict[str, Callable[[], None]] = {
    "lunch-counts": _lunch_counts,
    "holidays-count": _holidays_count,
    "no-summer-time": _no_summer_time,
    "waiting-counts": _waiting_counts,
    "solved-time-counts": _solved_time_counts,
    "label-left": _label_left,
    "step-twice": _step_twice,
    "never-withdrawn": _never_withdrawn,
    "edit-acts-back": _edit_acts_back,
    "one-of-all": _one_of_all,
    "due-kept": _due_kept,
    "everybodys-report": _everybodys_report,
}
