"""Jira's wiki markup: a small reader of what people write, and a writer in which text stays text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from markdown_it.tree import SyntaxTreeNode

from mappings.markup.markdown import parser
from mappings.ticket import Attachment

_SPECIAL = re.compile(r"([*_+^~|{}\[\]!?@\\-])")
_INLINE = re.compile(
    r"\\(?P<escaped>[-#*_+?^~|%{}\[\]()!@])"
    r"|\{\{(?P<mono>.+?)\}\}"
    r"|\[\^(?P<file>[^\]\n]+)\]"
    r"|\[~(?P<mention>[^\]\n]+)\]"
    r"|\[(?:(?P<label>[^|\]\n]+)\|)?(?P<url>(?:https?|mailto):[^\]\s|]+)(?:\|[^\]\n]*)?\]"
    r"|!(?P<picture>[^!|\s][^!|\n]*)(?:\|[^!\n]*)?!"
    r"|(?<!\w)\*(?P<strong>\S(?:[^*\n]*\S)?)\*(?!\w)"
    r"|(?<!\w)_(?P<em>\S(?:[^_\n]*\S)?)_(?!\w)"
    r"|(?<!\w)-(?P<gone>\S(?:[^-\n]*\S)?)-(?!\w)"
    r"|\{color(?::[^}]*)?\}"
)
_UNESCAPE = re.compile(r"\\([-#*_+?^~|%{}\[\]()!@])")
_MARKDOWN = re.compile(r"([\\`*_\[\]<>~|])")
_BLOCK = re.compile(r"^\{(code|noformat|quote|panel)(?::([^}]*))?\}\s*(.*)$")
_LIST = re.compile(r"^([*#-]+)\s+(.*)$")


def read(text: str, files: Sequence[Attachment]) -> str:
    """Return the canonical Markdown of a wiki text; a picture by name is found among `files`."""
    ids = {f.name: f.id for f in files}
    return "\n".join(_blocks(text.replace("\r\n", "\n").split("\n"), ids))


def write(markdown: str, files: Mapping[str, str]) -> str:
    """Return wiki markup in which foreign text is text: every sign that could start markup is escaped."""
    tree = SyntaxTreeNode(parser().parse(markdown))
    return "\n\n".join(block for node in tree.children if (block := _Writer(files).block(node)))


def _blocks(lines: Sequence[str], ids: Mapping[str, str]) -> list[str]:
    shown: list[str] = []
    at, before = 0, ""
    while at < len(lines):
        if opened := _BLOCK.match(lines[at].strip()):
            inner, at = _inside(lines, at, opened[1], opened[3])
            shown += ["", *_fenced(opened[1], opened[2] or "", inner, ids), ""]
            before = ""
            continue
        kind, line = _line(lines[at], ids)
        if kind == before == "text":
            shown[-1] += "\\"  # a line break in wiki text is one; in Markdown it would be a space
        elif before in ("row", "item") and kind != before:
            shown.append("")
        shown.append(line)
        at, before = at + 1, kind
    return shown


def _inside(lines: Sequence[str], at: int, name: str, rest: str) -> tuple[list[str], int]:
    """Return the lines of a block macro that opens at line `at`, and the line after its end."""
    end, inner = "{" + name + "}", []
    if rest.endswith(end):
        return [rest.removesuffix(end)], at + 1
    inner, at = ([rest] if rest else []), at + 1
    while at < len(lines) and not lines[at].rstrip().endswith(end):
        inner.append(lines[at])
        at += 1
    if at < len(lines) and (last := lines[at].rstrip().removesuffix(end)):
        inner.append(last)
    return inner, at + 1


def _fenced(name: str, options: str, inner: Sequence[str], ids: Mapping[str, str]) -> list[str]:
    if name in ("quote", "panel"):
        return [f"> {line}".rstrip() for line in "\n".join(_blocks(inner, ids)).strip().split("\n")]
    fence = "`" * max(3, *(len(run) + 1 for line in inner for run in re.findall("`+", line)), 3)
    first = options.split("|", 1)[0]
    language = first if name == "code" and "=" not in first else ""
    return [fence + language, *inner, fence]


def _line(line: str, ids: Mapping[str, str]) -> tuple[str, str]:
    """Return what a line is (``text``, ``row``, ``item`` or nothing of these) and its Markdown."""
    bare = line.strip()
    if heading := re.match(r"^h([1-6])\.\s+(.*)$", bare):
        return "", f"{'#' * int(heading[1])} {_inline(heading[2], ids)}\n"
    if bare.startswith("bq. "):
        return "", f"> {_inline(bare[4:], ids)}\n"
    if re.fullmatch("-{4,}", bare):
        return "", "\n---\n"
    if item := _LIST.match(bare):
        mark = "1." if item[1][-1] == "#" else "-"
        return "item", f"{'   ' * (len(item[1]) - 1)}{mark} {_inline(item[2], ids)}"
    if bare.startswith("|") and bare.endswith("|") and len(bare) > 1:
        return "row", _row(bare, ids)
    text = re.sub(r"^([#>+-]|\d+[.)])(?=\s)", r"\\\1", _inline(bare, ids))
    return "text" if bare else "", text


def _row(line: str, ids: Mapping[str, str]) -> str:
    head = line.startswith("||")
    cells = [_inline(c.strip(), ids) for c in re.split(r"\|\|" if head else r"(?<!\\)\|", line.strip("|"))]
    row = f"| {' | '.join(cells)} |"
    return f"{row}\n|{' --- |' * len(cells)}" if head else row


def _inline(text: str, ids: Mapping[str, str]) -> str:
    parts, position = [], 0
    for found in _INLINE.finditer(text):
        parts += [_plain(text[position : found.start()]), _token(found, ids)]
        position = found.end()
    return "".join([*parts, _plain(text[position:])])


def _plain(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text)


def _token(found: re.Match[str], ids: Mapping[str, str]) -> str:
    kind, value = found.lastgroup, found[found.lastgroup or 0]
    match kind:
        case "escaped":
            return _plain(value)
        case "mono":
            return "`" + _UNESCAPE.sub(r"\1", value) + "`"
        case "file":
            return f"[{_plain(value)}](attachment:{ids[value]})" if value in ids else _plain(found[0])
        case "mention":
            return f"@{_plain(value.removeprefix('accountid:'))}"
        case "url":
            return f"[{_inline(found['label'] or value, ids)}](<{value}>)"
        case "picture":
            return f"![{_plain(value)}](attachment:{ids[value]})" if value in ids else _plain(found[0])
        case "strong" | "em" | "gone":
            mark = {"strong": "**", "em": "*", "gone": "~~"}[kind]
            return f"{mark}{_inline(value, ids)}{mark}"
        case _:
            return ""


class _Writer:
    """Walks the Markdown tree; `files` says what each reference points at."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files
        self._quoting = False

    def block(self, node: SyntaxTreeNode) -> str:
        match node.type:
            case "paragraph" | "inline":
                return self._guarded(self.inline(node))
            case "heading":
                return f"h{node.tag[1]}. {self.inline(node)}"
            case "bullet_list" | "ordered_list":
                return "\n".join(self._items(node, ""))
            case "fence" | "code_block":
                return self._code(node)
            case "blockquote":
                return self._quotation(node)
            case "table":
                return "\n".join(self._row(row) for part in node.children for row in part.children)
            case "hr":
                return "----"
            case _:
                return _escape(node.content)

    def inline(self, node: SyntaxTreeNode) -> str:
        return "".join(self._span(child) for child in node.children)

    def _quotation(self, node: SyntaxTreeNode) -> str:
        """Return a quotation; one inside another is shown flat, since the macro does not nest."""
        outer, self._quoting = self._quoting, True
        inner = "\n\n".join(self.block(child) for child in node.children)
        self._quoting = outer
        return inner if outer else f"{{quote}}\n{inner}\n{{quote}}"

    def _guarded(self, text: str) -> str:
        """Return a paragraph in which no line begins a list, a heading or a quotation."""
        return re.sub(r"(?m)^(\s*)(#+\s|h[1-6]\.|bq\.)", lambda m: f"{m[1]}\\{m[2]}", text)

    def _span(self, node: SyntaxTreeNode) -> str:
        match node.type:
            case "inline":
                return self.inline(node)
            case "text":
                return _escape(node.content)
            case "softbreak":
                return " "
            case "hardbreak":
                return "\n"
            case "code_inline":
                return f"{{{{{_escape(node.content)}}}}}"
            case "strong" | "em" | "s":
                mark = {"strong": "*", "em": "_", "s": "-"}[node.type]
                return f"{mark}{self.inline(node)}{mark}"
            case "link":
                return self._link(node)
            case "image":
                return self._picture(node)
            case _:
                return _escape(node.content)

    def _link(self, node: SyntaxTreeNode) -> str:
        url, label = str(node.attrs.get("href", "")), self.inline(node)
        if url.startswith("attachment:"):
            name = self._files.get(url.removeprefix("attachment:"))
            return f"[^{name}]" if name else f"\\[file: {label}\\]"
        safe = url.replace("|", "%7C").replace("]", "%5D").replace("[", "%5B")
        return f"[{label}|{safe}]" if label else f"[{safe}]"

    def _picture(self, node: SyntaxTreeNode) -> str:
        url, label = str(node.attrs.get("src", "")), _escape(node.content)
        if url.startswith("attachment:"):
            name = self._files.get(url.removeprefix("attachment:"))
            return f"!{name}!" if name else f"\\[picture: {label or 'without a name'}\\]"
        return f"[{label or 'picture'}|{url}]"

    def _items(self, node: SyntaxTreeNode, marks: str) -> Iterator[str]:
        marks += "#" if node.type == "ordered_list" else "*"
        for item in node.children:
            texts = [c for c in item.children if not c.type.endswith("_list")]
            yield f"{marks} " + "\n".join(self.block(c) for c in texts)
            for child in item.children:
                if child.type.endswith("_list"):
                    yield from self._items(child, marks)

    def _code(self, node: SyntaxTreeNode) -> str:
        language = re.sub(r"[^\w+#-]", "", node.info.split(" ")[0]) if node.type == "fence" else ""
        text = node.content.rstrip("\n")
        name = "noformat" if "{code" in text else "code"
        return f"{{{name}{':' + language if language and name == 'code' else ''}}}\n{text}\n{{{name}}}"

    def _row(self, row: SyntaxTreeNode) -> str:
        mark = "||" if row.children and row.children[0].type == "th" else "|"
        cells = (self.inline(cell).replace("\n", " ") or " " for cell in row.children)
        return mark + mark.join(cells) + mark


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
