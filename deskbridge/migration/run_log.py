"""The log of a run: the same lines as of a hub that serves, each with the run's number.

For people a run tells how far it is, and of tickets only those that did not go; for programs, all.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from typing import Any

from deskbridge.bootstrap import Application
from deskbridge.logs import begin, looked, note
from sync.outcome import Done, Reconciled
from sync.store.runs import Item

_log = logging.getLogger(__name__)
_COUNTS = ("phase", "listed", "settled", "created", "parked", "waiting", "rate", "left_seconds", "quota")


def by_programs(application: Application) -> bool:
    """Whether the log is read by programs."""
    return application.settings.hub.log == "json"


def open_log(application: Application) -> None:
    """Have this process write its log, unless a person watches the line that tells how far it is."""
    if by_programs(application) or not sys.stderr.isatty():
        begin(application)


class RunLog:
    """Writes of one run."""

    def __init__(self, application: Application, run: int) -> None:
        self._all, self._run = by_programs(application), run

    def begun(self, source: str, threads: int) -> None:
        """Write that this process works for it from now on."""
        note(_log, "run begun", run=self._run, connection=source, threads=threads)

    def looked(self, item: Item, result: Reconciled) -> None:
        """Write what came of a look at a ticket of the source."""
        if self._all or not isinstance(result.outcome, Done):
            looked(result, {"run": self._run, "key": item.ref.key})

    def ended(self, state: str) -> None:
        """Write how it ended; why, which may quote a tool, is in `migrate status`."""
        note(_log, "run ended", run=self._run, state=state)


def progressed(run: int, told: Mapping[str, Any]) -> None:
    """Write how far a run is, as the store has it, for programs."""
    counts: dict[str, Any] = {name: told[name] for name in _COUNTS}
    note(_log, "run at work", run=run, **counts, waits_for=sorted(told["waits_for"]))
