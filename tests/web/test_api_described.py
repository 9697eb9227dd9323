"""The API's own description, held against a running hub by a stranger who believes every word of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from deskbridge.web.api.app import ENDPOINTS, ROOT
from sync.store.accounts import Role
from tests.web.programs import program
from tests.web.seen import Desk, desk

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def looked_at() -> Iterator[Desk]:
    """A desk of its own: the stranger also acts on its tickets."""
    with desk() as made:
        yield made


def test_every_answer_is_as_it_is_described(looked_at: Desk, tmp_path: Path) -> None:
    """Otherwise a program that is made from the description breaks on an answer, or on being refused."""
    config = tmp_path / "schemathesis.toml"
    config.write_text(_KNOWN, "utf-8")
    token = f"Authorization: Bearer {program(looked_at, Role.ADMIN).token}"
    command = [_SCHEMATHESIS, "--config-file", str(config), "run", f"{looked_at.url}{ROOT}/openapi.json"]
    ran = subprocess.run(
        [*command, *_HOW.split(), "-H", token],
        check=False,
        cwd=tmp_path,  # where it leaves what it remembers
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert ran.returncode == 0, ran.stdout[-9000:]
    assert f"Tested: {len(ENDPOINTS)}" in ran.stdout


_HOW = f"--max-examples {os.environ.get('EXAMPLES', '2')} --phases examples,coverage,fuzzing --no-color"
_HOW += "" if "EXAMPLES" in os.environ else " --generation-deterministic"
"""`EXAMPLES=100` looks further, and each time elsewhere."""
_KNOWN = """
[parameters]
"path.ticket" = ["desk:1", "desk:2", "jira:10000", "nothing"]
"path.customer" = ["lantern", "orbit", "nobody"]
[checks]
# Its own list has no 414, which a query of arbitrary length is answered with.
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 409, 413, 414, 415, 422, 429]
"""
"""What there is, so that answers and not only refusals are looked at."""
_SCHEMATHESIS = str(Path(sys.executable).with_name("st"))


def test_the_description_says_what_it_is(looked_at: Desk) -> None:
    """Otherwise tools that read descriptions do not read ours."""
    answer = requests.get(f"{looked_at.url}{ROOT}/openapi.json", timeout=30)
    told = answer.json()
    assert told["openapi"].startswith("3.1.")
    assert told["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    operations = {
        (method.upper(), path): one for path, known in told["paths"].items() for method, one in known.items()
    }
    assert set(operations) == {(one.method, one.path) for one in ENDPOINTS}
    for one in operations.values():
        assert one["security"] == [{"token": []}]
        assert "application/problem+json" in one["responses"]["401"]["content"]
        assert one["description"].startswith("Needs the role")
