"""What the tests of the sandbox's Jira share: a server of each deployment, and callers of its API."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jira as library
import pytest
import requests

from deskbridge.sandbox.jira.server import Jira
from deskbridge.sandbox.world import Clock, Mail, World
from tests.sandbox.receiver import Receiver, receiving
from tests.sandbox.serving import base_url, free_socket, serve

Json = dict[str, Any]
NO_CHECK = {"X-Atlassian-Token": "no-check"}
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 16
JSM = "/rest/servicedeskapi"
AGILE = "/rest/agile/1.0"


class Client:
    """A person's or the hub's raw client: by a pair for Basic, or by a token for Bearer."""

    def __init__(self, url: str, auth: tuple[str, str] | str | None) -> None:
        self.url, self.session = url, requests.Session()
        self.session.trust_env = False
        if isinstance(auth, str):
            self.session.headers["Authorization"] = f"Bearer {auth}"
        else:
            self.session.auth = auth

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        path = path if path.startswith("/") else f"/rest/api/2/{path}"
        return self.session.request(method, self.url + path, timeout=10, **more)

    def get(self, path: str, **params: Any) -> Any:
        answer = self.call("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any, status: int = 201) -> Any:
        answer = self.call("POST", path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def put(self, path: str, body: Any, status: int = 204) -> Any:
        answer = self.call("PUT", path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def delete(self, path: str, body: Any = None, status: int = 204) -> None:
        answer = self.call("DELETE", path, **({"json": body} if body is not None else {}))
        assert answer.status_code == status, answer.text

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return the status and body of a call that must not succeed."""
        answer = self.call(method, path, **({"json": body} if body is not None else {}))
        assert answer.status_code >= 400, answer.text
        return answer.status_code, answer.json()

    def issue(self, **fields: Any) -> str:
        """Make an issue and return its key."""
        base = {"project": {"key": "SUP"}, "issuetype": {"id": "10004"}, "summary": "Lantern flickers"}
        return str(self.post("issue", {"fields": base | fields})["key"])

    def fields(self, key: str) -> Json:
        """Return the fields of an issue."""
        found: Json = self.get(f"issue/{key}")["fields"]
        return found

    def search(self, jql: str, **more: Any) -> Any:
        return self.get("/rest/api/3/search/jql", jql=jql, **more)

    def keys(self, jql: str, **more: Any) -> list[str]:
        return [issue["key"] for issue in self.search(jql, fields="key", maxResults=100, **more)["issues"]]

    def upload(self, key: str, name: str, data: bytes, mime: str = "text/plain") -> Json:
        path = f"issue/{key}/attachments"
        answer = self.call("POST", path, files={"file": (name, data, mime)}, headers=NO_CHECK)
        assert answer.status_code == 200, answer.text
        made: Json = answer.json()[0]
        return made


class Running:
    """A served fake Jira and those who use it."""

    def __init__(self, server: Jira, world: World, url: str) -> None:
        self.server, self.world, self.url = server, world, url
        env = server.environment()
        self.login, self.token = env["JIRA_EMAIL"], env["JIRA_TOKEN"]
        self.hub = self.client("hub@harbour.example")
        self.dana = self.client("dana@harbour.example")
        self.noor = self.client("noor@harbour.example")
        self.nobody = Client(url, None)

    def act(self, act: str, **arguments: Any) -> Any:
        """Do what only a person can."""
        return self.server.acts[act](**arguments)

    def person(self, email: str) -> Json:
        """Return somebody's ids and credentials."""
        found: Json = self.act("credentials")[email]
        return found

    def client(self, email: str) -> Client:
        """Return a client that calls as somebody, with their token."""
        token = self.person(email)["token"]
        return Client(self.url, token if self.is_dc else (email, token))

    @property
    def is_dc(self) -> bool:
        """Whether this is Data Center."""
        return "@" not in self.server.environment()["JIRA_EMAIL"]

    def account(self, email: str) -> str:
        """Return somebody's account id."""
        return str(self.person(email)["accountId"])

    def switch(self, name: str, value: object) -> None:
        """Turn a switch."""
        self.act("set_switch", name=name, value=value)

    def admin(self, email: str = "hub@harbour.example") -> None:
        """Make somebody administer the site."""
        self.act("set_person", email=email, site_admin=True)

    def mails(self, *, customer: bool | None = None) -> list[Mail]:
        """Return the mails that went out."""
        return [mail for mail in self.world.outbox if customer in (None, mail.customer)]

    def library(self, **more: Any) -> Any:
        """Return the `jira` library's client as the hub; its own types say less than its answers."""
        auth: Json = {"token_auth": self.token} if self.is_dc else {"basic_auth": (self.login, self.token)}
        return library.JIRA(self.url, max_retries=0, timeout=(5, 10), **auth, **more)


def serving(files: Path, deployment: str) -> Iterator[Running]:
    """Yield a server of one deployment, for all tests of a module."""
    listener = free_socket()
    world = World(Clock(), random.Random(7), limits=False)
    server = Jira(world, base_url(listener), files, deployment)
    with serve(server.app, listener) as url:
        yield Running(server, world, url)


def renewed(running: Running) -> Iterator[Running]:
    """Yield the server as a fresh site, without limits unless the test turns them on."""
    running.server.reset()
    running.world.outbox.clear()
    running.world.faults.clear()
    running.world.hooks.clear()
    yield running
    running.world.limits = False


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One Cloud site for all tests of a module; `site` makes it fresh for each."""
    yield from serving(tmp_path_factory.mktemp("jira") / "files", "cloud")


@pytest.fixture
def site(served: Running) -> Iterator[Running]:
    """A fresh Cloud site."""
    yield from renewed(served)


@pytest.fixture(scope="module")
def served_dc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One Data Center for all tests of a module."""
    yield from serving(tmp_path_factory.mktemp("jira") / "files", "dc")


@pytest.fixture
def dc(served_dc: Running) -> Iterator[Running]:
    """A fresh Data Center."""
    yield from renewed(served_dc)


@contextmanager
def empty_site(files: Path, deployment: str) -> Iterator[tuple[Client, dict[str, str]]]:
    """Yield the hub's client of a site without examples, and what it publishes."""
    listener = free_socket()
    world = World(Clock(), random.Random(7), limits=False, empty=True)
    server = Jira(world, base_url(listener), files, deployment)
    env = server.environment()
    token = env["JIRA_TOKEN"]
    with serve(server.app, listener) as url:
        yield Client(url, (env["JIRA_EMAIL"], token) if deployment == "cloud" else token), env


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who receives webhooks."""
    with receiving() as one:
        yield one


def doc(*texts: str) -> Json:
    """Return a document with one paragraph a text."""
    paragraphs = [{"type": "paragraph", "content": [{"type": "text", "text": text}]} for text in texts]
    return {"type": "doc", "version": 1, "content": paragraphs}
