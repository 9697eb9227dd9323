"""HTML bodies of mails and notes: read with the quoted history folded, written clean."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import unescape
from urllib.parse import unquote

import lxml.html
import nh3
import quotequail
from html_to_markdown import ConversionOptions, convert
from lxml.etree import ParserError
from lxml.html import HtmlElement

from mappings.markup.markdown import JOINER, parsed, parser, plain
from mappings.ticket import Attachment

FOLDED = "> **Earlier messages**"
"""The line that quoted history begins with in canonical Markdown."""

_OPTIONS = ConversionOptions(
    escape_misc=True,
    escape_asterisks=True,
    escape_underscores=True,
    list_indent_width=2,
    bullets="-",
    newline_style="backslash",
    extract_metadata=False,
    autolinks=True,
)
_SCHEMES = {"http", "https", "mailto", "tel", "attachment"}
_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "code": {"class"}, "pre": {"class"}}
_NESTING = 200
"""Elements inside one another above which only the words are kept: the parsers drop what is deeper."""
_TAG = re.compile(r"<(/?)([a-zA-Z]\w*)")
_DEPTHS = {
    **dict.fromkeys("area base br col hr img input link meta option p source tbody thead wbr".split(), 0),
    **dict.fromkeys("dd dt li td th tr".split(), 0),  # often without an end; their parents count for them
    "table": 4,
    "ul": 2,
    "ol": 2,
    "dl": 2,
}
"""How much deeper an element makes what follows it; any other one level."""
_LINES = 1_000_000
"""Lines in which quoted history is looked for; quotequail would fold away whatever comes after."""
_ADDRESS = re.compile(r"https?://[^\s<>\"'\\^`{|}\[\]]*[^\s<>\"'\\^`{|}\[\].,;:!?)]")


def read(text: str, files: Sequence[Attachment], signatures: Sequence[str]) -> str:
    """Return the Markdown of an HTML body: new words first, quoted history in a block quote below."""
    if not text.strip():
        return ""
    if _depth(text) > _NESTING:
        return plain(_stripped(text))
    new: list[str] = []
    old: list[str] = []
    for quoted, part in _parts(_prepared(text, files)):
        (old if quoted else new).append(_markdown(part))
    blocks = [b for b in new if b]
    if history := "\n\n".join(b for b in old if b):
        blocks.append(_folded(history))
    return "\n\n".join(blocks)


def write(markdown: str, files: Mapping[str, str], people: Mapping[str, str]) -> str:
    """Return clean HTML; a picture that the target cannot hold inline is named at its place."""
    made = parser()
    rendered = made.renderer.render(parsed(markdown, files, {}), made.options, {})
    return nh3.clean(rendered, attributes=_ATTRIBUTES, url_schemes=_SCHEMES - {"attachment"}).strip()


def _folded(history: str) -> str:
    """Return quoted history as one block quote, itself begun by the line that says so."""
    if all(line.startswith(">") for line in history.split("\n")):
        history = re.sub(r"(?m)^> ?", "", history)
    history = history.removeprefix(FOLDED.removeprefix("> ")).lstrip("\n")
    return "\n".join([FOLDED, ">", *(f"> {line}".rstrip() for line in history.split("\n"))])


def _depth(text: str) -> int:
    """Return how deep elements stand inside one another, roughly."""
    depth = most = 0
    for end, name in _TAG.findall(text):
        size = _DEPTHS.get(name.lower(), 1)
        depth = max(0, depth + (-size if end else size))
        most = max(most, depth)
    return most


def _stripped(text: str) -> str:
    """Return the text between tags."""
    before, *rest = text.split("<")
    return unescape(before + "\n".join(part.partition(">")[2] for part in rest))


def _prepared(text: str, files: Sequence[Attachment]) -> str:
    """Return the HTML with our files' pictures pointing to ``attachment:ID`` and each address a link."""
    try:
        tree = lxml.html.fragment_fromstring(text, create_parent="div")
    except ParserError:
        return text
    by_id = {f.id: f for f in files}
    by_location = {f.location: f for f in files}
    for image in list(tree.iter("img")):
        file = by_id.get(image.get("data-id", "")) or by_location.get(image.get("src", ""))
        if file is not None:
            image.set("src", f"attachment:{file.id}")
            image.set("alt", image.get("alt") or file.name)
        elif not image.get("src", "").startswith(("http:", "https:")):
            _name(image)
    if "://" in text:
        for element in list(_readable(tree)):
            _link(element)
    return str(lxml.html.tostring(tree, encoding="unicode"))


def _name(image: HtmlElement) -> None:
    """Put a picture's name at the place of a picture that nobody can fetch."""
    source = image.get("src", "")
    name = image.get("alt") or (unquote(source[4:].partition("@")[0]) if source.startswith("cid:") else "")
    image.attrib.clear()
    image.tag, image.text = "span", f"[picture: {name or 'without a name'}]"


def _readable(tree: HtmlElement) -> Iterator[HtmlElement]:
    """Yield the elements outside links and code."""
    if tree.tag not in ("a", "pre", "code", "script", "style", "textarea"):
        yield tree
        for child in tree:
            if isinstance(child.tag, str):
                yield from _readable(child)


def _link(element: HtmlElement) -> None:
    """Make the addresses in the element's text, and after each of its children, links."""
    for child in [None, *element]:
        text = element.text if child is None else child.tail
        if not text or "://" not in text:
            continue
        words = [text[a:b] for a, b in _cuts(text)]
        at = 0 if child is None else element.index(child) + 1
        if child is None:
            element.text = words[0]
        else:
            child.tail = words[0]
        for address, after in zip(words[1::2], words[2::2], strict=True):
            link = lxml.html.Element("a", href=address)
            link.text, link.tail = address, after
            element.insert(at, link)
            at += 1


def _cuts(text: str) -> Iterator[tuple[int, int]]:
    """Yield where plain words and addresses stand by turns, words first and last."""
    end = 0
    for found in _ADDRESS.finditer(text):
        yield end, found.start()
        yield found.span()
        end = found.end()
    yield end, len(text)


def _parts(text: str) -> list[tuple[bool, str]]:
    """Return (is quoted, HTML) parts; a body that is nothing but a quotation counts as new."""
    parts = [(not expanded, part) for expanded, part in quotequail.quote_html(text, limit=_LINES)]
    if any(not quoted and _words(part) for quoted, part in parts):
        return parts
    return [(False, text)]


def _markdown(text: str) -> str:
    clean = nh3.clean(text, attributes=_ATTRIBUTES, url_schemes=_SCHEMES)
    # Two quotations in a row would become one, and a link after an exclamation mark a picture.
    apart = clean.replace("<blockquote>", f"<p>{JOINER}</p><blockquote>").replace("!<a ", f"!{JOINER}<a ")
    result = re.sub(rf"(?m)^[> ]*{JOINER}\n", "", convert(apart, _OPTIONS).content or "")
    return result.replace(f"!{JOINER}", "\\!").replace(JOINER, "").strip() or plain(_words(text))


def _words(text: str) -> str:
    """Return what a text says without any of its markup."""
    try:
        tree = lxml.html.fragment_fromstring(text, create_parent="div")
    except ParserError:
        return text.strip()
    for silent in list(tree.iter("script", "style")):
        silent.drop_tree()
    return str(tree.text_content()).strip()
