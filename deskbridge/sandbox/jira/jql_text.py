"""The text searches of JQL: words and phrases, no stems."""

from __future__ import annotations

import re

from deskbridge.sandbox.jira import adf
from deskbridge.sandbox.jira.model import Issue, Text

_WORDS = re.compile(r"\w+")


def texts(row: Issue, *, only_comments: bool) -> list[list[str]]:
    """Return the words of each of an issue's texts."""
    comments = [words_of(_text_of(comment.body)) for comment in row.comments]
    if only_comments:
        return comments
    own = (row.values.get(name) for name in ("summary", "description", "environment"))
    return [*(words_of(_text_of(text)) for text in own if text), *comments]


def _text_of(text: Text) -> str:
    return adf.plain_text(text) if isinstance(text, dict) else text


def words_of(text: str | None) -> list[str]:
    """Return a text's words in lower case."""
    return _WORDS.findall((text or "").lower())


def phrases(text: str) -> list[tuple[list[str], bool]]:
    """Return what must be found: quoted phrases whole, other words each; True allows a longer last word."""
    quoted = [(words_of(part), False) for part in re.findall(r'"([^"]*)"', text)]
    rest = re.sub(r'"[^"]*"', " ", text).split()
    return [*quoted, *((words_of(word), word.endswith("*")) for word in rest)]


def holds(words: list[str], phrases: list[tuple[list[str], bool]]) -> bool:
    """Whether words have all the phrases in them."""
    return bool(words) and all(_has(words, phrase, prefix) for phrase, prefix in phrases if phrase)


def _has(words: list[str], phrase: list[str], prefix: bool) -> bool:
    for at in range(len(words) - len(phrase) + 1):
        part = words[at : at + len(phrase)]
        if part == phrase or (prefix and part[:-1] == phrase[:-1] and part[-1].startswith(phrase[-1])):
            return True
    return False
