"""Letters that a tool may send and that nobody else takes: zeros, and halves of signs.

JSON can name both (RFC 8259, 8.2). A program that cuts a text off after so many UTF-16 units leaves half an
emoji; PostgreSQL refuses a zero, and half a sign is refused by every database and every other tool.
"""

from __future__ import annotations

import re

_NAMED = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
"""How JSON writes a zero, or one of the halves that together are a sign."""
_ESCAPED = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u(?:0000|[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
"""Whatever stands behind a backslash, so that one that is itself escaped begins nothing."""
_ALONE = 6
"""Bytes of a zero and of half a sign; of both halves there are twice as many."""


def taken(json: bytes) -> bytes:
    r"""Return JSON with U+FFFD in the place of each letter that nobody takes."""
    return _ESCAPED.sub(_instead, json) if _NAMED.search(json) else json


def _instead(found: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if len(found[0]) == _ALONE else found[0]
