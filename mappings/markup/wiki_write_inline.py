"""The words of a paragraph in Jira's wiki markup: every sign that could start markup is escaped.

Held against Atlassian's own reader, which undoes a backslash once more inside each mark: so a sign that needs
one stands outside the marks. A mark that touches a word stands in braces, without which it would be text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from mappings.markup.markdown import FILE, JOINER, PERSON
from mappings.markup.nodes import Node

MACROS = "adf|anchor|code|color|html|include|jira|loremipsum|noformat|panel|quote"
_MARKS = {"strong": "*", "em": "_", "s": "-"}
_SPACE = re.compile(r"[\r\v\f\x85\u2028\u2029]")
_ESCAPED = re.compile(
    rf"(?P<macro>\{{)(?=(?:{MACROS})\b)"
    r"|(?P<joined>\\(?=[-\\#*_+?^~|%{}\[\]()!@]|$)"  # would escape, or break the line
    r"|(?:https?|ftps?|irc):(?=//)|mailto:|&(?=#?\w{1,30};)|[:;]-?(?=[PpD](?![A-Za-z0-9])))"
    r"|(?P<sign>[{}\[\]|]|\?(?=\?)"
    r"|(?<![^\W_])[*_+^~!-](?!\s)"  # after a letter or before a blank nothing begins
    r"|(?<=[:;])[()](?![A-Za-z0-9])|(?<=[:;])-(?=[()])"
    r"|\((?=(?:[ynix/!?+*-]|on|off|\*[rgby]|flag(?:off)?)\)))",  # a small picture
    re.IGNORECASE,
)
_IN_CODE = re.compile(
    rf"(\{{)(?=(?:{MACROS})\b)|(\\)(?=[-\\#*_+?^~|%{{}}\[\]()!@]|$)|[|{{}}\[\]]|(?<![^\W_])[-*_+^~!](?!\s)|\?(?=\?)",
    re.IGNORECASE,
)
_MAY_ESCAPE = re.compile(r"[\\{}\[\]|*_+^~!?&:;()-]")
"""What any of them begins or ends with, found faster."""
_LINE = re.compile(r"(?m)^[ \t]*(?:(?P<list>(?=[*#-]+(?:\s|$)))|(?=h[1-6]\.|bq\.))")
_TOUCHES = re.compile(r"[^\W_]|[^\x00-\x7f\xa0]")
"""What a mark's sign may not touch."""
_SHOWS = re.compile(r"[^\W_]|[^\x00-\x7f\xa0\xad\u200b-\u200f\u2060-\u2064\ufeff]")
"""What looks different in a mark; around signs alone nobody could tell the mark from them."""
_SHIELD = "{color:#172b4d}", "{color}"
"""A table's cells are divided before anything in them is read, except what stands in a macro."""
_OPEN = re.compile(r"\[(?![^\[\]|]*\])")


class Piece(NamedTuple):
    """Some wiki markup, and the marks around it from the outermost on."""

    text: str
    marks: tuple[str, ...] = ()
    object: bool = False
    """Whether it is no text but a link, a file, a picture or a person."""


def line(node: Node, *marks: str) -> str:
    """Return a node's words in one line, in which nothing begins a block."""
    return guarded(_joined(_shown(_pieces(node, marks)))).replace("\n", " ")


def heading(node: Node) -> tuple[str, list[str]]:
    """Return a heading's words, and the files among them, which it can't hold."""
    pieces = list(_pieces(node, ()))
    files = [piece.text for piece in pieces if piece.object and piece.text.startswith(("!", "[^"))]
    words = _joined(_shown(piece for piece in pieces if piece.text not in files))
    return guarded(words).replace("\n", " ").strip(), files


def lines(node: Node) -> str:
    """Return a paragraph, a line for each of its lines."""
    return guarded(_joined(_shown(_pieces(node, ()))))


def cell(node: Node) -> str:
    """Return the words of a table's cell, in which nothing ends it."""
    pieces = (_shielded(piece) for piece in _shown(_pieces(node, ())))
    return guarded(_joined(pieces)).replace("\n", " ")


def plain(text: str) -> str:
    """Return what shows a text and is no markup."""
    return guarded(_joined(_text(text, ())))


def guarded(text: str) -> str:
    """Return a text in which no line begins a list, a heading or a quotation."""
    return _LINE.sub(lambda found: "\\" if found["list"] is not None else JOINER, text)


def _pieces(node: Node, marks: tuple[str, ...], after: str = "") -> Iterator[Piece]:
    """Yield what a node shows; `after` is the sign behind it."""
    for child, following in zip(node.children, [*node.children[1:], None], strict=False):
        sign = _MARKS.get(child.type)
        behind = after if following is None else following.content[:1]
        if sign is not None or child.type == "inline":
            yield from _pieces(child, (*marks, sign) if sign and sign not in marks else marks, behind)
            continue
        match child.type:
            case "softbreak":
                yield Piece(" ", marks)
            case "hardbreak":
                yield Piece("\n")
            case "code_inline":
                yield _mono(child.content, marks)
            case "link":
                yield from _link(child, marks)
            case "image":
                yield from _picture(child)
            case _:
                yield from _text(child.content, marks, behind)


def _text(text: str, marks: tuple[str, ...], after: str = "") -> Iterator[Piece]:
    """Yield plain text; what needs a backslash stands outside the marks."""
    text = _SPACE.sub(" ", text.replace(JOINER, ""))
    if not _MAY_ESCAPE.search(text):
        if text:
            yield Piece(text, marks)
        return
    at = 0
    blank = " " if after.isspace() and not text.endswith("\\") else ""  # before which nothing begins
    for found in _ESCAPED.finditer(text + blank):
        yield from _kept(text[at : found.start()], marks)
        at = found.end()
        if found["joined"]:
            yield Piece(f"{found[0]}{JOINER}", marks)
        else:
            yield Piece(f"\\{found[0]}{JOINER if found['macro'] else ''}")
    yield from _kept(text[at:], marks)


def _kept(text: str, marks: tuple[str, ...]) -> Iterator[Piece]:
    """Yield text without markup; a mark's own sign stands outside the mark, which it could end."""
    inside = marks and "".join(sign for sign in marks if sign in text)
    if not inside:
        yield Piece(text, marks)
        return
    for part in re.split(f"([{re.escape(inside)}])", text):
        yield Piece(f"\\{part}") if part and part in inside else Piece(part, marks)


def _mono(text: str, marks: tuple[str, ...]) -> Piece:
    text = _SPACE.sub(" ", text.replace(JOINER, "")).strip(" ") or JOINER
    shown = _IN_CODE.sub(lambda m: f"\\{JOINER}" if m[2] else f"\\{m[0]}{JOINER if m[1] else ''}", text)
    return Piece(f"{{{{{shown}}}}}", marks if shown == text else ())


def _link(node: Node, marks: tuple[str, ...]) -> Iterator[Piece]:
    url = str(node.attrs.get("href", ""))
    if person := node.meta.get(PERSON):
        if re.fullmatch(r"[\w.:@+-]+", person):
            yield Piece(f"[~{person}]", (), object=True)
        else:
            yield from _pieces(node, marks)
        return
    if name := node.meta.get(FILE):
        shown = "".join(child.content for child in node.walk() if not child.children)
        if shown not in ("", name):
            yield from _pieces(node, marks)
            yield Piece(" ")
        yield from (
            [Piece(f"[^{name}]", (), object=True)]
            if _nameable(name, "@:")
            else _text(f"[file: {name}]", marks)
        )
        return
    pictures = [child for child in node.walk() if child.type == "image" and child.meta.get(FILE)]
    for picture in pictures:
        yield from _picture(picture)
        yield Piece(" ")
    if not re.match(r"(?:https?://|mailto:|tel:)\S+$", url, re.IGNORECASE):
        yield from _pieces(node, marks)  # what leads nowhere outside Jira is shown in words
        yield from _text(f" {url}", marks) if url and url[0] != "#" else ()
        return
    if node.info == "auto" and not url.startswith("mailto:"):
        url = shown = "".join(child.content for child in node.children)  # in the letters it was written in
    else:
        shown = "".join(c.content for c in node.walk() if c.type in ("text", "code_inline"))
    there = _address(url)
    if shown in ("", url, url.removeprefix("mailto:")) and there == url and not _marked_up(url):
        yield Piece(f"[{there}]", marks, object=True)
        return
    there = _address(str(node.attrs["href"]))  # beside words it stands as a server is asked for it
    scheme, _, rest = url.partition(":")
    words = [Piece(f"{scheme}:"), *_text(rest, ())] if shown == url else _pieces(node, ())
    label = guarded(_joined(_shown(_labelled(piece for piece in words if not piece.object))).strip())
    yield Piece(f"[{label}|{there}]" if label else f"[{there}]", marks, object=True)


def _labelled(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Yield the text of a link: no bracket, no bar and no end of a line can stand in it."""
    signs = {"\\[": "\\(", "\\]": "\\)", "\\|": "¦", "\n": " "}
    bangs = 0
    for text, marks, _ in pieces:
        shown = signs.get(text, text)
        if text.startswith("{{"):
            shown = re.sub(r"\\[\[\]|]", lambda m: signs[m[0]], text)
        bangs += shown.count("!")
        yield Piece(shown, marks)
    if bangs > 1 and bangs % 2:  # an odd one would hide the bar that ends the text
        yield Piece("\\!")


def _marked_up(url: str) -> bool:
    """Whether an address holds what would be read as marks, if it were shown as it is."""
    words = url.partition(":")[2]
    signs = {found[0] for found in _ESCAPED.finditer(words)}
    return any(sign not in "*_+^~!-" or words.count(sign) > 1 for sign in signs)


def _address(url: str) -> str:
    return re.sub(r"[\[\]{}|^\\\s!]", lambda m: "".join(f"%{byte:02X}" for byte in m[0].encode()), url)


def _picture(node: Node) -> Iterator[Piece]:
    name = str(node.meta.get(FILE, ""))
    yield from (
        [Piece(f"!{name}!", (), object=True)] if _nameable(name, "") else _text(f"[picture: {name}]", ())
    )


def _nameable(name: str, besides: str) -> bool:
    """Whether wiki markup can refer to a file of this name; options behind a bar could run."""
    return not re.search(rf"[!|\[\]{{}}^~\n\\{besides}]|^\s|\s$", name)


def _shown(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Yield the pieces; a picture or code that touches a word would be one: it stands apart, or in braces."""
    kept = [piece for piece in pieces if piece.text]
    for number, piece in enumerate(kept):
        if piece.text[0] not in "!{":
            yield piece
            continue
        before = kept[number - 1].text[-1] if number else ""
        after = kept[number + 1].text[:1] if number + 1 < len(kept) else ""
        touched = _TOUCHES.match(before), _TOUCHES.match(after)
        if piece.object and piece.text[0] == "!":
            yield from (Piece(" " if touched[0] else ""), piece, Piece(" " if touched[1] else ""))
        elif any(touched) and piece.text.startswith("{{"):
            yield Piece(f"{{{{{{}}{piece.text[2:-2]}{{}}}}}}", piece.marks)
        else:
            yield piece


def _shielded(piece: Piece) -> Piece:
    """Return a piece in which no bar ends the cell, and no bracket or picture's sign reaches over its end."""
    text = piece.text
    hidden = text in ("\\|", "\\!") or (text.startswith("{{") and "|" in text)
    if hidden or (not piece.object and _OPEN.search(text)):
        return Piece(text.join(_SHIELD))
    return piece


def _joined(pieces: Iterable[Piece], depth: int = 0) -> str:
    """Return pieces in one text, the marks that they share around them."""
    groups: list[tuple[str, str]] = []
    shown = [piece for piece in pieces if piece.text]
    if all(len(piece.marks) <= depth for piece in shown):
        return "".join(piece.text for piece in shown)
    for sign, group in groupby(shown, lambda piece: piece.marks[depth] if len(piece.marks) > depth else ""):
        alike = list(group)
        inner = _joined(alike, depth + 1) if sign else "".join(piece.text for piece in alike)
        if not sign or not _SHOWS.search(inner):
            groups.append(("", inner))
            continue
        words = inner.strip(" ")
        start = inner.index(words)
        groups += [("", inner[:start]), (sign, words), ("", inner[start + len(words) :])]
    return _marked([group for group in groups if group[1]])


def _marked(groups: Sequence[tuple[str, str]]) -> str:
    shown = ""
    for number, (sign, inner) in enumerate(groups):
        if not sign:
            shown += inner
            continue
        after = groups[number + 1] if number + 1 < len(groups) else ("", "")
        touched = _TOUCHES.match(shown[-1:]) or (not after[0] and _TOUCHES.match(after[1]))
        if touched and sign in inner:
            shown += inner  # the end could not be told
            continue
        mark = f"{{{sign}}}" if touched else sign
        shown += f"{mark}{_LINE.sub(JOINER, inner)}{mark}"
    return shown
