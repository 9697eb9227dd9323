"""A last look before anything is written: whoever writes may have lost the right to it meanwhile.

What a connector reads before it writes takes time, and a machine may stand still in between. So whoever
has something written says what is to be asked just before each write is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ASKED: ContextVar[Callable[[], None] | None] = ContextVar("asked", default=None)


@contextmanager
def fenced(ask: Callable[[], None]) -> Iterator[None]:
    """Have `ask` be called before each write that this thread sends within the block; raising stops it."""
    before = _ASKED.set(ask)
    try:
        yield
    finally:
        _ASKED.reset(before)


def about_to_write() -> None:
    """Ask whether to write; raises what the one who has it written raises."""
    if (ask := _ASKED.get()) is not None:
        ask()
