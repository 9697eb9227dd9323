"""Between each tool's markup and canonical Markdown.

Canonical Markdown is CommonMark with tables, task lists and strikethrough, without raw HTML; docs/text.md
says how it refers to files and people. Nothing that is written can execute in its target: no script, no
quick action, no macro, no mention that pages people whom no rule lets be mentioned.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from mappings.markup import adf_read, adf_write, gitlab, html, wiki_read, wiki_write
from mappings.ticket import Attachment, Raw, TextFormat

NOBODY: Mapping[str, str] = MappingProxyType({})
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Signs that no HTML and no UTF-8 can hold."""
_READERS = {
    TextFormat.WIKI: wiki_read.read,
    TextFormat.MARKDOWN: gitlab.read,
    TextFormat.ADF: adf_read.read,
}
_WRITERS = {
    TextFormat.HTML: html.write,
    TextFormat.WIKI: wiki_write.write,
    TextFormat.MARKDOWN: gitlab.write,
    TextFormat.ADF: adf_write.write,
}


def read(raw: Raw, files: Sequence[Attachment], *, signatures: Sequence[str] = ()) -> str:
    """Return the canonical Markdown of a server's text; `files` are those that it may refer to.

    `signatures` are HTML texts, as the agents set them up: one that a body ends with is folded away. Never
    empty when the text has words.
    """
    text = _ILLEGAL.sub("", raw.text)
    if raw.format is TextFormat.HTML:
        markdown = html.read(text, files, signatures)
    else:
        markdown = _READERS[raw.format](text, files)
    return markdown.strip("\n") if markdown.strip() else ""


def write(
    markdown: str, format: TextFormat, files: Mapping[str, str], *, people: Mapping[str, str] = NOBODY
) -> str:
    """Return canonical Markdown in a tool's markup.

    `files` maps attachment ids to what the text must point at there (a file name, an upload's address);
    a picture or file that is not in it is named at its place. `people` maps the key of each person whom
    a rule lets be mentioned to the native id there; anybody else is named and not told.
    """
    return _WRITERS[format](_ILLEGAL.sub("", markdown), files, people)
