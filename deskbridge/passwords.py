"""Passwords of the pages' accounts: kept as scrypt hashes, which cost a guesser time and memory."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import unicodedata
from base64 import b64decode, b64encode

SHORTEST, LONGEST = 12, 1000
"""Characters of a password."""
_COST, _BLOCK, _LANES = 15, 8, 3
"""2^15 rounds in blocks of 8, three times: 32 MiB, as OWASP's Password Storage Cheat Sheet advises."""
_MEMORY = 64 << 20
_AT_ONCE = threading.BoundedSemaphore(2)
"""So many passwords are checked at once: a flood of sign-ins must not take the machine's memory."""


def hashed(password: str) -> str:
    """Return what a password is checked against from now on."""
    salt = secrets.token_bytes(16)
    told = "$".join(str(number) for number in (_COST, _BLOCK, _LANES))
    digest = _digest(password, salt, _COST, _BLOCK, _LANES)
    return f"scrypt${told}${b64encode(salt).decode()}${b64encode(digest).decode()}"


def fits(password: str, kept: str) -> bool:
    """Whether it is the password; for an account without one it never is, and takes as long to say."""
    known = kept or _NOBODYS
    _, cost, block, lanes, salt, digest = known.split("$")
    found = _digest(password, b64decode(salt), int(cost), int(block), int(lanes))
    return hmac.compare_digest(found, b64decode(digest)) and bool(kept)


def problem(password: str, name: str) -> str | None:
    """Return what stands against a new password, or None."""
    if len(password) < SHORTEST:
        return f"the password has {len(password)} characters; it needs {SHORTEST} at least"
    if len(password) > LONGEST:
        return f"the password has more than {LONGEST} characters"
    if len(set(password)) < 5 or name.lower() in password.lower():
        return "the password is easily guessed: it repeats itself, or has the account's name in it"
    return None


def _digest(password: str, salt: bytes, cost: int, block: int, lanes: int) -> bytes:
    # The same letters may be typed in several ways on different machines (Unicode TR 15).
    raw = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    with _AT_ONCE:
        return hashlib.scrypt(raw, salt=salt, n=1 << cost, r=block, p=lanes, maxmem=_MEMORY, dklen=32)


_NOBODYS = f"scrypt${_COST}${_BLOCK}${_LANES}${b64encode(bytes(16)).decode()}${b64encode(bytes(32)).decode()}"
"""A password that nobody has: whoever asks for an unknown account waits as long as for a known one."""
