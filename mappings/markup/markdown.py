"""Canonical Markdown itself: its one parser, its references to files, and how plain text is written in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from types import SimpleNamespace
from urllib.parse import unquote

from linkify_it import LinkifyIt  # type: ignore[import-untyped]
from markdown_it import MarkdownIt, helpers
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

JOINER = "\u2060"
"""A character without width or meaning: what it divides is no command or name any more, only text."""
FILE = "file"
"""The key of a token's `meta` that says what a resolved file reference points at."""
PERSON = "person"
"""The key of a token's `meta` that says whom a resolved mention names, in the target's native id."""
TASK = "task"
"""The key of a list item's `meta` that says whether its task is done; its text has it too."""

NESTING = 100
"""How deep blocks may stand in one another; deeper than that nobody reads."""
_BRACKETS = 20
"""Open brackets in a paragraph above which none begins a link: looking for all their ends is quadratic."""
LONGEST = 1_000_000
"""Characters above which a text keeps no structure but its lines."""
_TERMINATORS = r"[\n*<\[\]\\`]|(?<![^\W_])_|_(?![^\W_])|~(?=~)|!(?=\[)|&(?=[#\w])|:(?=//)"
"""Where a rule of Markdown may begin; the library stops at every other sign too, for rules of plug-ins."""
_SCHEME = re.compile(r"[^/?#]*:")
_ALLOWED = re.compile(r"\s*(?:https?|mailto|tel|attachment|mention):", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NORMAL = re.compile(
    r"(?:https?://[a-z0-9-]{1,60}(?:\.[a-z0-9-]{1,60})*(?::\d{2,5})?"
    r"(?:[/?][\w/?&=+,.~!-]*)?(?:#[\w.-]+)?|mailto:[\w.+-]+@[a-z0-9.-]+)",
    re.ASCII,
)
"""Common addresses, in which the library would change nothing, found faster; our copies begin with one."""
_DESTINATION = re.compile(r"[a-z]+:[\w/?=+,.~!#:%-]+(?=\))", re.ASCII)
"""Where a common link leads, up to its end; the library asks of each sign whether it is one of its own."""
_SIGNS = re.compile(
    r"[\\`*\[\]<>|~$]"
    r"|_(?![^\W_])|(?<![^\W_])_"  # inside a word it is a letter like any other
    r"|&(?=#?\w+;)"
    r"|(?<!\S)#"
    r"|!$"  # a link may follow
    r"|:(?=//)",  # an address that is to be one is written in <> or as a link
    re.IGNORECASE,
)
_SIGN = re.compile(r"[\\`*\[\]<>|~$_&#!:]")
"""What may be one of them, found faster."""
_NO_LANGUAGE = re.compile(r"[^\w+#.-]")
_TASK = re.compile(r"\[([ xX])\] (?=\S)")
_LINE = re.compile(r"^(?:(?=[-+=>]|/[A-Za-z_])|(\d{1,9})(?=[.)](?:\s|$)))")


_LINES = 12_000
"""Lines outside code above which a text is a program's output; parsing each as text takes too long."""
_MENTIONS = 4_000
_ADDRESSES, _ITEMS = 6_000, 8_000
_STARTS = re.compile(r"(?m)^[ \t>]*(?:(?:[-*+#]{1,9}|\d{1,9}[.)])[ \t]+(?:>[ \t>]*)?)+")
_ITEM = re.compile(r"[-*+#]{1,9}|\d{1,9}")
_RULE = re.compile(r"(?m)^[ \t>]*(?:[-*+][ \t]+){8,}[-*_ \t]{200}")
"""A rule in items in one another: the library looks through it for each of them."""
_LONG, _DENSE, _MARKS = 40_000, 0.12, "*_~`[]{}<>|^&$\\"
"""Of a longer text, the part that may be signs of markup; a page of dense tables has less."""
_WIDE, _GAPS = 100, 10_000
"""Cells that tables' rows lack; a parser adds each, so a few signs a row become a page."""
_EMPTY_LINES = re.compile(r"\n(?:[ \t\r]*\n){4,}")
_OPENS = re.compile(r"(`{3,})[^`]*$|(~{3,})")


class _Parser(MarkdownIt):
    """Links lead to the web, a mailbox, a telephone or a file; addresses are shown as they were written."""

    def validateLink(self, url: str) -> bool:  # noqa: N802 -- the library's name
        return not _SCHEME.match(url) or bool(_ALLOWED.match(url))

    def normalizeLink(self, url: str) -> str:  # noqa: N802 -- as above
        return url if _NORMAL.fullmatch(url) else super().normalizeLink(url)

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802 -- as above
        return link


class _Helpers:
    """The library's own, but where a link leads is found faster."""

    parseLinkLabel = staticmethod(helpers.parseLinkLabel)  # noqa: N815 -- the library's names
    parseLinkTitle = staticmethod(helpers.parseLinkTitle)  # noqa: N815

    @staticmethod
    def parseLinkDestination(text: str, at: int, end: int) -> object:  # noqa: N802
        """Return where the link leads whose destination begins `at` a sign."""
        if found := _DESTINATION.match(text, at, end):
            return SimpleNamespace(ok=True, pos=found.end(), str=found[0])
        return helpers.parseLinkDestination(text, at, end)


class _Addresses(LinkifyIt):  # type: ignore[misc] # the library has no types
    """Finds addresses of the web alone, so a text without one is told at once."""

    def pretest(self, text: str) -> bool:
        """Return whether a text may hold an address."""
        return "://" in text


@cache
def parser() -> MarkdownIt:
    """Return the parser of canonical Markdown: tables and strikethrough, no raw HTML, no guessed links."""
    return dialect(html=False)


def dialect(*, html: bool, stops: str = "") -> MarkdownIt:
    """Return a parser of canonical Markdown or more: raw HTML, rules that begin at the signs `stops`."""
    made = _Parser("gfm-like", {"html": html, "linkify": True, "maxNesting": NESTING})
    made.helpers = _Helpers  # type: ignore[assignment]
    made.inline.ruler.before("link", "crowded", _crowded)
    made.inline.terminator_re = re.compile(f"{_TERMINATORS}|[{re.escape(stops)}]" if stops else _TERMINATORS)
    made.core.ruler.after("block", "tasks", _tasks)
    if not html:
        # What canonical Markdown has not: raw HTML, and addresses that stand apart from their links, which
        # show nothing where they stand.
        made.disable(["html_block", "html_inline", "reference"])
    made.linkify = _Addresses(options={"fuzzy_link": False, "fuzzy_email": False})
    for schema in ("//", "ftp:", "mailto:"):
        made.linkify.add(schema, None)
    return made


def structure(markdown: str) -> list[Token]:
    """Return the tokens of a text, its references as they stand.

    What is nested deeper than anybody reads is shown as it was written; so is a text longer than `LONGEST`,
    line by line.
    """
    if len(markdown) > LONGEST:
        return [token for block in re.split(r"\n[ \t]*\n", markdown) for token in _paragraph(block)]
    tokens = parser().parse(markdown)
    if max((t.level for t in tokens), default=0) >= NESTING - 2:
        tokens = parser().parse("".join(f"    {line}\n" for line in markdown.split("\n")))
    return tokens


def parsed(markdown: str, files: Mapping[str, str], people: Mapping[str, str]) -> list[Token]:
    """Return the parsed text, its references resolved.

    A file in `files` is marked by `FILE` and points to its place there, any other is named in words. A link
    to a person in `people` is marked by `PERSON`; one to anybody else is plain text. A remote picture is a
    link.
    """
    tokens = structure(markdown)
    for token in tokens:
        if token.info:
            token.info = language(token.info)
        if token.children:
            token.children = _resolved(token.children, files, people)
    return tokens


def escape(text: str) -> str:
    """Return plain text as Markdown that shows exactly it, except where a line begins: see `guarded`."""
    return _SIGNS.sub(r"\\\g<0>", text) if _SIGN.search(text) else text


def guarded(paragraph: str) -> str:
    """Return a paragraph in which no line begins a list, a quotation, a rule, code or a command."""
    lines = (line.strip(" \t") for line in paragraph.split("\n"))
    return "\n".join(_LINE.sub(lambda found: f"{found[1] or ''}\\", line) for line in lines)


def plain(text: str) -> str:
    """Return the Markdown that shows a text without any structure but its lines and paragraphs."""
    blocks = re.split(r"\n\s*\n", text.strip())
    return "\n\n".join(guarded("\\\n".join(escape(s.strip()) for s in b.split("\n"))) for b in blocks)


def address(link: SyntaxTreeNode) -> str:
    """Return where a link leads whose text is its address, in the letters that it was written in."""
    return "".join(child.content for child in link.children)


def crowded(text: str) -> bool:
    """Whether a text has more lines, items, people, addresses, empty cells or signs than anybody writes."""
    if text.count("\n") > _LINES:
        text = "\n".join(line for line, kind in _lines(text) if kind == "text")
    signs = sum(map(text.count, _MARKS)) if len(text) > _LONG else 0
    if text.count("\n") > _LINES or text.count("@") > _MENTIONS or signs > _DENSE * len(text):
        return True
    if gaps(text) > _GAPS or text.count("://") > _ADDRESSES or _RULE.search(text):
        return True
    may = sum(map(text.count, ("- ", "* ", "+ ", "# ", ". ", ") ", "\t")))
    return may > _ITEMS and sum(len(_ITEM.findall(found[0])) for found in _STARTS.finditer(text)) > _ITEMS


def gaps(text: str) -> int:
    """Return how many cells rows have less than the ruler of their table, roughly."""
    if text.count("|") < _WIDE:
        return 0
    width = lacking = 0
    for line in text.split("\n"):
        bars = line.count("|")
        if not line.strip(" \t>"):
            width = 0
        elif bars > width and not line.strip(" \t>|:-"):
            width = bars
        else:
            lacking += max(0, width - bars)
    return lacking


def verbatim(text: str) -> str:
    """Return a text as one code block: what is crowded is shown as it was written, each word in its place.

    Of many empty lines in a row three stay; a text without words is none.
    """
    lines = unpadded("\n".join(line for line, kind in _lines(text) if kind != "fence"))
    return "\n".join(fence(_EMPTY_LINES.sub("\n\n\n\n", lines), "")) if lines else ""


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Yield the lines, each with what it is: `text`, `code`, or the `fence` around code."""
    if "```" not in text and "~~~" not in text:
        yield from ((line, "text") for line in text.split("\n"))
        return
    ticks = ""
    for line in text.split("\n"):
        if ticks:
            ended = line.startswith(ticks) and not line.strip(f"{ticks[0]} \t")
            yield line, "fence" if ended else "code"
            ticks = "" if ended else ticks
        elif line.startswith(("```", "~~~")) and (opened := _OPENS.match(line)):
            ticks = opened[1] or opened[2]
            yield line, "fence"
        else:
            yield line, "text"


def code(text: str) -> str:
    """Return a code span that holds exactly a text of one line."""
    runs = _runs(text)
    ticks = "`" * next(n for n in range(1, len(text) + 2) if n not in runs)
    padded = text.strip(" ") and (text[0] == "`" or text[-1] == "`" or text[0] == text[-1] == " ")
    edge = " " if padded else ""
    return f"{ticks}{edge}{text}{edge}{ticks}"


def cell(inline: str) -> str:
    """Return inline Markdown as a table's cell: a bar would end it, in code too."""
    return re.sub(r"(?<!\\)\|", r"\\|", inline)


def fence(text: str, language: str) -> list[str]:
    """Return the lines of a code block."""
    ticks = "`" * max(3, *(n + 1 for n in _runs(text)), 3)
    return [ticks + language, *text.split("\n"), ticks]


def language(info: str) -> str:
    """Return the language that a code block names, or nothing."""
    return _NO_LANGUAGE.sub("", info.split(" ", maxsplit=1)[0])


def unpadded(text: str) -> str:
    """Return a program's text without the blank lines around it, which not every tool keeps."""
    lines = text.split("\n")
    shown = [number for number, line in enumerate(lines) if line.strip(" \t")]
    return "\n".join(lines[shown[0] : shown[-1] + 1]) if shown else ""


def _runs(text: str) -> set[int]:
    return {len(run) for run in re.findall("`+", text)}


def _crowded(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 -- the library calls it so
    """Take a bracket for text where too many are open."""
    if not state.src.startswith(("[", "!["), state.pos) or _open_brackets(state.src) <= _BRACKETS:
        return False
    if not silent:
        state.pending += state.src[state.pos]
    state.pos += 1
    return True


def _tasks(state: StateCore) -> None:
    """Mark the list items that are tasks."""
    for item, text in zip(state.tokens, state.tokens[2:], strict=False):
        if item.type == "list_item_open" and (task := _TASK.match(text.content)):
            item.meta = {TASK: task[1] != " "}


@lru_cache(maxsize=4)
def _open_brackets(text: str) -> int:
    depth = most = 0
    for sign in re.findall(r"(?<!\\)[\[\]]", text):
        depth = depth + 1 if sign == "[" else max(0, depth - 1)
        most = max(most, depth)
    return most


def _resolved(tokens: Sequence[Token], files: Mapping[str, str], people: Mapping[str, str]) -> list[Token]:
    result: list[Token] = []
    ends: list[str | None] = []
    """What stands for the ends of the links that are open; None for a link that is kept."""
    for token in tokens:
        match token.type:
            case "link_open":
                opening, end = _link(token, files, people)
                ends.append(end)
                result += opening
            case "link_close":
                end = ends.pop()
                result += [token] if end is None else _text(end)
            case "image":
                result += _picture(token, files, linked=None in ends)
            case "text":
                token.content = _CONTROL.sub(" ", token.content)
                result.append(token)
            case "code_inline":
                token.content = token.content.strip(" ") or " "  # HTML shows none at the edges
                result.append(token)
            case _:
                result.append(token)
    return result


def _link(
    token: Token, files: Mapping[str, str], people: Mapping[str, str]
) -> tuple[list[Token], str | None]:
    """Return what stands for a link's beginning, and for its end unless the link is kept."""
    kind, _, key = str(token.attrs.get("href", "")).partition(":")
    if kind == "attachment":
        if unquote(key) not in files:
            return _text("[file: "), "]"
        token.attrs["href"] = files[unquote(key)]
        token.meta = {FILE: files[unquote(key)]}
    elif kind == "mention":
        if unquote(key) not in people:
            return [], ""
        token.meta = {PERSON: people[unquote(key)]}
    return [token], None


def _picture(token: Token, files: Mapping[str, str], *, linked: bool) -> list[Token]:
    """Return a picture of ours; one elsewhere is a link, or its server would learn who reads the text."""
    # A picture's content is still Markdown.
    token.content = "".join(child.content or " " for child in token.children or ())
    kind, _, key = str(token.attrs.get("src", "")).partition(":")
    if kind == "attachment" and unquote(key) in files:
        token.attrs["src"] = files[unquote(key)]
        token.meta = {FILE: files[unquote(key)]}
        return [token]
    if kind == "attachment" or linked or not key:
        return _text(f"[picture: {token.content or 'without a name'}]")
    link = Token("link_open", "a", 1, attrs={"href": token.attrs["src"]})
    name = f"picture: {token.content}" if token.content else "picture"
    return [link, *_text(name), Token("link_close", "a", -1)]


def _paragraph(lines: str) -> list[Token]:
    children: list[Token] = []
    for line in lines.strip().split("\n"):
        children += [Token("hardbreak", "br", 0), *_text(line)]
    inline = Token("inline", "", 0, children=children[1:])
    return [Token("paragraph_open", "p", 1), inline, Token("paragraph_close", "p", -1)]


def _text(content: str) -> list[Token]:
    return [Token("text", "", 0, content=content)] if content else []
