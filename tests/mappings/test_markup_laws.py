"""Laws that hold for every text and every journey between the tools, looked for by chance."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mappings.markup import read, write
from mappings.ticket import Raw, TextFormat
from tests.mappings.bodies import BODIES, FILES
from tests.mappings.readers import FORMATS, PIECES, elements, passed, seen
from tests.mappings.snapshots import LONGEST, Source, sources
from tests.mappings.test_markup_safety import check_gitlab, check_html

JOURNEYS = [
    *((f,) for f in FORMATS),
    (TextFormat.HTML, TextFormat.WIKI),
    (TextFormat.HTML, TextFormat.MARKDOWN),
    (TextFormat.MARKDOWN, TextFormat.ADF),
]
EXAMPLES = int(os.environ.get("EXAMPLES") or 60)
"""How many texts a law is tried on; see `make laws`."""
SHORT = [source for source in sources() if source.path.stat().st_size <= LONGEST]

WORDS = st.sampled_from(
    "alpha beta.gamma x_y 5*3 `code` **bold** *it* ~~gone~~ <b> #1 @ann 日本 שלום".split()
)
LINES = st.lists(WORDS, min_size=1, max_size=5).map(" ".join)
LINKS = st.sampled_from(
    ["[a *b*](https://a.example/x)", "<https://b.example/?q=1>", "![p](attachment:7)", "[@Ann](mention:ann)"]
)
SPANS = st.lists(LINES | LINKS, min_size=1, max_size=3).map(" ".join)


def _set_in(blocks: list[str], first: str, other: str) -> str:
    lines = "\n\n".join(blocks).split("\n")
    return "\n".join([first + lines[0], *(other + line if line else line for line in lines[1:])])


def _nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    some = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        some.map(lambda blocks: _set_in(blocks, "> ", "> ").replace("\n\n", "\n>\n")),
        some.map(lambda blocks: "\n".join(_set_in([b], "- ", "  ") for b in blocks)),
        some.map(lambda blocks: "\n".join(_set_in([b], f"{n}. ", "   ") for n, b in enumerate(blocks, 1))),
        some.map(lambda blocks: "\n".join(_set_in([b], "- [x] ", "  ") for b in blocks)),
    )


LEAVES = st.one_of(
    SPANS,
    st.lists(SPANS, min_size=2, max_size=3).map("\\\n".join),
    st.tuples(st.integers(1, 6), SPANS).map(lambda pair: f"{'#' * pair[0]} {pair[1]}"),
    st.lists(LINES, min_size=1, max_size=3).map(lambda lines: "\n".join(["```java", *lines, "```"])),
    st.lists(SPANS, min_size=1, max_size=3).map(lambda c: f"| {c[0]} | b |\n| --- | --- |\n| {c[-1]} |  |"),
    st.sampled_from(["***", "> **Earlier messages**\n>\n> said before"]),
)
TEXTS = st.lists(LEAVES | st.recursive(SPANS, _nested, max_leaves=5), min_size=1, max_size=4).map("\n\n".join)
"""Canonical texts with every structure there is, in one another."""


def travelled(markdown: str, journey: tuple[TextFormat, ...]) -> str:
    """Return what is read at the end of a journey."""
    for format in journey:
        markdown = passed(markdown, format)
    return markdown


def name(journey: tuple[TextFormat, ...]) -> str:
    """Return the journey's tools."""
    return "-".join(journey)


@pytest.mark.parametrize("journey", JOURNEYS, ids=name)
@pytest.mark.parametrize("source", SHORT, ids=str)
def test_a_second_journey_changes_nothing(source: Source, journey: tuple[TextFormat, ...]) -> None:
    """A text that changes each time it passes is an edit each time: two sides would rewrite it for ever."""
    once = travelled(source.canonical(), journey)
    assert travelled(once, journey) == once


@pytest.mark.parametrize("format", FORMATS)
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
@given(text=TEXTS | st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_any_text_comes_to_rest(text: str, format: TextFormat) -> None:
    """As above, for texts that nobody thought of; and no letter of theirs is lost."""
    once = passed(text, format)
    assert passed(once, format) == once
    assert not Counter("".join(seen(text))) - Counter("".join(seen(once)))


FOUND = [
    "https://a.example/x_y?q=1#f@g{code}",  # words of a link that are an address with signs of markup
    "https://a.example/x_y?q=1#f@g!2",
    "https://a.example/x_y?q=1#f@g{code}日本",
    "https://a.example/x_y?q=1#f@g|100%",
    "https://a.example/x_y?q=1#f@g&amp;!2",
    "```\n\n\n*",  # blank lines around code
    "```\n\n\n\n",
    "5*3** _*",  # a sign at the end of a mark
    "5*3 x_y 5*3",  # a mark's own sign inside it
    "5*3\\\nx_y 5*3",
    "*`\xa0{code}*",
    "># - *",  # a mark around signs alone
    "*~~~**~~#",  # a hash behind a mark that went
    "*~~~# *~~~",
    "# \\#",  # a heading that ends with a hash
    "- 1. alpha\n- alpha",  # an item whose first block is a list
    "- \n- *",  # items without a sign
    "- \\",
    "> *",
    "- [x] - alpha\n  - - alpha",
    "~~{a}\u2060~~b *\u2060(c)* d**\u2060(e)\u2060**f ***\u2060!***a",  # a mark's edge beside a word
    "__👩🏿‍💻__*🇩🇪* __!__*!*",
    "**a *b***\u2060*c*d **a**\u2060**b** ~~a~~\u2060~~b~~",  # marks side by side
    "| a |  |\n| --- | --- |\n| b |  |",  # an empty column
    "> | a |  |\n> | --- | --- |",
    "| a |\n| --- |\n| b |",
    "**a {noformat}\u200b\\* x**",  # a mark around what has no width
    "- \\[x\\]\n  a",  # an item that only looks like a task
    "- \\[ \\] a",
]
"""Texts that once changed at their second passage, by what was wrong."""


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("text", FOUND)
def test_what_once_did_not_come_to_rest(text: str, format: TextFormat) -> None:
    """Two sides would rewrite these for ever."""
    once = passed(text, format)
    assert passed(once, format) == once
    assert not Counter("".join(seen(text))) - Counter("".join(seen(once)))


@pytest.mark.parametrize("format", [TextFormat.HTML, TextFormat.ADF, TextFormat.MARKDOWN])
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.lists(LEAVES, min_size=1, max_size=5).map("\n\n".join))
def test_structure_that_a_tool_can_hold_is_held(text: str, format: TextFormat) -> None:
    """A heading that becomes bold words, a row that becomes a line: the copy is worse than the original."""
    before, after = elements(text), elements(passed(text, format))
    for kind in ("h1", "h2", "h3", "pre", "table", "tr", "hr"):
        assert after[kind] >= before[kind], kind


@settings(max_examples=max(EXAMPLES, 100))
@given(text=st.text(max_size=300) | st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
def test_no_text_makes_a_reader_or_writer_fail(text: str) -> None:
    """One odd text would stop its ticket for ever."""
    for source, target in product(FORMATS, repeat=2):
        markdown = read(Raw(source, text), FILES)
        out = write(markdown, target, {})
        if target is TextFormat.MARKDOWN:
            check_gitlab(out)
        if target is TextFormat.HTML:
            check_html(out or "<p></p>")
        assert "\x00" not in out


@pytest.mark.parametrize("source", SHORT[::3], ids=str)
@settings(max_examples=8)
@given(data=st.data())
def test_a_damaged_body_is_read(source: Source, data: st.DataObject) -> None:
    """Servers cut texts, programs write them wrong: what is left must be read, and never be empty."""
    text = source.raw.text
    at, length = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 40))
    damaged = (
        text[:at]
        + data.draw(st.sampled_from(["", "<", "[", "{", "\\", "`", "&", "\u2028"]))
        + text[at + length :]
    )
    markdown = read(Raw(source.raw.format, damaged), FILES)
    assert markdown or not re.search(r"\w", damaged)
    for format in FORMATS:
        write(markdown, format, {})


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "text", "content", "attrs", "marks", "href"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)
NODES = st.recursive(
    st.text(max_size=8).map(lambda text: {"type": "text", "text": text}),
    lambda inner: st.builds(
        lambda kind, content, attrs: {"type": kind, "content": content, "attrs": attrs},
        st.sampled_from(
            "paragraph heading bulletList listItem table tableRow tableCell codeBlock panel x".split()
        ),
        st.lists(inner, max_size=3),
        JSON,
    ),
    max_leaves=10,
)


@given(
    document=st.builds(lambda content: {"type": "doc", "content": content}, st.lists(NODES, max_size=3))
    | JSON
)
def test_no_document_makes_the_reader_fail(document: Any) -> None:
    """Atlassian adds nodes whenever it likes; what is not known is read by its words."""
    read(Raw(TextFormat.ADF, json.dumps(document)), FILES)


@pytest.mark.parametrize("body", BODIES, ids=str)
def test_all_tools_one_after_another(body: Any) -> None:
    """A ticket may pass through every tool there is; at the end all its words must still be there."""
    before = read(Raw(body.format, body.text), FILES)
    after = travelled(before, (TextFormat.WIKI, TextFormat.HTML, TextFormat.ADF, TextFormat.MARKDOWN))
    assert not Counter("".join(seen(before))) - Counter("".join(seen(after)))
