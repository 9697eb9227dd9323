"""What all tests of the sandbox share."""

from __future__ import annotations

import random

import pytest

from deskbridge.sandbox.world import Clock, World


@pytest.fixture
def world() -> World:
    """A world of its own with a known seed; its clock runs from now."""
    return World(clock=Clock(), rng=random.Random(7))
