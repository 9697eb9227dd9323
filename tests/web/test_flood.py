"""Attacks on the hub's door: callers who drip, who shout, and who prove nothing."""

from __future__ import annotations

import json
import resource
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import requests

from deskbridge.web.patience import SECONDS
from tests.app.program import PROGRAM
from tests.web.conftest import ENVIRONMENT, Answering, dead_address, settings_in

FILES = 128
HEAD = b"POST /hooks/desk HTTP/1.1\r\nHost: hub\r\n"


@pytest.fixture
def poor(tmp_path: Path) -> Iterator[str]:
    """A hub that may open few files, as a small machine's may; where it listens."""
    settings_in(tmp_path)
    environment = {**ENVIRONMENT, "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    for name in ("DESK", "JIRA", "GITLAB"):
        environment[f"DESKBRIDGE_CONNECTIONS__{name}__URL"] = dead_address()
    with subprocess.Popen(
        [PROGRAM, "serve", "--port", "0"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES)),  # noqa: PLW1509 - one call
    ) as process:
        assert process.stdout
        yield process.stdout.readline().split(" at ")[1].removesuffix("/hooks/CONNECTION\n")
        process.kill()


def address(url: str) -> tuple[str, int]:
    """Return where a server listens."""
    host, _, port = url.removeprefix("http://").partition(":")
    return host, int(port)


def drip(one: socket.socket) -> None:
    """Say a letter now and then."""
    for letter in HEAD * 9:
        one.send(bytes([letter]))
        time.sleep(0.2)


@pytest.mark.parametrize("said", [b"", b"POST /ho", HEAD, HEAD + b"Content-Length: 99\r\n\r\n{"])
def test_callers_who_drip_keep_nobody_out(poor: str, said: bytes) -> None:
    """A few hundred of them would keep every webhook out, and the tools would switch their hooks off."""
    with ExitStack() as held:
        for _ in range(3 * FILES):
            one = held.enter_context(closing(socket.create_connection(address(poor), timeout=5)))
            with_luck = one.send(said) if said else 0
            assert with_luck == len(said)
        begun = time.monotonic()
        assert requests.get(f"{poor}/healthz", timeout=SECONDS).text == "alive\n"
        assert time.monotonic() - begun < 0.8 * SECONDS  # before the time of those who wait is up


def test_a_caller_who_drips_is_let_go(answering: Answering) -> None:
    """A connection that says a letter a minute would be held for ever, and its place with it."""
    with closing(socket.create_connection(address(answering.url), timeout=1)) as one:
        begun = time.monotonic()
        with pytest.raises(OSError, match=r"reset|Broken pipe"):
            drip(one)
        assert time.monotonic() - begun < 30


def test_a_slow_honest_caller_is_heard(answering: Answering) -> None:
    """A tool behind a bad line would be cut off though it is done within the time that a body has."""
    body = json.dumps({"ticket_id": 7}).encode()
    token = answering.secret("desk").encode()
    head = HEAD + b"X-Deskbridge-Token: " + token + b"\r\nContent-Length: %d\r\n\r\n" % len(body)
    with closing(socket.create_connection(address(answering.url), timeout=10)) as one:
        for part in (head[:30], head[30:], body[:3], body[3:]):
            one.send(part)
            time.sleep(0.7)
        assert b"200 OK" in one.recv(1000)
    assert "ref:desk:7" in answering.waiting()


def test_a_flood_is_answered_and_noted_once(answering: Answering) -> None:
    """Forged calls among thousands would be believed, or honest ones among them lost."""
    many = 2000

    def call(number: int) -> int:
        if number % 2:
            return answering.from_desk(number % 50 * 2 + 1).status_code
        body = json.dumps({"ticket_id": 100 + number}).encode()
        return answering.post("desk", body, X_Deskbridge_Token="guessed").status_code

    with ThreadPoolExecutor(16) as callers:
        answers = Counter(callers.map(call, range(many)))
    assert answers == {200: many // 2, 401: many // 2}
    keys = {int(subject.rpartition(":")[2]) for subject in answering.waiting()}
    assert keys == {number % 50 * 2 + 1 for number in range(1, many, 2)}
    assert requests.get(f"{answering.url}/healthz", timeout=5).ok
