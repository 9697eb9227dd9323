"""What a process does before it goes on for days."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from time import process_time

import pytest

from deskbridge.service import settle


@pytest.fixture
def loose() -> Iterator[None]:
    """What is set aside here is looked at again in the tests that come after."""
    yield
    gc.unfreeze()


def _collected() -> float:
    """Return the processor time of looking for garbage everywhere, in seconds: the least of three."""

    def one() -> float:
        began = process_time()
        gc.collect()
        return process_time() - began

    return min(one() for _ in range(3))


@pytest.mark.usefixtures("loose")
def test_what_stays_is_not_looked_through_for_garbage() -> None:
    """Otherwise one page in thirty takes a tenth of a second longer, and a webhook waits as long."""
    before = _collected()
    settle()
    assert _collected() < before / 3
