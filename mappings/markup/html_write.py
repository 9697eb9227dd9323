"""Writes canonical Markdown as HTML that Freshdesk keeps and shows.

The renderer writes no element, attribute or address but those below; nh3 then lets nothing else through.
Freshdesk wraps what it is given in a ``div`` and cleans it again (freshdesk-api 5.6).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from mappings.markup.markdown import FILE, TASK, parsed, parser

_SCHEMES = {"http", "https", "mailto", "tel"}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title"},
    "code": {"class"},
    "ol": {"start"},
    "table": {"border", "cellpadding", "cellspacing", "style"},
    "th": {"style"},
    "td": {"style"},
}
_STYLES = {"border", "border-collapse", "padding", "text-align"}
_TABLE = '<table border="1" cellpadding="4" cellspacing="0" style="border-collapse: collapse">'
_CELL = "border: 1px solid #cccccc; padding: 4px"
_LEADS = re.compile(r"https?://|mailto:|tel:", re.IGNORECASE)
_BOX = re.compile(r"^\[([ xX])\](?=[ \u00a0])")


class _Html(RendererHTML):
    """Pictures from elsewhere become links: shown, they would tell their server who reads the ticket."""

    def image(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Return a picture of ours, or a link to one that stands elsewhere."""
        token = tokens[idx]
        source, name = escapeHtml(str(token.attrs.get("src", ""))), escapeHtml(token.content)
        if FILE in token.meta:
            return f'<img src="{source}" alt="{name}">'
        said = f"[picture: {name or 'without a name'}]"
        inside = sum({"link_open": 1, "link_close": -1}.get(t.type, 0) for t in tokens[:idx])
        return said if inside else f'<a href="{source}">{said}</a>'

    def table_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Return the beginning of a table whose lines are seen."""
        return f"{_TABLE}\n"

    def th_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Return the beginning of a heading's cell."""
        return self._opened(tokens[idx])

    def td_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Return the beginning of a cell."""
        return self._opened(tokens[idx])

    def _opened(self, token: Token) -> str:
        aligned = str(token.attrs.get("style", "")).replace(":", ": ")
        return f'<{token.tag} style="{_CELL}{f"; {aligned}" if aligned else ""}">'


@cache
def _renderer() -> RendererHTML:
    return _Html(parser())


def write(markdown: str, files: Mapping[str, str], people: Mapping[str, str]) -> str:
    """Return clean HTML; a picture that the target cannot hold inline is named at its place.

    Freshdesk has no mention that a text could make, so everybody is only named.
    """
    made: MarkdownIt = parser()
    rendered = _renderer().render(_led(_ticked(parsed(markdown, files, {}))), made.options, {})
    return nh3.clean(
        rendered, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, filter_style_properties=_STYLES
    ).strip()


def _ticked(tokens: Sequence[Token]) -> list[Token]:
    """Return the tokens with the boxes of tasks as signs: HTML's own could be ticked, and do nothing."""
    for number, token in enumerate(tokens):
        if token.type != "inline" or not token.children or number < 2:
            continue
        first = token.children[0]
        if TASK in tokens[number - 2].meta and first.type == "text":
            first.content = _BOX.sub(_box, first.content, count=1)
    return list(tokens)


def _led(tokens: Sequence[Token]) -> list[Token]:
    """Return the tokens without links that lead nowhere else: they would lead into the help desk itself."""
    for token in tokens:
        if token.children and any(inner.type == "link_open" for inner in token.children):
            token.children = list(_shown(token.children))
    return list(tokens)


def _shown(children: Sequence[Token]) -> Iterator[Token]:
    """Yield inline tokens; of a link that is none its words are left, and its address behind them.

    A place on the same page has no address.
    """
    ends: list[str | None] = []
    for token in children:
        if token.type == "link_open":
            url = str(token.attrs.get("href", ""))
            leads = FILE in token.meta or _LEADS.match(url)
            ends.append(None if leads else "" if url.startswith("#") else f" {url}")
            if not leads:
                continue
        elif token.type == "link_close" and (end := ends.pop()) is not None:
            yield Token("text", "", 0, content=end.rstrip())
            continue
        yield token


def _box(found: re.Match[str]) -> str:
    return "☐" if found[1] == " " else "☑"
