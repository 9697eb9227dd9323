"""A marker is found where the hub wrote it, through every markup, and nowhere else."""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.markup import read, write
from mappings.provenance import Marker, Signer, find_token, headed
from mappings.ticket import Raw, TextFormat
from tests.mappings.readers import FORMATS

SIGNER = Signer(b"a secret of the tests")
MARKER = Marker("hub-1", 17, "acme_jira", "10041", "acme_freshdesk", "42", "103000000501", "0f1e2d3c4b5a6978")
TOKEN = SIGNER.write(MARKER)
URL = "https://acme.freshdesk.example/a/tickets/42"
AT = datetime(2025, 3, 3, 9, 30, tzinfo=UTC)

texts = st.text(max_size=40)
markers = st.builds(Marker, texts, st.integers(0, 10**12), texts, texts, texts, texts, texts, texts)


def written(text: str = "Hello", author: str = "Ann Lee", place: str = "acme_freshdesk 42") -> str:
    """A text as the hub writes it."""
    return headed(text, author=author, place=place, url=URL, at=AT, token=TOKEN)


def returned(markdown: str, format: TextFormat) -> str:
    """What is read back of a text that was written to a server."""
    return read(Raw(format, write(markdown, format, {})), ())


@given(markers)
def test_what_was_signed_reads_back(marker: Marker) -> None:
    """A marker that loses a part on the way makes the hub take its own text for a person's: an echo."""
    assert SIGNER.read(SIGNER.write(marker)) == marker


@given(markers)
def test_a_token_is_letters_digits_and_dots(marker: Marker) -> None:
    """Any other sign would be escaped, encoded or taken for markup by one of the tools."""
    assert set(SIGNER.write(marker)) <= set(string.ascii_lowercase + string.digits + ".")


def test_a_token_is_short_enough_for_an_address() -> None:
    """A longer one would be cut off by mail gateways and fields that hold an address (2,000 signs)."""
    longest = replace(MARKER, target="c" * 40, origin="d" * 40, target_key="278964/12345", origin_id="9" * 20)
    assert len(TOKEN) < 300
    assert len(SIGNER.write(longest)) < 400


@pytest.mark.parametrize("format", FORMATS)
def test_a_marker_survives_the_markup(format: TextFormat) -> None:
    """A marker lost in a tool's markup is a text mirrored back to where it came from."""
    assert SIGNER.find(returned(written(), format)) == MARKER


@pytest.mark.parametrize("format", FORMATS)
def test_a_marker_survives_being_written_twice(format: TextFormat) -> None:
    """A text that another hub relays passes the markup again; its marker must still be readable."""
    assert SIGNER.find(returned(returned(written("one\n\ntwo"), format), format)) == MARKER


REWRITES: dict[str, Callable[[str], str]] = {
    "styled div": lambda html: f'<div style="font-family:-apple-system; font-size:14px">{html}</div>',
    "two divs": lambda html: f'<div>\n  <div dir="ltr">{html}</div>\n</div>',
    "whole page": lambda html: f"<html><head></head><body>{html}<br></body></html>",
    "target added": lambda html: html.replace(" rel=", ' class="fr-link" target="_blank" rel='),
    "rel changed": lambda html: html.replace(' rel="noopener noreferrer"', ' rel="noreferrer" data-id="7"'),
    "no new lines": lambda html: html.replace("\n", ""),
    "white space around": lambda html: f"\n\n  {html}  \n",
    "older elements": lambda html: html.replace("strong>", "b>"),
    "divs for paragraphs": lambda html: html.replace("<p>", "<div>").replace("</p>", "</div>"),
    "empty line before": lambda html: f"<p><br></p>{html}",
}
TRIMS: dict[str, Callable[[str], str]] = {
    "stripped": str.strip,
    "carriage returns": lambda text: text.replace("\n", "\r\n"),
    "lines around": lambda text: f"\n\n{text}\n",
    "blanks at the end": lambda text: text.rstrip() + "   ",
}


@pytest.mark.parametrize("name", REWRITES)
def test_a_marker_survives_a_server_that_rewrites_html(name: str) -> None:
    """Freshdesk wraps and cleans what it is given; a marker that it can break is an echo."""
    html = REWRITES[name](write(written(), TextFormat.HTML, {}))
    assert SIGNER.find(read(Raw(TextFormat.HTML, html), ())) == MARKER


@pytest.mark.parametrize("format", [TextFormat.WIKI, TextFormat.MARKDOWN])
@pytest.mark.parametrize("name", TRIMS)
def test_a_marker_survives_a_server_that_trims(format: TextFormat, name: str) -> None:
    """Jira answers with carriage returns, GitLab strips: neither may cost the marker."""
    raw = Raw(format, TRIMS[name](write(written("Hello\n\n- a\n- b"), format, {})))
    assert SIGNER.find(read(raw, ())) == MARKER


@given(st.integers(0, len(TOKEN) - 1), st.sampled_from(string.ascii_lowercase + string.digits + "."))
def test_an_altered_token_does_not_verify(at: int, sign: str) -> None:
    """Whoever could change one sign of a marker could make the hub disown or mistake a text."""
    altered = TOKEN[:at] + sign + TOKEN[at + 1 :]
    assert SIGNER.read(altered) == (MARKER if altered == TOKEN else None)


@given(st.integers(0, len(TOKEN) - 1))
def test_a_truncated_token_does_not_verify(length: int) -> None:
    """A mail client that cuts an address off must not leave half a marker that counts."""
    assert SIGNER.read(TOKEN[:length]) is None


@given(st.text(max_size=60))
def test_any_other_text_is_no_token(text: str) -> None:
    """Reading a marker is done on foreign text: it answers no, and never fails."""
    assert SIGNER.read(text) is None
    assert SIGNER.read(f"db1.{text}.{text}") is None


def test_a_foreign_secret_does_not_verify() -> None:
    """Another hub's marker is not ours, nor is one that was made up with a guessed secret."""
    assert Signer(b"another hub's secret").read(TOKEN) is None


def test_a_short_secret_is_refused() -> None:
    """A secret that can be guessed lets anybody write in the hub's name."""
    with pytest.raises(ValueError, match="16 bytes"):
        Signer(b"short")


def test_the_secret_is_not_shown() -> None:
    """What is logged or printed in a traceback must not give the secret away."""
    assert "secret" not in repr(SIGNER) + str(SIGNER)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("depth", [1, 2])
def test_a_quoted_marker_is_not_found(format: TextFormat, depth: int) -> None:
    """A customer who quotes a mirrored text is a customer: the words would be lost as our own."""
    quoted = "\n".join("> " * depth + line for line in written().split("\n"))
    for text in (quoted, f"Please read below.\n\n{quoted}", f"Please read below.\n{quoted}"):
        assert SIGNER.find(returned(text, format)) is None


QUOTING = {
    "Gmail": "<div>It is still broken</div><br><div class='gmail_quote'>On Mon, Mar 3, 2025 at 10:00 Support"
    " &lt;help@desk.example&gt; wrote:<br><blockquote class='gmail_quote'>{}</blockquote></div>",
    "Outlook": "<p>Still broken</p><hr><p><b>From:</b> Support<br><b>Sent:</b> Monday<br><b>To:</b> Ann<br>"
    "<b>Subject:</b> RE: it</p>{}",
    "above": "<blockquote type='cite'>{}</blockquote><p>Still broken</p>",
}


@pytest.mark.parametrize("program", QUOTING)
def test_a_marker_in_a_quoted_mail_is_not_found(program: str) -> None:
    """Mail programs quote what they answer: the customer's answer would vanish as our own text."""
    html = QUOTING[program].format(write(written(), TextFormat.HTML, {}))
    body = read(Raw(TextFormat.HTML, html), ())
    assert "roken" in body
    assert SIGNER.find(body) is None


def test_only_the_first_line_is_looked_at() -> None:
    """A marker further down was pasted there by a person."""
    assert find_token(f"Hello\n\n{written()}") is None


HOSTILE = [
    "**bold** _x_ `code`",
    "](https://evil.example) [x",
    "Ann](https://evil.example/#db1.aaaa.bbbb)",
    "line\nbreak\r\n\n# Heading",
    "\u2028\u2029\x0b\x0cA\x85B",
    "<script>alert(1)</script>",
    "> quoted",
    "- item",
    "/close",
    "@all #1 !2 ~bug",
    "{html}x{html} [~admin] !x.png!",
    "\\",
    "|a|b|",
    "https://evil.example/#db1.aaaa.bbbb",
    f"https://evil.example/#{SIGNER.write(replace(MARKER, number=18))}",
    "x" * 5000,
    "[" * 3000,
    "山田 太郎 🎉",
]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_name_stays_text(name: str, format: TextFormat) -> None:
    """A person may call himself anything: the line stays one line, and its link leads where the hub says."""
    for head in (written(author=name), written(place=name)):
        for text in (head, returned(head, format)):
            assert SIGNER.find(text) == MARKER
        html = write(returned(head, format), TextFormat.HTML, {})
        first, *others = re.findall(r"<p>.*?</p>", html, re.DOTALL)
        links = re.findall(r'<a href="([^"]*)"[^>]*>(.*?)</a>', html)
        assert [link for link, label in links if link != label] == [f"{URL}#{TOKEN}"]
        assert others == ["<p>Hello</p>"]
        assert "<script" not in first
        if len(name) < 100:
            assert set(re.findall(r"[^\W_]+", name)) <= set(re.findall(r"[^\W_]+", first))


def test_the_head_alone_is_a_text() -> None:
    """A file without words still says whose it is."""
    assert written("") == written("x").removesuffix("\n\nx")
