"""Where links lead: common addresses are found by a shorter way than the library's, with the same result."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt, helpers

from mappings.markup.markdown import parser

BEGINNINGS = ("https://a.example", "http://127.0.0.1:8080", "http://a.example/x", "mailto:ann@a.example", "x")
ADDRESSES = st.builds(
    str.__add__, st.sampled_from(BEGINNINGS), st.text("abZ09-_./?&=+,~!#:;%()[]<> \\\n\x7fé@日", max_size=12)
)


@settings(max_examples=200)
@given(ADDRESSES, st.sampled_from(["", ")", ") x", ' "a title")']))
def test_an_address_ends_and_reads_as_the_library_has_it(address: str, after: str) -> None:
    """Otherwise a link leads elsewhere than its author wrote, or a marker in it is cut and lost."""
    ours = parser()
    assert ours.normalizeLink(address) == MarkdownIt.normalizeLink(ours, address)
    text = address + after
    found = ours.helpers.parseLinkDestination(text, 0, len(text))
    wanted = helpers.parseLinkDestination(text, 0, len(text))
    assert (found.ok, found.pos, found.str) == (wanted.ok, wanted.pos, wanted.str)


@pytest.mark.parametrize("at", ["http://127.0.0.1:8080/a/tickets/7", "https://desk.example/a/tickets/7?x=1"])
def test_a_link_to_an_original_is_unchanged(at: str) -> None:
    """Otherwise the marker in a copy's first line is not found again, and the copy is written once more."""
    (_, line, _) = parser().parse(f"**Kim** in [desk:7]({at}#db1.mfrggzdf.mfrggzdf), then")
    (link,) = [token for token in line.children or () if token.type == "link_open"]
    assert link.attrs == {"href": f"{at}#db1.mfrggzdf.mfrggzdf"}
