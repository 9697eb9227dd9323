"""Freshdesk's connector: golden payloads translated, and single odd answers of the wire."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
import requests
import responses
from responses import matchers

from connectors.base import (
    CommentDraft,
    ConnectionConfig,
    Presence,
    Snapshot,
    TicketDraft,
    Upload,
)
from connectors.errors import Gone, Rejected, Throttled, Transient, Unauthorised, Uncertain
from connectors.freshdesk import payload, translate, wire
from connectors.freshdesk.abilities import abilities
from connectors.freshdesk.connector import Freshdesk
from connectors.freshdesk.files import files
from connectors.freshdesk.kinds import audience, kind
from connectors.freshdesk.walk import Walk
from mappings.boards import STAFF, BoardSpec, Place
from mappings.ticket import (
    MESSAGE_0,
    Attachment,
    Audience,
    CommentKind,
    Person,
    PersonRole,
    Priority,
    Ref,
    SlaState,
    Status,
    TicketType,
    Unmapped,
)
from tests.connectors.freshdesk_payloads import (
    AGENT,
    API,
    FORM,
    KIM,
    ME,
    NOTE,
    NOW,
    OURS,
    SECRET,
    TICKET,
    URL,
    account,
    body,
    configuration,
    conversation,
    sent,
    ticket,
    who,
)


@pytest.fixture
def config() -> ConnectionConfig:
    """A connection with one custom field, at a time that stands still."""
    return configuration()


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    """Freshdesk's wire: tests add what they need."""
    with account() as mock:
        yield mock


@pytest.fixture
def desk(config: ConnectionConfig) -> Freshdesk:
    """A connector that has made no call yet."""
    return Freshdesk(config)


def snapshot(config: ConnectionConfig, **changes: Any) -> Snapshot:
    """Return what the golden ticket says, without its conversations."""
    return translate.snapshot(config, ticket(**changes), [], who, NOW, abilities(config, []))


def note(text: str = "Hello", audience: Audience = Audience.STAFF, *uploads: Upload) -> CommentDraft:
    """Return a text to write."""
    return CommentDraft(markdown=text, audience=audience, uploads=uploads)


def upload(id: str = "o1", name: str = "log.txt", content: bytes = b"four") -> Upload:
    """Return a file on its way."""
    return Upload(id, name, "text/plain", BytesIO(content))


# Words


def test_a_ticket_is_translated_whole(config: ConnectionConfig) -> None:
    """Broken: fields or people of a ticket arrive elsewhere wrong."""
    read = translate.snapshot(config, ticket(), [conversation()], who, NOW, abilities(config, []))
    told = read.ticket
    assert (read.ref, read.ref.display, read.place) == (Ref("desk", "42"), "#42", "")
    assert read.url == f"{URL}/a/tickets/42"
    assert (read.version, read.presence) == ("2026-01-05T09:30:00Z", Presence.PRESENT)
    assert (told.status, told.priority, told.type) == (Status.OPEN, Priority.HIGH, TicketType.INCIDENT)
    assert (told.component, told.tags, told.sla) == ("Drum", frozenset({"hw"}), SlaState.AT_RISK)
    assert (told.first_response_due, told.due) == (
        datetime(2026, 1, 5, 13, tzinfo=UTC),
        datetime(2026, 1, 6, 9, tzinfo=UTC),
    )
    assert [message.id for message in told.messages] == [MESSAGE_0, "501"]
    assert told.messages[0].kind is CommentKind.DESCRIPTION
    assert [(file.id, file.size) for file in told.messages[0].attachments] == [("7", 4)]


@pytest.mark.parametrize("subject", [None, "", " \t"])
def test_a_ticket_without_a_subject_has_a_title_all_the_same(config: ConnectionConfig, subject: Any) -> None:
    """A mail need not have one; a work tool refuses a ticket without, and would never get it."""
    read = snapshot(config, subject=subject)
    assert (read.ticket.subject, read.native["subject"]) == (translate.NO_SUBJECT, subject)


def test_native_values_are_the_servers_own(config: ConnectionConfig) -> None:
    """Broken: a change is seen where there is none, or none where there is one."""
    assert translate.native(config, ticket(tags=["b", "sla-breached", "a"], due_by=None)) == {
        "subject": "Printer",
        "status": "2",
        "priority": "3",
        "type": "Incident",
        "component": "Drum",
        "assignee": "103000000002",
        "tags": ("a", "b"),
        "first_response_due": "2026-01-05T13:00:00Z",
        "due": None,
        "sla": "sla-breached",
    }


def test_only_what_settings_name_is_held(config: ConnectionConfig, desk: Freshdesk) -> None:
    """Broken: the engine writes a field that the account does not have."""
    assert "component" in desk.capabilities.fields
    assert {"version", "impact", "urgency", "resolution"}.isdisjoint(desk.capabilities.fields)


def test_a_custom_status_is_unmapped(config: ConnectionConfig) -> None:
    """Broken: a status that nobody mapped is guessed."""
    assert snapshot(config, status=17).ticket.status == Unmapped("17")


@pytest.mark.parametrize(
    ("tags", "state", "stated"),
    [
        ([], SlaState.ON_TRACK, "-"),
        (["sla-breached"], SlaState.BREACHED, "sla-breached"),
        (["sla-breached", "sla-at-risk"], None, "sla-at-risk,sla-breached"),
        (None, SlaState.ON_TRACK, "-"),
    ],
)
def test_the_clocks_tag(config: ConnectionConfig, tags: Any, state: Any, stated: str) -> None:
    """Broken: the tag that shows the clocks travels as a person's tag, or two of them say something."""
    read = snapshot(config, tags=tags)
    assert (read.ticket.sla, read.native["sla"], read.ticket.tags) == (state, stated, frozenset())


@pytest.mark.parametrize(
    ("said", "readers", "is_a"),
    [
        ({"source": 0, "private": False, "category": 3}, Audience.CUSTOMER, CommentKind.REPLY),
        ({"source": 2, "private": True}, Audience.STAFF, CommentKind.NOTE),
        ({"source": 2, "private": False, "category": 3}, Audience.CUSTOMER, CommentKind.NOTE),
        ({"source": 0, "private": False, "incoming": True}, Audience.CUSTOMER, CommentKind.MESSAGE),
        ({"source": 2, "private": False, "incoming": True}, Audience.CUSTOMER, CommentKind.MESSAGE),
        ({"source": 0, "private": True, "incoming": True}, Audience.STAFF, CommentKind.MESSAGE),
        ({"source": 8, "private": False}, Audience.STAFF, CommentKind.FORWARD),
        ({"source": 2, "private": True, "category": 6}, Audience.STAFF, CommentKind.FORWARD),
        ({"source": 6, "private": False, "category": 7}, Audience.CUSTOMER, CommentKind.AUTOMATIC),
        (
            {"source": 0, "private": False, "incoming": True, "auto_response": True},
            Audience.CUSTOMER,
            CommentKind.AUTOMATIC,
        ),
        ({"source": 2, "private": True, "automation_id": 9}, Audience.STAFF, CommentKind.AUTOMATIC),
        ({"source": 5, "private": False, "category": 3}, Audience.CUSTOMER, CommentKind.REPLY),
        ({"source": 5, "private": False, "category": None}, Audience.STAFF, CommentKind.NOTE),
        ({"source": 99, "private": None, "category": None}, Audience.STAFF, CommentKind.NOTE),
    ],
)
def test_who_can_read_each_kind(said: dict[str, Any], readers: Audience, is_a: CommentKind) -> None:
    """Broken: staff's words reach a customer, or a customer's message stays unseen."""
    read = conversation(**said)
    assert (audience(read), kind(read)) == (readers, is_a)


def test_an_outbound_ticket_was_written_by_its_agent(config: ConnectionConfig) -> None:
    """Broken: what an agent wrote to a customer is shown as the customer's words."""
    told = translate.snapshot(config, ticket(source=10), [], who, NOW, abilities(config, [])).ticket
    assert told.messages[0].author.key == str(AGENT)


@pytest.mark.parametrize("flag", ["deleted", "spam"])
def test_trash_and_spam_say_so(config: ConnectionConfig, flag: str) -> None:
    """Broken: a ticket in the trash is worked on; the version does not show that it went there."""
    read = snapshot(config, **{flag: True})
    assert (read.presence, read.version) == (Presence.TRASHED, "2026-01-05T09:30:00Z trashed")


def test_pictures_are_found_in_the_text() -> None:
    """Broken: pictures, which are not among the attachments, are lost."""
    html = (
        '<img src="https://attachment.freshdesk.com/inline/attachment?token=a&amp;b=1"'
        ' data-id="9" alt="A b.PNG">'
        f'<IMG src="{URL}/inline/attachment?token=c" alt="see here">'
        '<img src="https://s3.amazonaws.com/cdn.freshdesk.com/data/helpdesk/attachments/production/11/'
        'original/d.jpg?1">'
        '<img src="https://attachment.freshdesk.com/inline/attachment?token=a" data-id="9">'
    )
    one, two, three = files([], html, URL)
    assert (one.id, one.name, one.content_type, one.inline, one.size) == (
        "9",
        "A b.PNG",
        "image/png",
        True,
        None,
    )
    assert one.location == "https://attachment.freshdesk.com/inline/attachment?token=a&b=1"
    assert (two.name, len(two.id)) == (f"picture-{two.id}.png", 16)
    assert (three.id, three.name, three.content_type) == ("11", "d.jpg", "image/jpeg")
    assert "token" not in repr(one)


@pytest.mark.parametrize(
    "source",
    [
        "https://evil.example/inline/attachment?token=a",
        f"{API}/agents",
        f"{API}/tickets/1",
        "https://attachment.freshdesk.com.evil.example/inline/attachment",
        "cid:part1",
        "data:image/png;base64,AA",
        "https://[broken/inline/attachment",
        "",
    ],
)
def test_a_foreign_picture_is_no_file_of_ours(source: str) -> None:
    """Broken: whoever sends a mail can make the hub fetch what he likes."""
    assert files([], f'<img data-id="5" src="{source}">', URL) == ()


def test_broken_html_is_read() -> None:
    """Broken: one odd mail stops its ticket."""
    assert files([], "<img <img src='x' <p", URL) == ()


# What is sent


def test_only_differences_are_sent(config: ConnectionConfig) -> None:
    """Broken: unknown keys are refused, and values that stood there fire the account's rules."""
    present = snapshot(config).native
    values: Any = {"subject": "Printer", "status": Status.IN_PROGRESS, "priority": Priority.URGENT}
    assert payload.changes(config, "PUT", values, present) == {"priority": 4}
    custom: Any = {"component": "Fuser", "type": None}
    assert payload.changes(config, "PUT", custom, present) == {
        "type": None,
        "custom_fields": {"cf_part": "Fuser"},
    }


def test_dues_are_sent_together(config: ConnectionConfig) -> None:
    """Broken: one of them is refused because it is compared with an old value of the other."""
    values: Any = {"due": datetime(2026, 2, 1, tzinfo=UTC)}
    assert payload.changes(config, "PUT", values, snapshot(config).native) == {
        "due_by": "2026-02-01T00:00:00Z",
        "fr_due_by": "2026-01-05T13:00:00Z",
    }
    assert payload.changes(config, "PUT", values, {}) == {"due_by": "2026-02-01T00:00:00Z"}


@pytest.mark.parametrize(
    "values",
    [
        {"version": "1.0"},
        {"status": None},
        {"status": Unmapped("17")},
        {"priority": Status.OPEN},
        {"due": "tomorrow"},
    ],
)
def test_what_cannot_be_held_is_refused(config: ConnectionConfig, values: Any) -> None:
    """Broken: it is dropped without a word, or sent as nonsense."""
    with pytest.raises(Rejected) as refused:
        payload.changes(config, "PUT", values, snapshot(config).native)
    assert list(refused.value.fields) == list(values)


@pytest.mark.parametrize(
    ("values", "there", "wanted"),
    [
        ({"sla": SlaState.BREACHED}, ["hw", "sla-at-risk"], ["hw", "sla-breached"]),
        ({"sla": SlaState.ON_TRACK}, ["hw", "sla-at-risk"], ["hw"]),
        ({"tags": frozenset({"b", "a"})}, ["hw", "sla-at-risk"], ["a", "b", "sla-at-risk"]),
        ({"tags": frozenset()}, ["hw"], []),
        ({}, ["sla-at-risk", "sla-breached"], ["sla-at-risk", "sla-breached"]),
        ({"sla": SlaState.AT_RISK}, ["sla-at-risk", "sla-breached"], ["sla-at-risk"]),
    ],
)
def test_tags_are_written_whole(
    config: ConnectionConfig, values: Any, there: list[str], wanted: list[str]
) -> None:
    """Broken: writing the clocks' tag removes people's tags, or the other way round."""
    assert payload.tags(config, "PUT", values, there) == wanted


def test_forms_say_what_json_says() -> None:
    """Broken: a note with a file is public because its form did not say private."""
    said = {"private": True, "tags": ["a"], "custom_fields": {"cf_x": 1, "cf_y": None}, "type": None}
    assert payload.form(said) == [("private", "true"), ("tags[]", "a"), ("custom_fields[cf_x]", "1")]


# The wire


def test_a_ticket_is_fetched_with_all_pages(web: responses.RequestsMock, desk: Freshdesk) -> None:
    """Broken: a long conversation is cut, or its authors are strangers."""
    web.get(f"{API}/tickets/42", json=TICKET)
    where = f"{API}/tickets/42/conversations"
    first = [{**NOTE, "id": 600, "user_id": KIM, "incoming": True, "private": False}]
    link = {"link": f'<{where}?page=2&per_page=100>; rel="next"'}
    web.get(where, json=first, headers=link, match=[matchers.query_param_matcher({"per_page": "100"})])
    web.get(where, json=[{**NOTE, "id": 601}, {**NOTE, "id": 602, "user_id": AGENT}])
    read = desk.fetch("42").ticket
    roles = [message.author.role for message in read.messages]
    assert roles == [PersonRole.CUSTOMER, PersonRole.CUSTOMER, PersonRole.HUB, PersonRole.STAFF]
    assert (read.requester and read.requester.email) == "kim@example.org"
    assert (read.assignee and read.assignee.name) == "Ana"
    assert (read.organisation and read.organisation.name) == "Lantern Books"


def test_who_is_gone_was_staff_if_they_answered_a_customer(
    web: responses.RequestsMock, desk: Freshdesk
) -> None:
    """Broken: a former colleague's reply is no answer, or a customer's message that opens a ticket again."""
    web.get(f"{API}/tickets/42", json=TICKET)
    contact = TICKET["requester_id"]
    reply = {**NOTE, "user_id": 77, "private": False, "source": 0, "incoming": False}
    note = {**reply, "source": 2}
    deleted, asks = {"user_id": 78}, {"user_id": contact}
    said = {
        1: (reply, PersonRole.STAFF),
        2: ({**reply, "incoming": True}, PersonRole.UNKNOWN),
        3: ({**reply, "user_id": None}, PersonRole.UNKNOWN),
        4: (note, PersonRole.UNKNOWN),  # programs bring in customers' words so
        5: ({**note, "private": True}, PersonRole.STAFF),
        6: (reply | deleted, PersonRole.STAFF),
        7: (note | deleted | {"private": True}, PersonRole.STAFF),
        8: (note | deleted, PersonRole.CUSTOMER),
        9: (reply | asks, PersonRole.CUSTOMER),
    }
    texts = [{**row, "id": id} for id, (row, _) in said.items()]
    web.get(f"{API}/tickets/42/conversations", json=texts)
    web.get(f"{API}/contacts/77", status=404, headers=OURS)
    web.get(f"{API}/contacts/78", json={"id": 78, "name": "Former Fran", "email": "fran@acme.example"})
    roles = {message.id: message.author.role for message in desk.fetch("42").ticket.messages[1:]}
    assert roles == {str(id): role for id, (_, role) in said.items()}


def test_people_are_asked_for_once(web: responses.RequestsMock, desk: Freshdesk) -> None:
    """Broken: each former colleague costs a call per text, or stops his ticket."""
    web.get(f"{API}/tickets/42", json={**TICKET, "responder_id": 77})
    web.get(
        f"{API}/tickets/42/conversations", json=[{**NOTE, "user_id": 77}, {**NOTE, "id": 9, "user_id": 77}]
    )
    lost = web.get(f"{API}/contacts/77", status=404, headers=OURS)
    for _ in range(2):
        read = desk.fetch("42").ticket
        assert read.assignee == Person("desk", "77", "former user #77", PersonRole.UNKNOWN)
    assert lost.call_count == 1


def test_an_ordinary_agents_key_finds_names_in_the_form(web: responses.RequestsMock, desk: Freshdesk) -> None:
    """Broken: with a key that is no admin's, staff are taken for customers."""
    web.replace("GET", f"{API}/agents", status=403, json={"code": "access_denied", "message": "No."})
    web.get(f"{API}/tickets/42", json=TICKET)
    web.get(f"{API}/tickets/42/conversations", json=[])
    assert desk.fetch("42").ticket.assignee == Person("desk", str(AGENT), "Ana", PersonRole.STAFF)


@pytest.mark.parametrize(("group", "called"), [(9, "Level 2"), (8, "group #8"), (None, "")])
def test_the_group_is_called_as_people_call_it(
    web: responses.RequestsMock, desk: Freshdesk, group: int | None, called: str
) -> None:
    """Broken: the metrics of a team tell numbers that nobody knows, or those of all teams as one."""
    form = [*FORM, {"id": 6, "name": "group", "type": "default_group", "choices": {"Level 2": 9}}]
    web.replace("GET", f"{API}/ticket_fields", json=form)
    web.get(f"{API}/tickets/42", json={**TICKET, "group_id": group})
    web.get(f"{API}/tickets/42/conversations", json=[])
    assert desk.fetch("42").ticket.group == called


@pytest.mark.parametrize("lost", [requests.ConnectionError("reset"), requests.ReadTimeout(), 500, 504])
def test_a_note_whose_answer_is_lost_is_uncertain(
    web: responses.RequestsMock, desk: Freshdesk, lost: Any
) -> None:
    """Broken: the note is sent again and stands there twice."""
    answer: dict[str, Any] = {"status": lost} if isinstance(lost, int) else {"body": lost}
    call = web.post(f"{API}/tickets/42/notes", **answer)
    with pytest.raises(Uncertain):
        desk.add_comment("42", note())
    assert call.call_count == 1


def test_a_repeatable_write_is_repeated(
    web: responses.RequestsMock, desk: Freshdesk, config: ConnectionConfig
) -> None:
    """Broken: a passing fault of theirs stops a write that could simply be made again."""
    web.put(f"{API}/tickets/42", status=503, body="<html>busy</html>")
    web.put(f"{API}/tickets/42", json={**TICKET, "subject": "Scanner"})
    written = desk.set_fields(snapshot(config), {"subject": "Scanner"})
    assert written.native["subject"] == "Scanner"
    assert body(sent(web, "PUT")[0]) == {"subject": "Scanner"}


def test_a_spent_quota_is_waited_for(web: responses.RequestsMock, desk: Freshdesk) -> None:
    """Broken: we go on calling while the account is shut, for every tool that shares it."""
    web.get(f"{API}/tickets/42", status=429, headers={"Retry-After": "34"})
    for _ in range(2):
        with pytest.raises(Throttled) as told:
            desk.fetch("42")
        assert timedelta(seconds=34) <= told.value.until - NOW <= timedelta(seconds=38)
    assert len(web.calls) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"json": {**TICKET, "status": "two"}}, "status"),
        ({"json": {**TICKET, "updated_at": None}}, "updated_at"),
    ],
)
def test_a_malformed_answer_names_call_and_field(
    web: responses.RequestsMock, desk: Freshdesk, answer: dict[str, Any], said: str
) -> None:
    """Broken: a traceback instead of a name, or nonsense that is synced."""
    web.get(f"{API}/tickets/42", **answer)
    with pytest.raises(Rejected, match=said) as refused:
        desk.fetch("42")
    assert "GET /api/v2/tickets/42" in str(refused.value)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"body": "{oops"}, "not JSON"),
        ({"body": "<html>log in</html>"}, "not JSON"),
        ({"json": []}, "malformed"),
    ],
)
def test_what_a_proxy_answers_in_their_place_passes(
    web: responses.RequestsMock, desk: Freshdesk, answer: dict[str, Any], said: str
) -> None:
    """Broken: each ticket that was looked at while a proxy answered is set aside until a person comes."""
    web.get(f"{API}/tickets/42", **answer)
    with pytest.raises(Transient, match=said) as passing:
        desk.fetch("42")
    assert "GET /api/v2/tickets/42" in str(passing.value)


@pytest.mark.parametrize("answer", [{"body": "<html>log in</html>"}, {"json": "?"}])
def test_who_a_proxy_kept_from_being_read_is_asked_for_again(
    web: responses.RequestsMock, desk: Freshdesk, answer: dict[str, Any]
) -> None:
    """Broken: a customer is a former user for half an hour, and their texts are copied under that name."""
    web.replace("GET", f"{API}/contacts/{TICKET['requester_id']}", **answer)
    web.get(f"{API}/tickets/42", json=TICKET)
    with pytest.raises(Transient):
        desk.fetch("42")


def test_a_404_of_another_machine_says_so(web: responses.RequestsMock, desk: Freshdesk) -> None:
    """Broken: behind a proxy that lost its way every ticket is gone, and its page stands in our log."""
    web.get(f"{API}/tickets/42", status=404, body="<html>No such page</html>")
    with pytest.raises(Transient, match="is the connection's url right") as lost:
        desk.fetch("42")
    assert "html" not in str(lost.value)


def test_a_wrong_key_is_unauthorised(web: responses.RequestsMock, desk: Freshdesk) -> None:
    """Broken: with a wrong key every ticket is parked instead of the connection paused."""
    said = {"code": "invalid_credentials", "message": "You have to be logged in to perform this action."}
    web.replace("GET", f"{API}/agents/me", status=401, json=said)
    with pytest.raises(Unauthorised, match="logged in") as refused:
        desk.whoami()
    assert SECRET not in str(refused.value) + repr(desk) + repr(vars(desk))
    assert "logged in" in desk.problems([])[0]


def test_a_redirect_is_not_followed_with_the_key(web: responses.RequestsMock, desk: Freshdesk) -> None:
    """Broken: a wrong sub-domain's sign-up page is given the key."""
    web.get(f"{API}/tickets/42", status=302, headers={"Location": "https://www.freshworks.com/signup"})
    with pytest.raises(Rejected, match="redirects"):
        desk.fetch("42")


def test_errors_name_their_fields(
    web: responses.RequestsMock, desk: Freshdesk, config: ConnectionConfig
) -> None:
    """Broken: people are told "400" and must guess which field was wrong."""
    wrong = {
        "field": "cf_part",
        "message": "It should be one of these values: 'Drum'",
        "code": "invalid_value",
    }
    web.put(f"{API}/tickets/42", status=400, json={"description": "Validation failed", "errors": [wrong]})
    with pytest.raises(Rejected, match="cf_part: It should be") as refused:
        desk.set_fields(snapshot(config), {"component": "Fuser"})
    assert refused.value.fields == {"cf_part": wrong["message"]}


def test_writing_to_the_trash_says_trash(
    web: responses.RequestsMock, desk: Freshdesk, config: ConnectionConfig
) -> None:
    """Broken: a 405 looks like a mistake of ours."""
    text = "PUT method is not allowed. It should be one of these method(s): GET"
    web.put(f"{API}/tickets/42", status=405, json={"message": text})
    with pytest.raises(Rejected, match="in the trash"):
        desk.set_fields(snapshot(config), {"subject": "Scanner"})


def test_closing_is_silent_and_last(
    web: responses.RequestsMock, desk: Freshdesk, config: ConnectionConfig
) -> None:
    """Broken: the customer is mailed that the ticket was closed, or a required field comes too late."""
    web.put(f"{API}/tickets/42", json={**TICKET, "priority": 4})
    web.post(f"{API}/tickets/bulk_update", json={"job_id": "j1", "href": "x"})
    web.get(f"{API}/jobs/j1", json={"id": "j1", "status": "IN_PROGRESS"})
    web.get(f"{API}/jobs/j1", json={"id": "j1", "status": "COMPLETED"})
    web.get(f"{API}/tickets/42", json={**TICKET, "priority": 4, "status": 5})
    written = desk.set_fields(snapshot(config), {"status": Status.CLOSED, "priority": Priority.URGENT})
    assert written.native["status"] == "5"
    put, post = sent(web, "PUT")[0], sent(web, "POST")[0]
    assert body(put) == {"priority": 4}
    assert body(post) == {
        "bulk_action": {"ids": [42], "properties": {"status": 5, "skip_close_notification": True}}
    }
    assert [call.request.method for call in web.calls] == ["PUT", "POST", "GET", "GET", "GET"]


def test_a_close_that_failed_is_rejected(
    web: responses.RequestsMock, desk: Freshdesk, config: ConnectionConfig
) -> None:
    """Broken: a job that ended without effect counts as done."""
    web.post(f"{API}/tickets/bulk_update", json={"job_id": 5})
    web.get(f"{API}/jobs/5", json={"status": "FAILED"})
    web.get(f"{API}/tickets/42", json=TICKET)
    with pytest.raises(Rejected, match="required for closing") as refused:
        desk.set_fields(snapshot(config), {"status": Status.RESOLVED})
    assert "status" in refused.value.fields


def test_a_job_that_never_ends_comes_later(
    web: responses.RequestsMock, desk: Freshdesk, config: ConnectionConfig
) -> None:
    """Broken: a worker hangs at a job of theirs."""
    web.post(f"{API}/tickets/bulk_update", json={"job_id": "j1"})
    web.get(f"{API}/jobs/j1", json={"status": "QUEUED"})
    with pytest.raises(Transient):
        desk.set_fields(snapshot(config), {"status": Status.RESOLVED})


def test_nothing_to_write_is_only_read(
    web: responses.RequestsMock, desk: Freshdesk, config: ConnectionConfig
) -> None:
    """Broken: writing what stands there bumps the ticket and fires the account's rules."""
    web.get(f"{API}/tickets/42", json=TICKET)
    desk.set_fields(snapshot(config), {"subject": "Printer", "sla": SlaState.AT_RISK})
    desk.change_tags(snapshot(config), frozenset({"hw"}), frozenset({"other"}))
    assert {call.request.method for call in web.calls} == {"GET"}


def test_tags_are_changed_from_what_is_there_now(
    web: responses.RequestsMock, desk: Freshdesk, config: ConnectionConfig
) -> None:
    """Broken: a tag that somebody added a moment ago is removed."""
    web.get(f"{API}/tickets/42", json={**TICKET, "tags": ["hw", "new", "old"]})
    web.put(f"{API}/tickets/42", json={**TICKET, "tags": ["hw", "new", "dev"]})
    written = desk.change_tags(snapshot(config), frozenset({"dev"}), frozenset({"old"}))
    assert body(sent(web, "PUT")[0]) == {"tags": ["hw", "new", "dev"]}
    assert written.native["tags"] == ("dev", "hw", "new")


@pytest.mark.parametrize("audience", [Audience.STAFF, Audience.CUSTOMER])
def test_a_comment_is_always_a_note(web: responses.RequestsMock, desk: Freshdesk, audience: Audience) -> None:
    """Broken: staff's words are public, or a reply mails the customer."""
    private = audience is Audience.STAFF
    web.post(f"{API}/tickets/42/notes", status=201, json={**NOTE, "private": private})
    written = desk.add_comment("42", note("**Hi**", audience))
    said = body(sent(web, "POST")[0])
    assert (said["private"], said.keys()) == (private, {"body", "private"})
    assert "<strong>Hi</strong>" in said["body"]
    assert (written.id, written.audience) == ("501", audience)
    assert written.revision == translate.comment(desk._config, conversation(private=private), who).revision


@pytest.mark.parametrize("answered", [False, None])
def test_a_note_that_came_out_public_is_told(
    web: responses.RequestsMock, desk: Freshdesk, answered: bool | None
) -> None:
    """Broken: a leak is believed to be private because private was asked for."""
    web.post(f"{API}/tickets/42/notes", status=201, json={**NOTE, "private": answered})
    assert desk.add_comment("42", note()).audience is Audience.CUSTOMER


def test_restricted_text_is_not_written(web: responses.RequestsMock, desk: Freshdesk) -> None:
    """Broken: what a few may read, all staff read."""
    with pytest.raises(Rejected, match="part of the staff"):
        desk.add_comment("42", note("Salaries", Audience.RESTRICTED))
    assert not web.calls


def test_files_go_with_their_note(web: responses.RequestsMock, desk: Freshdesk) -> None:
    """Broken: a file gets lost, or is taken for another of the same ticket."""
    rows = [{"id": id, "name": name} for id, name in ((8, "b.txt"), (7, "a.txt"))]
    web.post(f"{API}/tickets/42/notes", status=201, json={**NOTE, "attachments": rows})
    draft = note("See", Audience.STAFF, upload("o1", "a.txt", b"one"), upload("o2", "b.txt", b"two"))
    written = desk.add_comment("42", draft)
    assert written.files == {"o1": "7", "o2": "8"}
    content = sent(web, "POST")[0].body
    assert isinstance(content, bytes)
    assert content.count(b'name="attachments[]"') == 2
    assert b'name="private"\r\n\r\ntrue' in content


def test_an_edit_does_not_send_a_file_twice(web: responses.RequestsMock, desk: Freshdesk) -> None:
    """Broken: each edit adds the same file once more."""
    held = {"id": 7, "name": "log.txt", "size": 4}
    web.get(f"{API}/tickets/42/conversations", json=[{**NOTE, "attachments": [held]}])
    answer = {k: v for k, v in NOTE.items() if k != "private"}
    web.put(f"{API}/conversations/501", json={**answer, "attachments": [held, {"id": 8, "name": "new.txt"}]})
    draft = note("New", Audience.STAFF, upload(), upload("o2", "new.txt"))
    written = desk.edit_comment("42", "501", draft)
    assert (written.files, written.audience) == ({"o1": "7", "o2": "8"}, Audience.STAFF)
    content = sent(web, "PUT")[0].body
    assert isinstance(content, bytes)
    assert content.count(b'name="attachments[]"') == 1


@pytest.mark.parametrize(
    ("there", "error"),
    [
        ({"user_id": KIM}, Rejected),
        ({"private": False}, Rejected),
        ({"id": 999}, Gone),
    ],
)
def test_only_a_private_note_of_ours_takes_staffs_words(
    web: responses.RequestsMock, desk: Freshdesk, there: dict[str, Any], error: type[Exception]
) -> None:
    """Broken: a person's text is overwritten, or staff's words are put into a public note."""
    web.get(f"{API}/tickets/42/conversations", json=[{**NOTE, **there}])
    with pytest.raises(error):
        desk.edit_comment("42", "501", note())
    assert not sent(web, "PUT")


def test_a_customers_message_is_never_deleted(web: responses.RequestsMock, desk: Freshdesk) -> None:
    """Broken: Freshdesk deletes any conversation, a customer's too, for ever."""
    web.get(f"{API}/tickets/42/conversations", json=[{**NOTE, "user_id": KIM}])
    for id in ("501", MESSAGE_0):
        with pytest.raises(Rejected):
            desk.delete_comment("42", id)
    desk.delete_comment("42", "999")
    assert not sent(web, "DELETE")


def test_a_description_is_edited_only_if_ours(web: responses.RequestsMock, desk: Freshdesk) -> None:
    """Broken: what the customer first wrote is overwritten, or staff's words stand where he reads."""
    web.get(f"{API}/tickets/42", json=TICKET)
    web.get(f"{API}/tickets/43", json={**TICKET, "id": 43, "requester_id": ME})
    web.put(f"{API}/tickets/43", json={**TICKET, "id": 43, "description": "<div>New</div>"})
    with pytest.raises(Rejected, match="not ours"):
        desk.edit_comment("42", MESSAGE_0, note("New", Audience.CUSTOMER))
    with pytest.raises(Rejected, match="customers can read"):
        desk.edit_comment("43", MESSAGE_0, note("New"))
    assert desk.edit_comment("43", MESSAGE_0, note("New", Audience.CUSTOMER)).id == MESSAGE_0
    assert len(sent(web, "PUT")) == 1


def test_files_are_fetched_without_the_key(web: responses.RequestsMock, desk: Freshdesk) -> None:
    """Broken: the key goes to a storage host, which refuses it besides."""
    stored = "https://s3.eu-central-1.amazonaws.com/euc-cdn.freshdesk.com/data/x?X-Amz-Signature=s"
    inline = f"{URL}/inline/attachment?token=t"
    web.get(inline, status=302, headers={"Location": stored})
    web.get(stored, body=b"bytes")
    with desk.open_file(Attachment("7", "a.png", "image/png", None, True, inline)) as stream:
        assert stream.read() == b"bytes"
    assert all("Authorization" not in call.request.headers for call in web.calls)
    desk.whoami()
    assert "Authorization" in web.calls[-1].request.headers


@pytest.mark.parametrize(
    "location", ["https://evil.example/x", "http://s3.amazonaws.com/x", "file:///etc/passwd", ""]
)
def test_files_of_foreign_hosts_are_refused(
    web: responses.RequestsMock, desk: Freshdesk, location: str
) -> None:
    """Broken: an answer can make the hub fetch from anywhere, our own network included."""
    web.get(f"{API}/", status=404)
    with pytest.raises((Rejected, Gone)), desk.open_file(Attachment("7", "a", "a/b", 1, False, location)):
        pass
    assert all(call.request.url == f"{API}/" for call in web.calls)


def test_an_expired_file_is_gone(web: responses.RequestsMock, desk: Freshdesk) -> None:
    """Broken: an address that died after five minutes parks the ticket."""
    where = "https://s3.amazonaws.com/cdn.freshdesk.com/x?X-Amz-Signature=hidden"
    web.get(where, status=403, body="<Error/>")
    with pytest.raises(Gone) as gone, desk.open_file(Attachment("7", "a", "a/b", 1, False, where)):
        pass
    assert "hidden" not in str(gone.value)


class Lists:
    """The ticket lists as the reference describes them: by time, inclusive, with a page size of two."""

    def __init__(self, web: responses.RequestsMock) -> None:
        self.rows: dict[str, dict[int, str]] = {"": {}, "deleted": {}, "spam": {}}
        self.asked: list[dict[str, str]] = []
        web.add_callback("GET", f"{API}/tickets", self.answer)
        web.add_callback("GET", re.compile(rf"{API}/tickets/\d+$"), self.view)

    def view(self, request: Any) -> tuple[int, dict[str, str], str]:
        id = int(request.url.rpartition("/")[2])
        for name, rows in self.rows.items():
            if id in rows:
                flags = {name: True} if name else {}
                return 200, OURS, json.dumps({**TICKET, "id": id, "updated_at": rows[id], **flags})
        return 404, OURS, ""

    def answer(self, request: Any) -> tuple[int, dict[str, str], str]:
        asked = request.params
        self.asked.append(asked)
        if asked["order_by"] == "created_at":
            newest = max((id for rows in self.rows.values() for id in rows), default=0)
            return 200, {}, json.dumps([{"id": newest, "updated_at": at(0)}])
        rows = sorted((at, id) for id, at in self.rows[asked.get("filter", "")].items())
        rows = [row for row in rows if row[0] >= asked["updated_since"]]
        first = (int(asked["page"]) - 1) * 2
        page = [
            {"id": id, "updated_at": at, "description": f"token-{id}"} for at, id in rows[first : first + 2]
        ]
        more = {"link": f'<{API}/tickets?page=9>; rel="next"'} if rows[first + 2 :] else {}
        return 200, more, json.dumps(page)


@pytest.fixture
def lists(web: responses.RequestsMock) -> Lists:
    """Ticket lists with two rows on a page."""
    return Lists(web)


def at(second: int) -> str:
    """Return a stamp within one minute."""
    return f"2026-01-05T10:00:{second:02}Z"


def test_changes_of_all_lists_come_oldest_first(lists: Lists, desk: Freshdesk) -> None:
    """Broken: trashed tickets live on elsewhere, or a cursor jumps over what is older."""
    lists.rows[""] = {1: at(1), 2: at(2), 3: at(6), 4: at(7), 5: at(9)}
    lists.rows["deleted"] = {8: at(1), 6: at(3)}
    lists.rows["spam"] = {7: at(8)}
    hints = list(desk.changed(datetime(2026, 1, 5, 10, 0, 1, 500_000, tzinfo=UTC)))
    assert [hint.key for hint in hints] == ["1", "8", "2", "6", "3", "4", "7", "5"]
    assert hints[3].version == f"{at(3)} trashed"
    assert {asked["order_type"] for asked in lists.asked} == {"asc"}


def test_many_changes_of_one_second_are_all_told(lists: Lists, desk: Freshdesk) -> None:
    """Broken: a bulk edit hides tickets, or the walk never ends."""
    lists.rows[""] = {**dict.fromkeys(range(1, 8), at(1)), 9: at(2)}
    hints = [hint.key for hint in desk.changed(NOW - timedelta(days=1))]
    assert hints == ["1", "2", "3", "4", "5", "6", "7", "9"]


def test_a_row_that_moves_hides_no_other(lists: Lists, desk: Freshdesk) -> None:
    """Broken: a ticket that changes while we walk shifts another one out of sight."""
    lists.rows[""] = {1: at(1), 2: at(1), 3: at(1), 4: at(1), 5: at(2), 6: at(3)}
    walk = desk.changed(NOW - timedelta(days=1))
    told = [next(walk).key]
    lists.rows[""][1] = at(9)
    lists.rows["deleted"][6] = at(9)
    del lists.rows[""][6]
    told += [hint.key for hint in walk]
    assert set(told) == {"1", "2", "3", "4", "5", "6"}
    assert told.count("1") == 2


@pytest.mark.parametrize("way", ["changed", "walk"])
def test_the_wall_of_the_list_is_passed(lists: Lists, desk: Freshdesk, way: str) -> None:
    """Broken: after a bulk edit of the whole account nothing is found any more, or a walk never ends."""
    beyond = 2 * 300 + 5  # two rows a page, 300 pages
    lists.rows[""] = {**dict.fromkeys(range(1, beyond), at(1)), beyond + 1: at(2), beyond + 2: at(3)}
    lists.rows["deleted"] = {beyond: at(1)}
    hints = [hint.key for hint in getattr(desk, way)(NOW - timedelta(days=1))]
    assert sorted(hints, key=int) == [str(id) for id in range(1, beyond + 3)]


def test_a_list_that_heeds_nothing_ends(web: responses.RequestsMock, desk: Freshdesk) -> None:
    """Broken: a mad server is asked for the same page for ever."""
    web.get(re.compile(rf"{API}/tickets/\d+$"), status=404, headers=OURS)
    page = [{"id": id, "updated_at": at(id)} for id in range(10)]
    web.get(f"{API}/tickets", json=page, headers={"link": f'<{API}/tickets?page=2>; rel="next"'})
    for way in (desk.walk(NOW), desk.walk(), desk.changed(NOW - timedelta(days=9))):
        with pytest.raises(Rejected, match="GET tickets"):
            list(way)


def test_a_walk_tells_trash_from_the_rest(lists: Lists, desk: Freshdesk) -> None:
    """Broken: tickets that were thrown away while the walk went on are never heard of."""
    lists.rows[""] = {1: at(1), 2: at(2), 3: at(3), 4: at(4), 5: at(5)}
    lists.rows["spam"] = {7: at(1)}
    walk = desk.walk()
    told = {(hint := next(walk)).key: hint.presence}
    lists.rows["deleted"][5] = lists.rows[""].pop(5)
    told |= {hint.key: hint.presence for hint in walk}
    assert [key for key, presence in told.items() if presence is Presence.PRESENT] == ["1", "2", "3", "4"]
    assert {key for key, presence in told.items() if presence is Presence.TRASHED} == {"5", "7"}
    assert {asked["updated_since"] for asked in lists.asked} >= {"1970-01-01T00:00:00Z"}


def test_a_walk_keeps_little(lists: Lists, desk: Freshdesk) -> None:
    """Broken: walking a large account fills the memory."""
    lists.rows[""] = {id: f"2026-01-05T10:{id // 60:02}:{id % 60:02}Z" for id in range(1, 200)}
    walk = Walk(desk._reader.http, NOW - timedelta(days=1), {}, kind=wire.Row)
    kept = [(row.id, len(walk._seen)) for row in walk]
    assert [id for id, _ in kept] == list(range(1, 200))
    assert max(seen for _, seen in kept) <= 2


def test_a_lost_create_is_found(lists: Lists, desk: Freshdesk) -> None:
    """Broken: a ticket whose answer was lost is created a second time."""
    lists.rows[""] = {1: at(1), 2: at(2), 3: at(3)}
    assert desk.find_created("token-3", NOW) is None
    assert desk.find_created("token-3", NOW - timedelta(hours=2)) == Ref("desk", "3")
    assert {(a["requester_id"], a["include"]) for a in lists.asked} == {(str(ME), "description")}


def test_we_request_what_we_create(web: responses.RequestsMock, desk: Freshdesk) -> None:
    """Broken: creating is refused for want of a requester, or mails a customer."""
    web.post(f"{API}/tickets", status=201, json={**TICKET, "due_by": None})
    draft = TicketDraft(
        place=Place("desk", "", STAFF, kind="Question"),
        values={"subject": "Printer", "priority": Priority.HIGH, "sla": SlaState.AT_RISK, "due": None},
        message=note("It smokes"),
        token="db1.a.b",
    )
    written = desk.create(draft)
    said = body(sent(web, "POST")[0])
    assert "It smokes" in said.pop("description")
    assert said == {
        "subject": "Printer",
        "priority": 3,
        "tags": ["sla-at-risk"],
        "type": "Question",
        "requester_id": ME,
    }
    assert (written.ref.key, written.native["due"]) == ("42", None)


def test_problems_name_all_that_is_wrong(web: responses.RequestsMock, config: ConnectionConfig) -> None:
    """Broken: a run starts and fails on its first ticket, for a reason that could be seen before."""
    form = [
        {**FORM[0], "choices": {"2": ["Open", "Open"], "3": ["P", "P"], "4": ["R", "R"]}},
        *FORM[1:],
        {"id": 6, "name": "cf_floor", "label": "Floor", "type": "custom_number", "required_for_agents": True},
        {"id": 8, "name": "cf_room", "label": "Room", "type": "custom_text", "required_for_agents": True},
        {"id": 7, "name": "cf_cause", "label": "Cause", "type": "custom_text", "required_for_closure": True},
    ]
    web.replace("GET", f"{API}/ticket_fields", json=form)
    wrong = replace(config, fields={"component": "cf_part", "version": "cf_version", "urgency": "cf_floor"})
    places = [Place("desk", "SUP", STAFF, kind="Epic")]
    lines = "\n".join(Freshdesk(wrong).problems(places))
    for word in ("'5'", "cf_version", "custom_number", "'SUP'", "'Epic'", "'Room'", "'Cause'"):
        assert word in lines
    assert len(lines.splitlines()) == 7


def test_a_ready_account_has_no_problems(web: responses.RequestsMock, desk: Freshdesk) -> None:
    """Broken: a good configuration cannot be started."""
    assert desk.problems([Place("desk", "", STAFF)]) == []


def test_there_are_no_boards_and_links(web: responses.RequestsMock, desk: Freshdesk) -> None:
    """Broken: somebody waits for a board that Freshdesk cannot have."""
    steps = desk.apply_board(BoardSpec("lantern", "Lantern Books", "", "lantern"))
    assert [step.manual for step in steps] == [True]
    assert desk.add_link("42", Ref("jira", "1"), "https://jira.example/1", "A-1") is False
    with pytest.raises(Rejected):
        desk.add_file("42", upload())
    assert not web.calls
