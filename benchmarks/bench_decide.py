"""How fast a ticket is decided on where nothing changed: three sides, twelve fields, thirty comments.

Beside it stands a bare loop that compares the same native values, and asks for every text whether its copy on
each other side has the same revision: what any program must do that finds out that there is nothing to do.
Times are processor time of one core, the best of five.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from benchmarks.rig import Goals
from connectors.base import NativeValue
from mappings.ticket import Field, PersonRole
from sync.decide import decide
from sync.operations import Plan
from sync.seen import Seen
from sync.situation import Situation
from tests.sync.situations import agreed, at, copied, copy, said, text

SIDES = ("desk", "jira", "gitlab")
COMMENTS = 30
ROUNDS, TRIES = 300, 5
LEAST = 5_000


def main() -> None:
    """Print both figures and their ratio. Raises RuntimeError when deciding is too slow."""
    goals = Goals()
    s = situation()
    plan = decide(s)
    if plan != Plan((), ()):
        raise SystemExit(f"there is something to do: {plan}")
    # What a situation remembers of itself is forgotten each time.
    decided, bare = best(lambda: decide(replace(s))), best(lambda: compared(s))
    print(f"decide: {goals.least('empty plans a second', 1 / decided, LEAST)}, {decided * 1e6:.0f} us each")
    print(f"bare loop: {1 / bare:,.0f} a second; decide takes {decided / bare:.1f} times as long")
    goals.hold()


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


def best(act: Callable[[], object]) -> float:
    """Return the seconds that one call takes."""
    times = []
    for _ in range(TRIES):
        begun = time.process_time()
        for _ in range(ROUNDS):
            act()
        times.append((time.process_time() - begun) / ROUNDS)
    return min(times)


if __name__ == "__main__":
    main()
