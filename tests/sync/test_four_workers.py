"""Four `deskbridge work` on one PostgreSQL: one quota, one order, and a late one that writes nothing.

`make workers` plays it, in some two minutes, most of which is waiting.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deskbridge.sandbox.run import Sandbox
from tests.sync.postgres import Postgres
from tests.sync.test_work import KIM, TAKEOVER, Machines, _latency, _until

LIMIT, TICKETS = 150, 12
"""Calls a minute that GitLab allows at first. The tickets, and the polls meanwhile, want more."""

pytestmark = [
    pytest.mark.skipif("FOUR_WORKERS" not in os.environ, reason="`make workers` plays it"),
    pytest.mark.timeout(400),
]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Three fake servers at the present time; GitLab's counts calls, and refuses those beyond its limit."""
    with Sandbox.running() as running:
        running.gitlab.switches.requests_per_minute = LIMIT
        yield running


@pytest.fixture
def machines(sandbox: Sandbox, postgres: Postgres, tmp_path: Path) -> Iterator[Machines]:
    """Four workers on an empty store."""
    made = Machines(tmp_path, sandbox, postgres.store())
    made.environment["DESKBRIDGE_FUSES__AFTER_RULES"] = "100000"  # many writes after new rules are meant here
    for _ in range(4):
        made.work()
    yield made
    for process in made.processes:
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()
    made.server.dispose()


def test_four_workers_share_a_quota_keep_the_order_and_a_late_one_writes_nothing(
    sandbox: Sandbox, machines: Machines
) -> None:
    """Otherwise four machines are refused four times as soon, and one that wakes up writes what others did.

    GitLab counts what one account calls; one worker is stopped (SIGSTOP) at work, and goes on much later.
    """
    people, said = machines.people, {f"Pump {n}": ["Said 0", "Said 1"] for n in range(TICKETS)}
    _until(lambda: len(machines.asked("SELECT pid FROM workers")) == 4, 60)
    tickets = [people.mail(KIM, "Kim", subject, "<p>Help</p>") for subject in said]
    for ticket in tickets:
        people.sort(ticket, tags=["firmware"])
    for number in range(2):
        for ticket in tickets:
            people.note(ticket, f"<p>Said {number}</p>")

    most = _most_calls_in_a_minute(sandbox, 75)
    assert LIMIT * 0.6 < most <= LIMIT, "no call too many, and none that could have been made is left"
    assert machines.asked("SELECT connection FROM quotas WHERE blocked IS NOT NULL") == []

    sandbox.gitlab.switches.requests_per_minute = 2000
    _until(lambda: machines.notes() == said, 120)

    _latency(sandbox, 0.4)
    for ticket in tickets:
        people.note(ticket, "<p>Said 2</p>")
    held = _until(machines.holding, 20)
    asleep = next(process for process in machines.processes if process.pid == held[0][0])
    asleep.send_signal(signal.SIGSTOP)
    stopped = time.monotonic()
    mine = [(subject, token) for pid, subject, token in machines.holding() if pid == asleep.pid]
    assert mine
    _latency(sandbox, 0)
    machines.change("UPDATE intents SET sent = sent - 600000000 WHERE done IS NULL")
    _until(lambda: all(machines.tokens()[subject] > token + 1 for subject, token in mine), TAKEOVER)
    assert time.monotonic() - stopped < TAKEOVER
    said = {subject: [*lines, "Said 2"] for subject, lines in said.items()}
    _until(lambda: machines.notes() == said, 60)
    _until(lambda: machines.holding() == [], 60)

    before = _as_it_is(machines)
    asleep.send_signal(signal.SIGCONT)
    _until(lambda: asleep.pid in {pid for (pid,) in machines.asked("SELECT pid FROM workers")}, 30)
    time.sleep(5)
    assert machines.notes() == said
    assert _as_it_is(machines) == before
    people.note(tickets[0], "<p>Said 3</p>")
    said["Pump 0"].append("Said 3")
    _until(lambda: machines.notes() == said, 60)


def _most_calls_in_a_minute(sandbox: Sandbox, seconds: float) -> int:
    """Return how many calls GitLab counted of one account within one of its minutes, refused ones too."""
    most, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        most = max(most, *(seen for _, seen in [*sandbox.gitlab._limits._seen.values(), (0, 0)]))
        time.sleep(0.2)
    return most


def _as_it_is(machines: Machines) -> dict[str, object]:
    """Return when each issue and each ticket was changed last."""
    people = machines.people
    issues = people.gitlab("GET", "issues", params={"scope": "all", "per_page": 100})
    tickets = people.agent("GET", "tickets", params={"per_page": 100})
    return {f"issue {i['iid']}": i["updated_at"] for i in issues} | {
        f"ticket {t['id']}": t["updated_at"] for t in tickets
    }
