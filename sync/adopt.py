"""Adopt: which texts and files of sides that lived on their own are the same thing already.

Another tool, or a person, may have copied them. What is paired is not copied again; what is not paired
stays where it is unless a person wants the history to travel (`docs/how-sync-works.md`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import combinations

from connectors.base import Connector, Snapshot
from mappings.markup import read
from mappings.ticket import Attachment, Comment, CommentKind, Person, Ref
from sync.files import sha256_of
from sync.seen import Kind, Mirror, Mirrors, TextId

_APART = timedelta(minutes=2)
"""How far apart a text and its copy may have been written."""


def paired(
    sides: Mapping[Ref, Snapshot], known: Mirrors, connectors: Mapping[str, Connector]
) -> Iterator[Mirror]:
    """Yield, as copies, what stands on two sides already; `known` copies are left out. Reads files."""
    for one, other in combinations(sides.values(), 2):
        yield from _texts(one, other, known)
        yield from _files(one, other, known, connectors)


def _texts(one: Snapshot, other: Snapshot, known: Mirrors) -> Iterator[Mirror]:
    """Pair texts by author, time and words; each is paired once, in the order they were written."""
    free = [m for m in other.ticket.messages if _open(other, m.id, known, Kind.COMMENT)]
    for message in one.ticket.messages:
        if message.kind is CommentKind.AUTOMATIC or not _open(one, message.id, known, Kind.COMMENT):
            continue
        if match := next((m for m in free if _same(message, m)), None):
            free.remove(match)
            (origin, source), (copy, there) = sorted(
                ((message, one), (match, other)), key=lambda found: found[0].created
            )
            yield Mirror(
                Kind.COMMENT, _id(source, origin.id), _id(there, copy.id), origin.revision, copy.revision
            )


def _same(one: Comment, other: Comment) -> bool:
    near = abs(one.created - other.created) <= _APART
    return near and _same_person(one.author, other.author) and _words(one) == _words(other)


def _same_person(one: Person, other: Person) -> bool:
    mails = {(p.email or "").casefold() for p in (one, other)}
    return (len(mails) == 1 and "" not in mails) or one.name.casefold() == other.name.casefold()


def _words(message: Comment) -> list[str]:
    return re.findall(r"\w+", read(message.body, message.attachments))


def _files(
    one: Snapshot, other: Snapshot, known: Mirrors, connectors: Mapping[str, Connector]
) -> Iterator[Mirror]:
    """Pair files by their content; only files of one size are read."""
    theirs = [f for f in _attached(other) if _open(other, f.id, known, Kind.FILE)]
    digests: dict[TextId, str] = {}
    for file in _attached(one):
        if not _open(one, file.id, known, Kind.FILE):
            continue
        for match in [f for f in theirs if f.size is not None and f.size == file.size]:
            for side, each in ((one, file), (other, match)):
                if (name := _id(side, each.id)) not in digests:
                    with connectors[side.ref.connection].open_file(each) as content:
                        digests[name] = sha256_of(content)
            if digests[_id(one, file.id)] == digests[_id(other, match.id)]:
                theirs.remove(match)
                yield Mirror(Kind.FILE, _id(one, file.id), _id(other, match.id), "", "", match.name)
                break


def _attached(side: Snapshot) -> list[Attachment]:
    return [file for message in side.ticket.messages for file in message.attachments]


def _open(side: Snapshot, id: str, known: Mirrors, kind: Kind) -> bool:
    return not known.is_copy(kind, _id(side, id))


def _id(side: Snapshot, id: str) -> TextId:
    return TextId(side.ref.connection, side.ref.key, id)
