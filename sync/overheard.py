"""Edits of copies that were made though nobody heard so: known by what the copies' markers say. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace

from connectors.base import Snapshot
from connectors.capabilities import Capabilities
from mappings.markup import read
from mappings.provenance import Marker, Signer
from mappings.ticket import Comment, PersonRole, Ref
from sync.pieces import Long, pieces
from sync.seen import Kind, Mirror, Mirrors, TextId


def unheard_edits(
    sides: Collection[Snapshot],
    known: Mirrors,
    *,
    signer: Signer,
    hub: str,
    can: Mapping[str, Capabilities],
    long: Long,
    noted: Callable[[TextId, TextId], tuple[str, str] | None],
) -> Iterator[Mirror]:
    """Yield, as they stand, the copies that got a new wording of their original though nobody heard so.

    Such a copy bears our signature for that very wording, which nobody else could give: the hub was killed,
    or the line broke, before the answer came. Of the original's present wording, what a person added since
    cannot be told from it, and stays until the original changes again. Of one that the original has no more,
    the copy must say what the edit that was `noted` said: then it is that edit, and nobody's since.
    """
    here = {side.ref: side for side in sides}
    for copy in known:
        there = _message(here, copy.target)
        if copy.kind is not Kind.COMMENT or there is None or there.revision == copy.answer:
            continue
        original = _message(here, replace(copy.origin, id=copy.origin.whole))
        if original is None or there.author.role is not PersonRole.HUB or copy.stands_in(there):
            continue
        text = read(there.body, there.attachments)
        marker = signer.find(text)
        if marker is None or not _of(marker, copy, hub) or marker.revision == copy.revision:
            continue
        wordings = {piece.revision for piece in pieces(original, can[copy.target.connection], long)}
        present = marker.revision in wordings | {original.revision}
        if present or noted(copy.origin, copy.target) == (marker.revision, says(text)):
            yield replace(copy, revision=marker.revision, answer=there.revision, name=marker.readers)


def says(markdown: str) -> str:
    """Return the digest of a text's words in their order, without where its links and pictures lead.

    Servers write a text anew in their own way; the words stay.
    """
    words = " ".join(re.findall(r"\w+", _ADDRESS.sub(" ", markdown)))
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:16]


_ADDRESS = re.compile(r"\]\([^()\s]*\)|\bhttps?://\S+")


def _message(here: Mapping[Ref, Snapshot], text: TextId) -> Comment | None:
    side = here.get(text.ref)
    return side.ticket.message(text.id) if side else None


def _of(marker: Marker, copy: Mirror, hub: str) -> bool:
    """Whether a marker was made for this very copy."""
    origin = (marker.origin, marker.origin_key, marker.origin_id)
    return (marker.hub, marker.target, *origin) == (
        hub,
        copy.target.connection,
        copy.origin.connection,
        copy.origin.key,
        copy.origin.id,
    )
