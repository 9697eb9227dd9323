"""A statement as one HTML page that needs nothing else: no script, font or picture from anywhere. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from deskbridge.sla.issuing import Report
from deskbridge.sla.shown import hours, length, share, wall
from deskbridge.sla.statement import Data

_VERDICTS = (("met", "#1a7f4b", ""), ("missed", "#b3261e", "url(#hatched)"), ("waived", "#8a8f98", ""))
_WIDTH, _ROW, _LEFT = 640, 26, 210

_ALLOWED = "default-src 'none'; style-src 'unsafe-inline'"
_HATCHED = """<defs><pattern id="hatched" width="6" height="6" patternUnits="userSpaceOnUse"
 patternTransform="rotate(45)"><rect width="6" height="6" fill="#b3261e"/>
<path d="M0 0v6" stroke="#fff" stroke-width="2"/></pattern></defs>"""
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1c1e21; background: #fff; max-width: 60rem;
  margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1.5rem }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #d5d8dc; vertical-align: top }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums }
.missed { font-weight: 600 } small { color: #555a61 } svg { max-width: 100%; height: auto }
code { overflow-wrap: anywhere }
@media print { body { margin: 0 } }
"""


def page(report: Report) -> str:
    """Return a statement as a page. Everything that is not ours is escaped."""
    data = report.data
    title = f"{data['name']}: {data['month']}"
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta http-equiv="Content-Security-Policy" content="{_ALLOWED}">',
            f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>",
            f"<h1>{escape(title)}</h1>",
            *_head(report),
            f"<h2>Promises</h2><p>Kept: <strong>{share(data)}</strong></p>",
            plot(data["clocks"]),
            _table(
                ("Clock", "Priority", "Met", "Missed", "Waived", "Between"),
                (
                    [r["clock"], r["priority"], *(r[n] for n in ("met", "missed", "waived", "between"))]
                    for r in data["clocks"]
                ),
                numbers=4,
            ),
            "<p><small>Between: rests on an instant that is known only to lie between two looks.</small></p>",
            "<h2>Hours</h2><ul>",
            *(f"<li>{escape(line)}</li>" for line in hours(data)),
            "</ul><h2>Worst tickets</h2>",
            _table(
                ("Ticket", "Missed", "Late"),
                ([r["ticket"], r["missed"], length(r["late_minutes"])] for r in data["worst"]),
                numbers=2,
            ),
            "<h2>Basis of penalties</h2>",
            _penalties(data),
            "<h2>Every promise</h2>",
            _table(_COLUMNS, (_cells(row, data["zone"]) for row in data["cycles"]), numbers=1),
            *_corrections(report),
            "</main></body></html>",
        ]
    )


def plot(rows: list[Data]) -> str:
    """Return the counts as bars, told in words too for those who do not see them."""
    if not rows:
        return "<p>No promise fell due.</p>"
    most = max(sum(row[name] for name, _, _ in _VERDICTS) for row in rows) or 1
    height = _ROW * (len(rows) + 1) + 10
    told = "; ".join(
        f"{r['clock']} {r['priority']}: {r['met']} met, {r['missed']} missed, {r['waived']} waived"
        for r in rows
    )
    named = 'role="img" aria-labelledby="plot-title plot-told" font-family="inherit" font-size="13"'
    parts = [
        f'<svg {named} viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}">',
        '<title id="plot-title">Promises by clock and priority</title>',
        f'<desc id="plot-told">{escape(told)}</desc>',
        _HATCHED,
    ]
    for number, row in enumerate(rows):
        parts += _bar(row, _ROW * number, (_WIDTH - _LEFT - 40) / most)
    for number, (name, colour, pattern) in enumerate(_VERDICTS):
        x, y = _LEFT + 110 * number, _ROW * len(rows) + 8
        parts.append(f'<rect x="{x}" y="{y}" width="12" height="12" fill="{pattern or colour}"/>')
        parts.append(f'<text x="{x + 18}" y="{y + 11}">{name}</text>')
    return "\n".join([*parts, "</svg>"])


def _bar(row: Data, y: int, unit: float) -> Iterator[str]:
    name = escape(f"{row['clock']} {row['priority']}")
    yield f'<text x="{_LEFT - 10}" y="{y + 17}" text-anchor="end">{name}</text>'
    x, count = float(_LEFT), 0
    for verdict, colour, pattern in _VERDICTS:
        width = row[verdict] * unit
        if width:
            fill = pattern or colour
            yield f'<rect x="{x:.1f}" y="{y + 4}" width="{width:.1f}" height="18" fill="{fill}"/>'
        x, count = x + width, count + row[verdict]
    yield f'<text x="{x + 6:.1f}" y="{y + 17}">{count}</text>'


_COLUMNS = ("Ticket", "Clock", "Priority", "Since", "Due", "Stopped", "Counted", "Verdict", "Said", "Late")


def _cells(row: Data, zone: str) -> list[object]:
    between = "" if row["exact"] else " (between)"
    return [
        row["ticket"],
        row["clock"],
        row["priority"],
        *(wall(row[name], zone) for name in ("started", "due", "stopped")),
        f"{row['counted']}{between}",
        row["verdict"],
        row["said"] or "",
        length(row["late_minutes"]) if row["late_minutes"] else "",
    ]


def _head(report: Report) -> Iterator[str]:
    data, issued = report.data, report.issued
    until = "" if data["complete"] else " The month is not over: this is as it is now."
    yield f"<p>Times are those of {escape(data['zone'])}.{until}</p>"
    if issued:
        told = f"Issued {issued.issued:%Y-%m-%d %H:%M} UTC by {issued.who}."
        yield f"<p>{escape(told)} SHA-256: <code>{escape(issued.hash)}</code></p>"


def _penalties(data: Data) -> str:
    owed = data["penalties"]
    late, between = length(owed["late_minutes"]), owed["rest_on_between"]
    told = f"{owed['missed']} of {owed['promises']} promises were missed, {late} late in all."
    return f"<p>{escape(told)} {between} of them rest on an instant between two looks.</p>"


def _corrections(report: Report) -> Iterator[str]:
    if report.corrections:
        yield "<h2>Corrections since it was issued</h2>"
        rows = ([f"{c.at:%Y-%m-%d}", c.what, c.before, c.after] for c in report.corrections)
        yield _table(("Found", "What", "Issued", "Now"), rows, numbers=0)


def _table(columns: tuple[str, ...], rows: Iterable[Iterable[object]], numbers: int) -> str:
    """Return a table; the last `numbers` columns are set to the right."""
    found = list(rows)
    if not found:
        return "<p>None.</p>"
    first = len(columns) - numbers

    def cells(tag: str, values: Iterable[object]) -> str:
        named = ' scope="col"' if tag == "th" else ""
        right = ' class="n"'
        return "".join(
            f"<{tag}{named}{right if number >= first else ''}>{escape(str(value))}</{tag}>"
            for number, value in enumerate(values)
        )

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in found)
    return f"<table><thead><tr>{cells('th', columns)}</tr></thead><tbody>{body}</tbody></table>"
