"""The GitLab connector among a Service Desk's customers: who takes part, who wrote, whose ticket it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import responses

from connectors.base import Connector
from connectors.capabilities import Mails, Part
from connectors.errors import Gone, Rejected
from connectors.gitlab.admin import Directory
from connectors.gitlab.connector import GitLab
from connectors.gitlab.desk import add_participants, convert
from connectors.gitlab.read import Reader
from connectors.gitlab.status import Statuses
from connectors.gitlab.wire import explain
from connectors.http import Http
from connectors.session import Session
from deskbridge.sandbox.run import Sandbox
from mappings.ticket import Audience, CommentKind, PersonRole
from tests.connectors.gitlab_payloads import SIDE, URL, config, note
from tests.connectors.gitlab_payloads import issue as payload
from tests.contract.drafts import draft, fresh, ticket
from tests.contract.gitlab_world import GitLabWorld, ServiceDeskWorld

_TOGETHER = frozenset({Part.PARTICIPANTS})
_API = f"{URL}/api/v4"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A server of its own."""
    with Sandbox.running(limits=False) as running:
        yield running


@pytest.fixture
def world(sandbox: Sandbox) -> ServiceDeskWorld:
    """The project whose customers write mails."""
    return ServiceDeskWorld(sandbox)


@pytest.fixture
def gitlab(world: ServiceDeskWorld) -> GitLab:
    """The hub's connection to it."""
    return GitLab(world.config)


def addresses(gitlab: Connector, key: str) -> list[str]:
    """Who takes part by mail, as a later look tells."""
    people = gitlab.fetch(key, _TOGETHER).ticket.participants or ()
    return [person.key for person in people if person.role is PersonRole.CUSTOMER]


def test_who_wrote_a_mail_is_told(world: ServiceDeskWorld, gitlab: GitLab) -> None:
    """Broken: each customer's reply is signed "GitLab Support Bot", and nobody in copy is known."""
    key = world.opens(fresh("Mail"), "It smokes.")
    world.replies(key, "It burns.")
    found = gitlab.fetch(key, _TOGETHER).ticket
    reply = found.messages[-1]
    assert (reply.author.email, reply.kind) == ("kim@lantern.example", CommentKind.MESSAGE)
    assert addresses(gitlab, key) == ["kim@lantern.example"]


def test_seven_people_are_added_by_two_commands(world: ServiceDeskWorld, gitlab: GitLab) -> None:
    """A command takes six addresses (reference 0.18). Broken: the seventh in copy never hears anything."""
    key = world.opens(fresh("Seven"), "Hm.")
    people = [f"p{n}@lantern.example" for n in range(7)]
    told = gitlab.add_participants(key, people)
    assert [person.key for person in told if person.role is PersonRole.CUSTOMER] == addresses(gitlab, key)
    assert addresses(gitlab, key) == ["kim@lantern.example", *people]
    assert world.said(key) == []


def test_an_eleventh_participant_is_refused_before_anything(world: ServiceDeskWorld, gitlab: GitLab) -> None:
    """A ticket has ten (reference 0.18). Broken: some are added and nobody says which are not."""
    key = world.opens(fresh("Eleven"), "Hm.")
    people = [f"q{n}@lantern.example" for n in range(10)]
    with pytest.raises(Rejected) as refused:
        gitlab.add_participants(key, people)
    assert set(refused.value.fields) == set(people)
    assert addresses(gitlab, key) == ["kim@lantern.example"]


def test_an_address_in_other_letters_is_the_same(world: ServiceDeskWorld, gitlab: GitLab) -> None:
    """Broken: who takes part already is said to be missing, because GitLab does not add them again."""
    key = world.opens(fresh("Letters"), "Hm.")
    mailed = world.mailed()
    gitlab.add_participants(key, ["Kim@Lantern.example"])
    assert addresses(gitlab, key) == ["kim@lantern.example"]
    assert world.mailed() == mailed


@pytest.mark.parametrize(
    "odd",
    [
        "a@b.example\n/close",
        "a@b.example /close",
        "/close",
        "a@b.example\r/close",
        "a@b",
        "`a@b.example",
        "",
        "ä@b.example",
        "@all",
    ],
)
def test_an_address_is_no_command(world: ServiceDeskWorld, gitlab: GitLab, odd: str) -> None:
    """Broken: a customer closes tickets, or worse, by a name in copy."""
    key = world.opens(fresh("Hostile"), "Hm.")
    with pytest.raises(Rejected) as refused:
        gitlab.add_participants(key, ["fine@lantern.example", odd])
    assert list(refused.value.fields) == [odd]
    with pytest.raises(Rejected):
        gitlab.convert(key, odd)
    assert (world.status(key), world.said(key)) == ("opened", [])
    assert addresses(gitlab, key) == ["kim@lantern.example"]


def test_without_a_service_desk_nobody_is_added(sandbox: Sandbox) -> None:
    """Broken: a developers' project promises to tell customers, and GitLab's 202 is taken as proof."""
    world = GitLabWorld(sandbox)
    gitlab = GitLab(world.config)
    key = world.opens(fresh("Developers"), "Hm.")
    assert gitlab.abilities(world.place).adds_participants is None
    assert gitlab.fetch(key).abilities == gitlab.abilities(world.place)
    for attempt in (
        lambda: gitlab.add_participants(key, ["a@b.example"]),
        lambda: gitlab.convert(key, "a@b.example"),
    ):
        with pytest.raises(Rejected):
            attempt()
    assert world.said(key) == []


def test_a_service_desk_says_what_it_mails(world: ServiceDeskWorld, gitlab: GitLab) -> None:
    """Broken: the plan does not say that people in copy are written to."""
    key = world.opens(fresh("Declared"), "Hm.")
    assert gitlab.abilities(world.place).adds_participants is Mails.IF_CONFIGURED
    assert gitlab.fetch(key).abilities == gitlab.abilities(world.place)


def test_an_issue_becomes_a_customers_ticket(world: ServiceDeskWorld, gitlab: GitLab) -> None:
    """Broken: what is raised for a customer is never theirs: no reply of ours reaches them."""
    made = gitlab.create(ticket(world, fresh("On behalf")))
    mailed = world.mailed()
    converted = gitlab.convert(made.ref.key, "ana@lantern.example")
    found = gitlab.fetch(made.ref.key).ticket
    assert (converted.ref, world.mailed()) == (made.ref, mailed)
    assert (found.requester.email if found.requester else None) == "ana@lantern.example"
    assert addresses(gitlab, made.ref.key) == ["ana@lantern.example"]
    gitlab.add_comment(made.ref.key, draft("We are on it.", audience=Audience.CUSTOMER))
    assert world.mailed() == mailed + 1


def test_an_issue_is_converted_once(world: ServiceDeskWorld, gitlab: GitLab) -> None:
    """Broken: a retry fails, or gives one customer's ticket to another."""
    key = gitlab.create(ticket(world, fresh("Twice"))).ref.key
    first = gitlab.convert(key, "ana@lantern.example")
    assert gitlab.convert(key, "Ana@Lantern.example").version == first.version
    with pytest.raises(Rejected, match="somebody else's"):
        gitlab.convert(key, "kim@lantern.example")
    assert addresses(gitlab, key) == ["ana@lantern.example"]


def test_a_conversion_of_what_is_not_there_is_gone(gitlab: GitLab) -> None:
    """Broken: a deleted issue looks like a wrong address."""
    with pytest.raises(Gone):
        gitlab.convert("102:9876543", "ana@lantern.example")


# Answers that the sandbox does not give.


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    """A server of which each test says what it answers to a command; nobody takes part by mail."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(f"{_API}/user", json={"id": 99, "name": "Hub", "username": "hub"})
        project = {"id": 12, "path_with_namespace": "acme/shop", "service_desk_enabled": True}
        mock.get(f"{_API}/projects/12", json=project)
        mock.get(f"{_API}/projects/12/issues/7", json=payload())
        widget = {"emailParticipants": {"nodes": [{"email": "kim@lantern.example"}]}}
        mock.post(f"{URL}/api/graphql", json={"data": {"workItem": {"widgets": [{}, widget]}}})
        yield mock


def patient() -> tuple[Reader, list[float]]:
    """Return what reads a connection's issues and notes how long it waits instead of waiting."""
    settings, waited = config(), list[float]()
    wire = (Session(), settings.budget, settings.now, explain)
    http = Http(settings.name, f"{settings.url}/api/v4", *wire, sleep=waited.append)
    statuses = Statuses(http)
    return Reader(http, SIDE, Directory(http), statuses, settings.projects, settings.now), waited


def test_a_202_proves_nothing(wire: responses.RequestsMock) -> None:
    """Broken: people in copy are counted as told because GitLab said that it heard."""
    wire.post(f"{_API}/projects/12/issues/7/notes", status=202, json={"summary": ["Added a@b.example."]})
    reader, waited = patient()
    with pytest.raises(Rejected, match="did nothing") as refused:
        add_participants(reader, "12:7", ["a@b.example"])
    assert refused.value.fields == {"a@b.example": "GitLab did not add it"}
    with pytest.raises(Rejected, match="did nothing"):
        convert(reader, "12:7", "a@b.example")
    assert len(waited) == 6


def test_a_command_that_became_a_text_is_taken_back(wire: responses.RequestsMock) -> None:
    """An old server knows no such command. Broken: a note with customers' addresses stays."""
    wire.post(f"{_API}/projects/12/issues/7/notes", status=201, json=note(8, internal=True))
    taken = wire.delete(f"{_API}/projects/12/issues/7/notes/8", status=204)
    reader, _ = patient()
    with pytest.raises(Rejected, match="taken as a text"):
        add_participants(reader, "12:7", ["a@b.example"])
    assert taken.call_count == 1


def test_where_nobody_tells_who_takes_part_nobody_is_added(wire: responses.RequestsMock) -> None:
    """Broken: a server without the widget is written to, and nobody can tell what came of it."""
    wire.replace("POST", f"{URL}/api/graphql", json={"data": {"workItem": {"widgets": []}}})
    reader, _ = patient()
    with pytest.raises(Rejected, match="does not tell"):
        add_participants(reader, "12:7", ["a@b.example"])
    assert not [call for call in wire.calls if str(call.request.url).endswith("/notes")]
