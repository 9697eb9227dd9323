"""GitLab's Markdown: the canonical one, but its text executes commands and pages people."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from mappings.markup.markdown import outside_code, refer
from mappings.ticket import Attachment

_JOINER = "\u2060"
"""A character without width: ``@`` followed by it names nobody, and readers see nothing of it."""
_COMMAND = re.compile(r"^(\s*(?:[-*+>]\s+|\d+[.)]\s+)*)/(?=[A-Za-z_])")
_REFERENCE = re.compile(r"(?<![\w`/\\&])([@#!~%&$])(?=[\w\"{])")
_UPLOAD = re.compile(
    r"\((?:https?://[^\s)]*)?(?:/-/project/\d+|/[\w./-]+)?/uploads/([0-9a-f]{32})/([^\s)\"]+)"
)
_CODE_SPAN = re.compile(r"(`+)(.+?)\1")


def read(text: str, files: Sequence[Attachment]) -> str:
    """Return the canonical form: uploads as ``attachment:ID``, our own neutralising undone."""
    known = {f.id for f in files}

    def upload(found: re.Match[str]) -> str:
        file = f"{found[1]}/{found[2]}"
        return f"(attachment:{file}" if file in known else found[0]

    plain = text.replace("\r\n", "\n").replace(_JOINER, "")
    return outside_code(plain, lambda line: _UPLOAD.sub(upload, re.sub(r"^(\s*)\\/", r"\1/", line)))


def write(markdown: str, files: Mapping[str, str]) -> str:
    """Return Markdown in which no line is a quick action and no word is a mention or a reference."""
    return outside_code(refer(markdown.replace("\r", ""), files), _inert)


def _inert(line: str) -> str:
    line = _COMMAND.sub(r"\1\\/", line)
    parts, position = [], 0
    for code in _CODE_SPAN.finditer(line):
        parts += [_REFERENCE.sub(rf"\1{_JOINER}", line[position : code.start()]), code[0]]
        position = code.end()
    return "".join([*parts, _REFERENCE.sub(rf"\1{_JOINER}", line[position:])])
