"""Tables in HTML: those that hold data, told from those that only lay out a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lxml.etree import _Element as Element

from mappings.markup.html_look import look
from mappings.markup.markdown import cell as escaped

_WIDEST = 60
"""Columns above which nobody reads a table."""
_LONGEST = 300
"""Characters of a cell above which a table without borders or headings is taken for layout."""
_ROWS = frozenset(("tr",))
_CHILDREN = {
    "table": frozenset(("tr", "thead", "tbody", "tfoot", "caption", "colgroup", "col")),
    **dict.fromkeys(("thead", "tbody", "tfoot"), _ROWS),
    "tr": frozenset(("td", "th")),
}
_BLOCKS = ("table", "h1", "h2", "h3", "h4", "blockquote", "hr", "pre")


def data(table: Element) -> list[list[Element | None]] | None:
    """Return the rows of a table that holds data, each as wide as the widest; None for layout."""
    if table.get("role") in ("presentation", "none") or not _is_whole(table):
        return None
    found = list(_rows(table))
    rows = [row for row in found if row]
    if not rows or not _is_data(table, rows):
        return None
    spread = _spread(rows)
    if spread is None:
        return None
    width = max(len(row) for row in spread)
    if width * len(spread) > 4 * sum(map(len, rows)) + 400:
        return None
    return [row + [None] * (width - len(row)) for row in spread]


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of inline Markdown as a table, the first its heading; rows without words are left out."""
    told = [row for row in rows if any(row)]
    if not told:
        return ""
    columns = [n for n in range(len(told[0])) if any(row[n] for row in told)]
    lines = [f"| {' | '.join(escaped(row[n]) for n in columns)} |" for row in told]
    return "\n".join([lines[0], f"|{' --- |' * len(columns)}", *lines[1:]])


def _rows(table: Element) -> Iterator[list[Element]]:
    for child in table:
        if child.tag == "tr":
            yield [cell for cell in child if cell.tag in ("td", "th")]
        elif child.tag in ("thead", "tbody", "tfoot"):
            yield from _rows(child)


def _is_whole(part: Element) -> bool:
    """Whether a table has nothing between its cells."""
    if (part.text or "").strip():
        return False
    inner = _CHILDREN[part.tag]
    return all(
        child.tag in inner
        and not (child.tail or "").strip()
        and (child.tag not in _CHILDREN or _is_whole(child))
        for child in part
    )


def _is_data(table: Element, rows: Sequence[Sequence[Element]]) -> bool:
    widths = [len(row) for row in rows]
    if max(widths) < 2:  # layout, unless it has a heading, and lines around it
        return (
            bool(rows[0])
            and rows[0][0].tag == "th"
            and not any(_has_blocks(row[0]) for row in rows)
            and _bordered(table, rows[0][0])
        )
    if any(cell.tag == "th" for cell in rows[0]) or table.find("thead") is not None:
        return True
    first = rows[0][0]
    if _bordered(table, first):
        return len(rows) > 1 or not any(_has_blocks(cell) for cell in rows[0])
    if len(rows) < 2 or sorted(widths)[len(widths) // 2] < 2 or any(_has_blocks(c) for r in rows for c in r):
        return False
    texts = ["".join(map(str, cell.itertext())).strip() for row in rows for cell in row]
    return max(map(len, texts)) <= _LONGEST and sum(1 for text in texts if text) > len(texts) // 2


def _bordered(table: Element, first: Element) -> bool:
    """Whether a table, or its first cell, says that it has lines."""
    if table.get("border", "0").strip() not in ("", "0") or "MsoTableGrid" in table.get("class", ""):
        return True
    return look(table.get("style", "")).border or look(first.get("style", "")).border


def _has_blocks(cell: Element) -> bool:
    """Whether a cell is more than a paragraph or a list, whose items editors write as paragraphs."""
    if next(cell.iter(*_BLOCKS), None) is not None:
        return True
    return sum(1 for p in cell.iter("p") if (above := p.getparent()) is None or above.tag != "li") > 1


def _spread(rows: Sequence[Sequence[Element]]) -> list[list[Element | None]] | None:
    """Return the rows with the places of cells that are wider or higher than one kept; None if too wide."""
    below: dict[int, int] = {}
    made: list[list[Element | None]] = []
    for row in rows:
        line: list[Element | None] = []
        for cell in row:
            while below.get(len(line), 0) > 0:
                below[len(line)] -= 1
                line.append(None)
            width, height = _size(cell, "colspan"), _size(cell, "rowspan")
            for column in range(len(line), len(line) + width):
                if height > 1:
                    below[column] = height - 1
            line += [cell, *[None] * (width - 1)]
            if len(line) > _WIDEST:
                return None
        while below.get(len(line), 0) > 0:
            below[len(line)] -= 1
            line.append(None)
        made.append(line)
    return made


def _size(cell: Element, name: str) -> int:
    stated = cell.get(name, "1").strip()
    return min(max(1, int(stated)), _WIDEST) if stated.isdecimal() and len(stated) < 6 else 1
