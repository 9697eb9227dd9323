"""Names of files, which anybody chooses who writes a mail."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.names import safe_name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("Prüfbericht 1.pdf", "Prüfbericht 1.pdf"),
        ("漢字😀.png", "漢字😀.png"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..\\..\\boot.ini", "_.._boot.ini"),
        ("/abs/path.txt", "_abs_path.txt"),
        ("a\r\nX-Evil: 1\r\n\r\nbody.txt", "a X-Evil: 1 body.txt"),
        ("nul\x00byte.txt", "nulbyte.txt"),
        ("inv\u202efdp.exe", "invfdp.exe"),
        ("", "file"),
        (" .. ", "file"),
        ('a "quoted" name.txt', 'a "quoted" name.txt'),
        ("half \ud83d of it.txt", "half of it.txt"),
    ],
)
def test_what_is_no_part_of_a_name_goes(name: str, safe: str) -> None:
    """A mail could name a file so that it looks like another, ends a header, or is put elsewhere."""
    assert safe_name(name) == safe


def test_a_long_name_keeps_its_ending() -> None:
    """A tool would refuse the file, and the text that it came with."""
    assert safe_name("x" * 5000 + ".pdf") == "x" * 176 + ".pdf"
    assert len(safe_name("漢" * 5000).encode()) <= 180
    assert safe_name("." * 300 + "x" * 400) == "x" * 180


@given(st.text(max_size=400))
def test_every_name_is_taken(name: str) -> None:
    """Some name would be refused by a tool, or change again with each copy."""
    safe = safe_name(name)
    assert safe
    assert len(safe.encode()) <= 180
    assert not set(safe) & set("/\\\r\n\t")
    assert not [sign for sign in safe if unicodedata.category(sign) == "Cc"]
    assert safe_name(safe) == safe
