"""The GitLab connector's webhooks, history and boards."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import BadSignature, Connector
from connectors.errors import Rejected
from connectors.gitlab import translate, wire
from connectors.gitlab.labels import Side
from connectors.gitlab.webhook import hear
from deskbridge.sandbox.run import Sandbox
from mappings.boards import BoardSpec
from mappings.ticket import Priority, Status
from tests.contract.gitlab_world import GitLabWorld
from tests.sandbox.receiver import receiving

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(b"a key of the hooks, long enough").decode()
ISSUE = {"object_kind": "issue", "object_attributes": {"iid": 7, "project_id": 12}}


@pytest.fixture(scope="module")
def world() -> Iterator[GitLabWorld]:
    """Dana's project on a server of its own."""
    with Sandbox.running(limits=False) as sandbox:
        yield GitLabWorld(sandbox)


@pytest.fixture
def connector(world: GitLabWorld) -> Connector:
    """The hub's connection to it."""
    return world.connect(world.config)


def signed(body: bytes, key: bytes, at: datetime = NOW) -> dict[str, str]:
    """Return the headers of a delivery that is signed by the Standard Webhooks rules."""
    stamp = str(int(at.timestamp()))
    signature = hmac.digest(key, f"msg_1.{stamp}.".encode() + body, hashlib.sha256)
    return {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": stamp,
        "Webhook-Signature": f"v1,{base64.b64encode(signature).decode()} v1,other",
    }


@pytest.mark.parametrize(
    ("event", "key"),
    [
        (ISSUE, "12:7"),
        ({"object_kind": "work_item", "object_attributes": {"iid": 7, "project_id": 12}}, "12:7"),
        ({"object_kind": "note", "project_id": 12, "issue": {"iid": 7}}, "12:7"),
        ({"object_kind": "note", "project": {"id": 12}, "issue": {"iid": 7}}, "12:7"),
        ({"object_kind": "note", "project_id": 12, "merge_request": {"iid": 7}}, None),
        ({"object_kind": "push", "project_id": 12}, None),
        ({}, None),
    ],
)
def test_an_event_names_its_issue(event: dict[str, object], key: str | None) -> None:
    """Broken: an event about an issue, a note or a Service Desk ticket starts no look at it."""
    hints = hear("work", {"X-Gitlab-Token": SECRET}, json.dumps(event).encode(), SECRET, NOW)
    assert [hint.key for hint in hints] == ([key] if key else [])


def note(action: str | None, user: object) -> dict[str, object]:
    """Return the event of a note on an issue."""
    attributes = {"id": 5} | ({"action": action} if action else {})
    about = {"object_kind": "note", "project_id": 12, "issue": {"iid": 7}}
    return {**about, "object_attributes": attributes, "user": user}


@pytest.mark.parametrize(
    ("event", "ours"),
    [
        (note("create", {"id": 9}), True),
        (note("create", {"id": 4}), False),
        (note("update", {"id": 9}), False),
        (note(None, {"id": 9}), False),
        (note("create", "9"), False),
        ({**ISSUE, "user": {"id": 9}}, True),
        ({**ISSUE, "user": {"id": 4}}, False),
        (ISSUE, False),
    ],
)
def test_an_event_tells_whether_we_did_it(event: dict[str, object], ours: bool) -> None:
    """Broken: a person's change waits as the hub's own may; an edited note's event names its author."""
    body = json.dumps(event).encode()
    (hint,) = hear("work", {"X-Gitlab-Token": SECRET}, body, SECRET, NOW, 9)
    assert hint.ours == ours
    (hint,) = hear("work", {"X-Gitlab-Token": SECRET}, body, SECRET, NOW)
    assert not hint.ours, "nobody knows who we are before it was asked for"


@pytest.mark.parametrize("key", [SECRET.encode(), b"a key of the hooks, long enough"])
def test_a_signed_delivery_is_believed(key: bytes) -> None:
    """Broken: servers that sign, whichever way they read the key, are not heard."""
    body = json.dumps(ISSUE).encode()
    headers = signed(body, key)
    assert hear("work", headers, body, SECRET, NOW)
    headers["X-Gitlab-Signature"] = headers.pop("Webhook-Signature")
    assert hear("work", headers, body, SECRET, NOW)
    assert hear("work", {"X-Gitlab-Signature": "another kind", "X-Gitlab-Token": SECRET}, body, SECRET, NOW)
    with pytest.raises(BadSignature):
        hear("work", headers, body + b" ", SECRET, NOW)


@pytest.mark.parametrize("how", ["standard", "plain"])
@pytest.mark.parametrize("header", ["webhook-signature", "X-Gitlab-Signature"])
def test_what_a_server_signs_is_heard(
    world: GitLabWorld, connector: Connector, how: str, header: str
) -> None:
    """Broken: two readings of the signature's rules, and no webhook of a newer server is believed."""
    hooks = f"{world.config.url}/api/v4/projects/101/hooks"
    headers = {"PRIVATE-TOKEN": world.config.secret}
    with receiving() as receiver:
        world.act("configure", version="19.0.0-ee", signing_key=how, signature_header=header)
        hook = {"url": receiver.url, "signing_token": SECRET, "issues_events": True, "push_events": False}
        made = world.ask("POST", hooks, json=hook, headers=headers)
        key = world.opens("A pump", "It leaks.")
        (got,) = receiver.wait(1)
        world.ask("DELETE", f"{hooks}/{made['id']}", headers=headers)
    hints = connector.hear(got.headers, got.body, SECRET)
    assert [hint.key for hint in hints] == [key]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Gitlab-Token": ""},
        {"X-Gitlab-Token": SECRET[:-1]},
        {"X-Gitlab-Token": "ä"},
        signed(b"{}", SECRET.encode()),
        signed(json.dumps(ISSUE).encode(), SECRET.encode(), NOW - timedelta(minutes=6)),
        signed(json.dumps(ISSUE).encode(), b"another key") | {"X-Gitlab-Token": SECRET},
        signed(json.dumps(ISSUE).encode(), SECRET.encode()) | {"Webhook-Timestamp": "9" * 40},
    ],
)
def test_what_is_not_proven_is_not_read(headers: dict[str, str]) -> None:
    """Broken: a stranger, an old delivery played again or a changed body makes the hub work."""
    with pytest.raises(BadSignature) as refused:
        hear("work", headers, json.dumps(ISSUE).encode(), SECRET, NOW)
    assert SECRET not in str(refused.value)


@given(
    st.binary()
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(lambda v: json.dumps(v).encode())
)
def test_odd_bodies_end_in_a_named_error(body: bytes) -> None:
    """Broken: one malformed delivery takes the receiver down."""
    try:
        assert hear("work", {"x-gitlab-token": SECRET}, body, SECRET, NOW) == ()
    except Rejected as error:
        assert error.connection == "work"  # noqa: PT017 - both ends are right


def event(number: int, minute: int, label: str, action: str) -> wire.LabelEvent:
    """Return a label that came or went."""
    row = {"id": number, "created_at": f"2026-03-02T09:{minute:02}:00.000Z", "action": action}
    return wire.LabelEvent.model_validate({**row, "label": {"name": label}}, strict=False)


def test_history_is_told_in_canonical_words(world: GitLabWorld) -> None:
    """Broken: a swapped label counts as two changes, or a tag as one."""
    side = Side.of(world.config)
    labels = [
        event(1, 0, "priority::3", "add"),
        event(3, 5, "priority::1", "add"),
        event(2, 5, "priority::3", "remove"),
        event(4, 6, "battery", "add"),
        event(5, 7, "status::dev", "add"),
    ]
    row = {"id": 1, "created_at": "2026-03-02T09:09:00.000Z", "state": "closed"}
    states = [wire.StateEvent.model_validate(row, strict=False)]
    told = [(h.name, h.before, h.after) for h in translate.happenings(side, labels, states)]
    assert told == [
        ("priority", None, Priority.MEDIUM),
        ("priority", Priority.MEDIUM, Priority.URGENT),
        ("status", Status.OPEN, Status.WAITING_ON_DEV),
        ("status", Status.WAITING_ON_DEV, Status.RESOLVED),
    ]


def test_a_board_is_made_once_and_mended(world: GitLabWorld, connector: Connector) -> None:
    """Broken: every run makes another board, or a list that somebody lost never comes back."""
    spec = BoardSpec("lantern", "Lantern Books", world.place.key, "customer-lantern")
    assert "make the board 'Lantern Books' in harbour/firmware" in [
        s.what for s in connector.plan_board(spec)
    ]
    assert connector.apply_board(spec) == []
    assert connector.plan_board(spec) == []
    calls = world.calls()
    assert connector.apply_board(spec) == []
    assert connector.plan_board(spec) == []
    assert world.calls() - calls < 20


def test_a_board_that_is_limited_to_something_else_is_left_as_it_is(
    world: GitLabWorld, connector: Connector
) -> None:
    """Broken: a board of the same name that somebody made shows other issues from one day to the next."""
    theirs = BoardSpec("elm", "Elm", world.place.key, "team-elm")
    assert connector.apply_board(theirs) == []
    before = connector.show_board(theirs)
    ours = replace(theirs, label="customer-elm")
    (step,) = connector.plan_board(ours)
    assert step.manual
    assert "is limited to 'team-elm'" in step.what
    assert connector.apply_board(ours) == [step]
    assert connector.show_board(theirs) == before


@pytest.fixture
def free(world: GitLabWorld) -> Iterator[None]:
    """The server on its free tier for a while."""
    world.act("configure", tier="free")
    yield
    world.act("configure", tier="premium")


def test_a_group_has_a_board_for_each_customer(world: GitLabWorld, connector: Connector) -> None:
    """On Premium. Broken: a customer of several projects has no board that shows all their issues."""
    for name in ("Orbit", "Cedar"):
        spec = BoardSpec(name.lower(), name, "harbour", f"customer-{name.lower()}")
        assert connector.plan_board(spec)
        assert connector.apply_board(spec) == []
        assert connector.plan_board(spec) == []


@pytest.mark.usefixtures("free")
def test_on_free_a_project_board_is_made_and_its_limit_left(world: GitLabWorld, connector: Connector) -> None:
    """Broken: the plan promises what Free ignores, so that it never becomes empty and nobody knows why."""
    spec = BoardSpec("birch", "Birch", world.place.key, "customer-birch")
    [left] = connector.apply_board(spec)
    assert left.manual
    assert "it needs Premium" in left.what
    assert connector.plan_board(spec) == [left]


@pytest.mark.usefixtures("free")
def test_on_free_a_customers_own_project_is_shown_whole(world: GitLabWorld, connector: Connector) -> None:
    """Broken: a person is asked for ever to limit what nobody else is in, and Free cannot limit."""
    spec = BoardSpec("ash", "Ash", world.place.key, "customer-ash", whole=True)
    assert connector.show_board(spec) is None
    assert "make the label 'customer-ash'" not in [step.what for step in connector.plan_board(spec)]
    assert connector.apply_board(spec) == []
    assert connector.plan_board(spec) == []
    shown = connector.show_board(spec)
    assert shown is not None
    assert shown.shows == "all issues of harbour/firmware"
    assert shown.url.rpartition("/")[0].endswith("/harbour/firmware/-/boards")


def test_lists_that_were_asked_for(world: GitLabWorld, connector: Connector) -> None:
    """Broken: a customer's board has a list for every status, and cannot have fewer."""
    columns = (Status.WAITING_ON_CUSTOMER, Status.IN_PROGRESS)
    spec = BoardSpec("yew", "Yew", world.place.key, "customer-yew", columns=columns)
    assert connector.apply_board(spec) == []
    shown = connector.show_board(spec)
    assert shown is not None
    assert (shown.shows, len(shown.columns)) == ("issues with the label customer-yew", 2)
    more = replace(spec, columns=(*columns, Status.WAITING_ON_VENDOR))
    (step,) = connector.plan_board(more)
    assert step.what.startswith("add a list for 'status::")


@pytest.mark.usefixtures("free")
def test_on_free_a_group_has_one_board(world: GitLabWorld, connector: Connector) -> None:
    """Broken: a second board is tried and refused each time, or another customer's is taken."""
    connector.apply_board(BoardSpec("fir", "Fir", "harbour", "customer-fir"))
    spec = BoardSpec("oak", "Oak", "harbour", "customer-oak")
    [step] = connector.plan_board(spec)
    assert step.manual
    assert "a project of their own" in step.what
    assert connector.apply_board(spec) == [step]


def test_a_board_of_nothing_is_a_step_for_a_person(connector: Connector) -> None:
    """Broken: a typo in a board's project ends the command for all boards."""
    [step] = connector.apply_board(BoardSpec("elm", "Elm", "harbour/none", "customer-elm"))
    assert step.manual
    with pytest.raises(Rejected, match="harbour/none"):
        connector.plan_board(BoardSpec("elm", "Elm", "harbour/none", "customer-elm"))
