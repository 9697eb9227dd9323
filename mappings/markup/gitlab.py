"""GitLab's Markdown: the canonical one, but its text executes commands and pages people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from markdown_it.tree import SyntaxTreeNode

from mappings.markup.markdown import FILE, JOINER, PERSON, address, cell, code, escape, fence, guarded, parsed
from mappings.ticket import Attachment

# gitlab-api 4.4: mentions page people; references write notes on what they name.
_REFERENCE = re.compile(r"(?<!\w)@(?=\\?\w)|[#!&$](?=\d)|[~%](?=\\?[\w\"])")
_BREAK = re.compile(r"(?<!\\)((?:\\\\)*)\\?\n")
_COMMAND = re.compile(r"(?m)^/[A-Za-z_]")
_UPLOAD = re.compile(
    r"\((?:https?://[^\s)]*)?(?:/-/project/\d+|/[\w./-]+)?/uploads/([0-9a-f]{32})/([^\s)\"]+)"
)


def read(text: str, files: Sequence[Attachment]) -> str:
    """Return the canonical form: uploads as ``attachment:ID``, our own neutralising undone."""
    known = {f.id for f in files}

    def upload(found: re.Match[str]) -> str:
        file = f"{found[1]}/{found[2]}"
        return f"(attachment:{file}" if file in known else found[0]

    return _UPLOAD.sub(upload, text.replace("\r\n", "\n").replace(JOINER, ""))


def write(markdown: str, files: Mapping[str, str], people: Mapping[str, str]) -> str:
    """Return Markdown in which no line is a quick action and no word is a mention or a reference."""
    return _blocks(SyntaxTreeNode(parsed(markdown, files, people)).children)


def _blocks(nodes: Iterable[SyntaxTreeNode]) -> str:
    return "\n\n".join(_block(node) for node in nodes)


def _block(node: SyntaxTreeNode) -> str:
    match node.type:
        case "paragraph":
            return guarded(_inline(node))
        case "heading":
            return "#" * int(node.tag[1]) + " " + _BREAK.sub(r"\1 ", _inline(node))
        case "bullet_list" | "ordered_list":
            return _list(node)
        case "fence" | "code_block":
            return _code(node)
        case "blockquote":
            return _indented(_blocks(node.children), "> ", "> ")
        case "table":
            return "\n".join(_rows(node))
        case "hr":
            return "***"
        case _:
            return guarded(escape(node.content))


def _code(node: SyntaxTreeNode) -> str:
    """Return a code block, set in by one blank if need be: commands are looked for at the line's start."""
    block = "\n".join(fence(node.content.removesuffix("\n"), node.info))
    return _indented(block, " ", " ") if _COMMAND.search(block) else block


def _list(node: SyntaxTreeNode) -> str:
    start = int(node.attrs.get("start", 1))
    bullet = "-+"[node.level // 2 % 2] + " "  # three alike in one line would be a rule
    items = []
    for number, item in enumerate(node.children, start):
        mark = f"{number}. " if node.type == "ordered_list" else bullet
        tight = all(child.hidden or child.type != "paragraph" for child in item.children)
        text = ("\n" if tight else "\n\n").join(_block(child) for child in item.children)
        items.append(_indented(text, mark, " " * len(mark)))
    loose = any(c.type == "paragraph" and not c.hidden for item in node.children for c in item.children)
    return ("\n\n" if loose else "\n").join(items)


def _indented(text: str, first: str, other: str) -> str:
    lines = text.split("\n")
    rest = (other + line if line else other.rstrip() for line in lines[1:])
    return "\n".join([(first + lines[0]).rstrip(), *rest])


def _rows(table: SyntaxTreeNode) -> Iterable[str]:
    for part in table.children:
        for row in part.children:
            yield f"| {' | '.join(cell(_inline(one)) for one in row.children)} |"
            if part.type == "thead":
                yield f"|{'|'.join(_rule(one) for one in row.children)}|"


def _rule(head: SyntaxTreeNode) -> str:
    style = str(head.attrs.get("style", ""))
    left, right = ("left" in style or "center" in style), ("right" in style or "center" in style)
    return f" {':' if left else '-'}-{':' if right else '-'} "


def _inline(node: SyntaxTreeNode) -> str:
    return "".join(_span(child) for child in node.children)


def _span(node: SyntaxTreeNode) -> str:
    match node.type:
        case "inline":
            return _inline(node)
        case "text":
            return _inert(node.content)
        case "softbreak":
            return "\n"
        case "hardbreak":
            return "\\\n"
        case "code_inline":
            return code(node.content)
        case "strong" | "em" | "s":
            return f"{node.markup}{_inline(node)}{node.markup}"
        case "link":
            return _link(node)
        case "image":
            return f"![{_inert(node.content)}]({_target(node, 'src')}"
        case _:
            return _inert(node.content)


def _link(node: SyntaxTreeNode) -> str:
    url = str(node.attrs.get("href", ""))
    if person := node.meta.get(PERSON):
        return f"@{person}" if re.fullmatch(r"\w[\w.-]*", person) else _inline(node)
    if node.info == "auto":
        return f"<{address(node)}>"
    return f"[{_inline(node) or _inert(url)}]({_target(node, 'href')}"


def _target(node: SyntaxTreeNode, name: str) -> str:
    url = str(node.meta.get(FILE) or node.attrs.get(name, ""))
    title = re.sub(r'([\\"])', r"\\\1", " ".join(str(node.attrs.get("title", "")).split()))
    url = f"<{url}>" if re.search(r"[\s()]", url) or not url else url
    return url + (f' "{title}")' if title else ")")


def _inert(text: str) -> str:
    """Return a text that names nobody and refers to nothing."""
    return _REFERENCE.sub(rf"\g<0>{JOINER}", escape(text))
