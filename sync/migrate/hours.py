"""How many calls and hours a move takes, step by step, and what follows from it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil

from connectors.past import Cost, Pace
from sync.migrate.estimate import RECENT, Told
from sync.migrate.sampling import About, counted
from sync.store.quota import Share, part_of_limit

USUAL = part_of_limit(Share.MIGRATION)
"""The share of the source's calls that a run uses: the rest is left to live work, people and other tools."""
PRELOAD = 0.3
"""What a run in the background is told (`--share 30%`) while people work."""
WEEKS = 2
"""For how long it may go on in the background before people lose patience."""
WRITES = 20.0
"""Calls a second that are reckoned with in the target: four at a time, a fifth of a second each."""
BANDWIDTH = 5_000_000.0
"""Bytes of files a second that are reckoned with, down and up again."""
WEEKEND = 48.0
"""Hours from Friday evening until Sunday evening."""
_SWITCH = 4.0
"""Hours for switching mail over, looking around and deciding."""
_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Step:
    """A part of the work."""

    name: str
    about: str
    calls: About
    """On the source, or on the target."""
    hours: About
    """By itself, at the usual share."""
    on: str
    """`source` or `target`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The work, and how to lay it."""

    steps: tuple[Step, ...]
    whole: About
    """Hours at the usual share: source and target work at the same time."""
    preload: About
    """Hours in the background."""
    weekend: About
    """Hours of the delta, of verifying and of the switch."""
    advice: tuple[str, ...]


def plan(told: Told, cost: Cost, pace: Pace, bulk: int, paces: Mapping[str, float]) -> Plan:
    """Return the work of moving a past into a target that creates `bulk` tickets in a call.

    `paces` tells how many writes a minute it takes at most of a step.
    """
    source = tuple(_source(told, cost, pace))
    writing = tuple(_target(told, bulk, paces))
    reading = _sum(step.hours for step in source if step.name != "verify")
    done = _sum(step.hours for step in writing if step.name != "verify")
    whole = _later(reading, done)
    verify = _later(*(step.hours for step in (*source, *writing) if step.name == "verify"))
    preload = _later(reading.times(USUAL / part_of_limit(Share.MIGRATION, PRELOAD)), done)
    daily = told.counted.recent / RECENT.days
    share = daily * 3 / max(1.0, told.counted.listed)
    weekend = whole.times(min(1.0, share)).plus(verify).plus(counted(_SWITCH))
    return Plan(
        steps=(*source, *writing),
        whole=whole,
        preload=preload,
        weekend=weekend,
        advice=tuple(_advice(told, pace, whole, preload, weekend, source)),
    )


def _source(told: Told, cost: Cost, pace: Pace) -> Iterator[Step]:
    listed, sampled, archive = told.counted.listed, told.sampled, told.archive
    there = told.counted.presence["present"]
    calls = (pace.calls or _SLOWEST) * USUAL
    lists = min(pace.lists or calls, calls / USUAL) * USUAL

    def step(name: str, about: str, many: About, each_minute: float = calls) -> Step:
        return Step(name, about, many, many.times(1 / each_minute / 60), "source")

    pages = counted(ceil(listed / cost.rows) + 3)
    talks = counted(there * cost.ticket).plus(sampled.more_pages)
    yield step("lists", "every list from its first page to its last", pages, lists)
    yield step("conversations", "each ticket, and its texts page by page", talks)
    yield step(
        "parts", "who takes part and time of each ticket; ratings by lists", counted(there * cost.parts)
    )
    asked = counted(archive.gaps * cost.missing).plus(archive.tickets.times(cost.archived + cost.parts))
    yield step("archive", f"{archive.gaps:,} numbers that no list shows, each asked for", asked)
    down = sampled.bytes.times(1 / BANDWIDTH / _HOUR)
    yield Step("files", "from the file hosts, which count no calls", counted(0), down, "source")
    people = len(told.counted.requesters) + len(told.counted.organisations)
    yield step("customers", "each requester and each organisation once", counted(people))
    again = counted(there).plus(archive.tickets).times(cost.time)
    archived = archive.tickets.times(cost.ticket + cost.archived)
    yield step(
        "verify",
        "lists, conversations and booked time once more, by other eyes; ratings by lists",
        pages.plus(talks).plus(archived).plus(again),
    )


def _target(told: Told, bulk: int, paces: Mapping[str, float]) -> Iterator[Step]:
    """Yield what is written, each write with the look that proves it; measured on the sandbox.

    A target that creates many tickets in a call is looked at in the same way.
    """
    listed, there = told.counted.listed, told.counted.presence["present"]
    tickets = counted(there).plus(told.archive.tickets)
    share = tickets.value / max(1, listed)
    comments = told.sampled.texts.plus(counted(-listed)).times(share)
    files = told.sampled.files.times(share)
    done = tickets.plus(counted(-told.counted.open))

    def step(name: str, about: str, many: About, more: float = 0.0, writes: About = _NONE) -> Step:
        took = many.times(1 / WRITES / _HOUR).plus(counted(more))
        if name in paces:
            about = f"{about}; {paces[name]:.0f} a minute at most"
            took = _later(took, writes.times(1 / paces[name] / 60))
        return Step(name, about, many, took, "target")

    together, written = bulk > 1, tickets.times(1 / bulk)
    looks = (
        f"{bulk} tickets in a call, and a look at as many" if together else "one call and three looks each"
    )
    making = tickets.times(2 / bulk).plus(counted(1)) if together else tickets.times(4)
    yield step("create", looks, making, writes=written)
    each, calls = ("one call each", 1) if together else ("one call each, and a look", 2)
    yield step("comments", each, comments.times(calls), writes=comments)
    up = told.sampled.bytes.value * share / BANDWIDTH / _HOUR
    yield step("uploads", each, files.times(calls), up)
    moves, calls = ("two calls", 2) if together else ("three calls", 3)
    yield step("statuses", f"{moves} for each that is not open, more for longer ways", done.times(calls))
    yield step("verify", "each ticket with its texts, and each file, once more", tickets.times(2).plus(files))


def _advice(
    told: Told, pace: Pace, whole: About, preload: About, weekend: About, source: tuple[Step, ...]
) -> Iterator[str]:
    days = preload.high / 24
    if whole.high + weekend.value <= WEEKEND:
        yield (
            f"It fits into one weekend: {hours(whole)} of moving and {hours(weekend)} of delta, verifying"
            " and switching. A rehearsal of 20 tickets before it is enough."
        )
    elif days <= WEEKS * 7:
        yield (
            f"Preload for {_days(preload)} at {PRELOAD:.0%} of the quota while people work"
            " (`migrate run --preload --share 30%`); the weekend is then delta, verify and switch:"
            f" {hours(weekend)}."
        )
    else:
        calls = sum(step.calls.high for step in source if step.name != "verify")
        needed = calls / (WEEKS * 7 * 24 * 60) / PRELOAD
        yield (
            f"At {PRELOAD:.0%} of the quota a preload takes {_days(preload)}, longer than {WEEKS} weeks. With"
            f" {ceil(needed / 100) * 100:,} calls a minute it would take {WEEKS}: {pace.rise}."
        )
        yield f"The weekend is then delta, verify and switch: {hours(weekend)}."
    if weekend.high > WEEKEND:
        yield (
            f"Delta and verification take more than a weekend ({hours(weekend)}): verify behind the run,"
            " as it goes (`migrate verify sample`), and the rest after the switch."
        )
    if pace.calls is None:
        yield f"The account does not tell its limits; {_SLOWEST:.0f} calls a minute are assumed."
    if told.archive.tickets.high > told.counted.listed:
        yield (
            "Most of the past is archived, and no list shows that: an account export finds the numbers faster"
            " than asking for each."
        )


def hours(many: About) -> str:
    """Return a length as people say it."""
    low, high = _length(many.low), _length(many.high)
    return low if low == high else f"{low} to {high}"


def _length(of: float) -> str:
    if of < 1:
        return f"{max(1, ceil(of * 60))} minutes" if of > 1 / 60 else "1 minute"
    return f"{of:.1f} hours" if of < 10 else f"{of:,.0f} hours"


def _days(many: About) -> str:
    low, high = ceil(many.low / 24), ceil(many.high / 24)
    told = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    return f"{told} day{'' if told == '1' else 's'}"


def _sum(many: Iterator[About]) -> About:
    return _add(list(many))


def _add(many: list[About]) -> About:
    found = counted(0)
    for one in many:
        found = found.plus(one)
    return found


def _later(*many: About) -> About:
    """Return how long things take that go on at the same time."""
    return About(max(m.value for m in many), max(m.low for m in many), max(m.high for m in many))


_NONE = counted(0)
_SLOWEST = 50.0
"""Calls a minute where nobody tells: what a trial has."""
