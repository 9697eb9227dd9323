"""Whose a ticket is: carried between tools for people whom the table knows, and given by steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.memory import Fault
from mappings.ticket import Field, Person, PersonRole, Priority, Ref
from sync.routing import Customer
from sync.rules import FIELD_RULES, FieldRule, Role, When
from sync.sla.calendar import Elapsed
from sync.sla.duty import Rota
from sync.sla.facts import Actor, FactKind
from sync.sla.policy import ClockName, Policy, Target
from sync.sla.steps import Assign, Mark, Note, Raise, Step, steps
from tests.sync.world import START, World, lantern

HOUR = timedelta(hours=1)
NAME: Field = "assignee"
DOWN = FieldRule(NAME, Role.FRONT, Role.WORK, When.ALWAYS)
UP = FieldRule(NAME, Role.WORK, Role.FRONT, When.ALWAYS)
PEOPLE = {
    "sam staff": {"desk": "sam", "jira": "s.staff", "gitlab": "sammy"},
    "lou lead": {"desk": "lou", "jira": "l.lead"},
    "ben gone": {"desk": "ben", "jira": "b.gone"},
}

Make = Callable[..., World]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Make worlds in which the front's assignee goes to the work sides, and close them in the end."""
    made: list[World] = []

    def world(*rules: FieldRule, fields: tuple[FieldRule, ...] = (), **more: Any) -> World:
        ruled = {
            "fields": fields or (*FIELD_RULES, *(rules or (DOWN,))),
            "people": tuple(PEOPLE.values()),
            "named": PEOPLE,
            **more.pop("rules", {}),
        }
        one = World(tmp_path / str(len(made)), rules=ruled, **more)
        made.append(one)
        for name, keys in (("desk", ("lou", "ben", "ann")), ("jira", ("s.staff", "l.lead", "dev"))):
            for key in keys:
                hire(one, name, key)
        hire(one, "gitlab", "sammy")
        return one

    yield world
    for one in made:
        one.close()


def hire(world: World, name: str, key: str) -> None:
    """Have somebody among the staff of a tool."""
    world.servers[name].users[key] = Person("", key, key.title(), PersonRole.STAFF, f"{key}@staff.test")


def whose(world: World) -> list[object]:
    """Whose the ticket is on each side on which it is."""
    return [t.fields[NAME] for server in world.servers.values() for t in server.tickets.values()]


def linked(world: World, *tags: str) -> str:
    """A ticket of nobody's that is in the work tools."""
    key = world.opened(*(tags or ("dev",)))
    world.settle()
    return key


def about(world: World) -> list[tuple[str, str]]:
    """Why the assignee was not carried, and to where."""
    return sorted(
        (f.target, f.reason)
        for f in world.store.findings.open()
        if f.what.startswith((NAME, "the assignment"))
    )


def test_it_stays_where_it_is_by_default(make: Make) -> None:
    """Developers would be given tickets because an agent took them, and every ticket would be remarked."""
    world = make(fields=FIELD_RULES)
    key = linked(world)
    world.desk.set(key, assignee="sam")
    world.settle()
    assert whose(world) == ["sam", None]
    assert about(world) == []


def test_a_known_person_is_carried(make: Make) -> None:
    """Whoever set the rule would still assign everything twice by hand."""
    world = make()
    key = linked(world, "dev", "firmware")
    for who, there, too in (("sam", "s.staff", "sammy"), (None, None, None)):
        world.desk.set(key, assignee=who)
        world.settle()
        assert whose(world) == [who, there, too]
    assert about(world) == []


def test_it_is_carried_both_ways_without_an_echo(make: Make) -> None:
    """Two tools would give a ticket to and fro for ever."""
    world = make(DOWN, UP)
    key = linked(world)
    issue = world.only("jira").key
    world.desk.set(key, assignee="sam")
    world.settle()
    world.jira.set(issue, assignee="l.lead")
    world.settle()
    assert whose(world) == ["lou", "l.lead"]


def test_a_new_issue_is_theirs(make: Make) -> None:
    """With "create" alone an issue would be made as nobody's, and stay so."""
    world = make(replace(DOWN, when=When.CREATE))
    key = world.opened("dev")
    world.desk.set(key, assignee="sam")
    world.settle()
    assert whose(world) == ["sam", "s.staff"]
    world.desk.set(key, assignee="lou")
    world.settle()
    assert whose(world) == ["lou", "s.staff"]


def test_somebody_unknown_is_never_guessed(make: Make) -> None:
    """A ticket would be given to a namesake, or taken from whoever works on it, without a word."""
    world = make()
    key = linked(world)
    world.desk.set(key, assignee="sam")
    world.settle()
    world.desk.set(key, assignee="ann")
    world.settle()
    assert whose(world) == ["ann", "s.staff"]
    assert about(world) == [("jira", "unmapped: the table of people does not say who ann is on jira")]
    assert any("have the table of people name them" in t.body.text for t in world.only("desk").texts.values())
    world.desk.set(key, assignee="sam")
    world.settle()
    assert about(world) == []


def test_a_ticket_of_a_stranger_is_not_taken_from_them(make: Make) -> None:
    """An agent who lets a ticket go would take it from a developer who was never theirs to name."""
    world = make()
    key = linked(world)
    world.desk.set(key, assignee="sam")
    world.settle()
    world.jira.set(world.only("jira").key, assignee="dev")
    world.settle()
    world.desk.set(key, assignee=None)
    world.settle()
    assert whose(world) == [None, "dev"]
    assert about(world)[-1] == ("jira", "unmapped: the table of people does not say who dev is on desk")


def test_a_refused_person_stops_nothing_else(make: Make) -> None:
    """Somebody who left would park the ticket, or keep every other field of it from being written."""
    world = make()
    key = linked(world)
    world.desk.set(key, assignee="ben", subject="It does not stop", component="Drum")
    world.settle()
    assert whose(world) == ["ben", None]
    assert world.only("jira").fields["subject"] == "It does not stop"
    assert world.only("jira").fields["component"] == "Drum"
    assert world.parked() == []
    assert [(t, what, why.partition(": jira")[0]) for t, what, why in world.findings() if what == NAME] == [
        ("jira", NAME, "refused: nobody is called 'b.gone'")
    ]
    before = world.servers["jira"].tickets[world.only("jira").key].version
    world.settle()
    assert world.only("jira").version == before


def test_a_refused_person_stops_no_create(make: Make) -> None:
    """A ticket of somebody who left would never reach the developers."""
    world = make()
    key = world.opened("dev")
    world.desk.set(key, assignee="ben")
    world.settle()
    assert whose(world) == ["ben", None]
    assert world.parked() == []
    assert [why for _, what, why in world.findings() if what == NAME] == [
        "refused: nobody is called 'b.gone'"
    ]


def test_two_people_at_once_are_a_conflict(make: Make) -> None:
    """One of two choices would be lost without a trace."""
    world = make(DOWN, UP)
    key = linked(world)
    world.desk.set(key, assignee="sam")
    world.jira.set(world.only("jira").key, assignee="l.lead")
    world.settle()
    assert whose(world) == ["sam", "s.staff"]
    assert ("desk", "conflict in assignee", "desk said sam, jira said l.lead; desk was followed") in (
        world.findings()
    )


def test_the_same_person_on_both_sides_is_no_conflict(make: Make) -> None:
    """People would be asked to choose between somebody and themselves."""
    world = make(DOWN, UP)
    key = linked(world)
    world.desk.set(key, assignee="sam@desk.test")
    world.desk.set(key, assignee="sam")
    world.jira.set(world.only("jira").key, assignee="s.staff")
    world.settle()
    assert not [f for f in world.findings() if "conflict" in f[1]]


def test_it_can_be_suggested(make: Make) -> None:
    """Who wants to be told, and no more, would get either an assignment or silence."""
    world = make(replace(DOWN, when=When.SUGGEST))
    key = linked(world)
    world.desk.set(key, assignee="ann")
    world.settle()
    assert whose(world) == ["ann", None]
    assert any("assignee: ann" in text.body.text for text in world.only("jira").texts.values())


def test_the_hub_takes_charge_of_nothing(make: Make) -> None:
    """The hub's own assignment would count as a person's who took charge, and stop a clock."""
    world = stepping(make, Assign("duty"), at="50 %", taking_charge=True)
    key = world.opened("dev")
    later(world, 1)
    world.desk.set(key, status="in_progress")
    later(world, 5.1)
    later(world, 5.2)
    assert whose(world)[0] == "sam"
    facts = world.store.bundles.load("bundle:1").timeline[Ref("desk", key)]
    assert [f.actor for f in facts if f.kind is FactKind.ASSIGNMENT] == [Actor.HUB]


def test_a_person_takes_charge(make: Make) -> None:
    """A ticket that somebody took would run into a breach."""
    world = make(policy=policy(taking_charge=True))
    key = linked(world)
    world.desk.set(key, status="in_progress", assignee="sam")
    world.settle()
    facts = world.store.bundles.load("bundle:1").timeline[Ref("desk", key)]
    assert [f.actor for f in facts if f.kind is FactKind.ASSIGNMENT] == [Actor.PERSON]


# -- steps


def policy(**more: Any) -> Policy:
    """The first answer within ten hours, as time passes."""
    targets = {word: {ClockName.FIRST_RESPONSE: Target(HOUR * 10, Elapsed())} for word in Priority}
    return Policy("standard", frozenset(), None, Priority.MEDIUM, targets, **more)


def stepping(
    make: Make, *actions: Any, at: str = "breach", taking_charge: bool = False, **more: Any
) -> World:
    """A world in which a step is taken, with a rota of two."""
    given: tuple[Step, ...] = steps(at, *actions)
    world = make(steps=given, policy=policy(taking_charge=taking_charge), **more)
    world.rotas["nights"] = Rota("nights", ("Sam Staff", "Lou Lead"), ZoneInfo("UTC"), date(2026, 3, 2))
    world.engine = world.hub()
    return world


def later(world: World, hours: float) -> None:
    """Let it be so long after the ticket was made, and the hub look at what is due."""
    world.at = START + HOUR * hours
    world.sync()
    world.sync()


@pytest.mark.parametrize("role", ["duty", "nights"])
def test_a_step_gives_the_ticket_to_who_is_on_duty(make: Make, role: str) -> None:
    """A breach would be told to everybody and be nobody's."""
    world = stepping(make, Assign(role), Mark("late"))
    world.opened("dev")
    later(world, 9.9)
    assert whose(world) == [None, None]
    later(world, 10.1)
    assert whose(world)[0] == "sam"
    assert about(world) == []
    assert world.at_rest()


def test_a_step_gives_it_to_who_is_responsible_for_the_customer(make: Make) -> None:
    """The customer's own person would hear of it from others."""
    mine: Customer = replace(lantern(), dris=(("support", "LOU lead"),))
    world = stepping(make, Assign("support"), customers=(mine,))
    world.opened("dev")
    later(world, 10.1)
    assert whose(world)[0] == "lou"


def test_a_step_is_taken_once(make: Make) -> None:
    """Whoever passes the ticket on would get it back all day."""
    world = stepping(make, Assign("duty"))
    key = world.opened("dev")
    later(world, 10.1)
    world.desk.set(key, assignee="ann")
    later(world, 10.5)
    later(world, 14)
    assert whose(world)[0] == "ann"


def test_a_person_who_just_took_it_keeps_it(make: Make) -> None:
    """Who takes a late ticket at the last moment would lose it to the hub."""
    world = stepping(make, Assign("duty"))
    key = world.opened("dev")
    later(world, 5)
    world.at = START + HOUR * 10.1
    world.desk.set(key, assignee="ann")
    later(world, 10.1)
    assert whose(world)[0] == "ann"


@pytest.mark.parametrize(
    ("role", "why"),
    [
        ("triage", "nobody has that role now"),
        ("support", "unmapped: the table of people does not say who Pat Unknown is on desk"),
    ],
)
def test_a_step_that_can_assign_nobody_says_so(make: Make, role: str, why: str) -> None:
    """A desk would rely on an assignment that is never made; the step's other acts would be lost with it."""
    mine = replace(lantern(), dris=(("support", "Pat Unknown"),))
    world = stepping(make, Assign(role), Note("It is late"), customers=(mine,))
    world.opened("dev")
    later(world, 10.1)
    assert whose(world)[0] is None
    notes = [text.body.text for text in world.only("desk").texts.values()]
    assert sum(f"was not made: {why}" in note for note in notes) == 1
    assert any("It is late" in note for note in notes)
    assert ("desk", f"the assignment to {role}", why) in world.findings()


def test_a_refused_assignment_lets_the_rest_of_the_step_be(make: Make) -> None:
    """One who left the desk would keep a breach from being raised."""
    mine = replace(lantern(), dris=(("support", "Ben Gone"),))
    world = stepping(make, Assign("support"), Raise(), customers=(mine,))
    key = world.opened("dev")
    world.desk.set(key, priority="medium")
    world.desk.users.pop("ben")
    later(world, 10.1)
    assert whose(world)[0] is None
    assert world.only("desk").fields["priority"] == "high"
    assert world.parked() == []


def test_an_assignment_whose_answer_was_lost_is_made_once(make: Make) -> None:
    """A hub that heard nothing would fight whoever took the ticket meanwhile, or leave it nobody's."""
    world = stepping(make, Assign("duty"))
    world.opened("dev")
    later(world, 5)
    world.desk.fail("set_fields", Fault.LOST)
    later(world, 10.1)
    world.settle()
    assert whose(world)[0] == "sam"
    assert world.at_rest()
