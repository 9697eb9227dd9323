"""The lines of an HTML text: words with their styles and links become inline Markdown.

A style that Markdown could not end where the text has it moves to the letters inside it, or goes; the
words never do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from unicodedata import category

from mappings.markup.markdown import JOINER, escape

STRONG, EM, GONE = 1, 2, 4
_STYLES = (STRONG, EM, GONE)
_ALL = STRONG | EM | GONE
_SIGNS = {STRONG: ("**", "__"), EM: ("*", "_"), GONE: ("~~", "")}

_ANY_SIGN = re.compile(r"[\\`*\[\]<>|~$_&#!]|://")
_BLANKS = re.compile(r"[ \u00a0]{2,}|\u00a0")
_INVISIBLE = re.compile(r"[\s\u00ad\u034f\u061c\u180e\u200b-\u200f\u2028\u2029\u2060-\u2064\ufeff]*")
_ADDRESS = re.compile(
    r"(?<![^\W_])https?://[^\s<>\"'\\^`{|}\[\]]*[^\s<>\"'\\^`{|}\[\].,;:!?)]", re.IGNORECASE
)
_UNSAFE = {" ": "%20", "<": "%3C", ">": "%3E", "\\": "%5C", "|": "%7C", "`": "%60", "\u00a0": "%C2%A0"}
_UNSAFE_SIGN = re.compile(r"[ <>\\|`\u00a0]")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_PAIRS = {
    "「": "」",
    "『": "』",
    "（": "）",
    "【": "】",
    "(": ")",
    "[": "]",
    "“": "”",
    "«": "»",
    "„": "“",
    '"': '"',
    "'": "'",
}
_MAILBOX = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)*", re.ASCII)


@dataclass(slots=True)
class Piece:
    """A stretch of text in one style and link; `atom` is Markdown already."""

    text: str
    style: int = 0
    link: tuple[str, int] | None = None
    atom: bool = False


def line(pieces: Sequence[Piece], *, indent: bool = True) -> str:
    """Return a line's Markdown; blanks that cannot break stay where they indent it, if `indent`."""
    left, shown = _trimmed(pieces)
    if not shown:
        return ""
    text = _styled(_linked(shown), _ALL, "", "")
    return "\u00a0" * left + text if indent and left > 1 else text


def destination(url: str) -> str:
    """Return an address as it stands in the angles behind a link's text."""
    url = _UNSAFE_SIGN.sub(lambda found: _UNSAFE[found[0]], url)
    return _ENTITY.sub("&amp;", url)


def linked(text: str, url: str, shown: str) -> str:
    """Return a link; `shown` are the words of `text` without any Markdown."""
    if url in (shown, f"mailto:{shown}"):
        if url.startswith(("http:", "https:")) and not _UNSAFE_SIGN.search(url):
            return f"<{url}>"
        if _MAILBOX.fullmatch(shown):
            return f"<{shown}>"
    return f"[{text}](<{destination(url)}>)"


def plain(text: str) -> str:
    """Return words as Markdown that shows exactly them, addresses as links."""
    if not _ANY_SIGN.search(text):
        return text
    if "://" not in text:
        return escape(text)
    parts, end = [], 0
    for found in _ADDRESS.finditer(text):
        parts += [escape(text[end : found.start()]), f"<{found[0]}>"]
        end = found.end()
    return "".join([*parts, escape(text[end:])])


def _trimmed(pieces: Sequence[Piece]) -> tuple[int, list[Piece]]:
    """Return how far a line is indented, and its pieces with single blanks between words only."""
    shown: list[Piece] = []
    left, blank, visible = 0, True, False
    for piece in pieces:
        if piece.atom:
            shown.append(piece)
            blank, visible = False, True
            continue
        text = piece.text.replace(JOINER, "").replace("\ufeff", "")
        if not visible:
            if not left:
                text = text.lstrip(" ")  # no blank is shown where a line begins
            bare = text.lstrip(" \u00a0")
            left += len(text) - len(bare)
            text = bare
        if "\u00a0" in text or "  " in text:
            text = _BLANKS.sub(" ", text)
        if blank:
            text = text.lstrip(" ")
        if not text:
            continue
        visible = visible or not _INVISIBLE.fullmatch(text)
        blank = text[-1] == " "
        shown.append(Piece(text, piece.style, piece.link))
    while shown and not shown[-1].atom:
        last = shown[-1]
        last.text = last.text.rstrip(" ")
        if last.text:
            break
        shown.pop()
    return left, shown if visible else []


def _linked(pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces with each link made one; the style of all of a link is outside it."""
    made: list[Piece] = []
    for link, group in groupby(pieces, key=lambda piece: piece.link):
        inner = list(group)
        if link is None:
            made += inner
            continue
        common = _ALL
        for piece in inner:
            common &= piece.style
        shown = "".join(piece.text for piece in inner)
        before, after = shown[:1] == " " and not inner[0].atom, shown[-1:] == " " and not inner[-1].atom
        words = shown.strip(" ")
        if not words:
            made.append(Piece(shown, common))
            continue
        bare = [Piece(p.text, p.style & ~common, None, p.atom) for p in inner]
        if not bare[0].atom:
            bare[0].text = bare[0].text.lstrip(" ")
        if not bare[-1].atom:
            bare[-1].text = bare[-1].text.rstrip(" ")
        text = _styled(bare, _ALL, "[", "]", addresses=False)
        if before:
            made.append(Piece(" ", common))
        made.append(Piece(linked(text, link[0], words), common, None, atom=True))
        if after:
            made.append(Piece(" ", common))
    return made


def _styled(pieces: Sequence[Piece], styles: int, before: str, after: str, *, addresses: bool = True) -> str:
    """Return pieces as Markdown that stands between the characters `before` and `after`.

    Of the styles that begin at a piece the one that lasts longest is the outer one.
    """
    result, at = "", 0
    while at < len(pieces):
        present = pieces[at].style & styles
        end, outer = at + 1, 0
        if present:
            ends = [(_until(pieces, at, style), -style) for style in _STYLES if present & style]
            end, outer = max(ends)
        else:
            while end < len(pieces) and not pieces[end].style & styles:
                end += 1
        group, last = pieces[at:end], result[-1:] or before
        first = _first(pieces[end], styles) if end < len(pieces) else after
        if present:
            made = _wrapped(list(group), -outer, styles & ~-outer, last, first, addresses=addresses)
        else:
            made = _joined(group, first, addresses=addresses)
        # Only after a blank a hash needs its backslash; a stretch does not know what stands before it.
        result += made[1:] if made.startswith("\\#") and last and not last.isspace() else made
        at = end
    return result


def _until(pieces: Sequence[Piece], at: int, style: int) -> int:
    while at < len(pieces) and pieces[at].style & style:
        at += 1
    return at


def _wrapped(group: list[Piece], style: int, rest: int, before: str, after: str, *, addresses: bool) -> str:
    """Return pieces in a style; signs at their edges that would keep it from being one stand outside."""
    head, tail = _edges(group, before, after)
    inner = [piece for piece in group if piece.text]
    written = plain if addresses else escape
    edge, end = written(head), written(tail)
    before, after = head[-1:] or before, tail[:1] or after
    if not inner:
        return edge + end
    sign, other = _SIGNS[style]
    stuck = (inner[0].atom and _is_word(before)) or (inner[-1].atom and _is_word(after))
    if sign[0] in (before, after):
        stuck = stuck or not other or _is_word(after) or _is_word(before) or "_" in (before, after)
        sign = other
    if stuck:
        return edge + _styled(inner, rest, before, after, addresses=addresses) + end
    return edge + sign + _styled(inner, rest, "", "", addresses=addresses) + sign + end


def _edges(group: list[Piece], before: str, after: str) -> tuple[str, str]:
    """Take the blanks and signs off a styled text's edges that cannot be in it; return them."""
    head, tail = "", ""
    first, last = group[0], group[-1]
    if not first.atom:
        while first.text and (first.text[0] == " " or (_is_sign(first.text[0]) and _is_word(before))):
            head, first.text = head + first.text[0], first.text[1:]
            before = head[-1]
    if not last.atom:
        while last.text and (last.text[-1] == " " or (_is_sign(last.text[-1]) and _is_word(after))):
            tail, last.text = last.text[-1] + tail, last.text[:-1]
            after = tail[0]
        if not first.atom and _PAIRS.get(first.text[:1]) == tail[:1] != "":
            head, first.text = head + first.text[0], first.text[1:]
    return head, tail


def _joined(pieces: Sequence[Piece], after: str, *, addresses: bool) -> str:
    """Return pieces without a style; an exclamation mark is escaped before a link only."""
    result = ""
    for text, atom in _runs(pieces):
        if atom:
            result += text
            continue
        if result.endswith("\\!") and text:
            result = result[:-2] + "!"
        result += plain(text) if addresses else escape(text)
    if result.endswith("\\!") and after != "[":
        result = result[:-2] + "!"
    return result


def _runs(pieces: Sequence[Piece]) -> Iterator[tuple[str, bool]]:
    for atom, group in groupby(pieces, lambda piece: piece.atom):
        yield "".join(piece.text for piece in group), atom


def _first(piece: Piece, styles: int) -> str:
    """Return the character that a piece will begin with, as far as the piece before must know it."""
    for style in _STYLES:
        if piece.style & styles & style:
            return _SIGNS[style][0][0]
    return piece.text[:1]


def _is_word(character: str) -> bool:
    """Whether it is neither a blank, nor a sign, nor the edge of the line."""
    return bool(character) and not character.isspace() and not _is_sign(character)


def _is_sign(character: str) -> bool:
    return category(character)[0] in "PS"
