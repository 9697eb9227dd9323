"""An estimate on a terminal, and as Markdown. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import Any

from deskbridge.migration.sections import Section, Table, sections, tiles

_WIDTH = 100
_WIDEST = 48
_MARKS = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_[]<>|#"} | {"\n": " ", "\r": " "})


def lines(data: dict[str, Any]) -> Iterator[str]:
    """Yield an estimate line by line, as it stands on a terminal."""
    yield f"{data['source']} -> {data['target']}"
    yield ""
    for what, many, certainty in tiles(data):
        yield f"  {what:<15} {many:>18}   {certainty}"
    for section in sections(data):
        yield ""
        yield section.title
        for text in section.says:
            yield from (f"  {line}" for line in wrap(_plain(text), _WIDTH))
        for text in section.points:
            yield from wrap(_plain(text), _WIDTH, initial_indent="  - ", subsequent_indent="    ")
        if section.table:
            yield from _columns(section.table)


def markdown(data: dict[str, Any]) -> str:
    """Return an estimate as Markdown; nothing that comes from a tool is read as markup."""
    parts = [f"# Moving {_escaped(data['source'])} to {_escaped(data['target'])}", ""]
    parts += ["| | | |", "| --- | ---: | --- |"]
    parts += [f"| {what} | **{_escaped(many)}** | {_escaped(how)} |" for what, many, how in tiles(data)]
    for section in sections(data):
        parts += ["", *_section(section)]
    return "\n".join(parts) + "\n"


def _section(section: Section) -> Iterator[str]:
    yield f"## {_escaped(section.title)}"
    yield ""
    for text in section.says:
        yield _escaped(text)
        yield ""
    yield from (f"- {_escaped(text)}" for text in section.points)
    if section.table:
        table = section.table
        aligned = ["---:" if n >= len(table.head) - table.numbers else "---" for n in range(len(table.head))]
        yield f"| {' | '.join(table.head)} |"
        yield f"| {' | '.join(aligned)} |"
        yield from (f"| {' | '.join(map(_escaped, row))} |" for row in table.rows)


def _escaped(text: str) -> str:
    return text.translate(_MARKS)


def _plain(text: str) -> str:
    """Return a text without what would move a terminal's cursor."""
    return "".join(char if char.isprintable() else " " for char in text)


def _columns(table: Table) -> Iterator[str]:
    """Yield a table's lines; what is too long for its column goes on in the next line."""
    rows = [[_cell(cell) for cell in row] for row in (table.head, *table.rows)]
    columns = range(len(table.head))
    widths = [max(len(line) for row in rows for line in row[column]) for column in columns]
    first = len(table.head) - table.numbers
    for row in rows:
        for line in range(max(len(cell) for cell in row)):
            cells = [cell[line] if line < len(cell) else "" for cell in row]
            placed = (cells[n].rjust(widths[n]) if n >= first else cells[n].ljust(widths[n]) for n in columns)
            yield f"  {'  '.join(placed)}".rstrip()


def _cell(text: str) -> list[str]:
    return wrap(_plain(text), _WIDEST) or [""]
