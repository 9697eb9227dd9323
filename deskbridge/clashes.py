"""What is wrong between calendars, policies and customers that are each right by themselves. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from itertools import pairwise
from typing import NamedTuple

from deskbridge.agreed import calendar_of, worked
from deskbridge.promised import CalendarSettings, HoursSettings, PolicySettings
from deskbridge.stepped import stepped
from deskbridge.words import nearest
from mappings.ticket import Priority
from sync.sla.calendar import Calendar, Versions
from sync.sla.holidays import countries
from sync.sla.policy import PAUSES


class Had(NamedTuple):
    """What a customer has."""

    policies: tuple[str, ...]
    """In order."""
    tier: str
    stages: frozenset[str] = frozenset()
    """The stages at which somebody is directly responsible for them."""


Customers = Mapping[str, Had]


def clashes(
    calendars: Mapping[str, CalendarSettings],
    policies: Mapping[str, PolicySettings],
    customers: Customers,
    known: Mapping[str, Collection[str]],
) -> Iterator[str]:
    """Yield what stands against these parts, each line beginning with its place in the file.

    `known` has the names that the file uses, those of parts included that are wrong by themselves.
    """
    broken = set(known["calendars"]) - set(calendars)
    for name, calendar in calendars.items():
        found = list(_calendar(name, calendar, calendars, known["calendars"]))
        found = found or list(_nights(name, calendar, calendars))
        broken |= {name} if found else set()
        yield from found
    broken |= {name for name, c in calendars.items() if _needs(c) & broken}
    # A customer who is wrong by themselves may be the one who has a stage.
    whole = len(customers) == len(known["customers"])
    stages = {*known["duty"], *(s for had in customers.values() for s in had.stages)} if whole else None
    for name, policy in policies.items():
        yield from _policy(name, policy, calendars, broken)
        yield from _of_project(name, policy, known["policies"])
        yield from stepped(f"policies.{name}.steps", policy, known["notify"], stages)
    # A customer who is wrong, or whose policy is, may be meant to have one that nobody else has.
    named = {name for had in customers.values() for name in had.policies}
    if whole and named <= set(known["policies"]):
        yield from _unused(policies, customers)
    for customer, had in customers.items():
        yield from _shadowed(customer, [(n, policies[n]) for n in had.policies if n in policies])


def _nights(
    name: str, settings: CalendarSettings, calendars: Mapping[str, CalendarSettings]
) -> Iterator[str]:
    """Yield the dates with frames of their own that overlap with those of the day before or after."""
    made = calendar_of(name, calendars) if settings.dates else None
    hours = made.first if isinstance(made, Versions) else made
    if not isinstance(hours, Calendar):
        return
    for day in sorted({one - timedelta(days=late) for one in settings.dates for late in (0, 1)}):
        night = [frame for frame in hours.frames(day) if frame.end <= frame.start]
        for frame in hours.frames(day + timedelta(days=1)):
            if night and frame.start < night[-1].end:
                ends = f"the night that begins on {day} ends at {night[-1].end:%H:%M}"
                yield f"calendars.{name}.dates: {ends}, and the day after begins at {frame.start:%H:%M}"


def _needs(calendar: CalendarSettings) -> set[str]:
    return {member for hours in (calendar, *calendar.edits) for member in hours.members}


def _calendar(
    name: str, calendar: CalendarSettings, calendars: Mapping[str, CalendarSettings], known: Collection[str]
) -> Iterator[str]:
    place = f"calendars.{name}"
    yield from _hours(place, calendar, calendars, known)
    for number, edit in enumerate(calendar.edits):
        yield from _hours(f"{place}.edits.{number}", edit, calendars, known)
    for number, (one, other) in enumerate(pairwise(calendar.edits), 1):
        if one.valid_from >= other.valid_from:
            yield f"{place}.edits.{number}.valid_from: it is not after the one before it; oldest first"


def _hours(
    place: str, hours: HoursSettings, calendars: Mapping[str, CalendarSettings], known: Collection[str]
) -> Iterator[str]:
    forms = [what for what in ("week", "always", "members") if getattr(hours, what)]
    if len(forms) != 1:
        said = f"; {' and '.join(forms)} are said" if forms else ""
        yield f"{place}: write one of week, always = true, members{said}"
    for member in hours.members:
        if member not in known:
            yield f"{place}.members: there is no {member!r} among the calendars{nearest(member, known)}"
        elif member in calendars and _needs(calendars[member]):
            yield f"{place}.members: {member} has members itself; name calendars that have a week"
    if hours.members and (hours.country or hours.holidays or hours.dates or hours.feed):
        yield f"{place}: its members have holidays and dates of their own; write them there"
    if hours.country is None:
        if hours.region:
            yield f"{place}.region: of which country?"
        return
    supported = countries()
    if hours.country not in supported:
        word = hours.country.upper()
        meant = f"; did you mean {word!r}?" if word in supported else "; write its two letters, like IT"
        yield f"{place}.country: no {hours.country!r}{meant}"
    elif hours.region is not None and hours.region not in supported[hours.country]:
        yield f"{place}.region: no {hours.region!r}{nearest(hours.region, supported[hours.country])}"


def _policy(
    name: str, policy: PolicySettings, calendars: Mapping[str, CalendarSettings], broken: set[str]
) -> Iterator[str]:
    place = f"policies.{name}"
    if policy.close_after and policy.calendar is None:
        yield f"{place}.close_after: working days of which calendar? name one"
    if policy.preset:
        yield from _preset(place, policy)
        return
    if not any(policy.targets.values()) and not policy.close_after:
        yield f"{place}.targets: it promises nothing; write targets, or name a preset"
    elif policy.priorities and policy.targets and not _promising(policy) & policy.priorities:
        yield f"{place}.priorities: it can never match: nothing is promised at any of these"
    if policy.types and policy.assume_type and policy.assume_type not in policy.types:
        yield f"{place}.assume_type: it is not for the type {policy.assume_type}; name one of its types"
    pausing = PAUSES if policy.pauses is None else policy.pauses
    for status in sorted(policy.told - {one for statuses in pausing.values() for one in statuses}):
        yield f"{place}.told: no clock pauses while a ticket is {status}; name it in pauses too"
    usable = policy.calendar and policy.calendar in calendars and policy.calendar not in broken
    most = worked(calendar_of(policy.calendar, calendars)) if usable and policy.calendar else None
    yield from _targets(place, policy, most)


def _promising(policy: PolicySettings) -> set[Priority]:
    return {priority for priority, promised in policy.targets.items() if promised}


def _targets(place: str, policy: PolicySettings, most: timedelta | None) -> Iterator[str]:
    for priority, promised in policy.targets.items():
        for clock, span in promised.items():
            target = f"{place}.targets.{priority}.{clock}"
            if span.by_date != (clock == "estimate"):
                text = 'an estimate is due by the date that was promised; write "date"'
                yield f"{target}: {text if clock == 'estimate' else 'only an estimate is due by a date'}"
            elif policy.calendar is None and (not span.elapsed or span.due_working):
                yield f"{target}: in which working time? name a calendar, or write 48h elapsed"
            elif most is not None and policy.calendar and not span.elapsed and span.length > most:
                yield f"{target}: calendar {policy.calendar} has less working time than that in a year"


def _preset(place: str, policy: PolicySettings) -> Iterator[str]:
    if policy.targets or policy.types:
        yield f"{place}.preset: {policy.preset} has targets and types of its own; leave them out, or it"
    if policy.calendar is None:
        yield f"{place}.calendar: {policy.preset} is measured in a calendar's working time; name one"


def _of_project(name: str, policy: PolicySettings, known: Collection[str]) -> Iterator[str]:
    other = policy.on_project
    if other and other not in known:
        yield f"policies.{name}.on_project: there is no {other!r} among the policies{nearest(other, known)}"


def _unused(policies: Mapping[str, PolicySettings], customers: Customers) -> Iterator[str]:
    projects = {p.on_project for p in policies.values() if p.on_project}
    for name, policy in policies.items():
        tiers = {had.tier for had in customers.values() if name in had.policies}
        if name in projects:
            continue
        if not tiers:
            yield f"policies.{name}: it can never match: no customer has it"
        elif policy.tiers and not policy.tiers & tiers:
            yield f"policies.{name}.tiers: it can never match: no customer who has it is of these tiers"


def _shadowed(customer: str, row: list[tuple[str, PolicySettings]]) -> Iterator[str]:
    for number, (name, policy) in enumerate(row):
        for before, earlier in row[:number]:
            if not earlier.preset and not policy.preset and _covers(earlier, policy):
                text = f"{name} can never match: {before} before it takes all that it would"
                yield f"customers.{customer}.policy: {text}"
                break


def _covers(earlier: PolicySettings, later: PolicySettings) -> bool:
    """Whether whatever the later one fits, the earlier one fits as well."""
    if earlier.types and (not later.types or later.assume_type != earlier.assume_type):
        return False
    pairs = ((getattr(earlier, w), getattr(later, w)) for w in ("types", "tiers", "priorities", "tags"))
    return all(not one or (other and other <= one) for one, other in pairs)
