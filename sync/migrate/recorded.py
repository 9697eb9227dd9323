"""What the hub's own record says of a ticket's texts and files. Pure."""

from __future__ import annotations

from mappings.ticket import MESSAGE_0, Comment, CommentKind, PersonRole, Ref
from sync.seen import Kind, TextId
from sync.store.bundles import Bundle

SIGNED = "#db1."
"""What every text of a hub bears; see `mappings.provenance`."""


def by_a_program(message: Comment) -> str:
    """Return why a text of the source is nobody's, and has no copy; empty if a person wrote it."""
    if message.author.role is PersonRole.HUB and SIGNED in message.body.text:
        return "the hub wrote it there"
    automatic = message.kind is CommentKind.AUTOMATIC or message.author.role is PersonRole.MACHINE
    return "a program wrote it" if automatic else ""


def copied(bundle: Bundle, source: Ref, target: Ref, file: str) -> str:
    """Return the id of a file's copy; empty if there is none."""
    copy = bundle.mirrors.of(Kind.FILE, TextId(source.connection, source.key, file), target.connection)
    return copy.target.id if copy is not None else ""


def copies(bundle: Bundle, source: Ref, target: Ref) -> dict[str, list[str]]:
    """Return text -> the texts of the target that tell it: the copy and its further parts."""
    found: dict[str, list[str]] = {}
    for m in bundle.mirrors:
        if m.kind is Kind.COMMENT and m.origin.ref == source and m.target.ref == target:
            found.setdefault(m.origin.whole, []).append(m.target.id or MESSAGE_0)
    return found
