"""What we write in wiki markup shows in Jira what the Markdown says: Atlassian's own reader is asked."""

from __future__ import annotations

import re
from collections import Counter
from urllib.parse import unquote

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mappings.markup import read, write
from mappings.ticket import Raw, TextFormat
from tests.mappings import shapes
from tests.mappings.atlassian import Atlassian
from tests.mappings.bodies import BODIES, FILES
from tests.mappings.readers import NAMES, PIECES, nodes
from tests.mappings.snapshots import LONGEST, sources

TEXTS = {str(body): read(Raw(body.format, body.text), FILES) for body in BODIES} | {
    str(source): source.canonical() for source in sources() if source.path.stat().st_size <= LONGEST
}

LOSSES = {
    "gitlab-uploads": {"link", "word"},  # an address without a server is shown in words
    "html-links_odd": {"link"},  # a bracket in an address is written by its number
}
"""The texts of which Jira cannot hold a fact, and the kinds of such facts."""


def written(markdown: str) -> str:
    """The text as it goes to Jira; whoever is mentioned may be."""
    keys = map(unquote, re.findall(r"\(<?mention:([^>)]*)", markdown))
    people = {key: f"accountid:{key}" for key in keys}
    return write(markdown, TextFormat.WIKI, NAMES[TextFormat.WIKI], people=people)


def passed(markdown: str) -> str:
    """What is read back of it."""
    return read(Raw(TextFormat.WIKI, written(markdown)), FILES)


def comparable(facts: shapes.Facts) -> shapes.Facts:
    """The facts that Jira can hold: quotations and a heading in one are flat there, an item's text is one."""
    kept: shapes.Facts = Counter()
    for (kind, *rest), count in facts.items():
        if kind == "item":
            for word in rest[-1].split():
                kept["item", rest[0], word] += count
        elif kind == "heading":
            for word in rest[-1].split():
                kept["bold", word] += count
        elif kind != "quote":
            kept[(kind, *rest)] += count
    return kept


@pytest.mark.parametrize("name", TEXTS)
def test_jira_shows_what_the_markdown_says(name: str, atlassian: Atlassian) -> None:
    """A word, a cell or a mark that Jira reads otherwise than it was meant is lost to the developers."""
    markdown = TEXTS[name]
    shown = shapes.of_document(atlassian.wiki_to_adf(written(markdown)))
    meant = shapes.of_markdown(markdown)
    lost, added = comparable(meant) - comparable(shown), comparable(shown) - comparable(meant)
    if name in LOSSES:
        kinds = {fact[0] for fact in [*lost, *added]}
        assert kinds == LOSSES[name]
        assert not [fact for fact in lost if fact[0] == "word"]
    else:
        assert not lost
        assert not added


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_was_in_jira_changes_no_more(name: str) -> None:
    """A text that changes each time it passes is an edit each time: two sides would rewrite it for ever."""
    once = passed(TEXTS[name])
    assert passed(once) == once


WORDS = st.lists(
    st.sampled_from([*PIECES, "a", "b c", "**", "*", "~~", "``", "[x](https://a.example)"]), max_size=16
)


@settings(max_examples=300)
@given(WORDS.map("".join))
def test_jira_shows_every_word_of_any_text(atlassian: Atlassian, text: str) -> None:
    """Signs that nobody thought of: no word may vanish in a macro, and none may be made up."""
    shown = shapes.of_document(atlassian.wiki_to_adf(written(text)))
    meant = shapes.of_markdown(text)
    links = [fact[1] for fact in meant if fact[0] == "link"]
    assume(all(re.match("(?:https?://|mailto:|tel:)[^ ]", link) for link in links))  # others become words
    assert letters(shown) == letters(meant)  # code begins with no blank, so two words may touch
    assert Counter({f: n for f, n in shown.items() if f[0] == "block"}) == Counter(
        {f: n for f, n in meant.items() if f[0] == "block"}
    )


def letters(facts: shapes.Facts) -> Counter[str]:
    """The letters of all words."""
    found: Counter[str] = Counter()
    for fact, count in facts.items():
        if fact[0] == "word":
            for letter in fact[1]:
                found[letter] += count
    return found


@given(WORDS.map("".join))
def test_nothing_of_any_text_is_live_in_jira(atlassian: Atlassian, text: str) -> None:
    """A mention would mail somebody, a file or picture show another one, a macro run: none comes of words."""
    found = nodes(atlassian.wiki_to_adf(write(text, TextFormat.WIKI, {})))
    live = {"mention", "media", "mediaGroup", "panel", "emoji", "inlineCard", "blockCard", "embedCard"}
    assert not {node["type"] for node in found} & live
    for node in found:
        for mark in node.get("marks", []):
            if mark["type"] == "link":
                assert re.match("(?:https?://|mailto:|tel:)", mark["attrs"]["href"])


@given(WORDS.map("".join))
def test_any_text_that_was_in_jira_changes_no_more(text: str) -> None:
    """As for the corpus, for texts that nobody thought of."""
    once = passed(passed(text))
    assert passed(once) == once
