"""What these tests share: a busy machine is no failure, so no example of a property has a deadline."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.mappings.atlassian import Atlassian, Missing, running

settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


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
