"""How settings are written as TOML out of what others call things."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping


def key_of(called: str, taken: Collection[str], otherwise: str) -> str:
    """Return a name for the settings that is not taken yet; `otherwise` where nothing of it can be used."""
    known = re.sub(r"[^a-z0-9]+", "-", called.lower()).strip("-")[:40].strip("-") or otherwise
    return next(
        key for n in range(1, len(taken) + 2) if (key := known if n == 1 else f"{known}-{n}") not in taken
    )


def inline(rows: Mapping[str, str] | Mapping[str, list[str]]) -> str:
    """Return an inline table; its values are texts, or lists of them."""
    return "{ " + ", ".join(f"{quoted(key)} = {listed(value)}" for key, value in rows.items()) + " }"


def listed(value: str | Collection[str]) -> str:
    """Return a text, or a list of texts."""
    return quoted(value) if isinstance(value, str) else f"[{', '.join(map(quoted, value))}]"


def quoted(text: str) -> str:
    """Return a TOML string; JSON's are, but for the one character that TOML wants escaped besides."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def plain(text: str) -> str:
    """Return text of others as one that ends no comment."""
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text)
