"""What a text is made of, read with readers that are not ours: what a conversion kept can be counted.

Markdown is read with markdown-it-py, HTML with lxml, an Atlassian document by walking it; wiki markup through
Atlassian's own transformer, where Node is there (see `tests.mappings.atlassian`).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import lxml.html
from lxml.html import HtmlElement

from tests.mappings.readers import shown

WORD = re.compile(r"[^\W_]+")
_BLOCKS = {
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "p",
    "div",
    "li",
    "td",
    "th",
    "pre",
    "blockquote",
    "summary",
    "br",
}
_HTML = {
    **dict.fromkeys(("b", "strong"), "bold"),
    **dict.fromkeys(("i", "em"), "italic"),
    **dict.fromkeys(("s", "del", "strike"), "strike"),
    **{f"h{n}": "heading" for n in range(1, 7)},
    "pre": "code block",
    "td": "cell",
    "th": "cell",
    "blockquote": "quote",
    "hr": "rule",
    "img": "picture",
}
_MARKS = {"strong": "bold", "em": "italic", "strike": "strike", "code": "code"}
_NODES = {
    "heading": "heading",
    "codeBlock": "code block",
    "tableCell": "cell",
    "tableHeader": "cell",
    "blockquote": "quote",
    "expand": "quote",
    "nestedExpand": "quote",
    "panel": "quote",
    "rule": "rule",
    "mediaSingle": "picture",
    "mediaInline": "picture",
    "blockTaskItem": "task",
    "taskItem": "task",
}


@dataclass
class Features:
    """The words of a text, and its structure: (what it is, the words in it)."""

    words: Counter[str] = field(default_factory=Counter)
    structure: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, kind: str, text: str) -> None:
        """Count a piece of structure by its words; how they are spaced does not matter."""
        self.structure[kind, "".join(WORD.findall(text))[:80]] += 1

    def kept(self, after: Features) -> tuple[float, float]:
        """Return which share of the words and of the structure another text still has."""
        return _share(self.words, after.words), _share(self.structure, after.structure)

    def lost(self, after: Features) -> Counter[tuple[str, str]]:
        """Return the structure that another text has no more."""
        return self.structure - after.structure


def of_markdown(text: str) -> Features:
    """Return the features of canonical Markdown."""
    return of_tree(shown(text))


def of_html(text: str) -> Features:
    """Return the features of HTML as a browser shows it."""
    return of_tree(lxml.html.fragment_fromstring(text, create_parent="div"))


def of_tree(tree: HtmlElement) -> Features:
    """Return the features of parsed HTML; layout has none."""
    found = Features()
    for silent in list(tree.iter("script", "style", "title", "head")):
        silent.drop_tree()
    for element in tree.iter():
        if isinstance(element.tag, str):
            _element(element, found)
    found.words = Counter(WORD.findall(_spaced(tree)))
    return found


def _element(element: HtmlElement, found: Features) -> None:
    text = _spaced(element)
    match element.tag:
        case "a" if (
            element.get("href") and WORD.search(text) and not element.get("href", "").startswith("mention")
        ):
            found.add("link", text)
        case "code" if element.getparent() is not None and element.getparent().tag != "pre":
            found.add("code", text)
        case "li":
            boxes = re.match(r"\s*(?:\[[ xX]\]|[☐☑])\s", str(element.text_content()))
            own = "".join(_own(element))
            path = "/".join(str(a.tag) for a in element.iterancestors("ul", "ol"))
            found.add(f"item {path}", re.sub(r"^\s*\[[xX ]\]", "", own))
            if boxes:
                found.add("task", re.sub(r"^\s*\[[xX ]\]", "", own))
        case "img" if element.get("src"):
            found.add("picture", "")
        case tag if tag in _HTML and (WORD.search(text) or tag == "hr"):
            found.add(_HTML[tag], "" if tag in ("blockquote", "hr") else text)
        case _:
            pass


def _own(item: HtmlElement) -> Iterator[str]:
    """Yield a list item's words without those of the lists in it."""
    yield item.text or ""
    for child in item:
        if isinstance(child.tag, str) and child.tag not in ("ul", "ol", "input"):
            yield from _own(child)
        yield child.tail or ""


def _spaced(element: HtmlElement) -> str:
    """Return the words of an element, those of two blocks apart; a picture's name is words too."""
    said: list[str] = []
    for event, one in _walk(element):
        if event == "start":
            said += [
                " " if one.tag in _BLOCKS else "",
                one.get("alt") or "" if one.tag == "img" else "",
                one.text or "",
            ]
        else:
            said += [" " if one.tag in _BLOCKS else "", one.tail or "" if one is not element else ""]
    return "".join(said)


def _walk(element: HtmlElement) -> Iterator[tuple[str, HtmlElement]]:
    open_ = [(element, iter(element))]
    yield "start", element
    while open_:
        parent, children = open_[-1]
        child = next(children, None)
        if child is None:
            open_.pop()
            yield "end", parent
        elif isinstance(child.tag, str):
            yield "start", child
            open_.append((child, iter(child)))


def of_adf(document: str | Mapping[str, Any]) -> Features:
    """Return the features of an Atlassian document."""
    found = Features()
    _adf(json.loads(document) if isinstance(document, str) else document, (), found)
    return found


def _adf(node: Mapping[str, Any], path: tuple[str, ...], found: Features) -> None:
    kind, text = str(node.get("type")), _said(node)
    match kind:
        case "text":
            found.words.update(WORD.findall(node["text"]))
        case "listItem" | "taskItem":
            own = "".join(_said(c) for c in node.get("content", ()) if not c["type"].endswith("List"))
            lists = "/".join(
                {"bulletList": "ul", "orderedList": "ol", "taskList": "ul"}[p] for p in path[::-1]
            )
            found.add(f"item {lists}", own)
            if kind == "taskItem":
                found.add("task", own)
        case _ if kind in _NODES:
            found.add(_NODES[kind], "" if _NODES[kind] in ("quote", "rule", "picture") else text)
        case _:
            pass
    path = (*path, kind) if kind in ("bulletList", "orderedList", "taskList") else path
    for child in node.get("content", ()):
        _adf(child, path, found)
    for mark, words in _merged(node.get("content", ())):
        found.add(mark, words)


def _marks(node: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for mark in node.get("marks", ()):
        name = "link" if mark["type"] == "link" else _MARKS.get(mark["type"], "")
        if name:
            yield name, str(node.get("text", ""))


def _merged(nodes: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield each mark with all the words in a row that have it."""
    for name in ("bold", "italic", "strike", "code", "link"):
        run = ""
        for node in [*nodes, {}]:
            if name in dict(_marks(node)):
                run += node.get("text", "")
            elif run:
                if WORD.search(run):
                    yield name, run
                run = ""


def _said(node: Mapping[str, Any]) -> str:
    if "text" in node:
        return str(node["text"])
    return "".join(_said(child) for child in node.get("content", ()))


def _share(before: Counter[Any], after: Counter[Any]) -> float:
    return 1 - (before - after).total() / max(1, before.total())
