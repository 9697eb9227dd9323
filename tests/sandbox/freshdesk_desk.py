"""A fake Freshdesk account over real HTTP, with the people who work in it, for tests."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import requests

from deskbridge.sandbox.freshdesk.server import Freshdesk
from deskbridge.sandbox.world import Clock, World
from tests.sandbox.serving import base_url, free_socket, serve

KIM = "kim@lantern.example"


class Still(Clock):
    """Time that passes only when a test says so: nothing happens by itself on a busy machine."""

    def now(self) -> datetime:
        """Return the instant that was set last."""
        return self._base


class Desk:
    """The account of one test, with the hub's key and Sam's."""

    def __init__(self, world: World, server: Freshdesk, url: str) -> None:
        self.world, self.server, self.url = world, server, url
        environment = server.environment()
        self.hub = self._session(environment["FRESHDESK_API_KEY"])
        self.sam = self._session(environment["FRESHDESK_AGENT_API_KEY"])

    def _session(self, key: str) -> requests.Session:
        session = requests.Session()
        session.auth = (key, "X")
        return session

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        return self.hub.request(method, f"{self.url}/api/v2/{path}", timeout=10, **more)

    def get(self, path: str, **query: Any) -> Any:
        answer = self.call("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def act(self, act: str, **arguments: Any) -> dict[str, Any]:
        return self.server.acts[act](**arguments)

    def ticket(self, **values: Any) -> dict[str, Any]:
        body = {"email": KIM, "subject": "Printer", "description": "It smokes"} | values
        answer = self.call("POST", "tickets", json=body)
        assert answer.status_code == 201, answer.text
        return cast(dict[str, Any], answer.json())

    def note(self, ticket: int, **values: Any) -> dict[str, Any]:
        answer = self.call("POST", f"tickets/{ticket}/notes", json={"body": "seen"} | values)
        assert answer.status_code == 201, answer.text
        return cast(dict[str, Any], answer.json())

    def done(self, method: str, path: str, **values: Any) -> Any:
        """Make a call with a JSON body that must work, and return what it answers."""
        answer = self.call(method, path, json=values) if values else self.call(method, path)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def renewed(self) -> Desk:
        """Return the desk as on its first day, with a minute's credits of its own."""
        self.server.reset()
        self.world.outbox.clear()
        self.world.hooks.clear()
        self.world.limits = True
        self.later(60)
        return self

    def later(self, seconds: float) -> None:
        self.world.clock.advance(seconds)

    def mails(self) -> list[tuple[str, str, bool]]:
        return [(mail.cause, mail.to, mail.customer) for mail in self.world.outbox]


def failing(answer: requests.Response, status: int = 400) -> dict[str, str]:
    """Return the codes of a validation error by field."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["description"] == "Validation failed"
    assert all(set(error) >= {"field", "message", "code"} for error in body["errors"])
    return {error["field"]: error["code"] for error in body["errors"]}


@contextmanager
def serving(folder: Path, plan: str = "enterprise") -> Iterator[Desk]:
    """Yield a desk whose server answers until the block ends; to stop one takes longer than most tests."""
    world = World(clock=Still(), rng=random.Random(7))
    listener = free_socket()
    server = Freshdesk(world, base_url(listener), folder, plan)
    with serve(server.app, listener) as url:
        yield Desk(world, server, url)
