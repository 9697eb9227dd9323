"""Jira's wiki markup, read: what people write becomes Markdown, any other sign stays text.

The rules are those of Atlassian's own reader (the tests hold this one against it), and Data Center's where
Cloud would lose something that is written down: a quotation in a list, a table below a list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mappings.markup.markdown import JOINER, cell, crowded, fence, guarded, plain, unpadded, verbatim
from mappings.markup.wiki_read_inline import NOTHING, inline, mono
from mappings.ticket import Attachment

LIMIT = 1_000_000
"""Characters above which a text is shown without its structure."""
_OURS = re.compile("[\ufdd0-\ufdef]")
"""Signs that no text may hold: they stand for what was already read."""
_STRAY = r"(?<!(?<!\\)\\)(?<!\{)"
_CODE = re.compile(_STRAY + r"\{(code|noformat)(?::([^{}\n]*))?\}", re.IGNORECASE)
_BOX = re.compile(_STRAY + r"\{(quote|panel)(?::([^{}\n]*))?\}", re.IGNORECASE)
_LOOK = re.compile(_STRAY + r"\{(?:color(?::[^{}\n]{0,80})?|anchor(?::[^{}\n]*)?)\}(?!\})", re.IGNORECASE)
_HELD = re.compile("\ufdd1([0-9]+)\ufdd2")
_LIST = re.compile(r"^([*#]{1,20}|-(?=\s))[ \t]+(.*)$")
_FURTHER = re.compile(r"^([*#-]{1,20})[ \t]+(.*)$")
_SINGLE = re.compile(r"h[1-6]\.|bq\.|-{4,5}$")
_CELLS = re.compile(
    r"(\|+)((?:\\.|\[[^\[\]\n]*\]|\{\{[^\n]{1,500}?\}\}|![^!\s|][^!|\n]*\|[^!|\n]*!|[^|])*)", re.DOTALL
)
_GAPS = 10_000
"""Cells that the rows of a table lack."""
_TASK = re.compile(r"^\\?\[([ xX])\\?\] (?=\S)")


@dataclass
class _Held:
    """What a macro holds, read already: it waits for its place in the lines."""

    blocks: list[str]
    words: str
    """The same in a line, for a table's cell."""


@dataclass
class _Reader:
    ids: Mapping[str, str]
    held: list[_Held] = field(default_factory=list)

    def hold(self, blocks: list[str], words: str) -> str:
        self.held.append(_Held(blocks, words))
        return f"\ufdd1{len(self.held) - 1}\ufdd2"

    def text(self, text: str) -> Iterator[str]:
        """Yield the blocks of a text whose code is held already."""
        yield from self.lines(_replaced(_BOX, text, self._box))

    def _box(self, opened: re.Match[str], inner: str) -> str:
        title = _options(opened[2]).get("title", "")
        content = _BOX.sub("", inner) if opened[1].lower() == "quote" else inner
        blocks = ([f"**{inline(title, self.ids)}**"] if title else []) + list(self.text(content))
        if not blocks:
            return ""
        quoted = "\n".join(f"> {line}".rstrip() for line in "\n\n".join(blocks).split("\n"))
        return self.hold([quoted], self.flat(f"{title} {content}"))

    def code(self, opened: re.Match[str], inner: str) -> str:
        """Return what stands for a code block: the transformer's title, the language, the code as it is."""
        options = _options(opened[2])
        first = next(iter(options), "") if opened[1].lower() == "code" else ""
        language = options.get("language") or options.get("lang") or ("" if options.get(first) else first)
        text = unpadded(inner.replace(JOINER, ""))
        made = ["\n".join(fence(text, re.sub(r"[^\w+#.-]", "", language)))]
        if title := options.get("title", ""):
            made.insert(0, f"**{inline(title, self.ids)}**")
        return self.hold(made, f"{title} {mono(' '.join(text.split()))}".strip())

    def lines(self, text: str) -> Iterator[str]:
        """Yield paragraphs, lists, tables, headings and rules."""
        lines = [line.strip(" \t").lstrip(NOTHING) for line in text.split("\n")]
        at = 0
        last = ""
        while at < len(lines):
            line = lines[at]
            if not line:
                at += 1
                continue
            kind = _kind(line)
            end = at + 1
            if kind != "item":
                last = ""
            match kind:
                case "single":
                    yield from self._single(line)
                case "item":
                    while end < len(lines) and lines[end] and _kind(lines[end]) not in ("single", "row"):
                        end += 1
                    items = list(self._items(lines[at:end], last))
                    last = _last_mark(items)
                    yield from filter(None, ["\n".join(items)])
                case "row":
                    while end < len(lines) and _goes_on(lines[end - 1], lines[end]):
                        end += 1
                    yield "\n".join(self._table(lines[at:end]))
                case _:
                    while end < len(lines) and lines[end] and not _kind(lines[end]):
                        end += 1
                    yield from self._paragraph("\n".join(lines[at:end]))
            at = end

    def _paragraph(self, text: str) -> Iterator[str]:
        """Yield a paragraph and the blocks among its words; a new line is one in wiki text."""
        parts = _HELD.split(text)
        for number, part in enumerate(parts):
            if number % 2:
                yield from self.held[int(part)].blocks
            elif words := part.strip(f" \t\n{NOTHING}"):
                shown = (guarded(inline(line.strip(), self.ids)) for line in words.split("\n"))
                if made := "\\\n".join(line for line in shown if line.replace("\\\n", "").strip()):
                    yield made

    def _single(self, line: str) -> Iterator[str]:
        if line.startswith("h"):
            if words := self.flat(line[3:]):
                yield f"{'#' * int(line[1])} {words}"
        elif line.startswith("b"):
            yield f"> {guarded(self.flat(line[3:]))}".rstrip()
        else:
            yield "***"

    def flat(self, text: str) -> str:
        """Return a text in one line."""
        shown = []
        for line in text.split("\n"):
            item = _LIST.match(line.strip(" \t"))
            words = inline(item[2] if item else line, self.ids).replace("\\\n", " ").strip()
            shown.append(f"• {words}" if item else words)
        joined = " ".join(filter(None, shown))
        return _HELD.sub(lambda found: f" {self.held[int(found[1])].words} ", joined).strip()

    def _items(self, lines: Sequence[str], last: str) -> Iterator[str]:
        """Yield the items of a list; none is two levels deeper than the one before.

        The mark of a list right before it, the `last`, would make one list of the two.
        """
        items: list[tuple[str, list[str]]] = []
        for line in lines:
            if found := _FURTHER.match(line) if items else _LIST.match(line):
                items.append((found[1], [found[2]]))
            else:
                items[-1][1].append(line)
        # One without a sign shows nothing, and below a paragraph its mark would make a heading of that.
        items = [item for item in items if "".join(item[1]).strip(f" \t{JOINER}{NOTHING}")]
        indents = [0]
        kind = ""
        for signs, texts in items:
            depth = min(len(signs), len(indents))
            mark = "1." if signs[-1] == "#" else "-"
            if depth == 1:
                if kind not in ("", mark):
                    yield ""  # of another kind: a list of its own
                kind = mark
            if depth == 1 and mark == last:
                mark = "1)" if mark == "1." else "*"
            elif depth == 1:
                last = ""
            indent = " " * indents[depth - 1]
            indents[depth:] = [len(indent) + len(mark) + 1]
            yield from self._item(f"{indent}{mark} ", "\n".join(texts))

    def _item(self, mark: str, text: str) -> Iterator[str]:
        task = _TASK.match(text)
        blocks = list(self._paragraph(text[task.end() :] if task else text)) or [""]
        if task:
            blocks[0] = f"[{task[1].lower()}] {blocks[0]}"
        lines = "\n\n".join(blocks).split("\n")
        yield f"{mark}{lines[0]}".rstrip()
        for line in lines[1:]:
            yield f"{' ' * len(mark)}{line}".rstrip()

    def _table(self, lines: Sequence[str]) -> Iterator[str]:
        """Yield the rows; the first is the heading, which Markdown's tables must have."""
        rows: list[str] = []
        for line in lines:
            if line.startswith("|"):
                rows.append(line)
            else:
                rows[-1] += f"\n{line}"
        cells = [[self._cell(*found, head=n == 0) for found in _split(row)] for n, row in enumerate(rows)]
        width = max(map(len, cells))
        if width * len(cells) - sum(map(len, cells)) > _GAPS:
            width = 0  # as they are: to fill them up would make a page of a few signs
        for number, row in enumerate(cells):
            yield f"| {' | '.join(row + [''] * (width - len(row)))} |"
            if number == 0:
                yield f"|{' --- |' * (width or len(row))}"

    def _cell(self, bar: str, text: str, *, head: bool) -> str:
        """Return a cell; a heading of a row, which Markdown has none of, is bold."""
        shown = self.flat(text)
        plainly = not re.match(r"[*`!<\[]|$", shown)
        return cell(f"**{shown}**" if "||" in bar and not head and plainly else shown)


def read(text: str, files: Sequence[Attachment]) -> str:
    """Return the canonical Markdown of a wiki text; a picture by name is found among `files`."""
    text = _OURS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    if len(text) > LIMIT:
        return plain(text)
    reader = _Reader({f.name: f.id for f in files})
    without_code = _replaced(_CODE, text, reader.code)
    if crowded(without_code):
        return verbatim(text)
    held = _LOOK.sub(NOTHING, without_code)
    return "\n\n".join(reader.text(held))


def _replaced(macro: re.Pattern[str], text: str, made: Callable[[re.Match[str], str], str]) -> str:
    """Return a text in which each macro that has an end is replaced; one without is text."""
    parts, at, position = [], 0, 0
    unclosed = set[str]()
    while opened := macro.search(text, position):
        ending = f"{{{opened[1]}}}"
        closed = -1 if ending in unclosed else text.find(ending, opened.end())
        if closed < 0:
            unclosed.add(ending)
            position = opened.end()
            continue
        parts += [text[at : opened.start()], made(opened, text[opened.end() : closed])]
        at = position = closed + len(ending)
    return "".join([*parts, text[at:]])


def _last_mark(items: Sequence[str]) -> str:
    """Return the mark of the last item that is in no other."""
    return next((line.split(" ", 1)[0] for line in reversed(items) if line[:1].strip()), "")


def _options(text: str | None) -> dict[str, str]:
    """Return a macro's options: the values by their names."""
    return {
        name.strip(): value.strip() for name, _, value in (o.partition("=") for o in (text or "").split("|"))
    }


def _kind(line: str) -> str:
    """Return what a line begins: `single` for a heading, a quotation or a rule; "" for a paragraph."""
    if line[0] not in "hb-*#|":
        return ""
    if line[0] == "|":
        return "row" if len(line) > 1 else ""
    if _SINGLE.match(line):
        return "single"
    return "item" if _LIST.match(line) else ""


def _goes_on(row: str, following: str) -> bool:
    """Whether a table goes on: with another row, or with more of a cell that no bar has closed."""
    return bool(following) and (following.startswith("|") or not row.endswith("|"))


def _split(row: str) -> list[tuple[str, str]]:
    """Return the cells, each with the bar before it; the last bar only closes the row."""
    cells = [(found[1], found[2]) for found in _CELLS.finditer(row)]
    return cells[:-1] if len(cells) > 1 and not cells[-1][1].strip() else cells
