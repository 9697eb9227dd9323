"""The contract's clauses about the account, the places it works in, links and boards."""

from __future__ import annotations

from dataclasses import replace

from connectors.base import Connector
from connectors.quota import LocalBudget
from mappings.boards import BoardSpec
from mappings.ticket import FIELDS, Priority, Ref, Status
from mappings.vocabulary import WORDS, vocabularies
from tests.contract.drafts import fresh, ticket
from tests.contract.world import World


def test_whoami_is_the_account(world: World, connector: Connector) -> None:
    """`whoami`: "the account that the credential belongs to". Broken: another site is taken for ours."""
    one, two = connector.whoami(), world.connect(world.config).whoami()
    assert one == two
    assert all((one.key, one.name, one.instance))


def test_a_ready_place_has_no_problems(world: World, connector: Connector) -> None:
    """`problems`: "empty means ready". Broken: a check that cries wolf is switched off."""
    assert connector.problems([world.place]) == []


def test_a_wrong_place_is_named(world: World, connector: Connector) -> None:
    """`problems`: "Each line names the place". Broken: the first ticket finds the typing error."""
    problems = connector.problems([world.place, world.nowhere])
    assert problems
    wrong = world.nowhere.kind or world.nowhere.key
    assert [line for line in problems if wrong not in line] == []


def test_asking_for_problems_writes_nothing(world: World, connector: Connector) -> None:
    """`problems`: "Nothing is written". Broken: a check leaves its traces at a customer's."""
    since = world.now()
    world.wait(connector.capabilities.index_lag.total_seconds() + 1)
    before = set(connector.changed(since))
    connector.problems([world.place, world.nowhere])
    connector.remarks([world.place, world.nowhere])
    world.wait(connector.capabilities.index_lag.total_seconds() + 1)
    assert set(connector.changed(since)) == before


def test_remarks_are_no_problems(world: World, connector: Connector) -> None:
    """`remarks`: "though nothing is wrong", with the connection's name. Broken: a warning nobody sees."""
    remarks = connector.remarks([world.place])
    assert remarks
    assert [line for line in remarks if not line.startswith(connector.name)] == []
    assert len(set(remarks)) == len(remarks)
    assert connector.problems([world.place]) == []


def test_what_can_be_reached_is_not_remarked(world: World, connector: Connector) -> None:
    """`unreachable`: "Empty where any status can follow any other". Broken: a check cries over nothing."""
    world.opens(fresh("Somewhere"), "Hm.")
    world.wait(connector.capabilities.index_lag.total_seconds() + 1)
    assert connector.unreachable(world.place, tuple(Status)) == []


def test_a_word_that_nobody_reads_is_remarked(world: World, connector: Connector) -> None:
    """`remarks`: "native words that no vocabulary row reads". Broken: a priority is never copied, unsaid."""
    key = world.opens(fresh("Unread"), "Hm.")
    written = connector.set_fields(connector.fetch(key), {"priority": Priority.HIGH})
    rows = vocabularies(connector.capabilities.system, {"priority": {"fold": {"high": "urgent"}}})
    lens = rows["priority"]
    native = str(written.native["priority"])
    lacking = replace(lens, reads={word: means for word, means in lens.reads.items() if word != native})
    other = world.connect(
        replace(world.config, vocabularies={**world.config.vocabularies, "priority": lacking})
    )
    new = set(other.remarks([world.place])) - set(connector.remarks([world.place]))
    assert len(new) == 1
    assert native in new.pop()
    assert other.problems([world.place]) == []


def test_capabilities_are_whole(world: World, connector: Connector) -> None:
    """`Capabilities`: what is declared makes sense. Broken: the engine plans what cannot be written."""
    can = connector.capabilities
    assert {"subject", "status", "tags"} <= set(can.fields) <= set(FIELDS)
    assert {f for f in can.fields if f in WORDS} <= set(can.vocabularies)
    assert {"first_response_due", "due"} <= set(can.fields) or not can.dues_together
    assert can.max_text > 1000
    assert can.max_file > 1_000_000
    assert can.system in world.config.name


def test_a_place_can_do_what_its_tickets_say(world: World, connector: Connector) -> None:
    """`abilities`: "what `Snapshot.abilities` will say". Broken: what is planned cannot be written."""
    here = connector.abilities(world.place)
    written = connector.create(ticket(world, fresh("Able")))
    assert connector.fetch(written.ref.key).abilities == here == connector.abilities(world.place)
    assert set(here.fields) == set(connector.capabilities.fields)
    fresh_one = world.connect(replace(world.config, budget=LocalBudget(world.now)))
    assert fresh_one.abilities(world.place) == here


def test_a_create_states_its_description(world: World, connector: Connector) -> None:
    """`WrittenTicket.message_0`: "as the server stored it". Broken: a copy counts as edited by a person."""
    written = connector.create(
        ticket(world, fresh("Stated"), "It *smokes*, see [this](https://example.org).")
    )
    assert written.message_0 == connector.fetch(written.ref.key).ticket.messages[0].revision


def test_abilities_are_asked_once(world: World, connector: Connector) -> None:
    """`abilities`: "asked once, and anew after `problems`". Broken: each look costs calls, or never ends."""
    here = connector.abilities(world.place)
    before = world.calls()
    assert connector.abilities(world.place) == here
    assert world.calls() == before
    connector.problems([world.place])
    assert connector.abilities(world.place) == here


def test_links_are_shown_once(world: World, connector: Connector) -> None:
    """`add_link`: "False where the tool has none. Idempotent". Broken: a link for every reconcile."""
    key = world.opens(fresh("Linked"), "Hm.")
    other, url = Ref("elsewhere", "4711", "#4711"), "https://desk.test/4711"
    shown = [connector.add_link(key, other, url, "Desk #4711") for _ in range(2)]
    assert shown[0] == shown[1]
    assert world.links(key) == ([url] if shown[0] else [])


def test_a_board_is_made_once(world: World, connector: Connector) -> None:
    """`apply_board`: "Do what `plan_board` says ... Idempotent". Broken: a new board each night."""
    spec = BoardSpec(
        customer="lantern", name=fresh("Lantern Books"), project=world.place.key, label="customer-lantern"
    )
    planned = connector.plan_board(spec)
    assert connector.plan_board(spec) == planned
    assert connector.show_board(spec) is None
    left = connector.apply_board(spec)
    assert all(step.manual for step in left)
    assert [step for step in connector.plan_board(spec) if not step.manual] == []
    assert connector.apply_board(spec) == left
    shown = connector.show_board(spec)
    assert (shown is None) == all(step.manual for step in planned)
    assert shown is None or shown.name == spec.name


def test_a_changed_board_is_planned_again(world: World, connector: Connector) -> None:
    """`plan_board`: what would make the board as specified. Broken: a renamed customer keeps the old name."""
    spec = BoardSpec(
        customer="orbit", name=fresh("Orbit Cafe"), project=world.place.key, label="customer-orbit"
    )
    made = [step for step in connector.plan_board(spec) if not step.manual]
    connector.apply_board(spec)
    renamed = replace(spec, name=fresh("Orbit"))
    assert bool([step for step in connector.plan_board(renamed) if not step.manual]) == bool(made)
    connector.apply_board(renamed)
    assert [step for step in connector.plan_board(renamed) if not step.manual] == []
