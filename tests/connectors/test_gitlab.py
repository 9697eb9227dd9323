"""GitLab's payloads into canonical words and back, purely."""

from __future__ import annotations

import json
import time
from datetime import UTC, date, datetime
from typing import Any

import pytest
import requests

from connectors.base import Presence
from connectors.gitlab.connector import GitLab
from connectors.gitlab.fields import Unwritable, change
from connectors.gitlab.labels import Side
from connectors.gitlab.translate import natives
from connectors.gitlab.wire import explain
from mappings.markup import read
from mappings.ticket import (
    MESSAGE_0,
    Audience,
    CommentKind,
    Field,
    PersonRole,
    Priority,
    Ref,
    SlaState,
    Status,
    TicketType,
    Unmapped,
    Value,
)
from mappings.vocabulary import Native, vocabularies
from tests.connectors.gitlab_payloads import (
    BOT,
    DEV,
    ME,
    SECRET,
    SIDE,
    UPLOAD,
    URL,
    config,
    files,
    note,
    parsed,
    told,
)

# Payloads into canonical words.


def test_an_issue_in_canonical_words() -> None:
    """Broken: a field of every issue arrives wrong, or not at all."""
    labels = ["sla::at-risk", "status::dev", "backend", "priority::1", "type::bug", "VIP"]
    made = told(labels=labels, due_date="2026-03-05", assignees=[DEV])
    t = made.ticket
    assert (made.ref, made.ref.display) == (Ref("work", "12:7"), "acme/shop#7")
    assert (made.place, made.url) == ("acme/shop", f"{URL}/acme/shop/-/issues/7")
    assert (t.subject, t.status, t.priority) == ("Printer smokes", Status.WAITING_ON_DEV, Priority.URGENT)
    assert (t.type, t.sla, t.due) == (TicketType.BUG, SlaState.AT_RISK, date(2026, 3, 5))
    assert t.tags == {"backend", "VIP"}
    assert t.created == datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
    assert t.assignee is not None
    assert (t.assignee.name, t.assignee.role) == ("Dana Dev", PersonRole.STAFF)
    assert made.native == {
        "subject": "Printer smokes",
        "assignee": str(DEV["id"]),
        "due": "2026-03-05",
        "tags": ("VIP", "backend"),
        "status": "status::dev",
        "priority": "priority::1",
        "type": "type::bug",
        "sla": "sla::at-risk",
    }


def test_an_issue_that_says_nothing() -> None:
    """Broken: null where a list or a text is meant ends the sync of that issue."""
    made = told(labels=None, assignees=None, description=None)
    assert (made.ticket.status, made.ticket.priority) == (Status.OPEN, None)
    assert (made.ticket.sla, made.native["sla"]) == (SlaState.ON_TRACK, "-")
    assert made.ticket.messages[0].body.text == ""


def test_closed_is_stronger_than_a_status_label() -> None:
    """Broken: an issue that a developer closed stays open for the customer."""
    assert told(state="closed", labels=["status::dev"]).ticket.status is Status.RESOLVED


def test_a_label_of_a_known_scope_is_never_guessed() -> None:
    """Broken: a card in a column that nobody mapped reads as open, and a stray priority is a tag."""
    t = told(labels=["priority::9", "status::review"]).ticket
    assert (t.priority, t.status) == (Unmapped("priority::9"), Unmapped("status::review"))
    assert t.tags == frozenset()
    assert told(labels=["status::a", "status::dev"]).ticket.status is Status.WAITING_ON_DEV


def test_a_moved_issue_says_so() -> None:
    """Broken: the close that a move makes is taken for a solution."""
    assert told(state="closed", moved_to_id=90002).presence is Presence.MOVED


def test_the_version_counts_comments() -> None:
    """Broken: a second comment within a minute, which stamps nothing, is never seen."""
    assert told(user_notes_count=1).version != told(user_notes_count=2).version


def test_notes_of_an_ordinary_issue() -> None:
    """Broken: our own texts are mirrored back, or GitLab's remarks are taken for a person's words."""
    system = note(2, system=True, body="changed the description")
    made = told(note(1, author=ME), system, note(3, internal=True), note(4))
    assert [(m.id, m.author.role, m.kind, m.audience) for m in made.ticket.messages] == [
        (MESSAGE_0, PersonRole.STAFF, CommentKind.DESCRIPTION, Audience.STAFF),
        ("1", PersonRole.HUB, CommentKind.NOTE, Audience.STAFF),
        ("2", PersonRole.MACHINE, CommentKind.AUTOMATIC, Audience.STAFF),
        ("3", PersonRole.STAFF, CommentKind.NOTE, Audience.STAFF),
        ("4", PersonRole.STAFF, CommentKind.NOTE, Audience.STAFF),
    ]


@pytest.mark.parametrize(("updated", "edited"), [("11:00:00.400", False), ("11:00:03.000", True)])
def test_a_note_that_may_have_been_edited_says_so(updated: str, *, edited: bool) -> None:
    """Broken: a sign that an edit added publishes the note, if the edit came before the hub's first look."""
    text = told(note(501, updated_at=f"2026-03-01T{updated}Z")).ticket.messages[1]
    assert (text.edited is not None) == edited


def test_notes_of_a_service_desk_ticket() -> None:
    """Broken: a customer's mail is ignored as a bot's, or an internal note is taken for a reply."""
    texts = [note(1, author=BOT), note(2), note(3, internal=True), note(4, author=BOT, internal=True)]
    made = told(*texts, author=BOT, confidential=True, service_desk_reply_to="kim@customer.test")
    assert [(m.author.role, m.kind, m.audience) for m in made.ticket.messages] == [
        (PersonRole.CUSTOMER, CommentKind.DESCRIPTION, Audience.CUSTOMER),
        (PersonRole.CUSTOMER, CommentKind.MESSAGE, Audience.CUSTOMER),
        (PersonRole.STAFF, CommentKind.REPLY, Audience.CUSTOMER),
        (PersonRole.STAFF, CommentKind.NOTE, Audience.STAFF),
        (PersonRole.MACHINE, CommentKind.AUTOMATIC, Audience.STAFF),
    ]
    assert made.ticket.requester is not None
    assert made.ticket.requester.email == "kim@customer.test"


def test_a_masked_address_is_no_address() -> None:
    """Broken: with too low a role, mail is addressed to `ki*****@c*****.t**`."""
    requester = told(author=BOT, service_desk_reply_to="ki*****@c*****.t**").ticket.requester
    assert requester is not None
    assert requester.email is None


def test_unknown_visibility_is_staffs() -> None:
    """Broken: where an old server does not say `internal`, an internal note counts as a reply."""
    silent = {k: v for k, v in note().items() if k not in ("internal", "confidential")}
    made = told(silent, author=BOT, service_desk_reply_to="kim@customer.test")
    assert made.ticket.messages[1].audience is Audience.STAFF
    old = told({**silent, "confidential": True}, author=BOT, service_desk_reply_to="kim@customer.test")
    assert old.ticket.messages[1].kind is CommentKind.NOTE


# Files in texts.


@pytest.mark.parametrize(
    "address",
    [
        f"{UPLOAD}/a.png",
        f"/-/project/12{UPLOAD}/a.png",
        f"{URL}/-/project/12{UPLOAD}/a.png",
        f"/acme/shop{UPLOAD}/a.png",
        f"{URL}/acme/shop{UPLOAD}/a.png",
    ],
)
def test_each_form_of_an_address_is_a_file(address: str) -> None:
    """Broken: a picture that people see in GitLab does not arrive elsewhere."""
    for text, inline in (
        (f"See ![shot]({address}) here", True),
        (f"See ![](<{address}>){{width=50}}", True),
        (f"![other](x.png) and [a \\[1\\]]({address} 'title')", False),
        (f'<img width="3" src="{address}">', True),
    ):
        (file,) = files(text)
        assert (file.id, file.name, file.content_type) == (f"{SECRET}/a.png", "a.png", "image/png")
        assert (file.inline, file.location) == (inline, f"projects/12/uploads/{SECRET}/a.png")


@pytest.mark.parametrize(
    "address",
    [
        f"https://elsewhere.test/-/project/12{UPLOAD}/a.png",
        f"https://elsewhere.test/acme/shop{UPLOAD}/a.png",
        f"/-/project/13{UPLOAD}/a.png",
        f"/other/project{UPLOAD}/a.png",
        f"{UPLOAD}/..",
        f"{UPLOAD}/%2e%2e",
        f"{UPLOAD}/..%2F..%2F..%2F13%2Fissues",
        f"{UPLOAD}/../../../../13/issues",
        "/uploads/0123/a.png",
        f"{UPLOAD}/a.png?x=1",
    ],
)
def test_what_is_not_the_projects_file_stays_a_link(address: str) -> None:
    """Broken: whoever writes a text chooses what our credential fetches and hands to a customer."""
    assert files(f"![a]({address})") == ()


def test_a_files_name_is_data() -> None:
    """Broken: a name with a blank or an umlaut is fetched from the wrong address, or listed twice."""
    text = f"![a]({UPLOAD}/Pr%C3%BCf_1.pdf) [b]({UPLOAD}/Pr%C3%BCf_1.pdf)"
    (file,) = files(text)
    assert (file.name, file.inline) == ("Prüf_1.pdf", True)
    assert file.location == f"projects/12/uploads/{SECRET}/Pr%C3%BCf_1.pdf"
    assert files(f"[b]({UPLOAD}/Prüf_1.pdf)")[0].location == file.location


def test_texts_refer_to_the_files_found() -> None:
    """Broken: ids that the converter of texts does not know, so that pictures are lost on the way."""
    made = told(description=f"See ![shot]({UPLOAD}/a.png).").ticket.messages[0]
    assert read(made.body, made.attachments) == f"See ![shot](attachment:{SECRET}/a.png)."


@pytest.mark.parametrize("part", ["![", "](", "](<", "[a](b ", "src=", '<img src="', "/uploads/"])
def test_hostile_texts_take_no_time(part: str) -> None:
    """Broken: one long text of brackets stops the connection."""
    began = time.perf_counter()
    assert files(part * (1_000_000 // len(part))) == ()
    assert time.perf_counter() - began < 3


# Canonical values into what is sent.


@pytest.mark.parametrize(
    ("labels", "state", "value", "body"),
    [
        ([], "opened", Status.WAITING_ON_DEV, {"add_labels": "status::dev"}),
        (["status::dev"], "opened", Status.WAITING_ON_DEV, {}),
        (
            ["status::dev", "status::odd", "x"],
            "opened",
            Status.IN_PROGRESS,
            {"add_labels": "status::in-progress", "remove_labels": "status::dev,status::odd"},
        ),
        (["status::dev"], "opened", Status.OPEN, {"remove_labels": "status::dev"}),
        (
            ["status::dev"],
            "opened",
            Status.RESOLVED,
            {"remove_labels": "status::dev", "state_event": "close"},
        ),
        ([], "closed", Status.CLOSED, {}),
        ([], "closed", Status.OPEN, {"state_event": "reopen"}),
        ([], "closed", Status.WAITING_ON_DEV, {"add_labels": "status::dev", "state_event": "reopen"}),
    ],
)
def test_a_status_is_labels_and_state(
    labels: list[str], state: str, value: Status, body: dict[str, str]
) -> None:
    """Broken: two status labels at once, or a closed issue with a label saying that work goes on."""
    present = parsed(labels=labels, state=state)
    assert change(SIDE, {"status": value}, labels, Native(state)).body(present) == body


def test_all_fields_go_in_one_body() -> None:
    """Broken: several calls, several webhooks, and a half-written issue when one of them fails."""
    labels = ["priority::4", "old", "sla::breached", "kept"]
    values: dict[Field, Value] = {
        "subject": "New",
        "due": date(2026, 3, 9),
        "priority": Priority.HIGH,
        "sla": SlaState.ON_TRACK,
        "tags": frozenset({"kept", "new"}),
    }
    assert change(SIDE, values, labels, Native("opened")).body(parsed(labels=labels)) == {
        "title": "New",
        "due_date": "2026-03-09",
        "add_labels": "new,priority::2",
        "remove_labels": "old,priority::4,sla::breached",
    }


def test_what_is_taken_away_is_sent_as_nothing() -> None:
    """Broken: a due date or a priority that was taken back stays for ever."""
    labels = ["priority::4"]
    present = parsed(labels=labels, due_date="2026-03-09")
    body = change(SIDE, {"due": None, "priority": None}, labels, Native("opened")).body(present)
    assert body == {"due_date": "", "remove_labels": "priority::4"}


@pytest.mark.parametrize(
    ("tag", "labels"),
    [
        ("billing, urgent", "billing-urgent"),
        ("a,b", "a-b"),
        ("priority::1,2", None),
        ("status::dev", None),
        (" ", None),
        (",", None),
        ("x" * 256, None),
        ("x" * 255, "x" * 255),
    ],
)
def test_a_tag_is_a_label_or_left_out(tag: str, labels: str | None) -> None:
    """Broken: one odd tag of another tool stops a ticket, becomes two labels, or moves a card."""
    body = change(SIDE, {"tags": frozenset({tag, "vip"})}, (), Native("opened")).body(parsed(labels=[]))
    assert set(str(body["add_labels"]).split(",")) == {"vip", labels or "vip"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", None),
        ("status", Unmapped("odd")),
        ("priority", Status.OPEN),
        ("component", "billing"),
        ("subject", None),
        ("due", "tomorrow"),
    ],
)
def test_what_no_issue_can_hold_is_refused(name: Field, value: Value) -> None:
    """Broken: what is lost on the way is taken for written."""
    with pytest.raises(Unwritable) as refused:
        change(SIDE, {name: value}, (), Native("opened"))
    assert refused.value.field == name


def test_fields_without_a_vocabulary_cannot_be_held() -> None:
    """Broken: a plan promises what is then refused."""
    lenses = {k: v for k, v in vocabularies("gitlab", {}).items() if k == "status"}
    bare = config(vocabularies=lenses)
    assert set(GitLab(bare).capabilities.fields) == {"subject", "assignee", "due", "tags", "status"}
    assert set(natives(Side.of(bare), parsed())) == set(GitLab(bare).capabilities.fields)


# Error bodies.


@pytest.mark.parametrize(
    ("body", "text", "fields"),
    [
        ({"message": "404 Project Not Found"}, "404 Project Not Found", {}),
        ({"message": '400 Bad request - Note {:note=>["can\'t be blank"]}'}, "Bad request", {}),
        (
            {"message": {"title": ["can't be blank", "is odd"]}},
            "title: can't",
            {"title": "can't be blank, is odd"},
        ),
        ({"message": {"labels": {"title": ["is too long"]}}}, "title: is", {"title": "is too long"}),
        ({"message": {"base": ["No."]}}, "No.", {}),
        ({"message": ["one", "two"]}, "one, two", {}),
        ({"message": {"error": "requested too many times"}}, "requested too many times", {}),
        ({"error": "title is missing"}, "title: is missing", {"title": "is missing"}),
        (
            {"error": "state_event does not have a valid value"},
            "state_event: does not",
            {"state_event": "does not have a valid value"},
        ),
        (
            {"error": "insufficient_scope", "error_description": "It is too small.", "scope": "api"},
            "insufficient_scope; It is too small.",
            {},
        ),
        ({"error": "404 Not Found"}, "404 Not Found", {}),
        (["odd"], "odd", {}),
        ({}, "", {}),
        (None, "", {}),
    ],
)
def test_every_shape_of_error_is_read(body: Any, text: str, fields: dict[str, str]) -> None:
    """Broken: a person is told `Rejected` and not why."""
    answer = requests.Response()
    answer.status_code, answer._content = 400, json.dumps(body).encode()
    said, named = explain(answer)
    assert text in said
    assert dict(named) == fields
