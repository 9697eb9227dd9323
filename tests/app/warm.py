"""The program, loaded once: reads commands from its input, and runs each in a process of its own.

One line in is a command, one line out is how it ended. Processes are forked from this one, which has
loaded everything and has one thread only: loading takes longer than most commands.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from importlib import import_module
from tempfile import TemporaryFile
from typing import IO, Any

from connectors.registry import SYSTEMS
from deskbridge.cli import main as program

_SECONDS = 30
"""A command that takes longer is killed."""

LOADED = (
    "alembic.migration",
    "alembic.operations",
    "alembic.script",
    "deskbridge.bootstrap",
    "deskbridge.check",
    "deskbridge.migration.backfilling",
    "deskbridge.report",
    "deskbridge.watching",
    *(f"connectors.{s}.connector" for s in SYSTEMS),
)
"""What commands load when they run."""


def become(command: dict[str, Any], out: int, err: int) -> None:
    """Run a command in this process, which is its own, and end with its exit code."""
    os.chdir(command["folder"])
    os.environ.clear()
    os.environ.update(command["environment"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(err, 2)
    sys.argv = ["deskbridge", *command["words"]]
    signal.alarm(_SECONDS)
    try:
        program()
    finally:
        sys.stdout.flush()


def run(command: dict[str, Any]) -> tuple[int, str, str]:
    """Return the exit code of a command, and what it printed."""
    with TemporaryFile() as out, TemporaryFile() as err:
        process = os.fork()
        if process == 0:
            become(command, out.fileno(), err.fileno())
            sys.exit()
        _, status = os.waitpid(process, 0)
        return os.waitstatus_to_exitcode(status), _text(out), _text(err)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def main() -> None:
    """Run commands until the input ends."""
    for line in sys.stdin:
        ended = run(json.loads(line))
        print(json.dumps(ended), flush=True)  # noqa: T201 - the answer to the line


if __name__ == "__main__":
    for name in LOADED:
        import_module(name)
    gc.freeze()  # or each process would walk all of it when it ends, which takes longer than most commands
    main()
