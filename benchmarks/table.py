"""One table of all figures: as text, as JSON, and as rows of a page in Markdown."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figures import Figure, Sheet

_HEADINGS = ("what", "figure", "baseline of the same run", "ratio", "goal", "")
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
"""What stands around the table in a page."""


def as_text(sheets: Sequence[Sheet]) -> str:
    """Return the table for a terminal: each benchmark's rows under its command, sizes and load."""
    rows = [_cells(figure) for sheet in sheets for figure in sheet.figures]
    widths = [max(len(row[n]) for row in [_HEADINGS, *rows]) for n in range(len(_HEADINGS))]
    lines = ["== all figures", _line(_HEADINGS, widths)]
    for sheet in sheets:
        lines += ["", "; ".join(filter(None, (sheet.command, _sizes(sheet), _circumstances(sheet))))]
        lines += [_line(_cells(figure), widths) for figure in sheet.figures]
        if sheet.missing:
            lines.append(f"  not measured: {sheet.missing}")
        if sheet.stopped:
            lines.append(f"  failed: {sheet.stopped}")
    return "\n".join(lines)


def as_json(sheets: Sequence[Sheet]) -> str:
    """Return the same for a program."""
    told = [
        {
            "benchmark": sheet.name,
            "command": sheet.command,
            "sizes": {name: sheet.size(name) for name in sheet.sizes},
            "small": sheet.small,
            "load": round(sheet.load, 2),
            "seconds": round(sheet.seconds, 1),
            "missing": sheet.missing,
            "stopped": sheet.stopped,
            "figures": [asdict(figure) for figure in sheet.figures],
        }
        for sheet in sheets
    ]
    machine = {"cores": os.cpu_count(), "python": platform.python_version()}
    return (
        json.dumps({"made": f"{_today():%Y-%m-%d}", "machine": machine, "benchmarks": told}, indent=2) + "\n"
    )


def into_page(page: Path, sheets: Sequence[Sheet]) -> None:
    """Put the rows of what was measured in place of its earlier ones; all other rows stay.

    Raises ValueError when the page has no place for them. A benchmark that measured nothing keeps its rows.
    """
    before, begin, rest = page.read_text("utf-8").partition(f"{BEGIN}\n")
    table, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no lines {BEGIN} and {END}")
    head, rows = table.splitlines()[:2], table.splitlines()[2:]
    measured = {f"`{sheet.command}`": _page_rows(sheet) for sheet in sheets if sheet.figures}
    kept = [row for row in rows if _cell(row) not in measured]
    # A stable order: by command, and within it as they were measured.
    rows = sorted([*kept, *(row for found in measured.values() for row in found)], key=_cell)
    page.write_text(before + begin + "\n".join([*head, *rows]) + "\n" + END + after, "utf-8")


def _page_rows(sheet: Sheet) -> list[str]:
    when = "; ".join(filter(None, (f"{_today():%Y-%m-%d}", _sizes(sheet), _circumstances(sheet))))
    return [
        "| "
        + " | ".join(cell.replace("|", "\\|") for cell in (f"`{sheet.command}`", *_cells(figure), when))
        + " |"
        for figure in sheet.figures
    ]


def _cell(row: str) -> str:
    return row.removeprefix("|").partition("|")[0].strip()


def _cells(figure: Figure) -> tuple[str, ...]:
    return figure.what, figure.figure, figure.baseline, figure.ratio, figure.goal, figure.outcome


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "  " + "  ".join(padded).rstrip()


def _sizes(sheet: Sheet) -> str:
    return " ".join(f"{name}={sheet.size(name):,}" for name in sheet.sizes) + (
        " (small)" if sheet.small else ""
    )


def _circumstances(sheet: Sheet) -> str:
    return f"load {sheet.load:.1f}"


def _today() -> datetime:
    return datetime.now(UTC)
