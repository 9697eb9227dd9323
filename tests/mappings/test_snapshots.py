"""Each body of the corpus is converted as a person has seen and accepted it."""

from __future__ import annotations

import pytest

from tests.mappings.snapshots import FOLDERS, LONGEST, Source, sources

ALL = [*sources(), *sources(held=True)]
REVIEWED = [source for source in ALL if source.path.stat().st_size <= LONGEST]


@pytest.mark.parametrize("source", REVIEWED, ids=str)
def test_a_body_is_converted_as_it_was_reviewed(source: Source) -> None:
    """A change of a converter changes texts of many tickets: each change must be seen by a person."""
    for path, content in source.snapshots().items():
        assert path.exists(), f"python -m tests.mappings.snapshots {source}; then read {path.name}"
        assert path.read_bytes().decode() == content, path.name


def test_a_third_is_held_out() -> None:
    """Figures of texts that the converters were tuned to say nothing of the next customer's mail."""
    for folder in FOLDERS:
        held, tuned = (sum(s.folder == folder for s in sources(held=held)) for held in (True, False))
        assert 2 * held >= tuned, folder


def test_no_snapshot_is_left_over() -> None:
    """A snapshot whose body is gone proves nothing and looks as if it did."""
    bodies = {source.path.with_suffix("") for source in ALL}
    for source in ALL:
        for path in source.path.parent.iterdir():
            assert path.parent / path.name.split(".")[0] in bodies, path
