"""A worker that sleeps in the middle of a write, for so long that another one takes its ticket over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sync.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A desk and its developers, without clocks."""
    made = World(tmp_path, policies=False)
    yield made
    made.close()


@pytest.mark.parametrize("minutes", [0.5, 6])
def test_what_another_worker_sent_meanwhile_is_not_sent_again(world: World, minutes: float) -> None:
    """Otherwise a file hangs on the issue twice, because the desk took minutes to hand it over.

    A worker that nobody overtook sends it late, and once.
    """
    key = world.opened("dev")
    world.settle()
    said = world.desk.comment(key, "the log")
    world.desk.attach(key, "crash.log", b"row 3", to=said)
    world.wait(minutes=1)

    def sleep(call: str) -> None:
        if call == "open_file":
            world.desk.before = lambda call: None
            world.wait(minutes=minutes)
            other = world.hub()
            other.collect()
            list(other.work())

    world.desk.before = sleep
    world.sync()
    world.settle()
    assert world.files("jira") == [("crash.log", b"row 3")]
    assert len(world.bodies("jira")) == 2


def test_one_that_wakes_up_when_another_has_taken_over_writes_no_field(world: World) -> None:
    """Otherwise it writes what a person took back while it slept, and that counts as somebody's change."""
    key = world.opened("dev", "firmware")
    world.desk.set(key, component="Valve")
    world.settle()
    world.desk.set(key, component="Pump")
    woken: list[str] = []

    def sleep(call: str) -> None:
        if call == "set_fields":
            world.jira.before = lambda call: None
            world.wait(minutes=6)
            world.desk.set(key, component="Valve")
            other = world.hub()
            other.collect()
            list(other.work())
            world.gitlab.before = woken.append

    world.jira.before = sleep
    world.sync()
    assert woken == []
    world.settle()
    assert [world.only(name).fields["component"] for name in world.servers] == ["Valve"] * 3
