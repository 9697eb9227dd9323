"""Which connectors keep the contract, each in a world of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from connectors.base import Connector
from connectors.capabilities import FilePlace
from connectors.quota import LocalBudget
from deskbridge.sandbox.run import Sandbox
from tests.contract.freshdesk_world import FreshdeskWorld
from tests.contract.gitlab_world import GitLabWorld, ServiceDeskWorld
from tests.contract.jira_world import JiraDataCenterWorld, JiraServiceWorld, JiraWorld
from tests.contract.memory_world import MemoryWorld
from tests.contract.world import World

WORLDS: dict[str, Callable[[pytest.FixtureRequest], World]] = {
    "memory": lambda request: MemoryWorld(FilePlace.TICKET),
    "memory-comment-files": lambda request: MemoryWorld(FilePlace.COMMENT),
    "freshdesk": lambda request: FreshdeskWorld(request.getfixturevalue("sandbox")),
    "jira": lambda request: JiraWorld(request.getfixturevalue("sandbox")),
    "jira-data-center": lambda request: JiraDataCenterWorld(request.getfixturevalue("data_center")),
    "jira-service": lambda request: JiraServiceWorld(request.getfixturevalue("sandbox")),
    "gitlab": lambda request: GitLabWorld(request.getfixturevalue("sandbox")),
    "gitlab-service-desk": lambda request: ServiceDeskWorld(request.getfixturevalue("sandbox")),
}
"""To plug in a system, add its world here."""


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """The three fake servers, one set for each test process; rate limits have tests of their own."""
    with Sandbox.running(limits=False) as running:
        yield running


@pytest.fixture(scope="session")
def data_center() -> Iterator[Sandbox]:
    """Another set, whose Jira is a Data Center one."""
    with Sandbox.running(limits=False, deployment="dc") as running:
        yield running


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Each system in turn, with nothing broken before or after a test."""
    made = WORLDS[request.param](request)
    yield made
    made.mends()


@pytest.fixture
def connector(world: World) -> Connector:
    """A working connector with a budget of its own, so that no test is throttled by another."""
    return world.connect(replace(world.config, budget=LocalBudget(world.now)))
