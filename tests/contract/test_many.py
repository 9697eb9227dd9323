"""The contract's clauses about many tickets: `walk`, `create_many`."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.base import Connector, Presence, WrittenTicket
from connectors.errors import Gone, Rejected, Unauthorised, Uncertain
from tests.contract.drafts import fresh, shown, ticket
from tests.contract.world import Break, Call, World

MANY = 105
"""More tickets than any system has on one page (100), all within a second or two."""


def test_a_walk_meets_every_ticket(world: World, connector: Connector) -> None:
    """`walk`: "every ticket there is". Broken: a migration forgets what stood behind a page's end."""
    begun = world.now() - timedelta(seconds=1)
    keys = {world.opens(fresh("Walked"), "Here I am.") for _ in range(MANY)}
    world.wait(connector.capabilities.index_lag.total_seconds() + 1)
    met = [hint.key for hint in connector.walk(begun)]
    assert keys <= set(met)
    assert keys <= {hint.key for hint in connector.walk()}


def test_a_walk_marks_what_was_thrown_away(world: World, connector: Connector) -> None:
    """`walk`: "trashed ... marked so". Broken: what was deleted is migrated as if it were alive."""
    if not world.keeps_trash:
        pytest.skip(f"{connector.name} keeps nothing that was removed")
    begun = world.now() - timedelta(seconds=1)
    key = world.opens(fresh("Rubbish"), "Ignore me.")
    world.removes(key)
    world.wait(connector.capabilities.index_lag.total_seconds() + 1)
    presence = {hint.key: hint.presence for hint in connector.walk(begun)}
    assert presence[key] is Presence.TRASHED


def test_a_ticket_that_moves_hides_no_other_from_a_walk(world: World, connector: Connector) -> None:
    """`walk`: "an order that misses none while tickets change". Broken: busy desks lose tickets."""
    begun = world.now() - timedelta(seconds=1)
    keys = [world.opens(fresh("Moving"), "Here I am.") for _ in range(MANY)]
    world.wait(connector.capabilities.index_lag.total_seconds() + 1)
    walk = connector.walk(begun)
    met = {next(walk).key}
    for key in keys[:7]:
        world.renames(key, fresh("Moved"))
    world.wait(connector.capabilities.index_lag.total_seconds() + 1)
    met |= {hint.key for hint in walk}
    assert set(keys[7:]) <= met


def test_many_are_created_in_order(world: World, connector: Connector) -> None:
    """`create_many`: "the answer to each, in order". Broken: answers are recorded with the wrong tickets."""
    subjects = [fresh("Bulk") for _ in range(12)]
    made = connector.create_many([ticket(world, subject, f"Text of {subject}.") for subject in subjects])
    for subject, written in zip(subjects, made, strict=True):
        assert isinstance(written, WrittenTicket)
        snapshot = connector.fetch(written.ref.key)
        assert snapshot.ticket.subject == subject
        assert f"Text of {subject}." in shown(snapshot.ticket.messages[0])
        assert written.message_0 in (None, snapshot.ticket.messages[0].revision)
        assert snapshot.native.keys() == written.native.keys()


def test_bulk_creation_saves_calls(world: World, connector: Connector) -> None:
    """`create_many`: "in as few calls as the system allows". Broken: a weekend is too short."""
    if connector.abilities(world.place).bulk == 1:
        pytest.skip(f"{connector.name} has no bulk create")
    connector.create_many([ticket(world, fresh("Warm"))])
    before = world.calls()
    connector.create(ticket(world, fresh("Alone")))
    alone, before = world.calls() - before, world.calls()
    connector.create_many([ticket(world, fresh("Bulk")) for _ in range(10)])
    assert world.calls() - before < 10 * alone


def test_one_refusal_stops_no_other(world: World, connector: Connector) -> None:
    """`create_many`: "One that is refused does not stop the others". Broken: one odd record ends a run."""
    good, bad = ticket(world, fresh("Good")), replace(ticket(world, fresh("Bad")), place=world.nowhere)
    first, second, third = connector.create_many([good, bad, ticket(world, fresh("Good"))])
    assert isinstance(first, WrittenTicket)
    assert isinstance(second, Rejected)
    assert isinstance(third, WrittenTicket)


def test_many_whose_answer_was_lost_are_uncertain(world: World, connector: Connector) -> None:
    """`create_many`: "each ticket of that call is an `Uncertain`". Broken: they are created again."""
    if connector.abilities(world.place).bulk == 1:
        pytest.skip(f"{connector.name} has no bulk create")
    subjects = [fresh("Lost") for _ in range(3)]
    world.breaks(Call.CREATE, Break.LOST)
    answers = connector.create_many([ticket(world, subject) for subject in subjects])
    assert [type(answer) for answer in answers] == [Uncertain] * 3
    assert [world.called(subject) for subject in subjects] == [1, 1, 1]


def test_what_was_created_can_be_deleted_or_is_said_not_to_be(world: World, connector: Connector) -> None:
    """`delete`, `undeletable`: Broken: a rollback is promised beforehand and refused in the middle."""
    (made,) = connector.create_many([ticket(world, fresh("Undone"), "Made by mistake.")])
    assert isinstance(made, WrittenTicket)
    if connector.undeletable([world.place]):
        with pytest.raises((Rejected, Unauthorised)):
            connector.delete(made.ref.key)
        return
    for _ in range(2):
        connector.delete(made.ref.key)
    try:
        assert connector.fetch(made.ref.key).presence is Presence.TRASHED
    except Gone:
        return


def test_what_people_did_to_a_ticket_is_told(world: World, connector: Connector) -> None:
    """`handled`: "what people did to a ticket". Broken: a rollback deletes what somebody works on."""
    (made,) = connector.create_many([ticket(world, fresh("Handled"), "Made by mistake.")])
    assert isinstance(made, WrittenTicket)
    assert connector.handled(made.ref.key) == ""
    world.tags(made.ref.key, frozenset({"theirs"}))
    keeps_a_record = connector.capabilities.system in ("jira", "gitlab")
    assert bool(connector.handled(made.ref.key)) == keeps_a_record
