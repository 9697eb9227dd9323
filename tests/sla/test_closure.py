"""When a ticket is closed that nobody but its customer has anything to say about, worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from mappings.ticket import Priority, Status
from sync.sla.closure import Closure, closure
from sync.sla.facts import Actor, Fact, FactKind, Facts
from sync.sla.policy import Policy, Rulebook, in_days
from tests.sla.stories import answer, at, fact, message, office, status, ticket, wall

DESK = office("09:00-13:00", "14:00-18:00", holidays="2025-03-05")
POLICY = Policy(
    name="standard",
    types=frozenset(),
    assume_type=None,
    assume_priority=Priority.LOW,
    targets={},
    closes={Status.RESOLVED: in_days(3, DESK), Status.WAITING_ON_CUSTOMER: in_days(1, DESK)},
)
NOW = at("2025-03-31 12:00")
SOLVED = status("2025-03-03 11:00", Status.RESOLVED)  # a Monday; Wednesday is a holiday


def closes(told: Facts, rules: Policy | Rulebook = POLICY) -> str | None:
    """When a ticket is closed, on the wall in Rome."""
    found = closure(told, rules, NOW)
    return wall(found.at) if found else None


def test_the_end_of_the_nth_working_day_counts_holidays_and_weekends() -> None:
    """Otherwise a customer who was given three days finds their ticket closed after a weekend."""
    told = ticket("2025-03-03 09:00", SOLVED)
    assert closure(told, POLICY, at("2025-03-07 17:59")) == Closure(
        Status.RESOLVED, at("2025-03-03 11:00"), 3, at("2025-03-07 18:00"), due=False
    )
    found = closure(told, POLICY, at("2025-03-07 18:00"))
    assert found is not None
    assert found.due, "Tuesday, Thursday, Friday"


def test_a_customer_who_answered_keeps_it_open() -> None:
    """Otherwise a matter is closed over the head of somebody who wrote that it still does not work."""
    assert closes(ticket("2025-03-03 09:00", SOLVED, message("2025-03-04 09:00"))) is None


def test_a_message_before_the_status_keeps_nothing_open() -> None:
    """Otherwise no ticket is ever closed: each of them began with a message."""
    assert closes(ticket("2025-03-03 09:00", message("2025-03-03 10:59"), SOLVED)) == "2025-03-07 18:00"


def test_a_message_that_may_have_come_after_the_status_keeps_it_open() -> None:
    """Otherwise what was written while nobody looked is taken for older than the solution."""
    between = replace(SOLVED, after=at("2025-03-03 09:30"))
    told = ticket("2025-03-03 09:00", between, message("2025-03-03 10:00"))
    assert closes(told) is None


def test_each_public_answer_begins_the_days_anew() -> None:
    """Otherwise somebody who was told something today has no time to say anything about it."""
    told = ticket("2025-03-03 09:00", SOLVED, message("2025-03-04 09:00"), answer("2025-03-07 09:00"))
    assert closes(told) == "2025-03-12 18:00"


def test_an_automatic_answer_and_the_hubs_own_texts_are_nobodys_word() -> None:
    """Otherwise an out-of-office note keeps a ticket open, or the hub's receipt begins the days anew."""
    auto = fact("2025-03-04 09:00", FactKind.MESSAGE, "7", actor=Actor.MACHINE)
    own = answer("2025-03-06 09:00", actor=Actor.HUB)
    assert closes(ticket("2025-03-03 09:00", SOLVED, auto, own)) == "2025-03-07 18:00"


def test_each_status_has_days_of_its_own_and_the_others_none() -> None:
    """Otherwise what waits for a vendor is closed as if the customer were asked."""
    waits = status("2025-03-03 12:00", Status.WAITING_ON_CUSTOMER)
    assert closes(ticket("2025-03-03 09:00", waits)) == "2025-03-04 18:00"
    for other in (Status.WAITING_ON_VENDOR, Status.OPEN, Status.CLOSED):
        assert closes(ticket("2025-03-03 09:00", status("2025-03-03 12:00", other))) is None
    assert closes(ticket("2025-03-03 09:00")) is None


def test_what_is_from_before_the_rules_stays() -> None:
    """Otherwise taking up the rule closes a backlog of years, and mails everybody of it."""
    told = ticket("2025-03-03 09:00", SOLVED)
    later = replace(POLICY, enforce_from=at("2025-03-07 18:01"))
    assert closes(told, later) is None
    assert closes(told, replace(POLICY, enforce_from=at("2025-03-07 18:00"))) == "2025-03-07 18:00"


def test_the_rule_that_held_when_it_was_resolved_counts() -> None:
    """Otherwise an edit of the rule closes what was promised more time, or never begins to act."""
    one = replace(POLICY, closes={Status.RESOLVED: in_days(1, DESK)})
    book = Rulebook((one,), ((at("2025-03-03 12:00"), (POLICY,)),))
    assert closes(ticket("2025-03-03 09:00", SOLVED), book) == "2025-03-04 18:00"
    later = ticket("2025-03-03 09:00", status("2025-03-03 12:30", Status.RESOLVED))
    assert closes(later, book) == "2025-03-07 18:00", "though the ticket is older than the edit"


def test_a_policy_without_the_rule_closes_nothing() -> None:
    """Otherwise desks whose tools close by themselves have it done twice."""
    assert closes(ticket("2025-03-03 09:00", SOLVED), replace(POLICY, closes={})) is None
    unlike = Fact(FactKind.STATUS, "resolved", NOW, NOW + timedelta(hours=1))
    assert closes(ticket("2025-03-03 09:00", unlike), Rulebook(())) is None
