"""Texts of the tools as HTML that shows them and does nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import nh3
from markupsafe import Markup, escape

from mappings.markup import read, write
from mappings.markup.cached import Cache
from mappings.ticket import Raw, TextFormat

_TAGS = set(
    "a b blockquote br code dd del div dl dt em h1 h2 h3 h4 h5 h6 hr i li ol p pre s strong sub sup table "
    "tbody td th thead tr u ul".split()
)
_SHOWN = Cache(16_000_000)
_UNNAMED = "[picture: without a name]"
_LONGEST = 60_000
"""Characters of one text that a page shows; the whole of it is in its tool."""


def html(raw: Raw, pictures: Sequence[str] = ()) -> Markup:
    """Return a text as HTML without pictures, styles or scripts; its addresses only lead where they say.

    `pictures` are the names of the files that stand in it, in order: where a picture stood, its name does.
    """
    shown = _SHOWN.get((raw.format, raw.sha, len(raw.text)), lambda: _html(raw))
    unnamed = [name for name in pictures if f"[picture: {escape(name)}]" not in shown]
    if unnamed and shown.count(_UNNAMED) == len(unnamed):
        pieces = shown.split(_UNNAMED)
        names = [f"[picture: {escape(name)}]" for name in unnamed]
        shown = pieces[0] + "".join(name + piece for name, piece in zip(names, pieces[1:], strict=True))
    return Markup(shown)  # noqa: S704 - nh3 let nothing through but the tags above


def _html(raw: Raw) -> str:
    markdown = read(raw, ())
    cut = len(markdown) > _LONGEST
    if cut:
        markdown = markdown[:_LONGEST].rpartition("\n")[0]
    made = nh3.clean(
        write(markdown, TextFormat.HTML, {}),
        tags=_TAGS,
        attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow",
    )
    return f"{made}<p><em>This text is longer; its tool has the rest.</em></p>" if cut else made
