"""Reads HTML in one walk over its elements: blocks and lines of Markdown come out, in the order one reads.

The tree is lxml's; nothing of the source's markup is copied, so nothing of it can run. Elements that only
lay out a page (``div``, ``font``, layout tables) end lines and are gone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import local
from typing import Any, ClassVar

from lxml import etree
from lxml.etree import _Element as Element

from mappings.markup import html_table
from mappings.markup.blocks import Block, Item, List, Mark, Quote, Rule, Text, Whole
from mappings.markup.html_inline import EM, GONE, STRONG, Piece, destination, line, plain
from mappings.markup.html_look import NO_LOOK, Pictures, address, look, mark
from mappings.markup.markdown import JOINER, code, fence, unpadded

DEPTH = 20
"""Lists and quotations inside one another; what is deeper stands at this depth."""

_DEEPEST = 150
"""Elements inside one another; of what is deeper only the words are read."""
_STYLED = {
    **dict.fromkeys(("b", "strong"), STRONG),
    **dict.fromkeys(("i", "em", "cite", "dfn", "var"), EM),
    **dict.fromkeys(("s", "strike", "del"), GONE),
}
_LINES = frozenset(
    "div section article main header footer aside nav center address fieldset legend form figure figcaption"
    " dt dd tr td th caption thead tbody tfoot option optgroup select summary body html menu svg".split()
)
"""Elements that begin and end a line where they stand outside a table that is one."""
_PARAGRAPHS = frozenset(("p", "dl", "details"))
_HEADINGS = {f"h{n}": n for n in range(1, 7)}
_SILENT = frozenset("script style head title template meta link base noframes".split())
_CODE = frozenset(("code", "tt", "samp", "kbd"))
_FRAMES = frozenset(("iframe", "video", "audio", "embed"))
_BLOCKS = frozenset((*_HEADINGS, "p", "ul", "ol", "table", "pre", "blockquote", "hr"))
_SPACES = re.compile(r"[ \t\n\r\f]+")
_LANGUAGE = re.compile(r"(?:^|\s)(?:language-|lang-|brush:\s*|highlight-source-)([\w+#.-]+)")
_NUMBER = re.compile(r"(\d{1,9}|[a-zA-Z]|[ivxlcIVXLC]{1,6})[.)]")
_WORD_SIGN = re.compile(r"\s*(?:([·•o§▪–-])|((?:\d{1,3}|[a-zA-Z])[.)]))(?:\u00a0| ){2,}\s*")
_CHECKED = re.compile(r"\s*(?:([☐])|([☑☒✅]))\s*")
_BLANK_WORD = re.compile(
    r"MsoNormal[^>]{0,300}>(?:\s|&nbsp;|&#160;|\u00a0|<[^p/][^>]{0,300}>|</[^p][^>]{0,300}>){0,40}</p",
    re.IGNORECASE,
)

_UNDERSCORES = "\\_" * 10
"""What Outlook draws a line with in plain text."""
_BREAK, _PARAGRAPH = "\n", "\n\n"
_kept = local()


def tree(text: str) -> Element | None:
    """Return the elements of an HTML text; None where it has none and no words either."""
    parser: Any = getattr(_kept, "parser", None)
    if parser is None:
        _kept.parser = parser = etree.HTMLParser(
            encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True, recover=True
        )
    try:
        root: Element | None = etree.fromstring(f"<body>{text}".encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError:
        return None
    return root


class Reader:
    """Reads one body."""

    def __init__(self, pictures: Pictures, text: str, *, hidden: bool = False) -> None:
        self.pictures, self._hidden = pictures, hidden
        self._run: list[Piece | str] = []
        self.blocks: list[Block] = []
        self._style, self._links = 0, 0
        self._link: tuple[str, int] | None = None
        self._keeps_lines = False
        self._flat = False
        self._depth = self._level = 0
        self._mark = Mark.NEW
        # Word's paragraphs are lines where empty ones stand between them.
        self._word_lines = "MsoNormal" in text and _BLANK_WORD.search(text) is not None

    def read(self, element: Element) -> list[Block]:
        """Return the blocks of an element."""
        self._inside(element)
        self._flush()
        return self.blocks

    # Inline

    def _text(self, text: str | None) -> None:
        if not text:
            return
        if self._keeps_lines and "\n" in text:
            first, *rest = text.split("\n")
            self._text(first)
            for part in rest:
                self._run.append(_BREAK)
                self._text(part)
            return
        if self._keeps_lines:
            text = text.replace("  ", "\u00a0 ").replace("\t", "\u00a0\u00a0\u00a0 ")
        text = _SPACES.sub(" ", text)
        self._run.append(Piece(text, self._style, self._link))

    def _atom(self, markdown: str) -> None:
        if markdown:
            self._run.append(Piece(markdown, self._style, self._link, atom=True))

    def _line(self) -> None:
        """End the line if it has begun."""
        if self._run and self._run[-1] not in (_BREAK, _PARAGRAPH):
            self._run.append(_LINE)

    def _flush(self) -> None:
        """Make paragraphs of what was said since the last block."""
        if not self._run:
            return
        run, self._run = self._run, []
        if self._flat:
            self._run = run
            return
        lines: list[str] = []
        for part in [*_split(run), None]:
            text = line(part) if part else ""
            is_rule = text.startswith(_UNDERSCORES) and not text.strip("\\_")
            if text and not is_rule:
                lines.append(text)
                continue
            if lines:
                self.blocks.append(Text(lines, self._mark))
                lines = []
            if is_rule:
                self.blocks.append(Rule(self._mark))

    def _block(self, block: Block) -> None:
        self.blocks.append(block)

    # Elements

    def _inside(self, element: Element) -> None:
        self._text(element.text)
        for child in element:
            self._element(child, child.tag)
            self._text(child.tail)

    def _element(self, element: Element, tag: str) -> None:
        if tag in _SILENT and not self._hidden:
            return
        attributes = element.attrib
        seen = NO_LOOK
        if attributes:
            if "style" in attributes:
                seen = look(attributes["style"])
            if (seen.hidden or "hidden" in attributes) and not self._hidden:
                return
        kept = self._style, self._keeps_lines
        if seen is not NO_LOOK:
            self._style = (self._style & ~seen.removes) | seen.adds
            self._keeps_lines = self._keeps_lines or seen.keeps_lines
        self._level += 1
        handle = self._handlers.get(tag)
        if self._level > _DEEPEST:
            self._text(" ".join(map(str, element.itertext())))
        elif handle is None:
            self._inside(element)
        else:
            handle(self, element, tag)
        self._level -= 1
        self._style, self._keeps_lines = kept

    def _break(self, element: Element, tag: str) -> None:
        self._run.append(_BREAK)
        self._inside(element)

    def _image(self, element: Element, tag: str) -> None:
        self._atom(self.pictures.shown(element))

    def _emphasis(self, element: Element, tag: str) -> None:
        seen = look(element.attrib["style"]) if "style" in element.attrib else NO_LOOK
        before, self._style = self._style, (self._style | _STYLED[tag]) & ~seen.removes
        self._inside(element)
        self._style = before

    def _stray_item(self, element: Element, tag: str) -> None:
        """Read an item without a list around it; one right behind another is in the same list."""
        before = element.getprevious()
        follows = before is not None and before.tag == "li" and not (before.tail or "").strip()
        count = len(self.blocks)
        self._list_of([element], None, within=False)
        if follows and count and len(self.blocks) == count + 1:
            listed, made = self.blocks[-2:]
            if isinstance(listed, List) and isinstance(made, List) and listed.start is None:
                listed.items += made.items
                self.blocks.pop()

    def _rule(self, element: Element, tag: str) -> None:
        self._line()
        if not self._flat:
            self._flush()
            self._block(Rule(self._mark))

    def _frame(self, element: Element, tag: str) -> None:
        url = address(element.get("src", ""))
        if url.startswith("http"):
            self._line()
            self._atom(f"<{destination(url)}>")
            self._line()
        self._inside(element)

    def _input(self, element: Element, tag: str) -> None:
        if element.get("type", "").lower() == "checkbox":
            self._text("☑ " if "checked" in element.attrib else "☐ ")

    def _quoted_words(self, element: Element, tag: str) -> None:
        self._text("“")
        self._inside(element)
        self._text("”")

    def _division(self, element: Element, tag: str) -> None:
        meant = mark(element, tag) if "class" in element.attrib or "id" in element.attrib else None
        self._line()
        if meant is None or self._flat:
            self._inside(element)
        else:
            with self._marked(meant):
                self._inside(element)
        self._line()

    @contextmanager
    def _marked(self, meant: Mark) -> Iterator[None]:
        self._flush()
        before = self._mark
        self._mark = before if before in (Mark.CITED, Mark.BELOW) else meant
        start = len(self.blocks)
        yield
        self._flush()
        if meant is Mark.BELOW and len(self.blocks) == start:
            self.blocks.append(Text([], Mark.BELOW))  # empty, and yet it says where history begins
        self._mark = before

    def _paragraph(self, element: Element, tag: str) -> None:
        named = element.get("class", "")
        meant = named.startswith("MsoListParagraph") or look(element.get("style", "")).level > 0
        if meant and self._item(element):
            return
        lines = self._word_lines and named.startswith("MsoNormal")
        end = self._line if lines else self._blank
        end()
        size = len(self._run)
        self._inside(element)
        if lines and not any(isinstance(p, Piece) and p.text.strip() for p in self._run[size:]):
            del self._run[size:]
            self._blank()
        else:
            end()

    def _blank(self) -> None:
        if self._run:
            self._run.append(_PARAGRAPH)

    def _anchor(self, element: Element, tag: str) -> None:
        href = element.get("href", "")
        if self._link is not None or not href:
            self._inside(element)
            return
        file = self.pictures.file(href)
        url = f"attachment:{file.id}" if file else address(href)
        if url:
            self._links += 1
            self._link = (url, self._links)
        self._inside(element)
        self._link = None

    def _heading(self, element: Element, tag: str) -> None:
        if any(child.tag in _BLOCKS for child in element.iterdescendants()):
            self._blank()
            self._inside(element)
            self._blank()
            return
        if self._flat:
            self._line()
            self._inside(element)
            self._line()
            return
        self._flush()
        self._inside(element)
        text = self._taken()
        if text:
            shown = re.sub(r"(?<![\\#])(#+)$", r"\\\1", text)
            self._block(Whole(f"{'#' * _HEADINGS[tag]} {shown}", self._mark))

    def _taken(self) -> str:
        """Take what was said since the last block as one line."""
        run, self._run = self._run, []
        return line([Piece(" ") if isinstance(p, str) else p for p in run], indent=False)

    def _nested(self, element: Element) -> list[Block]:
        """Return the blocks of an element apart from those around it."""
        self._flush()
        kept, self.blocks = self.blocks, []
        before, self._mark = self._mark, Mark.NEW
        self._depth += 1
        self._inside(element)
        self._flush()
        self._depth -= 1
        made, self.blocks, self._mark = self.blocks, kept, before
        return made

    def _quote(self, element: Element, tag: str) -> None:
        if self._flat or self._depth >= DEPTH:
            self._line()
            self._inside(element)
            self._line()
            return
        made = self._nested(element)
        if made:
            meant = self._mark
            if meant is Mark.NEW:
                meant = mark(element, "blockquote") or meant
            self._block(Quote(made, meant))

    # Lists

    def _list(self, element: Element, tag: str) -> None:
        start = None
        if tag == "ol":
            stated = element.get("start", "")
            start = int(stated) if stated.isdecimal() and len(stated) < 9 else 1
        self._list_of([_lead(element), *element], start, within=True)

    def _list_of(self, children: Sequence[Element], start: int | None, *, within: bool) -> None:
        """Read items; what stands between them belongs to the one before, if they are `within` a list."""
        if self._flat or self._depth >= DEPTH:
            self._flat_list(children, within=within)
            return
        self._flush()
        items: list[list[Block]] = []
        for child in children:
            if child.tag == "li":
                items.append(_checked(self._nested(child)))
            else:
                _append(items, self._outside(child))
            if within and (child.tail or "").strip():
                _append(items, [Text([text])] if (text := line([Piece(child.tail or "")])) else [])
        if any(items):
            self._block(List(start, [blocks for blocks in items if blocks], self._mark))

    def _outside(self, child: Element) -> list[Block]:
        """Return the blocks of what stands in a list without being an item."""
        kept, self.blocks = self.blocks, []
        before, self._mark = self._mark, Mark.NEW
        self._depth += 1
        self._element(child, child.tag)
        self._flush()
        self._depth -= 1
        made, self.blocks, self._mark = self.blocks, kept, before
        return made

    def _flat_list(self, children: Sequence[Element], *, within: bool) -> None:
        for child in children:
            self._line()
            if child.tag == "li":
                self._text("• ")
                self._inside(child)
            else:
                self._element(child, child.tag)
            self._line()
            if within:
                self._text(child.tail)

    def _item(self, element: Element) -> bool:
        """Read a paragraph that Word means as a list's item; return whether it is one."""
        if self._flat or self._depth >= DEPTH:
            return False
        level = look(element.get("style", "")).level or 1
        sign = next((e for e in element.iter("span") if look(e.get("style", "")).is_sign), None)
        self._flush()
        if sign is not None:
            words = "".join(map(str, sign.itertext())).strip()
            for part in sign.iter():
                part.text = None
                if part is not sign:
                    part.tail = None
            blocks = self._nested(element)
        else:
            before = "".join(map(str, element.itertext()))[:40]
            found = _WORD_SIGN.match(before)
            if not found:
                return False
            words = found[1] or found[2]
            _cut(element, found.end())
            blocks = self._nested(element)
        number = int(words[:-1]) if words[:-1].isdecimal() else 1 if _NUMBER.fullmatch(words) else None
        if number == 1 and not words[:-1].isdecimal() and words != "o":
            blocks = _begun(blocks, f"{plain(words)} ")
            number = None
        if blocks:
            self._block(Item(level, number, blocks, self._mark))
        return True

    # Code

    def _pre(self, element: Element, tag: str) -> None:
        named = element.get("class", "")
        if "moz-quote-pre" in named or "moz-signature" in named or "wrap" in element.attrib or self._flat:
            before, self._keeps_lines = self._keeps_lines, not self._flat
            self._division(element, "div")
            self._keeps_lines = before
            return
        self._flush()
        text = _verbatim(element, self.pictures).replace(JOINER, "")
        text = unpadded("\n".join(part.rstrip("\r") for part in text.split("\n"))).rstrip()
        if not text.strip():
            return
        inner = next(iter(element), None)
        if inner is not None and inner.tag == "code":
            named = f"{named} {inner.get('class', '')}"
        language = element.get("lang", "") if not (found := _LANGUAGE.search(named)) else found[1]
        self._block(Whole("\n".join(fence(text, re.sub(r"[^\w+#.-]", "", language))), self._mark))

    def _code(self, element: Element, tag: str) -> None:
        if next(element.iter("img", "a"), None) is not None:
            self._inside(element)
            return
        lines = _verbatim(element, self.pictures).replace(JOINER, "").split("\n")
        for number, text in enumerate(lines):
            if number and not self._keeps_lines and next(element.iter("br"), None) is None:
                self._text(" ")
            elif number:
                self._run.append(_BREAK)
            bare = " ".join(text.replace("\u00a0", " ").split()) if number or len(lines) > 1 else text
            bare = bare.replace("\u00a0", " ").strip()
            if bare:
                self._atom(code(bare))

    # Tables

    def _table(self, element: Element, tag: str) -> None:
        self._line()
        if self._flat:
            self._flat_table(element)
            return
        self._flush()
        rows = html_table.data(element)
        if rows is None or self._depth >= DEPTH:
            self._blank()
            self._inside_layout(element)
            self._blank()
            return
        caption = next((c for c in element if c.tag == "caption"), None)
        if caption is not None:
            self._inside(caption)
            self._flush()
        made = html_table.markdown([[self._cell(cell) for cell in row] for row in rows])
        if made:
            self._block(Whole(made, self._mark))

    def _inside_layout(self, element: Element) -> None:
        self._text((element.text or "").strip() and element.text)
        for child in element:
            if child.tag in ("td", "th"):
                meant = mark(child, "td") if "class" in child.attrib or "id" in child.attrib else None
                self._blank()
                if self._hidden or not look(child.get("style", "")).hidden:
                    with self._marked(meant) if meant else _nothing():
                        self._inside(child)
                self._blank()
            elif child.tag in ("tr", "tbody", "thead", "tfoot"):
                if not look(child.get("style", "")).hidden or self._hidden:
                    self._inside_layout(child)
            elif child.tag not in ("colgroup", "col"):
                self._element(child, child.tag)
            self._text((child.tail or "").strip() and child.tail)

    def _cell(self, cell: Element | None) -> str:
        if cell is None:
            return ""
        kept, self._run, self._flat = self._run, [], True
        style = self._style
        seen = look(cell.get("style", ""))
        self._style = (style & ~seen.removes) | (seen.adds if cell.tag == "td" else 0)
        self._inside(cell)
        self._style = style
        text = self._taken()
        self._run, self._flat = kept, False
        return text

    def _flat_table(self, element: Element) -> None:
        self._text(element.text)
        for child in element:
            if child.tag in ("td", "th"):
                self._text(" ")
                self._element(child, "span")
            elif child.tag in ("tr", "tbody", "thead", "tfoot"):
                self._line()
                self._flat_table(child)
                self._line()
            else:
                self._element(child, child.tag)
            self._text(child.tail)

    _handlers: ClassVar[Mapping[str, Callable[[Any, Element, str], None]]] = {
        **dict.fromkeys(_LINES, _division),
        **dict.fromkeys(_PARAGRAPHS, _paragraph),
        **dict.fromkeys(_STYLED, _emphasis),
        **dict.fromkeys(_HEADINGS, _heading),
        **dict.fromkeys(_CODE, _code),
        **dict.fromkeys(_FRAMES, _frame),
        "br": _break,
        "a": _anchor,
        "img": _image,
        "ul": _list,
        "ol": _list,
        "li": _stray_item,
        "blockquote": _quote,
        "pre": _pre,
        "table": _table,
        "hr": _rule,
        "input": _input,
        "q": _quoted_words,
    }


_LINE = "\n "
"""The end of a line that an element, not a ``<br>``, brings: two of them leave nothing blank between."""


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def _split(run: Sequence[Piece | str]) -> Iterator[list[Piece] | None]:
    """Yield the lines of a run; None between paragraphs, an empty one for a blank line."""
    current: list[Piece] = []
    for piece in run:
        if isinstance(piece, Piece):
            current.append(piece)
            continue
        if piece == _LINE:
            if any(p.atom or p.text.strip(" ") for p in current):
                yield current
        elif piece == _BREAK:
            yield current
        else:
            yield current or None
            yield None
        current = []
    if current:
        yield current


def _verbatim(element: Element, pictures: Pictures) -> str:
    """Return an element's text with its line breaks as they are."""
    parts = [element.text or ""]
    for child in element:
        if child.tag == "br":
            parts.append("\n")
        elif child.tag == "img":
            parts.append(child.get("alt", ""))
        elif isinstance(child.tag, str):
            if (
                child.tag in ("div", "p", "li", "tr")
                and parts[-1:] != [""]
                and not "".join(parts[-2:]).endswith("\n")
            ):
                parts.append("\n")
            parts.append(_verbatim(child, pictures))
            if child.tag in ("div", "p", "li", "tr") and child.getnext() is not None:
                parts.append("\n")
        parts.append(child.tail or "")
    return "".join(parts)


def _cut(element: Element, length: int) -> None:
    """Take the first characters out of an element's text."""
    for part in element.iter():
        for name in ("text", "tail"):
            if name == "tail" and part is element:
                continue
            said = getattr(part, name) or ""
            taken = min(length, len(said))
            setattr(part, name, said[taken:])
            length -= taken
            if not length:
                return
        # Tails come after an element's children: a sign is never split so far.


def _lead(element: Element) -> Element:
    """Return an element without words that is followed by the first words inside another."""
    made = etree.Element("span")
    made.tail = element.text
    return made


def _append(items: list[list[Block]], blocks: list[Block]) -> None:
    """Put blocks into the last item, or into a first one."""
    if blocks and items:
        items[-1] += blocks
    elif blocks:
        items.append(blocks)


def _begun(blocks: list[Block], words: str) -> list[Block]:
    if blocks and isinstance(blocks[0], Text):
        blocks[0].lines[0] = words + blocks[0].lines[0]
        return blocks
    return [Text([words.strip()]), *blocks]


def _checked(blocks: list[Block]) -> list[Block]:
    """Return an item's blocks; a box to tick before its words is Markdown's."""
    if blocks and isinstance(blocks[0], Text) and (found := _CHECKED.match(blocks[0].lines[0])):
        rest = blocks[0].lines[0][found.end() :]
        if rest:
            blocks[0].lines[0] = f"[{' ' if found[1] else 'x'}] {rest}"
    return blocks
