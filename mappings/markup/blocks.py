"""The blocks that a text is made of while it is read, and the Markdown they become."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from mappings.markup.markdown import guarded

EARLIER = "**Earlier messages**"
"""The first line of a block quote that holds quoted history."""
SIGNATURE = "**Signature**"
"""The first line of a block quote that holds an agent's signature."""


class Mark(Enum):
    """Whose words a block holds, as far as the program that wrote the mail says so."""

    NEW = auto()
    CITED = auto()
    """A mail program's quotation of an earlier mail."""
    ATTRIBUTION = auto()
    """The line above a quotation that says whose it is."""
    BELOW = auto()
    """From here on everything is an earlier mail."""
    CLOSING = auto()
    """What a mail program puts below every mail: no answer to what is quoted above it."""


@dataclass(slots=True)
class Text:
    """A paragraph: lines of inline Markdown."""

    lines: list[str]
    mark: Mark = Mark.NEW


@dataclass(slots=True)
class Whole:
    """A block that is Markdown already: a table, code, a list, a heading."""

    markdown: str
    mark: Mark = Mark.NEW


@dataclass(slots=True)
class Rule:
    """A line from edge to edge."""

    mark: Mark = Mark.NEW


@dataclass(slots=True)
class Quote:
    """A block quote."""

    blocks: list[Block]
    mark: Mark = Mark.NEW


@dataclass(slots=True)
class Item:
    """An item of a list that its program wrote as a paragraph; `number` is None without one."""

    level: int
    number: int | None
    blocks: list[Block]
    mark: Mark = Mark.NEW


@dataclass(slots=True)
class List:
    """A list; `start` is the first number, or None."""

    start: int | None
    items: list[list[Block]] = field(default_factory=list)
    mark: Mark = Mark.NEW


Block = Text | Whole | Rule | Quote | Item | List


def rendered(blocks: Iterable[Block]) -> str:
    """Return the Markdown of blocks, one after the other."""
    return "\n\n".join(filter(None, _rendered(blocks)))


def _rendered(blocks: Iterable[Block]) -> Iterator[str]:
    before: Block | None = None
    other = False
    for block in _grouped(blocks):
        # Two lists in a row would be one, unless their signs differ.
        alike = isinstance(block, List) and isinstance(before, List)
        other = alike and (block.start is None) is (before.start is None) and not other  # type: ignore[union-attr]
        yield _one(block, other=other)
        before = block


def _one(block: Block, *, other: bool) -> str:
    match block:
        case Text():
            return guarded("\\\n".join(block.lines))
        case Whole():
            return block.markdown
        case Rule():
            return "***"
        case Quote():
            return quoted(rendered(block.blocks))
        case List():
            return _list(block, other=other)
        case Item():
            return _list(List(block.number, [block.blocks]), other=other)


def quoted(markdown: str) -> str:
    """Return Markdown as a block quote."""
    return "\n".join(f"> {line}" if line else ">" for line in markdown.split("\n")) if markdown else ""


def folded(title: str, markdown: str) -> str:
    """Return a block quote that begins with its bold title alone; nothing where there is nothing."""
    inner = markdown.removeprefix(title).lstrip("\n")
    return quoted(f"{title}\n\n{inner}") if inner.strip() else ""


def _grouped(blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield blocks with items that stand in a row made into lists."""
    items: list[Item] = []
    for block in blocks:
        if isinstance(block, Item):
            items.append(block)
            continue
        yield from _lists(items)
        items = []
        yield block
    yield from _lists(items)


def _lists(items: Sequence[Item]) -> Iterator[List]:
    """Yield the lists of items in a row; none is two levels deeper than the one before."""
    stack: list[List] = []
    for item in items:
        depth = min(item.level, len(stack) + 1)
        del stack[depth:]
        if len(stack) == depth and (stack[-1].start is None) is not (item.number is None):
            ended = stack.pop()
            if not stack:
                yield ended
        if len(stack) < depth:
            made = List(item.number)
            if stack:
                stack[-1].items[-1].append(made)
            stack.append(made)
        stack[-1].items.append(list(item.blocks))
    if stack:
        yield stack[0]


def _list(made: List, *, other: bool) -> str:
    lines: list[str] = []
    for number, blocks in enumerate(made.items, made.start or 0):
        sign = ("*" if other else "-") if made.start is None else f"{number}{')' if other else '.'}"
        text = _item(blocks)
        indent = " " * (len(sign) + 1)
        first, *rest = text.split("\n")
        lines.append(f"{sign} {first}".rstrip())
        lines += (f"{indent}{line}" if line else "" for line in rest)
    return "\n".join(lines)


def _item(blocks: Sequence[Block]) -> str:
    """Return an item's Markdown; a list right below its text stands close to it where that is one."""
    text = ""
    before: Block | None = None
    grouped = list(_grouped(blocks))
    for block, part in zip(grouped, _rendered(grouped), strict=True):
        if not part:
            continue
        close = isinstance(before, Text) and isinstance(block, List) and block.start in (None, 1)
        close = close and bool(block.items[0])  # type: ignore[union-attr]
        text += ("\n" if close else "\n\n") + part if text else part
        before = block
    return text
