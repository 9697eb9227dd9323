"""One request to a page: who asks, for what, with which form. Nothing here reads the store."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request

from sync.store.accounts import Role

_LARGEST = 2**31 - 1
"""The number of a row can be no larger: what is asked for beyond it is nowhere, and a database complains."""
_PAGES = 100_000
"""Pages of a list that somebody may turn to."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who signed in."""

    name: str
    role: Role
    key: bytes = field(repr=False)
    """What this visitor's forms are proved with; nobody else knows it."""
    by_proxy: bool = False
    """Whether a proxy says who it is, so that there is no session to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What a page is made for."""

    request: Request
    who: Visitor | None
    at: datetime
    address: str
    """From where, as far as the nearest trusted proxy tells."""
    form: Mapping[str, str] = field(default_factory=dict)

    def asked(self, name: str, most: int = 200) -> str:
        """Return one parameter of the address, or nothing."""
        return without_zeros(self.request.query_params.get(name, "")).strip()[:most]

    def page(self) -> int:
        """Return which page of a list is asked for; the first if that is not said, or cannot be."""
        return min(max(1, number_of(self.asked("page")) or 1), _PAGES)

    def said(self, name: str, most: int = 2000) -> str:
        """Return one field of the form, or nothing."""
        return self.form.get(name, "").strip()[:most]

    def may(self, role: Role) -> bool:
        """Whether whoever asks has the rights of a role."""
        return self.who is not None and self.who.role.includes(role)


@dataclass(frozen=True, slots=True)
class Shown:
    """A page to be made of a template."""

    template: str
    values: Mapping[str, Any]
    status: int = 200


class NoSuch(Exception):
    """There is nothing at this address; its text says what is missing."""


class Refused(Exception):
    """An act that cannot be done; its text says why, for whoever asked for it."""


def form_of(raw: bytes) -> dict[str, str]:
    """Return the fields of a form; of several of one name the last. Raises ValueError for too many."""
    found = parse_qs(raw.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=50)
    return {name: without_zeros(values[-1]) for name, values in found.items()}


def number_of(said: str) -> int | None:
    """Return a whole number that a row of the store may have, or None for what is none."""
    plain = said.isascii() and said.isdecimal() and len(said) <= len(str(_LARGEST))
    return number if plain and (number := int(said)) <= _LARGEST else None


def without_zeros(said: str) -> str:
    """Return words with a sign that no name has where a zero stood, which PostgreSQL does not take."""
    return said.replace("\0", "\ufffd")


def token_of(key: bytes) -> str:
    """Return the proof that a form is ours, different each time: compressed pages must not give it away."""
    mask = secrets.token_bytes(32)
    proof = _proof(key)
    return (mask + bytes(a ^ b for a, b in zip(mask, proof, strict=True))).hex()


def proves(key: bytes, token: str) -> bool:
    """Whether a form's token was made with this key."""
    try:
        raw = bytes.fromhex(token)
    except ValueError:
        return False
    if len(raw) != 64:
        return False
    return hmac.compare_digest(bytes(a ^ b for a, b in zip(raw[:32], raw[32:], strict=True)), _proof(key))


def _proof(key: bytes) -> bytes:
    return hmac.digest(key, b"form", hashlib.sha256)
