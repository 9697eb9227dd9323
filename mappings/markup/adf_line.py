"""A line of Markdown as the inline nodes of an Atlassian document (ADF)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from markdown_it.token import Token

from mappings.markup.markdown import FILE, JOINER, PERSON

Json = dict[str, Any]

_MARKS = {"strong_open": "strong", "em_open": "em", "s_open": "strike"}
_ENDS = frozenset({"strong_close", "em_close", "s_close"})
_ADDRESS = re.compile(r"(?:https?://|mailto:|tel:)\S+$", re.IGNORECASE)
_BOX = re.compile(r"\[[ xX]\] +")


def inline(tokens: Sequence[Token]) -> list[Json]:
    """Return a line's nodes: no empty text, no break at its edges, no two texts that could be one."""
    line = merged(_nodes(tokens))
    while line and _is_idle(line[-1]):
        line.pop()
    while line and _is_idle(line[0]):
        line.pop(0)
    return line


def _is_idle(node: Json) -> bool:
    return node["type"] == "hardBreak" or (node["type"] == "text" and not node["text"].strip())


def _nodes(tokens: Sequence[Token]) -> Iterator[Json]:
    marks: list[Json] = []
    ends: list[tuple[bool, str]] = []
    """Of each open link: whether it is one there, and the words that stand behind it."""
    person = ""
    for number, token in enumerate(tokens):
        kind = token.type
        if person:
            if kind == "link_close":
                person = ""
        elif kind == "link_open" and token.meta.get(PERSON):
            person = str(token.meta[PERSON])
            yield {"type": "mention", "attrs": {"id": person, "text": _named(tokens[number + 1 :])}}
        elif kind == "link_open":
            before, mark, after = _link(token, tokens[number + 1 :])
            yield from ([text(before, marks)] if before else [])
            marks += [mark] if mark else []
            ends.append((mark is not None, after))
        elif kind == "link_close":
            linked, after = ends.pop()
            yield from ([text(after, marks)] if after else [])
            marks[:] = [mark for mark in marks if mark["type"] != "link"] if linked else marks
        elif kind in _MARKS:
            marks.append({"type": _MARKS[kind]})
        elif kind in _ENDS:
            marks.remove({"type": _MARKS[kind.replace("close", "open")]})
        else:
            yield from _span(token, marks)


def _named(tokens: Iterable[Token]) -> str:
    """Return the name that a mention shows, up to where its link ends."""
    name = ""
    for token in tokens:
        if token.type == "link_close":
            break
        name += token.content
    return name.replace(JOINER, "") or "@"


def _link(token: Token, following: Sequence[Token]) -> tuple[str, Json | None, str]:
    """Return what stands for a link: words before it, its mark, words behind it."""
    url = str(token.attrs.get("href", ""))
    url = "%20".join(url.split()) if FILE in token.meta and "://" in url else url
    bare = bool(following) and following[0].type == "link_close"
    if token.info == "auto" and following:
        url = url if url.startswith("mailto:") else following[0].content
    if _ADDRESS.match(url):
        return "", {"type": "link", "attrs": {"href": url}}, url if bare else ""
    if FILE in token.meta:
        return "[file: ", None, f"{url}]" if bare else "]"
    return "", None, f" {url}" if url and url[0] != "#" else ""


def _span(token: Token, marks: Sequence[Json]) -> Iterator[Json]:
    match token.type:
        case "softbreak":
            yield text(" ", marks)
        case "hardbreak":
            yield {"type": "hardBreak"}
        case "code_inline":
            if shown := token.content.replace(JOINER, ""):
                yield text(shown, [*(m for m in marks if m["type"] == "link"), {"type": "code"}])
        case "image":
            yield from _picture(token, marks)
        case _:
            if shown := token.content.replace(JOINER, ""):
                yield text(shown, marks)


def _picture(token: Token, marks: Sequence[Json]) -> Iterator[Json]:
    """Yield a link to a picture: a live one would tell its server who reads it, and when."""
    url, name = str(token.attrs.get("src", "")), token.content.replace(JOINER, "").strip()
    url = "%20".join(url.split()) if "://" in url else url
    if not _ADDRESS.match(url):
        yield text(f"[picture: {name or url or 'without a name'}]", marks)
    elif any(mark["type"] == "link" for mark in marks):
        yield text(f"[picture: {name or url}]", marks)
    else:
        link = {"type": "link", "attrs": {"href": url}}
        yield text(f"picture: {name}" if name else "picture", [*marks, link])


def text(shown: str, marks: Sequence[Json] = ()) -> Json:
    """Return a text with marks; it may not be empty."""
    node: Json = {"type": "text", "text": shown}
    return node | ({"marks": list(marks)} if marks else {})


def with_mark(node: Json, mark: Json) -> Json:
    """Return a node with one mark more, where it is a text that can have it."""
    marks = node.get("marks", [])
    if node["type"] != "text" or mark in marks or {"type": "code"} in marks:
        return node
    return node | {"marks": [*marks, mark]}


def unboxed(line: list[Json]) -> list[Json]:
    """Return a task's line without its box."""
    first, *rest = line
    shown = _BOX.sub("", first.get("text", ""), count=1)
    return [first | {"text": shown}, *rest] if shown else rest


def merged(nodes: Iterable[Json]) -> list[Json]:
    """Return nodes in which texts of the same marks that stand side by side are one."""
    made: list[Json] = []
    for (textual, _), group in groupby(nodes, lambda node: (node["type"] == "text", node.get("marks"))):
        same = list(group)
        joined = textual and len(same) > 1
        made += [same[0] | {"text": "".join(node["text"] for node in same)}] if joined else same
    return made
