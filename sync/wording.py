"""The words that the hub writes of its own. Each text begins with a line that carries its marker. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from connectors.base import Presence, Snapshot
from mappings.provenance import escape, find_token, headed
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


def copy_of(
    side: Snapshot, message: Comment, token: str, text: str, *, part: str = "", later: bool = False
) -> str:
    """Return the canonical text of a copy: who wrote the original, where and when, then the words.

    `part` says which part of the original it is; `later` that it is the new wording of an older text.
    """
    what = ["new wording"] if later else []
    return headed(
        text,
        author=message.author.name,
        what=" ".join([*what, _kind(message), *([part] if part else [])]),
        place=str(side.ref),
        url=side.url,
        at=message.edited or message.created if later else message.created,
        token=token,
    )


def published_copy(sender: str, url: str, token: str, text: str) -> str:
    """Return a text that the customer reads: from the desk, and leading nowhere but to their own ticket."""
    return f"**[{escape(sender)}]({url}#{token})**\n\n{text}"


def plain(markdown: str, most: int) -> str:
    """Return a text as Markdown that shows its letters and nothing else, at most so many of them."""
    kept = _RARE.sub("\N{REPLACEMENT CHARACTER}", markdown[:most])
    lines = "\\\n".join(escape(line) for line in kept.split("\n") if line.strip())
    return f"{lines} …" if len(markdown) > most else lines


def refused_note(name: str) -> str:
    """Return what stands above a text that is shown as plain text; `name` is its original's, if attached."""
    attached = f"; the original is attached as {escape(name)}" if name else ""
    return f"*Shown as plain text, because this tool refused it as it is{attached}.*"


def attached_note(name: str, length: int) -> str:
    """Return what stands in place of a text that is too long."""
    where = f"it is attached whole as {escape(name)}" if name else "it stands where it was written"
    return f"*This text has {length:,} characters, more than fit here: {where}.*"


def gap_note() -> str:
    """Return what stands in place of a text that a tool refuses in every form."""
    return "*A text is missing here: this tool refused it in every form. It stands where it was written.*"


def left_behind(files: Iterable[tuple[str, str]], url: str) -> str:
    """Return the line that names files that are not here, and where they are; each with why, if told."""
    named = ", ".join(
        f"[{escape(name)}]({url})" + (f" ({why})" if why else "") if url else escape(name)
        for name, why in files
    )
    return f"*Not here:* {named}"


def marked(markdown: str) -> str:
    """Return a copy's text with a line under its first that says that the original was deleted."""
    head, _, rest = markdown.partition("\n")
    if _DELETED in rest:
        return markdown
    return f"{head}\n\n{_DELETED}\n\n{rest.lstrip()}".rstrip()


def emptied(markdown: str, *, surplus: bool) -> str:
    """Return what is left of a copy's text: its first line, if the marker is in it, and why it is empty."""
    head = markdown.lstrip("\n").partition("\n")[0]
    why = _SURPLUS if surplus else _WITHDRAWN
    return f"{head}\n\n{why}" if find_token(head) else why


def told(words: str, about: Ref, url: str, token: str) -> str:
    """Return a note of the hub's own words that leads to the side that it is about."""
    return f"{words} ([{escape(str(about))}]({url}#{token}))."


_RARE = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd]")
"""Signs outside the first 65,536, which old databases refuse."""
_DELETED = "*This text was deleted where it was written.*"
_WITHDRAWN = "*This text was withdrawn.*"
_SURPLUS = "*The text became shorter: this part of it is not needed any more.*"


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


def _kind(message: Comment) -> str:
    if message.author.role is PersonRole.CUSTOMER:
        return "customer"
    if message.kind is CommentKind.FORWARD:
        return "forwarded"
    return "to the customer" if message.audience is Audience.CUSTOMER else "internal"
