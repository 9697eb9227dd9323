"""What GitLab's Markdown says with whole lines, said in common Markdown before it is parsed."""

from __future__ import annotations

import re
from collections.abc import Iterator

# gitlab-api 4.5, and GitLab's page on its Markdown.
_FRONT = re.compile(r"(---|\+\+\+|;;;)[ \t]*\n(.*?)\n\1[ \t]*(?:\n|$)", re.DOTALL)
_LANGUAGES = {"---": "yaml", "+++": "toml", ";;;": "json"}
_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})(.*)$")
_CONTENTS = re.compile(r"[ \t]*(?:\[\[_TOC_\]\]|\[TOC\])[ \t]*$", re.IGNORECASE)


def common(text: str) -> str:
    """Return the text in common Markdown, as far as lines say what they are.

    Front matter and ``$$`` become code, ``>>>`` a quotation; a table of contents, which GitLab makes from
    the headings, is left out.
    """
    head = ""
    if found := _FRONT.match(text):
        head = "\n".join(["~~~~" + _LANGUAGES[found[1]], found[2], "~~~~", ""])
        text = text[found.end() :]
    return head + "\n".join(_quoted(list(_lines(text.split("\n")))))


def _lines(lines: list[str]) -> Iterator[tuple[str, bool]]:
    """Yield lines, and whether each is code."""
    fence = ""
    math = False
    for line in lines:
        found = _FENCE.match(line)
        if fence:
            yield line, True
            if found and found[1].startswith(fence) and not found[2].strip():
                fence = ""
        elif line.strip() == "$$":
            math = not math
            yield "```math" if math else "```", True
        elif math:
            yield line, True
        elif found and not (found[1][0] == "`" and "`" in found[2]):
            fence = found[1]
            yield line, True
        elif not _CONTENTS.match(line):
            yield line, False


def _quoted(lines: list[tuple[str, bool]]) -> Iterator[str]:
    """Yield lines, those between two ``>>>`` quoted."""
    marks = [n for n, (line, code) in enumerate(lines) if not code and line.rstrip() == ">>>"]
    ends = dict(zip(marks[::2], marks[1::2], strict=False))
    end = -1
    for number, (line, _) in enumerate(lines):
        if number in ends:
            end = ends[number]
            yield ""
        elif number == end:
            yield ""
        else:
            yield f"> {line}".rstrip() if number < end else line
