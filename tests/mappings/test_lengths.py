"""A text that is too long for its target arrives in parts that can be read one by one."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.markup import parts, write
from mappings.markup.cached import Cache
from mappings.markup.lengths import MOST
from mappings.ticket import TextFormat
from tests.mappings.readers import FORMATS, PIECES, elements, seen, shown, words

LINE = "2026-11-21 10:00:00 ERROR o.e.Shop [http-8080-17] could not reserve item"
LOG = "\n".join(["```java", *(f"{LINE} {n}" for n in range(120)), "```"])
TABLE = "\n".join(["| id | what |", "| --- | --- |", *(f"| {n} | the **row** {n} |" for n in range(200))])
LIST = "\n".join(f"{n}. item {n} of the *list*" for n in range(5, 200))
QUOTE = "\n>\n".join(["> **Earlier messages**", *(f"> said {n} times and more words" for n in range(150))])
PROSE = " ".join(f"prose{n}" for n in range(900))
WHOLE = f"{LOG}\n\nbetween\n\n{TABLE}\n\n{LIST}\n\n{QUOTE}\n\n{PROSE}"


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("limit", [12_000, 24_000])
def test_every_part_fits_and_no_word_is_lost(format: TextFormat, limit: int) -> None:
    """A part that is too long is refused by the server, and the rest of the text never arrives."""
    made = parts(WHOLE, format, limit, {})
    assert 1 < len(made) <= MOST
    assert all(len(write(part, format, {})) <= limit for part in made)
    assert not Counter(seen(WHOLE)) - Counter(seen("\n\n".join(made)))
    order = [word for part in made for word in words(part) if word.startswith("prose")]
    assert order == words(PROSE)


def test_a_log_goes_on_as_code() -> None:
    """A code block cut in two is code in the first part and Markdown gone wild in all others."""
    made = parts(LOG, TextFormat.MARKDOWN, 2000, {})
    assert 1 < len(made) < 10
    for part in made:
        assert part.startswith("```java\n")
        assert part.endswith("\n```")
        assert all(line.startswith("2026-11-21") for line in part.split("\n")[1:-1])


def test_a_table_goes_on_under_its_heading() -> None:
    """Rows without their heading are numbers that nobody understands."""
    made = parts(TABLE, TextFormat.WIKI, 1500, {})
    assert sum(elements(part)["tr"] - 1 for part in made) == 200
    for part in made:
        assert part.startswith("| id | what |\n")
        assert elements(part)["table"] == 1


def test_a_list_goes_on_at_its_number() -> None:
    """A step that is called 1 in each part sends people to the wrong step."""
    made = parts(LIST, TextFormat.HTML, 2000, {})
    assert made[0].startswith("5. ")
    numbers = [int(line.split(".")[0]) for part in made for line in part.split("\n")]
    assert numbers == list(range(5, 200))


def test_a_quotation_goes_on_under_its_title() -> None:
    """Quoted history without its title reads as if the sender had written it now."""
    made = parts(QUOTE, TextFormat.MARKDOWN, 1500, {})
    assert len(made) > 1
    assert all(part.startswith("> **Earlier messages**\n>\n> said") for part in made)


def test_what_fits_is_not_touched() -> None:
    """A text that needs no parts must not change: it would be an edit."""
    text = "* odd  *list\n\n1) x"
    assert parts(text, TextFormat.MARKDOWN, 1000, {}) == [text]


@pytest.mark.parametrize("text", ["word " * 20_000, "x" * 100_000, "> " * 40 + "x" * 900])
def test_what_needs_too_many_parts_is_attached_whole(text: str) -> None:
    """Nobody reads a text in two hundred comments, and each of them mails people."""
    assert parts(text, TextFormat.WIKI, 300, {}) == []


@given(st.lists(st.sampled_from([*PIECES, LINE]), min_size=5, max_size=60).map("".join))
def test_parts_lose_nothing(text: str) -> None:
    """Shapes that nobody thought of: each part fits, the words are the same, in the same number."""
    made = parts(text, TextFormat.MARKDOWN, 300, {})
    assert all(len(write(part, TextFormat.MARKDOWN, {})) <= 300 for part in made)
    if made:
        letters = Counter("".join(seen(text)))
        assert not letters - Counter("".join(word for part in made for word in seen(part)))
        assert not any(list(shown(part).iter("script")) for part in made)


def test_the_cache_of_conversions_is_bounded() -> None:
    """A worker that keeps every text it ever read dies of it."""
    cache = Cache(100)
    for number in [1, 2, 3, 2, 4]:
        cache.get(number, lambda n=number: f"{n}" * 30)  # type: ignore[misc]
        assert cache.used <= 100
    assert len(cache) == 3
    assert [cache.get(n, lambda: "new") for n in (2, 3, 4)] == ["2" * 30, "3" * 30, "4" * 30]
    assert cache.get(1, lambda: "new") == "new"
    assert cache.get("long", lambda: "x" * 1000) == "x" * 1000
    assert cache.used <= 100


def test_blank_lines_are_no_part() -> None:
    """A text of nothing but line ends would be a page of blank code, and many short lines take seconds."""
    assert write("\n" * 100_000, TextFormat.MARKDOWN, {}) == ""
    made = write("word\n" + "\n" * 100_000 + "word\n" * 13_000, TextFormat.MARKDOWN, {})
    assert made.startswith("```\nword\n\n\n\nword\n")
    assert parts("word\r\r\n" * 20_000, TextFormat.MARKDOWN, 50_000, {}) == parts(
        "word\n\n" * 20_000, TextFormat.MARKDOWN, 50_000, {}
    )
