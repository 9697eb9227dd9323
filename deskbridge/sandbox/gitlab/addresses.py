"""Mail addresses, whole and masked."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;.]+")


def is_address(text: str) -> bool:
    """Whether a text looks like one mail address."""
    return bool(_ADDRESS.fullmatch(text))


def masked(address: str) -> str:
    """Return an address as those see it who may not know it (3.2)."""
    local, _, host = address.partition("@")
    name, _, top = host.rpartition(".")
    return f"{local[:2]}*****@{name[:1]}*****.{top[:1]}**"


def masked_in(text: str) -> str:
    """Return a text with all addresses in it masked."""
    return re.sub(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", lambda match: masked(match[0]), text)
