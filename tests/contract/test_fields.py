"""The contract's clauses about fields: `set_fields`, `change_tags`, vocabularies."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

import pytest

from connectors.base import Connector, WrittenTicket
from connectors.errors import Gone, Rejected, Throttled, Transient
from mappings.ticket import Field, Priority, Value
from mappings.vocabulary import vocabularies
from tests.contract.drafts import fresh, kept, samples, steady, ticket
from tests.contract.world import Break, Call, World


def test_every_writable_field_is_written(world: World, connector: Connector) -> None:
    """`set_fields`: "Write these fields". Broken: a field that the capabilities name is never synced."""
    key = world.opens(fresh("Fields"), "Hm.")
    for turn in (0, 1):
        values = samples(world, connector, turn)
        for group in _groups(connector, values):
            connector.set_fields(connector.fetch(key), group)
        world.wait(5)
        assert not _wrong(connector, key, values)


def test_all_fields_are_written_at_once(world: World, connector: Connector) -> None:
    """`set_fields`: "these fields, status last". Broken: a status closes what must still be written."""
    key = world.opens(fresh("At once"), "Hm.")
    values = samples(world, connector, 1)
    connector.set_fields(connector.fetch(key), values)
    world.wait(5)
    assert not _wrong(connector, key, values)


def test_set_fields_states_what_a_fetch_will(world: World, connector: Connector) -> None:
    """`set_fields`: "the ticket as the server now states it". Broken: our write looks like a person's."""
    key = world.opens(fresh("Stated"), "Hm.")
    written = connector.set_fields(connector.fetch(key), samples(world, connector, 0))
    snapshot = connector.fetch(key)
    assert set(written.native) >= set(connector.capabilities.fields)
    assert steady(connector, written) == steady(connector, snapshot)
    assert (written.ref, written.url, written.place) == (snapshot.ref, snapshot.url, snapshot.place)


def test_standing_states_what_a_fetch_will(world: World, connector: Connector) -> None:
    """`standing`: "as the server states them now". Broken: a person's change is overwritten as our own."""
    [made] = connector.create_many([ticket(world, fresh("Made"), "Hm.")])
    assert isinstance(made, WrittenTicket)
    key = made.ref.key
    assert steady(connector, connector.standing(key)) == steady(connector, made)
    written = connector.set_fields(connector.standing(key), {"priority": Priority.HIGH})
    assert steady(connector, connector.standing(key)) == steady(connector, written)
    world.renames(key, fresh("A person's"))
    assert steady(connector, connector.standing(key)) == steady(connector, connector.fetch(key))
    with pytest.raises(Gone):
        connector.standing(world.unknown)


def test_set_fields_is_idempotent(world: World, connector: Connector) -> None:
    """`set_fields`: "Idempotent". Broken: a repeated write changes something else, or fails."""
    key = world.opens(fresh("Twice"), "Hm.")
    present, values = connector.fetch(key), samples(world, connector, 0)
    one = connector.set_fields(present, values)
    two = connector.set_fields(present, values)
    three = connector.set_fields(connector.fetch(key), values)
    assert steady(connector, one) == steady(connector, two) == steady(connector, three)


def test_set_fields_changes_nothing_else(world: World, connector: Connector) -> None:
    """`set_fields`: these fields only. Broken: a person's change of another field is undone."""
    key, subject = world.opens(fresh("Else"), "Hm."), fresh("A person's")
    present = connector.fetch(key)
    world.renames(key, subject)
    world.tags(key, frozenset({"printing"}))
    connector.set_fields(present, {"priority": Priority.HIGH})
    told = connector.fetch(key).ticket
    assert (told.subject, told.priority, told.tags) == (subject, Priority.HIGH, frozenset({"printing"}))


@pytest.mark.parametrize("field", ["status", "priority", "type", "sla"])
def test_every_canonical_word_goes_there_and_back(world: World, connector: Connector, field: Field) -> None:
    """`set_fields`: "words through the vocabularies". Broken: a status or priority arrives as another."""
    can = connector.capabilities
    if field not in can.fields:
        pytest.skip(f"no {field} here")
    lens = can.vocabularies[field]
    key = world.opens(fresh("Words"), "Hm.")
    words: list[StrEnum] = [*lens.writes, *lens.folds, next(iter(lens.writes))]
    for word in words:
        connector.set_fields(connector.fetch(key), {field: word})
        assert connector.fetch(key).ticket.value(field) == lens.hold(word)


def test_a_native_word_that_means_it_is_kept(world: World, connector: Connector) -> None:
    """`set_fields`: "a native word that already means the value is kept". Broken: words flip for ever."""
    key = world.opens(fresh("Kept"), "Hm.")
    written = connector.set_fields(connector.fetch(key), {"priority": Priority.HIGH})
    high = connector.capabilities.vocabularies["priority"].writes[Priority.HIGH]
    rows = {"priority": {"read": {high: "urgent"}, "fold": {"high": "urgent"}}}
    system = connector.capabilities.system
    coarse = world.connect(replace(world.config, vocabularies=vocabularies(system, rows)))
    again = coarse.set_fields(coarse.fetch(key), {"priority": Priority.URGENT})
    assert again.native["priority"] == written.native["priority"]
    assert coarse.fetch(key).ticket.priority is Priority.URGENT


def test_change_tags_touches_no_other(world: World, connector: Connector) -> None:
    """`change_tags`: "without touching others". Broken: a tag that a person just added is lost."""
    key = world.opens(fresh("Tags"), "Hm.")
    world.tags(key, frozenset({"alpha", "beta"}))
    present = connector.fetch(key)
    assert present.ticket.tags == {"alpha", "beta"}
    world.tags(key, frozenset({"alpha", "beta", "delta"}))
    written = connector.change_tags(present, frozenset({"gamma"}), frozenset({"alpha"}))
    snapshot = connector.fetch(key)
    assert snapshot.ticket.tags == {"beta", "gamma", "delta"}
    assert steady(connector, written) == steady(connector, snapshot)


def test_change_tags_is_idempotent(world: World, connector: Connector) -> None:
    """`change_tags`: "Idempotent". Broken: a retry fails, or adds a tag twice."""
    key = world.opens(fresh("Tags twice"), "Hm.")
    present = connector.fetch(key)
    for _ in range(2):
        connector.change_tags(present, frozenset({"gamma"}), frozenset({"never there"}))
    assert connector.fetch(key).ticket.tags == {"gamma"}


def test_quiet_fields_mail_no_customer(world: World, connector: Connector) -> None:
    """`FieldAbility.mails`: NEVER means it. Broken: the hub writes to customers."""
    key = world.opens(fresh("Quiet"), "Hm.")
    can, mailed = connector.fetch(key).abilities, world.mailed()
    for turn in (0, 1):
        for group in _groups(connector, samples(world, connector, turn)):
            if all(can.fields[field].mails_when(value) == "never" for field, value in group.items()):
                connector.set_fields(connector.fetch(key), group)
    assert world.mailed() == mailed


@pytest.mark.parametrize("how", [Break.RESET, Break.LOST, Break.DOWN])
def test_a_write_that_may_be_repeated_is_never_uncertain(
    world: World, connector: Connector, how: Break
) -> None:
    """`set_fields`: idempotent, so a lost answer is passed over or Transient. Broken: nobody dares go on."""
    key = world.opens(fresh("Again"), "Hm.")
    present = connector.fetch(key)
    world.breaks(Call.SET, how)
    try:
        connector.set_fields(present, {"priority": Priority.URGENT})
    except Throttled:
        raise
    except Transient:
        connector.set_fields(present, {"priority": Priority.URGENT})
    assert connector.fetch(key).ticket.priority is Priority.URGENT


def test_a_ticket_is_somebody_s_and_then_nobody_s(world: World, connector: Connector) -> None:
    """`set_fields`: the assignee as people's tables name them. Broken: work is given to the wrong one."""
    key = world.opens(fresh("Whose"), "Hm.")
    assert world.holder(key) == ""
    for who in (*world.staff(), world.staff()[1].upper() if "@" in world.staff()[1] else world.staff()[1]):
        written = connector.set_fields(connector.fetch(key), {"assignee": who})
        told = connector.fetch(key)
        assert told.ticket.assignee is not None
        assert told.ticket.assignee.is_called(who)
        assert world.holder(key) == written.native["assignee"] == told.native["assignee"]
    freed = connector.set_fields(connector.fetch(key), {"assignee": None})
    assert (world.holder(key), freed.native["assignee"]) == ("", None)
    assert connector.fetch(key).ticket.assignee is None


def test_a_ticket_is_given_to_nobody_unknown(world: World, connector: Connector) -> None:
    """`set_fields`: "Raises Rejected (field named)". Broken: one who left stops the whole ticket."""
    key = world.opens(fresh("Stranger"), "Hm.")
    connector.set_fields(connector.fetch(key), {"assignee": world.staff()[0]})
    held = world.holder(key)
    with pytest.raises(Rejected) as refused:
        connector.set_fields(connector.fetch(key), {"assignee": world.stranger()})
    assert "assignee" in refused.value.fields
    assert world.holder(key) == held


def test_a_refused_assignee_creates_nothing(world: World, connector: Connector) -> None:
    """`create`: Rejected, or the ticket as it stands. Broken: a second try makes the ticket twice."""
    subject = fresh("Refused")
    made = connector.create_many([ticket(world, subject, assignee=world.stranger())])[0]
    if isinstance(made, WrittenTicket):
        assert (made.native["assignee"], world.called(subject)) == (None, 1)
    else:
        assert isinstance(made, Rejected)
        assert any(field.endswith("assignee") for field in made.fields)
        assert world.called(subject) == 0


def test_a_ticket_is_created_as_somebody_s(world: World, connector: Connector) -> None:
    """`create`: "`values` holds only fields that the capabilities name". Broken: new work is nobody's."""
    who = world.staff()[1]
    made = connector.create(ticket(world, fresh("Theirs"), assignee=who))
    told = connector.fetch(made.ref.key).ticket.assignee
    assert told is not None
    assert told.is_called(who)


def _groups(connector: Connector, values: dict[Field, Value]) -> list[dict[Field, Value]]:
    """Return the values as they can be written alone: one by one, or the due times both at once."""
    last: tuple[Field, ...] = ("first_response_due", "due", "status")
    groups: list[dict[Field, Value]] = [{f: v} for f, v in values.items() if f not in last]
    if connector.capabilities.dues_together:
        return [*groups, {f: values[f] for f in last[:2]}, {"status": values["status"]}]
    return [*groups, *({f: values[f]} for f in last if f in values)]


def _wrong(connector: Connector, key: str, values: dict[Field, Value]) -> dict[Field, object]:
    told = connector.fetch(key).ticket
    return {
        field: (told.value(field), value)
        for field, value in values.items()
        if told.value(field) != kept(connector, field, value)
    }
