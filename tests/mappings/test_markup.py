"""Text survives between the tools' markups: every word, and the structure that the target can hold."""

from __future__ import annotations

import html
import re
from collections import Counter

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.markup import read, write
from mappings.ticket import Raw, TextFormat
from tests.mappings.bodies import BODIES, FILES, SHOT, Body
from tests.mappings.readers import (
    ELEMENTS,
    FORMATS,
    PIECES,
    check_wiki,
    elements,
    passed,
    seen,
    shown,
    words,
)

ADDED = Counter("Earlier messages picture file app shot shot png png image001".split())
"""The words that a conversion may add: what folded history, pictures and missing files are called."""


def canonical(body: Body) -> str:
    """The body as it is kept."""
    return read(Raw(body.format, body.text), FILES)


def source_words(body: Body) -> Counter[str]:
    """The words of a body as its own tool shows them, found without our readers."""
    if body.format is not TextFormat.HTML:
        return Counter(words(html.unescape(body.text))) - Counter(body.markup.split())
    apart = re.sub(r"(?=</?(?:p|div|br|h\d|li|t[rdh]|blockquote|pre)\b)", " ", body.text)
    tree = lxml.html.fragment_fromstring(re.sub("<style>.*?</style>", "", apart), create_parent="div")
    return Counter(words(str(tree.text_content())))


@pytest.mark.parametrize("format", FORMATS)
def test_an_address_apart_from_links_is_words(format: TextFormat) -> None:
    """A line that defines what a link may refer to shows nothing: a text of such lines came out empty."""
    assert words(passed("[a]: https://b.example/x", format)) == ["a", "https", "b", "example", "x"]


@pytest.mark.parametrize("body", BODIES, ids=str)
def test_every_word_is_read(body: Body) -> None:
    """A word lost on reading is lost on every other side."""
    found = Counter(seen(canonical(body)))
    assert not source_words(body) - found
    if body.format is TextFormat.HTML:
        assert not found - source_words(body) - ADDED - Counter(["chart"])


@pytest.mark.parametrize("body", BODIES, ids=str)
def test_the_structure_is_read(body: Body) -> None:
    """A log that is no longer code, a list in one line, a table as text: nobody can read those."""
    found = elements(canonical(body))
    assert {name: found[name] for name in body.elements} == body.elements


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("body", BODIES, ids=str)
def test_words_and_structure_pass_every_format(body: Body, format: TextFormat) -> None:
    """What the writer of one tool drops is missing on that side, and after a round trip everywhere."""
    before = canonical(body)
    after = passed(before, format)
    lost = {"p", "br"}
    if format is TextFormat.WIKI:
        # Its quotations do not nest, another kind of list is another list, a file goes by its own name.
        lost |= {"blockquote", "ul", "ol"}
    if format is TextFormat.ADF:
        # A quotation stands in none, and a document shows no file by its name (test_adf.py).
        lost |= {"blockquote", "img", "a"}
    assert not Counter(seen(before)) - Counter(seen(after))
    assert not Counter(seen(after)) - Counter(seen(before)) - ADDED
    kept = [name for name in ELEMENTS if name not in lost]
    had, has = elements(before), elements(after)
    assert {name: has[name] for name in kept} == {name: had[name] for name in kept}


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("body", BODIES, ids=str)
def test_a_second_pass_changes_nothing(body: Body, format: TextFormat) -> None:
    """A text that changes each time it passes is an edit each time: two sides would rewrite it for ever."""
    once = passed(canonical(body), format)
    assert passed(once, format) == once


@pytest.mark.parametrize("format", FORMATS)
def test_a_picture_points_to_its_new_place(format: TextFormat) -> None:
    """Broken pictures are the classic complaint about every bridge."""
    new = (
        {"7": "https://new.example/a b/(1).png", "8": "n.log"}
        if format is not TextFormat.WIKI
        else {"7": "n.png"}
    )
    text = "![shot](attachment:7) and [the log](attachment:8) and `![x](attachment:7)`"
    out = write(text, format, new)
    assert (
        "`![x](attachment:7)`" in out
        or "{{\\!\\[x\\](attachment:7)}}" in out
        or "<code>![x](att" in out
        or '"code"}],"text":"![x](att' in out
    )
    match format:
        case TextFormat.HTML:
            assert '<img src="https://new.example/a b/(1).png" alt="shot">' in out
            assert '<a href="n.log" rel="noopener noreferrer">the log</a>' in out
        case TextFormat.WIKI:
            assert "!n.png! and \\[file: the log\\]" in out
        case TextFormat.MARKDOWN:
            assert "![shot](<https://new.example/a b/(1).png>)" in out
            assert "[the log](n.log)" in out
        case TextFormat.ADF:
            assert '"href":"https://new.example/a%20b/(1).png"}' in out
            assert "[file: the log]" in out


@pytest.mark.parametrize("format", FORMATS)
def test_a_picture_that_cannot_be_held_is_named(format: TextFormat) -> None:
    """A picture that vanishes without a word is lost; its name says what to look for."""
    after = passed("see ![the *shot*](attachment:99) ![](attachment:98) [log](attachment:97)", format)
    assert seen(after) == words("see picture the shot picture without a name file log")
    assert "attachment:" not in after


@pytest.mark.parametrize(
    "name", ["a!b.png", "a|onload=x.png", "a]b.png", "a^b.png", "a\\b.png", "{html}.png"]
)
def test_a_file_whose_name_is_markup_is_named_in_jira(name: str) -> None:
    """A file's name is a stranger's text like any other: as a reference it could carry options that run."""
    out = write("![x](attachment:7) [x](attachment:7)", TextFormat.WIKI, {"7": name})
    check_wiki(out)
    assert seen(read(Raw(TextFormat.WIKI, out), ())) == words(f"picture {name} x file {name}")


def test_a_picture_is_found_by_its_address_too() -> None:
    """Freshdesk's older bodies carry no id on their pictures."""
    found = read(Raw(TextFormat.HTML, f'<p>a <img src="{SHOT.location}"> b</p>'), FILES)
    assert found == "a ![shot.png](<attachment:7>) b"


def test_a_secret_address_is_not_copied() -> None:
    """The address of an inline picture is a token: copied into another tool it lets anybody in."""
    for body in BODIES:
        assert "token=abc" not in canonical(body)


@pytest.mark.parametrize(
    "text",
    [
        "<div>" * 300 + "words",
        "<blockquote>" * 3000 + "words",
        "<b><i>" * 2000 + "words",
        "<table><tr><td>" * 150 + "words",
        "<math><mtext>words</mtext></math>",
        "<title>words</title>",
        "<textarea>words",
        "<blockquote>words</blockquote>",
        "<p>On Mon, Mar 3, 2025 at 10:00 AM Ann wrote:</p><blockquote>words</blockquote>",
        "\x00\x01\ud800words\ufffe",
        "<!-- x -->words<!-- y",
        "<![CDATA[x]]>words<?xml?>",
        "<p>words<",
        "&#0;&#xD800;words&#x110000;",
        "{quote}words",
        "{code}words",
        "{quote}" * 500 + "words",
        "{panel}{quote}words{quote}{panel}",
        "> " * 500 + "words",
        "- " * 500 + "words",
        "\n".join("  " * n + "- words" for n in range(120)),
        "[words",
        "![words",
        "a" + "`" * 501 + "words",
        "|words",
        "|words|\n|-|-|",
        "[words]: https://a.example x",
        "#words",
    ],
    ids=lambda text: repr(text)[:24] + str(len(text)),
)
@pytest.mark.parametrize("source", FORMATS)
def test_a_text_with_words_is_never_empty(text: str, source: TextFormat) -> None:
    """An empty copy says that nothing was written, and looks like a side that was emptied."""
    markdown = read(Raw(source, text), ())
    assert "words" in markdown
    for target in FORMATS:
        assert "words" in passed(markdown, target)


TEXTS = st.lists(st.sampled_from(PIECES), max_size=16).map("".join)


@given(TEXTS)
def test_no_word_of_a_plain_text_is_lost(text: str) -> None:
    """Whatever signs stand around it, a word that a customer typed must be there on every side."""
    mail = "<p>" + "<br>".join(html.escape(line) for line in text.split("\n")) + "</p>"
    markdown = read(Raw(TextFormat.HTML, mail), ())
    for format in FORMATS:
        assert seen(passed(markdown, format)) == words(text)


@given(TEXTS, st.sampled_from(FORMATS), st.sampled_from(FORMATS))
def test_no_text_makes_a_converter_fail_or_restless(
    text: str, source: TextFormat, target: TextFormat
) -> None:
    """A text that cannot be converted parks its ticket; one that never settles is written for ever."""
    once = passed(passed(read(Raw(source, text), FILES), target), target)
    # Blank lines at the head of code are HTML's own to drop.
    assert re.sub("\n+", "\n", passed(once, target)) == re.sub("\n+", "\n", once)


CROWDS = {
    "list items": "* a\n" * 12_000,
    "mentions": "@a " * 5_000,
    "marks": "**a** " * 10_000,
    "braces": "{" * 60_000,
    "addresses": "https://a.b " * 7_000,
    "few lines more than items": "- a\n" * 8_200,
    "quotations": "> a\n" * 12_000,
}


@pytest.mark.parametrize("name", CROWDS)
@pytest.mark.parametrize("format", [TextFormat.WIKI, TextFormat.MARKDOWN])
def test_what_nobody_writes_by_hand_is_one_block_of_code(name: str, format: TextFormat) -> None:
    """A program's output, or an attacker's, would keep a worker busy for seconds with each look."""
    text = CROWDS[name]
    canonical = read(Raw(format, text), ())
    assert canonical.startswith("```\n")
    assert words(canonical) == words(text)
    again = read(Raw(TextFormat.MARKDOWN, write(canonical, TextFormat.MARKDOWN, {})), ())
    assert words(again) == words(text)


def test_a_long_log_in_code_stays_what_it_is() -> None:
    """A long text with a log in it would lose its own headings and links for the log's sake."""
    text = (
        "# What happened\n\nSee [here](https://a.example/x).\n\n```\n" + "a line of a log\n" * 12_000 + "```"
    )
    canonical = read(Raw(TextFormat.MARKDOWN, text), ())
    assert canonical.startswith("# What happened\n\nSee [here]")


def test_a_link_that_holds_an_address_is_one_link() -> None:
    """Markdown has no link in a link: the outer one would end as brackets in the text."""
    text = '<a href="https://a.example/x">https://b.example</a> <a href="https://a.example"><b>c d</b></a>'
    out = passed(read(Raw(TextFormat.MARKDOWN, text), ()), TextFormat.HTML)
    assert [a.get("href") for a in shown(out).iter("a")] == ["https://a.example/x", "https://a.example"]
    assert shown(out).text_content().split() == ["https://b.example", "c", "d"]


def test_one_odd_tag_does_not_cost_the_rest() -> None:
    """``List<String>`` below a table, and the table's own source would be shown instead of it."""
    rows = "<tr><th>k</th><th>v</th></tr><tr><td>a</td><td>List<String></td></tr>"
    text = f"<table>{rows}</table>\n<script>x</script>"
    tree = shown(read(Raw(TextFormat.MARKDOWN, text), ()))
    assert [cell.text_content() for cell in tree.iter("td")] == ["a", "List<String>"]
    assert "<script>x</script>" in tree.text_content()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("```the pump is stuck", "```\nthe pump is stuck\n```"),
        ("~~~a b\nc\n~~~", "```\na b\nc\n```"),
        ("```python {linenos=true}\nx = 1\n```", "```python\nx = 1\n```"),
        ('```js title="a b"\nx\n```', "```js\nx\n```"),
    ],
)
def test_words_behind_the_ticks_of_a_block_are_read(text: str, told: str) -> None:
    """What somebody wrote on behind three ticks would be lost: GitLab shows none of it, its source does."""
    assert read(Raw(TextFormat.MARKDOWN, text), ()) == told
