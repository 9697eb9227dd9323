"""HTML in GitLab's Markdown: what GitLab shows of it becomes structure or words, any other stays text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import unescape
from typing import Literal

from mappings.markup import html
from mappings.markup.markdown import parser
from mappings.markup.nodes import Node, link, mark, picture, text, words

FOLDS = 20
"""Folded blocks inside one another above which they are one."""
_MARKS = {
    **dict.fromkeys(("b", "strong"), "strong"),
    **dict.fromkeys(("i", "em", "dfn", "cite"), "em"),
    **dict.fromkeys(("s", "del", "strike"), "s"),
    **dict.fromkeys(("code", "kbd", "tt", "samp"), "code_inline"),
    "a": "link",
}
_SHOWN = {
    *_MARKS,
    *"abbr address article aside bdo big blockquote br caption center col dd details div dl dt".split(),
    *"figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr img ins li main mark nav ol p pre q".split(),
    *"rp rt ruby section small span sub summary sup table tbody td tfoot th thead time tr u ul var".split(),
    *"colgroup video audio source wbr".split(),
}
"""Elements whose content GitLab shows; of any other the whole source is shown."""
OURS = re.compile(r"\s*(?:attachment|mention):", re.IGNORECASE)
"""References that a reader makes: written by a person, they would mention or show whom and what they like."""
_COMMENT = re.compile(r"<!--.*?(?:-->|$)", re.DOTALL)
_NAMES = re.compile(r"</?([A-Za-z][\w:-]*)")
_TAG = re.compile(r"<(/?)([A-Za-z][\w:-]*)([^<>]*)>$", re.DOTALL)
_OPEN = re.compile(r"<details\b[^<>]*>", re.IGNORECASE)
_CLOSE = re.compile(r"</details\s*>", re.IGNORECASE)
_SPLIT = re.compile(
    r"(<details\b[^<>]*>(?:\s*<summary\b[^<>]*>.*?(?:</summary\s*>|$))?|</details\s*>)",
    re.DOTALL | re.IGNORECASE,
)

Kind = Literal["fold", "unfold", "html"]


def pieces(content: str) -> Iterator[tuple[Kind, str]]:
    """Yield what a block of HTML is made of: where a titled fold begins or ends, HTML, or mere text."""
    content = _NAMES.sub(_known, _COMMENT.sub("", content))
    for piece in _SPLIT.split(content):
        if _CLOSE.match(piece):
            yield "unfold", ""
        elif opening := _OPEN.match(piece):
            yield "fold", shown(piece[opening.end() :])
        elif piece.strip():
            yield "html", piece


def _known(tag: re.Match[str]) -> str:
    """Return a tag's beginning, that of an element which GitLab does not show as mere text."""
    return tag[0] if tag[1].lower() in _SHOWN else f"&lt;{tag[0][1:]}"


def converted(piece: str) -> str:
    """Return a piece of HTML in canonical Markdown."""
    return html.read(piece, (), ())


def shown(source: str) -> str:
    """Return the words of a piece of HTML in one line."""
    return " ".join(unescape(re.sub(r"<[^<>]*>", " ", source)).split())


class Spans:
    """Gathers inline pieces; marks that are written as HTML become nodes when they end."""

    def __init__(self) -> None:
        self._open: list[tuple[str, str, list[Node]]] = [("", "", [])]

    def add(self, nodes: Iterable[Node]) -> None:
        """Put pieces into the innermost mark that is open."""
        self._open[-1][2].extend(nodes)

    def inside(self, *kinds: str) -> bool:
        """Whether a mark of one of the kinds is open."""
        return any(_MARKS.get(name) in kinds for name, _, _ in self._open)

    def tag(self, source: str, after: str) -> None:
        """Read a tag; `after` is the letter that follows it."""
        found = _TAG.match(source)
        if source.startswith("<!--"):
            return
        if found is None or found[2].lower() not in _SHOWN:
            self.add([text(source)])
            return
        ends, name, attributes = bool(found[1]), found[2].lower(), found[3]
        if name == "br":
            self.add([Node("hardbreak")])
        elif name == "img":
            self.add(_image(attributes))
        elif name in _MARKS and ends:
            self._close(name, after)
        elif name in _MARKS and len(self._open) < FOLDS:
            self._open.append((name, attributes, []))

    def done(self) -> list[Node]:
        """Return all pieces; a mark without an end is none."""
        while len(self._open) > 1:
            self._drop()
        return self._open[0][2]

    def _drop(self) -> None:
        _, _, nodes = self._open.pop()
        self.add(nodes)

    def _close(self, name: str, after: str) -> None:
        if not any(name == open_ for open_, _, _ in self._open):
            return
        while self._open[-1][0] != name:
            self._drop()
        _, attributes, nodes = self._open.pop()
        before = words(Node("", children=self._open[-1][2][-1:]))[-1:]
        self.add(_marked(_MARKS[name], attributes, nodes, (before, after)))


def _marked(kind: str, attributes: str, nodes: list[Node], around: tuple[str, str]) -> list[Node]:
    """Return the pieces marked, unless Markdown could not say so: then the pieces."""
    said = words(Node("", children=nodes))
    if kind == "code_inline":
        return [Node(kind, content=said)] if said else []
    if kind == "link":
        url = unescape(_attribute(attributes, "href"))
        leads = url and parser().validateLink(url) and not OURS.match(url)
        return [link(url, _unlinked(nodes))] if said and leads else nodes
    edges = [n.content for n in (nodes[:1] + nodes[-1:]) if n.type == "text"]
    if not said or any(e != e.strip() for e in edges):
        return nodes
    touching = [
        a for a, b in zip(around, (said[:1], said[-1:]), strict=True) if a.isalnum() and not b.isalnum()
    ]
    return nodes if touching or any(n.type == kind for n in nodes) else [mark(kind, nodes)]


def _unlinked(nodes: Iterable[Node]) -> Iterator[Node]:
    """Yield the pieces of a link; Markdown has no link in a link."""
    for node in nodes:
        if node.type == "link":
            yield from node.children
        else:
            node.children = list(_unlinked(node.children))
            yield node


def _image(attributes: str) -> list[Node]:
    url, name = unescape(_attribute(attributes, "src")), unescape(_attribute(attributes, "alt"))
    if re.match(r"https?:|[\w./-]*/uploads/", url):
        return [picture(url, name)]
    return [text(f"[picture: {name or 'without a name'}]")]


def _attribute(attributes: str, name: str) -> str:
    found = re.search(rf"(?i)(?:^|\s){name}\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>]+))", attributes)
    return next((value for value in found.groups() if value), "") if found else ""
