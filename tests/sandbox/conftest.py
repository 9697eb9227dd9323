"""What all tests of the sandbox share."""

from __future__ import annotations

import random
from collections.abc import Generator

import pytest

from deskbridge.sandbox.world import Clock, World
from tests.sandbox import yes_sayer


@pytest.fixture
def world() -> World:
    """A world of its own with a known seed; its clock runs from now."""
    return World(clock=Clock(), rng=random.Random(7))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Note how often a test asked the yes-sayer: one that never did tells nothing about servers."""
    before = yes_sayer.calls
    try:
        return (yield)
    finally:
        if yes_sayer.mood():
            item.user_properties.append(("asked", yes_sayer.calls - before))
