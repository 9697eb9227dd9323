"""What people are told where they wrote: once for each text, internally, with the way out. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mappings.provenance import escape
from mappings.ticket import MESSAGE_0, Attachment, Audience, Comment, Field
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


def told_of_field(
    s: Situation, source: str, name: Field, skip: Skip, *, word: str = "", way: str = ""
) -> Iterator[Operation]:
    """Yield what is not written, and the note that says so where a person changed the field.

    It is said once for each `word` that another side does not know, and else once for the field.
    """
    yield skip
    if s.role(source) is Role.FRONT or s.leads:
        occasion = s.text(source, f"hub:field-{name}-{skip.target}-{word}")
        words = f"The new {name} was not carried to {escape(skip.target)}: {escape(skip.reason)}"
        for told in note(s, source, occasion, words + (f"; {way}" if way else "")):
            yield replace(told, field=name)


def told_of_file(
    s: Situation, source: str, message: Comment, file: Attachment, skip: Skip
) -> Iterator[Operation]:
    """Yield that a file is not copied, and the note that says so where it was attached."""
    yield skip
    if message.audience is not Audience.RESTRICTED and (s.role(source) is Role.FRONT or s.leads):
        words = f"The file {escape(file.name)} was not copied to {escape(skip.target)}: {escape(skip.reason)}"
        way = "a link to where it is shared reaches everybody"
        yield from note(s, source, s.text(source, f"hub:file-{file.id}"), f"{words}; {way}")


def told_of_parking(s: Situation, side: str, name: str, why: str) -> Iterator[Tell]:
    """Yield the note that tells staff where they acted that a ticket waits for a person, and why.

    It is said once for each `name`, whatever the reason of the next attempt is: the note itself makes the
    ticket be looked at again.
    """
    said = escape(" ".join(why.split()))
    words = f"This ticket waits for a person: {said}; it is tried again whenever it changes"
    yield from note(s, side, s.text(side, f"hub:parked-{name}"), words)


def note(s: Situation, target: str, occasion: TextId, words: str) -> Iterator[Tell]:
    """Yield a note of the hub's own, unless it stands there, or a customer would read it."""
    told = s.mirrors.of(Kind.COMMENT, occasion, target) is not None
    if s.rules.tells and not told and barred(s, target) is None:
        about = s.sides[occasion.connection]
        yield Tell(target, occasion, words, about.ref, about.url, s.announced(target))
