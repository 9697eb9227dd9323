"""Words with marks as Markdown that shows exactly those marks, wherever they begin, end and touch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from mappings.markup.markdown import JOINER, escape, parser

BREAK = "\\\n"
"""A line's end inside a paragraph."""
_SIGNS = {"strong": "**", "em": "*", "strike": "~~"}
_LINK = "link "
_LINKED = re.compile(r"(?:https?|mailto|tel):|[^:]*(?:[/?#]|$)", re.IGNORECASE)
"""What the canonical parser takes for a link, but for our own references: see `markdown.parser`."""
_IN_LINK = {"<": "%3C", ">": "%3E", "\\": "%5C"}
_LONGEST_ADDRESS = 2_000
"""Characters of an address that leads nowhere which are shown: a ``data:`` one can be a whole file."""


class Piece(NamedTuple):
    """A piece of a line: Markdown, and the marks that it stands in (``link ADDRESS`` is one)."""

    text: str
    marks: frozenset[str]


def marked(pieces: Sequence[Piece]) -> str:
    """Return pieces as Markdown."""
    return _joined(token for token in _marked(pieces) if token[1])


def ended(line: str) -> str:
    """Return a line at whose end no link follows: an exclamation mark is no picture's beginning there."""
    return f"{line[:-2]}!" if line.endswith("\\!") else line


def one_line(text: str) -> str:
    """Return a text without line breaks and joiners, each blank one."""
    return " ".join(text.replace(JOINER, "").split())


def _marked(pieces: Sequence[Piece]) -> Iterator[tuple[str, str]]:
    """Yield text and the signs that open and close marks, the mark that reaches furthest outside."""
    at = 0
    while at < len(pieces):
        reach = {mark: _reach(pieces, at, mark) for mark in pieces[at].marks}
        if not reach:
            yield "text", pieces[at].text
            at += 1
            continue
        mark = max(reach, key=lambda mark: (reach[mark], mark.startswith("link "), mark))
        inner = [Piece(p.text, p.marks - {mark}) for p in pieces[at : reach[mark]]]
        at = reach[mark]
        yield from _wrapped(mark, list(_marked(inner)))


def _reach(pieces: Sequence[Piece], at: int, mark: str) -> int:
    """Return where a mark ends; a break between two pieces that have it does not end it."""
    end = at
    for number in range(at, len(pieces)):
        if mark in pieces[number].marks:
            end = number + 1
        elif pieces[number].text != BREAK:
            break
    return end


def _wrapped(mark: str, inner: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield a marked text; blanks at its edges stand outside, and nothing but blanks has no mark."""
    before, after = _blank(inner, forward=True), _blank(inner, forward=False)
    yield "text", before
    if inner:
        if mark.startswith("link "):
            yield from _linked(mark.removeprefix("link "), inner)
        else:
            yield "open", _SIGNS[mark]
            if _is_star(inner[0], "open") and not _is_one(inner):
                yield "text", JOINER  # a third star would let later ones end this mark
            yield from inner
            yield "close", _SIGNS[mark]
    yield "text", after


def _is_star(token: tuple[str, str], kind: str) -> bool:
    return token[0] == kind and token[1].startswith("*")


def _is_one(tokens: Sequence[tuple[str, str]]) -> bool:
    """Whether the one mark with stars in here encloses everything."""
    return sum(_is_star(token, "open") for token in tokens) == 1 and _is_star(tokens[-1], "close")


def _linked(url: str, inner: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    if is_link(url):
        yield "text", "["
        yield from inner
        yield "text", f"](<{target(url)}>)"
    else:  # it would be no link: its address is words
        yield from inner
        yield "text", escape(f" ({one_line(url[:_LONGEST_ADDRESS])})")


def is_link(url: str) -> bool:
    """Whether Markdown takes an address for a link's."""
    return bool(_LINKED.match(url))


def target(url: str) -> str:
    """Return an address as it can stand in a link's brackets, in the form that the parser gives it."""
    plain = re.sub(r"[<>\\]", lambda sign: _IN_LINK[sign[0]], "%20".join(url.split()))
    return re.sub(r"&(?=#?\w+;)", "&amp;", parser().normalizeLink(plain))


def _blank(inner: list[tuple[str, str]], *, forward: bool) -> str:
    """Cut the blanks and breaks off one end of what a mark encloses, and return them."""
    cut = ""
    while inner:
        place = 0 if forward else -1
        kind, text = inner[place]
        if kind != "text":
            return cut
        start, end = _edges(text)
        body = text[start:] if forward else text[:end]
        cut = cut + text[:start] if forward else text[end:] + cut
        if body and start < end:
            inner[place] = (kind, body)
            return cut
        inner.pop(place)
    return cut


def _edges(text: str) -> tuple[int, int]:
    """Return where a text begins and ends without its blanks and breaks."""
    start, end = 0, len(text)
    while start < end:
        if text[start].isspace():
            start += 1
        elif text.startswith(BREAK, start):
            start += 2
        else:
            break
    while end > start and text[end - 1].isspace():
        end -= 2 if text[end - 1] == "\n" else 1  # a new line is the end of a break
    return start, end


def _joined(tokens: Iterable[tuple[str, str]]) -> str:
    """Return the Markdown; where a sign would not be one beside what stands there, a joiner divides them."""
    shown = ""
    groups = [(kind, [text for _, text in group]) for kind, group in groupby(tokens, lambda token: token[0])]
    for number, (kind, parts) in enumerate(groups):
        following = groups[number + 1] if number + 1 < len(groups) else ("text", [""])
        if kind == "text":
            shown += "".join(parts)
        elif kind == "open":
            shown += JOINER if number and groups[number - 1][0] == "close" else ""
            shown += _opened(parts, shown[-1:], "".join(following[1])[:1])
        else:
            outer = "".join(following[1])[:1] if following[0] == "text" else JOINER
            shown += _opened(parts[::-1], outer, shown[-1:])[::-1]
    return shown


def _opened(signs: Iterable[str], outer: str, inner: str) -> str:
    """Return signs from the outside in, after `outer` and before `inner`, such that each counts as one.

    One that touches a word outside must touch a word inside: a joiner is a word to Markdown.
    """
    runs = ["".join(run) for _, run in groupby(signs, lambda sign: sign[0])]
    shown = ""
    for run, after in zip(runs, [*(run[0] for run in runs[1:]), inner], strict=True):
        parted = _is_wordy(outer) and not after.isalnum()
        shown += f"{run}{JOINER if parted else ''}"
        outer = JOINER if parted else run
    return shown


def _is_wordy(sign: str) -> bool:
    """Whether a sign of a mark beside this one has to touch a word on its other side to count."""
    return bool(sign) and not sign.isspace() and (sign.isalnum() or not sign.isascii())
