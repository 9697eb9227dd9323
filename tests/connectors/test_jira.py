"""The Jira connector: translating is tested purely, the wire's oddities with single odd answers."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import requests
import responses

from connectors.base import (
    CommentDraft,
    ConnectionConfig,
    Connector,
    TicketDraft,
    Upload,
)
from connectors.capabilities import Grain
from connectors.errors import (
    ConfigError,
    HubError,
    Rejected,
    Throttled,
    Transient,
    Unauthorised,
    Uncertain,
)
from connectors.jira import wire
from connectors.jira.abilities import ordinary
from connectors.jira.answers import explain
from connectors.jira.connector import connect
from connectors.jira.files import free_name
from connectors.jira.side import CANONICAL
from mappings.boards import BoardSpec
from mappings.markup import read
from mappings.ticket import (
    Attachment,
    Audience,
    CommentKind,
    Field,
    PersonRole,
    Priority,
    Raw,
    Ref,
    SlaState,
    Status,
    TextFormat,
    Unmapped,
    Urgency,
)
from mappings.vocabulary import vocabularies
from tests.connectors.jira_payloads import (
    AGILE,
    DANA,
    HUB,
    ISSUE,
    KIM,
    NOW,
    PLACE,
    REST,
    SITE,
    TOKEN,
    bodies,
    comment,
    configured,
    draft,
    file,
    issue,
    query,
    seen,
    serving,
    status,
    user,
)


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    """A Jira of which each test says what it answers; any other call is an error."""
    yield from serving()


@pytest.fixture
def config() -> ConnectionConfig:
    """Return the settings of a connection that works."""
    return configured()


@pytest.fixture
def jira(config: ConnectionConfig) -> Connector:
    """Return a connector that has made no call yet."""
    return connect(config)


# --- translating, purely


def test_an_issue_is_read_in_canonical_words() -> None:
    """Broken: a field is lost, or compared in a form that differs where the server's value does not."""
    snapshot = seen(issue())
    ticket = snapshot.ticket
    assert snapshot.ref == Ref("acme_jira", "10042")
    assert (snapshot.ref.display, snapshot.url) == ("SUP-12", f"{SITE}/browse/SUP-12")
    assert (snapshot.place, snapshot.version) == ("SUP", "2026-03-01T12:30:00.500+00:00")
    assert (ticket.status, ticket.priority, ticket.type) == (Status.IN_PROGRESS, Priority.HIGH, None)
    assert (ticket.tags, ticket.sla) == (frozenset({"printing", "Acme"}), SlaState.AT_RISK)
    assert (ticket.due, ticket.component, ticket.urgency) == (date(2026, 3, 5), "pump", Urgency.HIGH)
    assert ticket.first_response_due == datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    assert snapshot.native == {
        "subject": "Printer smokes",
        "status": "3",
        "priority": "2",
        "assignee": None,
        "tags": ("Acme", "printing"),
        "due": "2026-03-05",
        "sla": "sla-at-risk",
        "component": "pump",
        "urgency": "Now",
        "first_response_due": "2026-03-02T09:30:00.000+00:00",
    }


def test_the_exact_status_counts_before_its_category() -> None:
    """Broken: a site's own status is read as any other of its category."""
    assert seen(issue(status=status("10090", "indeterminate"))).ticket.status is Status.WAITING_ON_DEV
    assert seen(issue(status=status("5", "undefined"))).ticket.status == Unmapped("5")


@pytest.mark.parametrize(
    ("labels", "state", "native"),
    [
        ([], SlaState.ON_TRACK, "-"),
        (None, SlaState.ON_TRACK, "-"),
        (["sla-breached", "sla-at-risk"], SlaState.BREACHED, "sla-at-risk sla-breached"),
    ],
)
def test_the_worst_clock_label_counts(labels: list[str] | None, state: SlaState, native: str) -> None:
    """Broken: two clock labels, or null for none, are read as a promise that is kept."""
    snapshot = seen(issue(labels=labels))
    assert (snapshot.ticket.sla, snapshot.native["sla"]) == (state, native)


def test_the_same_moment_is_the_same_version() -> None:
    """Broken: a change of the account's time zone makes every ticket look changed."""
    here = seen(issue(updated="2026-03-01T15:30:00.500+0300"))
    there = seen(issue(updated="2026-03-01T12:30:00.500Z"))
    assert here.version == there.version


def test_files_go_with_the_texts_that_name_them() -> None:
    """Broken: a file is lost, or one we uploaded ourselves is mirrored back as if a person had."""
    files = [
        file("1", "shot.png"),
        file("2", "log file.pdf"),
        file("3", "alone.pdf"),
        file("4", "ours.pdf", HUB),
    ]
    snapshot = seen(
        issue(description="See !shot.png|width=200!", attachment=files, creator=DANA),
        comment("7", "and [^log file.pdf], not shot.png"),
    )
    by_id = {message.id: message for message in snapshot.ticket.messages}
    first, second, ours = by_id["0"], by_id["7"], by_id["file:4"]
    assert [(a.id, a.inline) for a in first.attachments] == [("1", True), ("3", False)]
    assert [(a.id, a.inline) for a in second.attachments] == [("2", False)]
    assert (ours.author.role, [a.id for a in ours.attachments]) == (PersonRole.HUB, ["4"])
    assert first.attachments[0].location == "api/2/attachment/content/1?redirect=true"


def test_a_file_beside_our_description_is_a_message_of_its_own() -> None:
    """Broken: a developer's file on an issue that the hub made counts as the hub's, and never travels."""
    files = [file("3", "fix.pdf", DANA), file("4", "ours.pdf", HUB)]
    description, alone, ours = seen(issue(description="It smokes.", attachment=files)).ticket.messages
    assert description.attachments == ()
    assert (alone.id, alone.author.name, [a.name for a in alone.attachments]) == (
        "file:3",
        "Dana",
        ["fix.pdf"],
    )
    assert ours.author.role is PersonRole.HUB  # found again if the answer to its upload was lost


def test_of_files_with_one_name_a_text_means_the_newest_it_can_know() -> None:
    """Broken: an old answer shows a picture that was uploaded after it, and the other file is lost."""
    files = [file("1", "a.png", at="08:00"), file("2", "a.png", at="09:30"), file("3", "a.png", at="11:00")]
    first, *more = seen(issue(attachment=files, creator=DANA), comment("7", "!a.png!")).ticket.messages
    (second,) = (m for m in more if m.id == "7")
    assert [a.id for a in second.attachments] == ["2"]
    assert {a.id for m in (first, *more) if m is not second for a in m.attachments} == {"1", "3"}


@pytest.mark.parametrize(("seconds", "alone"), [(0, False), (9, False), (11, True)])
def test_a_file_is_as_old_as_itself(seconds: int, *, alone: bool) -> None:
    """Broken: what a developer attaches to an old issue counts as old, and stays there when it is linked."""
    made = issue(creator=DANA)
    at = datetime.fromisoformat(made["fields"]["created"]) + timedelta(seconds=seconds)
    late = file("1", "a.bin", DANA) | {"created": at.isoformat(timespec="milliseconds")}
    first, *more = seen(issue(creator=DANA, attachment=[late])).ticket.messages
    assert [a.id for a in first.attachments] == ([] if alone else ["1"])
    assert [(m.id, m.created) for m in more] == ([("file:1", at)] if alone else [])


@pytest.mark.parametrize(
    ("project", "more", "audience"),
    [
        ("software", {}, Audience.STAFF),
        ("software", {"jsdPublic": False}, Audience.STAFF),
        ("service_desk", {}, Audience.CUSTOMER),
        ("service_desk", {"jsdPublic": False}, Audience.STAFF),
        ("service_desk", {"jsdPublic": None}, Audience.STAFF),
        ("service_desk", {"visibility": {"type": "role", "value": "Devs"}}, Audience.RESTRICTED),
        ("software", {"visibility": {"type": "group", "value": "Devs"}}, Audience.RESTRICTED),
    ],
)
def test_who_reads_a_comment(project: str, more: dict[str, Any], audience: Audience) -> None:
    """Broken: `jsdPublic`, which software projects show too, or a role's text reaches a customer."""
    place = {"id": "1", "key": "SUP", "name": "S", "projectTypeKey": project}
    assert seen(issue(project=place), comment("7", "x", **more)).ticket.messages[1].audience is audience


def test_authors_have_roles() -> None:
    """Broken: our own texts, an app's or a deleted person's are taken for staff's."""
    told = [comment("1", "a", HUB), comment("2", "b", user("a", "Bot", "app")), comment("3", "c", KIM)]
    snapshot = seen(issue(), *told, comment("4", "d") | {"author": None})
    roles = [m.author.role for m in snapshot.ticket.messages]
    assert roles == [
        PersonRole.HUB,
        PersonRole.HUB,
        PersonRole.MACHINE,
        PersonRole.CUSTOMER,
        PersonRole.UNKNOWN,
    ]
    assert snapshot.ticket.messages[3].kind is CommentKind.MESSAGE


@pytest.mark.parametrize(
    ("name", "taken", "free"),
    [
        ("shot.png", set(), "shot.png"),
        ("shot.png", {"shot.png", "2-shot.png"}, "3-shot.png"),
        ("a!b|c[1]^.png", set(), "a_b_c_1__.png"),
        ("", set(), "file"),
        ("x" * 300 + ".pdf", set(), "x" * 196 + ".pdf"),
    ],
)
def test_a_file_gets_a_name_that_texts_can_use(name: str, taken: set[str], free: str) -> None:
    """Broken: `!name!` shows another file, or ends in the middle of the name."""
    assert free_name(name, taken) == free


@pytest.mark.parametrize(
    ("body", "text", "fields"),
    [
        (
            {"errorMessages": ["No."], "errors": {"duedate": "Bad."}},
            "No.; due: Bad.",
            {"due": "Bad."},
        ),
        ({"errorMessages": ["Invalid request payload."]}, "Invalid request payload.", {}),
        (
            {"type": "about:blank", "title": "Not Found", "detail": "No endpoint GET /x"},
            "No endpoint GET /x",
            {},
        ),
        ({"errors": [{"message": "Too many."}]}, "Too many.", {}),
        ({"errorMessage": "No desk.", "i18nErrorMessage": {}}, "No desk.", {}),
        ({"code": 401, "message": "scope does not match"}, "scope does not match", {}),
    ],
)
def test_all_six_error_shapes_are_understood(body: object, text: str, fields: dict[str, str]) -> None:
    """Broken: a person is told "400" and not why, or the field that Jira minds is not named."""
    answer = requests.Response()
    answer._content = json.dumps(body).encode()
    assert explain(answer, CANONICAL) == (text, fields)


def test_a_wrong_type_names_call_and_field() -> None:
    """Broken: an answer that Jira changed ends in a traceback that names neither."""
    payload = issue(labels="not a list")
    with pytest.raises(Rejected, match=r"GET issue: the answer's fields\.labels is not") as refused:
        wire.parse(wire.Issue, payload, "acme_jira", "GET issue")
    assert "fields.labels" in refused.value.fields


# --- the wire


def test_nothing_is_asked_before_it_is_needed(
    server: responses.RequestsMock, config: ConnectionConfig
) -> None:
    """Broken: every start costs calls, or the secret shows in a repr."""
    jira = connect(config)
    assert ordinary(config, known=True).fields["due"].grain is Grain.DAY
    assert not server.calls
    assert "s3cret" not in repr(vars(jira)) + repr(config)


def test_settings_that_cannot_work_are_refused(config: ConnectionConfig) -> None:
    """Broken: a field that Jira has already is silently not read, or no project is ever polled."""
    with pytest.raises(ConfigError) as refused:
        connect(replace(config, fields={"subject": "customfield_1"}, projects=()))
    assert len(refused.value.problems) == 2


def test_every_page_of_comments_is_read(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: the hundred and first comment never travels."""
    told = [comment(str(n), f"Part {n}") for n in range(105)]
    server.get(ISSUE, json=issue())
    for start in (0, 100):
        page = {"comments": told[start : start + 100], "total": 105}
        server.get(f"{ISSUE}/comment", json=page, match=[query(startAt=str(start))])
    assert len(jira.fetch("10042").ticket.messages) == 106


def test_a_comment_deleted_meanwhile_hides_no_other(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: a deletion shifts another one out of sight, whose mirrors are then marked deleted."""
    told = [comment(str(n), f"Part {n}") for n in range(105)]
    server.get(ISSUE, json=issue())
    url = f"{ISSUE}/comment"
    server.get(url, json={"comments": told[:100], "total": 105}, match=[query(startAt="0")])
    server.get(url, json={"comments": told[101:], "total": 104}, match=[query(startAt="100")])
    server.get(url, json={"comments": told[1:101], "total": 104}, match=[query(startAt="0")])
    server.get(url, json={"comments": told[101:], "total": 104}, match=[query(startAt="100")])
    ids = {m.id for m in jira.fetch("10042").ticket.messages}
    assert {str(n) for n in range(1, 105)} <= ids


def test_a_lost_answer_is_uncertain_and_not_repeated(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: the library sends a lost comment four times."""
    server.get(ISSUE, json=issue())
    server.post(f"{ISSUE}/comment", status=502, body="<html>", content_type="text/html")
    with pytest.raises(Uncertain, match="a web page instead"):
        jira.add_comment("10042", draft())
    server.replace("POST", f"{ISSUE}/comment", body=requests.ConnectionError("reset"))
    with pytest.raises(Uncertain):
        jira.add_comment("10042", draft())
    assert len(bodies(server, "POST", f"{ISSUE}/comment")) == 2


def test_an_unreadable_answer_to_a_create_is_uncertain(
    server: responses.RequestsMock, jira: Connector
) -> None:
    """Broken: an issue that was created is parked as refused, and created again."""
    server.post(f"{REST}/issue", status=201, json={"self": "?"})
    values: dict[Field, Any] = {"subject": "Printer"}
    new = TicketDraft(place=PLACE, values=values, message=draft(), token=TOKEN)
    with pytest.raises(Uncertain, match="id"):
        jira.create(new)
    server.replace("POST", f"{REST}/issue", status=201, json={"id": "10042", "key": "SUP-12"})
    server.get(ISSUE, status=404, json={"errorMessages": ["Issue does not exist."]})
    with pytest.raises(Uncertain, match="created"):
        jira.create(new)


def test_a_throttle_stops_all_calls(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: the hub goes on calling a site that has told it to wait."""
    server.get(f"{REST}/field", json=[])
    server.replace("GET", f"{REST}/myself", status=429, headers={"Retry-After": "120"}, json={})
    for _ in range(2):
        with pytest.raises(Throttled) as refused:
            jira.whoami()
        assert (refused.value.until - NOW).total_seconds() == 120
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"status": 401, "json": {"message": "Unauthorized", "status-code": 401}}, Unauthorised),
        ({"status": 404, "body": "<html>no site</html>", "content_type": "text/html"}, Transient),
        ({"status": 200, "body": "<html>sign in</html>", "content_type": "text/html"}, Transient),
        ({"status": 200, "body": ""}, Transient),
        ({"status": 200, "json": ["?"]}, Transient),
        ({"status": 200, "json": "?"}, Transient),
        ({"status": 200, "json": {"accountId": 7}}, Rejected),
        (
            {"status": 403, "headers": {"X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE; x"}},
            Unauthorised,
        ),
        ({"status": 302, "headers": {"Location": "https://login.test/"}}, Rejected),
        ({"body": requests.ReadTimeout("slow")}, Transient),
    ],
)
def test_odd_answers_to_library_calls_end_in_our_errors(
    server: responses.RequestsMock, jira: Connector, answer: dict[str, Any], error: type[HubError]
) -> None:
    """Broken: the library's own error, or a ValueError with the body in it, ends the worker."""
    server.replace("GET", f"{REST}/myself", **answer)
    with pytest.raises(error) as raised:
        jira.whoami()
    assert type(raised.value) is error
    assert "s3cret" not in str(raised.value)


def test_a_conflict_passes(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: an edit that met another one is parked as if Jira had refused it (jira-api 1.2: 409)."""
    server.put(ISSUE, status=409, json={"errorMessages": ["Conflict."]})
    with pytest.raises(Transient):
        jira.set_fields(seen(issue()), {"subject": "Other"})


def test_files_are_fetched_from_known_hosts_only(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: a hostile payload makes the hub fetch, or send its token to, any address."""
    place = f"{REST}/attachment/content/1?redirect=true"
    for target in ("https://evil.test/x", "http://api.media.atlassian.com/x", "file:///etc/passwd"):
        server.add("GET", place, status=303, headers={"Location": target})
        with (
            pytest.raises(Rejected),
            jira.open_file(Attachment("1", "x", "", 1, inline=False, location=place)),
        ):
            pass
    stranger = Attachment("1", "x", "", 1, inline=False, location="https://evil.test/x")
    with pytest.raises(Rejected, match=r"evil\.test"), jira.open_file(stranger):
        pass


@pytest.mark.parametrize(
    "signed", ["https://api.media.atlassian.com/file/1?token=t", f"{SITE}/signed/1?token=t"]
)
def test_the_credential_stays_with_jira(server: responses.RequestsMock, jira: Connector, signed: str) -> None:
    """Broken: the token goes to the file host, or a signed address refuses the request because of it."""
    place = f"{REST}/attachment/content/1?redirect=true"
    server.get(place, status=303, headers={"Location": signed})
    server.get(signed, body=b"png")
    with jira.open_file(Attachment("1", "x", "", 3, inline=False, location=place)) as stream:
        assert stream.read() == b"png"
    first, second = (call.request.headers for call in server.calls)
    assert first["Authorization"].startswith("Basic ")
    assert "Authorization" not in second


def test_this_machine_has_two_names(server: responses.RequestsMock, config: ConnectionConfig) -> None:
    """Broken: files of a site on this machine cannot be fetched, or any other port of it can."""
    here = "http://127.0.0.1:8080"
    jira = connect(replace(config, url=here))
    for port in ("8080", "8081"):
        server.get(f"http://localhost:{port}/media/1", body=b"png")
    known = Attachment("1", "x", "", 3, inline=False, location="http://localhost:8080/media/1")
    with jira.open_file(known) as stream:
        assert stream.read() == b"png"
    assert "Authorization" not in server.calls[0].request.headers
    other = replace(known, location="http://localhost:8081/media/1")
    with pytest.raises(Rejected), jira.open_file(other):
        pass


# --- writing


def test_only_what_changed_is_written_and_clock_labels_stay(
    server: responses.RequestsMock, jira: Connector
) -> None:
    """Broken: an edit overwrites what others wrote, or tags wipe out the clock's label."""
    server.put(ISSUE, status=204)
    server.get(ISSUE, json=issue())
    values: dict[Field, Any] = {
        "subject": "Two\nlines",
        "priority": Priority.URGENT,
        "due": None,
        "tags": frozenset({"printing", "needs review"}),
        "sla": SlaState.BREACHED,
        "component": "valve",
        "urgency": Urgency.LOW,
        "first_response_due": NOW,
    }
    written = jira.set_fields(seen(issue()), values)
    [body] = bodies(server, "PUT", ISSUE)
    assert body["fields"] == {
        "summary": "Two lines",
        "priority": {"id": "1"},
        "duedate": None,
        "customfield_10050": "valve",
        "customfield_10051": {"value": "Slow"},
        "customfield_10052": "2026-03-02T09:00:00.000+0000",
    }
    verbs = body["update"]["labels"]
    assert {"add": "needs-review"} in verbs
    assert {"remove": "Acme"} in verbs
    assert [v for v in verbs if "sla" in str(v)] == [{"add": "sla-breached"}, {"remove": "sla-at-risk"}]
    assert written.native["subject"] == "Printer smokes"


def test_tags_are_changed_by_verbs(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: a tag that somebody else added meanwhile is lost, or the clock's label goes with the tags."""
    server.put(ISSUE, status=204)
    server.get(ISSUE, json=issue(labels=["needs-review", "sla-at-risk"]))
    present = seen(issue(labels=["needs-review", "sla-at-risk"]))
    jira.change_tags(present, frozenset({"a b"}), frozenset({"needs review", "sla-at-risk", "absent"}))
    [body] = bodies(server, "PUT", ISSUE)
    assert body["update"]["labels"] == [{"add": "a-b"}, {"remove": "needs-review"}]
    jira.change_tags(present, frozenset(), frozenset({"absent"}))
    assert len(bodies(server, "PUT", ISSUE)) == 1


def test_a_refused_field_is_named_canonically(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: a person reads of customfield_10050 and cannot tell which rule of theirs it is."""
    refusal = {"errors": {"customfield_10050": "Not on the screen.", "summary": "Too long."}}
    server.put(ISSUE, status=400, json=refusal)
    with pytest.raises(Rejected) as refused:
        jira.set_fields(seen(issue()), {"component": "valve"})
    assert refused.value.fields == {"component": "Not on the screen.", "subject": "Too long."}


def test_a_ticket_is_created_with_its_marker(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: an issue whose answer is lost cannot be found again, or its first status is forced in vain."""
    server.post(f"{REST}/issue", status=201, json={"id": "10042", "key": "SUP-12"})
    server.get(ISSUE, json=issue())
    server.get(f"{ISSUE}/transitions", json={"transitions": []})
    values: dict[Field, Any] = {
        "subject": "Printer",
        "status": Status.RESOLVED,
        "tags": frozenset({"a b"}),
        "sla": SlaState.AT_RISK,
    }
    written = jira.create(TicketDraft(place=PLACE, values=values, message=draft(), token=TOKEN))
    [body] = bodies(server, "POST", f"{REST}/issue")
    description = body["fields"].pop("description")
    assert TOKEN in read(Raw(TextFormat.ADF, json.dumps(description)), ()).splitlines()[0]
    assert body == {
        "fields": {
            "summary": "Printer",
            "labels": ["a-b", "sla-at-risk"],
            "project": {"key": "SUP"},
            "issuetype": {"id": "10001"},
        },
        "properties": [{"key": "deskbridge", "value": {"token": TOKEN}}],
    }
    assert (written.ref.key, written.native["status"]) == ("10042", "3")


def test_the_projects_first_ordinary_type_is_created(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: where the settings name no type, every ticket becomes an epic."""
    types = [
        {"id": "1", "name": "Epic", "subtask": False, "hierarchyLevel": 1},
        {"id": "2", "name": "Subtask", "subtask": True, "hierarchyLevel": -1},
        {"id": "3", "name": "Task", "subtask": False, "hierarchyLevel": 0},
    ]
    server.get(f"{REST}/issue/createmeta/SUP/issuetypes", json={"issueTypes": types})
    server.post(f"{REST}/issue", status=201, json={"id": "10042", "key": "SUP-12"})
    server.get(ISSUE, json=issue())
    for kind, sent in (("", {"id": "3"}), ("Bug", {"name": "Bug"})):
        jira.create(TicketDraft(place=replace(PLACE, kind=kind), values={}, message=draft(), token=TOKEN))
        assert bodies(server, "POST", f"{REST}/issue")[-1]["fields"]["issuetype"] == sent


def test_a_created_ticket_is_found_by_its_marker(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: after a lost answer a second ticket is created; also when somebody edited the description."""
    rows: list[dict[str, Any]] = [{"id": str(id), "key": f"SUP-{id}", "fields": {}} for id in (1, 2, 3, 4)]
    rows[1]["properties"] = {"deskbridge": {"token": TOKEN}}
    server.get(f"{REST}/search/jql", json={"issues": rows, "isLast": True})
    line = "[Kim|https://desk.test/4711#db1.abc.def], 2026"
    said = {3: "other", 4: f"Somebody wrote above it.\n{line}"}
    told = [{"id": str(id), "key": f"SUP-{id}", "fields": {"description": text}} for id, text in said.items()]
    server.post(f"{REST}/issue/bulkfetch", json={"issues": told})
    assert jira.find_created(TOKEN, NOW) == Ref("acme_jira", "2")
    assert jira.find_created("db1.abc.def", NOW) == Ref("acme_jira", "4"), "a request has its property last"
    assert jira.find_created("db1.other.one", NOW) is None
    sent = next(c.request.params for c in server.calls if "search" in c.request.url)  # type: ignore[attr-defined, operator]
    assert sent["jql"] == (
        'project in ("SUP") AND creator = currentUser() AND created >= -2m ORDER BY created DESC'
    )
    assert sent["properties"] == "deskbridge"


def test_a_comment_carries_its_marker_and_shows_its_files(
    server: responses.RequestsMock, jira: Connector
) -> None:
    """Broken: our own text comes back as new, or is seen as edited because its files were not counted."""
    files = [file("5", "2-shot.png", HUB)]
    server.get(ISSUE, json=issue(attachment=files))
    stored = comment("77", "See !2-shot.png!", HUB)
    server.post(f"{ISSUE}/comment", status=201, json=stored)
    server.get(f"{ISSUE}/comment/77", json=stored)
    written = jira.add_comment("10042", draft("See ![shot](attachment:9)", names={"9": "2-shot.png"}))
    [body] = bodies(server, "POST", f"{ISSUE}/comment")
    assert "!2-shot.png!" in body["body"]
    assert body["properties"] == [{"key": "deskbridge", "value": {"token": TOKEN}}]
    later = seen(issue(attachment=files), stored).ticket.messages[1]
    assert (written.id, written.revision, written.audience) == ("77", later.revision, Audience.STAFF)


def test_no_text_is_written_for_fewer_than_staff(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: what a role alone may read is read by everybody who sees the issue."""
    server.get(ISSUE, json=issue())
    with pytest.raises(Rejected):
        jira.add_comment("10042", draft(audience=Audience.RESTRICTED))
    with pytest.raises(Rejected):
        jira.create(_new(draft(audience=Audience.RESTRICTED)))


def test_the_description_is_message_0(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: pictures of message 0, which are uploaded after the create, never show in it."""
    server.put(ISSUE, status=204)
    server.get(ISSUE, json=issue())
    server.get(f"{ISSUE}/comment", json={"comments": [], "total": 0})
    written = jira.edit_comment("10042", "0", draft())
    assert "description" in bodies(server, "PUT", ISSUE)[0]["fields"]
    assert written.revision == seen(issue()).ticket.messages[0].revision
    with pytest.raises(Rejected):
        jira.delete_comment("10042", "0")


def test_deleting_twice_is_fine(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: a mirror that is gone already parks its ticket."""
    server.delete(f"{ISSUE}/comment/77", status=404, json={"errorMessages": ["Gone."]})
    jira.delete_comment("10042", "77")
    assert server.calls[0].request.headers["Content-Type"] == "application/json"  # or Cloud answers 415


def test_a_file_is_uploaded_as_what_it_is(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: every file is application/octet-stream, or `!shot.png!` means two files."""
    server.get(ISSUE, json=issue(attachment=[file("1", "shot.png")]))
    server.post(f"{ISSUE}/attachments", json=[file("9", "2-shot.png", HUB)])
    written = jira.add_file("10042", Upload("o", "shot.png", "image/png", io.BytesIO(b"png")))
    request = server.calls[-1].request
    assert request.headers["X-Atlassian-Token"] == "no-check"
    assert request.headers["Content-Type"].startswith("multipart/form-data")
    sent = request.body
    assert isinstance(sent, bytes)
    assert b'name="file"; filename="2-shot.png"' in sent
    assert b"Content-Type: image/png" in sent
    assert (written.id, written.name) == ("9", "2-shot.png")


def test_a_remote_link_is_an_upsert(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: every reconcile adds one more link to the issue."""
    server.post(f"{ISSUE}/remotelink", status=200, json={"id": 1})
    assert jira.add_link("10042", Ref("desk", "7"), "https://desk.test/7", "#7")
    [body] = bodies(server, "POST", f"{ISSUE}/remotelink")
    assert body["globalId"] == "deskbridge:desk:7"
    assert body["object"] == {"url": "https://desk.test/7", "title": "#7"}


# --- the workflow


RESOLUTION = {
    "name": "Resolution",
    "required": True,
    "hasDefaultValue": False,
    "allowedValues": [{"id": "10000", "name": "Done"}, {"id": "10001", "name": "Wontfix"}],
}


class Flow:
    """An issue that walks through a workflow of one-way transitions, over the mocked wire."""

    def __init__(self, server: responses.RequestsMock, ways: dict[str, list[tuple[str, str]]]) -> None:
        self.ways, self.here, self.taken = ways, "1", list[str]()
        self.screens: dict[str, dict[str, Any]] = {}
        self.deaf: set[str] = set()
        self.resolution: dict[str, str] | None = None
        self.given: list[dict[str, Any]] = []
        """The fields that each transition was taken with."""
        server.add_callback("GET", ISSUE, callback=self._show)
        server.add_callback("GET", f"{ISSUE}/transitions", callback=self._list)
        server.add_callback("POST", f"{ISSUE}/transitions", callback=self._take)

    def _status(self, id: str) -> dict[str, Any]:
        return status(id, {"1": "new", "9": "done", "8": "done"}.get(id, "indeterminate"), f"Status {id}")

    def _show(self, request: Any) -> tuple[int, dict[str, str], str]:
        return 200, {}, json.dumps(issue(status=self._status(self.here), resolution=self.resolution))

    def _list(self, request: Any) -> tuple[int, dict[str, str], str]:
        found = [
            {"id": id, "name": f"T{id}", "to": self._status(to), "fields": self.screens.get(id, {})}
            for id, to in self.ways.get(self.here, [])
        ]
        return 200, {}, json.dumps({"transitions": found})

    def _take(self, request: Any) -> tuple[int, dict[str, str], str]:
        body = json.loads(request.body)
        id = body["transition"]["id"]
        self.given.append(body.get("fields", {}))
        to = dict(self.ways.get(self.here, [])).get(id)
        if to is None:
            said = {"errorMessages": [f"Transition id '{id}' is not valid for this issue."], "errors": {}}
            return 400, {}, json.dumps(said)
        self.taken.append(id)
        self.here = self.here if id in self.deaf else to
        return 204, {}, ""


def resolve(jira: Connector, value: Status = Status.RESOLVED) -> str | None:
    """Ask for a status and return the native one that came of it."""
    return str(jira.set_fields(seen(issue(status=status("1", "new"))), {"status": value}).native["status"])


def test_a_status_is_reached_over_several_hops(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: a directed workflow cannot be followed, or the longest way is taken."""
    flow = Flow(server, {"1": [("a", "2"), ("b", "3")], "2": [("c", "1")], "3": [("d", "9")], "9": []})
    flow.ways["2"] += [("e", "3")]
    assert resolve(jira) == "9"
    assert flow.taken[-1] == "d"
    assert len(flow.taken) <= 3


def test_a_status_that_means_it_already_is_kept(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: a card jumps from one in-progress status to another, or loops to itself."""
    flow = Flow(server, {"7": [("x", "7"), ("y", "2")]})
    flow.here = "7"
    assert resolve(jira, Status.IN_PROGRESS) == "7"
    assert flow.taken == []


def test_the_exact_status_is_preferred(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: a status named by its id in the settings is passed over for another."""
    flow = Flow(server, {"1": [("a", "2"), ("b", "10090")]})
    assert resolve(jira, Status.WAITING_ON_DEV) == "10090"
    assert flow.taken == ["b"]


def test_no_way_leads_through_done(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: clocks stop and people are told that it is done, on the way to somewhere else."""
    flow = Flow(server, {"1": [("a", "9")], "9": [("b", "2")]})
    with pytest.raises(Rejected, match="no path from 'Status 1' to in_progress") as refused:
        resolve(jira, Status.IN_PROGRESS)
    assert (flow.taken, list(refused.value.fields)) == ([], ["status"])


def test_a_screen_that_asks_for_more_is_not_taken(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: the hub guesses a resolution, or nobody learns why the issue stays open, and the way out."""
    flow = Flow(server, {"1": [("a", "9")]})
    flow.screens["a"] = {"resolution": RESOLUTION}
    asked = server.get(f"{REST}/resolution/search", json={"values": []})
    out = "'Ta' asks for Resolution; say which in [connections.acme_jira]: resolution = \"Done\" (or Wontfix)"
    for _ in range(2):
        with pytest.raises(Rejected, match=f"{re.escape(out)}$"):
            resolve(jira)
    assert asked.call_count == 1
    flow.screens["a"] = {"resolution": RESOLUTION | {"hasDefaultValue": True}}
    assert (resolve(jira), flow.given) == ("9", [{}])


def test_a_screen_is_given_the_resolution_that_is_named(server: responses.RequestsMock) -> None:
    """Broken: a finished issue stays open, though the settings say as what it is to be closed."""
    flow = Flow(server, {"1": [("a", "9")]})
    flow.screens["a"] = {"resolution": RESOLUTION}
    for said in ("Wontfix", "wontfix", "10001"):
        flow.here = "1"
        assert resolve(connect(configured(resolution=said))) == "9"
    assert flow.given == [{"resolution": {"id": "10001"}}] * 3
    flow.here, flow.resolution = "1", {"id": "10001", "name": "Wontfix"}
    assert resolve(connect(configured(resolution="Done"))) == "9"
    assert flow.given[-1] == {"resolution": {"id": "10001"}}, "what a person said was overwritten"
    flow.here, flow.resolution = "1", None
    with pytest.raises(
        Rejected, match=r"asks for Resolution; it has no 'Fixed': say which in .* = \"Done\" "
    ):
        resolve(connect(configured(resolution="Fixed")))
    flow.screens["a"]["customfield_7"] = {"name": "Cause", "required": True}
    out = "'Ta' asks for Cause; make Cause optional there, or let a way without a screen lead to Status 9$"
    with pytest.raises(Rejected, match=out):
        resolve(connect(configured(resolution="Done")))
    assert flow.here == "1"


def test_a_screen_is_given_the_sites_own_default(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: people are asked for what an administrator had said, or each issue costs a further call."""
    flow = Flow(server, {"1": [("a", "9"), ("b", "9")], "9": [("c", "1")]})
    flow.screens |= {"a": {"resolution": RESOLUTION}, "b": {"resolution": RESOLUTION}}
    asked = server.get(
        f"{REST}/resolution/search", json={"values": [{"id": "10001"}]}, match=[query(onlyDefault="true")]
    )
    for _ in range(3):
        flow.here = "1"
        assert resolve(jira) == "9"
    assert (asked.call_count, flow.given) == (1, [{"resolution": {"id": "10001"}}] * 3)
    flow.screens["b"], flow.here = {}, "1"
    assert (resolve(connect(configured())), flow.taken[-1]) == ("9", "b"), (
        "a way that asks nothing goes before"
    )


def test_no_resolution_is_given_on_the_way_to_other_statuses(server: responses.RequestsMock) -> None:
    """Broken: an issue that somebody works on counts as resolved."""
    flow = Flow(server, {"1": [("a", "3")]})
    flow.screens["a"] = {"resolution": RESOLUTION}
    with pytest.raises(Rejected, match="make Resolution optional there"):
        resolve(connect(configured(resolution="Done")), Status.IN_PROGRESS)
    assert flow.given == []


def test_no_other_end_is_taken_for_the_one_that_is_named(server: responses.RequestsMock) -> None:
    """Broken: a solved request is shown to its customer as canceled, as solving it asks for something."""
    rows = {"read": {"9": "resolved"}, "write": {"resolved": "9"}}
    jira = connect(configured(vocabularies=vocabularies("jira", {"status": rows})))
    flow = Flow(server, {"1": [("cancel", "8"), ("a", "9")]})
    flow.screens["a"] = {"resolution": RESOLUTION}
    server.get(f"{REST}/resolution/search", json={"values": []})
    for _ in range(2):
        with pytest.raises(Rejected, match="'Ta' asks for Resolution"):
            resolve(jira)
    assert flow.here == "1"


def test_an_issue_that_cannot_arrive_goes_home(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: looking for a way leaves the card in a status that nobody chose."""
    flow = Flow(server, {"1": [("a", "2")], "2": [("b", "1"), ("c", "3")], "3": [("d", "2")]})
    with pytest.raises(Rejected, match="no path"):
        resolve(jira)
    assert flow.here == "1"


def test_a_transition_that_changes_nothing_is_not_believed(
    server: responses.RequestsMock, jira: Connector
) -> None:
    """Broken: a 204 counts as done (jira-api 4.1), or the same way is tried without end."""
    flow = Flow(server, {"1": [("a", "9")]})
    flow.deaf = {"a"}
    with pytest.raises(Rejected, match="'Ta' changed nothing"):
        resolve(jira)
    assert flow.taken == ["a"]


# --- boards and being ready


class Agile:
    """The few calls about filters and boards, with a memory."""

    def __init__(self, server: responses.RequestsMock) -> None:
        self.filters: list[dict[str, Any]] = []
        self.boards: list[dict[str, Any]] = []
        self.marks: dict[str, Any] = {}
        self.columns = [{"name": "To Do", "statuses": [{"id": "1"}]}]
        statuses = [status("1", "new", "To Do"), status("2", "indeterminate", "Waiting")]
        server.get(f"{REST}/project/SUP/statuses", json=[{"id": "10001", "statuses": statuses}])
        for method, url, answer in (
            ("GET", f"{REST}/filter/search", lambda r: {"values": self.filters, "isLast": True}),
            ("POST", f"{REST}/filter", self._new_filter),
            ("PUT", f"{REST}/filter/900", self._change),
            ("POST", f"{REST}/filter/900/permission", self._share),
            ("GET", f"{AGILE}/board/filter/900", lambda r: {"values": self.boards, "isLast": True}),
            ("GET", f"{AGILE}/board", lambda r: {"values": self.boards, "isLast": True}),
            ("POST", f"{AGILE}/board", self._new_board),
            ("GET", f"{AGILE}/board/84/configuration", self._setup),
            ("GET", f"{AGILE}/board/84/properties/deskbridge", lambda r: self.marks.get("84")),
            ("PUT", f"{AGILE}/board/84/properties/deskbridge", self._mark),
        ):
            server.add_callback(method, url, callback=_answering(answer))

    def _new_filter(self, body: Any) -> Any:
        self.filters.append({"id": "900", **body})
        return self.filters[-1]

    def _change(self, body: Any) -> Any:
        self.filters[0].update(body)
        return self.filters[0]

    def _share(self, body: Any) -> Any:
        self.filters[0]["sharePermissions"] = [{"type": "project", "project": {"id": body["projectId"]}}]
        return self.filters[0]["sharePermissions"]

    def _new_board(self, body: Any) -> Any:
        self.boards.append({"id": 84, "name": body["name"], "type": body["type"]})
        return self.boards[-1]

    def _mark(self, body: Any) -> Any:
        self.marks["84"] = {"key": "deskbridge", "value": body}
        return {}

    def _setup(self, body: Any) -> Any:
        return {"id": 84, "filter": {"id": "900"}, "columnConfig": {"columns": self.columns}}


SPEC = BoardSpec("lantern", "Lantern Books", "SUP", "customer-lantern")


def test_a_board_is_made_once_and_then_as_specified(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: each apply makes another board, or a status without a column hides tickets from a customer."""
    agile = Agile(server)
    assert len(jira.plan_board(SPEC)) == 3
    assert not agile.filters
    [by_hand] = jira.apply_board(SPEC)
    assert by_hand.manual
    assert "'Waiting'" in by_hand.what
    assert agile.filters[0]["jql"] == 'project = "SUP" AND labels = "customer-lantern" ORDER BY Rank ASC'
    assert agile.marks["84"]["value"] == {"customer": "lantern"}
    assert jira.plan_board(SPEC) == [by_hand]
    agile.columns.append({"name": "Waiting", "statuses": [{"id": "2"}]})
    assert jira.plan_board(SPEC) == jira.apply_board(SPEC) == []
    assert (len(agile.filters), len(agile.boards)) == (1, 1)


def test_a_team_managed_project_has_no_board_of_ours(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: a board is made that nobody can see, beside the one that the project has."""
    Agile(server)
    server.replace("GET", f"{REST}/project/SUP", json={"id": "10000", "key": "SUP", "simplified": True})
    [step] = jira.apply_board(SPEC)
    assert step.manual
    assert "SUP is team-managed" in step.what
    assert jira.plan_board(SPEC) == [step]
    assert [call for call in server.calls if call.request.method != "GET"] == []


def test_a_board_that_drifted_is_repaired(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: somebody widens the filter, and one customer's board shows another's tickets."""
    agile = Agile(server)
    agile.columns[0]["statuses"] = [{"id": "1"}, {"id": "2"}]
    jira.apply_board(SPEC)
    agile.filters[0] |= {"jql": "project = SUP", "sharePermissions": []}
    agile.boards[0]["name"] = "Renamed by somebody"
    steps = [step.what.split(" filter ")[0] for step in jira.plan_board(SPEC)]
    assert steps == ["repair", "share"]
    assert jira.apply_board(SPEC) == []
    assert jira.plan_board(SPEC) == []


def _new(message: CommentDraft) -> TicketDraft:
    return TicketDraft(place=PLACE, values={}, message=message, token=TOKEN)


def _answering(answer: Any) -> Any:
    def callback(request: Any) -> tuple[int, dict[str, str], str]:
        told = answer(json.loads(request.body) if request.body else None)
        return (404, {}, "{}") if told is None else (200, {}, json.dumps(deepcopy(told)))

    return callback
