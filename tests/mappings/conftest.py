"""What these tests share: a busy machine is no failure, so no example of a property has a deadline.

The examples of a property are the same in each run, or a test would fail by chance on somebody who has
changed nothing. ``make laws EXAMPLES=5000`` looks for others, by chance.
"""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.mappings.atlassian import Atlassian, Missing, running

settings.register_profile("the same", deadline=None, derandomize=True)
settings.register_profile("by chance", deadline=None, derandomize=False, print_blob=True)
settings.load_profile("by chance" if os.environ.get("EXAMPLES") else "the same")


@pytest.fixture(scope="session")
def atlassian() -> Iterator[Atlassian]:
    """Atlassian's reader of wiki markup and its schema of documents, in one process for all tests."""
    try:
        with running() as oracle:
            yield oracle
    except Missing as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))
