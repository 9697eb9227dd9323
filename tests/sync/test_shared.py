"""Work sides that several tickets share, and tickets that lived on their own before they were linked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.memory import Fault
from mappings.ticket import Audience, Priority, Ref, Status
from sync.links import Links, NotLinked
from sync.outcome import Done
from tests.sync.world import Make, World, words


@pytest.fixture
def world(make: Make) -> World:
    """A desk, two teams and a hub."""
    return make()


def links(world: World) -> Links:
    """Return the hub's way of linking."""
    return Links(world.store, dict(world.connectors), world.rules, world.now)


def shared(world: World) -> tuple[str, str, str]:
    """Have two tickets on one issue, and return the keys: first ticket, second ticket, issue."""
    first = world.opened(subject="It does not start", text="The first asks")
    world.settle()
    (issue,) = world.jira.tickets
    second = world.desk.open_ticket("Will not start either", "The second asks")
    links(world).link(Ref("desk", second), Ref("jira", issue))
    world.settle()
    return first, second, issue


def said(world: World, server: str, key: str) -> str:
    """Return everything that stands on a ticket."""
    return "\n".join(words(text) for text in world.servers[server].tickets[key].texts.values())


# -- a shared work side


def test_texts_of_one_ticket_never_reach_another(world: World) -> None:
    """Otherwise one customer reads, through their own agent, what another one wrote."""
    first, second, issue = shared(world)
    world.wait(minutes=5)
    world.desk.comment(first, "Only the first knows")
    world.desk.comment(second, "Only the second knows")
    world.settle()
    assert "Only the first knows" in said(world, "jira", issue)
    assert "Only the second knows" in said(world, "jira", issue)
    assert "Only the first knows" not in said(world, "desk", second)
    assert "Only the second knows" not in said(world, "desk", first)


def test_a_ticket_of_nobody_known_holds_back_no_other_on_the_issue(world: World) -> None:
    """Otherwise a customer's second issue is never made, as somebody unknown reported the bug before them."""
    kim = world.desk.users["kim"]
    world.desk.users["pat"] = replace(kim, email="pat@elsewhere.test")
    unknown = world.desk.open_ticket("Will not start either", "The unknown one asks", by="pat")
    world.desk.tag(unknown, "dev", "firmware")
    world.sync()
    first = world.opened(text="The first asks")
    world.sync()
    (issue,) = world.jira.tickets
    world.wait(minutes=1)  # what is written within the second of a link is no history
    links(world).link(Ref("desk", unknown), Ref("jira", issue))
    world.desk.tag(first, "firmware")
    world.wait(minutes=5)
    world.sync()
    world.wait(minutes=16)
    world.sync()
    assert world.bodies("gitlab") == ["The first asks"]


def test_what_developers_say_reaches_every_ticket_once(world: World) -> None:
    """Otherwise the second agent never learns what became of the bug, or reads it twice."""
    first, second, issue = shared(world)
    world.wait(minutes=5)
    world.jira.comment(issue, "Fixed in build 12", audience=Audience.STAFF)
    world.settle()
    for key in (first, second):
        assert said(world, "desk", key).count("Fixed in build 12") == 1


def test_a_fix_is_told_to_every_ticket(world: World) -> None:
    """Otherwise the second customer waits for ever."""
    first, second, issue = shared(world)
    for key in (first, second):
        world.desk.set(key, status=Status.WAITING_ON_DEV)
    world.settle()
    world.jira.set(issue, status=Status.RESOLVED)
    world.settle()
    for key in (first, second):
        assert world.desk.tickets[key].fields["status"] == "open"
        notes = [text.body.text for text in world.desk.tickets[key].texts.values()]
        assert sum("is resolved" in note for note in notes) == 1


def test_one_ticket_does_not_move_a_shared_issue(world: World) -> None:
    """Otherwise the issue carries whatever the last of many agents typed."""
    first, second, issue = shared(world)
    before = dict(world.jira.tickets[issue].fields)
    world.desk.set(second, subject="My own words")
    world.desk.set(first, component="pump")
    world.settle()
    assert world.jira.tickets[issue].fields["subject"] == before["subject"]
    assert world.jira.tickets[issue].fields.get("component") == before.get("component")
    assert any("several tickets share it" in reason for _, _, reason in world.findings())


def test_a_ticket_that_waits_holds_back_no_other(world: World) -> None:
    """Otherwise one wrong connection stops every customer of a bug."""
    first, second, issue = shared(world)
    world.wait(minutes=5)
    world.jira.comment(issue, "For both", audience=Audience.STAFF)
    world.desk.fail("add_comment", Fault.UNREACHABLE)
    world.sync()
    told = ["For both" in said(world, "desk", key) for key in (first, second)]
    assert sorted(told) == [False, True]
    world.settle()
    assert all("For both" in said(world, "desk", key) for key in (first, second))


# -- tickets that lived on their own


def old_pair(world: World) -> tuple[str, str]:
    """Have a ticket and an issue with a past each, not linked, and return their keys."""
    ticket = world.desk.open_ticket("Old subject here", "An old question")
    issue = world.jira.open_ticket("Old subject there", "An old analysis")
    world.wait(hours=1)
    world.desk.comment(ticket, "An old note", audience=Audience.STAFF)
    world.jira.comment(issue, "An old remark", audience=Audience.STAFF)
    world.jira.set(issue, priority=Priority.URGENT, status=Status.IN_PROGRESS)
    world.wait(hours=1)
    return ticket, issue


def test_linking_rewrites_nothing_and_lists_no_change(world: World) -> None:
    """Otherwise the first look after linking overwrites years of work on one of the two."""
    ticket, issue = old_pair(world)
    before = dict(world.desk.tickets[ticket].fields), dict(world.jira.tickets[issue].fields)
    links(world).link(Ref("desk", ticket), Ref("jira", issue))
    world.settle()
    after = dict(world.desk.tickets[ticket].fields), dict(world.jira.tickets[issue].fields)
    for old, new in zip(before, after, strict=True):
        assert {k: new.get(k) for k in ("subject", "status", "priority")} == {
            k: old.get(k) for k in ("subject", "status", "priority")
        }
    assert "old remark" not in said(world, "desk", ticket)
    assert "old note" not in said(world, "jira", issue)


def test_what_comes_after_linking_travels(world: World) -> None:
    """Otherwise linking two tickets does nothing at all."""
    ticket, issue = old_pair(world)
    links(world).link(Ref("desk", ticket), Ref("jira", issue))
    world.settle()
    world.wait(minutes=5)
    world.desk.comment(ticket, "A new note", audience=Audience.STAFF)
    world.jira.comment(issue, "A new remark", audience=Audience.STAFF)
    world.settle()
    assert "A new note" in said(world, "jira", issue)
    assert "A new remark" in said(world, "desk", ticket)


def test_a_side_that_is_made_later_takes_the_ticket_whole(world: World) -> None:
    """Otherwise an issue that the routes make lacks what was said before the ticket was linked elsewhere."""
    ticket = world.opened("none")
    world.desk.comment(ticket, "An old note", audience=Audience.STAFF)
    issue = world.gitlab.open_ticket("Their own", "Words", by="sam")
    world.wait(minutes=5)
    links(world).link(Ref("desk", ticket), Ref("gitlab", issue))
    world.desk.tag(ticket, "dev")
    world.settle()
    assert any("An old note" in text for text in world.bodies("jira"))
    assert "An old note" not in said(world, "gitlab", issue)


def test_the_history_travels_if_a_person_wants_it(world: World) -> None:
    """Otherwise whoever links late can never show the developers what was said."""
    ticket, issue = old_pair(world)
    links(world).link(Ref("desk", ticket), Ref("jira", issue), history=True)
    world.settle()
    assert "An old note" in said(world, "jira", issue)
    assert "An old remark" in said(world, "desk", ticket)


def test_a_preferred_side_is_followed_once(world: World) -> None:
    """Otherwise a person who knows which side is right types it all again."""
    ticket, issue = old_pair(world)
    links(world).link(Ref("desk", ticket), Ref("jira", issue), prefer="desk")
    world.settle()
    assert world.jira.tickets[issue].fields["subject"] == "Old subject here"
    world.jira.set(issue, subject="The developers' own")
    world.settle()
    assert world.jira.tickets[issue].fields["subject"] == "The developers' own"


def test_what_another_tool_had_copied_is_not_copied_again(world: World) -> None:
    """Otherwise everyone who comes from another bridge gets each comment twice."""
    ticket, issue = old_pair(world)
    world.desk.comment(ticket, "The **same** words", audience=Audience.STAFF)
    world.wait(seconds=30)
    world.jira.comment(issue, "The *same* words", audience=Audience.STAFF)
    world.wait(minutes=10)
    links(world).link(Ref("desk", ticket), Ref("jira", issue), history=True)
    world.settle()
    for server, key in (("desk", ticket), ("jira", issue)):
        assert said(world, server, key).replace("*", "").count("The same words") == 1


def test_a_side_that_was_taken_out_is_left_alone(world: World) -> None:
    """Otherwise an unlinked ticket gets a new issue with the next poll, by its route."""
    key = world.opened()
    world.settle()
    (issue,) = world.jira.tickets
    links(world).unlink(Ref("jira", issue))
    world.wait(minutes=5)
    world.desk.comment(key, "Not for them any more", audience=Audience.STAFF)
    world.settle()
    assert len(world.jira.tickets) == 1
    assert "Not for them any more" not in said(world, "jira", issue)


def test_a_ticket_that_was_taken_out_is_left_alone(world: World) -> None:
    """Otherwise an unlinked ticket gets a new issue with its next change, by its route."""
    key = world.opened()
    world.settle()
    links(world).unlink(Ref("desk", key))
    world.wait(minutes=5)
    world.desk.comment(key, "Still here", audience=Audience.STAFF)
    world.settle()
    assert len(world.jira.tickets) == 1


@pytest.mark.parametrize("case", ["same role", "unknown", "taken", "both linked"])
def test_what_cannot_be_linked_says_why(world: World, case: str) -> None:
    """Otherwise a slip of the hand joins two customers' tickets."""
    first = world.opened()
    world.settle()
    (issue,) = world.jira.tickets
    other = world.jira.open_ticket("Another", "issue")
    pairs = {
        "same role": (Ref("gitlab", "1"), Ref("jira", issue)),
        "unknown": (Ref("nobody", "1"), Ref("jira", issue)),
        "taken": (Ref("desk", first), Ref("jira", other)),
    }
    if case == "both linked":
        second = world.opened(subject="Second")
        world.settle()
        (theirs,) = set(world.jira.tickets) - {issue, other}
        pairs[case] = (Ref("desk", first), Ref("jira", theirs))
        assert second
    with pytest.raises(NotLinked):
        links(world).link(*pairs[case])


def test_a_ticket_of_which_only_promises_are_on_record_is_linked_like_any_other(world: World) -> None:
    """Otherwise no ticket that was given due times, or a receipt, can be linked to an issue by hand."""
    first = world.opened(subject="It does not start", text="The first asks")
    second = world.desk.open_ticket("Will not start either", "The second asks")
    world.settle()
    (issue,) = world.jira.tickets
    assert world.store.bundles.subject(Ref("desk", second)).startswith("bundle:"), (
        "its due times were written"
    )
    subject = links(world).link(Ref("desk", second), Ref("jira", issue))
    world.settle()
    assert set(world.store.bundles.load(subject).refs) == {
        Ref("desk", first),
        Ref("jira", issue),
        Ref("desk", second),
    }
    assert "The second asks" not in said(world, "jira", issue), "older texts stay where they are"
    world.wait(minutes=5)
    world.desk.comment(second, "It smells", by="kim")
    world.settle()
    assert "It smells" in said(world, "jira", issue)
    assert world.at_rest()


def test_what_a_ticket_left_when_it_was_linked_to_another_ones_issue_is_no_mistake(world: World) -> None:
    """Otherwise the next sweep finds the place where the ticket stood, and parks it as a mistake of ours."""
    world.opened(subject="It does not start", text="The first asks")
    second = world.desk.open_ticket("Will not start either", "The second asks")
    world.settle()
    (issue,) = world.jira.tickets
    links(world).link(Ref("desk", second), Ref("jira", issue))
    world.settle()
    for subject in world.store.bundles.subjects():
        world.store.inbox.put(subject, world.at, "the sweep")
    world.sync()
    assert world.parked() == []
    assert world.at_rest()


def test_linking_twice_is_fine(world: World) -> None:
    """Otherwise a repeated command makes a mess of what works."""
    first, _, issue = shared(world)
    links(world).link(Ref("desk", first), Ref("jira", issue))
    world.settle()
    assert world.at_rest()
    assert all(isinstance(o, Done) for o in world.outcomes())
