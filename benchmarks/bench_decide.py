"""How fast a ticket is decided on where nothing changed: three sides, twelve fields, thirty comments.

Beside it stands a bare loop that compares the same native values, and asks for every text whether its copy on
each other side has the same revision: what any program must do that finds out that there is nothing to do.
Times are processor time of one core, the best of five.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from benchmarks.figures import Sheet, least
from connectors.base import NativeValue
from mappings.ticket import Field, PersonRole
from sync.decide import decide
from sync.operations import Plan
from sync.seen import Seen
from sync.situation import Situation
from tests.sync.situations import agreed, at, copied, copy, said, text

SIDES = ("desk", "jira", "gitlab")
COMMENTS = 30
SIZES = {"ROUNDS": (300, 30)}
TRIES = 5
LEAST = 5_000


def main(sheet: Sheet) -> None:
    """Take down how many empty plans are made a second. Raises RuntimeError if they are not empty."""
    s, rounds = situation(), sheet.size("ROUNDS")
    plan = decide(s)
    if plan != Plan((), ()):
        raise RuntimeError(f"there is something to do: {plan}")
    # What a situation remembers of itself is forgotten each time.
    decided, bare = best(lambda: decide(replace(s)), rounds), best(lambda: compared(s), rounds)
    sheet.add("empty plans", 1 / decided, "/s", beside=1 / bare, named="bare comparison", goal=least(LEAST))


def situation() -> Situation:
    """Return a settled ticket on three sides, with ten texts first written on each of them."""
    s = agreed("jira", "gitlab")
    more: dict[Field, NativeValue] = {"type": "bug", "impact": "person", "urgency": "low", "version": "2.1"}
    sides = {name: replace(side, native={**side.native, **more}) for name, side in s.sides.items()}
    s = replace(s, sides=sides, seen={name: Seen(dict(side.native)) for name, side in sides.items()})
    for number in range(COMMENTS):
        source = SIDES[number % len(SIDES)]
        message = text(str(100 + number), f"Comment {number}. " * 20, minutes=number)
        s = said(s, source, message)
        for target in SIDES:
            if target != source:
                stored = text(f"{target}{number}", f"Sam: {number}", by=PersonRole.HUB, minutes=number)
                s = said(s, target, stored)
                s = copied(s, copy(at(source, message.id), at(target, stored.id), message, stored))
    return s


def compared(s: Situation) -> bool:
    """Return whether nothing changed, told by the plainest loop there is."""
    changed = False
    for name, side in s.sides.items():
        before = s.seen[name].native
        for field, value in side.native.items():
            changed |= value != before.get(field)
    revisions = {
        (name, message.id): message.revision
        for name, side in s.sides.items()
        for message in side.ticket.messages
    }
    for mirror in s.mirrors:
        if mirror.revision:
            origin = mirror.origin
            changed |= revisions.get((origin.connection, origin.id)) != mirror.revision
    return changed


def best(act: Callable[[], object], rounds: int) -> float:
    """Return the seconds that one call takes."""
    times = []
    for _ in range(TRIES):
        begun = time.process_time()
        for _ in range(rounds):
            act()
        times.append((time.process_time() - begun) / rounds)
    return min(times)
