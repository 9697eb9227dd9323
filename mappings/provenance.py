"""The marker that says where a text came from, and the line that tells people the same.

Every text the hub writes begins with one line that names author, place and time and links back to the
original. The marker is that link's fragment: it survives HTML, wiki and Markdown, shows nothing to
readers, and counts only if its signature verifies. Anybody can copy a marker; so the caller also asks
whether our own account wrote the text, and this module finds a marker in the first line only, which a
quotation never is.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from dataclasses import astuple, dataclass
from datetime import datetime

_TOKEN = re.compile(r"#(db1[.][a-z2-7]+[.][a-z2-7]+)\b")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+!|~$@&:-])")
_ALWAYS = 8
"""Parts of a marker that are always told; the others only if there is something to tell."""
_LONGEST = 2000
"""Characters of a first line in which a marker is looked for."""
_NAME = 200
"""Characters of a name that are shown, so that the marker stands within the first line's `_LONGEST`."""


@dataclass(frozen=True, slots=True)
class Marker:
    """What the hub knew when it wrote a text."""

    hub: str
    """The id of the hub that wrote it; another hub's texts are not ours."""
    number: int
    """The running number of the write; above our own maximum means an old database was restored."""
    target: str
    """The connection that it was written to."""
    target_key: str
    """The ticket that it was written to; empty in a create, whose key is not known yet."""
    origin: str
    """The connection that first held the text."""
    origin_key: str
    origin_id: str
    revision: str
    readers: str = ""
    """Who could read the original, and whether this copy was published."""
    hops: int = 0
    """How many hubs had copied the text on before."""


class Signer:
    """Writes and reads markers with one hub's secret."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < 16:
            raise ValueError("the hub's secret must have 16 bytes at least")
        self._secret = secret

    def __repr__(self) -> str:
        return "Signer()"

    def write(self, marker: Marker) -> str:
        """Return the marker as text: letters, digits and dots only, safe in every markup."""
        told = list(astuple(marker))
        while len(told) > _ALWAYS and not told[-1]:
            del told[-1]
        payload = json.dumps(told, separators=(",", ":"), ensure_ascii=False).encode()
        return self._signed(payload)

    def read(self, token: str) -> Marker | None:
        """Return the marker in `token`, or None if it is malformed or not signed by this hub's secret."""
        try:
            data = _decode(token.split(".")[1])
            # The whole token is compared: letters of base 32 hold bits that decoding drops.
            if not hmac.compare_digest(self._signed(data).encode(), token.encode()):
                return None
            return Marker(*json.loads(data))
        except (ValueError, TypeError, IndexError):
            return None

    def find(self, markdown: str) -> Marker | None:
        """Return the marker that the canonical text begins with, or None."""
        token = find_token(markdown)
        return self.read(token) if token else None

    def _signed(self, payload: bytes) -> str:
        signature = hmac.digest(self._secret, b"deskbridge marker " + payload, hashlib.sha256)[:16]
        return f"db1.{_encode(payload)}.{_encode(signature)}"


def find_token(text: str) -> str | None:
    """Return the marker's text in the first line of `text`, unverified; None in a quotation or if absent.

    It is the last of the line: names stand before it, and may be made to look like one.
    """
    line = text.lstrip("\n").split("\n", 1)[0][:_LONGEST]
    found = [] if line.lstrip().startswith(">") else _TOKEN.findall(line)
    return found[-1] if found else None


def tokens(text: str) -> list[str]:
    """Return all markers' texts that stand in a text, quoted ones too, unverified."""
    return _TOKEN.findall(text)


def foreign(markdown: str, hub: str) -> Marker | None:
    """Return the marker of another hub that the canonical text begins with, or None.

    Whether that hub wrote it is not known here: its secret is its own.
    """
    try:
        marker = Marker(*json.loads(_decode((find_token(markdown) or "").split(".")[1])))
    except (ValueError, TypeError, IndexError):
        return None
    return marker if marker.hub != hub and isinstance(marker.hops, int) else None


def headed(text: str, *, author: str, place: str, url: str, at: datetime, token: str, what: str = "") -> str:
    """Return canonical Markdown that begins with the line saying who wrote it, where and when.

    `what` says in a word what the text was there, e.g. ``internal``.
    """
    kind = f" ({escape(what)})" if what else ""
    who, where = escape(_short(author)), escape(_short(place))
    line = f"**{who}**{kind} in [{where}]({url}#{token}), {at:%Y-%m-%d %H:%M} UTC"
    return f"{line}\n\n{text}" if text else line


def escape(text: str) -> str:
    """Return plain text as Markdown that shows exactly it, on one line."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def _short(name: str) -> str:
    return name if len(name) <= _NAME else f"{name[:_NAME]}…"


def _encode(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()


def _decode(text: str) -> bytes:
    return base64.b32decode(text.upper() + "=" * (-len(text) % 8))
