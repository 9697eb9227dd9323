"""Between each tool's markup and canonical Markdown.

Canonical Markdown is CommonMark with tables, task lists and strikethrough, without raw HTML; docs/text.md
says how it refers to files and people. Nothing that is written can execute in its target: no script, no
quick action, no macro, no mention that pages people whom no rule lets be mentioned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from mappings.markup import adf_read, adf_write, gitlab, html, lengths, wiki_read, wiki_write
from mappings.markup.cached import Cache
from mappings.markup.markdown import crowded, verbatim
from mappings.markup.references import cleaned, legal, rewritten
from mappings.ticket import Attachment, Raw, TextFormat

__all__ = ["NOBODY", "cleaned", "parts", "read", "rewritten", "write"]

NOBODY: Mapping[str, str] = MappingProxyType({})
_READ = Cache(16_000_000)
"""Texts as they were read: about 64 MB of the longest letters, and far less of common ones."""
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
    # Where a file is fetched changes with each look at it; its address in the text does so without the query.
    known = tuple((f.id, f.name, f.location.partition("?")[0]) for f in files)
    key = (raw.format, raw.sha, len(raw.text), known, tuple(signatures))
    return _READ.get(key, lambda: _converted(raw, files, signatures))


def _converted(raw: Raw, files: Sequence[Attachment], signatures: Sequence[str]) -> str:
    text = legal(raw.text)
    if raw.format is TextFormat.MARKDOWN and crowded(text):
        markdown = verbatim(text.replace("\r\n", "\n").replace("\r", "\n"))
    elif raw.format is TextFormat.HTML:
        markdown = html.read(text, files, signatures)
    else:
        markdown = _READERS[raw.format](text, files)
    markdown = cleaned(markdown)
    return markdown.strip("\n") if markdown.strip() else ""


def write(
    markdown: str, format: TextFormat, files: Mapping[str, str], *, people: Mapping[str, str] = NOBODY
) -> str:
    """Return canonical Markdown in a tool's markup.

    `files` maps attachment ids to what the text must point at there (a file name, an upload's address);
    a picture or file that is not in it is named at its place. `people` maps the key of each person whom
    a rule lets be mentioned to the native id there; anybody else is named and not told.
    """
    text = cleaned(markdown)
    return _WRITERS[format](verbatim(text) if crowded(text) else text, files, people)


def parts(
    markdown: str,
    format: TextFormat,
    limit: int,
    files: Mapping[str, str],
    people: Mapping[str, str] = NOBODY,
) -> list[str]:
    """Return a text in parts, in order, each of which is written in at most `limit` characters.

    Empty if the text is too long even for that: then it is attached whole. See `lengths.parts`.
    """
    return lengths.parts(
        cleaned(markdown), lambda part: len(write(part, format, files, people=people)), limit
    )
