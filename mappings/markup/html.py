"""HTML bodies of mails and notes: read with the quoted history folded, written clean."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import lxml.html
import nh3
import quotequail
from html_to_markdown import ConversionOptions, convert
from lxml.etree import ParserError

from mappings.markup.markdown import parser, refer
from mappings.ticket import Attachment

FOLDED = "> **Earlier messages**"
"""The line that quoted history begins with in canonical Markdown."""

_OPTIONS = ConversionOptions(
    escape_misc=True,
    escape_asterisks=True,
    escape_underscores=True,
    br_in_tables=True,
    list_indent_width=2,
    bullets="-",
    newline_style="backslash",
    extract_metadata=False,
    autolinks=False,
)
_SCHEMES = {"http", "https", "mailto", "tel", "attachment"}
_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "code": {"class"}, "pre": {"class"}}


def read(text: str, files: Sequence[Attachment]) -> str:
    """Return the Markdown of an HTML body: new words first, quoted history in a block quote below."""
    if not text.strip():
        return ""
    new: list[str] = []
    old: list[str] = []
    for quoted, part in _parts(_with_references(text, files)):
        (old if quoted else new).append(_markdown(part))
    blocks = [b for b in new if b]
    history = "\n\n".join(b for b in old if b)
    if history:
        if all(line.startswith(">") for line in history.split("\n")):
            history = re.sub(r"(?m)^> ?", "", history)
        blocks.append("\n".join([FOLDED, ">", *(f"> {line}".rstrip() for line in history.split("\n"))]))
    return "\n\n".join(blocks)


def write(markdown: str, files: Mapping[str, str]) -> str:
    """Return clean HTML; a picture that the target cannot hold inline is named at its place."""
    rendered = parser().render(refer(markdown, files))
    return nh3.clean(rendered, attributes=_ATTRIBUTES, url_schemes=_SCHEMES - {"attachment"}).strip()


def _with_references(text: str, files: Sequence[Attachment]) -> str:
    """Return the HTML with each of our files' pictures pointing to ``attachment:ID``."""
    try:
        tree = lxml.html.fragment_fromstring(text, create_parent="div")
    except ParserError:
        return text
    by_id = {f.id: f for f in files}
    by_location = {f.location: f for f in files}
    for image in tree.iter("img"):
        file = by_id.get(image.get("data-id", "")) or by_location.get(image.get("src", ""))
        if file is not None:
            image.set("src", f"attachment:{file.id}")
            image.set("alt", image.get("alt") or file.name)
        elif not image.get("src", "").startswith(("http:", "https:")):
            image.drop_tag()
    return str(lxml.html.tostring(tree, encoding="unicode"))


def _parts(text: str) -> list[tuple[bool, str]]:
    """Return (is quoted, HTML) parts; a body that is nothing but a quotation counts as new."""
    parts = [(not expanded, part) for expanded, part in quotequail.quote_html(text)]
    if any(not quoted and _words(part) for quoted, part in parts):
        return parts
    return [(False, text)]


def _markdown(text: str) -> str:
    clean = nh3.clean(text, attributes=_ATTRIBUTES, url_schemes=_SCHEMES)
    result = (convert(clean, _OPTIONS).content or "").strip()
    if not result and _words(text):
        # Deep nesting can empty the converter's output: plain words are better than none.
        result = _words(text)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", result))


def _words(text: str) -> str:
    try:
        return str(lxml.html.fragment_fromstring(text, create_parent="div").text_content()).strip()
    except ParserError:
        return text.strip()
