"""In which form a text goes to Jira: a document by version 3 of the API, or wiki markup by version 2."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from connectors.base import CommentDraft
from connectors.jira.side import API, TEXTS, Side
from mappings.markup import adf_write, write
from mappings.ticket import TextFormat

LONGEST = 32_767
"""Characters that a text may have. What Jira counts of a document is not documented (jira-api 5): its JSON
is the most that it could be."""


def body_of(
    side: Side, draft: CommentDraft, names: Mapping[str, str], *, plain: bool = False
) -> tuple[str, str | dict[str, Any]]:
    """Return the version of the API that a text is to be written by, and the text as that version takes it.

    `names` are those of all the files that it shows.

    A document, except where there are none (Data Center), where the text shows files of the issue, which
    documents know by ids that no API tells (jira-api 6), where the document would be too long and the wiki
    markup may not be, and where it has to be `plain`.
    """
    if side.cloud and not plain and not adf_write.shows_files(draft.markdown, names):
        document = adf_write.document(draft.markdown, names, draft.people)
        if len(json.dumps(document, ensure_ascii=False)) <= LONGEST:
            return TEXTS, document
    return API, wiki(side, draft, names)


def wiki(side: Side, draft: CommentDraft, names: Mapping[str, str]) -> str:
    """Return a text as wiki markup, which knows people of Cloud by ``accountid:ID`` (jira-api 6)."""
    sign = "accountid:" if side.cloud else ""
    people = {key: f"{sign}{person}" for key, person in draft.people.items()}
    return write(draft.markdown, TextFormat.WIKI, names, people=people)


def version(body: Mapping[str, Any]) -> str:
    """Return the version of the API that a body which creates an issue is written for."""
    return API if isinstance(body["fields"]["description"], str) else TEXTS
