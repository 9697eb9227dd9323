"""Names of files as every tool takes them. Pure.

They come from mails, so anybody chooses them: paths, line breaks that would end a header, signs that turn
the reading direction so that a program looks like a picture, more letters than a tool's database has.
"""

from __future__ import annotations

import unicodedata

_MOST = 180
"""Bytes of UTF-8: file systems and tools have room for 255, and add signs of their own."""
_ENDING = 16
"""Bytes that the ending of a name may have to be kept."""


def safe_name(name: str) -> str:
    """Return a file's name without what is no part of a name, no longer than tools take; never empty.

    Doing it twice changes nothing more.
    """
    plain = "".join(" " if sign in "\t\r\n" else sign for sign in name if sign in "\t\r\n" or _shown(sign))
    plain = " ".join(plain.translate({ord("/"): "_", ord("\\"): "_"}).split()).strip(". ") or "file"
    if len(plain.encode()) <= _MOST:
        return plain
    stem, dot, ending = plain.rpartition(".")
    kept = f".{ending}" if dot and len(ending.encode()) <= _ENDING else ""
    short = (stem if kept else plain).encode()[: _MOST - len(kept.encode())].decode(errors="ignore")
    return short.strip(". ") + kept


def _shown(sign: str) -> bool:
    """Whether a sign is something to see: no control, no turn of direction, no half of a pair."""
    return unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Co", "Cn") or sign == "\u200d"
