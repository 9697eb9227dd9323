"""A program: import the named modules of a source tree, print as JSON what they did to the world.

`python -I -B import_probe.py ROOT MODULE...`. An effect belongs to the module whose body was running
when it happened; what other packages do while *they* are imported is theirs and is not printed.
"""

import importlib
import json
import os
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

EFFECTS = (
    "socket.bind",
    "socket.connect",
    "socket.getaddrinfo",
    "sqlite3.connect",
    "subprocess.Popen",
    "os.fork",
    "os.posix_spawn",
    "os.system",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.chdir",
    "os.putenv",
)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
OURS = "DESKBRIDGE_"


class Recorder:
    """Remembers the effects of modules below `root`."""

    def __init__(self, root: str) -> None:
        self._root = root + os.sep
        self.effects: list[str] = []

    def audit(self, event: str, arguments: tuple[object, ...]) -> None:
        """Take down an audit event of the interpreter when it is an effect."""
        if event in EFFECTS:
            self.note(event)
        elif event == "open" and isinstance(flags := arguments[2], int) and flags & WRITING:
            self.note(f"writes the file {arguments[0]!r}")

    def note(self, what: str) -> None:
        """Take down one effect, unless another package's body is running."""
        body = next((frame for frame in _frames() if frame.f_code.co_name == "<module>"), None)
        if body is None or not body.f_code.co_filename.startswith(self._root):
            return
        name = body.f_code.co_filename.removeprefix(self._root)
        if f"site-packages{os.sep}" not in name:  # an environment may stand inside the checkout
            self.effects.append(f"{name}:{body.f_lineno}: {what}")


def _frames() -> Iterator[FrameType]:
    frame = sys._getframe(2)
    while frame is not None:
        yield frame
        frame = frame.f_back  # type: ignore[assignment] # the outermost has none, and the loop ends


def watch_environment(recorder: Recorder) -> None:
    """Reads of our variables, one by one or all together, become effects: no audit event tells them."""
    read, walk = os._Environ.__getitem__, os._Environ.__iter__

    def reading(environ: "os._Environ[Any]", name: Any) -> Any:
        if name.startswith(OURS):
            recorder.note(f"reads ${name}")
        return read(environ, name)

    def walking(environ: "os._Environ[Any]") -> Iterator[Any]:
        recorder.note("reads the whole environment")
        return walk(environ)

    # Replaced on the class: `os.environ` has been imported by name in many places.
    os._Environ.__getitem__, os._Environ.__iter__ = reading, walking  # type: ignore[method-assign]


def watch_threads(recorder: Recorder) -> None:
    """Starting a thread becomes an effect: Python 3.11 has no audit event for it."""
    start = threading.Thread.start

    def starting(thread: threading.Thread) -> None:
        recorder.note("starts a thread")
        start(thread)

    threading.Thread.start = starting  # type: ignore[method-assign, assignment]


def main(root: str, names: list[str]) -> None:
    """Import one after the other under watch."""
    sys.path.insert(0, root)
    recorder = Recorder(root)
    sys.addaudithook(recorder.audit)
    watch_environment(recorder)
    watch_threads(recorder)
    for name in names:
        importlib.import_module(name)
    print(json.dumps(recorder.effects))  # noqa: T201 - the answer to whoever started the probe


if __name__ == "__main__":
    main(os.path.realpath(sys.argv[1]), sys.argv[2:])
