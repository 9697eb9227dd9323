"""A ticket whose answer nobody heard, where clocks and indexes do not say the same, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from deskbridge.bootstrap import build
from deskbridge.sandbox.run import Sandbox
from deskbridge.sandbox.world import Fault
from tests.sync.test_clocks_apart import HOUR, Apart
from tests.sync.three_tools import KIM, environment_of

_SUBJECT = "Battery drains"
_PLACES = {"jira": ("dev", "/rest/api/./issue"), "gitlab": ("firmware", ".*/issues")}


@pytest.fixture
def made(untouched: Sandbox, tmp_path: Path) -> Iterator[Apart]:
    """A hub whose clock can be set."""
    made = Apart(untouched, tmp_path)
    yield made
    made.application.store.database.close()


def _unheard(made: Apart, system: str) -> None:
    """Have a ticket be created whose answer is lost."""
    tag, path = _PLACES[system]
    made.people.sort(made.people.mail(KIM, "Kim", _SUBJECT, "<p>Help wanted</p>"), tags=[tag])
    fault = Fault(system, "lost", method="POST", path=path)
    made.sandbox.world.faults.append(fault)
    for _ in range(6):
        if not fault.times:
            break
        made.sync(1)
    assert not fault.times
    made.sandbox.world.faults.clear()


def _issues(made: Apart, system: str) -> int:
    if system == "gitlab":
        return len(made.people.gitlab("GET", "issues", params={"scope": "all", "search": _SUBJECT}))
    query = {"jql": "project = SUP", "fields": "summary", "maxResults": 100}
    rows = made.people.jira("GET", "api/3/search/jql", params=query)["issues"]
    return sum(_SUBJECT in row["fields"]["summary"] for row in rows)


@pytest.mark.parametrize("system", ["jira", "gitlab"])
@pytest.mark.parametrize("apart", [-HOUR, timedelta(minutes=-5), HOUR], ids=str)
def test_a_hub_that_is_put_right_finds_what_it_made_before(
    made: Apart, tmp_path: Path, system: str, apart: timedelta
) -> None:
    """The ticket stands at another time than the hub's note says, so it would be made once more."""
    made.apart = apart
    made.sync(2)
    _unheard(made, system)
    made.apart = timedelta(0)
    made.sandbox.world.clock.advance(2 * 3600)
    made.application.store.database.close()
    environment = environment_of(made.sandbox)
    made.application = build(tmp_path / "settings.toml", environment, now=made.now)
    assert not list(made.application.engine.identify())
    for _ in made.application.engine.work():
        pass
    made.sync(6)
    assert _issues(made, system) == 1


def test_a_list_from_before_the_index_knew_of_it_proves_nothing(made: Apart) -> None:
    """Whoever looked at once, and did not find it yet, would go by that list when it is time to be sure."""
    made.apart = timedelta(0)
    switch = f"{made.sandbox.control_url}/act/jira/set_switch"
    assert requests.post(switch, json={"name": "index_lag", "value": 55.0}, timeout=10).ok
    tag, path = _PLACES["jira"]
    made.people.sort(made.people.mail(KIM, "Kim", _SUBJECT, "<p>Help wanted</p>"), tags=[tag])
    made.sandbox.world.faults.append(Fault("jira", "lost", method="POST", path=path))
    clock = made.sandbox.world.clock
    clock.advance(61)
    made.application.engine.collect()
    for _ in range(60):
        for _ in made.application.engine.work():
            pass
        clock.advance(5)
    clock.advance(100)
    assert _issues(made, "jira") == 1
