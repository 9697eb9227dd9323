"""The contract's clauses about webhooks: `plan_hook`, `apply_hook`, `hear`."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic, sleep

import pytest

from connectors.base import BadSignature, Connector, Hook
from connectors.capabilities import Signed
from connectors.errors import Rejected
from tests.contract.drafts import fresh
from tests.contract.world import World

SECRET = "a secret of the hooks that is long enough"
Heard = list[tuple[dict[str, str], bytes]]


@contextmanager
def listening() -> Iterator[tuple[str, Heard]]:
    """Give an address that takes every webhook, and what it heard so far."""
    heard: Heard = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hooks/one", heard
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def hooked(world: World, connector: Connector) -> Iterator[tuple[Hook, Heard]]:
    """A webhook that is installed, and what it heard."""
    if connector.capabilities.webhooks is None:
        pytest.skip(f"{connector.name} sends no webhooks")
    with listening() as (url, heard):
        hook = Hook(url, SECRET)
        by_hand = connector.apply_hook(hook)
        if by_hand:
            pytest.skip(f"{connector.name}: {by_hand[0].what}")
        yield hook, heard


def named(world: World, connector: Connector, heard: Heard, key: str) -> bool:
    """Whether a webhook that names this ticket arrives within a while."""
    until = monotonic() + 8
    while monotonic() < until:
        if any(hint.key == key for headers, body in heard for hint in connector.hear(headers, body, SECRET)):
            return True
        world.wait(5)
        sleep(0.05)
    return False


def test_a_hook_is_installed_once(connector: Connector, hooked: tuple[Hook, Heard]) -> None:
    """`apply_hook`: "Idempotent"; `plan_hook`: "empty when it does". Broken: every event comes twice."""
    hook, _ = hooked
    assert connector.plan_hook(hook) == []
    assert connector.apply_hook(hook) == []
    assert connector.plan_hook(Hook(f"{hook.url}/other", SECRET)) != []


def test_people_are_heard(world: World, connector: Connector, hooked: tuple[Hook, Heard]) -> None:
    """`hear`: "which tickets a webhook names". Broken: the hub learns of nothing until the next poll."""
    if world.system_in_memory():
        pytest.skip("a desk in memory sends nothing")
    key = world.opens(fresh("Heard"), "Hello?")
    assert named(world, connector, hooked[1], key)
    hooked[1].clear()
    world.answers(key, "We are here.", internal=True)
    assert named(world, connector, hooked[1], key)


def test_a_stranger_is_not_believed(world: World, connector: Connector, hooked: tuple[Hook, Heard]) -> None:
    """`hear`: "Raises BadSignature". Broken: anybody who knows the address can make the hub work."""
    for headers in (
        {},
        {"x-signature": "0" * 64},
        {"x-hub-signature": "sha256=00"},
        {"x-gitlab-token": "no"},
    ):
        with pytest.raises(BadSignature) as refused:
            connector.hear(headers, b'{"ticket": 1}', SECRET)
        assert SECRET not in str(refused.value)


def test_a_changed_body_is_not_believed(
    world: World, connector: Connector, hooked: tuple[Hook, Heard]
) -> None:
    """`hear`: "checked over the raw bytes". Broken: somebody in the middle chooses the ticket."""
    if connector.capabilities.webhooks is not Signed.HMAC or world.system_in_memory():
        pytest.skip(f"{connector.name} signs no bodies, or sends none")
    key = world.opens(fresh("Signed"), "Hello?")
    assert named(world, connector, hooked[1], key)
    headers, body = hooked[1][0]
    with pytest.raises(BadSignature):
        connector.hear(headers, body + b" ", SECRET)
    with pytest.raises(BadSignature):
        connector.hear(headers, body, f"{SECRET}!")


def test_a_body_that_is_none_is_refused_by_name(
    world: World, connector: Connector, hooked: tuple[Hook, Heard]
) -> None:
    """`hear`: "Raises ... Rejected". Broken: one malformed delivery takes the receiver down."""
    if world.system_in_memory():
        pytest.skip("a desk in memory sends nothing")
    if connector.capabilities.webhooks is Signed.HMAC:
        pytest.skip(f"{connector.name}'s signatures cover the body; its own tests sign odd ones")
    key = world.opens(fresh("Odd"), "Hello?")
    assert named(world, connector, hooked[1], key)
    headers = hooked[1][0][0]
    for body in (b"", b"{", b"[]", b'"x"', b"\xff\xfe", b'{"object_kind": 7}'):
        with suppress(Rejected):
            assert connector.hear(headers, body, SECRET) == ()
