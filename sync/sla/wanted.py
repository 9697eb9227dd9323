"""Dates that people name: which instant is meant, and whether a date that is wanted can be promised."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sync.sla.calendar import Elapsed, TimeBase
from sync.sla.facts import FactKind, Facts
from sync.sla.policy import Policy, Rulebook
from sync.sla.terms import terms

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Notice:
    """Whether a dated request came early enough for its date to be promised."""

    wanted: datetime
    earliest: datetime
    """The earliest instant that could be promised when it was asked for."""

    @property
    def promised(self) -> bool:
        """Whether the date is promised."""
        return self.wanted >= self.earliest


def notice(facts: Facts, policy: Policy, zone: ZoneInfo) -> Notice | None:
    """Return whether what was asked for by a date is promised; None if there is no date or no such rule.

    A date is meant as the end of its day in the customer's zone. The latest date that was asked for counts,
    from when it was asked for.
    """
    asked = facts.of(FactKind.WANTED)
    if policy.notice is None or not asked:
        return None
    return Notice(end_of(asked[-1].value, Elapsed(), zone), asked[-1].by + policy.notice)


@dataclass(frozen=True, slots=True)
class Unpromised:
    """A date that was asked for too late to be promised."""

    wanted: str
    """The date, as it was asked for."""
    notice: timedelta
    """How long before it the request was to be made."""


def unpromised(facts: Facts, rules: Policy | Rulebook, zone: ZoneInfo) -> Unpromised | None:
    """Return the date that a ticket is wanted by, if its policy does not promise it; None else.

    What was asked before `enforce_from` is nobody's news.
    """
    book = rules if isinstance(rules, Rulebook) else Rulebook((rules,))
    policy, asked = terms(facts, book)[-1].policy, facts.of(FactKind.WANTED)
    found = notice(facts, policy, zone) if policy else None
    if found is None or found.promised or policy is None or policy.notice is None:
        return None
    old = policy.enforce_from is not None and asked[-1].by < policy.enforce_from
    return None if old else Unpromised(asked[-1].value, policy.notice)


def end_of(value: str, base: TimeBase, zone: ZoneInfo | None = None) -> datetime:
    """Return an instant as it is; of a date the end of its last frame, or of the day if nobody works on it.

    A date is meant in `zone`, or if none is said in the calendar's own.
    """
    if "T" in value:
        return datetime.fromisoformat(value).astimezone(UTC)
    day = date.fromisoformat(value)
    zone = zone or (ZoneInfo("UTC") if isinstance(base, Elapsed) else base.zone)
    start, end = (datetime.combine(d, time(0), zone).astimezone(UTC) for d in (day, day + _DAY))
    worked = [] if isinstance(base, Elapsed) else list(base.within(start, end))
    return worked[-1][1] if worked else end
