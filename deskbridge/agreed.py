"""From the settings to the calendars and policies that clocks are asked with. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from deskbridge.promised import (
    CalendarSettings,
    HoursSettings,
    PolicySettings,
    PrioritiesSettings,
    StepSettings,
)
from deskbridge.written import Span
from mappings.ticket import Impact, Status
from sync.rules import Table
from sync.sla.calendar import Calendar, Elapsed, Frame, Union, Versions, around_the_clock
from sync.sla.holidays import altered, holidays_of
from sync.sla.policy import ClockName, OnChange, Policy, Rulebook, Target, in_days
from sync.sla.presets import FIVE_LEVELS, THREE_LEVELS, five_levels, three_levels
from sync.sla.presets import STEPS as PRESET_STEPS
from sync.sla.priorities import matrix
from sync.sla.steps import Action, Assign, Mark, Note, Notify, Raise, Step, steps
from sync.sla.worktime import WorkingTime

YEARS = range(2015, 2046)
"""For which a country's holidays are computed where none were stored."""

FEED = "feed"
"""What stands for the country of dates that came out of an iCalendar feed, its address being the region."""

Calendars = Mapping[str, CalendarSettings]
Stored = Mapping[tuple[str, str | None], frozenset[date]]
"""(country, region) -> the holidays that were computed once and kept."""


def calendar_of(name: str, calendars: Calendars, stored: Stored | None = None) -> WorkingTime:
    """Return a calendar as it was edited. Countries that `stored` does not have are computed for `YEARS`."""
    settings = calendars[name]
    first = _hours(name, settings, calendars, stored or {})
    if not settings.edits:
        return first
    edits = ((edit.valid_from, _hours(name, edit, calendars, stored or {})) for edit in settings.edits)
    return Versions(name, first, tuple(edits))


def rules_of(names: tuple[str, ...], policies: Mapping[str, Policy | Rulebook]) -> Policy | Rulebook:
    """Return the policies of a customer, in their order."""
    if len(names) == 1:
        return policies[names[0]]
    found = (policies[name] for name in names)
    return Rulebook(tuple(p for one in found for p in ((one,) if isinstance(one, Policy) else one.policies)))


def table_of(said: PrioritiesSettings, vips: Collection[str]) -> Table:
    """Return a table of priorities with a customer's own people who go before others."""
    rows = {impact: row for impact in Impact if (row := getattr(said, impact)) is not None}
    preset = {"three_levels": THREE_LEVELS, "five_levels": FIVE_LEVELS}
    table = preset[said.preset] if said.preset else matrix(rows)
    people = frozenset(address.lower() for address in vips)
    return Table(replace(table, vips=people, vip=said.vip), said.sets)


def steps_of(policy: PolicySettings, made: Policy | Rulebook, channels: Collection[str]) -> tuple[Step, ...]:
    """Return what is done as the clocks of a policy run out: the preset's own steps if nothing is said.

    A preset tells people only by channels that there are.
    """
    names = frozenset({made.name} if isinstance(made, Policy) else {one.name for one in made.policies})
    if policy.steps is not None:
        found = (step for said in policy.steps for step in _steps(said))
        return tuple(replace(step, policies=names) for step in found)
    own = PRESET_STEPS if policy.preset else ()
    kept = ((step, tuple(_possible(step.actions, channels))) for step in own)
    return tuple(replace(step, actions=actions, policies=names) for step, actions in kept if actions)


def _possible(actions: tuple[Action, ...], channels: Collection[str]) -> Iterator[Action]:
    return (one for one in actions if not isinstance(one, Notify) or one.channel in channels)


def _steps(said: StepSettings) -> tuple[Step, ...]:
    actions: list[Action] = [Notify(channel, said.path) for channel in said.channels]
    actions += [Note(said.note)] if said.note else []
    actions += [Assign(said.assign)] if said.assign else []
    actions += [Raise()] if said.raise_priority else []
    actions += [Mark(said.label)] if said.label else []
    clocks = frozenset(ClockName(clock) for clock in said.clocks)
    return tuple(replace(step, clocks=clocks) for step in steps(said.at, *actions))


def policy_of(
    name: str, policy: PolicySettings, calendars: Calendars, stored: Stored | None = None
) -> Policy | Rulebook:
    """Return a policy, or the policies of a preset."""
    calendar = calendar_of(policy.calendar, calendars, stored) if policy.calendar else None
    return policy_in(name, policy, calendar)


def policy_in(name: str, policy: PolicySettings, calendar: WorkingTime | None) -> Policy | Rulebook:
    """Return a policy, or the policies of a preset, measured in a calendar."""
    if policy.preset and calendar:
        preset = three_levels(calendar) if policy.preset == "three_levels" else five_levels(calendar)
        found = (replace(_with(one, policy), **_beside(policy, calendar)) for one in preset.policies)
        return Rulebook(tuple(found))
    targets = {
        priority: {ClockName(clock): _target(span, calendar) for clock, span in promised.items()}
        for priority, promised in policy.targets.items()
    }
    made = Policy(name, policy.types, policy.assume_type, policy.assume_priority, targets)
    return replace(_with(made, policy), **_beside(policy, calendar))


def _beside(said: PolicySettings, calendar: WorkingTime | None) -> dict[str, Any]:
    """Return what settings say of a policy beside its types and targets; a preset keeps its own otherwise."""
    names = ("tiers", "priorities", "tags", "reads", "taking_charge", "told", "on_project")
    found = {name: getattr(said, name) for name in (*names, *_ASSUMED) if name in said.model_fields_set}
    if said.pauses is not None:
        found["pauses"] = {ClockName(clock): statuses for clock, statuses in said.pauses.items()}
    if calendar:
        found["closes"] = {Status(word): in_days(days, calendar) for word, days in said.close_after.items()}
    return found


_ASSUMED = ("assume_type", "assume_priority")


def _with(made: Policy, said: PolicySettings) -> Policy:
    """Return a policy with the rules of a life that the settings say, and its own where they say nothing."""
    return replace(
        made,
        on_change=made.on_change if said.on_change is None else OnChange(said.on_change),
        reopen_days=made.reopen_days if said.reopen_days is None else said.reopen_days,
        notice=made.notice if said.notice is None else said.notice,
        enforce_from=said.enforce_from,
    )


def _target(span: Span, calendar: WorkingTime | None) -> Target:
    if span.elapsed:
        return Target(span.length, Elapsed(), due_in=calendar if span.due_working else None)
    if calendar is None:
        raise ValueError("a target in working time needs a calendar")
    return in_days(span.days, calendar) if span.days else Target(span.length, calendar)


def _hours(name: str, hours: HoursSettings, calendars: Calendars, stored: Stored) -> WorkingTime:
    if hours.members:
        return Union(
            name, hours.zone, tuple(calendar_of(member, calendars, stored) for member in hours.members)
        )
    holidays = hours.holidays
    if hours.country:
        key = (hours.country, hours.region)
        public = stored[key] if key in stored else holidays_of(hours.country, hours.region, YEARS)
        holidays = altered(public, plus=hours.holidays, minus=hours.works_on)
    if hours.feed:
        told = stored.get((FEED, hours.feed), frozenset())
        holidays = altered({*holidays, *told}, plus=hours.holidays, minus=hours.works_on)
    always: tuple[tuple[Frame, ...], ...] = around_the_clock(name, hours.zone).week
    week = always if hours.always else hours.week
    return Calendar(name, hours.zone, week or ((),) * 7, holidays, hours.dates)


def worked(calendar: WorkingTime) -> timedelta:
    """Return the working time of the leanest of a calendar's years."""
    years = (datetime(year, 1, 1, tzinfo=UTC) for year in range(2024, 2028))
    return min(calendar.between(start, start + timedelta(days=364)) for start in years)
