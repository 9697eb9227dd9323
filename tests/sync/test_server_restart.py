"""The database server ends in the middle of a sync, and starts again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from tests.sync.postgres import Postgres, Unavailable, running
from tests.sync.world import World


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server of this module's own: no other test's connections are cut."""
    try:
        with running(killed=True) as started:
            yield started
    except Unavailable as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("at", [1, 3, 5, 6, 7, 9])
@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # a cut connection is not closed
def test_a_server_that_restarts_meanwhile_costs_nothing(server: Postgres, tmp_path: Path, at: int) -> None:
    """A database that is updated at night would leave texts twice, or not at all, or a hub that is stuck."""
    world = World(tmp_path, address=server.store())
    key = world.opened("dev", "firmware")
    world.settle()
    world.wait(minutes=5)
    world.desk.comment(key, "While it restarts", by="kim")
    calls = 0

    def before(call: str) -> None:
        nonlocal calls
        calls += 1
        if calls == at:
            server.restart()

    for tool in world.servers.values():
        tool.before = before
    with suppress(OperationalError):  # which ends a command in one message, and a worker begins again
        world.sync()
    assert calls >= at
    world.wait(minutes=10)
    world.settle()
    assert world.bodies("jira") == world.bodies("gitlab") == ["Help!", "While it restarts"]
    assert world.parked() == []
    world.close()
    gc.collect()  # here, and not in some other test, such connections are told of
