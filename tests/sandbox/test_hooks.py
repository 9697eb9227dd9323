"""The delivery of webhooks: real HTTP, the world's clock, retries, and what goes astray."""

from __future__ import annotations

import asyncio
import dataclasses
import random
import threading
import time
from collections.abc import Iterator

import pytest

from deskbridge.sandbox.hooks import Attempt, Chances, Delivery, Hooks, refusal
from deskbridge.sandbox.world import Clock
from tests.sandbox.receiver import Receiver, receiving, until


@pytest.fixture
def clock() -> Clock:
    """The world's clock."""
    return Clock()


@pytest.fixture
def hooks(clock: Clock) -> Iterator[Hooks]:
    """Hooks that deliver from an event loop in another thread, as the sandbox's do."""
    hooks, loop = Hooks(clock.now, random.Random(3)), asyncio.new_event_loop()

    async def stop() -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        loop.stop()

    loop.call_soon(hooks.attach)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield hooks
    asyncio.run_coroutine_threadsafe(stop(), loop)
    thread.join(timeout=10)
    loop.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Who gets the webhooks."""
    with receiving() as made:
        yield made


def delivery(url: str, body: bytes = b"{}", **more: object) -> Delivery:
    """A delivery to try things on."""
    made = Delivery("jira", url, body, {"Content-Type": "application/json"}, hook="7")
    return dataclasses.replace(made, **more)  # type: ignore[arg-type]


def outcomes(hooks: Hooks) -> list[str]:
    """What became of each attempt."""
    return [attempt.outcome for attempt in hooks.log]


def test_sent_off_the_callers_path_signed_per_attempt(hooks: Hooks, receiver: Receiver) -> None:
    """A receiver that verifies the raw bytes finds the signature over exactly those."""

    def signs(body: bytes, number: int) -> dict[str, str]:
        return {"X-Sum": f"{len(body)}/{number}"}

    hooks.send(delivery(receiver.url + "?a=1", '{"ä": 1}'.encode(), sign=signs))
    got = receiver.wait(1)[0]
    assert (got.method, got.path, got.body) == ("POST", "/hook?a=1", '{"ä": 1}'.encode())
    assert (got.headers["X-Sum"], got.headers["Content-Type"]) == ("9/0", "application/json")
    until(lambda: outcomes(hooks) == ["delivered"])
    assert hooks.log[0].status == 200


def test_retries_wait_for_the_worlds_clock(hooks: Hooks, clock: Clock, receiver: Receiver) -> None:
    """A receiver that was down for an hour hears of it when the hour has passed, not before."""
    receiver.answers += [500, 503]
    hooks.send(delivery(receiver.url, retries=(300, 1800)))
    until(lambda: outcomes(hooks) == ["failed"])
    assert (len(receiver.got), hooks.pending) == (1, 1)
    clock.advance(300)
    until(lambda: outcomes(hooks) == ["failed"] * 2)
    clock.advance(1800)
    until(lambda: outcomes(hooks) == ["failed", "failed", "delivered"])


def test_gives_up_after_the_last_retry_and_on_answers_that_are_final(
    hooks: Hooks, receiver: Receiver
) -> None:
    """Jira never sends again what was answered with most 4xx."""
    told: list[Attempt] = []
    receiver.answers += [410, 500]
    hooks.send(delivery(receiver.url, retries=(1,), again=lambda status: status >= 500, told=told.append))
    until(lambda: len(told) == 1)
    hooks.send(delivery(receiver.url, told=told.append))
    until(lambda: outcomes(hooks) == ["gave up", "gave up"])
    assert [attempt.status for attempt in told] == [410, 500]


def test_nobody_listening_is_a_failure_with_its_reason(hooks: Hooks) -> None:
    """The log tells a refused connection from an answer."""
    hooks.send(delivery("http://127.0.0.1:1/"))
    until(lambda: outcomes(hooks) == ["gave up"])
    assert (hooks.log[0].status, "Error" in hooks.log[0].error) == (0, True)


def test_a_hook_taken_away_gets_nothing_more(hooks: Hooks, clock: Clock, receiver: Receiver) -> None:
    """Retries of a deleted hook would reach whoever has its address now."""
    alive, receiver.answers = [True], [500]
    hooks.send(delivery(receiver.url, retries=(60,), wanted=lambda: bool(alive)))
    until(lambda: outcomes(hooks) == ["failed"])
    alive.clear()
    clock.advance(60)
    until(lambda: not hooks.pending)
    assert len(receiver.got) == 1


def test_duplicates_losses_and_failures_by_chance(hooks: Hooks, clock: Clock, receiver: Receiver) -> None:
    """A hub that trusts webhooks alone loses tickets; one that counts them counts twice."""
    hooks.chances["jira"] = Chances(duplicate=1)
    hooks.send(delivery(receiver.url))
    clock.advance(2)
    receiver.wait(2)
    hooks.chances["jira"] = Chances(lose=1)
    hooks.send(delivery(receiver.url))
    hooks.chances["jira"] = Chances(fail=1)
    hooks.send(delivery(receiver.url))
    until(lambda: sorted(outcomes(hooks)) == ["delivered", "delivered", "gave up", "lost"])
    assert len(receiver.got) == 2


def test_later_ones_overtake(hooks: Hooks, clock: Clock, receiver: Receiver) -> None:
    """The order of arrival says nothing about the order of events."""
    hooks.chances["jira"] = Chances(reorder=1)
    for number in range(12):
        hooks.send(delivery(receiver.url, b"%d" % number))
    for _ in range(10):
        clock.advance(0.5)
        time.sleep(0.03)
    receiver.wait(12)
    assert [got.body for got in receiver.got] != [b"%d" % number for number in range(12)]


@pytest.mark.parametrize(
    "url",
    [
        "https://hub.example/x",
        "http://127.0.0.1.nip.io/",
        "ftp://127.0.0.1/",
        "http://[",
        "http://localhost:0/",
    ],
)
def test_only_this_machine_is_called(hooks: Hooks, url: str) -> None:
    """A test must never reach a real host; the log says why nothing came."""
    assert refusal(url)
    hooks.send(delivery(url, retries=(1,)))
    until(lambda: outcomes(hooks) == ["refused"])
    assert not hooks.pending


def test_a_header_cannot_smuggle_another(hooks: Hooks, receiver: Receiver) -> None:
    """A custom header is somebody's input."""
    hooks.send(delivery(receiver.url, headers={"X": "a\r\nY: b"}))
    until(lambda: outcomes(hooks) == ["gave up"])
    assert not receiver.got


def test_chances_are_between_nothing_and_always() -> None:
    """A chance of 5 is a slip that would make a test mean something else."""
    with pytest.raises(ValueError, match="lose is a chance"):
        Chances(lose=5)
