"""Atlassian's document format (ADF), read: what Markdown has no word for loses its look, never its words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from mappings.markup.adf_inline import (
    Media,
    attributes,
    card,
    content,
    flat,
    inline,
    is_picture,
    media,
    name_of,
    said,
)
from mappings.markup.adf_marks import BREAK, ended, one_line
from mappings.markup.markdown import JOINER, cell, code, escape, fence, guarded, plain
from mappings.ticket import Attachment

LONGEST = 2_000_000
"""Characters of a document above which only its words are read. Jira keeps 32,767 (jira-api 5)."""
PANELS = {
    "info": "Info",
    "note": "Note",
    "tip": "Tip",
    "warning": "Warning",
    "error": "Error",
    "success": "Success",
    "custom": "Note",
}
"""The line that says what kind of panel a block quote is."""
DECISION = "Decision"
DETAILS = "Details"
"""The title of an expandable part that has none."""

_DEEPEST = 24
"""Blocks inside one another above which only the words are kept."""
_CELLS = 20_000
"""Cells of a table above which it is no table to read; merged cells could make millions of a few words."""
_INLINE = frozenset(
    "text hardBreak mention emoji inlineCard date status mediaInline placeholder inlineExtension".split()
)
_LISTS = frozenset({"bulletList", "orderedList", "taskList"})
_WORDS = ("text", "title", "alt", "url", "shortName")
_TEXT = re.compile(r'"text"\s*:\s*"((?:[^"\\]|\\.)*)"')


def stored(document: object) -> str:
    """Return a document as compact JSON, equal for equal documents."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


class Place(NamedTuple):
    """Where a document shows a file."""

    name: str
    """What it says of the file's name, if anything."""
    picture: bool
    """Whether the file is a picture in the text, not a mention of a file beside it."""


def places(text: str) -> list[Place]:
    """Return where a document shows files, in their order; nothing if it is broken."""
    if '"media' not in text:
        return []
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return []
    return (
        [Place(name_of(node), is_picture(node)) for node in _pictures(found)]
        if isinstance(found, dict)
        else []
    )


def words(text: str) -> list[str]:
    """Return the words of a document without any structure, each text a line; nothing if it is broken."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return []
    return list(_said(found)) if isinstance(found, dict) else []


def read(text: str, files: Sequence[Attachment]) -> str:
    """Return the canonical Markdown of a document's JSON; its pictures are found among `files`.

    A broken or endless document becomes the plain text of whatever words it holds.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return _plainly(text) or plain(text)
    if not isinstance(document, dict) or not isinstance(document.get("type"), str):
        return plain(text)
    if len(text) > LONGEST:
        return plain("\n\n".join(_said(document)))
    reader = _Reader(Media(_pictures(document), files))
    return reader.blocks([document], 0) or plain("\n\n".join(_said(document))) or _plainly(text)


def _plainly(text: str) -> str:
    """Return the words of a document that is broken, or whose nodes are not where they should be."""
    return plain("\n\n".join(said for found in _TEXT.findall(text) if (said := _unquoted(found)).strip()))


def _unquoted(found: str) -> str:
    try:
        return str(json.loads(f'"{found}"', strict=False))
    except ValueError:
        return found


def _nodes(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield all nodes in their order, however deep."""
    waiting = [document]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(content(node))


def _pictures(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for node in _nodes(document):
        if str(node.get("type")) in ("media", "mediaInline") and attributes(node).get("type") != "external":
            yield node


def _said(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the words of a document, each text a line."""
    for node in _nodes(document):
        text = node.get("text")
        words = text if isinstance(text, str) else said(node, *_WORDS)
        if words.strip():
            yield words.replace(JOINER, "")


class _Reader:
    """Walks a document."""

    def __init__(self, files: Media) -> None:
        self._files = files

    def blocks(self, nodes: Iterable[Mapping[str, Any]], depth: int) -> str:
        """Return blocks, each after an empty line."""
        return "\n\n".join(text for text, _ in self._blocks(nodes, depth))

    def _blocks(self, nodes: Iterable[Mapping[str, Any]], depth: int) -> Iterator[tuple[str, str]]:
        """Yield each block that has words, and its type; inline nodes among blocks are a paragraph."""
        before = ""
        for loose, group in groupby(nodes, lambda node: str(node.get("type")) in _INLINE):
            parts = list(group)
            for node in [{"type": "paragraph", "content": parts}] if loose else parts:
                kind = str(node.get("type"))
                again = kind in _LISTS and before in _LISTS and _is_ordered(kind) == _is_ordered(before)
                if text := self._block(kind, node, depth, again=again):
                    yield text, kind
                    # A list right after one of its kind begins with another sign, or it would continue it.
                    before = "" if again else kind

    def _block(self, kind: str, node: Mapping[str, Any], depth: int, *, again: bool) -> str:
        if depth > _DEEPEST:
            return plain("\n\n".join(_said(node)))
        inner = content(node)
        match kind:
            case "paragraph":
                return _paragraph(inline(inner, self._files))
            case "heading":
                text = flat(inner, self._files)
                return f"{'#' * _level(node)} {text}" if text else ""
            case "codeBlock":
                return _code(node)
            case "rule":
                return "***"
            case "mediaSingle" | "mediaGroup":
                return self._media(inner)
            case "media":
                return _paragraph(media(node, self._files))
            case "blockCard" | "embedCard":
                return _paragraph(_card(node))
            case _:
                return self._grouped(kind, node, depth, again=again)

    def _grouped(self, kind: str, node: Mapping[str, Any], depth: int, *, again: bool) -> str:
        inner = content(node)
        match kind:
            case "bulletList" | "orderedList" | "taskList":
                return "\n".join(self._items(kind, node, depth, again=again))
            case "decisionList":
                items = [{"type": "listItem", "content": content(item)} for item in inner]
                return self._folded(DECISION, [{"type": "bulletList", "content": items}], depth)
            case "blockquote":
                return _quoted(self.blocks(inner, depth + 1))
            case "panel":
                text = self._folded(PANELS.get(said(node, "panelType"), PANELS["info"]), inner, depth)
                return text if text.startswith(">") else ""
            case "expand" | "nestedExpand":
                return self._folded(one_line(said(node, "title")) or DETAILS, inner, depth)
            case "table":
                return self._table(node, depth)
            case _:
                return self._other(node, inner, depth)

    def _other(self, node: Mapping[str, Any], inner: list[Mapping[str, Any]], depth: int) -> str:
        """Return what stands in a node that only groups others, or that nobody knows yet."""
        if node.get("type") == "doc" or inner:
            return self.blocks(inner, depth + 1)
        original = attributes(node).get("originalValue")
        if isinstance(original, dict):  # how Atlassian's editor keeps what it does not know itself
            return self.blocks([original], depth + 1)
        text = node.get("text")
        known = {"type": "text", "text": text} if isinstance(text, str) else {**node, "content": []}
        return _paragraph(inline([known], self._files))

    def _folded(self, title: str, inner: Sequence[Mapping[str, Any]], depth: int) -> str:
        body = self.blocks(inner, depth + 1)
        head = f"**{escape(title)}**"
        return _quoted(f"{head}\n\n{body}") if body else head

    def _media(self, inner: Iterable[Mapping[str, Any]]) -> str:
        shown = []
        for node in inner:
            if node.get("type") == "media":
                link = said(_mark(node, "link"), "href")
                after = f" {inline([{'type': 'text', 'text': link}], self._files)}" if link else ""
                shown.append(_paragraph(media(node, self._files) + after))
            else:
                shown.append(_paragraph(inline(content(node), self._files)))
        return "\n\n".join(filter(None, shown))

    def _items(self, kind: str, node: Mapping[str, Any], depth: int, *, again: bool) -> Iterator[str]:
        """Yield the items of a list. One without words is left out: behind words it would be a heading."""
        number = _start(node)
        ordered = kind == "orderedList"
        for item in content(node):
            sign = f"{number}{')' if again else '.'}" if ordered else "*" if again else "-"
            if item.get("type") == "taskList":  # stands beside the task that it belongs to
                text = self._block("taskList", item, depth + 1, again=False)
                if text:
                    yield _indented(text, 2)
                continue
            if text := self._item(item, depth + 1):
                box = ""
                if item.get("type") in ("taskItem", "blockTaskItem"):
                    box = "[x] " if said(item, "state") == "DONE" else "[ ] "
                yield f"{sign} {_indented(box + text, len(sign) + 1, first=False)}"
                number += 1

    def _item(self, item: Mapping[str, Any], depth: int) -> str:
        text, last = "", ""
        for block, kind in self._blocks(content(item), depth):
            # A list may follow its item's words at once; only one that begins with 1 ends a paragraph.
            tight = last == "paragraph" and kind in _LISTS and re.match(r"[-*]|1[.)]", block)
            text += ("\n" if tight else "\n\n" if text else "") + block
            last = kind
        return _unboxed(text)

    def _table(self, node: Mapping[str, Any], depth: int) -> str:
        """Return a table; its first row is the heading, which Markdown's tables must have.

        One that Markdown could not hold (a layout of a single column of blocks, code of several lines) is
        shown as its cells' blocks, row by row.
        """
        rows = [row for row in content(node) if content(row)]
        cells = [inner for row in rows for inner in content(row)]
        spans = sum(_span(inner, "colspan") * _span(inner, "rowspan") for inner in cells)
        whole = len(cells) > 1 and spans <= _CELLS
        if not whole or any(_is_long_code(n) for inner in cells for n in content(inner)):
            return self._cells(cells, depth)
        grid = list(self._grid(rows, depth))
        width = max((len(row) for row in grid), default=0)
        if width * len(grid) > _CELLS:
            return self._cells(cells, depth)
        if not any(any(row) for row in grid):
            return ""
        lines = [f"| {' | '.join(row + [''] * (width - len(row)))} |" for row in grid]
        return "\n".join([lines[0], f"|{' --- |' * width}", *lines[1:]])

    def _cells(self, cells: Iterable[Mapping[str, Any]], depth: int) -> str:
        return "\n\n".join(filter(None, (self.blocks(content(inner), depth + 1) for inner in cells)))

    def _grid(self, rows: Sequence[Mapping[str, Any]], depth: int) -> Iterator[list[str]]:
        """Yield the rows, a merged cell's words in its first place and its others empty."""
        below: dict[int, int] = {}
        for number, row in enumerate(rows):
            texts: list[str] = []
            for inner in content(row):
                _pad(texts, below)
                heads = inner.get("type") == "tableHeader" and number
                text = cell(self._cell(content(inner), depth + 1))
                at, wide, high = len(texts), _span(inner, "colspan"), _span(inner, "rowspan")
                texts += [f"**{text}**" if heads and _is_bare(text) else text, *[""] * (wide - 1)]
                below |= dict.fromkeys(range(at, at + wide), high - 1) if high > 1 else {}
            _pad(texts, below)
            yield texts

    def _cell(self, nodes: Iterable[Mapping[str, Any]], depth: int) -> str:
        """Return a cell's blocks as inline Markdown of one line."""
        shown = []
        for node in nodes:
            kind, inner = str(node.get("type")), content(node)
            if depth > _DEEPEST:
                shown.append(escape(one_line(" ".join(_said(node)))))
            elif kind in ("paragraph", "caption"):
                shown.append(flat(inner, self._files))
            elif kind == "heading":
                text = flat(inner, self._files)
                shown.append(f"**{text}**" if _is_bare(text) else text)
            elif kind == "codeBlock":
                line = " ".join(_text(node).split("\n")).strip()
                shown.append(code(line) if line else "")
            elif kind in ("listItem", "decisionItem"):
                shown.append(_bulleted("•", self._cell(inner, depth + 1)))
            elif kind in ("taskItem", "blockTaskItem"):
                box = "☑" if said(node, "state") == "DONE" else "☐"
                shown.append(_bulleted(box, self._cell(inner, depth + 1)))
            elif kind in _INLINE or kind in ("media", "blockCard", "embedCard") or not inner:
                shown.append(flat([node], self._files))
            else:
                shown += [escape(one_line(said(node, "title"))), self._cell(inner, depth + 1)]
        return " ".join(filter(None, shown))


def _pad(texts: list[str], below: dict[int, int]) -> None:
    """Leave the places empty that a cell of a row above covers."""
    while below.get(len(texts), 0) > 0:
        below[len(texts)] -= 1
        texts.append("")


def _span(node: Mapping[str, Any], name: str) -> int:
    value = attributes(node).get(name)
    return min(max(value, 1), 100) if isinstance(value, int) else 1


def _is_bare(text: str) -> bool:
    """Whether the whole of a text can be made bold by signs around it."""
    return bool(re.match(r"[^\W_]", text)) and bool(re.search(r"[^\W_]$", text)) and "*" not in text


def _is_long_code(node: Mapping[str, Any]) -> bool:
    return node.get("type") == "codeBlock" and "\n" in _text(node).strip("\n")


def _bulleted(sign: str, text: str) -> str:
    return f"{sign} {text}" if text else ""


def _is_ordered(kind: str) -> bool:
    return kind == "orderedList"


def _level(node: Mapping[str, Any]) -> int:
    level = attributes(node).get("level")
    return min(max(level, 1), 6) if isinstance(level, int) else 1


def _start(node: Mapping[str, Any]) -> int:
    order = attributes(node).get("order")
    return int(order) if isinstance(order, int | float) and 0 <= order < 10**8 else 1


def _mark(node: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    marks = node.get("marks")
    found = marks if isinstance(marks, list) else []
    return next((m for m in found if isinstance(m, dict) and m.get("type") == kind), {})


def _text(node: Mapping[str, Any]) -> str:
    """Return the text of a code block."""
    parts = (inner.get("text") if inner.get("type") == "text" else "\n" for inner in content(node))
    return "".join(part for part in parts if isinstance(part, str))


def _code(node: Mapping[str, Any]) -> str:
    text = _text(node).replace("\r\n", "\n").replace("\r", "\n")
    language = re.sub(r"[^\w+#.-]", "", said(node, "language"))
    return "\n".join(fence(text.strip("\n"), language)) if text.strip() else ""


def _card(node: Mapping[str, Any]) -> str:
    """Return a card's address, or the search that it lists."""
    source = attributes(node).get("datasource")
    parameters = source.get("parameters") if isinstance(source, dict) else None
    query = parameters.get("jql") if isinstance(parameters, dict) else None
    if not said(node, "url") and isinstance(query, str) and query.strip():
        return code(one_line(query))
    return card(node)


def _paragraph(text: str) -> str:
    """Return a paragraph without empty lines at its edges."""
    lines = [ended(line.strip()) for line in text.split(BREAK)]
    while lines and not lines[-1]:
        lines.pop()
    while lines and not lines[0]:
        lines.pop(0)
    return guarded(BREAK.join(lines))


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" if line else ">" for line in text.split("\n")) if text else ""


def _indented(text: str, width: int, *, first: bool = True) -> str:
    """Return a text with blanks before each line, or each but the first."""
    start, *rest = text.split("\n")
    head = " " * width + start if first else start
    return "\n".join([head, *(" " * width + line if line else "" for line in rest)])


def _unboxed(text: str) -> str:
    r"""Return an item's text in which a box that somebody typed is one: ``\[ \] milk``."""
    box = re.match(r"\\\[([ xX])\\\] (?=\S)", text)
    if box is None:
        return text
    first, end, rest = text[box.end() :].partition("\n")
    return f"[{box[1].lower()}] {guarded(first)}{end}{rest}"
