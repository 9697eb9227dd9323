"""A hub that answers webhooks in this process, before systems that are all dead: nobody can be asked."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import requests

from deskbridge.bootstrap import Application, build
from deskbridge.hooks import hook_of
from deskbridge.web.serving import Serving, looking
from sync.store.inbox import Waiting
from tests.sync.empty import empty_store
from tests.web.looking import let_in
from tests.web.seen import Desk, desk

ENVIRONMENT = {
    "DESKBRIDGE_SECRET": "a secret for one test",
    "FRESHDESK_API_KEY": "desk-key",
    "JIRA_TOKEN": "jira-token",
    "GITLAB_TOKEN": "gitlab-token",
}
_START = datetime(2026, 1, 12, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Answering:
    """A hub, where it listens, and the systems that call it."""

    url: str
    application: Application
    serving: Serving

    def post(self, connection: str, body: bytes, **headers: str) -> requests.Response:
        """Send a webhook as it is."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.post(f"{self.url}/hooks/{connection}", data=body, headers=named, timeout=20)

    def secret(self, connection: str) -> str:
        """Return what a system proves itself with."""
        return hook_of(self.application.settings, connection).secret

    def from_desk(self, ticket: Any) -> requests.Response:
        """Send what Freshdesk's rule sends."""
        body = json.dumps({"ticket_id": ticket}).encode()
        return self.post("desk", body, X_Deskbridge_Token=self.secret("desk"))

    def from_jira(self, body: bytes, *, secret: str = "") -> requests.Response:
        """Send what Jira sends, signed."""
        signed = hmac.new((secret or self.secret("jira")).encode(), body, hashlib.sha256).hexdigest()
        return self.post("jira", body, X_Hub_Signature=f"sha256={signed}")

    def waiting(self) -> dict[str, Waiting]:
        """Return the inbox."""
        inbox = self.application.store.inbox
        subjects = [f"ref:desk:{n}" for n in range(1, 2000)]
        return {s: row for s in subjects if (row := inbox.row(s)) is not None}


def dead_address() -> str:
    """Return the address of nobody: a port that was free a moment ago."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{one.getsockname()[1]}"


def settings_in(folder: Path) -> Path:
    """Write the demo's settings beside an empty store, and return where."""
    empty_store(folder / "store.sqlite3")
    path = folder / "settings.toml"
    path.write_text((files("deskbridge.demo") / "settings.toml").read_text("utf-8"), "utf-8")
    return path


class Hand:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = _START

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        """Let time pass."""
        self.at += timedelta(**by)


def hub_in(folder: Path, hand: Hand, more: str = "", **named: str) -> Application:
    """Return a hub whose tools are all dead, with more in its settings and its environment."""
    environment = ENVIRONMENT | named
    for name in ("DESK", "JIRA", "GITLAB"):
        environment[f"DESKBRIDGE_CONNECTIONS__{name}__URL"] = dead_address()
    path = settings_in(folder)
    path.write_text(path.read_text("utf-8") + more, "utf-8")
    return build(path, environment, now=hand)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    """A hub with one account of each role, whose tools are all dead; for the tests of one file."""
    made = hub_in(tmp_path_factory.mktemp("hub"), Hand())
    let_in(made)
    yield made
    made.store.database.close()


@pytest.fixture(scope="module")
def url(hub: Application) -> Iterator[str]:
    """Where its pages and its API are."""
    with looking(hub) as where:
        yield where


@pytest.fixture(scope="session")
def looked_at() -> Iterator[Desk]:
    """One desk for all tests of a process that only read it, or act on tickets of their own."""
    with desk() as made:
        yield made


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[Answering]:
    """A hub whose three systems are dead."""
    environment = dict(ENVIRONMENT)
    for name in ("DESK", "JIRA", "GITLAB"):
        environment[f"DESKBRIDGE_CONNECTIONS__{name}__URL"] = dead_address()
    with answers(build(settings_in(tmp_path), environment)) as made:
        yield made


@contextmanager
def answers(application: Application) -> Iterator[Answering]:
    """Have a hub answer, and close its store in the end."""
    serving, where, up = Serving(application), list[str](), threading.Event()

    def started(url: str) -> None:
        where.append(url)
        up.set()

    thread = threading.Thread(target=serving.run, args=("127.0.0.1", 0, started))
    thread.start()
    assert up.wait(10)
    try:
        yield Answering(where[0], application, serving)
    finally:
        serving.stop()
        thread.join(25)
    assert not thread.is_alive(), "it did not end"
    application.store.database.close()
