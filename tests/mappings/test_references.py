"""What a text points at, people and files, is re-pointed on the other side or shown in words."""

from __future__ import annotations

import re

import pytest

from mappings.markup import write
from mappings.ticket import TextFormat
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
