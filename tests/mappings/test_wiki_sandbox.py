"""The sandbox claims to be a Jira: what it makes of wiki markup is held against Atlassian's own reader."""

from __future__ import annotations

from pathlib import Path

import pytest

from deskbridge.sandbox.jira.wiki_read import Names, document
from tests.mappings import shapes
from tests.mappings.atlassian import Atlassian
from tests.mappings.bodies import FILES
from tests.mappings.test_wiki_read import BODIES

NAMES = Names({file.name: file.name for file in FILES})
NOT_YET = {
    "bug-report": {"mention", "file"},
    "cjk": {"item", "file"},
    "colours": {"item"},
    "emoji": {"item"},
    "escapes": {"code"},
    "headings": {"heading"},
    "links": {"italic", "link", "file"},
    "lists-with-blocks": {"item"},
    "marks": {"italic", "item"},
    "mentions": {"mention"},
    "pasted-yaml-and-diff": {"item"},
    "release-notes": {"cell"},
    "rtl": {"item"},
    "table-cells": {"cell", "code", "word"},
    "tables": {"cell"},
    "test-plan": {"item", "file"},
    "unknown-macros": {"block"},
    "whitespace": {"heading"},
}
"""The kinds of facts that Atlassian finds in a body and the sandbox does not: continued lines of items,
cells of several lines, people by name, small pictures, files between words, headings without a blank."""


@pytest.mark.parametrize("path", BODIES, ids=lambda path: path.stem)
def test_the_sandbox_reads_a_body_as_jira_does(path: Path, atlassian: Atlassian) -> None:
    """A sandbox that reads otherwise than Jira hides what fails there: each difference is known."""
    text = path.read_text(encoding="utf-8")
    theirs = shapes.of_document(atlassian.wiki_to_adf(text))
    missing = theirs - shapes.of_document(document(text, NAMES))
    assert {fact[0] for fact in missing} == NOT_YET.get(path.stem, set())
