"""The words that a reader sees of a text. It shares nothing with what converts texts. Pure.

Markup differs from tool to tool, words do not. Where markup stands inside a word, a copy may have the word
whole or in its pieces.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser

_JOINED = "\ue000"
"""Stands where markup divides what a reader sees as one word; nobody writes it."""
_WORD = re.compile(rf"[\w{_JOINED}]+")
"""Strokes below, at either end, are no part of it: wiki markup has them for italics."""
_UNSEEN = frozenset({"style", "script", "head", "title"})
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0*\.?0+(?![\d.])|mso-hide\s*:\s*all|mso-list\s*:\s*ignore",
    re.IGNORECASE,
)
"""Styles of what nobody sees; the last one is of a list's own bullets and numbers, as Word writes them."""
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_INSIDE = frozenset(
    "a abbr b bdi bdo big cite code del dfn em font i ins kbd label mark q s samp small span strike strong"
    " sub sup tt u var wbr acronym".split()
)
"""Elements that begin and end within a word as well."""
_MARKUP = re.compile(r"<\s*/?\s*[a-zA-Z!]")
_ODD = re.compile(r"<!(?=\[(?!(?:temp|cdata|ignore|include|rcdata|if|else|endif)\b))", re.IGNORECASE)
"""What begins like a declaration of HTML and is none: it was typed."""
_TAG = re.compile(r"<[^>]*>")
_ESCAPED = re.compile(r"\\([\W_])")
"""A sign that wiki markup or Markdown takes for itself, unless a stroke stands before it."""
_TARGET = re.compile(r"(?<!\\)\|https?://[^\s|\]]+\]|(?<!\\)\]\(https?://[^\s()]*\)", re.IGNORECASE)
"""Where a link of wiki markup or Markdown leads: nobody reads that."""
_WIDTHLESS = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))
"""Where a word may be broken: nobody sees it."""
_ADDRESS = re.compile(r"https?://[^\s<>()\[\]\"'`]+")


class _Seen(HTMLParser):
    """Collects what is seen. What is hidden ends with the element that hides it."""

    def __init__(self, *, hides: bool = True) -> None:
        """With `hides` off, styles hide nothing."""
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hides, self._under, self.hidden = hides, "", 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.hidden:
            self.hidden += tag == self._under
        elif tag in _UNSEEN or (self._hides and tag not in _VOID and _is_hidden(dict(attrs))):
            self._under, self.hidden = tag, 1
        self._divide(tag)

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= bool(self.hidden) and tag == self._under
        self._divide(tag)

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(data.replace(_JOINED, " "))

    def _divide(self, tag: str) -> None:
        self.parts.append(_JOINED if tag in _INSIDE else " ")


def _is_hidden(attributes: Mapping[str, str | None]) -> bool:
    return "hidden" in attributes or bool(_HIDDEN.search(attributes.get("style") or ""))


class Wanted:
    """The words of an original, each as often as it stands there."""

    def __init__(self, raw: str, ends: str = "") -> None:
        """`ends` is what a copy may lack: what the server puts below its author's texts."""
        self._pieces = {"".join(parts): parts for parts in _parts(raw) if len(parts) > 1}
        self._words = words(raw) - words(ends)

    def __len__(self) -> int:
        return self._words.total()

    def spare(self, text: str) -> None:
        """Have a copy do without the words of `text`: something else stands there for it."""
        self._words -= words(text)

    def lacking(self, said: Counter[str]) -> Counter[str]:
        """Return those that are not `said`, whole or in pieces."""
        rest, lacking = said - self._words, Counter[str]()
        for word, count in (self._words - said).items():
            pieces = Counter(self._pieces.get(word, ()))
            needed = Counter({piece: many * count for piece, many in pieces.items()})
            if pieces and not needed - rest:
                rest -= needed
            else:
                lacking[word] = count
        return lacking


def says_nothing(raw: str) -> bool:
    """Whether a reader sees nothing in a text."""
    return not _seen(raw).replace(_JOINED, "").translate(_WIDTHLESS).strip()


def words(raw: str) -> Counter[str]:
    """Return the words that a reader sees in HTML, or in any text."""
    return Counter("".join(parts) for parts in _parts(raw))


def told(raw: str) -> Counter[str]:
    """Return the words of a copy, whose markup may be any tool's: what looks like HTML may be its words."""
    shown = _TARGET.sub("]", raw)
    return words(shown) | _plainly(shown) | _plainly(plain(shown))


def plain(raw: str) -> str:
    """Return a copy without the strokes that keep signs from being markup."""
    return _ESCAPED.sub(r"\1", raw)


def addresses(raw: str) -> set[str]:
    """Return the web addresses that a reader sees in a text."""
    return {found.rstrip("/.,;:!?") for found in _ADDRESS.findall(_seen(raw).replace(_JOINED, ""))}


def _seen(raw: str) -> str:
    if not _MARKUP.search(raw):
        return raw
    text = _ODD.sub("&lt;!", raw)
    try:
        seen, ended = _read(text, hides=True)
        return (
            seen if ended else _read(text, hides=False)[0]
        )  # nothing ends what hides it, so it hides nothing
    except AssertionError:  # how the parser says that a declaration is none
        return _TAG.sub(" ", text)


def _read(text: str, *, hides: bool) -> tuple[str, bool]:
    """Return what is seen of HTML, and whether all that hides something has an end."""
    reader = _Seen(hides=hides)
    reader.feed(text)
    reader.close()
    return "".join(reader.parts), not reader.hidden


def _parts(raw: str) -> Iterator[list[str]]:
    """Yield each word, in the pieces that markup divides it into."""
    for found in _found(_seen(raw)):
        if parts := [part for piece in found.split(_JOINED) if (part := piece.strip("_"))]:
            yield parts


def _plainly(text: str) -> Counter[str]:
    return Counter(word for found in _found(text.replace(_JOINED, " ")) if (word := found.strip("_")))


def _found(text: str) -> list[str]:
    bare = html.unescape(text).replace("\\", " ").translate(_WIDTHLESS)
    return _WORD.findall(unicodedata.normalize("NFKC", bare).casefold())
