"""What a text names that is called otherwise elsewhere: tickets. And the signs that mislead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from mappings.markup.markdown import structure
from mappings.markup.markdown_write import Writer
from mappings.markup.nodes import Node, link, text, tree

_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Signs that no HTML and no UTF-8 can hold."""
_MISLEADING: Final = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Signs that turn the direction of what follows: ``gpj.exe`` would read ``exe.jpg``. Right-to-left text is
shown well without them; marks of a letter's direction (U+200E, U+200F) mislead nobody and stay."""
_CLEANING = str.maketrans({**dict.fromkeys(_MISLEADING, ""), "\u2028": " ", "\u2029": " ", "\x85": " "})


def cleaned(markdown: str) -> str:
    """Return a text without signs that no tool can hold, or that show it otherwise than it is.

    Line ends that only some programs know (U+0085, U+2028, U+2029) become blanks, a carriage return a line's
    end.
    """
    text = legal(markdown).translate(_CLEANING)
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def legal(text: str) -> str:
    """Return a text without the signs that no HTML and no UTF-8 can hold."""
    return _ILLEGAL.sub("", text)


def rewritten(markdown: str, links: Mapping[str, str]) -> str:
    """Return the text leading to where its tickets are there.

    `links` maps an address, or what people write for a ticket (``#12``, ``group/project#4``, ``ACME-7``), to
    the address there. What people wrote stays readable: a number becomes a link with the same words. Code is
    left as it is, and so is a number inside a link or a longer word.
    """
    if not any(key in markdown for key in links):
        return markdown
    root = tree(structure(markdown))
    _Rewriter(links).walk(root)
    return Writer().blocks(root.children)


class _Rewriter:
    """Walks a text once; all numbers are looked for at the same time."""

    def __init__(self, links: Mapping[str, str]) -> None:
        self._links = links
        numbers = sorted((re.escape(k) for k in links if "://" not in k), key=len, reverse=True)
        self._number = re.compile(rf"(?<![\w/#&!.-])(?:{'|'.join(numbers) or '(?!)'})(?![\w-]|[#!/.]\w)")

    def walk(self, node: Node) -> None:
        """Change the links in a node, and the words that name a ticket."""
        if node.type == "link":
            self._link(node)
        else:
            node.children = [new for child in node.children for new in self._children(child)]

    def _children(self, child: Node) -> Iterable[Node]:
        if child.type == "text":
            return self._linked(child.content)
        self.walk(child)
        return [child]

    def _linked(self, content: str) -> Iterator[Node]:
        end = 0
        for found in self._number.finditer(content):
            yield text(content[end : found.start()])
            yield link(self._links[found[0]], [text(found[0])])
            end = found.end()
        yield text(content[end:])

    def _link(self, node: Node) -> None:
        url = str(node.attrs["href"])
        there = self._links.get(url) or self._links.get(url.rstrip("/"))
        if there is None or there == url:
            return
        node.attrs["href"] = there
        if node.info == "auto":
            node.children = [text(there)]
