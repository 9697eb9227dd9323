"""The words that the hub writes of its own. Each text begins with a line that carries its marker. Pure."""

from __future__ import annotations

from connectors.base import Presence, Snapshot
from mappings.markup import read
from mappings.provenance import escape, headed
from mappings.ticket import Audience, Comment, CommentKind, PersonRole, Ref, Status
from sync.operations import Suggestion

_STATUSES = {
    Status.OPEN: "open again",
    Status.IN_PROGRESS: "being worked on",
    Status.WAITING_ON_DEV: "waiting on a developer",
    Status.WAITING_ON_CUSTOMER: "waiting on the customer",
    Status.WAITING_ON_VENDOR: "waiting on a vendor",
    Status.RESOLVED: "resolved",
    Status.CLOSED: "closed",
}
_LOSSES = {
    Presence.TRASHED: "in the trash; nothing is kept together with it until somebody restores it",
    Presence.GONE: "gone; nothing is kept together with it any more",
    Presence.ARCHIVED: "archived; it can be read, and nothing is written to it any more",
    Presence.MOVED: "moved to a place that nobody can follow it to",
}


def copy_of(side: Snapshot, message: Comment, token: str) -> str:
    """Return the canonical text of a copy: who wrote the original, where and when, then their words."""
    return headed(
        read(message.body, message.attachments, signatures=_signatures(message)),
        author=message.author.name,
        what=_kind(message),
        place=str(side.ref),
        url=side.url,
        at=message.created,
        token=token,
    )


def link_note(other: Ref, url: str, token: str) -> str:
    """Return the note that shows staff where another side of their ticket is."""
    return f"This ticket is kept together with [{escape(str(other))}]({url}#{token})."


def news_note(about: Ref, url: str, news: Status | Presence | Suggestion, token: str) -> str:
    """Return the note that tells staff what became of their ticket on another side."""
    if isinstance(news, Suggestion):
        value = escape(str(news.value)) if news.value is not None else "none"
        return f"[{escape(str(about))}]({url}#{token}) suggests {news.field}: {value}."
    said = _STATUSES[news] if isinstance(news, Status) else _LOSSES[news]
    return f"[{escape(str(about))}]({url}#{token}) is {said}."


def _signatures(message: Comment) -> tuple[str, ...]:
    return (message.signature,) if message.signature else ()


def _kind(message: Comment) -> str:
    if message.author.role is PersonRole.CUSTOMER:
        return "customer"
    if message.kind is CommentKind.FORWARD:
        return "forwarded"
    return "to the customer" if message.audience is Audience.CUSTOMER else "internal"
