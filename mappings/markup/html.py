"""HTML bodies of mails and notes: read with quoted history and signatures folded, written clean."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from html import unescape

from mappings.markup import quotes
from mappings.markup.blocks import EARLIER, Block, rendered
from mappings.markup.html_look import Pictures
from mappings.markup.html_read import Reader, tree
from mappings.markup.html_write import write
from mappings.markup.markdown import plain
from mappings.ticket import Attachment

__all__ = ["FOLDED", "LARGEST", "read", "write"]

FOLDED = f"> {EARLIER}"
"""The line that quoted history begins with in canonical Markdown."""
LARGEST = 2_000_000
"""Characters of a body above which only its words and lines are read."""

_NESTING = 120
"""Elements inside one another above which those that only lay out the page are ignored, then all."""
_TAG = re.compile(r"<(/?)([a-zA-Z]\w*)")
_FLAT = frozenset(
    "area base br col hr img input link meta option p source tbody thead tfoot wbr dd dt li td th tr".split()
)
"""Elements that are empty, or often have no end; what stands around them counts for them."""
_LAYOUT = re.compile(r"<(?:/?(?:div|center|section|article)|/)\b[^<>]*>", re.IGNORECASE)
_INLINE = re.compile(r"</?(?:span|font|b|i|u|strong|em|small|big|a)\b[^<>]*>", re.IGNORECASE)
_SWALLOWING = re.compile(
    r"<(/?)(script|style|title|textarea|xmp|iframe|noembed|noframes|plaintext)\b", re.IGNORECASE
)


def read(text: str, files: Sequence[Attachment], signatures: Sequence[str]) -> str:
    """Return the Markdown of an HTML body, what is quoted and the agent's signature folded.

    `signatures` are the agents' as the server keeps them. Never empty where the text has words; a body
    larger than `LARGEST`, or nested deeper than anybody reads, becomes its lines.
    """
    if not text.strip():
        return ""
    if len(text) > LARGEST:
        return plain(_stripped(text))
    whole = _closed(text)
    if _depth(whole) > _NESTING:
        whole = _INLINE.sub("", _LAYOUT.sub("<br>", whole))
        if _depth(whole) > _NESTING:
            return plain(_stripped(text))
    pictures = Pictures(files)
    known = [blocks for one in signatures if (blocks := _signature(one))]
    return (
        rendered(quotes.folded(_blocks(whole, pictures), known))
        or rendered(_blocks(whole, pictures, hidden=True))
        or plain(_stripped(text))
    )


def _blocks(text: str, pictures: Pictures, *, hidden: bool = False) -> list[Block]:
    root = tree(text)
    return [] if root is None else Reader(pictures, text, hidden=hidden).read(root)


def _signature(text: str) -> Sequence[Block]:
    return () if len(text) > _LONGEST_SIGNATURE or not text.strip() else _signature_blocks(text)


_LONGEST_SIGNATURE = 50_000


@lru_cache(maxsize=500)
def _signature_blocks(text: str) -> Sequence[Block]:
    closed = _closed(text)
    return tuple(_blocks(closed, Pictures(()))) if _depth(closed) <= _NESTING else ()


def _closed(text: str) -> str:
    """Return the text without tags and comments that would swallow all that follows them."""
    if "<!--" in text:
        ended = text.rfind("-->") + 1
        text = text[:ended] + text[ended:].replace("<!--", "")
    opened: dict[str, int] = {}
    for found in _SWALLOWING.finditer(text):
        name = found[2].lower()
        if found[1]:
            opened.pop(name, None)
        else:
            opened.setdefault(name, found.start())
    for start in sorted(opened.values(), reverse=True):
        text = f"{text[:start]}<span {text[start + 1 :]}"
    return text


def _depth(text: str) -> int:
    """Return how deep elements stand inside one another, roughly: as a parser's stack would grow."""
    stack: list[str] = []
    opened: dict[str, int] = {}
    most = 0
    for end, tag in _TAG.findall(text):
        name = tag.lower()
        if name in _FLAT:
            continue
        if not end:
            stack.append(name)
            opened[name] = opened.get(name, 0) + 1
            most = max(most, len(stack))
        elif opened.get(name):
            while (last := stack.pop()) != name:
                opened[last] -= 1
            opened[name] -= 1
    return most


def _stripped(text: str) -> str:
    """Return the text between tags."""
    before, *rest = text.split("<")
    return unescape(before + "\n".join(part.partition(">")[2] for part in rest))
