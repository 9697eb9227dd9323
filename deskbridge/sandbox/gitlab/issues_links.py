"""Relations between issues (3.5)."""

from __future__ import annotations

from deskbridge.sandbox.gitlab import journal
from deskbridge.sandbox.gitlab.places import User
from deskbridge.sandbox.gitlab.records import Issue, Link
from deskbridge.sandbox.gitlab.site import Site
from deskbridge.sandbox.kernel import Refused


def linked(source: Issue, target: Issue) -> Link | None:
    """Return the relation of two issues, if there is one."""
    return next((one for one in source.links or () if target in (one.source, one.target)), None)


def link(site: Site, actor: User, source: Issue, target: Issue, kind: str) -> Link:
    """Relate two issues, with a system note on both sides; an existing relation is refused (3.5)."""
    if linked(source, target):
        raise Refused(409, {"message": "Issue(s) already assigned"})
    ends = (target, source) if kind == "is_blocked_by" else (source, target)
    stored = Link(site.next("link"), "relates_to" if kind == "relates_to" else "blocks", *ends, site.now())
    site.add_link(stored)
    words = {"relates_to": ("related to", "related to"), "blocks": ("blocking", "blocked by")}
    for one, other, word in zip(ends, reversed(ends), words[stored.kind], strict=True):
        text = f"marked this issue as {word} {other.seen_from(one.project)}"
        journal.system_note(site, one, actor, text, refers=other)
    return stored


def unlink(site: Site, actor: User, stored: Link) -> None:
    """Take a relation away, with a system note on both sides."""
    site.drop_link(stored)
    for one, other in ((stored.source, stored.target), (stored.target, stored.source)):
        text = f"removed the relation with {other.seen_from(one.project)}"
        journal.system_note(site, one, actor, text, refers=other)
