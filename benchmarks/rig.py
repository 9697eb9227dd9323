"""What the benchmarks of connectors share: a sandbox in a process of its own, and a recording of calls."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import process_time, sleep
from typing import Any

import requests

from connectors.base import ConnectionConfig, Connector
from connectors.quota import LocalBudget
from connectors.registry import connect
from mappings.vocabulary import vocabularies


@dataclass(frozen=True)
class Rig:
    """A sandbox without limits that runs beside us."""

    env: Mapping[str, str]
    pid: int = 0
    """The process in which all three systems are."""

    def act(self, system: str, act: str, **arguments: Any) -> Any:
        """Have something done on a server that has no API."""
        url = f"{self.env['SANDBOX_CONTROL_URL']}/act/{system}/{act}"
        answer = requests.post(url, json=arguments, timeout=1800)
        answer.raise_for_status()
        return answer.json()

    def connector(self, system: str) -> Connector:
        """Return the hub's connection to one of the servers."""
        env = self.env
        secret, user, projects = {
            "freshdesk": (env["FRESHDESK_API_KEY"], "", ()),
            "jira": (env["JIRA_TOKEN"], env["JIRA_EMAIL"], (env["JIRA_PROJECT"],)),
            "gitlab": (env["GITLAB_TOKEN"], "", (env["GITLAB_PROJECT"],)),
        }[system]
        return connect(
            system,
            ConnectionConfig(
                name=system,
                url=env[f"{system.upper()}_URL"],
                user=user,
                secret=secret,
                projects=projects,
                fields={},
                vocabularies=vocabularies(system, {}),
                budget=LocalBudget(_now),
                now=_now,
            ),
        )


@contextmanager
def sandbox() -> Iterator[Rig]:
    """Run a sandbox in another process, so that its work is not counted as ours."""
    with tempfile.TemporaryDirectory() as room:
        env_file = Path(room) / "sandbox.env"
        program = "from deskbridge.cli import main; main()"
        command = [sys.executable, "-c", program, "sandbox", "--no-limits", "--env-file", str(env_file)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: S603 - our own program
            try:
                while not env_file.exists():
                    if process.poll() is not None:
                        raise RuntimeError("the sandbox ended while it started")
                    sleep(0.05)
                lines = env_file.read_text("utf-8").splitlines()
                yield Rig(dict(line.split("=", 1) for line in lines), process.pid)
            finally:
                process.terminate()


@dataclass
class Recording:
    """The calls that were made while it ran, so that a bare loop can make the same ones."""

    calls: list[tuple[str, str, Mapping[str, str], bytes | None]] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Take down every call that `requests` sends."""
        send = requests.Session.send

        def recorded(session: requests.Session, request: requests.PreparedRequest, **how: Any) -> Any:
            body = request.body
            raw = body if isinstance(body, bytes) or body is None else str(body).encode()
            keep = {k: v for k, v in request.headers.items() if k.lower() != "content-length"}
            self.calls.append((str(request.method), str(request.url), keep, raw))
            return send(session, request, **how)

        requests.Session.send = recorded  # type: ignore[method-assign,assignment]
        try:
            yield
        finally:
            requests.Session.send = send  # type: ignore[method-assign]

    def again(self) -> None:
        """Make the same calls with `requests` alone, reading each answer's JSON as any script would."""
        session = requests.Session()
        session.trust_env = False
        for method, url, headers, body in self.calls:
            answer = session.request(
                method, url, headers=headers, data=body, timeout=60, allow_redirects=False
            )
            if "json" in answer.headers.get("content-type", ""):
                answer.json()


@contextmanager
def processor_time(into: dict[str, float], name: str) -> Iterator[None]:
    """Add the processor time of the block, in seconds, to `into`."""
    begun = process_time()
    yield
    into[name] = into.get(name, 0.0) + process_time() - begun


def _now() -> datetime:
    return datetime.now(UTC)


def size(name: str, default: int) -> int:
    """Return how much to measure: the environment's BENCH_NAME, or the size that figures are quoted for."""
    return int(os.environ.get(f"BENCH_{name}", default))
