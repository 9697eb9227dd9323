"""Texts that are longer than their target allows: parts at which nobody stumbles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from functools import cache
from itertools import islice
from typing import TypeVar

from mappings.markup.markdown import crowded, structure, verbatim
from mappings.markup.markdown_write import Writer
from mappings.markup.nodes import Node, text, tree

MOST = 20
"""Parts above which nobody reads them: the text is attached whole."""
_SHARE = 0.95
"""How much of the room is filled at first."""
_TRIES = 4
_T = TypeVar("_T")


def parts(markdown: str, size: Callable[[str], int], limit: int) -> list[str]:
    """Return the text in parts, in order, of which none has a `size` over `limit`.

    Empty if the text cannot be said in `MOST` parts: then it is attached whole. A table goes on under its
    heading, a code block in its language, a quotation under its title, a list at its number; no row, and no
    line of code that fits into a part, is broken.
    """
    size = cache(size)  # to write a text is what takes the time
    if size(markdown) <= limit:
        return [markdown]
    if crowded(markdown):
        markdown = verbatim(markdown)  # as it is written, too
    found = _fitting(tree(structure(markdown)).children, markdown, size, limit)
    made = list(islice(found, MOST + 1))
    return made if len(made) <= MOST and all(size(part) <= limit for part in made) else []


def _fitting(
    nodes: Sequence[Node], markdown: str, size: Callable[[str], int], limit: int, tries: int = _TRIES
) -> Iterator[str]:
    """Yield the parts of a text; a block that grows more than others in writing is cut again."""
    room = int(limit * _SHARE * len(markdown) / size(markdown))
    for number, group in enumerate(_packed(nodes, room)):
        part = _written(*group)
        if number > MOST:
            return
        if tries and size(part) > limit:
            yield from _fitting(group, part, size, limit, tries - 1)
        else:
            yield part


def _written(*nodes: Node) -> str:
    return Writer().blocks(nodes)


def _packed(nodes: Iterable[Node], room: int) -> Iterator[Sequence[Node]]:
    pieces = [piece for node in nodes for piece in _cut(node, room)]
    return _grouped([(piece, len(_written(piece)) + 2) for piece in pieces], room)


def _grouped(sized: Iterable[tuple[_T, int]], room: int) -> Iterator[list[_T]]:
    """Yield as many things in a row as fit, one at least."""
    group: list[_T] = []
    used = 0
    for thing, size in sized:
        if group and used + size > room:
            yield group
            group, used = [], 0
        group.append(thing)
        used += size
    if group:
        yield group


def _filled(pieces: Sequence[_T], made: Callable[[Sequence[_T]], Node], room: int) -> list[Node]:
    """Return blocks made of as many pieces in a row as fit."""
    if not pieces:
        return []
    # What every such block has beside the pieces, twice the piece less the piece twice.
    frame = 2 * len(_written(made(pieces[:1]))) - len(_written(made([pieces[0], pieces[0]])))
    sized = [(piece, len(_written(made([piece]))) - frame) for piece in pieces]
    return [made(group) for group in _grouped(sized, max(1, room - frame))]


def _cut(node: Node, room: int) -> list[Node]:
    """Return a block in pieces of at most `room` characters, as far as it can be cut."""
    if room < 1 or len(_written(node)) <= room:
        return [node]
    match node.type:
        case "fence" | "code_block":
            return _cut_code(node, room)
        case "table":
            return _cut_table(node, room)
        case "blockquote":
            return _cut_quotation(node, room)
        case "bullet_list" | "ordered_list":
            return _cut_list(node, room)
        case "paragraph" | "heading":
            return _cut_words(node, room)
        case _:
            return [node]


def _cut_code(node: Node, room: int) -> list[Node]:
    def block(lines: Sequence[str]) -> Node:
        made = copy(node)
        made.content = "\n".join(lines) + "\n"
        return made

    lines = node.content.removesuffix("\n").split("\n")
    inner = max(2, room - (len(_written(node)) - sum(len(line) + 1 for line in lines)) - 4)
    sized = [(piece, len(piece) + 1) for line in lines for piece in _slices(line, inner - 1)]
    return [block(group) for group in _grouped(sized, inner)]


def _cut_table(node: Node, room: int) -> list[Node]:
    head, rows = node.children[0], [row for part in node.children[1:] for row in part.children]
    return _filled(rows, lambda some: _with(node, [head, Node("tbody", children=some)]), room) or [node]


def _cut_quotation(node: Node, room: int) -> list[Node]:
    title = [child for child in node.children[:1] if _is_title(child)]
    inner = int((room - len(_written(_with(node, title)))) * 0.9) - 4
    blocks = [piece for child in node.children[len(title) :] for piece in _cut(child, inner)]
    return _filled(blocks, lambda some: _with(node, [*title, *some]), room) or [node]


def _cut_list(node: Node, room: int) -> list[Node]:
    start = int(node.attrs.get("start", 1))
    items = [
        (number, piece)
        for number, item in enumerate(node.children, start)
        for piece in _cut_item(node, item, room)
    ]

    def made(some: Sequence[tuple[int, Node]]) -> Node:
        part = _with(node, [item for _, item in some])
        part.attrs = {**node.attrs, "start": some[0][0]} if node.type == "ordered_list" else node.attrs
        return part

    return _filled(items, made, room)


def _cut_item(node: Node, item: Node, room: int) -> list[Node]:
    if len(_written(_with(node, [item]))) <= room:
        return [item]
    blocks = [piece for child in item.children for piece in _cut(child, int(room * 0.8) - 4)]
    made = [_with(item, group) for group in _grouped([(b, len(_written(b)) + 4) for b in blocks], room)]
    for later in made[1:]:
        later.meta = {}
    return made


def _cut_words(node: Node, room: int) -> list[Node]:
    inline = node.children[0]
    spans = [
        piece
        for span in inline.children
        for piece in (map(text, _slices(span.content, room // 2)) if span.type == "text" else [span])
    ]
    writer = Writer()
    sized = [(span, len(writer.span(span))) for span in spans]
    return [_with(node, [_with(inline, _trimmed(group))]) for group in _grouped(sized, room)]


def _slices(words: str, room: int) -> Iterator[str]:
    """Yield pieces of a line, cut where a word ends if one ends in the second half."""
    start, room = 0, max(1, room)
    while len(words) - start > room:
        blank = words.rfind(" ", start + room // 2, start + room)
        end = start + room if blank < 0 else blank + 1
        yield words[start:end]
        start = end
    yield words[start:]


def _trimmed(spans: Sequence[Node]) -> list[Node]:
    """Return a paragraph's pieces without the breaks at its edges."""
    breaks = ("softbreak", "hardbreak")
    first = next((n for n, span in enumerate(spans) if span.type not in breaks), len(spans))
    last = next((n for n in range(len(spans), first, -1) if spans[n - 1].type not in breaks), first)
    return list(spans[first:last])


def _is_title(node: Node) -> bool:
    spans = node.children[0].children if node.type == "paragraph" and node.children else []
    return [span.type for span in spans if span.type != "text" or span.content] == ["strong"]


def _with(node: Node, children: Iterable[Node]) -> Node:
    made = copy(node)
    made.children = list(children)
    return made
