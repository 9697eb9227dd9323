"""What the tests of the sandbox's GitLab share: one server for each module, and callers of its API."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from deskbridge.sandbox.gitlab.server import GitLab
from deskbridge.sandbox.gitlab.switches import Switches
from deskbridge.sandbox.world import Clock, Mail, World
from tests.sandbox.serving import base_url, free_socket, serve

PROJECT = "/projects/101"
DESK = "/projects/102"
ISSUES = f"{PROJECT}/issues"


class Api:
    """One caller of the API. Calls answer the response as it came."""

    def __init__(self, base: str, token: str) -> None:
        self._base = base + "/api/v4"
        self._session = requests.Session()
        self._session.headers["PRIVATE-TOKEN"] = token

    def __call__(self, method: str, path: str, **options: Any) -> requests.Response:
        return self._session.request(method, self._base + path, timeout=10, allow_redirects=False, **options)

    def get(self, path: str, **params: Any) -> Any:
        answer = self("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, **body: Any) -> Any:
        answer = self("POST", path, json=body)
        assert answer.status_code in (200, 201, 202), answer.text
        return answer.json()

    def put(self, path: str, **body: Any) -> Any:
        answer = self("PUT", path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def issue(self, title: str = "A pump fails", project: str = PROJECT, **body: Any) -> Any:
        return self.post(f"{project}/issues", title=title, **body)

    def note(self, issue: Any, body: str, **more: Any) -> Any:
        return self.post(f"{path_of(issue)}/notes", body=body, **more)


def path_of(issue: Any) -> str:
    """Return the path of an issue that a call has answered."""
    return f"/projects/{issue['project_id']}/issues/{issue['iid']}"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitLab]:
    """Yield one server for all tests: starting it takes longer than most of them."""
    listener = free_socket()
    world = World(Clock(), random.Random(7))
    server = GitLab(world, base_url(listener), tmp_path_factory.mktemp("gitlab"))
    with serve(server.app, listener):
        yield server


@pytest.fixture
def gitlab(served: GitLab) -> GitLab:
    """Return the server with a fresh instance, its switches as they come and an empty outbox."""
    served.acts["configure"](**dataclasses.asdict(Switches()))
    served.reset()
    served.site.world.outbox.clear()
    served.site.world.hooks.clear()
    served.site.world.limits = True
    return served


@pytest.fixture
def caller(gitlab: GitLab) -> Callable[[str], Api]:
    """Return a maker of callers by whose token it is."""
    return lambda who: Api(gitlab.site.base_url, getattr(gitlab.secrets, who))


@pytest.fixture
def hub(caller: Callable[[str], Api]) -> Api:
    """Return the hub: a bot, maintainer of both projects."""
    return caller("hub")


@pytest.fixture
def dana(caller: Callable[[str], Api]) -> Api:
    """Return Dana, a developer."""
    return caller("developer")


@pytest.fixture
def lee(caller: Callable[[str], Api]) -> Api:
    """Return Lee, the owner of the group."""
    return caller("owner")


@pytest.fixture
def guest(caller: Callable[[str], Api]) -> Api:
    """Return a guest."""
    return caller("guest")


@pytest.fixture
def ticket(gitlab: GitLab, hub: Api) -> Any:
    """A ticket that Jane's mail has made; the outbox is empty again."""
    made = gitlab.acts["service_desk_mail"](
        project="harbour/portal",
        email="jane@acme.example",
        name="Jane",
        subject="Cannot log in",
        text="It says no.",
    )
    gitlab.site.world.outbox.clear()
    return hub.get(f"{DESK}/issues/{made['iid']}")


def to_customers(world: World) -> list[Mail]:
    """Return the mails that customers got."""
    return [mail for mail in world.outbox if mail.customer]
