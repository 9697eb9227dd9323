"""The sandbox's Jira takes those documents that Atlassian's schema takes, no more and no fewer."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deskbridge.sandbox.jira.adf_schema import _MARKS, _NODES, is_document
from tests.mappings.atlassian import Atlassian

CORPUS = sorted((Path(__file__).parent / "corpus" / "adf").glob("*.json"))
ODD: tuple[Any, ...] = (None, True, 0, 7, -1, 1.5, "", "x", "center", "#aabbcc", [], {}, {"type": "text"})
TURNS = 40
"""Mutated documents of each document of the corpus."""


def nodes(found: Any) -> Iterator[dict[str, Any]]:
    """Every object in a document: nodes, marks, attributes."""
    if isinstance(found, dict):
        yield found
    for child in found.values() if isinstance(found, dict) else found if isinstance(found, list) else ():
        yield from nodes(child)


def mutated(document: Any, chance: random.Random) -> Any:
    """A document with one to three things changed: keys, kinds, values, marks or children."""
    made = copy.deepcopy(document)
    for _ in range(chance.randint(1, 3)):
        all_of_it = list(nodes(made))
        one, other = chance.choice(all_of_it), chance.choice(all_of_it)
        key = chance.choice([*one, "attrs", "marks", "content", "localId"])
        match chance.randrange(7):
            case 0:
                one.pop(key, None)
            case 1:
                one[key] = copy.deepcopy(chance.choice(ODD))
            case 2:
                one["type"] = chance.choice([*_NODES, *_MARKS, "unheard"])
            case 3:
                mark = {"type": chance.choice([*_MARKS])}
                one.setdefault("marks", [])
                one["marks"] = [*(one["marks"] if isinstance(one["marks"], list) else ()), mark]
            case 4:
                content = one.get("content")
                one["content"] = [*(content if isinstance(content, list) else ()), copy.deepcopy(other)]
            case 5:
                content = one.get("content")
                one["content"] = content[1:] if isinstance(content, list) else []
            case _ if isinstance(one.get("content"), list) and isinstance(other.get("content"), list):
                mine, theirs = copy.deepcopy(one["content"]), copy.deepcopy(other["content"])
                one["content"], other["content"] = theirs, mine
            case _:
                made["version"] = chance.choice([1, 1, 2, True, "1"])
    return made


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.stem)
def test_the_sandbox_judges_documents_as_atlassian_does(atlassian: Atlassian, file: Path) -> None:
    """Broken: a document that Jira refuses passes every test here, or a good one is refused."""
    document, chance = json.loads(file.read_text("utf-8")), random.Random(file.stem)
    for made in [document, *(mutated(document, chance) for _ in range(TURNS))]:
        errors = atlassian.adf_errors(made)
        assert is_document(made) is not bool(errors), (errors, json.dumps(made))
