"""What the benchmarks of connectors share: a sandbox in a process of its own, and a recording of calls."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import process_time, sleep
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.adapters import HTTPAdapter

from connectors.base import ConnectionConfig, Connector
from connectors.quota import HEADROOM, LocalBudget
from connectors.registry import connect
from mappings.vocabulary import vocabularies


@dataclass(frozen=True)
class Rig:
    """A sandbox that runs beside us."""

    env: Mapping[str, str]
    pid: int = 0
    """The process in which all three systems are."""

    def act(self, system: str, act: str, **arguments: Any) -> Any:
        """Have something done on a server that has no API."""
        url = f"{self.env['SANDBOX_CONTROL_URL']}/act/{system}/{act}"
        answer = requests.post(url, json=arguments, timeout=1800)
        answer.raise_for_status()
        return answer.json()

    def latency(self, seconds: float) -> None:
        """Have every answer take so long from now on."""
        url = f"{self.env['SANDBOX_CONTROL_URL']}/latency"
        requests.post(url, json={"seconds": seconds}, timeout=60).raise_for_status()

    def connector(self, system: str, headroom: float = HEADROOM) -> Connector:
        """Return the hub's connection to one of the servers; `headroom` is what it leaves of a limit."""
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
                budget=LocalBudget(_now, headroom),
                now=_now,
            ),
        )


@contextmanager
def sandbox(*limits: str) -> Iterator[Rig]:
    """Run a sandbox in another process, so that its work is not ours; without limits unless some are said."""
    with tempfile.TemporaryDirectory() as room:
        env_file = Path(room) / "sandbox.env"
        program = "from deskbridge.cli import main; main()"
        command = [
            sys.executable,
            "-c",
            program,
            "sandbox",
            *(limits or ("--no-limits",)),
            "--env-file",
            str(env_file),
        ]
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
    """The calls that a connector made, so that a bare loop can make the same ones."""

    _sent: list[requests.PreparedRequest] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Take down every call that is sent: a list grows, nothing else is counted against the connector."""
        send = HTTPAdapter.send

        def recorded(adapter: HTTPAdapter, request: requests.PreparedRequest, **how: Any) -> Any:
            self._sent.append(request)
            return send(adapter, request, **how)

        HTTPAdapter.send = recorded  # type: ignore[method-assign,assignment]
        try:
            yield
        finally:
            HTTPAdapter.send = send  # type: ignore[method-assign]

    def sent(self) -> list[tuple[str, str]]:
        """Return method and path of each call so far."""
        return [(str(request.method), urlsplit(str(request.url)).path) for request in self._sent]

    def taken(self, *, json_only: bool = False) -> list[Call]:
        """Return the calls so far and forget them; with `json_only`, those without files and redirects."""
        sent = [one for one in self._sent if not json_only or _plain(one)]
        calls = [Call.of(request) for request in sent]
        self._sent.clear()
        return calls


@dataclass(frozen=True)
class Call:
    """A call as a script would write it."""

    method: str
    url: str
    params: Mapping[str, str]
    json: Any
    headers: Mapping[str, str]

    @classmethod
    def of(cls, request: requests.PreparedRequest) -> Call:
        """Return a call that was sent; its body is JSON or nothing."""
        url = urlsplit(str(request.url))
        return cls(
            str(request.method),
            url._replace(query="").geturl(),
            dict(parse_qsl(url.query, keep_blank_values=True)),
            json.loads(request.body) if request.body else None,
            {name: value for name, value in request.headers.items() if name not in _OF_BODY},
        )


def _plain(request: requests.PreparedRequest) -> bool:
    """Whether a call carries JSON or nothing, to an address that answers the same again."""
    path, kind = urlsplit(str(request.url)).path, str(request.headers.get("Content-Type", "json"))
    return "json" in kind and "/s3/" not in path and "transitions" not in path


_OF_BODY = ("Content-Length", "Content-Type")


class Bare:
    """A loop of `requests` alone: one session that has the headers, each answer's JSON read, nothing else."""

    def __init__(self) -> None:
        self._session = requests.Session()
        self._session.trust_env = False

    def make(self, calls: Iterable[Call]) -> None:
        """Make calls that were taken down. Raises RuntimeError when one fails: then nothing was compared."""
        for call in calls:
            answer = self._session.request(
                call.method, call.url, params=call.params, json=call.json, timeout=60, allow_redirects=False
            )
            if not answer.ok:
                raise RuntimeError(f"{call.method} {call.url} answered {answer.status_code}")
            if answer.content:
                answer.json()

    def like(self, call: Call) -> None:
        """Sign in as a call did, and say as much of oneself."""
        self._session.headers.clear()
        self._session.headers.update(call.headers)


@contextmanager
def processor_time(into: dict[str, float], name: str) -> Iterator[None]:
    """Add the processor time of the block, in seconds, to `into`."""
    begun = process_time()
    yield
    into[name] = into.get(name, 0.0) + process_time() - begun


def _now() -> datetime:
    return datetime.now(UTC)


def memory(what: str, pid: int | None = None) -> float:
    """Return a process's memory in MB, its own by default: `VmRSS` now, `VmHWM` at most so far.

    `getrusage` begins with what the process had that started it, and so cannot tell of a small child.
    Raises RuntimeError where the system does not say.
    """
    for line in Path(f"/proc/{pid or 'self'}/status").read_text("ascii").splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("this system does not tell how much memory a process has")
