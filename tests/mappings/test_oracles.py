"""The oracles answer: a proof that rests on them is only as good as they are."""

from __future__ import annotations

import pytest

from tests.mappings.atlassian import Atlassian, Failed


def test_wiki_markup_is_read_as_jira_does(atlassian: Atlassian) -> None:
    """An oracle that says anything but what Atlassian reads makes every comparison with it worthless."""
    document = atlassian.wiki_to_adf("h2. Steps\n* one *bold* \u2028\r\n[~accountid:5b10a]")
    heading, items = document["content"]
    assert heading == {
        "type": "heading",
        "attrs": {"level": 2},
        "content": [{"type": "text", "text": "Steps"}],
    }
    paragraph = items["content"][0]["content"][0]["content"]
    assert {"type": "text", "text": "bold", "marks": [{"type": "strong"}]} in paragraph
    assert [n["attrs"]["id"] for n in paragraph if n["type"] == "mention"] == ["accountid:5b10a"]
    assert atlassian.adf_errors(document) == []


def test_an_invalid_document_is_refused(atlassian: Atlassian) -> None:
    """A schema that accepts everything would let through what Jira answers with an error."""
    empty = {"type": "doc", "version": 1, "content": [{"type": "text", "text": ""}]}
    assert atlassian.adf_errors(empty) == ["/content/0/type: must be equal to one of the allowed values"]


def test_a_question_that_fails_is_no_answer(atlassian: Atlassian) -> None:
    """A failure taken for an answer would shift all answers after it by one question."""
    with pytest.raises(Failed):
        atlassian.wiki_to_adf(None)  # type: ignore[arg-type]
    assert atlassian.wiki_to_adf("still here")["content"][0]["content"][0]["text"] == "still here"
