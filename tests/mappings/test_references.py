"""What a text points at, people and files, is re-pointed on the other side or shown in words."""

from __future__ import annotations

import re

import pytest

from mappings.markup import cleaned, read, rewritten, write
from mappings.ticket import Raw, TextFormat
from tests.mappings.readers import FORMATS, NAMES, words

TEXT = "ask [@Ann Poe](<mention:acc%3A1>) or [@Bob](mention:bob), **[@Bob](mention:bob)**"


@pytest.mark.parametrize("format", FORMATS)
def test_a_mention_of_nobody_we_know_is_a_name(format: TextFormat) -> None:
    """A link to ``mention:`` leads nowhere, and a guessed account would page a stranger."""
    out = write(TEXT, format, NAMES[format])
    shown = "".join(re.findall(r'"text":"(.*?)"', out)) if format is TextFormat.ADF else out
    assert words(re.sub(r"</?(?:p|strong)>", "", shown)) == words("ask Ann Poe or Bob Bob")
    assert "mention:" not in out
    assert "@Ann" not in out or format is not TextFormat.MARKDOWN


def test_only_the_people_of_the_rules_are_mentioned() -> None:
    """A mention pages: whoever is not named by a rule must not be paged in GitLab or Jira."""
    people = {"acc:1": "5b10:aa"}
    assert write(TEXT, TextFormat.WIKI, {}, people=people) == "ask [~5b10:aa] or @Bob, *@Bob*"
    assert write(TEXT, TextFormat.MARKDOWN, {}, people={"bob": "bob.x"}).count("@bob.x") == 2


@pytest.mark.parametrize("person", ["a]b", "a b", "all\n/close", "{html}", "a|b"])
def test_an_id_that_is_no_id_mentions_nobody(person: str) -> None:
    """A native id comes from a server: as markup it could carry anything."""
    for format in (TextFormat.WIKI, TextFormat.MARKDOWN):
        assert person not in write("[@Bob](mention:bob)", format, {}, people={"bob": person})


LINKS = {
    "#12": "https://jira.example/browse/ACME-7",
    "shop/web#4": "https://jira.example/browse/ACME-8",
    "ACME-1": "https://git.example/shop/web/-/issues/9",
    "https://desk.example/a/tickets/5": "https://git.example/shop/web/-/issues/5",
}


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("see #12, (ACME-1)", "see [\\#12](7), ([ACME-1](9))"),
        ("**#12**\n\n- shop/web#4.", "**[\\#12](7)**\n\n- [shop/web#4](8)."),
        ("[a](https://desk.example/a/tickets/5) b", "[a](5) b"),
        ("<https://desk.example/a/tickets/5/>", "<5>"),
        ("https://desk.example/a/tickets/5 ok", "<5> ok"),
        ("> | #12 |\n> | --- |\n> | ACME-1 |", "> | [\\#12](7) |\n> | --- |\n> | [ACME-1](9) |"),
    ],
)
def test_tickets_are_named_where_they_are(text: str, there: str) -> None:
    """A number of another tool's leads nowhere, or to a stranger's ticket of the same number."""
    short = {"7": "#12", "8": "shop/web#4", "9": "ACME-1", "5": "https://desk.example/a/tickets/5"}
    for number, key in short.items():
        there = there.replace(f"({number})", f"({LINKS[key]})").replace(f"<{number}>", f"<{LINKS[key]}>")
    assert rewritten(text, LINKS) == there
    assert rewritten(there, LINKS) == there


@pytest.mark.parametrize(
    "text",
    [
        "`#12` and ACME-12, XACME-1, ACME-1-2, x#12, other/shop/web#4, #123",
        "```\n#12 ACME-1\n```",
        "[see #12](https://a.example)",
        "https://desk.example/a/tickets/55",
        "nothing  *at all*",
    ],
)
def test_what_names_no_ticket_stays(text: str) -> None:
    """A number inside code or a longer word is another one: a link there sends people to the wrong ticket."""
    after = rewritten(text, LINKS)
    assert "jira.example" not in after
    assert "git.example" not in after
    assert words(after) == words(text)


@pytest.mark.parametrize("format", FORMATS)
def test_no_text_turns_its_own_direction(format: TextFormat) -> None:
    """``photo_gpj.exe`` reads as a picture, and a link as leading elsewhere, if a sign turns the letters."""
    text = "open \u202egpj.exe\u202c and [\u2066x\u2069](https://a.example/\u202ey) שלום\u200f"
    for out in (write(text, format, {}), read(Raw(format, text), ())):
        assert not set(out) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
        assert "שלום\u200f" in out
    assert cleaned("a\u2028/close\u2029b\x85c\x00") == "a /close b c"


def test_a_picture_on_another_server_is_a_link() -> None:
    """A live picture tells its server who opened the ticket and when; a copied mail must not do that."""
    text = "![logo](https://track.example/p.gif?u=1) [![x](https://a.example/i.png)](https://b.example)"
    out = write(text, TextFormat.MARKDOWN, {})
    assert out == "[picture: logo](https://track.example/p.gif?u=1) [\\[picture: x\\]](https://b.example)"
    assert "<img" not in write(text, TextFormat.HTML, {})
    assert "!" not in write(text, TextFormat.WIKI, {})
