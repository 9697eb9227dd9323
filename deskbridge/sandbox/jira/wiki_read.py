"""Reads Jira's wiki markup into an Atlassian document (ADF).

The subset people write: paragraphs, headings, lists, tables, code, quotes, rules, links, mentions,
pictures and the character marks. Anything else stays literal text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from deskbridge.sandbox.jira.model import Json

_FENCE = re.compile(r"(?<!\\)\{(code|noformat|quote|panel)(:[^}\n]*)?\}(.*?)(?<!\\)\{\1\}", re.DOTALL)
_HEADING = re.compile(r"h([1-6])\.\s+(.*)")
_RULE = re.compile(r"-{4,5}\s*$")
_ITEM = re.compile(r"\s*([*#]{1,9}|-{1,3})\s+(\S.*)")
_QUOTE = re.compile(r"bq\.\s+(.*)")
# A mark's text is bounded so that a hostile line can't make the search quadratic.
_MARK_OF: dict[str, Json] = {
    "*": {"type": "strong"},
    "_": {"type": "em"},
    "-": {"type": "strike"},
    "+": {"type": "underline"},
    "^": {"type": "subsup", "attrs": {"type": "sup"}},
    "~": {"type": "subsup", "attrs": {"type": "sub"}},
}
_MARKS = {
    char: (re.compile(rf"{re.escape(char)}(?=\S)(.{{1,1000}}?)(?<=[^\s\\]){re.escape(char)}(?!\w)"), mark)
    for char, mark in _MARK_OF.items()
}
# In braces a mark stands inside a word too.
_BRACED = re.compile(r"\{([*_\-+^~])\}(?=\S)(.{1,1000}?)(?<=[^\s\\])\{\1\}")
_MONO = re.compile(r"\{\{(.{1,500}?)\}\}")
_LINK = re.compile(r"\[(?:([^\]|\n]{0,255})\|)?([^\]|\n]{1,1000})(?:\|smart-\w+)?\]")
_PICTURE = re.compile(r"!([^!|\s][^!|\n]{0,254})(?:\|([^!\n]{0,200}))?!")
_URL = re.compile(r"(?:https?|ftp)://[^\s|\]>\"']+[^\s|\]>\"'.,;:!?)]")
_PLAIN = re.compile(r"[^\\{\[!hf*_\-+^~\n]+")
_ESCAPABLE = "-#*_+?^~|%{}[]()!@"


@dataclass(frozen=True, slots=True)
class Names:
    """What a converter must know about the issue: its files' media ids, and who people are."""

    media: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)


def document(wiki: str, names: Names) -> Json:
    """Return the ADF document that a wiki text stands for."""
    return {"type": "doc", "version": 1, "content": _fenced(wiki, names)}


def _fenced(wiki: str, names: Names) -> list[Json]:
    nodes: list[Json] = []
    end = 0
    for match in _FENCE.finditer(wiki):
        nodes += _blocks(wiki[end : match.start()], names)
        nodes += _fence(match, names)
        end = match.end()
    return nodes + _blocks(wiki[end:], names)


def _fence(match: re.Match[str], names: Names) -> list[Json]:
    kind, options, inner = match[1], match[2] or "", match[3]
    name = next((o.removeprefix("title=") for o in options[1:].split("|") if o.startswith("title=")), "")
    title = [{"type": "paragraph", "content": [_text(name, ({"type": "strong"},))]}] if name else []
    if kind in ("quote", "panel"):
        content = _fenced(inner, names) or [{"type": "paragraph", "content": []}]
        if kind == "quote":
            return [{"type": "blockquote", "content": content}]
        return [{"type": "panel", "attrs": {"panelType": "info"}, "content": [*title, *content]}]
    language = next((o for o in options[1:].split("|") if o and "=" not in o), "")
    node: Json = {"type": "codeBlock", "attrs": {"language": language} if language else {}}
    text = inner.removeprefix("\n").removesuffix("\n")
    return [*title, {**node, "content": [{"type": "text", "text": text}]} if text else node]


def _blocks(wiki: str, names: Names) -> list[Json]:
    nodes: list[Json] = []
    lines = wiki.split("\n")
    at = 0
    while at < len(lines):
        taken, made = _block(lines, at, names)
        nodes += made
        at += taken
    return nodes


def _block(lines: list[str], at: int, names: Names) -> tuple[int, list[Json]]:
    line = lines[at]
    if not line.strip():
        return 1, []
    if match := _HEADING.match(line):
        content = _texts(inline(match[2], names))
        return 1, [{"type": "heading", "attrs": {"level": int(match[1])}, "content": content}]
    if _RULE.match(line):
        return 1, [{"type": "rule"}]
    if match := _QUOTE.match(line):
        return 1, [{"type": "blockquote", "content": _paragraphs(match[1], names)}]
    for starts, build in ((_is_item, _lists), (_is_row, _table)):
        if starts(line):
            count = _count(lines, at, starts)
            return count, build(lines[at : at + count], names)
    count = max(1, _count(lines, at, _is_plain))
    return count, _paragraphs("\n".join(lines[at : at + count]), names)


def _count(lines: list[str], at: int, wanted: Callable[[str], bool]) -> int:
    end = at
    while end < len(lines) and wanted(lines[end]):
        end += 1
    return end - at


def _is_item(line: str) -> bool:
    return bool(_ITEM.match(line)) and not _RULE.match(line)


def _is_row(line: str) -> bool:
    return line.lstrip().startswith("|")


def _is_plain(line: str) -> bool:
    special = _HEADING.match(line) or _RULE.match(line) or _QUOTE.match(line)
    return bool(line.strip()) and not special and not _is_item(line) and not _is_row(line)


def _lists(lines: list[str], names: Names) -> list[Json]:
    """Nest the items by the length of their signs; the last sign says which kind of list."""
    top: list[Json] = []
    stack: list[Json] = []
    for line in lines:
        match = _ITEM.match(line)
        assert match is not None
        signs, kind = match[1], "orderedList" if match[1][-1] == "#" else "bulletList"
        del stack[len(signs) :]
        if len(stack) == len(signs) and stack[-1]["type"] != kind:
            stack.pop()
        if len(stack) < len(signs):
            stack.append(_open_list(kind, top, stack))
        stack[-1]["content"].append({"type": "listItem", "content": _paragraphs(match[2], names)})
    return top


def _open_list(kind: str, top: list[Json], stack: list[Json]) -> Json:
    made: Json = {"type": kind, "content": []}
    (stack[-1]["content"][-1]["content"] if stack else top).append(made)
    return made


def _table(lines: list[str], names: Names) -> list[Json]:
    rows = [{"type": "tableRow", "content": list(_cells(line.strip(), names))} for line in lines]
    attrs = {"isNumberColumnEnabled": False, "layout": "default"}
    return [{"type": "table", "attrs": attrs, "content": [row for row in rows if row["content"]]}]


def _cells(line: str, names: Names) -> Iterator[Json]:
    # A bar inside a link, a picture or after a backslash doesn't end the cell.
    parts = re.findall(r"(\|\|?)((?:\\.|\[[^\]\n]*\]|![^!\s|][^!|\n]*\|[^!|\n]*!|[^|\\\[!]|[\[!\\])*)", line)
    for bar, text in parts[:-1] if parts and not parts[-1][1].strip() else parts:
        kind = "tableHeader" if bar == "||" else "tableCell"
        content = _paragraphs(text.strip(), names) or [{"type": "paragraph", "content": []}]
        yield {"type": kind, "attrs": {}, "content": content}


def _paragraphs(text: str, names: Names) -> list[Json]:
    """Return paragraphs, with a block of its own for each picture among the text."""
    nodes: list[Json] = []
    line: list[Json] = []
    for node in [*inline(text, names), None]:
        if node is not None and node["type"] != "media":
            line.append(node)
            continue
        line = _trimmed(line)
        if line:
            nodes.append({"type": "paragraph", "content": line})
        line = []
        if node is not None:
            nodes.append({"type": "mediaSingle", "attrs": {"layout": "align-start"}, "content": [node]})
    return nodes


def _trimmed(line: list[Json]) -> list[Json]:
    def idle(node: Json) -> bool:
        return node["type"] == "hardBreak" or (node["type"] == "text" and not node["text"].strip())

    start, end = 0, len(line)
    while start < end and idle(line[start]):
        start += 1
    while end > start and idle(line[end - 1]):
        end -= 1
    return line[start:end]


def _texts(nodes: list[Json]) -> list[Json]:
    return [node for node in nodes if node["type"] != "media"]


def inline(text: str, names: Names, marks: tuple[Json, ...] = ()) -> list[Json]:
    """Return the inline nodes of one paragraph's text."""
    nodes: list[Json] = []
    at = 0
    while at < len(text):
        plain = _PLAIN.match(text, at)
        if plain:
            _add_text(nodes, plain[0], marks)
            at = plain.end()
            continue
        taken, made = _special(text, at, names, marks)
        for node in made:
            if node["type"] == "text":
                _add_text(nodes, node["text"], tuple(node.get("marks", ())))
            else:
                nodes.append(node)
        at += taken
    return nodes


def _add_text(nodes: list[Json], text: str, marks: tuple[Json, ...]) -> None:
    if nodes and nodes[-1]["type"] == "text" and nodes[-1].get("marks", []) == list(marks):
        nodes[-1]["text"] += text
    elif text:
        nodes.append(_text(text, marks))


def _text(text: str, marks: tuple[Json, ...]) -> Json:
    return {"type": "text", "text": text, **({"marks": list(marks)} if marks else {})}


def _special(text: str, at: int, names: Names, marks: tuple[Json, ...]) -> tuple[int, list[Json]]:
    char = text[at]
    if char == "\n":
        return 1, [{"type": "hardBreak"}]
    if char == "\\":
        return _escape(text, at, marks)
    if char in _MARKS:
        found = _marked(text, at, names, marks)
    else:
        found = _object(text, at, names, marks)
    return found or (1, [_text(char, marks)])


def _escape(text: str, at: int, marks: tuple[Json, ...]) -> tuple[int, list[Json]]:
    following = text[at + 1 : at + 2]
    if following == "\\":
        return 2, [{"type": "hardBreak"}]
    if following and following in _ESCAPABLE:
        return 2, [_text(following, marks)]
    return 1, [_text("\\", marks)]


def _marked(text: str, at: int, names: Names, marks: tuple[Json, ...]) -> tuple[int, list[Json]] | None:
    pattern, mark = _MARKS[text[at]]
    if mark in marks or (at and (text[at - 1].isalnum() or text[at - 1] in "_\\")):
        return None
    match = pattern.match(text, at)
    if match is None:
        return None
    return match.end() - at, inline(match[1], names, (*marks, mark))


def _object(text: str, at: int, names: Names, marks: tuple[Json, ...]) -> tuple[int, list[Json]] | None:
    for pattern, build in _OBJECTS[text[at]]:
        match = pattern.match(text, at)
        made = build(match, names, marks) if match else None
        if match and made is not None:
            return match.end() - at, made
    return None


def _braced(match: re.Match[str], names: Names, marks: tuple[Json, ...]) -> list[Json] | None:
    mark = _MARK_OF[match[1]]
    return None if mark in marks else inline(match[2], names, (*marks, mark))


def _mono(match: re.Match[str], names: Names, marks: tuple[Json, ...]) -> list[Json]:
    text = re.sub(r"\\([-#*_+?^~|%{}\[\]()!@])", r"\1", match[1])
    kept: list[Json] = [mark for mark in marks if mark["type"] == "link"]
    kept.append({"type": "code"})
    return [_text(text, tuple(kept))]


def _link(match: re.Match[str], names: Names, marks: tuple[Json, ...]) -> list[Json] | None:
    label, target = match[1], match[2].strip()
    if target.startswith("~accountid:"):
        account = target.removeprefix("~accountid:")
        return [
            {"type": "mention", "attrs": {"id": account, "text": "@" + names.people.get(account, account)}}
        ]
    if target.startswith("^"):
        return _file(target[1:], "mediaInline", names)
    if not re.match(r"(https?|ftp|mailto):|/|#", target) or any(m["type"] == "link" for m in marks):
        return None
    mark = {"type": "link", "attrs": {"href": target}}
    return inline(label, names, (*marks, mark)) if label else [_text(target, (*marks, mark))]


def _picture(match: re.Match[str], names: Names, marks: tuple[Json, ...]) -> list[Json] | None:
    if re.match(r"https?://", match[1]):
        return [{"type": "media", "attrs": {"type": "external", "url": match[1]}}]
    return _file(match[1], "media", names)


def _file(name: str, node: str, names: Names) -> list[Json] | None:
    media = names.media.get(name)
    if media is None:
        return None
    return [{"type": node, "attrs": {"type": "file", "id": media, "collection": "", "alt": name}}]


def _bare(match: re.Match[str], names: Names, marks: tuple[Json, ...]) -> list[Json] | None:
    if any(m["type"] == "link" for m in marks):
        return None
    return [_text(match[0], (*marks, {"type": "link", "attrs": {"href": match[0]}}))]


_Build = Callable[[re.Match[str], Names, tuple[Json, ...]], "list[Json] | None"]
_OBJECTS: dict[str, list[tuple[re.Pattern[str], _Build]]] = {
    "{": [(_MONO, _mono), (_BRACED, _braced)],
    "[": [(_LINK, _link)],
    "!": [(_PICTURE, _picture)],
    "h": [(_URL, _bare)],
    "f": [(_URL, _bare)],
}
