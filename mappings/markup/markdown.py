"""Canonical Markdown itself: its one parser, and how references to files are resolved in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache

from markdown_it import MarkdownIt

REFERENCE = re.compile(r"(!?)\[([^\]\n]*)\]\(<?attachment:([^)\s>]+)>?\)")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")


@cache
def parser() -> MarkdownIt:
    """Return the parser of canonical Markdown: tables and strikethrough, no raw HTML, no guessed links."""
    made = MarkdownIt("gfm-like", {"html": False, "linkify": True})
    if made.linkify is not None:
        made.linkify.set({"fuzzy_link": False, "fuzzy_email": False})
    return made


def refer(markdown: str, files: Mapping[str, str]) -> str:
    """Return the Markdown with each file reference pointing to its place in `files`, or named in words."""

    def resolve(found: re.Match[str]) -> str:
        picture, label, file = found.groups()
        if file in files:
            return f"{picture}[{label}](<{files[file]}>)"
        return f"\\[{'picture' if picture else 'file'}: {label or 'without a name'}\\]"

    return outside_code(markdown, lambda line: REFERENCE.sub(resolve, line))


def outside_code(markdown: str, change: Callable[[str], str]) -> str:
    """Return the Markdown with `change` applied to each line that is not inside a fenced code block."""
    fence, lines = "", []
    for line in markdown.split("\n"):
        mark = _FENCE.match(line)
        if fence:
            lines.append(line)
            if mark and mark[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
        elif mark:
            fence = mark[1]
            lines.append(line)
        else:
            lines.append(change(line))
    return "\n".join(lines)
