"""Texts that name other tickets lead there on the side that is read, where its reader may go."""

from __future__ import annotations

import pytest

from mappings.ticket import Audience, Ref
from sync.links import Links
from sync.references import Names, names
from sync.rules import Publish
from tests.sync.world import Make, World, words

STAFF = Audience.STAFF
PUBLISH = Publish(sign="!public", sender="Support", connections=frozenset({"jira"}))


def two(make: Make, **rules: object) -> tuple[World, tuple[str, str], tuple[str, str]]:
    """Return two linked tickets, each with the keys of its sides on the desk and in Jira."""
    world = make(rules=rules)
    pairs = []
    for subject in ("One", "Two"):
        key = world.opened(subject=subject)
        world.settle()
        issue = next(i for i, t in world.jira.tickets.items() if t.fields["subject"] == subject)
        pairs.append((key, issue))
    return world, pairs[0], pairs[1]


def last(world: World, server: str, key: str) -> str:
    """Return what the last text on a ticket says."""
    return words(list(world.servers[server].tickets[key].texts.values())[-1])


def test_a_number_and_a_link_of_another_ticket_lead_to_its_issue(make: Make) -> None:
    """Otherwise a developer reads the number of a ticket that they cannot open."""
    world, (one, _), (two_, second) = two(make)
    here, there = f"http://desk.test/tickets/{two_}", f"http://jira.test/tickets/{second}"
    world.wait(minutes=1)
    world.desk.comment(one, f"Like desk-{two_}, see [that]({here}) and desk-99", audience=STAFF)
    world.settle()
    issue = next(i for i, t in world.jira.tickets.items() if t.fields["subject"] == "One")
    assert last(world, "jira", issue) == f"Like [desk-{two_}]({there}), see [that]({there}) and desk-99"


def test_a_published_text_leads_no_customer_to_other_tickets(make: Make) -> None:
    """Otherwise a customer is shown that, and where, another customer has a ticket."""
    world, (one, first), (two_, second) = two(make, publish=PUBLISH)
    world.wait(minutes=1)
    world.jira.comment(first, f"!public Like desk-{second}", audience=STAFF)
    world.settle()
    assert last(world, "desk", one) == f"Like desk-{second}"
    assert two_ not in [mail.text for mail in world.desk.mails]


def test_a_name_of_several_tickets_leads_nowhere(make: Make) -> None:
    """Otherwise an issue that two customers share leads one ticket's agent to the other, by chance."""
    world, (one, first), (_, second) = two(make)
    third = world.desk.open_ticket("Three", "Three")
    linked = Links(world.store, dict(world.connectors), world.rules, world.now)
    linked.link(Ref("desk", third), Ref("jira", second))
    world.settle()
    world.wait(minutes=1)
    world.jira.comment(first, f"Like desk-{second}", audience=STAFF)
    world.settle()
    assert last(world, "desk", one) == f"Like desk-{second}"


@pytest.mark.parametrize(
    ("text", "display", "expected"),
    [
        ("see #12 and \\#13", "#7", {"#12": "#12", "#13": "#13"}),
        ("see #4", "group/firmware#9", {"#4": "group/firmware#4"}),
        ("see group/other#4", "group/firmware#9", {"group/other#4": "group/other#4"}),
        ("ACME-7, UTF-8", "ACME-1", {"ACME-7": "ACME-7", "UTF-8": "UTF-8"}),
        ("page#12 a&#12; x/#3", "#7", {}),
    ],
)
def test_what_may_name_a_ticket(text: str, display: str, expected: dict[str, str]) -> None:
    """Otherwise a number of one project is taken for one of another, or an anchor for a ticket."""
    assert names(text, Ref("any", "1", display)).called == expected


def test_addresses_end_before_a_sentence_does() -> None:
    """Otherwise an address at the end of a sentence leads nowhere."""
    found = names("See https://x.test/a/tickets/12. Or <https://x.test/browse/A-1/>", Ref("any", "1", "#1"))
    assert found == Names(
        found.called, frozenset({"https://x.test/a/tickets/12", "https://x.test/browse/A-1"})
    )
