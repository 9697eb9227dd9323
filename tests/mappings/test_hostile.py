"""Texts made to attack: none makes a converter fail, be silent or, by `make laws`, take long."""

from __future__ import annotations

import os
import re

import pytest

from tests.mappings.hostile import cases, slow

SHORT = 1_200
CASES = {name: (text, convert) for name, text, convert in cases(SHORT)}
CONVERTERS = sorted({name.partition(":")[0] for name in CASES})


@pytest.mark.parametrize("converter", CONVERTERS)
def test_no_hostile_text_fails_or_is_silent(converter: str) -> None:
    """A text that fails parks its ticket; one that comes out empty has lost what somebody said."""
    for name, (text, convert) in CASES.items():
        if name.startswith(f"{converter}:"):
            made = convert(text)
            assert not re.search(r"word", text) or re.search(r"word|whole", made), name


@pytest.mark.skipif(not os.environ.get("EXAMPLES"), reason="takes minutes, and a quiet machine: make laws")
@pytest.mark.parametrize("converter", CONVERTERS)
def test_no_hostile_text_takes_long(converter: str) -> None:
    """One mail of 200 KB would keep a worker busy, and hold up all tickets behind it."""
    assert list(slow(f"{converter}:")) == []


def test_a_few_signs_do_not_become_a_page() -> None:
    """Each row of three signs would be filled up to two hundred cells: 50 KB became 4 MB in a ticket."""
    lacking = [case for case in cases(30_000) if case[0].endswith("rows that lack cells")]
    assert len(lacking) == 2 * len(CONVERTERS)
    for name, text, convert in lacking:
        assert len(convert(text)) < 5 * len(text), name
