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


def unread(error: OSError | UnicodeDecodeError) -> str:
    """Return why a file cannot be read, with the way out."""
    match error:
        case FileNotFoundError():
            why = "there is no such file; a name counts from the folder of the settings"
        case IsADirectoryError():
            why = "it is a folder; name the file in it"
        case PermissionError():
            why = "whoever runs deskbridge may not read it; give them the right"
        case UnicodeDecodeError():
            line = error.object[: error.start].count(b"\n") + 1
            why = f"line {line} is not UTF-8; save it anew in that encoding"
        case _:
            why = error.strerror or type(error).__name__
    return f"it cannot be read: {why}"


def say(text: str) -> None:
    """Print at once: whoever watches a long command through a pipe sees each line when it happens."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
