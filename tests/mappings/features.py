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
from urllib.parse import unquote

import lxml.html
from lxml.html import HtmlElement

from tests.mappings.bodies import FILES
from tests.mappings.readers import shown

_BOX = re.compile(r"\s*(?:\[[ xX]\]|[☐☑])\s+")
_LONE = {"x", "X"}
"""What a task's box is written with."""
_SILENT = {"script", "style", "title", "head"}
_HIDDEN = re.compile(
    r"(?:display:\s*none|visibility:\s*hidden|mso-hide:\s*all|max-height:\s*0)", re.IGNORECASE
)
_ELSEWHERE = re.compile(r"(?:attachment|mention|javascript|data|vbscript|file):|[/#]|[^:]*$", re.IGNORECASE)
"""Addresses that lead nowhere in another tool."""
_KNOWN = [f.location.partition("?")[0] for f in FILES] + [f.id for f in FILES if "/" in f.id]
_NAMES = {name.lower() for f in FILES for name in (f.id, f.name)}
_LIGHT = re.compile(r"font-weight:\s*(?:normal|[1-4]00)", re.IGNORECASE)
_NEVER_IN_CELLS = {"ul", "ol", "li", "pre", "blockquote", "hr", "h1", "h2", "h3", "h4", "h5", "h6"}
"""What no cell of Markdown's tables can hold: its words and marks go into the cell's line."""
_INNER = {"heading", "quote", "rule"}
"""What a quotation or an item cannot hold in wiki markup or a document: in there it is an `inner` one."""
WORD = re.compile(r"[^\W_]+")
_BLOCKS = frozenset(
    "h1 h2 h3 h4 h5 h6 p div li dt dd tr td th pre blockquote summary br caption figcaption section article"
    " header footer ul ol dl table".split()
)
_LIST_SIGN = re.compile(r"mso-list:\s*ignore", re.IGNORECASE)
"""The bullet or number that Word writes before a paragraph that is an item: a sign, no word."""
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
_LISTS = ("bulletList", "orderedList", "taskList", "decisionList")
_PANELS = {name: name.title() for name in ("info", "note", "tip", "warning", "error", "success")}
"""What a panel says by its look."""
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
    "decisionList": "quote",
    "rule": "rule",
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
    silent = [
        e
        for e in tree.iter()
        if e.tag in _SILENT
        or _HIDDEN.search(e.get("style") or "")
        or _LIST_SIGN.search(e.get("style") or "")
        or not isinstance(e.tag, str)
    ]
    for element in silent:
        if element.getparent() is not None:
            element.drop_tree()
    for element in tree.iter():
        if isinstance(element.tag, str):
            _element(element, found)
    found.words = Counter(
        word for word in WORD.findall(_spaced(tree).replace("\u2060", "")) if word not in _LONE
    )
    return found


def _element(  # noqa: C901, PLR0912 -- one case per kind of element
    element: HtmlElement, found: Features
) -> None:
    text = _spaced(element)
    match element.tag:
        case "a" if (
            element.get("href") and WORD.search(text) and not _ELSEWHERE.match(element.get("href", ""))
        ):
            found.add("link", text)
        case tag if tag in _NEVER_IN_CELLS and _in_cell(element):
            pass
        case "code" if element.getparent() is not None and element.getparent().tag != "pre":
            if WORD.search(text):
                found.add("code", text)
        case "li" if WORD.search("".join(_own(element))):
            own = "".join(_own(element))
            path = "/".join(str(a.tag) for a in element.iterancestors("ul", "ol"))
            found.add(f"item {path}", _BOX.sub("", own, count=1))
            if _BOX.match(own):
                found.add("task", _BOX.sub("", own, count=1))
        case "img" if _is_known(element.get("src", "")):
            found.add("picture", "")
        case "td" | "th" if not _is_data(next(element.iterancestors("table"), element)):
            pass
        case "b" | "strong" if next(element.iterancestors("th"), None) is not None:
            pass  # a heading of a table is bold anyway
        case "b" | "strong" if _LIGHT.search(element.get("style") or "") or _is_code(element):
            pass  # what some programs wrap a text in; code that is bold too, which a document cannot hold
        case tag if tag in _HTML and (WORD.search(text) or tag == "hr"):
            kind = _HTML[tag]
            if kind in _INNER and next(element.iterancestors("blockquote", "li"), None) is not None:
                kind = f"inner {kind}"
            found.add(kind, "" if tag in ("blockquote", "hr") else text)
        case _:
            pass


def _is_known(source: str) -> bool:
    """Whether a picture's file is one of the text's; one elsewhere becomes a link, another its name."""
    named = unquote(source).removeprefix("cid:").removeprefix("attachment:").partition("@")[0].lower()
    return named in _NAMES or any(place in source for place in _KNOWN)


def _in_cell(element: HtmlElement) -> bool:
    table = next(element.iterancestors("table"), None)
    return table is not None and _is_data(table)


def _is_code(element: HtmlElement) -> bool:
    """Whether there are no words but code in an element."""
    return WORD.findall("".join(map(_spaced, element.iter("code")))) == WORD.findall(_spaced(element))


def _is_data(table: HtmlElement) -> bool:
    """Whether a table holds data: what holds tables, or has one row or column, is layout."""
    rows = list(table.iter("tr"))
    return len(rows) > 1 and all(len(row) > 1 for row in rows) and len(list(table.iter("table"))) == 1


def _own(item: HtmlElement) -> Iterator[str]:
    """Yield a list item's words without those of the lists in it."""
    yield item.text or ""
    for child in item:
        if isinstance(child.tag, str) and child.tag not in ("ul", "ol", "input"):
            yield from _own(child)
        yield child.tail or ""


def _spaced(element: HtmlElement) -> str:
    """Return the words of an element, those of two blocks apart; what a picture is called is none."""
    said: list[str] = []
    for event, one in _walk(element):
        if event == "start":
            said += [
                " " if one.tag in _BLOCKS else "",
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


def of_adf(document: str | Mapping[str, Any], *, looks: bool = True) -> Features:
    """Return the features of an Atlassian document; what panels say by their `looks` are words too."""
    found = Features()
    _adf(json.loads(document) if isinstance(document, str) else document, (), found, looks=looks)
    for lone in _LONE:
        found.words.pop(lone, None)
    return found


def _adf(  # noqa: C901, PLR0912 -- one case per kind of node
    node: Mapping[str, Any], path: tuple[str, ...], found: Features, *, looks: bool
) -> None:
    kind, text = str(node.get("type")), _said(node)
    title = str(node.get("attrs", {}).get("title") or "")
    in_cell = "tableCell" in path or "tableHeader" in path
    if looks and kind == "panel" and WORD.search(text) and not in_cell:
        title = _PANELS.get(str(node["attrs"].get("panelType")), "")
    elif looks and kind == "decisionList" and not in_cell:
        title = "Decision"
    if title:
        found.words.update(WORD.findall(title))
        found.add("bold", title)
    if (
        any(child.get("type") in ("text", "mention", "inlineCard") for child in node.get("content", ()))
        or kind == "mediaGroup"
    ):
        found.words.update(WORD.findall(text))
    match kind:
        case "listItem" | "taskItem" | "decisionItem" if in_cell or not WORD.search(text):
            pass
        case "media":
            name = str(node.get("attrs", {}).get("alt") or node.get("attrs", {}).get("id") or "")
            if _is_known(name) and "mediaSingle" in path:
                found.add("picture", "")
        case "listItem" | "taskItem" | "decisionItem":
            own = "".join(_said(c) for c in node.get("content", ()) if not c["type"].endswith("List"))
            lists = "/".join("ol" if p == "orderedList" else "ul" for p in path[::-1] if p in _LISTS)
            found.add(f"item {lists}", _BOX.sub("", own, count=1))
            if kind == "taskItem" or _BOX.match(own):
                found.add("task", _BOX.sub("", own, count=1))
        case _ if in_cell and kind not in ("tableCell", "tableHeader"):
            pass  # no cell of Markdown's tables holds blocks
        case _ if kind in _NODES and (WORD.search(text) or kind == "rule"):
            name = _NODES[kind]
            if name in _INNER and {*path} & {"blockquote", "panel", "expand", "decisionList", *_LISTS}:
                name = f"inner {name}"
            found.add(name, "" if _NODES[kind] in ("quote", "rule") else text)
        case _:
            pass
    path = (*path, kind)
    for child in node.get("content", ()):
        _adf(child, path, found, looks=looks)
    for mark, words in _merged(node.get("content", ())):
        if mark != "bold" or "tableHeader" not in path:  # a heading of a table is bold anyway
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
            if name in dict(_marks(node)) and not _ELSEWHERE.match(_leads(node) or "x:"):
                run += node.get("text", "")
            elif run:
                if WORD.search(run):
                    yield name, run
                run = ""


def _leads(node: Mapping[str, Any]) -> str:
    links = [m for m in node.get("marks", ()) if m["type"] == "link"]
    return str(links[0].get("attrs", {}).get("href", "")) if links else ""


def _said(node: Mapping[str, Any]) -> str:
    if "text" in node:
        return str(node["text"])
    if node.get("type") in ("mention", "inlineCard"):
        attributes = node.get("attrs", {})
        shown = attributes.get("text") or attributes.get("url") or attributes.get("id") or ""
        return str(shown).removeprefix("accountid:")
    if node.get("type") == "media" and str(node.get("attrs", {}).get("id")).endswith(".log"):
        return str(node["attrs"]["id"])  # shown by its name, as a picture is not
    if node.get("type") == "hardBreak":
        return " "
    return "".join(_said(child) for child in node.get("content", ()))


def _share(before: Counter[Any], after: Counter[Any]) -> float:
    return 1 - (before - after).total() / max(1, before.total())
