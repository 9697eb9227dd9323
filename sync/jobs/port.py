"""What runs jobs: the port. A job is one look at one ticket that is due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

Look = Callable[[str], object]
"""Looks at one ticket, by its inbox name. Safe to call from several threads; does nothing for a ticket that
is not due or that somebody else is looking at. What it raises is no odd ticket, but a store that failed."""


class Jobs(Protocol):
    """Runs looks, never two at once for one ticket, a bounded number at once for each connection.

    The inbox alone says what is due: timers and backoff are rows there. Nothing is tried again by whoever
    runs jobs, and a job that is lost is found again in the inbox. Several may run on one store.
    """

    def start(self) -> None:
        """Begin to look at what is due, now and from now on."""

    def wake(self) -> None:
        """Look into the inbox at once: something was put there. Any thread may say so."""

    def stop(self, patience: timedelta) -> bool:
        """Begin nothing more, and wait for what has begun; whether all of it ended in time.

        What did not end holds its claim until that runs out, then it is due again for anybody.
        """
