"""What the running hub says of its work: a line for each thing, with the look or webhook it belongs to.

A line never holds a secret or a word that somebody wrote in a tool: it names tickets by their keys. The name
of a look stands with everything that was decided in it, in `explain` and `history` too.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.errors import WireError
from deskbridge.bootstrap import Application
from sync.outcome import Later, Parked, Reconciled

_OURS = ("connectors", "deskbridge", "mappings", "sync")
_PLAIN = re.compile(r"[\w.:/@+#-]+")
_CAUSE = re.compile(r"[a-z' ]{1,40}( [0-9a-f]{8})?")
"""What has a ticket be looked at in our own words; anything else quotes an error, which may quote a text."""
_log = logging.getLogger(__name__)


def begin(application: Application) -> None:
    """Have this process write its log to the standard error, as `hub.log` says."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Programs() if application.settings.hub.log == "json" else People())
    handler.addFilter(_of_look(lambda: application.store.looking.name))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for name in _OURS:
        logging.getLogger(name).setLevel(logging.INFO)


def note(log: logging.Logger, what: str, level: int = logging.INFO, **told: object) -> None:
    """Write a line: what happened, and to what. None of `told` may be a text of a tool."""
    log.log(level, what, extra={"told": told})


def looked(result: Reconciled, whose: Mapping[str, object] | None = None) -> None:
    """Write what came of a look: a line for it, and one for each write; none if there was nothing to do.

    `whose` is told besides in each of them: what the look was made for.
    """
    if not result.look:
        return
    of: dict[str, Any] = {"look": result.look, **(whose or {})}
    for write in result.made:
        note(_log, "wrote", connection=write.target, kind=type(write).__name__, **of)
    outcome, made, planned = result.outcome, len(result.made), len(result.plan.writes)
    idle = not planned and not isinstance(outcome, Later | Parked)
    cause = result.why if _CAUSE.fullmatch(result.why) else "another try"
    told: dict[str, Any] = {"outcome": type(outcome).__name__.lower(), "why": cause, "written": made}
    if planned > made:
        told["left"] = planned - made
    if isinstance(outcome, Later):
        told |= {"again": outcome.at.isoformat(), "error": type(outcome.error).__name__}
        if isinstance(outcome.error, WireError):
            told["connection"] = outcome.error.connection
    note(_log, "looked", logging.DEBUG if idle else logging.INFO, **of, **told)


def traced(error: BaseException) -> str:
    """Return what failed and where, without the error's own words: those may quote what a customer wrote."""
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames[-6:]))
    return f"{type(error).__name__} at {where}"


def _of_look(name: Callable[[], str]) -> Callable[[logging.LogRecord], bool]:
    def tell(record: logging.LogRecord) -> bool:
        record.__dict__["look"] = name()
        return True

    return tell


class _Lines(logging.Formatter, ABC):
    """A record as one line, whatever is in it."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        told: dict[str, Any] = {"look": look} if (look := getattr(record, "look", "")) else {}
        told |= getattr(record, "told", {})
        if record.exc_info and record.exc_info[1]:
            told["error"] = traced(record.exc_info[1])
        return self.line(record, datetime.fromtimestamp(record.created, UTC), told)

    @abstractmethod
    def line(self, record: logging.LogRecord, at: datetime, told: Mapping[str, Any]) -> str:
        """Return the line."""


class Programs(_Lines):
    """One object a line."""

    def line(self, record: logging.LogRecord, at: datetime, told: Mapping[str, Any]) -> str:
        said = {"at": at.isoformat(), "level": record.levelname.lower(), "from": record.name}
        return json.dumps({**said, "what": record.getMessage(), **told}, default=str)


class People(_Lines):
    """The time, how much it matters, what happened, and to what."""

    def line(self, record: logging.LogRecord, at: datetime, told: Mapping[str, Any]) -> str:
        rest = "".join(f" {name}={_word(value)}" for name, value in told.items())
        return f"{at:%Y-%m-%dT%H:%M:%SZ} {record.levelname.lower()} {_one_line(record.getMessage())}{rest}"


def _word(value: object) -> str:
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text)


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
