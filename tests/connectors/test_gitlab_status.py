"""The *status* field of GitLab's paid tiers: read and written where the settings say so, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from connectors.base import CommentDraft, ConnectionConfig, Connector, TicketDraft, WrittenTicket
from connectors.errors import Rejected
from deskbridge.sandbox.run import Sandbox
from mappings.ticket import Audience, Status, Unmapped, Value
from mappings.vocabulary import Native, vocabularies
from tests.contract.gitlab_world import GitLabWorld

_WRITE = {
    "in_progress": "category:in_progress",
    "waiting_on_dev": "status::dev",
    "waiting_on_customer": "Won't do",
    "waiting_on_vendor": "gone fishing",
}
_READ = {"Won't do": "waiting_on_customer", "gone fishing": "waiting_on_vendor"}


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    """One server for all tests."""
    with Sandbox.running(limits=False) as sandbox:
        yield sandbox


@pytest.fixture
def world(running: Sandbox) -> Iterator[GitLabWorld]:
    """Dana's project, on the tier that has the field."""
    made = GitLabWorld(running)
    yield made
    made.act("configure", tier="premium", status_categories="upper")
    made.act("statuses")


@pytest.fixture
def config(world: GitLabWorld) -> ConnectionConfig:
    """A connection whose settings name the field."""
    lenses = vocabularies("gitlab", {"status": {"read": _READ, "write": _WRITE}})
    return replace(world.config, fields={"status": "status"}, vocabularies=lenses)


@pytest.fixture
def connector(world: GitLabWorld, config: ConnectionConfig) -> Connector:
    """The hub's connection to it."""
    return world.connect(config)


def status(connector: Connector, key: str) -> Value:
    """Return the status that a ticket is read with, by a verification too."""
    found, counted = connector.fetch(key).ticket.status, connector.recount(key).fields["status"]
    word = Native(counted.said[0], counted.category)
    assert connector.capabilities.vocabularies["status"].get(word) == found
    return found


def put(connector: Connector, key: str, word: Status) -> WrittenTicket:
    """Write a status."""
    return connector.set_fields(connector.fetch(key), {"status": word})


def test_a_status_is_read_by_name_then_by_category(world: GitLabWorld, connector: Connector) -> None:
    """Broken: developers move the card, and the desk never hears of it."""
    key = world.opens("A pump", "It leaks.")
    assert (status(connector, key), connector.fetch(key).native["status"]) == (Status.OPEN, "To do")
    for category in ("upper", "lower"):
        world.act("configure", status_categories=category)
        for name, word in (
            ("In progress", Status.IN_PROGRESS),
            ("Won't do", Status.WAITING_ON_CUSTOMER),
            ("Done", Status.RESOLVED),
        ):
            world.answers(key, f'On it.\n/status "{name}"')
            assert (status(connector, key), connector.fetch(key).native["status"]) == (word, name)


def test_a_label_says_more_than_the_status_of_an_open_issue(world: GitLabWorld, connector: Connector) -> None:
    """Broken: words that the group keeps in labels are lost where it has statuses too."""
    key = world.opens("A pump", "It leaks.")
    written = put(connector, key, Status.WAITING_ON_DEV)
    assert (written.native["status"], written.native["tags"]) == ("status::dev", ())
    assert status(connector, key) is Status.WAITING_ON_DEV
    assert put(connector, key, Status.IN_PROGRESS).native["status"] == "In progress"
    assert status(connector, key) is Status.IN_PROGRESS


def test_a_status_is_written_and_closes_or_opens(world: GitLabWorld, connector: Connector) -> None:
    """Broken: the card stays where it was, or an issue is closed whose card says that work goes on."""
    key = world.opens("A pump", "It leaks.")
    for word, name, state in (
        (Status.IN_PROGRESS, "In progress", "opened"),
        (Status.RESOLVED, "Done", "closed"),
        (Status.OPEN, "To do", "opened"),
        (Status.WAITING_ON_CUSTOMER, "Won't do", "closed"),
        (Status.IN_PROGRESS, "In progress", "opened"),
    ):
        assert put(connector, key, word).native["status"] == name
        assert (world.status(key), status(connector, key)) == (state, word)


def test_a_status_that_means_the_value_already_stays(world: GitLabWorld, connector: Connector) -> None:
    """Broken: `Duplicate` becomes `Done` with the next look, and every look writes."""
    key = world.opens("A pump", "It leaks.")
    world.answers(key, 'On it.\n/status "Duplicate"')
    assert put(connector, key, Status.RESOLVED).native["status"] == "Duplicate"


def test_an_issue_is_created_with_its_status(world: GitLabWorld, connector: Connector) -> None:
    """Broken: what is being worked on at the desk arrives as not begun."""
    text = CommentDraft(markdown="It leaks.", audience=Audience.STAFF)
    draft = TicketDraft(
        place=world.place, values={"subject": "A pump", "status": Status.IN_PROGRESS}, message=text, token="t"
    )
    made = connector.create(draft)
    assert made.native["status"] == "In progress"
    assert status(connector, made.ref.key) is Status.IN_PROGRESS


def test_statuses_of_the_groups_own(world: GitLabWorld, connector: Connector) -> None:
    """Broken: a group that renames its statuses is read by names that GitLab ships."""
    rows = [
        {"name": "Neu", "category": "to_do"},
        {"name": "Gone Fishing", "category": "in_progress"},
        {"name": "Fertig", "category": "done"},
    ]
    world.act("statuses", rows=rows)
    key = world.opens("A pump", "It leaks.")
    assert connector.fetch(key).native["status"] == "Neu"
    assert put(connector, key, Status.WAITING_ON_VENDOR).native["status"] == "Gone Fishing"
    assert put(connector, key, Status.RESOLVED).native["status"] == "Fertig"
    world.act("statuses", rows=[*rows, {"name": "Prüfung", "category": "triage"}])
    world.answers(key, 'On it.\n/status "Prüfung"')
    assert status(connector, key) is Status.OPEN


def test_a_status_that_is_not_there_is_named(world: GitLabWorld, connector: Connector) -> None:
    """Broken: a typo in the settings is found by whoever misses the card, not by the hub."""
    with pytest.raises(Rejected) as refused:
        put(connector, world.opens("A pump", "It leaks."), Status.WAITING_ON_VENDOR)
    assert set(refused.value.fields) == {"status"}
    assert "'gone fishing'" in refused.value.text
    assert "'In progress'" in refused.value.text
    (line,) = connector.problems([world.place])
    assert line.startswith("acme_gitlab: project harbour/firmware: there is no status 'gone fishing'")


def test_a_tier_without_statuses_is_told_and_guessed_by_nobody(
    world: GitLabWorld, connector: Connector
) -> None:
    """Broken: a licence that ended sets every ticket of the desk back to open."""
    key = world.opens("A pump", "It leaks.")
    world.act("configure", tier="free")
    with pytest.raises(Rejected, match="WorkItemWidgetStatus"):
        connector.fetch(key)
    (line,) = connector.problems([world.place])
    assert "needs Premium" in line


def test_without_the_setting_nothing_is_asked(world: GitLabWorld) -> None:
    """Broken: every read costs a call more, also where nobody uses the field."""
    key, plain = world.opens("A pump", "It leaks."), world.connect(world.config)
    world.answers(key, 'On it.\n/status "In progress"')
    plain.fetch(key)
    calls = world.calls()
    found = plain.fetch(key)
    assert world.calls() - calls == 2
    assert (found.ticket.status, found.native["status"]) == (Status.OPEN, "opened")


def test_incidents_have_no_status_but_a_state(world: GitLabWorld, connector: Connector) -> None:
    """Broken: types that have no such field are not read at all."""
    key = world.opens("A pump", "It leaks.")
    world.answers(key, "Oh.\n/promote_to_incident")
    found = connector.fetch(key)
    assert not isinstance(found.ticket.status, Unmapped)
    assert found.ticket.status is Status.OPEN
