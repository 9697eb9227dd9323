"""Atlassian's document format (ADF), written: valid by Atlassian's schema, and nothing in it acts.

A text node is text whatever stands in it, so nothing is escaped. What the schema forbids at a place (a
heading in a list, a table in a quotation) becomes the nearest thing that it allows there.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence

from markdown_it.token import Token

from mappings.markup.adf_line import Json, inline, merged, text, unboxed, with_mark
from mappings.markup.adf_read import DECISION, PANELS, stored
from mappings.markup.markdown import FILE, JOINER, TASK, parsed

LONGEST = 1_000_000
"""Characters of Markdown above which only its lines are written. Jira keeps 32,767 (jira-api 5)."""

_TITLE = 255
"""Characters of a bold line alone that is a fold's title; a longer one is a sentence."""
_LISTS = 8
"""Lists inside one another; what is deeper stands in the deepest."""
_FOLDS = {title: kind for kind, title in PANELS.items() if kind != "custom"}

# What may stand where (Atlassian's full.json); only what is written here is named.
_ITEM = frozenset("paragraph bulletList orderedList taskList codeBlock".split())
_QUOTE = frozenset("paragraph bulletList orderedList codeBlock".split())
_PANEL = _ITEM | {"heading", "rule", "decisionList"}
_NESTED = _PANEL | {"panel", "blockquote"}
_EXPAND = _NESTED | {"table", "nestedExpand"}
_DOC = _NESTED | {"table", "expand"}


class _Block:
    """A block of the Markdown: its opening token, its line's tokens, and the blocks inside."""

    __slots__ = ("inside", "line", "source", "token")

    def __init__(self, token: Token | None) -> None:
        self.token, self.inside = token, list[_Block]()
        self.line: Sequence[Token] = ()
        self.source = ""

    @property
    def type(self) -> str:
        return self.token.type.removesuffix("_open") if self.token else ""


def write(markdown: str, files: Mapping[str, str], people: Mapping[str, str]) -> str:
    """Return the JSON of a document that shows the Markdown and does nothing else.

    A file whose place is an address is a link; one that has a name only is named, since a document shows
    files by ids that no API tells (jira-api 6).
    """
    return stored(document(markdown, files, people))


def shows_files(markdown: str, files: Mapping[str, str]) -> bool:
    """Whether a text shows one of these files, or leads to it."""
    if "attachment:" not in markdown or not files:
        return False
    tokens = parsed(markdown, files, {})
    return any(FILE in inner.meta for token in tokens for inner in token.children or ())


def document(markdown: str, files: Mapping[str, str], people: Mapping[str, str]) -> Json:
    """Return the document itself: see `write`."""
    if len(markdown) > LONGEST:
        lines = (line.replace(JOINER, "").strip() for line in markdown.split("\n"))
        return _doc([_paragraph([text(line)]) for line in lines if line])
    return _doc(_Writer().blocks(_tree(parsed(markdown, files, people)).inside, _DOC))


def _doc(nodes: list[Json]) -> Json:
    return {"type": "doc", "version": 1, "content": nodes}


def _tree(tokens: Sequence[Token]) -> _Block:
    top = _Block(None)
    path = [top]
    for token in tokens:
        if token.nesting == -1:
            path.pop()
        elif token.type == "inline":
            path[-1].line, path[-1].source = token.children or [], token.content
        else:
            block = _Block(token)
            path[-1].inside.append(block)
            if token.nesting == 1:
                path.append(block)
    return top


class _Writer:
    """Walks the Markdown's blocks."""

    def __init__(self) -> None:
        self._lists = self._boxes = 0

    def blocks(self, blocks: Iterable[_Block], allowed: frozenset[str]) -> list[Json]:
        """Return blocks as nodes that may stand where `allowed` may."""
        return [node for block in blocks for node in self._block(block, allowed)]

    def _block(self, block: _Block, allowed: frozenset[str]) -> list[Json]:
        match block.type:
            case "paragraph":
                return _filled(inline(block.line))
            case "heading":
                return _heading(block, allowed)
            case "bullet_list" | "ordered_list":
                return self._list(block, allowed)
            case "fence" | "code_block":
                return _code(block)
            case "blockquote":
                return self._quote(block.inside, allowed)
            case "table":
                return self._table(block, allowed)
            case "hr":
                return [{"type": "rule"}] if "rule" in allowed else []
            case _:
                return _filled([text(block.token.content)] if block.token and block.token.content else [])

    def _list(self, block: _Block, allowed: frozenset[str]) -> list[Json]:
        if "taskList" in allowed and self._lists < _LISTS and _is_tasks(block):
            return [self._tasks(block)]
        ordered = block.type == "ordered_list"
        self._lists += 1
        items = [item for each in block.inside for item in self._item(each)]
        self._lists -= 1
        if not items:
            return []
        made: Json = {"type": "orderedList" if ordered else "bulletList", "content": items}
        start = int((block.token.attrs if block.token else {}).get("start", 1))
        return [made | {"attrs": {"order": start}} if ordered and start != 1 else made]

    def _item(self, item: _Block) -> Iterator[Json]:
        """Yield an item; at the deepest level the items of its lists stand after it."""
        deeper: list[_Block] = []
        own = item.inside
        if self._lists >= _LISTS:
            deeper = [block for block in own if block.type in ("bullet_list", "ordered_list")]
            own = [block for block in own if block not in deeper]
        nodes = self.blocks(own, _ITEM)
        if nodes and nodes[0]["type"] in ("bulletList", "orderedList", "taskList"):
            nodes.insert(0, _paragraph([]))
        if nodes:
            yield {"type": "listItem", "content": nodes}
        for inner in deeper:
            for each in inner.inside:
                yield from self._item(each)

    def _tasks(self, block: _Block) -> Json:
        """Return a list of tasks. Their ids are the same whenever the same text is written."""
        self._boxes += 1
        made: Json = {"type": "taskList", "attrs": {"localId": self._id(block)}, "content": []}
        for item in block.inside:
            first, *rest = item.inside
            state = "DONE" if item.token and item.token.meta.get(TASK) else "TODO"
            attrs = {"localId": self._id(first), "state": state}
            line = unboxed(inline(first.line))
            made["content"].append({"type": "taskItem", "attrs": attrs, "content": line})
            self._lists += 1
            made["content"] += [self._tasks(inner) for inner in rest]
            self._lists -= 1
        return made

    def _id(self, block: _Block) -> str:
        self._boxes += 1
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"deskbridge {self._boxes} {block.source}"))

    def _quote(self, inside: Sequence[_Block], allowed: frozenset[str]) -> list[Json]:
        """Return a quotation, or what a quotation that begins with a bold title stands for."""
        if (title := _title(inside)) and (folded := self._folded(title, inside[1:], allowed)):
            return folded
        if "blockquote" not in allowed:
            return self._marked(self.blocks(inside, allowed))
        return self._parted(inside, allowed)

    def _folded(self, title: str, inside: Sequence[_Block], allowed: frozenset[str]) -> list[Json]:
        if title == DECISION and "decisionList" in allowed and _is_lines(inside):
            return [self._decisions(inside[0])]
        if (kind := _FOLDS.get(title)) and "panel" in allowed:
            if any(block.type in ("table", "blockquote") for block in inside):
                return []
            nodes = self.blocks(inside, _PANEL)
            return [{"type": "panel", "attrs": {"panelType": kind}, "content": nodes}] if nodes else []
        for fold, within in (("expand", _EXPAND), ("nestedExpand", _NESTED)):
            if fold in allowed and (nodes := self.blocks(inside, within)):
                return [{"type": fold, "attrs": {"title": title}, "content": nodes}]
        return []

    def _decisions(self, block: _Block) -> Json:
        made: Json = {"type": "decisionList", "attrs": {"localId": self._id(block)}, "content": []}
        for item in block.inside:
            attrs = {"localId": self._id(item.inside[0]), "state": "DECIDED"}
            line = inline(item.inside[0].line)
            made["content"].append({"type": "decisionItem", "attrs": attrs, "content": line})
        return made

    def _parted(self, inside: Sequence[_Block], allowed: frozenset[str]) -> list[Json]:
        """Return a quotation in as many parts as there are tables in it, which stand between them."""
        made: list[Json] = []
        for block in inside:
            nodes = self._block(block, _QUOTE | ({"table"} & allowed))
            for node in nodes:
                if node["type"] == "table":
                    made.append(node)
                elif made and made[-1]["type"] == "blockquote":
                    made[-1]["content"].append(node)
                else:
                    made.append({"type": "blockquote", "content": [node]})
        return made

    def _marked(self, nodes: list[Json]) -> list[Json]:
        """Return a quotation where none may stand: its paragraphs begin with the sign of one."""
        for node in nodes:
            if node["type"] == "paragraph":
                node["content"] = merged([text("> "), *node["content"]])
        return nodes

    def _table(self, block: _Block, allowed: frozenset[str]) -> list[Json]:
        rows = [row for part in block.inside for row in part.inside]
        if "table" not in allowed:
            return [line for row in rows for line in _filled(_row(row))]
        made = [{"type": "tableRow", "content": [_cell(cell) for cell in row.inside]} for row in rows]
        return [{"type": "table", "content": made}]


# --- blocks ----------------------------------------------------------------------------------------


def _filled(line: list[Json]) -> list[Json]:
    """Return a paragraph, if there is anything in it."""
    return [_paragraph(line)] if line else []


def _paragraph(line: list[Json]) -> Json:
    return {"type": "paragraph", "content": line}


def _heading(block: _Block, allowed: frozenset[str]) -> list[Json]:
    line = inline(block.line)
    if "heading" not in allowed or not line:
        return _filled([with_mark(node, {"type": "strong"}) for node in line])
    level = int(block.token.tag[1]) if block.token else 1
    return [{"type": "heading", "attrs": {"level": level}, "content": line}]


def _code(block: _Block) -> list[Json]:
    """Return a code block, if there is anything in it."""
    token = block.token
    source = token.content.strip("\n") if token else ""
    if not source.strip():
        return []
    made: Json = {"type": "codeBlock", "content": [text(source)]}
    return [made | ({"attrs": {"language": token.info}} if token and token.info else {})]


def _cell(cell: _Block) -> Json:
    kind = "tableHeader" if cell.type == "th" else "tableCell"
    return {"type": kind, "content": [_paragraph(inline(cell.line))]}


def _row(row: _Block) -> list[Json]:
    """Return a table's row as a line, where no table may stand."""
    line: list[Json] = []
    for number, cell in enumerate(row.inside):
        nodes = inline(cell.line)
        bold = cell.type == "th"
        line += [text(" | ")] if number else []
        line += [with_mark(node, {"type": "strong"}) for node in nodes] if bold else nodes
    return merged(line)


def _is_tasks(block: _Block, depth: int = 0) -> bool:
    """Whether every item of a list is a task of one line, with nothing but tasks below it."""
    return block.type == "bullet_list" and all(
        item.token is not None
        and TASK in item.token.meta
        and depth < _LISTS
        and all(_is_tasks(inner, depth + 1) for inner in item.inside[1:])
        for item in block.inside
    )


def _is_lines(inside: Sequence[_Block]) -> bool:
    """Whether this is one list of one-line items."""
    return (
        len(inside) == 1
        and inside[0].type == "bullet_list"
        and all([b.type for b in item.inside] == ["paragraph"] for item in inside[0].inside)
    )


def _title(inside: Sequence[_Block]) -> str:
    """Return the bold words that are a quotation's first line alone, before its other blocks."""
    if len(inside) < 2 or inside[0].type != "paragraph":
        return ""
    line = [token for token in inside[0].line if token.type != "text" or token.content]
    kinds = [token.type for token in line]
    if kinds != ["strong_open", *["text"] * (len(line) - 2), "strong_close"]:
        return ""
    title = "".join(token.content for token in line).replace(JOINER, "").strip()
    return title if len(title) <= _TITLE else ""
