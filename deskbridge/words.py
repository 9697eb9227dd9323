"""How things are said to a person at a terminal."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Collection


def nearest(word: str, known: Collection[str]) -> str:
    """Return what to say after a word that is not known: the one that was meant, or all there are."""
    near = difflib.get_close_matches(word, known, 1)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; there are {', '.join(sorted(known))}" if known else "; there are none"


def say(text: str) -> None:
    """Print at once: whoever watches a long command through a pipe sees each line when it happens."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
