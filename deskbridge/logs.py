"""What the running hub says of its work: a line for each thing, with the look or webhook it belongs to.

A line never holds a secret or a word that somebody wrote in a tool: it names tickets by their keys.
"""

from __future__ import annotations

import traceback
from pathlib import Path


def traced(error: BaseException) -> str:
    """Return what failed and where, without the error's own words: those may quote what a customer wrote."""
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames[-6:]))
    return f"{type(error).__name__} at {where}"
