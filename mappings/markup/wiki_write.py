"""Jira's wiki markup, written: foreign text stays text, every sign that could start markup is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from mappings.markup.markdown import JOINER, parsed
from mappings.markup.nodes import Node, tree
from mappings.markup.wiki_write_inline import cell, heading, line, lines, plain

LIMIT = 1_000_000
"""Characters above which a text is written without its structure."""
_DEPTH = 20
"""Levels of a list that Jira reads."""
_LANGUAGES = frozenset(
    "actionscript ada applescript bash c c# c++ cpp csharp css dart delphi elixir erlang fortran go groovy "
    "haskell html java javascript js json julia kotlin latex lua matlab objc objective-c perl php powershell "
    "python r ruby rust sass scala sh shell sql swift typescript vbnet visualbasic xml yaml".split()
)
"""Those that a Jira knows; Data Center shows an error in place of any other."""


def write(markdown: str, files: Mapping[str, str], people: Mapping[str, str]) -> str:
    """Return wiki markup that shows the Markdown and does nothing else.

    `files` maps an attachment's id to its name in Jira; `people` the key of each person who may be mentioned
    to what Jira has behind the tilde: ``accountid:ID`` on Cloud, the user's name on Data Center.
    """
    if len(markdown) > LIMIT:
        return "\n".join(map(plain, markdown.split("\n")))
    return _Writer().blocks(tree(parsed(markdown, files, people)))


class _Writer:
    """Walks the Markdown tree."""

    def __init__(self) -> None:
        self._quoting = False
        self._listing = False

    def blocks(self, node: Node) -> str:
        gap = "\n" if self._listing else "\n\n"
        return gap.join(block for child in node.children if (block := self.block(child)))

    def block(self, node: Node) -> str:
        match node.type:
            case "paragraph" | "inline":
                return lines(node).strip("\n")
            case "heading":
                return self._heading(node)
            case "bullet_list" | "ordered_list":
                return "\n".join(self._items(node, ""))
            case "fence" | "code_block":
                return self._code(node)
            case "blockquote":
                return self._quotation(node)
            case "table":
                rows = [row for part in node.children for row in part.children]
                return "\n".join(_row(row, flat=self._listing) for row in rows)
            case "hr":
                return "" if self._listing else "----"
            case _:
                return plain(node.content)

    def _heading(self, node: Node) -> str:
        """Return a heading; where Jira can hold none it is bold, and a picture stands below it."""
        if self._quoting or self._listing:
            return line(node, "*")
        words, files = heading(node)
        return "\n\n".join([*([f"h{node.tag[1]}. {words}"] if words else []), *files])

    def _quotation(self, node: Node) -> str:
        """Return a quotation; one inside another is shown flat, since the macro does not nest."""
        outer, self._quoting = self._quoting, True
        listing, self._listing = self._listing, self._listing and outer
        inner = self.blocks(node)
        self._quoting, self._listing = outer, listing
        return inner if outer or not inner else f"{{quote}}\n{inner}\n{{quote}}"

    def _items(self, node: Node, marks: str) -> Iterator[str]:
        marks = marks[: _DEPTH - 1] + ("#" if node.type == "ordered_list" else "*")
        outer, self._listing = self._listing, True
        for item in node.children:
            texts = [text for c in item.children if not c.type.endswith("_list") and (text := self.block(c))]
            nested = [c for c in item.children if c.type.endswith("_list")]
            if texts or not nested:  # Jira drops an item without a sign in it
                yield f"{marks} " + ("\n".join(texts) or JOINER)
            for child in nested:
                yield from self._items(child, marks)
        self._listing = outer

    def _code(self, node: Node) -> str:
        """Return a code block, in which no text is the block's end or that of the quotation around it."""
        language = node.info.lower() if node.info.lower() in _LANGUAGES else ""
        macro = "code" if language or "{noformat}" in node.content else "noformat"
        ends = f"{macro}|quote" if self._quoting else macro
        text = node.content.removesuffix("\n")
        text = re.sub(rf"\{{(?=(?:{ends})\b)", f"{{{JOINER}", text, flags=re.IGNORECASE)
        return f"{{{macro}{':' + language if language else ''}}}\n{text}\n{{{macro}}}"


def _row(row: Node, *, flat: bool) -> str:
    if flat:  # Jira reads no table in a list
        return " \\| ".join(line(c).strip() for c in row.children)
    mark = "||" if row.children and row.children[0].type == "th" else "|"
    return mark + mark.join(cell(c).strip() or " " for c in row.children) + mark
