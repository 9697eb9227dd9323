"""The whole sandbox: three systems and the control, one world, one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TypedDict, Unpack

import uvicorn
from starlette.types import ASGIApp

from deskbridge.sandbox.control import Control, System
from deskbridge.sandbox.freshdesk.server import Freshdesk
from deskbridge.sandbox.gitlab.server import GitLab
from deskbridge.sandbox.jira.server import Jira
from deskbridge.sandbox.snapshot import Snapshots
from deskbridge.sandbox.world import Clock, World

_SERVERS = ("freshdesk", "jira", "gitlab", "control")


class SandboxError(Exception):
    """The sandbox cannot start; the text says why and nothing was left running."""


class Options(TypedDict, total=False):
    """How to start a sandbox. A port of 0, the default, is any free one."""

    freshdesk_port: int
    jira_port: int
    gitlab_port: int
    control_port: int
    seed: int
    plan: str
    """The plan of the Freshdesk account, which sets its rate limits."""
    limits: bool
    start: datetime | None
    """Where the world's clock starts; None is now."""
    deployment: str
    """Which Jira it is: ``cloud`` (the default) or ``dc``."""
    empty: bool
    """Without customers and examples."""
    snapshot: Path | None
    """A snapshot (`snapshot.py`) to start from."""


class Sandbox:
    """Three fake systems that share a world, and the control. Make it with `running`."""

    def __init__(self, listeners: Mapping[str, socket.socket], files: Path, options: Options) -> None:
        rng = random.Random(options.get("seed", 0))  # noqa: S311 - chance that repeats by seed is the point
        self.world = World(
            Clock(options.get("start")),
            rng,
            limits=options.get("limits", True),
            deployment=_deployment(options.get("deployment", "cloud")),
            empty=options.get("empty", False),
        )
        self.urls = {name: _url(listener) for name, listener in listeners.items()}
        plan = options.get("plan", "enterprise")
        self.freshdesk = Freshdesk(self.world, self.urls["freshdesk"], files / "freshdesk", plan=plan)
        self.jira = Jira(self.world, self.urls["jira"], files / "jira", self.world.deployment)
        self.gitlab = GitLab(self.world, self.urls["gitlab"], files / "gitlab")
        systems: dict[str, System] = {"freshdesk": self.freshdesk, "jira": self.jira, "gitlab": self.gitlab}
        self._systems = systems
        apps = {name: system.app for name, system in systems.items()}
        snapshots = Snapshots(self.world, systems, self.urls, files)
        if path := options.get("snapshot"):
            snapshots.read(path)
        apps["control"] = Control(self.world, systems, self.urls, snapshots).app
        self._listeners = listeners
        self._servers = {name: _server(app) for name, app in apps.items()}

    @property
    def control_url(self) -> str:
        """Return the base URL of the control API."""
        return self.urls["control"]

    def environment(self) -> dict[str, str]:
        """Return the addresses and credentials that a hub needs, by variable name."""
        values = {"SANDBOX_CONTROL_URL": self.control_url}
        for system in self._systems.values():
            values |= system.environment()
        return values

    @classmethod
    @contextlib.contextmanager
    def running(cls, **options: Unpack[Options]) -> Iterator[Sandbox]:
        """Yield a sandbox that answers from a thread of its own until the block ends.

        Raises SandboxError when a port is in use or the options make no sense.
        """
        with _opened(options) as sandbox:
            thread = threading.Thread(
                target=lambda: asyncio.run(sandbox.serve()), name="sandbox", daemon=True
            )
            thread.start()
            try:
                while not sandbox.started and thread.is_alive():
                    thread.join(0.005)
                if not sandbox.started:
                    raise SandboxError("the sandbox's servers ended while they started")
                yield sandbox
            finally:
                sandbox.stop()
                thread.join(timeout=10)

    @property
    def started(self) -> bool:
        """Whether all servers answer."""
        return all(server.started for server in self._servers.values())

    def stop(self) -> None:
        """Ask all servers to end; they do so within some tenths of a second. Any thread may call."""
        for server in self._servers.values():
            server.should_exit = True

    async def serve(self) -> None:
        """Answer until `stop` is called."""
        tasks = (server.serve(sockets=[self._listeners[name]]) for name, server in self._servers.items())
        await asyncio.gather(*tasks)

    async def serve_until_signal(self, env_file: Path) -> None:
        """Answer until SIGTERM or SIGINT; `env_file` is there as soon as all servers answer."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        serving = asyncio.create_task(self.serve())
        try:
            while not (self.started or serving.done()):  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0.01)
            write_environment(env_file, self.environment())
            print(self._line(env_file), flush=True)  # noqa: T201 - the one line that says it is up
        except SandboxError:
            self.stop()
            raise
        finally:
            await serving

    def _line(self, env_file: Path) -> str:
        urls = ", ".join(f"{name} {url}" for name, url in self.urls.items())
        return f"sandbox: {urls}; environment in {env_file}"


def serve_forever(env_file: Path, **options: Unpack[Options]) -> None:
    """Run a sandbox in the foreground until SIGTERM or SIGINT, then return.

    The environment is in `env_file` (readable by its owner only) once all servers answer. Raises
    SandboxError when a port is in use, the file cannot be written or the options make no sense.
    """
    with _opened(options) as sandbox:
        asyncio.run(sandbox.serve_until_signal(env_file))


def write_environment(path: Path, values: Mapping[str, str]) -> None:
    """Write `values` as ``NAME=value`` lines to `path` at once, mode 0600; raises SandboxError."""
    text = "".join(f"{name}={values[name]}\n" for name in sorted(values))
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        draft.replace(path)
    except OSError as error:
        raise SandboxError(f"cannot write the environment to {path}: {error.strerror}") from error


@contextlib.contextmanager
def _opened(options: Options) -> Iterator[Sandbox]:
    """Bind all ports, then build: a port in use is known before anything else has started."""
    with contextlib.ExitStack() as stack:
        listeners = {name: stack.enter_context(_listen(name, options)) for name in _SERVERS}
        files = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="deskbridge-sandbox-")))
        for name in _SERVERS[:3]:
            (files / name).mkdir()
        try:
            sandbox = Sandbox(listeners, files, options)
        except ValueError as error:
            raise SandboxError(str(error)) from error
        yield sandbox


def _deployment(name: str) -> str:
    if name not in ("cloud", "dc"):
        raise ValueError(f"Jira's deployment is cloud or dc, not {name!r}")
    return name


def _listen(name: str, options: Options) -> socket.socket:
    """Return a listening loopback socket for the server called `name`.

    The protocol is named because asyncio turns TCP_NODELAY on only where it is.
    """
    port = {key: options.get(f"{key}_port", 0) for key in _SERVERS}[name]
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        reason = error.strerror if isinstance(error, OSError) else "a port is a number up to 65535"
        raise SandboxError(f"cannot serve {name} on port {port}: {reason}") from error
    return listener


def _url(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


class _Server(uvicorn.Server):
    """A server that leaves signals alone: there are four of them, and one owner who stops them all."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(app: ASGIApp) -> _Server:
    return _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            date_header=False,  # they tell the time of their own clock
            timeout_graceful_shutdown=1,
        )
    )
