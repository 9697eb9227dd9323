"""Whether what stands on one side stands on the other, by words and bytes as the servers sent them. Pure.

Markup differs from tool to tool, words do not: every word that a reader of the source sees must be in the
copy. This reads HTML by itself and shares nothing with the code that converts texts.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

from connectors.recount import RawFile, RawText, Recount

_WORD = re.compile(r"\w+")
_UNSEEN = frozenset({"style", "script", "head", "title"})
_MARKUP = re.compile(r"<\s*/?\s*[a-zA-Z!]")
_ESCAPED = re.compile(r"\\([\W_])")
"""A sign that wiki markup or Markdown takes for itself, unless a stroke stands before it."""
_WIDTHLESS = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))
"""Where a word may be broken: nobody sees it."""
_FEW = 5
"""Words that are told of those that are missing."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something of a ticket that is not on the other side, or is not as it should be."""

    what: str
    why: str
    explained: bool = False
    """Whether it was left out for a reason that was recorded then."""


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in _UNSEEN
        self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in _UNSEEN and self._hidden > 0
        self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def words(raw: str) -> Counter[str]:
    """Return the words that a reader sees in HTML, or in any text."""
    seen = raw
    if _MARKUP.search(raw):
        reader = _Seen()
        reader.feed(raw)
        reader.close()
        seen = "".join(reader.parts)
    return _words_of(seen)


def told(raw: str) -> Counter[str]:
    """Return the words of a copy, whose markup may be any tool's: what looks like HTML may be its words."""
    return words(raw) | _words_of(raw) | _words_of(_ESCAPED.sub(r"\1", raw))


def _words_of(text: str) -> Counter[str]:
    plain = html.unescape(text).replace("\\", " ").translate(_WIDTHLESS)
    return Counter(_WORD.findall(plain.casefold()))


def compared(
    source: Recount,
    target: Recount,
    copies: Mapping[str, Sequence[str]],
    reasons: Mapping[str, str],
    *,
    staff_alone: bool,
) -> list[Difference]:
    """Return what of a ticket is missing, or is read by more people than its original.

    `copies` says by which texts there an original is told, `reasons` why things were left out, by what they
    were called then; `staff_alone` that nobody else reads the place.
    """
    there = {text.id: text for text in target.texts}
    found = [d for text in source.texts for d in _text(text, copies.get(text.id, ()), there, reasons)]
    if not staff_alone:
        found += [leak for text in source.texts for leak in _leaks(text, copies.get(text.id, ()), there)]
    return [*found, *_files(source, target, reasons)]


def _text(
    text: RawText, copies: Sequence[str], there: Mapping[str, RawText], reasons: Mapping[str, str]
) -> list[Difference]:
    wanted = words(text.text)
    if not copies:
        everywhere = set().union(*(told(one.text) for one in there.values()))
        if not wanted.keys() - everywhere:
            return []  # it says nothing, or what another text repeats
        return [_left_out(f"text {text.id}", text.id, reasons)]
    if gone := [id for id in copies if id not in there]:
        return [Difference(f"text {text.id}", f"its copy {', '.join(gone)} is not there any more")]
    said = sum((told(there[id].text) for id in copies), Counter[str]())
    missing = wanted.keys() - said.keys() - words(text.ends).keys()
    if not missing or ("attached" in said and len(missing) > len(wanted) / 2):
        return []
    few = ", ".join(sorted(missing)[:_FEW])
    return [Difference(f"text {text.id}", f"{len(missing)} of {len(wanted)} words are not there: {few}")]


def _leaks(text: RawText, copies: Sequence[str], there: Mapping[str, RawText]) -> list[Difference]:
    if text.public is not False:
        return []
    read = [id for id in copies if id in there and there[id].public is not False]
    why = "it is for staff, and customers read its copy"
    return [Difference(f"text {text.id}", f"{why} {', '.join(read)}")] if read else []


def worth_reading(files: Sequence[RawFile], others: Sequence[RawFile]) -> list[RawFile]:
    """Return those files of one side that may be the same as one of the other: their sizes do not tell."""
    sizes = {other.size for other in others}
    return [file for file in files if sizes and (file.size is None or sizes & {file.size, None})]


def _files(source: Recount, target: Recount, reasons: Mapping[str, str]) -> list[Difference]:
    """Compare by SHA-256: names are made fit for a tool. What could not be read has none."""
    there = Counter(file.sha256 for file in target.files if file.sha256)
    found = []
    for file in source.files:
        if file.sha256 and there[file.sha256] > 0:
            there[file.sha256] -= 1
        else:
            found.append(_not_the_same(file, target, there, reasons))
    return found


def _not_the_same(
    file: RawFile, target: Recount, left: Mapping[str, int], reasons: Mapping[str, str]
) -> Difference:
    what = f"file {file.name} ({file.size} bytes)"
    known = _left_out(what, file.name, reasons)
    if known.explained:
        return known
    rest = [other for other in target.files if not other.sha256 or left[other.sha256] > 0]
    if not file.sha256 and any(other.size == file.size for other in rest):
        return Difference(what, "it cannot be read on the source any more; one of its size is there")
    if any(other.altered and other.name == file.name for other in rest):
        return Difference(what, "the tool takes hidden data out of pictures", explained=True)
    if any(file.size is not None and other.size == file.size for other in rest):
        return Difference(what, "one of its size is there, with other content")
    return known


def _left_out(what: str, name: str, reasons: Mapping[str, str]) -> Difference:
    """Return what is missing, with the reason that was recorded for it, if any names it."""
    named = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])")
    why = next((why for thing, why in reasons.items() if name and named.search(thing)), "")
    return Difference(what, why or "it is not there, and nothing says why", explained=bool(why))
