"""Escalation between three servers: each step once, in the tools and in the outbox, whatever happens."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.memory import Fault
from deskbridge.message import messages
from deskbridge.report import plan_lines
from mappings.ticket import Audience, PersonRole, Priority
from sync.outcome import Later
from sync.sla.calendar import Elapsed
from sync.sla.duty import Rota
from sync.sla.policy import ClockName, OnChange, Policy, Target
from sync.sla.steps import Mark, Note, Notify, Raise, Step, steps
from sync.store import open_store
from sync.store.inbox import LEASE
from tests.sync.test_recovery import recover
from tests.sync.world import START, World

HOUR = timedelta(hours=1)
STEPS = (
    *steps("50 %", Mark("watch::half")),
    *steps("80 %", Note("Nobody has answered yet"), Notify("chat", ("duty", "triage")), Mark("watch::near")),
    *steps("breach", Notify("chat", ("duty", "triage")), Note("It is late"), Raise(), Mark("watch::late")),
    *steps("every 1h x 3", Notify("chat", ("duty", "triage"))),
)

BREACHED = "desk desk-1001: first response breached"

Make = Callable[..., World]


def policy(**more: Any) -> Policy:
    """The first answer within ten hours, of urgent tickets within one; as time passes."""
    targets = {
        word: {ClockName.FIRST_RESPONSE: Target(HOUR * (1 if word is Priority.URGENT else 10), Elapsed())}
        for word in Priority
    }
    return Policy("standard", frozenset(), None, Priority.MEDIUM, targets, **more)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Make worlds with steps, and close them in the end."""
    made: list[World] = []

    def world(given: tuple[Step, ...] = STEPS, **more: Any) -> World:
        made.append(World(tmp_path / str(len(made)), policy=policy(**more), steps=given))
        return made[-1]

    yield world
    for one in made:
        one.close()


@pytest.fixture
def world(make: Make) -> World:
    """A desk, and a ticket of medium priority that is in both work tools."""
    made = make()
    key = made.opened("dev", "firmware")
    made.desk.set(key, priority="medium")
    made.sync()
    made.sync()
    return made


def notes(world: World, name: str = "desk") -> list[str]:
    """The hub's notes about steps on a side, oldest first."""
    texts = world.only(name).texts.values()
    own = [t for t in texts if t.author.role is PersonRole.HUB and "UTC" in t.body.text]
    assert all(text.audience is Audience.STAFF for text in own)
    return [text.body.text.partition(" (")[0].partition(":")[0] for text in own]


def told(world: World) -> list[str]:
    """What the outbox holds about steps, oldest first."""
    return [n.title.partition(", ")[0] for n in world.store.outbox.waiting() if n.key.startswith("step:")]


def labels(world: World, name: str = "desk") -> set[str]:
    """The labels of steps on a side."""
    tags = world.only(name).fields["tags"] or ()
    return {tag for tag in tags if tag.startswith("watch")}


def priorities(world: World) -> list[object]:
    """What each side says."""
    return [world.only(name).fields["priority"] for name in ("desk", "jira", "gitlab")]


def at(world: World, hours: float) -> None:
    """Let it be so long after the ticket was made, and the hub look at what is due."""
    world.at = START + HOUR * hours
    world.sync()


def answered(world: World, when: datetime) -> None:
    """Have an answer come to light that was given before: nobody had heard of it."""
    id = world.desk.comment("1001", "It is the fuse", by="sam")
    texts = world.only("desk").texts
    texts[id] = replace(texts[id], created=when)


def test_each_step_is_taken_at_its_moment_and_once(world: World) -> None:
    """Otherwise nobody hears of a promise before it is broken, or everybody hears of it all day."""
    for hour in (4.9, 5.0, 5.1, 7.9, 8.0, 8.1, 9.9, 10.0, 10.1, 10.5):
        at(world, hour)
    assert notes(world) == ["Nobody has answered yet", "It is late"]
    assert told(world) == [
        "desk desk-1001: 80 % of first response used up",
        "desk desk-1001: first response breached",
    ]
    assert priorities(world) == ["high", "high", "high"]
    assert [labels(world, name) for name in ("desk", "jira", "gitlab")] == [{"watch::late"}] * 3
    assert world.at_rest()
    for hour in (11, 12, 13, 14, 20):
        at(world, hour)
    assert [title.rpartition(" ")[2] for title in told(world)[2:]] == ["#1", "#2", "#3"]


def test_no_scan_finds_a_step(world: World) -> None:
    """Otherwise a hub asks every ticket again and again whether something is due."""
    assert world.store.inbox.next_due() == START + HOUR * 5
    at(world, 5)
    assert world.store.inbox.next_due() == START + HOUR * 8


def test_the_plan_tells_who_hears_of_it(world: World) -> None:
    """Otherwise people and priorities change in a way that no plan had shown."""
    world.at = START + HOUR * 10
    lines = [line for planned in world.engine.plan() for line in plan_lines(planned)]
    assert any("take the step breach of first_response, note as missed the step 50 %" in n for n in lines)
    assert any("tell duty by chat (read by staff, no mail)" in line for line in lines)
    assert sum("priority to high (hub)" in line for line in lines) == 3
    assert any("tell staff: It is late" in line and "read by staff" in line for line in lines)
    assert notes(world) == told(world) == []


def test_after_downtime_only_the_highest_step_is_taken(world: World) -> None:
    """Otherwise who comes back finds five messages about one ticket, four of them out of date."""
    at(world, 10.5)
    assert notes(world) == ["It is late"]
    assert told(world) == [BREACHED]
    assert labels(world) == {"watch::late"}
    taken = world.store.bundles.load("bundle:1").steps
    assert [(one.key.step, one.missed) for row in taken.values() for one in row] == [
        ("50 %", True),
        ("80 %", True),
        ("breach", False),
    ]


def test_a_change_that_the_hub_made_starts_no_escalation(make: Make) -> None:
    """Otherwise the raised priority has a target of its own, which is late at once, and so on to the top."""
    world = make()
    key = world.opened()
    world.desk.set(key, priority="high")
    for hour in (1, 10, 10.5, 10.9):
        at(world, hour)
    assert world.only("desk").fields["priority"] == "urgent"  # whose target is an hour
    assert told(world) == [BREACHED]
    assert notes(world) == ["It is late"]


def test_what_a_person_changes_after_it_is_theirs(world: World) -> None:
    """Otherwise a priority that somebody lowered is raised again with every look."""
    at(world, 10)
    world.desk.set("1001", priority="low")
    for hour in (10.2, 10.5, 11, 12):
        at(world, hour)
    assert world.only("desk").fields["priority"] == "low"


def test_messages_of_the_hub_and_of_machines_answer_nothing(world: World) -> None:
    """Otherwise the hub's own note, or an automatic answer, counts as an answer to the customer."""
    world.wait(minutes=10)
    world.jira.comment(world.only("jira").key, "I look into it", by="sam", audience=Audience.STAFF)
    world.settle()
    at(world, 8)
    assert notes(world)[-1] == "Nobody has answered yet"


def test_a_late_fact_withdraws_a_step(world: World) -> None:
    """Otherwise a ticket that was answered in time stays marked as late, and urgent."""
    at(world, 10)
    assert priorities(world) == ["high", "high", "high"]
    answered(world, START + HOUR * 2)
    at(world, 10.3)
    world.settle()
    assert notes(world) == ["It is late", "Withdrawn"]
    assert priorities(world) == ["medium", "medium", "medium"]
    assert [labels(world, name) for name in ("desk", "jira", "gitlab")] == [set()] * 3
    assert world.at_rest()


def test_who_was_told_of_a_step_is_told_that_it_is_withdrawn(world: World) -> None:
    """Otherwise the one who was called at night works on what was answered hours before."""
    at(world, 10)
    outbox = world.store.outbox
    outbox.sent(outbox.take("chat", world.at), world.at)
    outbox.rest("chat", world.at)
    answered(world, START + HOUR * 2)
    at(world, 10.3)
    world.settle()
    (back,) = outbox.waiting()
    assert (back.channel, back.whom) == ("chat", "duty")
    assert back.title.startswith("desk desk-1001: withdrawn: first response breached")
    assert back.body.startswith("By what became known later it was not due: ")
    at(world, 12)
    assert len(outbox.waiting()) == 1, "once"


def test_a_notification_that_nobody_took_yet_is_withdrawn_in_silence(world: World) -> None:
    """Otherwise somebody gets two messages at once, of which the second says to forget the first."""
    at(world, 10)
    assert told(world) == [BREACHED]
    answered(world, START + HOUR * 2)
    at(world, 10.3)
    world.settle()
    assert world.store.outbox.waiting() == []


def test_a_withdrawn_step_leaves_what_a_person_has_set_since(world: World) -> None:
    """Otherwise somebody's own decision is undone because a clock was wrong."""
    at(world, 10)
    world.desk.set("1001", priority="urgent")
    world.sync()
    answered(world, START + HOUR * 2)
    at(world, 10.3)
    world.settle()
    assert priorities(world)[0] == "urgent"


def test_nothing_from_before_the_promises_were_taken_up(make: Make) -> None:
    """Otherwise the first morning with a hub is a thousand breaches of promises that nobody had made."""
    world = make(enforce_from=START + HOUR * 9)
    world.opened()
    at(world, 8.5)
    assert (notes(world), told(world), labels(world)) == ([], [], set())
    at(world, 10)
    assert told(world) == [BREACHED]


def test_two_hubs_on_one_store_take_a_step_once(world: World) -> None:
    """Otherwise `serve` and `sync --watch` each tell everybody."""
    other = world.hub(open_store(world.folder / "store.sqlite3"))
    world.at = START + HOUR * 10
    for one in (world.engine, other, world.engine, other):
        one.collect()
        list(one.work())
    assert notes(world) == ["It is late"]
    assert told(world) == [BREACHED]
    assert priorities(world) == ["high", "high", "high"]


@pytest.mark.parametrize("call", ["add_comment", "set_fields", "change_tags"])
@pytest.mark.parametrize("fault", [Fault.LOST, Fault.RESET, Fault.UNREACHABLE, Fault.THROTTLED])
def test_a_lost_answer_takes_no_step_twice_and_leaves_none_half(
    world: World, call: str, fault: Fault
) -> None:
    """Otherwise a line that breaks leaves a ticket that was told of and not raised, or raised twice."""
    world.at = START + HOUR * 10
    world.desk.fail(call, fault)
    world.sync()
    for _ in range(4):
        world.wait(minutes=5)
        world.sync()
    assert notes(world) == ["It is late"]
    assert told(world) == [BREACHED]
    assert priorities(world) == ["high", "high", "high"]
    assert labels(world) == {"watch::late"}


def test_a_hub_that_dies_in_between_finishes_what_it_began(world: World) -> None:
    """Otherwise a step counts as taken of which half was never done."""
    world.at = START + HOUR * 10

    class Killed(BaseException):
        pass

    def die(call: str) -> None:
        if call == "set_fields":
            raise Killed

    world.desk.before = die
    with pytest.raises(Killed):
        world.sync()
    assert told(world) == [BREACHED]
    world.desk.before = lambda call: None
    world.wait(seconds=LEASE.total_seconds() + 1)
    world.engine = world.hub()
    world.settle()
    assert notes(world) == ["It is late"]
    assert told(world)[0] == BREACHED
    assert priorities(world) == ["high", "high", "high"]


def test_a_restored_store_raises_no_priority_and_writes_no_note_twice(world: World) -> None:
    """What was raised after the backup would be raised once more: a ticket of low priority becomes urgent."""
    kept, file = world.folder / "backup.sqlite3", world.folder / "store.sqlite3"
    at(world, 8.5)
    world.store.database.close()
    shutil.copy(file, kept)
    world.reopen()
    at(world, 10.1)
    world.settle()
    before = notes(world), labels(world), priorities(world)
    assert before[2] == ["high"] * 3
    world.store.database.close()
    for part in world.folder.glob("store.sqlite3*"):
        part.unlink()
    shutil.copy(kept, file)
    world.reopen()
    at(world, 10.3)
    assert world.store.database.recovering()
    recover(world)
    world.settle()
    assert (notes(world), labels(world), priorities(world)) == before
    assert told(world)[-1] == BREACHED, "outside the tools it may be told twice, under its key"


def test_a_changed_promise_goes_on_from_what_was_told(make: Make) -> None:
    """Otherwise a priority that is raised by a person tells of every step that is behind it already."""
    world = make(on_change=OnChange.CARRY_OVER)
    world.opened()
    at(world, 2)
    world.desk.set("1001", priority="urgent")
    world.wait(minutes=1)
    world.sync()
    assert len(told(world)) == 1
    body = next(n.body for n in world.store.outbox.waiting() if n.key.startswith("step:"))
    assert "late already" in body


def test_clocks_that_fall_due_together_are_one_message_for_each_channel(make: Make) -> None:
    """Otherwise a channel rings once for each late ticket, and who is called looks for theirs."""
    world = make()
    for number in range(3):
        world.opened(subject=f"It stops {number}")
    at(world, 10)
    taken = world.store.outbox.take("chat", world.at)
    assert [one.notification.whom for one in taken] == ["duty"] * 3
    (message,) = messages(taken, world.at, 10_000, ())
    assert message.title.startswith("3 notices, the first: desk desk-1001: first response breached")
    assert message.body.count("For duty:") == 1


def test_a_ticket_that_is_done_shows_no_clock_that_runs_out(world: World) -> None:
    """Otherwise a solved issue stays on the list of those that are late, for ever."""
    at(world, 10)
    assert {world.only(name).fields["sla"] for name in ("desk", "jira", "gitlab")} == {"breached"}
    world.desk.set("1001", status="resolved")
    world.wait(minutes=1)
    world.settle()
    assert {world.only(name).fields["sla"] for name in ("desk", "jira", "gitlab")} == {"-"}
    assert [labels(world, name) for name in ("desk", "jira", "gitlab")] == [set()] * 3


def test_what_is_parked_escalates_all_the_same(world: World) -> None:
    """Otherwise a fuse, which keeps a ticket waiting, keeps its breach a secret too."""
    world.wait(minutes=1)
    world.desk.set("1001", subject=" ")
    world.sync()
    assert world.parked() != []
    at(world, 10)
    assert told(world) == [BREACHED]
    assert world.parked() != []
    assert not any(isinstance(one, Later) for one in world.outcomes())


@pytest.mark.parametrize(("swapped", "person"), [(False, "Ada"), (True, "Bo")])
def test_who_is_on_duty_is_named_and_a_swap_counts(world: World, swapped: bool, person: str) -> None:
    """Whoever reads it would have to look up whose week it is, or would call who gave it away."""
    rota = Rota("desk", ("Ada", "Bo"), ZoneInfo("Europe/Rome"), START.date() - timedelta(days=1))
    world.rotas["desk"] = rota
    world.engine = world.hub()
    if swapped:
        week = replace(rota.week(START + HOUR * 8), person="Bo")
        world.store.swaps.add("desk", [week], "Ada", "a wedding", START)
    at(world, 8)
    assert world.store.outbox.waiting()[-1].body.startswith(f"For duty ({person})")
