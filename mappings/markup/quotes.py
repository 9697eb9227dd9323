"""Quoted history and signatures, folded away below a bold title and kept.

Folded is what nobody wrote for this message: the quotation that a mail program put below the new words. A
quotation with new words after it is what those answer: it stays in its place. A forwarded mail is what its
sender wants to be read, and a body that is nothing but a quotation says nothing else: both stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from mappings.markup.blocks import EARLIER, SIGNATURE, Block, List, Mark, Quote, Rule, Text, Whole, rendered
from mappings.markup.quote_lines import attributes, begins_history, forwards, header_lines, may_be_sign

_HISTORY = (Mark.CITED, Mark.ATTRIBUTION, Mark.BELOW)
_SPEAKS = re.compile(r"[^\W_]|[^\x00-\x7f]")
_QUOTED_LINE = re.compile(r"\u00a0*\\>[ \u00a0]?")
_DEEPEST = 20
_TITLE = re.compile(r"\*\*[^*\n]+\*\*")
_SIGN_LINE = re.compile(r"[-–—_\\ \u00a0]{2,}")
_ELSEWHERE = re.compile(
    r"\b(?:in-?line"
    r"|(?:answer\w*|comment\w*|repl\w+|respon\w+)\b.{0,40}\b(?:below|in (?:red|blue|green|bold))"
    r"|(?:Antwort|Kommentar|Anmerkung)\w*\b.{0,40}\b(?:unten|in (?:rot|blau|grün|fett))"
    r"|répon\w+\b.{0,40}\b(?:ci-dessous|en (?:rouge|bleu|vert))"
    r"|respuestas?\b.{0,40}\b(?:abajo|en (?:rojo|azul))|rispost\w\b.{0,40}\b(?:sotto|in (?:rosso|blu))"
    r"|antwoord\w*\b.{0,40}\b(?:hieronder|in (?:rood|blauw)))\b",
    re.IGNORECASE,
)
"""Where more is said: what is quoted must not be folded then."""
_EXACT = re.compile(r"@|\d[:.h]\d\d(?!\d)|\d時|\d시|\d点")
_TARGET = re.compile(r"\]\(<[^>]*>\)")
_AHEAD = 8
"""Lines that are looked at together."""


def folded(blocks: Sequence[Block], signatures: Sequence[Sequence[Block]]) -> list[Block]:
    """Return a body's blocks with its history and one of the `signatures` folded."""
    divided = list(_divided(blocks))
    for signature in signatures:
        divided = _signed(divided, signature)
    return _history(divided)


# Plain text's signs


def _divided(blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield the blocks with those lines marked that say whose words follow, and quoted lines made quotes."""
    blocks = list(_gathered(blocks))
    text = [block.lines for block in blocks if isinstance(block, Text)]
    quoted = sum(1 for lines in text for line in lines if _QUOTED_LINE.match(line))
    named = below = False
    for number, block in enumerate(blocks):
        if not isinstance(block, Text) or not block.lines:
            yield block
            continue
        for part in _parts(block, partial(_following, blocks, number), quotes=quoted > 1 or named):
            named = named or part.mark is Mark.ATTRIBUTION
            if isinstance(part, Text) and part.lines and forwards(part.lines[0]):
                yield from _forwarded([part, *blocks[number + 1 :]])
                return
            below = below or part.mark is Mark.BELOW
            yield part
        if below:
            yield from blocks[number + 1 :]
            return


def _gathered(blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield the blocks, paragraphs of quoted lines in a row made one: KMail writes each line as one."""
    run: Text | None = None
    for block in blocks:
        if not isinstance(block, Text) or not block.lines or not all(map(_QUOTED_LINE.match, block.lines)):
            run = None
        elif run is not None and run.mark is block.mark:
            run.lines += block.lines
            continue
        else:
            block = run = Text([*block.lines], block.mark)  # noqa: PLW2901 -- its lines grow, the block's do not
        yield block


def _following(blocks: Sequence[Block], number: int) -> list[str]:
    """Return some lines of the paragraphs after a block, up to the next that is none."""
    made: list[str] = []
    for block in blocks[number + 1 : number + 1 + _AHEAD]:
        if not isinstance(block, Text):
            break
        made += block.lines[:_AHEAD]
    return made[:_AHEAD]


def _parts(block: Text, ahead: Callable[[], Sequence[str]], *, quotes: bool) -> Iterator[Block]:
    """Yield a paragraph, divided where a mail program's line stands in it."""
    lines, start, at = block.lines, 0, 0
    while at < len(lines):
        if quotes and (end := _quoted_until(lines, at)) > at:
            yield from _text(lines[start:at], block.mark)
            yield _quote(lines[at:end])
            start = at = end
            continue
        if not may_be_sign(lines[at]):
            at += 1
            continue
        window = lines[at : at + _AHEAD]
        if len(window) < _AHEAD:
            window = [*window, *ahead()]
        if forwards(lines[at]):
            yield from _text(lines[start:at], block.mark)
            yield Text(lines[at:], block.mark)
            return
        if begins_history(window):
            yield from _text(lines[start:at], block.mark)
            end = at + header_lines(lines[at:])
            yield from _text(lines[at:end], Mark.BELOW)
            yield from _text(lines[end:], Mark.BELOW)
            return
        if count := attributes(lines[at : at + 3]):
            yield from _text(lines[start:at], block.mark)
            yield Text(lines[at : at + count], Mark.ATTRIBUTION)
            start = at = at + count
            quotes = True
            continue
        at += 1
    yield from _text(lines[start:], block.mark)


def _text(lines: list[str], mark: Mark) -> Iterator[Text]:
    if lines:
        yield Text(lines, mark)


def _quoted_until(lines: Sequence[str], at: int) -> int:
    while at < len(lines) and _QUOTED_LINE.match(lines[at]):
        at += 1
    return at


def _quote(lines: Sequence[str], depth: int = 1) -> Quote:
    """Return lines that begin with ``>`` as a quotation, those with more of them inside it."""
    inner = [line[found.end() :] if (found := _QUOTED_LINE.match(line)) else line for line in lines]
    blocks: list[Block] = []
    at = 0
    while at < len(inner):
        end = _quoted_until(inner, at) if depth < _DEEPEST else at
        if end > at:
            blocks.append(_quote(inner[at:end], depth + 1))
            at = end
            continue
        end = at
        while (
            end < len(inner)
            and inner[end].strip()
            and (depth >= _DEEPEST or not _QUOTED_LINE.match(inner[end]))
        ):
            end += 1
        if end > at:
            blocks.append(Text(list(inner[at:end])))
        at = max(end, at + 1) if end == at else end
    return Quote(blocks, Mark.CITED)


def _forwarded(blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield a forwarded mail: one quotation, so that nobody takes its words for its sender's."""
    yield Quote([_unmarked(block) for block in blocks])


def _unmarked(block: Block) -> Block:
    block.mark = Mark.NEW
    return block


# Signatures


def _signed(blocks: list[Block], signature: Sequence[Block]) -> list[Block]:
    """Return the blocks with the last place folded where they say exactly what a signature says."""
    wanted = [words for _, _, words in _lines(signature)]
    if not wanted:
        return blocks
    found = list(_lines(blocks))
    words = [word for _, _, word in found]
    for at in range(len(found) - len(wanted), -1, -1):
        if words[at] != wanted[0] or words[at : at + len(wanted)] != wanted:
            continue
        first, last = found[at], found[at + len(wanted) - 1]
        if len(wanted) == 1 and at + 1 < len(found):
            return blocks  # a name alone is a signature at the end only
        return _cut_out(blocks, first[:2], last[:2]) or blocks
    return blocks


def _lines(blocks: Sequence[Block]) -> Iterator[tuple[int, int, str]]:
    """Yield the lines that new words have: block, line, and what it says; quoted ones count for nothing."""
    for number, block in enumerate(blocks):
        if block.mark in _HISTORY or isinstance(block, Rule):
            continue
        lines = block.lines if isinstance(block, Text) else rendered([block]).split("\n")
        for at, line in enumerate(lines):
            said = _TARGET.sub("]", " ".join(line.replace("\u00a0", " ").split()))
            if said:
                yield number, at, said


def _cut_out(blocks: list[Block], first: tuple[int, int], last: tuple[int, int]) -> list[Block] | None:
    """Return the blocks with the lines from `first` to `last` folded; None where that divides a block."""
    start, end = blocks[first[0]], blocks[last[0]]
    head: list[Block] = []
    tail: list[Block] = []
    if isinstance(start, Text):
        head = list(_text(_without_sign(start.lines[: first[1]]), start.mark))
    elif first[1]:
        return None
    if isinstance(end, Text):
        tail = list(_text(end.lines[last[1] + 1 :], end.mark))
    elif last[1] != len(rendered([end]).split("\n")) - 1:
        return None
    if first[0] == last[0] and isinstance(start, Text):
        inner: list[Block] = [Text(start.lines[first[1] : last[1] + 1])]
    else:
        inner = [Text(start.lines[first[1] :]) if isinstance(start, Text) else start]
        inner += blocks[first[0] + 1 : last[0]]
        if last[0] != first[0]:
            inner.append(Text(end.lines[: last[1] + 1]) if isinstance(end, Text) else end)
    before = blocks[: first[0]]
    above = before[-1] if before and not head else None
    if isinstance(above, Text) and not _without_sign(above.lines[:1]) and len(above.lines) == 1:
        before = before[:-1]
    fold = Quote([Text([SIGNATURE]), *map(_unmarked, inner)])
    return [*before, *head, fold, *tail, *blocks[last[0] + 1 :]]


def _without_sign(lines: list[str]) -> list[str]:
    """Return lines without the ``--`` that stands above a signature."""
    return lines[:-1] if lines and _SIGN_LINE.fullmatch(lines[-1]) else lines


# History


def _history(blocks: list[Block]) -> list[Block]:
    """Return the blocks with what is history after the last new words folded, the rest in its place."""
    is_old = _old(blocks)
    if not any(is_old):
        return blocks
    last = max((n for n, b in enumerate(blocks) if not is_old[n] and _speaks(b)), default=None)
    if last is None:
        return blocks
    made = [*_in_place(blocks[: last + 1], is_old)]
    first = next((n for n in range(last + 1, len(blocks)) if is_old[n]), None)
    if first is None:
        return [*made, *blocks[last + 1 :]]
    between = [block for block in blocks[last + 1 : first] if not isinstance(block, Rule)]
    after = [b for n, b in enumerate(blocks) if n > first and not is_old[n] and not isinstance(b, Rule)]
    history = list(_unwrapped([b for n, b in enumerate(blocks) if n >= first and is_old[n]]))
    title = [] if _answers_below(blocks[: last + 1], is_old) else [Text([EARLIER])]
    fold: list[Block] = [Quote([*title, *history])] if rendered(history) else []
    return [*made, *between, *fold, *after]


def _old(blocks: Sequence[Block]) -> list[bool]:
    """Return which blocks are history."""
    below = False
    made: list[bool] = []
    for number, block in enumerate(blocks):
        below = below or block.mark is Mark.BELOW
        if not below and block.mark is Mark.ATTRIBUTION and not _quotes(blocks[number + 1 : number + 3]):
            if not _is_programs(block):
                made.append(False)
                continue
            below = True  # what it names is not set apart
        attributed = isinstance(block, Quote) and (
            (number > 0 and blocks[number - 1].mark is Mark.ATTRIBUTION) or _says_whose(block)
        )
        made.append(below or block.mark in _HISTORY or attributed)
    return made


def _answers_below(blocks: Sequence[Block], is_old: Sequence[bool]) -> bool:
    """Whether the new words say that there are more of them among the old ones, told by their colour only."""
    if any(is_old[: len(blocks)]):
        return False  # they stand between the quotations
    return any(_ELSEWHERE.search(line) for b in blocks if isinstance(b, Text) for line in b.lines)


def _is_programs(block: Block) -> bool:
    """Whether it was a program that wrote who wrote: it names an address or a time; people name a day."""
    return not isinstance(block, Text) or any(map(_EXACT.search, block.lines))


def _says_whose(quote: Quote) -> bool:
    """Whether a quotation begins with the line that says who wrote it: Yahoo puts it inside."""
    first = quote.blocks[0] if quote.blocks else None
    return isinstance(first, Text) and attributes(first.lines[:3]) > 0


def _quotes(following: Sequence[Block]) -> bool:
    """Whether a quotation, or nothing, comes first, whatever rule is drawn above it."""
    first = next((block for block in following if not isinstance(block, Rule)), None)
    return first is None or isinstance(first, Quote) or first.mark in _HISTORY


def _speaks(block: Block) -> bool:
    """Whether a block has new words, or a picture, of the message's own."""
    if block.mark is Mark.CLOSING or isinstance(block, Rule) or _titled(block):
        return False
    if isinstance(block, Text):
        return any(_SPEAKS.search(line) for line in block.lines)
    return isinstance(block, Whole | List) or bool(rendered([block]))


def _titled(block: Block) -> bool:
    """Whether a block is one that was folded already."""
    if not isinstance(block, Quote) or not block.blocks:
        return False
    first = block.blocks[0]
    return isinstance(first, Text) and first.lines in ([EARLIER], [SIGNATURE])


def _in_place(blocks: Sequence[Block], is_old: Sequence[bool]) -> Iterator[Block]:
    """Yield blocks in their order, quoted ones that are not set apart as quotations."""
    cited: list[Block] = []
    for block, old in zip(blocks, is_old, strict=False):
        if old and block.mark is Mark.CITED and not isinstance(block, Quote):
            cited.append(block)
            continue
        if cited:
            yield Quote(cited)
            cited = []
        yield block
    if cited:
        yield Quote(cited)


def _unwrapped(blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield history without the quotation around it, and without the line above it: the fold is both."""
    begun = False
    for block in blocks:
        for inner in _attributed(block.blocks) if isinstance(block, Quote) else [block]:
            begun = begun or not (
                isinstance(inner, Rule) or _is_title(inner) or inner == Text([], inner.mark)
            )
            if begun and not _is_title(inner):
                yield inner


def _is_title(block: Block) -> bool:
    return isinstance(block, Text) and block.lines == [EARLIER]


def _attributed(blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield a quotation's blocks, the line that says whose it is apart from what it says."""
    first, *rest = blocks
    if isinstance(first, Text) and (count := attributes(first.lines[:3])):
        yield from _text(first.lines[:count], first.mark)
        yield from _text(first.lines[count:], first.mark)
    else:
        yield first
    yield from rest
