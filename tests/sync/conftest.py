"""The two databases that a store may be on, and worlds that are closed in the end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deskbridge.demo.people import Tool
from deskbridge.sandbox.run import Sandbox
from sync.store.dialects import Address
from tests.sync import postgres as server
from tests.sync.empty import empty_store
from tests.sync.three_tools import START
from tests.sync.world import Make, World

DATABASES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres() -> Iterator[server.Postgres]:
    """A PostgreSQL server. Where none can be started the test is skipped, but never in CI."""
    try:
        with server.running() as running:
            yield running
    except server.Unavailable as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no PostgreSQL can be started here: {error}")


@pytest.fixture(params=DATABASES)
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Address:
    """Where an empty store is: once a file, once a database on a server."""
    if request.param == "sqlite":
        return empty_store(tmp_path / "kept" / "store.sqlite3")
    running: server.Postgres = request.getfixturevalue("postgres")
    return running.store()


@pytest.fixture(scope="module")
def tools() -> Iterator[Sandbox]:
    """Three tools for all tests of a module."""
    with Sandbox.running(start=START, limits=False) as sandbox:
        yield sandbox


@pytest.fixture
def untouched(tools: Sandbox) -> Sandbox:
    """The module's three tools, with nothing in them that another test left; only their clock went on."""
    Tool(tools.control_url)("POST", "reset")
    return tools


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Make worlds, each in a folder of its own, that are closed in the end."""
    made: list[World] = []

    def world(**differing: Any) -> World:
        made.append(World(tmp_path / str(len(made)), **differing))
        return made[-1]

    yield world
    for one in made:
        one.close()
