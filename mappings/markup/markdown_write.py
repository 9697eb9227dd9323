"""The tree of a text, written as Markdown: one form for what can be written in many."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from mappings.markup.markdown import FILE, TASK, cell, code, escape, fence, guarded
from mappings.markup.nodes import Node, text

_BREAK = re.compile(r"(?<!\\)((?:\\\\)*)\\?\n")


class Writer:
    """Writes canonical Markdown. What another Markdown needs to be safe is a subclass's."""

    def blocks(self, nodes: Iterable[Node]) -> str:
        """Return blocks, a blank line between them."""
        return "\n\n".join(self._each(nodes, 0))

    def text(self, text: str) -> str:
        """Return words of no markup."""
        return escape(text)

    def guard(self, paragraph: str) -> str:
        """Return a paragraph in which no line begins anything but words."""
        return guarded(paragraph)

    def code_block(self, node: Node) -> str:
        """Return a block of code."""
        return "\n".join(fence(node.content.removesuffix("\n"), node.info))

    def link(self, node: Node) -> str:
        """Return a link, by its address alone if that is its text."""
        url = str(node.attrs.get("href", ""))
        if node.info == "auto":
            return f"<{''.join(child.content for child in node.children)}>"
        return f"[{self.spans(node.children) or self.text(url)}]({target(node, 'href')}"

    def image(self, node: Node) -> str:
        """Return a picture."""
        return f"![{self.text(node.content)}]({target(node, 'src')}"

    def _each(self, nodes: Iterable[Node], depth: int) -> Iterator[str]:
        """Yield each block; a list that follows another has other marks, or they would be one."""
        last, other = "", False
        for node in nodes:
            other = node.type == last and not other
            last = node.type
            if block := self._list(node, depth, other=other) if last.endswith("_list") else self.block(node):
                yield block

    def block(self, node: Node) -> str:
        """Return a block."""
        match node.type:
            case "paragraph" | "inline":
                return self.guard(self.spans(node.children))
            case "heading":
                return "#" * int(node.tag[1]) + " " + _BREAK.sub(r"\1 ", self.spans(node.children))
            case "bullet_list" | "ordered_list":
                return self._list(node, 0, other=False)
            case "fence" | "code_block":
                return self.code_block(node)
            case "blockquote":
                return indented(self.blocks(node.children), "> ", "> ")
            case "table":
                return "\n".join(self._rows(node))
            case "hr":
                return "***"
            case _:
                return self.guard(self.text(node.content))

    def _list(self, node: Node, depth: int, *, other: bool) -> str:
        start = int(node.attrs.get("start", 1))
        bullet = "*" if other else "-+"[depth % 2]  # three alike in one line would be a rule
        items = []
        for number, item in enumerate(node.children, start):
            mark = f"{number}{')' if other else '.'} " if node.type == "ordered_list" else f"{bullet} "
            items.append(indented(self._item(item, depth), mark, " " * len(mark)))
        loose = any(c.type == "paragraph" and not c.hidden for item in node.children for c in item.children)
        return ("\n\n" if loose else "\n").join(items)

    def _item(self, item: Node, depth: int) -> str:
        tight = all(child.hidden or child.type != "paragraph" for child in item.children)
        blocks = self._each(item.children, depth + 1)
        text = ("\n" if tight else "\n\n").join(blocks)
        if TASK in item.meta:
            text = re.sub(r"^\\\[([ xX])\\\]", "[x]" if item.meta[TASK] else "[ ]", text)
        return text

    def _rows(self, table: Node) -> Iterator[str]:
        for part in table.children:
            for row in part.children:
                yield f"| {' | '.join(self._cell(one) for one in row.children)} |"
                if part.type == "thead":
                    yield f"|{'|'.join(_rule(one) for one in row.children)}|"

    def _cell(self, node: Node) -> str:
        return cell(_BREAK.sub(r"\1 ", self.spans(node.children)).strip())

    def spans(self, nodes: Iterable[Node]) -> str:
        """Return inline pieces."""
        made = ""
        for node in _joined(nodes):
            if node.type != "link" and made.endswith("\\!"):
                made = f"{made[:-2]}!"  # an exclamation mark before a link would make it a picture
            made += self.span(node)
        return f"{made[:-2]}!" if made.endswith("\\!") else made

    def span(self, node: Node) -> str:
        """Return an inline piece."""
        match node.type:
            case "text":
                return self.text(node.content)
            case "inline":
                return self.spans(node.children)
            case "softbreak":
                return "\n"
            case "hardbreak":
                return "\\\n"
            case "code_inline":
                return code(node.content)
            case "strong" | "em" | "s":
                return f"{node.markup}{self.spans(node.children)}{node.markup}"
            case "link":
                return self.link(node)
            case "image":
                return self.image(node)
            case _:
                return self.text(node.content)


def _joined(nodes: Iterable[Node]) -> Iterator[Node]:
    """Yield pieces, the words in one: what a sign means depends on those beside it."""
    for kind, group in groupby(nodes, lambda node: node.type):
        if kind == "text":
            yield text("".join(node.content for node in group))
        else:
            yield from group


def indented(text: str, first: str, other: str) -> str:
    """Return lines set in: the first by `first`, the others by `other`."""
    lines = text.split("\n")
    rest = (other + line if line else other.rstrip() for line in lines[1:])
    return "\n".join([(first + lines[0]).rstrip(), *rest])


def target(node: Node, name: str) -> str:
    """Return where a link or picture leads and its title, and the bracket that ends both."""
    url = str(node.meta.get(FILE) or node.attrs.get(name, ""))
    title = re.sub(r'([\\"])', r"\\\1", " ".join(str(node.attrs.get("title", "")).split()))
    url = re.sub(r"&(?=#?\w+;)", r"\\&", url)
    url = f"<{url}>" if re.search(r"[\s()]", url) or not url else url
    return url + (f' "{title}")' if title else ")")


def _rule(head: Node) -> str:
    style = str(head.attrs.get("style", ""))
    left, right = ("left" in style or "center" in style), ("right" in style or "center" in style)
    return f" {':' if left else '-'}-{':' if right else '-'} "
