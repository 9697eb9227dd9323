"""Which files are copied where: with their text where a tool keeps them so, else before it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.capabilities import FilePlace
from mappings.ticket import Attachment, Audience, Comment
from sync.late import late_of
from sync.operations import AddFile, Operation, Reach, Skip
from sync.seen import Kind
from sync.situation import Situation
from sync.telling import told_of_file


def files(
    s: Situation, source: str, message: Comment, target: str, *, public: bool = False
) -> Iterator[Operation]:
    """Yield what a text's files need on a side; those of a published text may be opened by the customer."""
    can = s.capabilities[target]
    for file in message.attachments:
        here = s.text(source, file.id)
        if s.mirrors.of(Kind.FILE, here, target) or s.mirrors.is_copy(Kind.FILE, here):
            continue
        if (file.size or 0) > can.max_file:
            why = f"larger than the {can.max_file} bytes it takes"
            skip = Skip(target, f"file {file.name} ({source})", why)
            yield from told_of_file(s, source, message, file, skip)
        elif (late := late_of(s.mirrors, here)) is not None and late.rests(s.at):
            skip = Skip(target, f"file {file.name} ({source})", late.reason)
            yield from told_of_file(s, source, message, file, skip)
        elif can.files is FilePlace.TICKET:
            made = _file(s, source, message, target, file, public=public)
            yield from told_of_file(s, source, message, file, made) if isinstance(made, Skip) else [made]


def follows(s: Situation, source: str, message: Comment, target: str) -> bool:
    """Whether a text's copy stands there without a file that is to be tried again now, and comes with it."""
    can = s.capabilities[target]
    return can.files is FilePlace.COMMENT and any(
        (late := late_of(s.mirrors, here := s.text(source, file.id))) is not None
        and late.again is not None
        and not late.rests(s.at)
        and s.mirrors.of(Kind.FILE, here, target) is None
        and (file.size or 0) <= can.max_file
        for file in message.attachments
    )


def _file(
    s: Situation, source: str, message: Comment, target: str, file: Attachment, *, public: bool
) -> AddFile | Skip:
    """Return the copying of a file that will belong to the ticket, not to a text that could be internal."""
    readers, mails = s.readers(target), s.abilities(target).internal_comment_mails
    what = f"file {file.name} ({source})"
    if message.audience is Audience.RESTRICTED:
        return Skip(target, what, "fewer than staff may read it, and no rule names them")
    if message.audience is Audience.STAFF and readers.audience is Audience.CUSTOMER and not public:
        return Skip(target, what, f"{readers} opens every file there")
    if not s.may(mails, target):
        return Skip(target, what, "writing it might mail a customer")
    return AddFile(target, source, message, file, Reach(readers, mails))
