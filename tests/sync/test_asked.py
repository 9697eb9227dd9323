"""Fields whose conflict a person settles: nothing is written before they answer, and then what they said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.memory import Fault
from mappings.ticket import Field, Status
from sync.decide import decide
from sync.operations import Conflict, SetFields
from sync.rules import HANDOVER, Handover, Role
from sync.store.findings import Finding, State
from tests.sync.situations import agreed, changed, of, ruled, seen_with
from tests.sync.world import Make, World

ASKED: frozenset[Field] = frozenset({"component"})


def disputed(make: Make, *tags: str) -> tuple[World, str, str]:
    """Have the component changed to `pump` on the desk and to `valve` in Jira at the same time."""
    world = make(rules={"asks": ASKED})
    key = world.opened(*(tags or ("dev",)))
    world.desk.set(key, component="case")
    world.settle()
    issue = world.only("jira").key
    world.wait(minutes=1)
    world.desk.set(key, component="pump")
    world.jira.set(issue, component="valve")
    world.desk.comment(key, "And it smells.", by="kim")
    world.settle()
    return world, key, issue


def question(world: World) -> Finding:
    """Return the one finding that asks a person."""
    (found,) = [f for f in world.store.findings.open() if f.what == "conflict in component"]
    return found


def answer(world: World, text: str) -> None:
    """Have a person answer the question."""
    found = question(world)
    world.store.answer(found.id, text, world.at)


def test_ask_freezes_a_field_that_changed_on_both_sides_and_nothing_else(make: Make) -> None:
    """Otherwise one of two people's decisions is overwritten, or a ticket stops for one field."""
    world, key, _ = disputed(make)
    assert world.only("desk").fields["component"] == "pump"
    assert world.only("jira").fields["component"] == "valve"
    assert "And it smells." in world.bodies("jira")
    assert "desk said pump, jira said valve" in question(world).reason
    world.desk.set(key, subject="It does not start at all")
    world.settle()
    assert world.only("jira").fields["subject"] == "It does not start at all"
    assert world.only("jira").fields["component"] == "valve"


@pytest.mark.parametrize(("side", "value"), [("desk", "pump"), ("jira", "valve")])
def test_an_answer_with_a_sides_name_settles_a_conflict_that_way(make: Make, side: str, value: str) -> None:
    """Otherwise a person answers, and nothing comes of it."""
    world, _, _ = disputed(make, "dev", "firmware")
    before = world.only("gitlab").fields["component"]
    assert before == "case"
    answer(world, side)
    world.settle()
    assert {world.only(name).fields["component"] for name in ("desk", "jira", "gitlab")} == {value}
    world.wait(minutes=1)
    world.sync()  # what the hub wrote is heard of
    states = [f.state for f in world.store.findings.all() if f.what == "conflict in component"]
    assert states == [State.GONE]


def test_an_answer_counts_though_its_write_was_not_heard_of(make: Make) -> None:
    """Otherwise a person is asked again because of a network."""
    world, _, _ = disputed(make)
    answer(world, "desk")
    world.jira.fail("set_fields", Fault.UNREACHABLE)
    world.sync()
    assert not [f for f in world.store.findings.open() if f.what == "conflict in component"]
    world.settle()
    assert world.only("jira").fields["component"] == "pump"


def test_any_other_answer_leaves_each_side_as_it_is(make: Make) -> None:
    """Otherwise a field stays frozen for ever because two teams want different words there."""
    world, key, _ = disputed(make)
    answer(world, "both are right")
    world.settle()
    said = [world.only(name).fields["component"] for name in ("desk", "jira")]
    assert said == ["pump", "valve"]
    world.desk.set(key, component="hose")
    world.settle()
    assert world.only("jira").fields["component"] == "hose"


def test_a_conflict_that_people_settle_themselves_is_gone(make: Make) -> None:
    """Otherwise a question stands that nobody has any more."""
    world, key, _ = disputed(make)
    world.desk.set(key, component="valve")
    world.settle()
    assert not [f for f in world.store.findings.open() if f.what == "conflict in component"]
    world.desk.set(key, component="hose")
    world.settle()
    assert world.only("jira").fields["component"] == "hose"


def test_an_answer_counts_for_the_values_that_were_asked_about(make: Make) -> None:
    """Otherwise an answer of last week decides about what nobody has seen."""
    world, key, _ = disputed(make)
    answer(world, "jira")
    world.desk.set(key, component="hose")
    world.settle()
    assert (world.only("desk").fields["component"], world.only("jira").fields["component"]) == (
        "hose",
        "valve",
    )
    assert "desk said hose" in question(world).reason


def test_what_only_one_side_changed_is_not_asked_about() -> None:
    """Otherwise every change of such a field waits for a person."""
    s = ruled(agreed("jira"), asks=ASKED)
    s = changed(s, "desk", component="pump")
    s = replace(s, seen={**s.seen, "desk": seen_with(s, "desk", component=None)})
    (made,) = of(SetFields, decide(s))
    assert [(c.field, c.value) for c in made.changes] == [("component", "pump")]


@pytest.mark.parametrize("said", ["", "desk", "jira"])
def test_a_status_that_both_roles_gave_is_asked_about_too(said: str) -> None:
    """Otherwise a fix overrules the agent whom the settings wanted to be asked."""
    up = {**HANDOVER[Role.WORK, Role.FRONT], Status.RESOLVED: Handover(Status.RESOLVED, note=True)}
    s = ruled(agreed("jira"), asks=frozenset({"status"}), handover={(Role.WORK, Role.FRONT): up})
    s = changed(changed(s, "jira", status=Status.RESOLVED), "desk", status=Status.WAITING_ON_CUSTOMER)
    past = {name: seen_with(s, name, status="open") for name in ("desk", "jira")}
    s = replace(s, seen=past)
    (asked,) = of(Conflict, decide(s))
    s = replace(s, answers={(asked.target, asked.what, asked.reason): said})
    set_ = [c.value for o in of(SetFields, decide(s)) if o.target == "desk" for c in o.changes]
    assert set_ == ([Status.RESOLVED] if said == "jira" else [])
