"""Which texts and files are copied where: by origin and revision, in the order they were made. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from connectors.capabilities import FilePlace
from mappings.ticket import MESSAGE_0, Attachment, Audience, Comment, CommentKind, PersonRole, Ref
from sync.audience import barred
from sync.operations import AddComment, AddFile, EditComment, Operation, Reach, Skip
from sync.rules import Role
from sync.seen import Kind, Mirror
from sync.situation import Situation


def texts(s: Situation) -> Iterator[Operation]:
    """Yield what the conversation needs on each side, oldest text first."""
    created = tuple(place.connection for place in s.wanting)
    for source, message in _originals(s):
        if s.merged and s.role(source) is not Role.FRONT:
            continue
        if s.role(source) is Role.FRONT and (copied := _merge_note(s, message)):
            yield from (
                Skip(
                    t,
                    called(message, source),
                    f"it copies the text of {copied}, which travels by itself",
                    quiet=True,
                )
                for t in s.receivers(source)
            )
            continue
        for target in (*s.receivers(source), *created):
            yield from _copy(s, source, message, target)
    yield from _automatic(s)
    yield from _deleted(s)


def _originals(s: Situation) -> list[tuple[str, Comment]]:
    """Return (side, text) for every text that a person or a foreign program first wrote there."""
    found = [
        (side, message)
        for side, snapshot in s.sides.items()
        for message in snapshot.ticket.messages
        if message.kind is not CommentKind.AUTOMATIC
        and message.author.role not in (PersonRole.HUB, PersonRole.MACHINE)
        and not s.mirrors.is_copy(Kind.COMMENT, s.text(side, message.id))
    ]
    # Of two ids that count up, the longer one is the later one.
    return sorted(found, key=lambda f: (f[1].id != MESSAGE_0, f[1].created, f[0], len(f[1].id), f[1].id))


def _copy(s: Situation, source: str, message: Comment, target: str) -> Iterator[Operation]:
    copied = s.mirrors.of(Kind.COMMENT, s.text(source, message.id), target)
    described = target not in s.sides and message.id == MESSAGE_0
    if described or (copied is not None and copied.revision == message.revision):
        # The text stands there, or is created with the ticket; its files may have failed to follow.
        yield from _files(s, source, message, target)
    elif copied is None and s.older(source, target, message.created):
        yield Skip(target, called(message, source), "it was written before the sides were linked", quiet=True)
    elif why := barred(s, target, message.audience):
        yield Skip(target, called(message, source), why)
    elif copied is not None:
        yield from _files(s, source, message, target)
        yield _edit(s, source, message, target, copied)
    else:
        yield from _files(s, source, message, target)
        yield AddComment(target, source, message, Audience.STAFF, s.internally(target))


def _files(s: Situation, source: str, message: Comment, target: str) -> Iterator[Operation]:
    can = s.capabilities[target]
    for file in message.attachments:
        what = f"file {file.name} ({source})"
        here = s.text(source, file.id)
        if s.mirrors.of(Kind.FILE, here, target) or s.mirrors.is_copy(Kind.FILE, here):
            continue
        if (file.size or 0) > can.max_file:
            yield Skip(target, what, f"larger than the {can.max_file} bytes it takes")
        elif can.files is FilePlace.TICKET:
            yield _file(s, source, message, target, file)


def _file(s: Situation, source: str, message: Comment, target: str, file: Attachment) -> AddFile | Skip:
    """Return the copying of a file that will belong to the ticket, not to a text that could be internal."""
    readers, mails = s.readers(target), s.abilities(target).internal_comment_mails
    what = f"file {file.name} ({source})"
    if message.audience is Audience.RESTRICTED:
        return Skip(target, what, "fewer than staff may read it, and no rule names them")
    if message.audience is Audience.STAFF and readers.audience is Audience.CUSTOMER:
        return Skip(target, what, f"{readers} opens every file there")
    if not s.may(mails, target):
        return Skip(target, what, "writing it might mail a customer")
    return AddFile(target, source, message, file, Reach(readers, mails))


def _edit(s: Situation, source: str, message: Comment, target: str, copied: Mirror) -> Operation:
    what = f"the edit of {called(message, source)}"
    there = s.sides[target].ticket.message(copied.target.id)
    if there is None:
        return Skip(target, what, "somebody deleted the copy")
    if not _untouched(there, copied):
        return Skip(target, what, "somebody edited the copy, so it is theirs")
    if not s.capabilities[target].edits_comments:
        return Skip(target, what, "a text cannot be edited there")
    return EditComment(target, source, message, copied.target.id, Audience.STAFF, s.internally(target))


def _untouched(there: Comment, copied: Mirror) -> bool:
    """Whether a copy says what we wrote; files may have joined it since: those that we added after it."""
    counts = range(len(there.attachments) + 1)
    return any(
        replace(there, attachments=there.attachments[:count]).revision == copied.answer for count in counts
    )


def _merge_note(s: Situation, message: Comment) -> Ref | None:
    """Return the merged ticket whose text a note on the front side copies, or None.

    No tool flags such a note (freshdesk-api 4.7): it is written by staff and links the merged ticket.
    """
    if message.author.role is PersonRole.CUSTOMER or message.id == MESSAGE_0:
        return None
    return next((ref for ref in s.copied_from if re.search(_named(ref), message.body.text)), None)


def _named(ref: Ref) -> str:
    return rf"(?:/tickets/|#){re.escape(ref.key)}(?!\d)"


def _automatic(s: Situation) -> Iterator[Skip]:
    """Yield what a program wrote, and why it stays where it is."""
    for side, snapshot in s.sides.items():
        for message in snapshot.ticket.messages:
            machine = message.author.role is PersonRole.MACHINE
            if machine or message.kind is CommentKind.AUTOMATIC:
                for target in s.receivers(side):
                    yield Skip(target, called(message, side), "a program wrote it", quiet=True)


def _deleted(s: Situation) -> Iterator[Skip]:
    """Yield a remark for each copy whose original a person deleted: the copy is kept."""
    for copy in s.mirrors:
        origin, target = copy.origin, copy.target
        present = {origin.ref, target.ref} <= {side.ref for side in s.sides.values()}
        if copy.kind is Kind.COMMENT and copy.revision and present:
            there = s.sides[origin.connection].ticket
            if there.message(origin.id) is None and not origin.id.startswith("hub:"):
                yield Skip(
                    target.connection,
                    f"the deletion of text {origin.id} ({origin.connection})",
                    "copies are kept",
                )


def called(message: Comment, source: str) -> str:
    """Return how a plan calls a text."""
    name = "the description" if message.id == MESSAGE_0 else f"{message.kind} {message.id}"
    return f"{name} ({source})"
