"""Files on their way: what they are called on the other side, and how they travel with a text."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import IO

from connectors.base import Connector, Snapshot, Upload
from connectors.capabilities import Capabilities, FilePlace
from connectors.errors import Gone, Rejected, Throttled, Transient, WireError
from mappings.names import safe_name
from mappings.ticket import Attachment, Comment
from sync.seen import Kind, Mirrors, TextId

_PIECE = 1 << 20


def names_of(side: Snapshot, message: Comment, known: Mapping[str, str]) -> dict[str, str]:
    """Return attachment id -> name that a text's files have, or will have, on the other side.

    A name that several files of the ticket share gets a part of the file's id before it, so that a
    text that refers to a file by name means one file. The answer is always the same.
    """
    everywhere = [safe_name(file.name) for m in side.ticket.messages for file in m.attachments]
    names = dict(known)
    for file in message.attachments:
        name = safe_name(file.name)
        names.setdefault(file.id, name if everywhere.count(name) == 1 else f"{file.id[-6:]}-{name}")
    return names


class Lost(WireError):
    """A file that its text still names cannot be fetched any more."""


class Unfetched(WireError):
    """A file that its tool does not give for now. That concerns the file alone: its connection answered."""

    exit_code = 0


@contextmanager
def opened(source: Connector, side: Snapshot, message: Comment, file: Attachment) -> Iterator[IO[bytes]]:
    """Give a file, open. Where its address expired, its text is read anew; raises Lost if that is in vain.

    Raises Unfetched where it may be had another time.
    """
    with ExitStack() as stack:
        try:
            content = stack.enter_context(_given(source, file))
        except (Gone, Rejected):
            fresh = source.fetch(side.ref.key).ticket.message(message.id)
            known = {f.id: f for f in fresh.attachments} if fresh else {}
            try:
                content = stack.enter_context(_given(source, known.get(file.id, file)))
            except (Gone, Rejected) as error:
                raise Lost(error.connection, error.call, error.text) from error
        yield content


@contextmanager
def _given(source: Connector, file: Attachment) -> Iterator[IO[bytes]]:
    with ExitStack() as stack:
        try:
            content = stack.enter_context(source.open_file(file))
        except Throttled:
            raise
        except Transient as error:
            raise Unfetched(error.connection, error.call, error.text) from error
        yield content


@contextmanager
def travelling(
    source: Connector,
    side: Snapshot,
    message: Comment,
    can: Capabilities,
    missed: Callable[[Attachment, Unfetched], None],
) -> Iterator[tuple[list[Upload], dict[str, Lost]]]:
    """Give the files that are sent along with a text, open, and why others are lost.

    There are none where files belong to the ticket. `missed` is told of one that cannot be had now; it
    raises the error where the text is to wait for it.
    """
    with ExitStack() as stack:
        uploads, lost = [], {}
        for file in message.attachments if can.files is FilePlace.COMMENT else ():
            if (file.size or 0) <= can.max_file:
                try:
                    content = stack.enter_context(opened(source, side, message, file))
                except Lost as error:
                    lost[file.id] = error
                except Unfetched as error:
                    missed(file, error)
                else:
                    uploads.append(Upload(file.id, safe_name(file.name), file.content_type, content))
        yield uploads, lost


def unclaimed(side: Snapshot, size: int | None, mirrors: Mirrors) -> Iterator[Attachment]:
    """Yield the files of this size that are nobody's copy: one may be ours, whose answer was lost."""
    for message in side.ticket.messages:
        for file in message.attachments:
            place = TextId(side.ref.connection, side.ref.key, file.id)
            if (size is None or file.size in (None, size)) and not mirrors.is_copy(Kind.FILE, place):
                yield file


def sha256_of(content: IO[bytes]) -> str:
    """Return the SHA-256 of a file, read piece by piece."""
    digest = hashlib.sha256()
    while piece := content.read(_PIECE):
        digest.update(piece)
    return digest.hexdigest()
