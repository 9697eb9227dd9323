"""Priorities by a customer's table: set once, told afterwards, and never against support's word."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from typing import Any

from mappings.provenance import escape
from mappings.ticket import Impact, Person, PersonRole, Priority, Unmapped, Urgency
from mappings.vocabulary import Vocabulary, vocabulary
from sync.decide import decide
from sync.operations import CreateTicket, Plan, SetFields, Skip, Tell
from sync.rules import FIELD_RULES, FieldRule, Role, Table, When
from sync.seen import Seen
from sync.situation import Situation
from sync.sla.facts import Actor, FactKind
from sync.sla.presets import THREE_LEVELS
from sync.timeline import new_facts
from tests.sync.situations import (
    AT,
    JIRA_PLACE,
    able,
    agreed,
    asked,
    carried_out,
    changed,
    of,
    opened,
    ruled,
)

BOSS = "boss@lantern.example"
_MATRIX = replace(THREE_LEVELS, vips=frozenset({BOSS}))
TABLE = Table(_MATRIX)
ALWAYS = Table(_MATRIX, frozenset({When.ALWAYS}))
HIGH = {"impact": Impact.DEPARTMENT, "urgency": Urgency.HIGH}
URGENT = {"impact": Impact.ORGANISATION, "urgency": Urgency.HIGH}


def _words(words: type[StrEnum], name: str) -> Vocabulary[StrEnum]:
    table = {word.value: word.value for word in words}
    return vocabulary(words, {"read": table, "write": table}, name)


def telling(s: Situation, **values: Any) -> Situation:
    """The situation in which the desk has fields for impact and urgency, and says these."""
    lenses = dict(s.capabilities["desk"].vocabularies)
    lenses |= {"impact": _words(Impact, "impact"), "urgency": _words(Urgency, "urgency")}
    s = able(s, "desk", vocabularies=lenses)
    s = changed(s, "desk", impact=None, urgency=None)
    return changed(settled(s) if "desk" in s.seen else s, "desk", **values)


def settled(s: Situation) -> Situation:
    """The situation after everything on the desk was seen as it is."""
    return replace(s, seen={**s.seen, "desk": Seen(s.sides["desk"].native)})


def given(plan: Plan, target: str = "desk") -> object:
    """The priority that a plan gives a side."""
    writes = (w for w in of(SetFields, plan) if w.target == target)
    return next((c.value for w in writes for c in w.changes if c.field == "priority"), None)


def told(plan: Plan, target: str = "desk") -> list[str]:
    """What staff is told about priorities on a side."""
    return [t.words for t in of(Tell, plan) if t.target == target and "priority" in t.words]


def test_the_first_word_sets_the_priority_with_its_reason() -> None:
    """Every ticket would wait for somebody to look the table up, and nobody would know why it says so."""
    s = telling(agreed("jira", table=TABLE), **HIGH)
    plan = decide(s)
    assert given(plan) is Priority.HIGH
    assert told(plan) == ["The priority is now high (department x high)"]
    assert told(plan, "jira") == ["The priority of the ticket is now high (department x high)"]
    assert given(plan, "jira") is None
    after = carried_out(s, plan)
    assert not of(SetFields, decide(after))
    assert not told(decide(after))


def test_a_new_issue_has_it_at_once() -> None:
    """Developers would see the tool's own default, and be told of another priority a moment later."""
    s = telling(opened(JIRA_PLACE, table=TABLE), **URGENT)
    plan = decide(s)
    (made,) = of(CreateTicket, plan)
    assert dict(made.values)["priority"] is Priority.URGENT
    assert given(plan) is Priority.URGENT


def test_later_words_are_told() -> None:
    """A priority that people work by would move under them."""
    before = settled(changed(telling(agreed("jira", table=TABLE), **HIGH), "desk", priority=Priority.HIGH))
    plan = decide(changed(before, "desk", **URGENT))
    assert given(plan) is None
    assert told(plan) == [
        "By the table of priorities this is urgent (organisation x high); the priority stays as it was set"
    ]


def test_later_words_set_it_where_that_was_agreed() -> None:
    """A desk whose table always holds would have to set every priority by hand."""
    before = settled(changed(telling(agreed("jira", table=ALWAYS), **HIGH), "desk", priority=Priority.HIGH))
    assert given(decide(changed(before, "desk", **URGENT))) is Priority.URGENT


def test_support_overrides_the_table() -> None:
    """What an agent has decided would be taken back, again and again."""
    before = settled(changed(telling(agreed("jira", table=ALWAYS), **HIGH), "desk", priority=Priority.HIGH))
    overridden = changed(before, "desk", priority=Priority.LOW)
    plan = decide(overridden)
    assert given(plan) is None
    assert Skip(
        "desk",
        "priority (hub)",
        "set by support; by the table it would be high (department x high)",
        quiet=True,
    ) in (*plan.remarks, *plan.quiet)
    # Nor does the table take it back when it says something else later.
    assert given(decide(changed(settled(overridden), "desk", **URGENT))) is None
    # Who sets all three at once means the priority.
    together = changed(settled(telling(agreed("jira", table=ALWAYS))), "desk", priority=Priority.LOW, **HIGH)
    assert given(decide(together)) is None


def test_a_vip_goes_before_others() -> None:
    """Who was promised to go first would wait like everybody."""
    question = asked()
    person = Person("", "k", "Kim", PersonRole.CUSTOMER, email=BOSS.upper())

    def by_the_boss(s: Situation, **values: Any) -> Situation:
        return changed(s, "desk", requester=person, **values)

    s = telling(opened(question=question, table=TABLE))
    assert given(decide(by_the_boss(s, priority=Priority.LOW))) is Priority.MEDIUM
    assert given(decide(by_the_boss(s, priority=Priority.URGENT))) is None
    assert given(decide(changed(s, "desk", priority=Priority.LOW))) is None
    low = {"impact": Impact.PERSON, "urgency": Urgency.LOW}
    plan = decide(by_the_boss(telling(opened(question=question, table=TABLE), **low), priority=Priority.LOW))
    assert given(plan) is Priority.MEDIUM
    assert told(plan) == [f"The priority is now medium (person x low, raised for {escape(BOSS)})"]


def test_nothing_is_judged_without_words() -> None:
    """A ticket that says nothing of impact would get the table's default instead of what people set."""
    quiet = telling(agreed("jira", table=ALWAYS), impact=Impact.ORGANISATION)
    assert given(decide(quiet)) is None
    odd = telling(agreed("jira", table=ALWAYS), impact=Unmapped("galactic"), urgency=Urgency.HIGH)
    assert given(decide(odd)) is None
    never = Table(_MATRIX, frozenset())
    plan = decide(telling(agreed("jira", table=never), **HIGH))
    assert (given(plan), told(plan)) == (None, [])


def test_work_sides_follow_where_priorities_travel() -> None:
    """The issue would keep the old priority: the hub takes no note of its own writes."""
    rule = FieldRule("priority", Role.FRONT, Role.WORK, When.ALWAYS)
    s = ruled(telling(agreed("jira", table=TABLE), **HIGH), fields=(*FIELD_RULES, rule))
    assert given(decide(s), "jira") is Priority.HIGH


def test_what_a_table_sets_counts_for_clocks_and_what_a_step_raises_does_not() -> None:
    """The promises of the priority that was agreed would not hold, or a step would shorten its own."""
    before = agreed("jira").sides["desk"]
    known = tuple(new_facts(before, (), None))
    after = changed(agreed("jira"), "desk", priority=Priority.HIGH).sides["desk"]
    late = replace(
        after, read_at=AT + timedelta(hours=1), ticket=replace(after.ticket, updated=AT + timedelta(hours=1))
    )
    wrote = Seen(before.native, {"priority": "high"})

    def actors(lifted: frozenset[Priority]) -> list[Actor]:
        found = new_facts(late, known, wrote, lifted=lifted)
        return [fact.actor for fact in found if fact.kind is FactKind.PRIORITY]

    assert actors(frozenset()) == [Actor.PERSON]
    assert actors(frozenset({Priority.HIGH})) == [Actor.HUB]
