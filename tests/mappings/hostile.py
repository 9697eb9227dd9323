"""Texts that attack a converter: each is a few signs many times over, as long as one likes.

``python -m tests.mappings.hostile [WORD]`` names the conversions of them that take too long.
"""

from __future__ import annotations

import itertools
import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from mappings.markup import parts, read, rewritten, write
from mappings.markup.adf_read import read as read_adf
from mappings.markup.html import read as read_html
from mappings.markup.wiki_read import read as read_wiki
from mappings.ticket import Raw, TextFormat
from tests.mappings.bodies import FILES

LONG = 200_000
SLOWEST = 1.0
"""Seconds of processor time for a text of `LONG` characters."""
STEEPEST = 2.6
"""How much longer twice the text may take: twice, and the noise of a busy machine."""
_NOTICED = 0.3
"""Seconds below which a time says nothing of how it grows."""

REPEATED = {
    "brackets": "[",
    "pictures begun": "![",
    "links begun": "[a](b",
    "links to nowhere": "[a](",
    "links": "[*a*](https://a.example/x_y) ",
    "addresses apart": "[a]: b\n",
    "footnotes": "[^1]: x\n\n",
    "wiki links begun": "[a|http://x",
    "people": "@a.b-c [~a] [@Ann](<mention:ann>) ",
    "files": "[^app.log] !shot.png! ![x](<attachment:7>) ",
    "stars": "*a",
    "stars and words": "word *a* ",
    "strong and weak": "***a** ",
    "marks that cross": "**a *b ",
    "underscores": "_a __b ",
    "tildes": "~~a ",
    "ticks": "`a",
    "code": "word `a|b*` ",
    "monospace begun": "{{word word ",
    "braced marks": "{*}a",
    "macros": "{code}{quote}{noformat} ",
    "macros with lines": "{quote}\na\n{panel:title=x}\n",
    "colours": "{color:red}word ",
    "braces": "a word and {",
    "bars": "|a",
    "one column": "| word |\n|---|\n",
    "rows": "| word | word |\n",
    "rows without cells": "|-|\n",
    "wiki rows": "||word||word||\n|word|word|\n",
    "quotations": "> word\n",
    "quotations in quotations": "> > word\n> word\n",
    "quotations of lists": "> - word\n",
    "quotations apart": "> word\n\n",
    "GitLab's quotations": ">>>\nword\n",
    "items": "- word word\n",
    "items apart": "- word\n\n  word\n\n",
    "two kinds of items": "- word\n\n* word\n\n1. word\n\n",
    "items in items": "* word\n** word\n*# word\n",
    "items in items in one line": "- " * 40 + "word\n",
    "tasks": "- [ ] word\n",
    "numbers": "1. word\n",
    "empty items": "word\n-\n",
    "headings": "# word\n",
    "underlined headings": "word\n===\nword\n---\n",
    "wiki headings": "h1. word\nbq. word\n",
    "rules": "word\n\n----\n***\n",
    "fences": "```a\nword\n~~~\n",
    "code apart": "word\n\n    word\n\n",
    "entities": "word &amp; &#x41; &nosuch; ",
    "angles": "word <a ",
    "elements": "<b>word</b> <kbd>x</kbd> ",
    "elements begun": "<b><i>word",
    "attributes begun": '<a href="word ',
    "comments begun": "<!-- word ",
    "folds": "<details><summary>word</summary>\n\n",
    "cells begun": "<table><tr><td>word",
    "lone items": "<li>word",
    "addresses": "https://a.example/x?y=1#z word ",
    "addresses that end in signs": "http://a!) ",
    "schemes": "http:// word mailto: ",
    "tickets": "word #1 !2 ACME-1 shop/web#4 ",
    "commits": "a1b2c3d4 ",
    "formulas": "word $a$ $`b`$ ",
    "commands": "word\n/close\n",
    "escapes": "\\* word \\\\ ",
    "broken lines": "word\\\n",
    "blanks": " ",
    "tabs": "\t",
    "new lines": "\n",
    "carriage returns": "a\r\r\n",
    "a word": "a",
    "combining marks": "e\u0301\u0301\u0301",
    "joiners": "a\u2060\u200d",
    "turning signs": "a\u202e\u2066",
    "emoji": "🎉👍🏽 ",
    "long words": "x" * 999 + " ",
    "attributions": "On Mon, 3 Mar 2025 at 10:00, Ann <a@b.example> wrote:\n> word\n",
    "heads": "From: a\nSent: b\nTo: c\nSubject: d\n",
    "signs of signatures": "--\nAnn\n",
    "lines of folds": "> **Earlier messages**\n>\n> word\n\n",
    "smileys": ":-) (x) (/) :p ",
}
_WORDS = frozenset(("blanks", "tabs", "new lines"))
"""What has no word in it: nothing may come of nothing."""
_AROUND = {
    "brackets": ("[", "]"),
    "links": ("[a ", "](b)"),
    "stars": ("*a ", "*"),
    "quotations": ("> ", ""),
    "items": ("- ", ""),
    "monospace": ("{{", "}}"),
    "quotes": ("{quote}\n", "{quote}\n"),
    "panels": ("{panel}\n", "{panel}\n"),
    "divisions": ("<div>\n", "</div>\n"),
    "lists": ("<ul><li>", "</li></ul>"),
    "tables": ("<table><tr><td>", "</td></tr></table>"),
    "folds": ("<details>\n\n", "\n</details>\n"),
}


def texts(length: int) -> Iterator[tuple[str, str]]:
    """Yield hostile texts of about a length, each with what it is called."""
    for name, signs in REPEATED.items():
        start = "" if name in _WORDS else "word "
        yield name, (start + signs * (length // len(signs) + 1))[:length]
    for name, (start, end) in _AROUND.items():
        count = length // len(start + end)
        yield f"{name} in one another", f"{start * count}word{end * count}"
    for sign in "*#->`~ ":
        lines = (sign * (n % 150 + 1) + " word\n" for n in range(length // 80))
        yield f"lines after ever more {sign!r}", "".join(lines)
    yield "a row of many cells", f"|{'word|' * (length // 8)}\n|{'-|' * (length // 8)}\n"
    yield "a rule in items", "- " * 48 + "-" * length + "word"
    wide = min(200, length // 12)
    yield "rows that lack cells", f"|{'a|' * wide}\n|{'-|' * wide}\n" + "|word\n" * (length // 12)
    yield "wiki rows that lack cells", f"||{'a||' * wide}\n" + "|word|\n" * (length // 12)


def documents(length: int) -> Iterator[tuple[str, str]]:
    """Yield hostile documents (ADF) of about a length."""
    for name, text in texts(length):
        yield f"a text of {name}", _document(_paragraph(_text(text)))
    word = _text("word")
    bold = _text("word", "strong", "em", "strike")
    linked = {**word, "marks": [{"type": "link", "attrs": {"href": "https://a.example"}}]}
    for name, node in {
        "paragraphs": _paragraph(word),
        "items": _node("bulletList", _node("listItem", _paragraph(word))),
        "headings": _node("heading", word),
        "quotations": _node("blockquote", _paragraph(word)),
        "folds": _node("expand", _paragraph(word)),
        "tables": _node("table", _node("tableRow", _node("tableCell", _paragraph(word)))),
        "tasks": _node("taskList", _node("taskItem", word)),
        "code": _node("codeBlock", word),
        "nobody knows": _node("x", _node("y", word)),
    }.items():
        yield name, _document(*[node] * (length // len(json.dumps(node)) + 1))
        deep = json.dumps(node).replace(json.dumps(word), "%")
        depth = length // len(deep) + 1
        start, _, end = deep.partition("%")
        yield (
            f"{name} in one another",
            f'{{"type":"doc","content":[{start * depth}{json.dumps(word)}{end * depth}]}}',
        )
    for name, nodes in {
        "marks": [bold, word],
        "links": [linked, bold],
        "people": [{"type": "mention", "attrs": {"id": "a", "text": "@word"}}],
        "breaks": [word, {"type": "hardBreak"}],
        "pictures": [word, {"type": "mediaInline", "attrs": {"id": "x"}}],
    }.items():
        yield name, _document(_paragraph(*nodes * (length // len(json.dumps(nodes)) + 1)))
    row = _node("tableRow", *[_node("tableCell", _paragraph(word))] * 5)
    yield "a long table", _document(_node("table", *[row] * (length // len(json.dumps(row)) + 1)))
    yield "a broken one", '{"type":"doc","content":[{"type":"text","text":"word"},' * (length // 55)
    yield "brackets alone", '{"text":"word"}' + "[" * length


_NUMBER = itertools.count()
"""Behind a text that is read: what was read before is kept, and would take no time."""
CONVERTERS: dict[str, Callable[[str], str]] = {
    "HTML read": lambda text: read_html(text, FILES, ("<div>--</div><div>Ann</div>",)),
    "wiki read": lambda text: read_wiki(text, FILES),
    "GitLab read": lambda text: read(Raw(TextFormat.MARKDOWN, f"{text} {next(_NUMBER)}"), FILES),
    "HTML written": lambda text: write(text, TextFormat.HTML, {"7": "shot.png"}),
    "wiki written": lambda text: write(text, TextFormat.WIKI, {"7": "shot.png"}),
    "ADF written": lambda text: write(text, TextFormat.ADF, {"7": "shot.png"}),
    "GitLab written": lambda text: write(text, TextFormat.MARKDOWN, {"7": "shot.png"}),
    "tickets linked": lambda text: rewritten(
        text, {"#1": "https://b.example/1", "ACME-1": "https://b.example"}
    ),
    "parts": lambda text: "".join(parts(text, TextFormat.MARKDOWN, max(1000, len(text) // 4), {})) or "whole",
}
DOCUMENTS: dict[str, Callable[[str], str]] = {"ADF read": lambda text: read_adf(text, FILES)}


def cases(length: int) -> Iterator[tuple[str, str, Callable[[str], str]]]:
    """Yield a name, a hostile text, and what converts it."""
    for name, text in texts(length):
        for converter, convert in CONVERTERS.items():
            yield f"{converter}: {name}", text, convert
    for name, text in documents(length):
        for converter, convert in DOCUMENTS.items():
            yield f"{converter}: {name}", text, convert


def slow(word: str = "") -> Iterator[str]:
    """Yield what is wrong with the times: those above `SLOWEST`, and those that grow more than the text."""
    for (name, half, convert), (_, whole, _) in zip(cases(LONG // 2), cases(LONG), strict=True):
        if word not in name:
            continue
        once, twice = _seconds(convert, half), _seconds(convert, whole)
        if twice > SLOWEST or (twice > _NOTICED and twice > STEEPEST * once):
            once, twice = min(once, _seconds(convert, half)), min(twice, _seconds(convert, whole))
            if twice > SLOWEST or twice > STEEPEST * once:
                yield f"{name}: {once:.2f} s at 100 KB, {twice:.2f} s at 200 KB"


def _seconds(convert: Callable[[str], str], text: str) -> float:
    """Return the processor time of a conversion; ten times the limit if it does not end by then."""
    before = signal.signal(signal.SIGVTALRM, _stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, 10 * SLOWEST)
    started = time.process_time()
    try:
        convert(text)
    except TimeoutError:
        pass
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    return time.process_time() - started


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise TimeoutError


def _node(kind: str, *content: Any) -> dict[str, Any]:
    return {"type": kind, "content": list(content)}


def _paragraph(*content: Any) -> dict[str, Any]:
    return _node("paragraph", *content)


def _text(words: str, *marks: str) -> dict[str, Any]:
    return {"type": "text", "text": words, "marks": [{"type": mark} for mark in marks]}


def _document(*content: Any) -> str:
    return json.dumps({**_node("doc", *content), "version": 1})


if __name__ == "__main__":
    for line in slow(*sys.argv[1:2]):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
