"""Between each tool's markup and canonical Markdown.

Canonical Markdown is CommonMark with tables and strikethrough, without raw HTML. A file is referred to
as ``attachment:ID`` with the id it has on the side it came from. Nothing that is written can execute
in its target: no script, no quick action, no macro, no mention that pages people.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from mappings.markup import gitlab, html, wiki_read, wiki_write
from mappings.ticket import Attachment, Raw, TextFormat

_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Signs that no HTML and no UTF-8 can hold."""
_READERS = {TextFormat.HTML: html.read, TextFormat.WIKI: wiki_read.read, TextFormat.MARKDOWN: gitlab.read}
_WRITERS = {TextFormat.HTML: html.write, TextFormat.WIKI: wiki_write.write, TextFormat.MARKDOWN: gitlab.write}


def read(raw: Raw, files: Sequence[Attachment]) -> str:
    """Return the canonical Markdown of a server's text; `files` are those that it may refer to.

    Never empty when the text has words.
    """
    markdown = _READERS[raw.format](_ILLEGAL.sub("", raw.text), files)
    return markdown.strip("\n") if markdown.strip() else ""


def write(markdown: str, format: TextFormat, files: Mapping[str, str]) -> str:
    """Return canonical Markdown in a tool's markup.

    `files` maps attachment ids to what the text must point at there (a file name, an upload's address);
    a picture or file that is not in it is named at its place.
    """
    return _WRITERS[format](_ILLEGAL.sub("", markdown), files)
