"""What is decided of sides that are linked in name only, as a route's tag was removed. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sync.audience import barred
from sync.operations import Skip, Tell
from sync.rules import Role
from sync.seen import Kind, TextId
from sync.situation import Ended, Situation

ENDED, REROUTED = "hub:ended-", "hub:rerouted-"
"""How the ids of notes begin that tell that a side takes part no more; a new store learns it from them."""


def living(s: Situation) -> Situation:
    """Return a situation without the sides that are ended; where the front is, it is alone from now on."""
    over = {ended.ref.connection for ended in s.ended}
    alone = any(s.role(name) is Role.FRONT for name in over)
    kept = {name: side for name, side in s.sides.items() if (name in over) is alone}
    return replace(s, sides=kept)


def farewells(s: Situation) -> Iterator[Tell | Skip]:
    """Yield what tells staff on both sides, once, that nothing passes between them any more."""
    for ended in s.ended:
        occasion = TextId(ended.ref.connection, ended.ref.key, f"{ENDED}{ended.since.timestamp():.0f}")
        here = ended.ref.connection
        for other in s.others(here):
            if s.role(other) is s.role(here) or not s.rules.tells:
                continue
            for target, about in ((here, s.sides[other]), (other, s.sides[here])):
                if s.mirrors.of(Kind.COMMENT, occasion, target) is not None:
                    continue
                if why := barred(s, target):
                    yield Skip(target, f"the note that {ended.ref} is not kept together any more", why)
                else:
                    yield Tell(target, occasion, _words(ended), about.ref, about.url, s.announced(target))


def _words(ended: Ended) -> str:
    tags = " or ".join(f"`{tag}`" for tag in ended.tags)
    back = f"; it is again once somebody adds {tags}" if tags else ""
    return f"This ticket is not kept together with another one any more: its tag was removed{back}"
