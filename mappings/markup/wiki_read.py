"""Jira's wiki markup, read: what people write becomes Markdown, any other sign stays text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from mappings.markup.markdown import JOINER, cell, code, escape, fence, guarded
from mappings.ticket import Attachment

# jira-api 5: a backslash escapes one of these; a backslash after a backslash ends the line.
_ESCAPED = re.compile(r"\\([-#*_+?^~|%{}\[\]()!@])")
_MARKS = {"strong": "**", "em": "*", "gone": "~~"}


def _mark(name: str, sign: str) -> str:
    """Return the pattern of a text between two signs; a sign inside a word is none."""
    s = re.escape(sign)
    inner = rf"(?:\\.|[^{s}\\\n]|(?<=[^\W_]){s}(?=[^\W_]))"
    bare = rf"(?<![^\W_])(?<!{s}){s}(?=[^\s{s}])(?P<{name}>{inner}+?)(?<!\s){s}(?!{s}|[^\W_])"
    return rf"{bare}|\{{{s}\}}(?=\S)(?P<{name}_braced>{inner}+?)\{{{s}\}}"


_INLINE = re.compile(
    r"\\(?P<escaped>[-#*_+?^~|%{}\[\]()!@])"
    r"|(?P<broken>\\\\)(?![^\s\\]{1,60}\\)"
    r"|\{\{(?P<mono>[^\n]{1,500}?)\}\}"
    r"|\[\^(?P<file>[^\[\]\n]+)\]"
    r"|\[~(?P<mention>[^\[\]\n]+)\]"
    r"|\[(?:(?P<label>(?:\\.|[^\[\]|\n\\])+)\|)?(?P<url>(?:https?://|mailto:|tel:)[^\[\]\s|]+)(?:\|[^\[\]\n]*)?\]"
    r"|!(?P<picture>[^!|\s][^!|\n]*)(?:\|[^!\n]*)?!"
    r"|(?P<address>https?://[^\s|\[\]<>{}\"'\\]*[^\s|\[\]<>{}\"'\\.,;:!?)*_])"
    rf"|{_mark('strong', '*')}|{_mark('em', '_')}|{_mark('gone', '-')}"
    r"|\{color(?::[^{}\n]{0,40})?\}"
)
_MACRO = re.compile(r"(?<!\\)\{(code|noformat|quote|panel)(?::([^{}\n]*))?\}")
_LIST = re.compile(r"^([*#-]+)\s+(.*)$")
_CELLS = re.compile(
    r"(\|\|?)((?:\\.|\[[^\[\]\n]*\]|\{\{[^\n]{1,500}?\}\}|![^!\s|][^!|\n]*\|[^!|\n]*!|[^|])*)"
)


def read(text: str, files: Sequence[Attachment]) -> str:
    """Return the canonical Markdown of a wiki text; a picture by name is found among `files`."""
    ids = {f.name: f.id for f in files}
    return "\n\n".join(_blocks(text.replace("\r\n", "\n").replace("\r", "\n"), ids, nested=False))


def _blocks(text: str, ids: Mapping[str, str], *, nested: bool) -> Iterator[str]:
    """Yield the blocks of a text; inside a quotation a further one is shown flat, as Jira does."""
    at, unclosed = 0, set[str]()
    while opened := _opening(text, at, unclosed):
        name, options = opened[1], opened[2] or ""
        closed = re.compile(rf"(?<!\\)\{{{name}\}}").search(text, opened.end())
        if closed is None:
            unclosed.add(name)
            continue
        yield from _lines(text[at : opened.start()], ids)
        at, inner = closed.end(), text[opened.end() : closed.start()]
        if name in ("code", "noformat"):
            yield _code(inner, options if name == "code" else "")
        elif nested:
            yield from _blocks(inner, ids, nested=True)
        elif quoted := "\n\n".join(_blocks(inner, ids, nested=True)):
            yield "\n".join(f"> {line}".rstrip() for line in quoted.split("\n"))
    yield from _lines(text[at:], ids)


def _opening(text: str, at: int, unclosed: set[str]) -> re.Match[str] | None:
    """Return the next macro that may have an end; one without is text."""
    return next((m for m in _MACRO.finditer(text, at) if m[1] not in unclosed), None)


def _code(inner: str, options: str) -> str:
    first = re.sub(r"[^\w+#.=-]", "", options.split("|", 1)[0])
    text = inner.removeprefix("\n").removesuffix("\n").replace(JOINER, "")
    return "\n".join(fence(text, "" if "=" in first else first))


def _lines(text: str, ids: Mapping[str, str]) -> Iterator[str]:
    """Yield paragraphs, lists, tables, headings and rules."""
    for kind, group in groupby((line.strip(" \t") for line in text.split("\n")), _kind):
        match kind:
            case "single":
                yield from (_single(line, ids) for line in group)
            case "item":
                yield "\n".join(_items(group, ids))
            case "row":
                yield "\n".join(_table(group, ids))
            case "":
                pass
            case _:
                # A new line is one in wiki text; in Markdown it would be a blank.
                yield "\\\n".join(guarded(_inline(line, ids)) for line in group)


def _kind(line: str) -> str:
    if re.match(r"h[1-6]\.\s|bq\.\s|-{4,}$", line):
        return "single"
    if _LIST.match(line):
        return "item"
    return "row" if line.startswith("|") and len(line) > 1 else "text" if line else ""


def _single(line: str, ids: Mapping[str, str]) -> str:
    if line.startswith("h"):
        return f"{'#' * int(line[1])} {_flat(line[3:].strip(), ids)}"
    return f"> {guarded(_flat(line[4:], ids))}" if line.startswith("bq.") else "***"


def _items(lines: Iterable[str], ids: Mapping[str, str]) -> Iterator[str]:
    """Yield the items of a list; none is two levels deeper than the one before."""
    depth = 0
    for found in filter(None, map(_LIST.match, lines)):
        depth = min(len(found[1]), depth + 1)
        mark = "1." if found[1][-1] == "#" else "-"
        text = guarded(_inline(found[2], ids)).replace("\n", f"\n{'   ' * depth}")
        yield f"{'   ' * (depth - 1)}{mark} {text}"


def _table(lines: Iterable[str], ids: Mapping[str, str]) -> Iterator[str]:
    """Yield the rows; the first is the heading, which Markdown's tables must have."""
    rows = [[cell(_flat(text.strip(), ids)) for text in _split(line)] for line in lines]
    width = max(len(row) for row in rows)
    for number, row in enumerate(rows):
        yield f"| {' | '.join(row + [''] * (width - len(row)))} |"
        if number == 0:
            yield f"|{' --- |' * width}"


def _split(line: str) -> list[str]:
    cells = [found[2] for found in _CELLS.finditer(line)]
    return cells[:-1] if len(cells) > 1 and not cells[-1].strip() else cells


def _flat(text: str, ids: Mapping[str, str]) -> str:
    return _inline(text, ids).replace("\\\n", " ")


def _inline(text: str, ids: Mapping[str, str]) -> str:
    parts, position = [], 0
    for found in _INLINE.finditer(text):
        parts += [_plain(text[position : found.start()]), _token(found, ids)]
        position = found.end()
    return "".join([*parts, _plain(text[position:])])


def _plain(text: str) -> str:
    return escape(text.replace(JOINER, ""))


def _token(found: re.Match[str], ids: Mapping[str, str]) -> str:
    kind, value = found.lastgroup or "", found[found.lastgroup or 0]
    match kind.removesuffix("_braced"):
        case "escaped":
            return _plain(value)
        case "broken":
            return "\\\n"
        case "mono":
            return code(_ESCAPED.sub(r"\1", value).replace(JOINER, ""))
        case "file":
            return f"[{_plain(value)}](<attachment:{ids[value]}>)" if value in ids else _plain(found[0])
        case "mention":
            return f"@{_plain(value.removeprefix('accountid:'))}"
        case "url":
            return f"[{_inline(found['label'], ids)}](<{value}>)" if found["label"] else f"<{value}>"
        case "address":
            return f"<{value}>"
        case "picture":
            return _picture(value, found[0], ids)
        case "strong" | "em" | "gone" as mark:
            return f"{_MARKS[mark]}{_inline(value, ids)}{_MARKS[mark]}"
        case _:
            return ""


def _picture(name: str, whole: str, ids: Mapping[str, str]) -> str:
    if re.match("https?://", name):
        return f"![](<{name}>)"
    return f"![{_plain(name)}](<attachment:{ids[name]}>)" if name in ids else _plain(whole)
