"""Plots as SVG that our style sheet colours; beside each a table says the same. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

_WIDTH, _HEIGHT, _LEFT, _BELOW, _ABOVE = 640, 230, 56, 34, 26


@dataclass(frozen=True, slots=True)
class Series:
    """One row of values under a name; None where there is none."""

    name: str
    values: Sequence[float | None]
    look: str
    """``bar-1`` and ``bar-2`` stand, ``line-1`` and ``line-2`` run: classes of our style."""


def plot(
    title: str, labels: Sequence[str], rows: Sequence[Series], told: Callable[[float], str] = "{:g}".format
) -> Markup:
    """Return bars and lines over labels; `told` writes a value of the axis."""
    top = _round(max((value for row in rows for value in row.values if value is not None), default=0))
    wide = (_WIDTH - _LEFT - 8) / max(1, len(labels))
    bars = [row for row in rows if row.look.startswith("bar")]
    bar = wide * 0.7 / max(1, len(bars))
    parts = [
        f'<svg class="figure" role="img" viewBox="0 0 {_WIDTH} {_HEIGHT}" aria-label="{escape(title)}">',
        *_axis(top, told),
        *(part for at, row in enumerate(bars) for part in _bars(row, top, wide, bar, wide * 0.15 + at * bar)),
        *(part for row in rows if row not in bars for part in _line(row, top, wide)),
        *_labels(labels, wide),
        *_legend(rows),
        "</svg>",
    ]
    return Markup("".join(parts))  # noqa: S704 - every text in it was escaped


def _y(value: float, top: float) -> float:
    return _HEIGHT - _BELOW - (_HEIGHT - _BELOW - _ABOVE) * value / top


def _axis(top: float, told: Callable[[float], str]) -> list[str]:
    found = []
    for share in (0, 0.5, 1):
        y = _y(top * share, top)
        found.append(f'<path class="grid" d="M{_LEFT} {y:.1f}H{_WIDTH - 8}"/>')
        text = escape(told(top * share))
        found.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{text}</text>')
    return found


def _bars(row: Series, top: float, wide: float, bar: float, shift: float) -> list[str]:
    return [
        f'<rect class="{row.look}" x="{_LEFT + at * wide + shift:.1f}" y="{_y(value, top):.1f}" '
        f'width="{max(1.0, bar - 1):.1f}" height="{_HEIGHT - _BELOW - _y(value, top):.1f}"/>'
        for at, value in enumerate(row.values)
        if value
    ]


def _line(row: Series, top: float, wide: float) -> list[str]:
    path, dots, pen = "", [], "M"
    for at, value in enumerate(row.values):
        if value is None:
            pen = "M"
            continue
        x, y = _LEFT + (at + 0.5) * wide, _y(value, top)
        path += f"{pen}{x:.1f} {y:.1f}"
        dots.append(f'<circle class="{row.look}" cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>')
        pen = "L"
    return [f'<path class="{row.look}" d="{path}"/>', *dots] if path else []


def _labels(labels: Sequence[str], wide: float) -> list[str]:
    every = -(-len(labels) // 9) if labels else 1
    return [
        f'<text x="{_LEFT + (at + 0.5) * wide:.1f}" y="{_HEIGHT - _BELOW + 16}" text-anchor="middle">'
        f"{escape(label)}</text>"
        for at, label in enumerate(labels)
        if at % every == 0
    ]


def _legend(rows: Sequence[Series]) -> list[str]:
    found, x = [], float(_LEFT)
    for row in rows:
        found.append(f'<rect class="key {row.look}" x="{x:.0f}" y="6" width="14" height="9"/>')
        found.append(f'<text x="{x + 19:.0f}" y="15">{escape(row.name)}</text>')
        x += 40 + 7 * len(row.name)
    return found


def _round(most: float) -> float:
    """Return a round number that is not less."""
    size = 1.0
    while size * 10 <= most:
        size *= 10
    return next((size * step for step in (1, 2, 5, 10) if size * step >= most), 1.0)
