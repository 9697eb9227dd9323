"""What a text or a file loses on its way into another tool. Pure; found by converting it, as the run will."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from html import unescape

from lxml import etree

from connectors.capabilities import Capabilities
from mappings.markup import parts, read, write
from mappings.ticket import Attachment, Comment, Raw, TextFormat


class Loss(StrEnum):
    """What is lost, or has to travel otherwise."""

    WORDS = "words"
    """Words that stand in the original and not in the copy."""
    EMBEDDED = "embedded"
    """A film, form, drawing or page inside the text."""
    PICTURE = "picture"
    """A picture in the text that no file is behind any more."""
    CELLS = "cells"
    """A table with merged cells, which becomes one with single ones."""
    PARTS = "parts"
    """Too long for one text: it becomes several."""
    ATTACHED = "attached"
    """Too long even for that: it travels as a file."""
    LARGE = "large"
    """A file larger than the target takes: a note names it."""


MEANING = {
    Loss.WORDS: "lose words on the way; look at the tickets that are named",
    Loss.EMBEDDED: "hold a film, form, drawing or page inside, which stays behind",
    Loss.PICTURE: "show a picture that no file is behind any more; its place is marked",
    Loss.CELLS: "have a table with merged cells, which becomes one with single cells",
    Loss.PARTS: "are too long for one text there, and travel in numbered parts",
    Loss.ATTACHED: "are too long for texts there, and travel as a file",
    Loss.LARGE: "have a file larger than the target takes; a note with a link names it",
}
"""What is said of so many texts."""

_WORD = re.compile(r"[^\W_]+")
_UNSEEN = ("head", "style", "script", "title", "noscript", "template")
_EMBEDDED = ("iframe", "video", "audio", "object", "embed", "form", "canvas", "svg")
_NOWHERE = ("cid:", "file:")
"""How addresses begin that only the mail, or its author's machine, could resolve."""
_HIDDEN = re.compile(r"display\s*:\s*none|mso-hide", re.IGNORECASE)


def losses(message: Comment, target: Capabilities) -> frozenset[Loss]:
    """Return what a text and its files lose in a tool that can hold what `target` says."""
    return frozenset((*_texts(message, target), *_files(message.attachments, target)))


def _texts(message: Comment, target: Capabilities) -> Iterator[Loss]:
    files = {file.id: file.name for file in message.attachments}
    canonical = read(message.body, message.attachments)
    written = write(canonical, target.text_format, files)
    again = read(Raw(target.text_format, written), message.attachments)
    plain = again.replace("\\", "")
    there = f"{plain} {unescape(plain)}"
    if message.body.format is TextFormat.HTML:
        root = _root(message.body.text)
        if root is not None:
            yield from _shapes(root)
            if any(word not in there for piece in _shown(root) for word in _WORD.findall(piece)):
                yield Loss.WORDS
    elif any(word not in there for word in _WORD.findall(canonical.replace("\\", ""))):
        yield Loss.WORDS
    if len(written) > target.max_text:
        cut = parts(canonical, target.text_format, target.max_text, files)
        yield Loss.PARTS if cut else Loss.ATTACHED


def _files(files: tuple[Attachment, ...], target: Capabilities) -> Iterator[Loss]:
    if any(file.size is not None and file.size > target.max_file for file in files):
        yield Loss.LARGE


def _shapes(root: etree._Element) -> Iterator[Loss]:
    if any(True for _ in root.iter(*_EMBEDDED)):
        yield Loss.EMBEDDED
    if any(_merged(cell) for cell in root.iter("td", "th")):
        yield Loss.CELLS
    orphans = [
        img for img in root.iter("img") if (img.get("src") or "").lower().startswith(("cid:", "file:"))
    ]
    if orphans:
        yield Loss.PICTURE


def _merged(cell: etree._Element) -> bool:
    return any((cell.get(name) or "1").strip() not in ("", "0", "1") for name in ("colspan", "rowspan"))


def _root(text: str) -> etree._Element | None:
    """Return a text's tree; None for one in which no parser finds any."""
    if not text.strip():
        return None
    try:
        return etree.fromstring(text, etree.HTMLParser(recover=True, huge_tree=False))
    except (etree.LxmlError, ValueError):
        return None


def _shown(root: etree._Element) -> Iterator[str]:
    """Yield the texts that a reader sees, in pieces."""
    stack = [root]
    while stack:
        here = stack.pop()
        if here.tag in (etree.Comment, etree.PI, *_UNSEEN, *_EMBEDDED):
            continue
        if _HIDDEN.search(here.get("style") or ""):
            continue
        if here.text:
            yield here.text
        for child in here:
            if child.tail:
                yield child.tail
            stack.append(child)
