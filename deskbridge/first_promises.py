"""The first calendars and policies, from a tool's own business hours and SLA rules. Pure.

Calendars are written as they are. Policies are comments, ready to use: while the tool's own rules are on, two
of them would set due times. What the settings cannot say is told with its reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from connectors.survey import HoursFound, PromiseFound, Survey
from deskbridge.drafted import inline, key_of, listed, plain, quoted
from mappings.ticket import Field, Unmapped
from mappings.vocabulary import Native, Vocabularies

_HOW_TO = (
    "## The tool's own SLA rules. Take the `# ` away, here and at the customers, once they are switched off",
    "## there: two of them would set due times. A policy with `## ` is one that the settings cannot say.",
)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Promises:
    """The lines of the settings, and what was found for each organisation."""

    lines: tuple[str, ...]
    general: tuple[str, ...]
    """Names of the policies that are for every organisation, in order."""
    of: Mapping[str, tuple[str, ...]]
    """Organisation -> names of all policies that are for it, in order."""


def promises(has: Survey, words: Vocabularies) -> Promises:
    """Return the calendars and policies that an account's own rules come to."""
    calendars, policies = set[str](), set[str]()
    lines = [f"# Not read: {plain(text)}." for text in has.untold]
    names = dict[str, str]()
    for hours in has.hours:
        names[hours.id] = key_of(hours.name, calendars, "hours")
        calendars.add(names[hours.id])
        lines += [*_calendar(names[hours.id], hours), ""]
    usable = [hours for hours in has.hours if hours.week]
    default = next((hours for hours in usable if hours.default), next(iter(usable), None))
    ordered: list[tuple[str, PromiseFound]] = []
    lines += [*_HOW_TO, ""] if has.promises else []
    for promise in has.promises:
        name = key_of(promise.name, policies, "policy")
        policies.add(name)
        unsaid = tuple(_unsaid(promise, default, words))
        lines += [*_policy(name, promise, names[default.id] if default else None, words, unsaid), ""]
        if not unsaid:
            ordered.append((name, promise))
    orgs = {org for _, promise in ordered for org in promise.organisations}

    def theirs(org: str) -> tuple[str, ...]:
        """Return the policies that are for an organisation, up to the first that is for all its tickets."""
        fit = [(name, p) for name, p in ordered if not p.organisations or org in p.organisations]
        last = next((n for n, (_, p) in enumerate(fit) if not p.types), len(fit))
        return tuple(name for name, _ in fit[: last + 1])

    return Promises(
        lines=tuple(lines),
        general=theirs(""),
        of={org: theirs(org) for org in orgs},
    )


def _calendar(name: str, hours: HoursFound) -> Iterator[str]:
    yield f'# {plain(hours.name)}. No holidays are told: add country = "IT", or holidays = [2026-12-25].'
    yield from (f"# The hours of {day} could not be read." for day in hours.odd)
    if not hours.week:
        yield f"# It has no working time, so there is no calendar {name}."
        return
    yield f"[calendars.{name}]"
    zone = hours.zone or "UTC"
    unknown = "" if hours.zone else f"  # its zone {plain(hours.native_zone)!r} is not known: put it in"
    yield f"zone = {quoted(zone)}{unknown}"
    yield f"week = {inline(_week(hours.week))}"


def _week(week: Mapping[str, str]) -> dict[str, list[str]]:
    """Return a week with days that are alike as a range."""
    days = [(number, day, week[day]) for number, day in enumerate(_DAYS) if day in week]
    ranges = dict[str, list[str]]()
    for _, run in groupby(enumerate(days), lambda row: (row[1][0] - row[0], row[1][2])):
        alike = [row[1] for row in run]
        name = alike[0][1] if len(alike) == 1 else f"{alike[0][1]}-{alike[-1][1]}"
        ranges[name] = [alike[0][2]]
    return ranges


def _unsaid(promise: PromiseFound, hours: HoursFound | None, words: Vocabularies) -> Iterator[str]:
    """Yield why a policy cannot be written as it is."""
    if not promise.active:
        yield "it is switched off"
    yield from (
        f"it is for {plain(condition)} only, which no policy here can ask for" for condition in promise.also
    )
    unknown = [type for type in promise.types if _word(words, "type", type) is None]
    yield from (f"its type {plain(type)!r} is read as none of ours" for type in unknown)
    working = any("elapsed" not in length for t in promise.targets.values() for length in t.values())
    if working and hours is None:
        yield "it counts working time, and there are no business hours"
    if not any(promise.targets.values()):
        yield "it promises nothing"


def _policy(
    name: str, promise: PromiseFound, calendar: str | None, words: Vocabularies, unsaid: Sequence[str]
) -> Iterator[str]:
    mark = "## " if unsaid else "# "
    yield f"## {plain(promise.name)}" + (":" if unsaid else "")
    yield from (f"## {reason}." for reason in unsaid)
    yield f"{mark}[policies.{name}]"
    if calendar:
        yield f'{mark}calendar = "{calendar}"'
    types = sorted({str(word) for type in promise.types if (word := _word(words, "type", type))})
    if types:
        yield f"{mark}types = {listed(types)}"
    yield f"{mark}[policies.{name}.targets]"
    for native, lengths in promise.targets.items():
        if lengths and (priority := _word(words, "priority", native)):
            yield f"{mark}{priority} = {inline(lengths)}"


def _word(words: Vocabularies, field: Field, native: str) -> str | None:
    word = words[field].get(Native(native)) if field in words else None
    return None if word is None or isinstance(word, Unmapped) else str(word)


def promised(found: Promises, organisation: str) -> list[str]:
    """Return the line of a customer's settings by which these policies would be theirs."""
    names = found.of.get(organisation, found.general)
    if not names:
        return []
    said = listed(names[0] if len(names) == 1 else names)
    return [f"# policy = {said}"]
