"""What we read in wiki markup is what Atlassian's own reader reads, except where this page says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from mappings.markup import read, wiki_read, wiki_write
from mappings.ticket import Raw, TextFormat
from tests.mappings import shapes
from tests.mappings.atlassian import Atlassian
from tests.mappings.bodies import FILES

CORPUS = sorted((Path(__file__).parent / "corpus" / "wiki").glob("*.wiki"))
BODIES = [path for path in CORPUS if ".to-" not in path.name]

DIFFERENCES = {
    "cjk": "a table right below a list: Cloud takes its rows for words of the last item",
    "emoticons": "f(x) is mathematics: a small picture stands alone",
    "links": "what leads nowhere outside Jira (anchors, drives) is named; so are missing files, and "
    "the addresses of smart links; a bare [address] is no mark's place",
    "tables": "the heading of a row is bold: a Markdown table has headings of columns only",
    "unknown-macros": "a {code} that never ends is text, not an empty block",
    "whitespace": "a rule right below a table: Cloud takes it for more of the last cell",
}
"""The bodies that are read otherwise than by Atlassian, and why."""


def ours(text: str) -> shapes.Facts:
    """What our reader makes of a wiki text."""
    return shapes.of_markdown(read(Raw(TextFormat.WIKI, text), FILES))


@pytest.mark.parametrize("path", BODIES, ids=lambda path: path.stem)
def test_a_body_is_read_as_atlassian_reads_it(path: Path, atlassian: Atlassian) -> None:
    """A word, a cell or a mark that Jira shows and we don't read is lost on every other side."""
    text = path.read_text(encoding="utf-8")
    theirs = shapes.of_document(atlassian.wiki_to_adf(text))
    mine = ours(text)
    missing, added = theirs - mine, mine - theirs
    assert bool(missing or added) == (path.stem in DIFFERENCES), (missing, added)
    assert not [fact for fact in missing if fact[0] == "word"]


HARD = {
    "rows": "|a|b|\n" * 10_000,
    "cells without a bar": "|a\n" + "b\n" * 30_000,
    "an item of many lines": "* a\n" + "b\n" * 30_000,
    "code blocks": "{code}x{code}" * 3000,
    "quotations": "{quote}x{quote}" * 3000,
    "colours": "{color:red}a{color}" * 2000,
    "unclosed links": "[a|http://b" * 3000,
    "exclamations": " !a" * 5000,
    "marks of all kinds": "*_-+^~" * 3000,
    "marks and brackets": "*a [b " * 5000,
    "citations": "??a " * 5000,
    "escapes": "\\*" * 10_000,
    "levels": "\n".join("*" * (n % 25 + 1) + " x" for n in range(5000)),
}


@pytest.mark.timeout(15)
@pytest.mark.parametrize("name", HARD)
def test_no_wiki_text_takes_long(name: str) -> None:
    """One comment could keep a worker busy for hours: each must be read and written in about linear time."""
    wiki_write.write(wiki_read.read(HARD[name], ()), {}, {})
