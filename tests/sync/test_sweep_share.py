"""The sweep reads within its share of the quota, and gives way to what people do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from deskbridge.bootstrap import Application, build
from deskbridge.demo.people import People
from deskbridge.sandbox.run import Sandbox
from sync.outcome import Done, Later
from sync.store.inbox import SWEPT
from tests.sync.three_tools import KIM, START, environment_of, settings_in

MINUTE = timedelta(minutes=1)
TICKETS = 8
"""More than the sweep may look at in a minute: of 50 calls the hub has 40, and the sweep 4 of those."""


@pytest.fixture
def swept(tmp_path: Path) -> Iterator[tuple[Application, Sandbox, list[str]]]:
    """A hub before tools with a small quota, tickets that the sweep put into its inbox, and their names."""
    with Sandbox.running(start=START, plan="trial") as sandbox:
        environment = environment_of(sandbox)
        people, clock = People(environment), sandbox.world.clock
        application = build(settings_in(tmp_path), environment, now=clock.now)
        for number in range(TICKETS):
            people.sort(people.mail(KIM, "Kim", f"No {number}", "<p>Help</p>"), tags=["firmware"])
        for _ in range(9):
            clock.advance(301)
            application.engine.collect()
            list(application.engine.work())
        clock.advance(61)
        subjects = application.store.bundles.subjects()
        assert len(subjects) == TICKETS
        application.store.inbox.put_many(subjects, clock.now(), SWEPT)
        yield application, sandbox, subjects
        application.store.database.close()


def reasons(application: Application, now: datetime) -> list[str]:
    """Return why tickets are looked at within the next minutes."""
    return [row.reason for row in application.store.inbox.due(now + 3 * MINUTE)]


def test_live_reads_go_first_when_the_budget_is_short(
    swept: tuple[Application, Sandbox, list[str]],
) -> None:
    """Otherwise a customer's message waits a minute, while tickets are read of which nobody told."""
    application, sandbox, subjects = swept
    clock = sandbox.world.clock
    *slow, urgent = subjects
    looked = [application.engine.look(subject) for subject in slow]
    done = [one for one in looked if one and isinstance(one.outcome, Done)]
    put_off = [one for one in looked if one and isinstance(one.outcome, Later)]
    assert len(done) + len(put_off) == len(slow)
    assert (len(done) < len(slow), reasons(application, clock.now()).count(SWEPT)) == (True, len(put_off) + 1)
    application.store.inbox.put(urgent, clock.now(), "webhook")
    live = application.engine.look(urgent)
    assert live is not None
    assert isinstance(live.outcome, Done)


def test_a_swept_ticket_that_somebody_tells_of_is_live_work(
    swept: tuple[Application, Sandbox, list[str]],
) -> None:
    """Otherwise what the sweep had just put off is still put off when a person writes there."""
    application, sandbox, subjects = swept
    clock = sandbox.world.clock
    looked = {subject: application.engine.look(subject) for subject in subjects}
    put_off = [name for name, one in looked.items() if one and isinstance(one.outcome, Later)]
    application.store.inbox.put_many(put_off, clock.now(), "webhook")
    assert SWEPT not in reasons(application, clock.now())
    again = [application.engine.look(name) for name in put_off]
    assert put_off
    assert all(one and isinstance(one.outcome, Done) for one in again)


def test_what_the_sweep_put_off_is_looked_at_when_its_turn_comes(
    swept: tuple[Application, Sandbox, list[str]],
) -> None:
    """Otherwise an edit that nobody tells of is found a whole walk later, or never."""
    application, sandbox, subjects = swept
    found = set()
    for _ in range(2 * TICKETS):
        looked = (application.engine.look(subject) for subject in subjects)
        found |= {one.subject for one in looked if one and isinstance(one.outcome, Done)}
        sandbox.world.clock.advance(61)
    assert found == set(subjects)
