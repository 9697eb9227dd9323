"""What the benchmarks of connectors share: a sandbox in a process of its own, and a recording of calls."""

from __future__ import annotations

import json
import os
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

    def latency(self, seconds: float) -> None:
        """Have every answer take so long from now on."""
        url = f"{self.env['SANDBOX_CONTROL_URL']}/latency"
        requests.post(url, json={"seconds": seconds}, timeout=60).raise_for_status()

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


def size(name: str, default: int) -> int:
    """Return how much to measure: the environment's BENCH_NAME, or the size that figures are quoted for."""
    return int(os.environ.get(f"BENCH_{name}", default))


def limit(default: float) -> float:
    """Return the most that a ratio may be: BENCH_LIMIT, or what the benchmark promises."""
    return float(os.environ.get("BENCH_LIMIT", default))


@dataclass
class Limit:
    """The most that a ratio may be; of too little it is noise, and is told without being judged."""

    most: float
    enough: int
    """From how much on a ratio is judged: the size that figures are quoted for."""
    _above: list[str] = field(default_factory=list)

    def judged(self, what: str, ratio: float, count: int) -> str:
        """Return a ratio as it is printed, with what came of it."""
        told = f"ratio {ratio:.2f} (limit {self.most:.2f}"
        if count < self.enough:
            return f"{told}, judged from {self.enough} on)"
        if ratio > self.most:
            self._above.append(f"{what}: {ratio:.2f}")
            return f"{told}: above it)"
        return f"{told})"

    def hold(self) -> None:
        """Raise RuntimeError when any ratio was above the limit, which fails the benchmark."""
        if self._above:
            raise RuntimeError(f"above the limit of {self.most:.2f}: {'; '.join(self._above)}")


def _judging() -> bool:
    """Whether times mean something: others leave us most of the machine."""
    said = os.environ.get("BENCH_JUDGE", "")
    return said == "always" or (said != "never" and os.getloadavg()[0] <= 1.5 * (os.cpu_count() or 1))


@dataclass
class Goals:
    """What speeds and times must come to. On a machine that is busy already, times are told and not judged.

    BENCH_JUDGE says `always` or `never`; BENCH_STRICT makes every goal so many times harder.
    """

    _missed: list[str] = field(default_factory=list)
    _judged: bool = field(default_factory=_judging)

    def least(self, what: str, value: float, goal: float) -> str:
        """Return a speed or ratio beside the least that it may be."""
        goal *= size("STRICT", 1)
        return self._told(what, f"{value:,.2f}", f"at least {goal:,.2f}", met=value >= goal)

    def most(self, what: str, seconds: float, goal: float) -> str:
        """Return a time beside the most that it may be, as milliseconds."""
        goal /= size("STRICT", 1)
        return self._told(
            what, f"{seconds * 1000:.0f} ms", f"at most {goal * 1000:.0f} ms", met=seconds <= goal
        )

    def share(self, what: str, value: float, goal: float) -> str:
        """Return a share of a core beside the most that it may be."""
        goal /= size("STRICT", 1)
        return self._told(what, f"{value:.2%}", f"at most {goal:.2%}", met=value <= goal)

    def exactly(self, what: str, count: int, wanted: int) -> str:
        """Return a count beside what it must be, however busy the machine is."""
        if count != wanted:
            self._missed.append(f"{what}: {count} instead of {wanted}")
        return f"{what} {count}"

    def _told(self, what: str, value: str, goal: str, *, met: bool) -> str:
        if not met and self._judged:
            self._missed.append(f"{what} {value}, {goal}")
        return f"{what} {value} ({goal}{'' if met else ': missed'}{'' if self._judged else ', not judged'})"

    def hold(self) -> None:
        """Raise RuntimeError when any goal was missed, which fails the benchmark."""
        if self._missed:
            raise RuntimeError(f"missed: {'; '.join(self._missed)}")
