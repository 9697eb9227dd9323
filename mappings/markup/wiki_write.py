"""Jira's wiki markup, written: foreign text stays text, every sign that could start markup is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from markdown_it.tree import SyntaxTreeNode

from mappings.markup.markdown import FILE, JOINER, PERSON, address, parsed

_SIGNS = re.compile(
    r"(?P<backslash>\\(?=[-\\#*_+?^~|%{}\[\]()!@]|$))"
    r"|[*_+-](?![^\W_])|(?<![^\W_])[*_+-]"  # between letters they are none
    r"|[~^|{}\[\]!]|\?(?=\?)"
    r"|\((?=(?:[ynix/!?+*-]|on|off|\*[rgby]|flag(?:off)?)\))"  # a small picture
)
_WORD = re.compile(r"\w")
_MACRO = re.compile(r"\{(?=(?:code|noformat|quote|panel|color|html)\b)", re.IGNORECASE)
_MARKS = {"strong": "*", "em": "_", "s": "-"}


def write(markdown: str, files: Mapping[str, str], people: Mapping[str, str]) -> str:
    """Return wiki markup that shows the Markdown and does nothing else."""
    tree = SyntaxTreeNode(parsed(markdown, files, people))
    return _Writer().blocks(tree)


class _Writer:
    """Walks the Markdown tree."""

    def __init__(self) -> None:
        self._quoting = False

    def blocks(self, node: SyntaxTreeNode) -> str:
        return "\n\n".join(block for child in node.children if (block := self.block(child)))

    def block(self, node: SyntaxTreeNode) -> str:
        match node.type:
            case "paragraph" | "inline":
                return _guarded(_inline(node))
            case "heading":
                return f"h{node.tag[1]}. {_inline(node).replace(chr(10), ' ')}"
            case "bullet_list" | "ordered_list":
                return "\n".join(self._items(node, ""))
            case "fence" | "code_block":
                return _code(node)
            case "blockquote":
                return self._quotation(node)
            case "table":
                return "\n".join(_row(row) for part in node.children for row in part.children)
            case "hr":
                return "----"
            case _:
                return _guarded(_escape(node.content))

    def _quotation(self, node: SyntaxTreeNode) -> str:
        """Return a quotation; one inside another is shown flat, since the macro does not nest."""
        outer, self._quoting = self._quoting, True
        inner = self.blocks(node)
        self._quoting = outer
        return inner if outer else f"{{quote}}\n{inner}\n{{quote}}"

    def _items(self, node: SyntaxTreeNode, marks: str) -> Iterator[str]:
        marks += "#" if node.type == "ordered_list" else "*"
        for item in node.children:
            texts = [c for c in item.children if not c.type.endswith("_list")]
            if texts:
                yield f"{marks} " + "\n".join(self.block(c) for c in texts)
            for child in item.children:
                if child.type.endswith("_list"):
                    yield from self._items(child, marks)


def _code(node: SyntaxTreeNode) -> str:
    """Return a code block, in which no text is the block's end or another macro's."""
    text = _MACRO.sub(f"{{{JOINER}", node.content.removesuffix("\n"))
    return f"{{code{':' + node.info if node.info else ''}}}\n{text}\n{{code}}"


def _row(row: SyntaxTreeNode) -> str:
    mark = "||" if row.children and row.children[0].type == "th" else "|"
    return mark + mark.join(_inline(cell).replace("\n", " ") or " " for cell in row.children) + mark


def _guarded(text: str) -> str:
    """Return a paragraph in which no line begins a list, a heading or a quotation."""
    text = re.sub(r"(?m)^[ \t]+", "", text)
    return re.sub(r"(?m)^(?=[*#-]+\s|h[1-6]\.|bq\.)", JOINER, text)


def _inline(node: SyntaxTreeNode) -> str:
    """Return a node's text; marks that touch a word stand in braces, without which they would be text."""
    shown = ""
    contents = [child.content for child in node.children]
    for child, after in zip(node.children, [*contents[1:], ""], strict=False):
        sign = _MARKS.get(child.type)
        if sign is None:
            shown += _span(child)
            continue
        inner = _inline(child).replace("\n", " ")
        touched = _WORD.match(shown[-1:]) or _WORD.match(after)
        sign = f"{{{sign}}}" if touched else sign
        shown += f"{sign}{inner}{sign}" if inner.strip() else inner
    return shown


def _span(node: SyntaxTreeNode) -> str:
    match node.type:
        case "inline":
            return _inline(node)
        case "softbreak":
            return " "
        case "hardbreak":
            return "\n"
        case "code_inline":
            return f"{{{{{_escape(node.content)}}}}}"
        case "link":
            return _link(node)
        case "image":
            return _picture(node)
        case _:
            return _escape(node.content)


def _link(node: SyntaxTreeNode) -> str:
    url, label = str(node.attrs.get("href", "")), _inline(node).replace("\n", " ")
    if person := node.meta.get(PERSON):
        return f"[~{person}]" if re.fullmatch(r"[\w.:@-]+", person) else label
    if name := node.meta.get(FILE):
        file = f"[^{name}]" if _nameable(name) else f"\\[file: {_escape(name)}\\]"
        return file if label in ("", _escape(name)) else f"{label} {file}"
    if node.info == "auto" and not url.startswith("mailto:"):
        return _address(address(node), "")
    return _address(url, label)


def _picture(node: SyntaxTreeNode) -> str:
    if name := node.meta.get(FILE):
        return f"!{name}!" if _nameable(name) else f"\\[picture: {_escape(name)}\\]"
    return _address(str(node.attrs.get("src", "")), _escape(node.content) or "picture")


def _address(url: str, label: str) -> str:
    """Return a link; what leads nowhere outside Jira is shown in words."""
    if not re.match(r"(?:https?://|mailto:|tel:)[^\[\]|{}\s]+$", url, re.IGNORECASE):
        return f"{label} {_escape(url)}".strip()
    return f"[{label}|{url}]" if label else f"[{url}]"


def _nameable(name: str) -> bool:
    """Whether wiki markup can refer to a file of this name; options behind a bar could run."""
    return not re.search(r"[!|\[\]{}^~\n\\]", name)


def _escape(text: str) -> str:
    return _SIGNS.sub(lambda m: f"\\{JOINER}" if m["backslash"] else f"\\{m[0]}", text)
