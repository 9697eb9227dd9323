"""How the tests of the markups read texts: with readers that are not ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import lxml.html
from lxml.html import HtmlElement
from markdown_it import MarkdownIt

from mappings.markup import read, write
from mappings.ticket import Raw, TextFormat
from tests.mappings.bodies import FILES, UPLOAD

FORMATS = tuple(TextFormat)
ELEMENTS = "p br ol ul li table tr pre code blockquote a img h1 h2 h3 hr strong em s".split()
NAMES = {
    TextFormat.HTML: {f.id: f.location for f in FILES},
    TextFormat.WIKI: {f.id: f.name for f in FILES},
    TextFormat.ADF: {f.id: f.name for f in FILES},
    TextFormat.MARKDOWN: {f.id: f"/uploads/{UPLOAD.id}" for f in FILES},
}
"""What each tool's text must point at for the same files."""
SIGNS = """
* ** _ ` `` ``` ~~~ ~~ [ ] ( ) ]( < > | \\ \\\\ { } {code} {noformat} {quote} {{ }} ---- === : $ ^ ~ + - #
/close @all #1 !2 !x.png! [~bob] [^f.txt] &amp; &#64; (x) <b> <script> javascript:x 100% a_b c-d 5*3
https://a.example/x_y?q=1#f@g https://b.example/(z) me@c.example C:\\dir\\new alpha beta 日本 è 🎉
""".split()
BREAKS = ["\n", "\n\n", "\r\n", "  \n", "\\\n", " ", "    ", "\t", "\u00a0"]
STARTS = ["h1. ", "# ", "- ", "* ", "1. ", "> ", "| "]
PIECES = [*SIGNS, *BREAKS, *STARTS]
"""What texts are made of that nobody thought of."""


def words(text: str) -> list[str]:
    """The words of a text, in their order."""
    return re.findall(r"[^\W_]+", text)


@cache
def _reader(*, raw: bool) -> MarkdownIt:
    made = MarkdownIt("gfm-like", {"html": raw, "linkify": True, "maxNesting": 200})
    assert made.linkify is not None
    made.linkify.set({"fuzzy_link": False, "fuzzy_email": False})
    made.linkify.add("mailto:", None).add("//", None)
    return made


def shown(markdown: str, *, raw: bool = False) -> HtmlElement:
    """A Markdown text as any reader shows it, with or without the raw HTML in it."""
    return lxml.html.fragment_fromstring(_reader(raw=raw).render(markdown), create_parent="div")


def seen(markdown: str) -> list[str]:
    """The words that somebody reads in a Markdown text, those of pictures included."""
    tree = shown(markdown)
    for picture in list(tree.iter("img")):
        picture.tag, picture.text = "span", picture.get("alt")
    return words(str(tree.text_content()))


def elements(markdown: str) -> dict[str, int]:
    """How many of which elements a Markdown text has; a mention is none, it may become a name."""
    tree = shown(markdown)
    for link in list(tree.iter("a")):
        if str(link.get("href")).startswith("mention:"):
            link.drop_tag()
    return {name: len(list(tree.iter(name))) for name in ELEMENTS}


def passed(markdown: str, format: TextFormat) -> str:
    """What is read back of a text that was written in a format."""
    return read(Raw(format, write(markdown, format, NAMES[format])), FILES)


def nodes(document: Any) -> list[Any]:
    """All nodes of a document (ADF)."""
    return list(_walk(document))


def _walk(node: Any) -> Iterator[Any]:
    yield node
    for child in node.get("content", []):
        yield from _walk(child)


def check_wiki(wiki: str) -> None:
    """Nothing in a wiki text is a macro, a mention, or a link or picture with anything but an address."""
    bare = re.sub(r"\{(code|noformat)(?::[\w+#.-]+)?\}\n.*?\n\{\1\}", "", wiki, flags=re.DOTALL)
    bare = re.sub(r"(?m)^\{quote\}$", "", re.sub(r"\{\{\{\}.*?\{\}\}\}|\{\{.*?\}\}", "", bare))
    bare = re.sub(
        r"\[(?:(?:\\.|[^\[\]|\\])*\|)?(?:https?://|mailto:|tel:)[^\s\[\]{}|]*\]|\[\^[\w.]+\]", "", bare
    )
    bare = re.sub(r"!(?:shot\.png|app\.log)!|\{[*_-]\}", "", bare)
    assert not re.search(r"(?<!\\)[{}\[\]|]|(?<![\\\w])![^\s!]", bare), bare
