"""Whom an internal text that the hub adds is mailed to: staff, by a rule, and never for an edit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mappings.ticket import Audience, Person, PersonRole
from sync.decide import decide
from sync.operations import AddComment, EditComment
from sync.situation import Situation
from tests.sync.situations import able, agreed, carried_out, of, ruled, said, text

AGENT = Person("desk", "sam-1", "Sam Staff", PersonRole.STAFF, "sam@desk.test")


def assigned(who: Person | None) -> Situation:
    """Return a ticket that is assigned to somebody, under the rule, to whose issue somebody wrote."""
    s = ruled(agreed("jira"), tells_assignee=frozenset({"desk"}))
    there = s.sides["desk"]
    side = replace(there, ticket=replace(there.ticket, assignee=who))
    return said(replace(s, sides={**s.sides, "desk": side}), "jira", text("7", "Fixed"))


def test_a_new_text_is_mailed_to_the_assignee_and_its_line_says_so() -> None:
    """Otherwise the plan hides a mail, or an agent never hears of an answer."""
    s = assigned(AGENT)
    (added,) = of(AddComment, decide(s))
    assert str(added.reach) == "read by staff, no mail, staff mail to sam@desk.test"
    s = said(carried_out(s, decide(s)), "jira", text("7", "Fixed in 2.1"))
    (edited,) = of(EditComment, decide(s))
    assert edited.reach.tells == ()


@pytest.mark.parametrize(
    "who",
    [
        None,
        replace(AGENT, email=None),
        replace(AGENT, role=PersonRole.CUSTOMER),
        replace(AGENT, role=PersonRole.UNKNOWN),
    ],
    ids=["nobody", "no address", "a customer", "who knows"],
)
def test_only_staff_with_an_address_is_mailed(who: Person | None) -> None:
    """Otherwise a customer who was made the assignee by mistake is mailed what developers say."""
    (added,) = of(AddComment, decide(assigned(who)))
    assert added.reach.tells == ()
    assert added.audience is Audience.STAFF


def test_a_tool_that_cannot_mail_staff_is_not_asked_to() -> None:
    """Otherwise a plan promises a mail that no tool sends."""
    (added,) = of(AddComment, decide(able(assigned(AGENT), "desk", tells_staff=False)))
    assert added.reach.tells == ()
