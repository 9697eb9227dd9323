"""The contract's clauses about creating a ticket and finding it when nobody heard the answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.base import Connector, TicketDraft
from connectors.errors import Rejected, Uncertain
from mappings.provenance import find_token
from mappings.ticket import MESSAGE_0, PersonRole, Ref
from tests.contract.drafts import fresh, kept, message, samples, shown, steady, ticket, token, words
from tests.contract.world import Break, Call, World


def test_create_states_what_a_fetch_will(world: World, connector: Connector) -> None:
    """`create`: "return it as the server now states it". Broken: our own write looks like a person's."""
    subject = fresh("Created")
    written = connector.create(ticket(world, subject))
    snapshot = connector.fetch(written.ref.key)
    assert (written.ref, written.url, written.place) == (snapshot.ref, snapshot.url, snapshot.place)
    assert written.ref.display == snapshot.ref.display
    assert steady(connector, written) == steady(connector, snapshot)
    assert snapshot.ticket.subject == subject
    assert world.called(subject) == 1


def test_create_writes_every_value(world: World, connector: Connector) -> None:
    """`TicketDraft.values`: each writable field at once. Broken: a field waits for the next reconcile."""
    values = samples(world, connector, 0)
    subject = str(values.pop("subject"))
    written = connector.create(ticket(world, subject, **values))  # type: ignore[arg-type]
    world.wait(5)
    told = connector.fetch(written.ref.key).ticket
    wrong = {
        field: told.value(field)
        for field, value in values.items()
        if field != "tags" and told.value(field) != kept(connector, field, value)
    }
    assert not wrong
    assert values.get("tags", frozenset()) <= told.tags  # type: ignore[operator]


def test_message_0_says_what_was_sent(world: World, connector: Connector) -> None:
    """`TicketDraft.message`: message 0, ours, its marker readable. Broken: a lost database stays lost."""
    marker = token()
    key = connector.create(ticket(world, fresh("Marked"), "It *hums* & smokes.", marker)).ref.key
    first = message(connector.fetch(key), MESSAGE_0)
    assert find_token(words(first)) == marker
    assert "Kim Park" in shown(first)
    assert "hums" in shown(first)
    assert first.author.role is PersonRole.HUB


def test_create_is_refused_with_the_reason(world: World, connector: Connector) -> None:
    """`create` raises Rejected. Broken: what can never work is tried again and again."""
    with pytest.raises(Rejected):
        connector.create(
            replace(ticket(world, fresh("Nowhere")), place=world.nowhere, values={"subject": ""})
        )


def test_a_ticket_is_found_by_its_marker(world: World, connector: Connector) -> None:
    """`find_created`: "with this marker". Broken: after a lost answer there are two tickets, or none."""
    since = world.now()
    one, other = _create(world, connector), _create(world, connector)
    world.wait(_lag(connector))
    for draft, key in (one, other):
        ref = connector.find_created(draft.token, since)
        assert ref is not None
        assert (ref, ref.connection) == (connector.fetch(key).ref, connector.name)
    assert connector.find_created(token(), since) is None


def test_another_hubs_marker_is_not_found(world: World, connector: Connector) -> None:
    """`find_created`: exactly this marker. Broken: two hubs on one system steal each other's tickets."""
    since = world.now()
    mine, (theirs, _) = (
        token(b"a secret of the contract's tests"),
        _create(world, connector, b"another hub's secret"),
    )
    world.wait(_lag(connector))
    assert connector.find_created(mine, since) is None
    assert connector.find_created(theirs.token, since) is not None


def test_only_our_accounts_tickets_are_found(world: World, connector: Connector) -> None:
    """`find_created`: "that our account created". Broken: a person's copy is taken for the hub's ticket."""
    draft, key = _create(world, connector)
    world.wait(1200)  # a connector may allow for clocks that differ by minutes
    since = world.now()
    copied, quoted = world.copies(key), world.opens(fresh("Quoted"), f"https://desk.test/4711#{draft.token}")
    world.wait(_lag(connector))
    assert connector.find_created(draft.token, since) is None
    found = connector.find_created(draft.token, since - timedelta(seconds=1300))
    assert found is not None
    assert found.key not in (copied, quoted)


def test_older_tickets_are_not_found(world: World, connector: Connector) -> None:
    """`find_created`: "created at or after `since`". Broken: the walk never ends on a big account."""
    draft, _ = _create(world, connector)
    world.wait(_lag(connector))
    assert connector.find_created(draft.token, world.now() + timedelta(days=1)) is None


def test_a_create_whose_answer_is_lost_is_found(world: World, connector: Connector) -> None:
    """`create`: "Uncertain when the answer was lost", written once. Broken: a duplicate ticket."""
    since, subject, marker = world.now(), fresh("Lost"), token()
    world.breaks(Call.CREATE, Break.LOST)
    with pytest.raises(Uncertain):
        connector.create(ticket(world, subject, marker=marker))
    world.wait(_lag(connector))
    ref = connector.find_created(marker, since)
    assert ref is not None
    assert connector.fetch(ref.key).ticket.subject == subject
    assert world.called(subject) == 1


@pytest.mark.parametrize("how", [Break.RESET, Break.DOWN])
def test_a_create_that_failed_is_not_repeated(world: World, connector: Connector, how: Break) -> None:
    """`create`: "Not idempotent", sent once. Broken: a retry inside makes two of what came late."""
    since, subject, marker = world.now(), fresh("Failed"), token()
    world.breaks(Call.CREATE, how)
    with pytest.raises(Uncertain):
        connector.create(ticket(world, subject, marker=marker))
    world.wait(_lag(connector))
    assert world.called(subject) == 0
    assert connector.find_created(marker, since) is None


def _create(
    world: World, connector: Connector, secret: bytes = b"a secret of the contract's tests"
) -> tuple[TicketDraft, str]:
    marker = token(secret)
    made = ticket(world, fresh("Find me"), marker=marker)
    return made, connector.create(made).ref.key


def _lag(connector: Connector) -> float:
    return connector.capabilities.index_lag.total_seconds() + 1


def test_an_address_means_the_ticket_that_it_opens(world: World, connector: Connector) -> None:
    """`meant`: "the ticket that an address here means". Broken: another tool's links lead elsewhere."""
    side = connector.fetch(world.opens(fresh("Linked"), "Hm."))
    found = connector.meant(side.url)
    assert found is not None
    assert connector.fetch(found).ref == side.ref
    assert connector.meant(f"https://elsewhere.example/{side.ref.key}") is None


def test_a_ticket_that_nobody_linked_points_nowhere(world: World, connector: Connector) -> None:
    """`pointers`: "without the hub's". Broken: what a person parted is taken for another tool's link."""
    key = world.opens(fresh("Alone"), "Hm.")
    other = Ref("elsewhere", "7", "#7")
    connector.add_link(key, other, "https://elsewhere.example/7", "elsewhere 7")
    assert connector.pointers(key) == []
