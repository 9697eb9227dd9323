"""A parsed text as a tree: what the library's flat list of tokens says, made once and walked fast."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from markdown_it.token import Token

_NONE: dict[str, Any] = {}
"""What a node has that is made here: most have no attributes, and there are many. Never written into."""


class Node:
    """A piece of a text and the pieces in it; `type` is the token's without ``_open`` and ``_close``."""

    __slots__ = ("attrs", "children", "content", "hidden", "info", "markup", "meta", "tag", "type")

    def __init__(
        self, type: str, *, content: str = "", markup: str = "", children: Iterable[Node] = ()
    ) -> None:
        self.type = type
        self.content = content
        self.markup = markup
        self.children = list(children)
        self.tag = self.info = ""
        self.attrs: dict[str, Any] = _NONE
        self.meta: dict[str, Any] = _NONE
        self.hidden = False

    def walk(self) -> Iterator[Node]:
        """Yield the node and all that is in it, in the order of the text."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += reversed(node.children)


def tree(tokens: Iterable[Token]) -> Node:
    """Return the root of a parsed text."""
    root = Node("root")
    root.children = _nodes(tokens)
    return root


def _nodes(tokens: Iterable[Token]) -> list[Node]:
    made: list[Node] = []
    open_ = [made]
    for token in tokens:
        if token.nesting < 0:
            open_.pop()
            continue
        node = Node.__new__(Node)  # there are many: nothing is set twice
        kind = token.type
        node.type = kind[:-5] if token.nesting > 0 else kind
        node.content = "" if kind == "inline" else token.content
        node.markup, node.tag, node.info = token.markup, token.tag, token.info
        node.attrs, node.meta, node.hidden = token.attrs, token.meta, token.hidden
        node.children = _nodes(token.children) if token.children else []
        open_[-1].append(node)
        if token.nesting > 0:
            open_.append(node.children)
    return made


def text(content: str) -> Node:
    """Return words without markup."""
    return Node("text", content=content)


def title(words: str) -> Node:
    """Return the paragraph that a folded block begins with: a bold title alone."""
    return Node("paragraph", children=[Node("inline", children=[mark("strong", [text(words)])])])


def mark(kind: str, children: Iterable[Node]) -> Node:
    """Return pieces that are strong, emphasised or struck out."""
    return Node(kind, markup={"strong": "**", "em": "*", "s": "~~"}[kind], children=children)


def link(address: str, children: Iterable[Node]) -> Node:
    """Return pieces that lead to an address."""
    node = Node("link", children=children)
    node.attrs = {"href": address}
    return node


def picture(address: str, name: str) -> Node:
    """Return a picture that stands at an address."""
    node = Node("image", content=name)
    node.attrs = {"src": address}
    return node


def words(node: Node) -> str:
    """Return what a piece says, in one line."""
    said = (n.content if n.type not in ("softbreak", "hardbreak") else " " for n in node.walk())
    return " ".join("".join(said).split())
