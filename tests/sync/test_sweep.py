"""The sweep finds what nobody tells, within its share; silence is heard."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from sync.health import listen, silence
from sync.store.health import Pulse, Tally
from sync.sweep import CALLS, Sweep
from tests.sync.world import START, World

TURN, HOUR, DAY = timedelta(seconds=10), timedelta(hours=1), timedelta(hours=24)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A desk and two teams of developers, with four linked tickets."""
    made = World(tmp_path, policies=False)
    for number in range(4):
        made.opened(subject=f"No {number}")
    made.settle()
    made.wait(minutes=10)
    made.sync()  # the echo of the hub's own writes
    yield made
    made.close()


def sweep(world: World, *, share: float = 0.5, pace: float = 100.0) -> Sweep:
    """Return a sweep over connections that allow `pace` calls a second."""
    return Sweep(world.store, world.now, lambda name: pace, share=share)


def test_what_nobody_told_is_found(world: World) -> None:
    """Otherwise an edit that bumps nothing stays unseen for ever."""
    world.desk.set(ticket_of(world, "No 0"), subject="A new subject")
    desk = world.desk.tickets[ticket_of(world, "A new subject")]
    desk.updated = START - DAY
    world.wait(hours=2)
    world.sync()
    assert "A new subject" not in [t.fields["subject"] for t in world.jira.tickets.values()]
    assert sweep(world).step((), TURN) == 4
    world.settle()
    assert "A new subject" in [t.fields["subject"] for t in world.jira.tickets.values()]


def test_it_keeps_to_its_share(world: World) -> None:
    """Otherwise the sweep eats the quota that people's changes need."""
    world.wait(hours=2)
    slow = sweep(world, share=0.1, pace=2 * CALLS / TURN.total_seconds() / 0.1)
    taken = []
    for _ in range(3):
        taken.append(slow.step((), TURN))
        assert slow.step((), TURN) == 0, "a turn is taken once"
        list(world.engine.work())
        world.wait(seconds=TURN.total_seconds())
    assert taken == [2, 2, 0]
    assert sweep(world, share=0).step((), TURN) == 0


def test_a_look_that_costs_more_than_a_turn_waits_for_the_next_ones(world: World) -> None:
    """Otherwise a tool with a small quota is swept as fast as a large one."""
    world.wait(hours=2)
    slow = sweep(world, share=0.1, pace=CALLS / 100 / 0.1)
    taken = 0
    for _ in range(30):
        taken += slow.step((), TURN)
        world.wait(seconds=TURN.total_seconds())
    assert taken == 3


def test_it_goes_round_and_leaves_alone_what_was_just_read(world: World) -> None:
    """Otherwise it ends after one walk, or reads a busy ticket twice."""
    assert sweep(world).step((), TURN) == 0
    world.wait(hours=2)
    assert sweep(world).step((), TURN) == 4
    list(world.engine.work())
    world.wait(hours=2)
    assert sweep(world).step((), TURN) == 4


def test_it_passes_over_a_paused_connection(world: World) -> None:
    """Otherwise tickets of a tool that is down are looked at in vain."""
    world.wait(hours=2)
    assert sweep(world).step(["jira"], TURN) == 0


def test_it_waits_while_people_wait(world: World) -> None:
    """Otherwise the sweep stands before what people do."""
    world.wait(hours=2)
    world.store.inbox.put_many([f"ref:desk:x{n}" for n in range(60)], world.at, "changed")
    assert sweep(world).step((), TURN) == 0


@pytest.mark.parametrize(
    ("heard", "news", "odd"),
    [
        (None, START, False),
        (START - HOUR, START, False),
        (START - 2 * DAY, START - 3 * DAY, False),
        (START - 2 * DAY, START - 2 * DAY, False),
        (START - 2 * DAY, START - DAY, True),
        (START - 9 * DAY, None, True),
    ],
)
def test_silence(heard: datetime | None, news: datetime | None, odd: bool) -> None:
    """Otherwise a webhook that died is unnoticed for a week, or a quiet weekend is an alarm."""
    pulse = Pulse(heard=heard, news=news)
    assert (silence(pulse, START, DAY) is not None) == odd


def test_silence_is_said_once_and_again_after_a_word(world: World) -> None:
    """Otherwise the finding comes back each minute, or a second death is never told."""
    for _ in range(2):
        with world.store.database.writing() as tx:
            world.store.health.tell(tx, {"jira": Tally(heard=1)}, world.at)
        world.wait(days=2)
        world.store.health.changed("jira", world.at)
        for _ in range(3):
            listen(world.store, "jira", world.at, DAY)
        assert world.store.health.pulse("jira").silent == world.at
    assert [f.what for f in world.store.findings.of("connection:jira")] == ["webhooks", "webhooks"]


def ticket_of(world: World, subject: str) -> str:
    """Return the key of the desk's ticket with this subject."""
    return next(key for key, ticket in world.desk.tickets.items() if ticket.fields["subject"] == subject)
