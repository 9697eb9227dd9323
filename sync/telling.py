"""What people are told where they wrote: once for each text, internally, with the way out. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from mappings.provenance import escape
from mappings.ticket import MESSAGE_0, Audience, Comment
from sync.audience import barred
from sync.operations import Operation, Skip, Tell
from sync.rules import Role
from sync.seen import Kind, TextId
from sync.situation import Situation


def called(message: Comment, source: str) -> str:
    """Return how a plan calls a text."""
    name = "the description" if message.id == MESSAGE_0 else f"{message.kind} {message.id}"
    return f"{name} ({source})"


def told_of(s: Situation, source: str, message: Comment, skip: Skip) -> Iterator[Operation]:
    """Yield what is not written, and the note that tells its author's colleagues so where they wrote it.

    Who limits a text to fewer than staff knows that it goes nowhere.
    """
    yield skip
    if message.audience is not Audience.RESTRICTED:
        yield from tell(s, source, message, f"was not copied to {skip.target}: {skip.reason}", "told")


def tell(s: Situation, source: str, message: Comment, what: str, occasion: str) -> Iterator[Tell]:
    """Yield the note that tells staff, on the side where a text was written, what became of it."""
    # A shared work side is told by the ticket that leads, not by each of them.
    if s.role(source) is Role.FRONT or s.leads:
        name = f"hub:{occasion}-{message.id}"
        author = escape(message.author.name)
        yield from note(
            s,
            source,
            s.text(source, name),
            f"The text of {author}, {message.created:%Y-%m-%d %H:%M} UTC, {what}",
        )


def note(s: Situation, target: str, occasion: TextId, words: str) -> Iterator[Tell]:
    """Yield a note of the hub's own, unless it stands there, or a customer would read it."""
    told = s.mirrors.of(Kind.COMMENT, occasion, target) is not None
    if s.rules.tells and not told and barred(s, target) is None:
        about = s.sides[occasion.connection]
        yield Tell(target, occasion, words, about.ref, about.url, s.internally(target))
