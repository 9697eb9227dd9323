"""The inline nodes of an Atlassian document (ADF), read: their words, and the marks that they stand in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import quote

from mappings.markup.adf_marks import BREAK, Piece, ended, is_link, marked, one_line, target
from mappings.markup.markdown import JOINER, code, escape
from mappings.ticket import Attachment

_ADDRESS = re.compile(r"https?://[^\s|\[\]<>{}\"'\\]*[^\s|\[\]<>{}\"'\\.,;:!?)*_]")
_WHOLE = re.compile(r"https?://[^\s<>]+")
"""An address that is all of a link's text."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Media(Mapping[str, Attachment]):
    """Which file each picture of a document is, by the picture's id at the media service.

    The service's ids are told by no API (jira-api 6). A picture says its file's name where the editor or
    Jira wrote one; those without a name are the texts' remaining pictures in their order, if they are as
    many.
    """

    def __init__(self, nodes: Iterable[Mapping[str, Any]], files: Sequence[Attachment]) -> None:
        names = {file.name: file for file in files}
        found: dict[str, Attachment] = {}
        nameless: dict[str, None] = {}
        for node in nodes:
            if file := names.get(name_of(node)):
                found[said(node, "id")] = file
            else:
                nameless[said(node, "id")] = None
        used = {file.id for file in found.values()}
        rest = [file for file in files if file.inline and file.id not in used]
        unfound = [id for id in nameless if id not in found]
        if len(rest) == len(unfound):
            found |= dict(zip(unfound, rest, strict=True))
        self._found = found

    def __getitem__(self, id: str) -> Attachment:
        return self._found[id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def attributes(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a node's or mark's attributes, whatever stands in their place."""
    found = node.get("attrs")
    return found if isinstance(found, dict) else {}


def said(node: Mapping[str, Any], *names: str) -> str:
    """Return the first of these attributes that has words; numbers are words too."""
    attrs = attributes(node)
    for name in names:
        value = attrs.get(name)
        if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip():
            return str(value)
    return ""


def content(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the nodes inside a node."""
    found = node.get("content")
    return [inner for inner in found if isinstance(inner, dict)] if isinstance(found, list) else []


def name_of(node: Mapping[str, Any]) -> str:
    """Return the file name that a picture says."""
    return said(node, "alt", "__fileName")


def is_picture(node: Mapping[str, Any]) -> bool:
    """Whether a node shows a file inside the text, if it is a picture; else it only names it."""
    return node.get("type") == "media" or attributes(node).get("type") == "image"


def media(node: Mapping[str, Any], files: Media) -> str:
    """Return the reference to a picture or file; one that is nobody's is named at its place."""
    attrs, name = attributes(node), name_of(node)
    url = said(node, "url")
    if attrs.get("type") == "external" and url:
        return (
            f"![{escape(one_line(name))}](<{target(url)}>)" if is_link(url) else escape(one_line(name or url))
        )
    file = files.get(said(node, "id"))
    if file is None:
        return escape(f"[picture: {one_line(name) or 'without a name'}]")
    sign = "!" if is_picture(node) and file.content_type.startswith("image/") else ""
    return f"{sign}[{escape(one_line(name) or file.name)}](<attachment:{quote(file.id, safe='/')}>)"


def inline(nodes: Iterable[Mapping[str, Any]], files: Media) -> str:
    """Return inline nodes as Markdown; its lines are not guarded yet (`markdown.guarded`)."""
    return marked(list(_pieces(nodes, files)))


def flat(nodes: Iterable[Mapping[str, Any]], files: Media) -> str:
    """Return inline nodes as Markdown of one line."""
    return ended(" ".join(inline(nodes, files).replace(BREAK, " ").split("\n")).strip())


# --- nodes -----------------------------------------------------------------------------------------


def _pieces(nodes: Iterable[Mapping[str, Any]], files: Media) -> Iterator[Piece]:
    parts = [(*_kind(node), node) for node in nodes]
    for number, (kind, _, node) in enumerate(parts):
        if kind == "text" and str(node.get("text")).isspace():
            # A mark shows nothing on a blank: it has those that go on behind it.
            beside = [part[1] for part in parts[max(0, number - 1) : number + 2 : 2]]
            both = beside[0] & beside[1] if len(beside) == 2 and number else frozenset()
            parts[number] = (kind, both, node)
    for (kind, marks), group in groupby(parts, lambda part: part[:2]):
        if kind == "text":
            yield from _words("".join(str(node.get("text") or "") for _, _, node in group), marks)
        else:
            for _, _, node in group:
                yield from _piece(kind, node, marks, files)


def _kind(node: Mapping[str, Any]) -> tuple[str, frozenset[str]]:
    """Return a node's type and its marks; those that Markdown has no word for lose their look only."""
    marks = set()
    given = node.get("marks")
    for mark in given if isinstance(given, list) else ():
        kind = mark.get("type") if isinstance(mark, dict) else None
        if kind == "link" and (href := said(mark, "href", "url").strip()):
            marks.add(f"link {href}")
        elif kind in ("strong", "em", "strike", "code"):
            marks.add(str(kind))
    return str(node.get("type")), frozenset(marks)


def _words(text: str, marks: frozenset[str]) -> Iterator[Piece]:
    """Yield a text with its marks; a new line in it is shown as one."""
    text = text.replace(JOINER, "").replace("\r\n", "\n")
    if "code" in marks:
        span = " ".join(text.split("\n")).strip(" ")
        yield Piece(code(span) if span else " ", marks - {"code"})
        return
    link = next((mark.removeprefix("link ") for mark in marks if mark.startswith("link ")), "")
    for number, line in enumerate(re.split(r"[\n\r\v\f\x85\u2028\u2029]", text.replace("\t", " "))):
        if number:
            yield Piece(BREAK, marks)
        if link and line == link and _WHOLE.fullmatch(link):
            yield Piece(f"<{link}>", marks - {f"link {link}"})
        elif line:
            # Blanks at the edge of a marked text will stand outside: signs are looked at without them.
            end = len(line.rstrip()) if marks else len(line)
            shown = escape(line[:end]) if link else _addressed(line[:end])
            yield Piece(shown + line[end:], marks)


def _addressed(line: str) -> str:
    """Return a text in which each address is a link."""
    if "://" not in line:
        return escape(line)
    shown, at = "", 0
    for found in _ADDRESS.finditer(line):
        shown += f"{escape(line[at : found.start()])}<{found[0]}>"
        at = found.end()
    return shown + escape(line[at:])


def _piece(kind: str, node: Mapping[str, Any], marks: frozenset[str], files: Media) -> Iterator[Piece]:
    match kind:
        case "hardBreak":
            yield Piece(BREAK, marks)
        case "mention":
            key = said(node, "id")
            name = one_line(said(node, "text")).removeprefix("@") or key
            shown = f"[@{escape(name)}](<mention:{quote(key, safe='')}>)" if key else f"@{escape(name)}"
            yield Piece(shown, marks)
        case "date":
            yield Piece(escape(_day(said(node, "timestamp"))), marks)
        case "inlineCard" | "blockCard" | "embedCard":
            yield Piece(card(node), marks)
        case "media" | "mediaInline":
            yield Piece(media(node, files), marks)
        case _:
            # An emoji, a status, a hint where to write, an app's remark, or what nobody knows yet.
            words = escape(one_line(said(node, "text", "shortName", "title") or _app(node)))
            if words:
                yield Piece(words, marks)
            yield from _pieces(content(node), files)


def card(node: Mapping[str, Any]) -> str:
    """Return what a card leads to."""
    data = attributes(node).get("data")
    inside = {"attrs": data if isinstance(data, dict) else {}}
    url = said(node, "url") or said(inside, "url", "@id")
    if _WHOLE.fullmatch(url):
        return f"<{url}>"
    return escape(one_line(url or said(inside, "name") or "[card]"))


def _app(node: Mapping[str, Any]) -> str:
    key = said(node, "extensionKey", "resourceId")
    return f"[{node.get('type')}: {key}]" if key else ""


def _day(stamp: str) -> str:
    """Return the day of a date, which is kept as milliseconds."""
    try:
        return f"{_EPOCH + timedelta(milliseconds=float(stamp)):%Y-%m-%d}"
    except (ValueError, OverflowError):
        return one_line(stamp)
