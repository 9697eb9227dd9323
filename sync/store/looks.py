"""Which look a thread is at: what is decided then is kept with its name, and told in the log."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Looking(threading.local):
    """One for each store. Every thread is at one look at a time, or at none."""

    def __init__(self) -> None:
        super().__init__()
        self.name = ""
        """Of the look that this thread is at; empty beside looks."""

    @contextmanager
    def at(self, name: str) -> Iterator[None]:
        """Have what this thread decides within the block be of a look."""
        before, self.name = self.name, name
        try:
            yield
        finally:
            self.name = before
