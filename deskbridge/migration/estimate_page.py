"""An estimate as one HTML page that needs nothing else: no script, font or picture from anywhere. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from deskbridge.migration.sections import Section, Table, sections, tiles

_ALLOWED = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
:root { --ink: #1c1e21; --soft: #555a61; --line: #dde1e6; --tint: #f4f6f8; --accent: #1f5fa8; --bar: #d6e4f3 }
* { box-sizing: border-box }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: #fff; max-width: 68rem;
  margin: 2.5rem auto; padding: 0 1.25rem }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .25rem }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .5rem }
.under { color: var(--soft); margin: 0 0 1.5rem }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; margin: 0 }
.tiles div { background: var(--tint); border-radius: .5rem; padding: .75rem 1rem }
.tiles dt { color: var(--soft); font-size: .85rem }
.tiles dd { margin: 0; font-size: 1.3rem; font-weight: 600; line-height: 1.25 }
.tiles small { display: block; font-size: .8rem; font-weight: 400; color: var(--soft) }
section.first ul { border-left: .3rem solid var(--accent); background: var(--tint); margin: 0;
  padding: .75rem 1rem .75rem 2.25rem; border-radius: 0 .5rem .5rem 0 }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-size: .92rem }
th, td { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top }
th { color: var(--soft); font-weight: 600 }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
td { overflow-wrap: break-word }
td.bar { width: 9rem; min-width: 5rem; vertical-align: middle }
td.bar span { display: block; height: .7rem; background: var(--accent); border-radius: .2rem; min-width: 1px }
li { margin: .25rem 0 }
@media print { body { margin: 0; max-width: none } section { break-inside: avoid } }
"""


def page(data: dict[str, Any]) -> str:
    """Return an estimate as a page. Everything that is not ours is escaped."""
    title = f"Moving {data['source']} to {data['target']}"
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta http-equiv="Content-Security-Policy" content="{_ALLOWED}">',
            f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>",
            f"<h1>{escape(title)}</h1>",
            f'<p class="under">An estimate of {escape(data["at"][:10])}. Nothing was written anywhere.</p>',
            '<dl class="tiles">',
            *(
                f"<div><dt>{escape(what)}</dt><dd>{escape(many)}<small>{escape(sure)}</small></dd></div>"
                for what, many, sure in tiles(data)
            ),
            "</dl>",
            *(line for number, section in enumerate(sections(data)) for line in _section(section, number)),
            "</main></body></html>",
        ]
    )


def _section(section: Section, number: int) -> Iterator[str]:
    first = ' class="first"' if number == 0 else ""
    yield f"<section{first}><h2>{escape(section.title)}</h2>"
    yield from (f"<p>{escape(text)}</p>" for text in section.says)
    if section.points:
        yield "<ul>"
        yield from (f"<li>{escape(text)}</li>" for text in section.points)
        yield "</ul>"
    if section.table:
        yield from _table(section.table)
    yield "</section>"


def _table(table: Table) -> Iterator[str]:
    first = len(table.head) - table.numbers

    def cells(tag: str, values: tuple[str, ...]) -> str:
        named, right = ' scope="col"' if tag == "th" else "", ' class="n"'
        return "".join(
            f"<{tag}{named}{right if number >= first else ''}>{escape(value)}</{tag}>"
            for number, value in enumerate(values)
        )

    bar = '<th aria-hidden="true"></th>' if table.bars else ""
    yield f'<div class="wide"><table><thead><tr>{cells("th", table.head)}{bar}</tr></thead><tbody>'
    for number, row in enumerate(table.rows):
        drawn = ""
        if table.bars:
            drawn = f'<td class="bar"><span style="width:{100 * table.bars[number]:.1f}%"></span></td>'
        yield f"<tr>{cells('td', row)}{drawn}</tr>"
    yield "</tbody></table></div>"
