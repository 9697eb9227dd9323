"""What is read and written keeps what the text is made of, by readers that are not ours."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mappings.markup import write
from mappings.ticket import TextFormat
from tests.mappings.features import Features, of_adf, of_html, of_markdown, of_tree
from tests.mappings.readers import NAMES, shown
from tests.mappings.snapshots import LONGEST, PEOPLE, sources

BODIES = [source for source in sources() if source.path.stat().st_size <= LONGEST]
MEASURES: dict[TextFormat, Callable[[str], Features]] = {
    TextFormat.HTML: of_html,
    TextFormat.ADF: of_adf,
    TextFormat.MARKDOWN: lambda text: of_tree(shown(text.replace("\u2060", ""), raw=True)),
}


@pytest.mark.parametrize("format", MEASURES)
def test_what_is_written_is_still_there(format: TextFormat) -> None:
    """Texts arrive as a heap of words if lists, tables, code and marks are lost on the way."""
    before, after = Features(), Features()
    for number, source in enumerate(BODIES):
        text = source.canonical()
        for whole, one in (
            (before, of_markdown(text.replace("\u2060", ""))),
            (after, MEASURES[format](write(text, format, NAMES[format], people=PEOPLE[format]))),
        ):
            for word, count in one.words.items():
                whole.words[f"{number} {word}"] += count
            for (kind, words), count in one.structure.items():
                if kind != "picture":  # a document's pictures need ids that no API tells
                    whole.structure[f"{number} {kind}", words] += count
    share, structure = before.kept(after)
    assert share >= 0.995, (before.words - after.words).most_common(9)
    assert structure >= 0.95, before.lost(after).most_common(9)
