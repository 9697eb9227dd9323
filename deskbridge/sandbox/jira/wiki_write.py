"""Writes an Atlassian document (ADF) as Jira's wiki markup, as far as wiki can say it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from deskbridge.sandbox.jira.model import Json
from deskbridge.sandbox.jira.wiki_read import Names, inline

_SIGNS = {"strong": "*", "em": "_", "strike": "-", "underline": "+"}
_STARTS_BLOCK = re.compile(r"^(\s*)([*#]{1,9}\s|-{1,3}\s|\||-{4})", re.MULTILINE)


def wiki(document: Json, files: Mapping[str, str]) -> str:
    """Return the wiki text of a document; `files` gives the file name of a media id."""
    return _Writer(files).blocks(document.get("content", []), "\n\n").strip()


def escape(text: str) -> str:
    """Return `text` such that reading it as wiki gives it back; only as many signs as needed."""
    read = inline(text, Names())
    same = len(read) <= 1 and all(node.get("text") == text for node in read)
    if same or any(mark["type"] == "link" for node in read for mark in node.get("marks", [])):
        return text
    return re.sub(r"([-*_+^~?{}\[\]!|])", r"\\\1", text)


class _Writer:
    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files

    def blocks(self, nodes: list[Json], between: str) -> str:
        return between.join(self._block(node) for node in nodes)

    def _block(self, node: Json) -> str:
        write = self._BLOCKS.get(node["type"])
        if write is not None:
            return write(self, node)
        inner: list[Json] = node.get("content", [])
        if inner and "text" not in inner[0] and inner[0]["type"] in self._BLOCKS:
            return self.blocks(inner, "\n")
        return self.line(inner)

    def _paragraph(self, node: Json) -> str:
        return _STARTS_BLOCK.sub(r"\1\\\2", self.line(node.get("content", [])))

    def _heading(self, node: Json) -> str:
        return f"h{node['attrs']['level']}. {self.line(node.get('content', []), ' ')}"

    def _code(self, node: Json) -> str:
        text = "".join(part.get("text", "") for part in node.get("content", []))
        language = (node.get("attrs") or {}).get("language")
        if not language and "{noformat}" not in text:
            return f"{{noformat}}\n{text}\n{{noformat}}"
        return f"{{code{':' + language if language else ''}}}\n{text}\n{{code}}"

    def _quote(self, node: Json) -> str:
        return f"{{quote}}\n{self.blocks(node.get('content', []), chr(10) * 2)}\n{{quote}}"

    def _panel(self, node: Json) -> str:
        return f"{{panel}}\n{self.blocks(node.get('content', []), chr(10) * 2)}\n{{panel}}"

    def _rule(self, node: Json) -> str:
        return "----"

    def _list(self, node: Json, signs: str = "") -> str:
        signs += "#" if node["type"] == "orderedList" else "*"
        return "\n".join(self._item(item, signs) for item in node.get("content", []))

    def _item(self, item: Json, signs: str) -> str:
        texts, nested = [], []
        for part in item.get("content", []):
            if part["type"] in ("bulletList", "orderedList"):
                nested.append(self._list(part, signs))
            else:
                texts.append(self._block(part).replace("\n", "\\\\ "))
        return "\n".join([f"{signs} {' '.join(texts)}", *nested])

    def _table(self, node: Json) -> str:
        return "\n".join(self._row(row) for row in node.get("content", []))

    def _row(self, row: Json) -> str:
        bars = ["||" if cell["type"] == "tableHeader" else "|" for cell in row.get("content", [])]
        texts = [self.blocks(cell.get("content", []), "\n") for cell in row.get("content", [])]
        cells = [text.replace("\n", "\\\\ ") or " " for text in texts]
        return "".join(bar + cell for bar, cell in zip(bars, cells, strict=True)) + (bars[-1] if bars else "")

    def _media(self, node: Json) -> str:
        parts = node.get("content", [node]) if node["type"] != "media" else [node]
        return "\n".join(f"!{self._file(part)}!" for part in parts if part.get("type") == "media")

    def _file(self, node: Json) -> str:
        attrs = node.get("attrs", {})
        name = self._files.get(attrs.get("id", "")) or attrs.get("alt") or attrs.get("url")
        return str(name or attrs.get("id", ""))

    def line(self, nodes: list[Json], newline: str = "\n") -> str:
        edges = [None, *nodes, None]
        return "".join(
            self._inline(node, newline, inside=_inside_word(before, node, after))
            for before, node, after in zip(edges, nodes, edges[2:], strict=False)
        )

    def _inline(self, node: Json, newline: str, *, inside: bool) -> str:
        attrs, kind = node.get("attrs", {}), node["type"]
        if kind == "text":
            return _marked(node["text"], node.get("marks", []), inside=inside)
        if kind == "hardBreak":
            return newline
        if kind == "mention":
            return f"[~accountid:{attrs.get('id', '')}]"
        if kind in ("inlineCard", "blockCard"):
            return f"[{attrs.get('url', '')}]"
        if kind == "mediaInline":
            return f"[^{self._file(node)}]"
        return escape(str(attrs.get("text") or attrs.get("shortName") or attrs.get("timestamp") or ""))

    _BLOCKS: Mapping[str, Callable[[_Writer, Json], str]] = {
        "paragraph": _paragraph,
        "heading": _heading,
        "codeBlock": _code,
        "blockquote": _quote,
        "panel": _panel,
        "rule": _rule,
        "bulletList": _list,
        "orderedList": _list,
        "table": _table,
        "mediaSingle": _media,
        "mediaGroup": _media,
    }


def _inside_word(before: Json | None, node: Json, after: Json | None) -> bool:
    """Whether a text begins or ends inside a word, where a bare sign is no mark."""
    text, left, right = ((one or {}).get("text", "") for one in (node, before, after))
    return bool(re.match(r"\w\w", left[-1:] + text[:1]) or re.match(r"\w\w", text[-1:] + right[:1]))


def _marked(text: str, marks: list[Json], *, inside: bool = False) -> str:
    """Put the marks' signs around the text, outside of which its edge spaces must stay."""
    body = text.strip()
    if not body:
        return text
    kinds = {mark["type"]: mark.get("attrs", {}) for mark in marks}
    inner = f"{{{{{body}}}}}" if "code" in kinds else escape(body)
    signs = [sign for kind, sign in _SIGNS.items() if kind in kinds]
    if "subsup" in kinds:
        signs.append("^" if kinds["subsup"].get("type") == "sup" else "~")
    for sign in signs:
        mark = f"{{{sign}}}" if inside else sign
        inner = f"{mark}{inner}{mark}"
    if "link" in kinds:
        href = kinds["link"].get("href", "")
        inner = inner if href == body else f"[{inner}|{href}]"
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return before + inner + after
