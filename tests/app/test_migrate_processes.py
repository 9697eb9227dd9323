"""A run that several processes work for, which are killed one by one, over real HTTP."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from contextlib import closing

import pytest

from tests.app.moved_in import MIGRATION, picture
from tests.app.program import Hub

_COUNT = 75
"""More than one process takes at once."""
_PAST = {"count": _COUNT, "seed": 7, "days": 300, "comments": 0, "archived": 0}
_READING = {"system": "freshdesk", "kind": "slow", "method": "GET", "path": ".*/conversations"}
_TWO = ("migrate", "run", "--apply", "--workers", "4", "--processes", "2")


def _holders(hub: Hub) -> dict[str, int]:
    """Return kind -> process of the workers that hold tickets now."""
    query = (
        "SELECT DISTINCT workers.kind, workers.pid FROM workers JOIN claims ON claims.holder = workers.id "
        "WHERE claims.until > '2000'"
    )
    try:
        with closing(sqlite3.connect(hub.folder / "store.sqlite3", timeout=10)) as store:
            return dict(store.execute(query).fetchall())
    except sqlite3.OperationalError:
        return {}  # it is not there yet


def _both(hub: Hub) -> dict[str, int]:
    """Wait until both processes of a run hold tickets."""
    until = time.monotonic() + 60
    while len(found := _holders(hub)) < 2:
        assert time.monotonic() < until, f"only {found} hold tickets"
        time.sleep(0.05)
    return found


def _there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.timeout(180)
def test_processes_of_a_run_may_be_killed(hub: Hub) -> None:
    """A process that outlives its run writes beside the next one; one that dies takes its tickets along."""
    hub.settings.write_text(hub.settings.read_text("utf-8") + MIGRATION, "utf-8")
    hub.control("POST", "act/freshdesk/generate", **_PAST)
    hub.control("POST", "faults", **_READING, seconds=2, times=999)

    begun = hub.start(*_TWO)
    os.kill(_both(hub)["run 1, beside"], signal.SIGKILL)
    ended = hub.end(begun, 120)
    assert ended.code == 1
    assert "a process of the run ended by itself (-9): run again, it goes on" in ended.err

    hub.control("DELETE", "faults")
    hub.control("POST", "faults", **_READING, seconds=60, times=999)  # nothing is written, so nothing is lost
    begun = hub.start(*_TWO)
    other = _both(hub)["run 1, beside"]
    begun.kill()
    begun.communicate()
    until = time.monotonic() + 5
    while _there(other):
        assert time.monotonic() < until, "it outlives its run"
        time.sleep(0.05)

    hub.control("DELETE", "faults")
    ended = hub.run("migrate", "run", "--apply")
    assert ended.code == 0, ended.err
    assert picture(hub.people), "nothing came"
    told = hub.run("migrate", "verify", "counts")
    assert (told.code, "difference 0" in told.out) == (0, True), told.out
    assert not hub.control("GET", "outbox"), "somebody was mailed"
    assert _holders(hub) == {}
