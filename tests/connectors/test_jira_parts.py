"""What Jira tells of an issue beyond its conversation, and many issues at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import responses

from connectors.base import Connector, Presence, TicketDraft, WrittenTicket
from connectors.capabilities import Part
from connectors.errors import HubError, Rejected, Throttled, Transient, Uncertain
from connectors.jira.connector import connect
from mappings.ticket import (
    Attachment,
    Field,
    Person,
    PersonRole,
    Priority,
    Relation,
    RelationKind,
    Status,
    TimeEntry,
    Unmapped,
    Value,
)
from tests.connectors.jira_payloads import (
    DANA,
    HUB,
    ISSUE,
    NOW,
    PLACE,
    REST,
    TOKEN,
    bodies,
    comment,
    configured,
    draft,
    issue,
    query,
    serving,
    status,
)

BULK = f"{REST}/issue/bulk"
SILENT: dict[str, Any] = {"comments": [], "total": 0}
CLONERS = {"name": "Cloners", "inward": "is cloned by", "outward": "clones"}
BLOCKS = {"id": "10000", "name": "Blocks", "inward": "is blocked by", "outward": "blocks"}


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    """A Jira of which each test says what it answers; any other call is an error."""
    yield from serving()


@pytest.fixture
def jira() -> Connector:
    """Return a connector that has made no call yet."""
    return connect(configured())


def log(id: str, seconds: int = 3600, note: str = "h1. Roller") -> dict[str, Any]:
    """Return booked work as Jira shows it."""
    return {
        "id": id,
        "author": DANA,
        "started": "2026-03-01T12:00:00.000+0300",
        "timeSpentSeconds": seconds,
        "comment": note,
    }


def change(id: str, at: object, *items: tuple[str, str | None, str | None]) -> dict[str, Any]:
    """Return an entry of the changelog as Jira shows it."""
    told = [{"field": f, "fieldId": f, "from": a, "to": b, "fromString": "?"} for f, a, b in items]
    return {"id": id, "author": DANA, "created": at, "items": told}


def test_all_that_is_short_comes_in_one_call(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: each part costs a call of its own, and a migration takes a week longer."""
    inside = {"comments": [comment("1", "Hello")], "total": 1, "maxResults": 1, "startAt": 0}
    told = issue(
        comment=inside,
        worklog={"worklogs": [log("7")], "total": 1},
        watches={"watchCount": 0},
        issuelinks=[],
        subtasks=[],
    )
    server.get(ISSUE, json=told | {"changelog": {"histories": [], "total": 0}})
    jira.whoami()
    jira.fetch("10042")
    before = len(server.calls)
    snapshot = jira.fetch("10042", frozenset(Part))
    assert len(server.calls) - before == 1
    ticket = snapshot.ticket
    assert [m.id for m in ticket.messages] == ["0", "1"]
    assert ticket.time_entries is not None
    [entry] = ticket.time_entries
    assert (entry.spent, entry.author.name, entry.note) == (timedelta(hours=1), "Dana", "# Roller")
    assert entry.started == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert (ticket.participants, ticket.relations, ticket.history, ticket.ratings) == ((), (), (), None)
    sent = server.calls[-1].request.params  # type: ignore[attr-defined]
    assert sent["expand"] == "changelog"
    assert {"comment", "worklog", "watches", "issuelinks", "parent"} <= set(sent["fields"].split(","))


def test_all_worklogs_are_read(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: of a long job only the first twenty entries are reported."""
    logs = [log(str(n)) for n in range(45)]
    server.get(ISSUE, json=issue(worklog={"worklogs": logs[:20], "total": 45}, comment=SILENT))
    server.get(f"{ISSUE}/worklog", json={"worklogs": logs[20:40], "total": 45}, match=[query(startAt="20")])
    server.get(f"{ISSUE}/worklog", json={"worklogs": logs[40:], "total": 45}, match=[query(startAt="40")])
    entries = jira.fetch("10042", frozenset({Part.TIME})).ticket.time_entries or ()
    assert [entry.id for entry in entries] == [str(n) for n in range(45)]


def test_history_is_whole_and_oldest_first(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: of a long history only the newest part counts, or clocks run backwards."""
    inside: dict[str, Any] = {
        "histories": [change("9", "2026-03-01T10:00:00.000+0000", ("labels", "", "a"))],
        "total": 4,
    }
    pages = [
        change("3", 1772355600000, ("status", "1", "3"), ("priority", "3", "1")),
        change("10", "2026-03-01T11:00:00.000+0000", ("status", "3", "777"), ("issuetype", "1", "2")),
        change("4", "2026-03-01T09:30:00.000+0000", ("summary", None, None)),
    ]
    server.get(ISSUE, json=issue(comment=SILENT) | {"changelog": inside})
    server.get(f"{ISSUE}/changelog", json={"values": [*pages, *inside["histories"]], "total": 4})
    server.get(f"{REST}/status", json=[status("1", "new"), status("3", "indeterminate")])
    jira.fetch("10042", frozenset({Part.HISTORY}))
    history = jira.fetch("10042", frozenset({Part.HISTORY})).ticket.history or ()
    assert [(h.name, h.before, h.after) for h in history] == [
        ("status", Status.OPEN, Status.IN_PROGRESS),
        ("priority", Priority.MEDIUM, Priority.URGENT),
        ("status", Status.IN_PROGRESS, Unmapped("777")),
        ("type", Unmapped("1"), Unmapped("2")),
    ]
    assert history[0].at == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert history[0].actor is not None
    assert sum("/status" in str(call.request.url) for call in server.calls) == 1


def test_ties_have_directions(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: who waits for whom is read the wrong way round (jira-api 3.5)."""
    links = [
        {"id": "1", "type": BLOCKS, "outwardIssue": {"id": "10043", "key": "SUP-13"}},
        {"id": "2", "type": BLOCKS, "inwardIssue": {"id": "10044", "key": "SUP-14"}},
        {
            "id": "3",
            "type": CLONERS,
            "inwardIssue": {"id": "10045"},
        },
    ]
    told = issue(
        issuelinks=links,
        parent={"id": "10001", "key": "SUP-1"},
        subtasks=[{"id": "10002"}],
        comment=SILENT,
    )
    server.get(ISSUE, json=told)
    assert jira.fetch("10042", frozenset({Part.RELATIONS})).ticket.relations == (
        Relation(RelationKind.BLOCKS, "10043"),
        Relation(RelationKind.BLOCKED_BY, "10044"),
        Relation(RelationKind.RELATES_TO, "10045"),
        Relation(RelationKind.CHILD_OF, "10001"),
        Relation(RelationKind.PARENT_OF, "10002"),
    )


def test_a_tie_is_made_the_right_way_round_and_once(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: the bug seems to wait for the ticket, or each retry makes a link the other way."""
    server.get(ISSUE, json=issue(issuelinks=[]))
    server.get(f"{REST}/issueLinkType", json={"issueLinkTypes": [BLOCKS]})
    server.post(f"{REST}/issueLink", status=201)
    jira.add_relation("10042", Relation(RelationKind.BLOCKS, "10043"))
    jira.add_relation("10042", Relation(RelationKind.BLOCKED_BY, "10043"))
    ends = [
        (b["inwardIssue"]["id"], b["outwardIssue"]["id"]) for b in bodies(server, "POST", f"{REST}/issueLink")
    ]
    assert ends == [("10042", "10043"), ("10043", "10042")]
    there = issue(issuelinks=[{"id": "1", "type": BLOCKS, "outwardIssue": {"id": "10043"}}])
    server.replace("GET", ISSUE, json=there)
    jira.add_relation("10042", Relation(RelationKind.BLOCKS, "10043"))
    assert len(bodies(server, "POST", f"{REST}/issueLink")) == 2
    for kind in (RelationKind.DUPLICATES, RelationKind.MERGED_INTO):
        with pytest.raises(Rejected):
            jira.add_relation("10042", Relation(kind, "10043"))


def test_work_is_booked_quietly_and_names_who_did_it(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: a backfill of hours mails everybody, changes the estimates, or says that the hub worked."""
    server.post(f"{ISSUE}/worklog", status=201, json={"id": "77"})
    who = Person("desk", "1", "Sam *Rivera*", PersonRole.STAFF)
    entry = TimeEntry("x", who, timedelta(seconds=20), NOW - timedelta(days=400), None, "On site {code}")
    assert jira.add_time("10042", entry) == "77"
    request = server.calls[-1].request
    sent = json.loads(request.body or "")
    assert request.params == {"adjustEstimate": "leave", "notifyUsers": "false"}  # type: ignore[attr-defined]
    assert sent["started"] == "2025-01-26T09:00:00.000+0000"
    assert sent["timeSpentSeconds"] == 60
    assert sent["comment"].startswith(r"Sam \*Rivera*: On site")
    assert "{code}" not in sent["comment"].replace(r"\{code", "")
    server.replace("POST", f"{ISSUE}/worklog", status=502, body="<html>", content_type="text/html")
    with pytest.raises(Uncertain):
        jira.add_time("10042", entry)


def test_watchers_are_asked_for_where_there_are_some(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: people in copy are lost with the move, or we count as one of them."""
    server.get(ISSUE, json=issue(watches={"watchCount": 2}, comment=SILENT))
    server.get(f"{ISSUE}/watchers", json={"watchers": [HUB, DANA], "watchCount": 2})
    people = jira.fetch("10042", frozenset({Part.PARTICIPANTS})).ticket.participants or ()
    assert [person.name for person in people] == ["Dana"]


def test_an_archived_issue_says_so(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: what cannot be written any more is tried again and again."""
    server.get(ISSUE, json=issue(archiveddate="2026-03-01T12:00:00.000+0300", comment=SILENT))
    assert jira.fetch("10042").presence is Presence.ARCHIVED


@pytest.mark.parametrize("length", [2, 4])
def test_a_file_that_was_cut_short_is_not_taken(
    server: responses.RequestsMock, jira: Connector, length: int
) -> None:
    """Broken: half a file, or a sign-in page in its place, is mirrored as the customer's evidence."""
    server.get(f"{REST}/attachment/content/1?redirect=true", body=b"x" * length)
    known = Attachment("1", "x", "", 3, inline=False, location="api/2/attachment/content/1?redirect=true")
    with pytest.raises(Transient, match=f"{length} bytes came of 3"), jira.open_file(known):
        pass


# --- many at once


def new(subject: str, priority: Priority | Unmapped | None = None) -> TicketDraft:
    """Return a ticket to create."""
    values: dict[Field, Value] = {"subject": subject, "priority": priority}
    return TicketDraft(place=PLACE, values=values, message=draft(), token=TOKEN)


def made(id: int) -> dict[str, str]:
    """Return what creating an issue answers."""
    return {"id": str(id), "key": f"SUP-{id}"}


def told(id: int, **fields: Any) -> dict[str, Any]:
    """Return a created issue as Jira shows it."""
    return issue(**fields) | {"id": str(id), "key": f"SUP-{id}"}


def test_fifty_are_created_in_two_calls(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: a migration makes a call for each issue, or two."""

    def create(request: Any) -> tuple[int, dict[str, str], str]:
        issues = json.loads(request.body)["issueUpdates"]
        ids = [int(one["fields"]["summary"]) for one in issues]
        return 201, {}, json.dumps({"issues": [made(id) for id in ids], "errors": []})

    def fetch(request: Any) -> tuple[int, dict[str, str], str]:
        ids = json.loads(request.body)["issueIdsOrKeys"]
        return 200, {}, json.dumps({"issues": [told(int(id)) for id in reversed(ids)], "issueErrors": []})

    server.add_callback("POST", BULK, callback=create)
    server.add_callback("POST", f"{REST}/issue/bulkfetch", callback=fetch)
    jira.whoami()
    list(jira.organisations())  # learns all there is to learn
    before = len(server.calls)
    written = jira.create_many([new(str(n)) for n in range(100, 170)])
    assert [w.ref.key for w in written if isinstance(w, WrittenTicket)] == [str(n) for n in range(100, 170)]
    assert len(server.calls) - before == 4
    body = bodies(server, "POST", BULK)[0]["issueUpdates"]
    assert len(body) == 50
    assert body[0]["properties"] == [{"key": "deskbridge", "value": {"token": TOKEN}}]


def test_one_refusal_stops_no_other(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: an odd record parks the other forty-nine, or answers go with the wrong issues."""
    errors = {"errorMessages": ["No."], "errors": {"customfield_10050": "Not on the screen."}}
    failed = {"status": 400, "failedElementNumber": 1, "elementErrors": errors}
    server.post(BULK, status=201, json={"issues": [made(1), made(3)], "errors": [failed]})
    server.post(f"{REST}/issue/bulkfetch", json={"issues": [told(3)], "issueErrors": [{"id": "1"}]})
    server.get(f"{REST}/issue/1", json=told(1))
    first, second, unmapped, third = jira.create_many(
        [new("a"), new("b"), new("c", priority=Unmapped("?")), new("d")]
    )
    assert isinstance(first, WrittenTicket)
    assert isinstance(third, WrittenTicket)
    assert (first.ref.key, third.ref.key) == ("1", "3")
    assert isinstance(second, Rejected)
    assert second.fields == {"component": "Not on the screen."}
    assert "No." in str(second)
    assert isinstance(unmapped, Rejected)
    assert "priority" in unmapped.fields


def test_each_refusal_of_a_refused_call_is_told(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: where all are refused (400 with the same shape) nobody learns which field it was."""
    failed = [
        {"status": 400, "failedElementNumber": n, "elementErrors": {"errors": {name: "Bad."}}}
        for n, name in enumerate(("summary", "priority"))
    ]
    server.post(BULK, status=400, json={"issues": [], "errors": failed})
    answers = jira.create_many([new("a"), new("b")])
    assert [answer.fields for answer in answers if isinstance(answer, Rejected)] == [
        {"subject": "Bad."},
        {"priority": "Bad."},
    ]


def test_a_call_that_is_refused_as_a_whole_is_made_singly(
    server: responses.RequestsMock, jira: Connector
) -> None:
    """Broken: one issue that makes the body invalid parks all of its call."""
    server.post(BULK, status=400, json={"errorMessages": ["Invalid request payload."]})
    server.post(f"{REST}/issue", status=201, json=made(1))
    server.get(f"{REST}/issue/1", json=told(1))
    answers = jira.create_many([new("a"), new("b")])
    assert [type(answer) for answer in answers] == [WrittenTicket] * 2


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"status": 502, "body": "<html>", "content_type": "text/html"}, Uncertain),
        ({"status": 201, "json": {"issues": [made(1)], "errors": []}}, Uncertain),
        ({"status": 201, "json": {"issues": 7}}, Uncertain),
        ({"status": 429, "headers": {"Retry-After": "60"}, "json": {}}, Throttled),
    ],
)
def test_nothing_is_guessed_of_a_lost_bulk_create(
    server: responses.RequestsMock, jira: Connector, answer: dict[str, Any], error: type[HubError]
) -> None:
    """Broken: issues that were created are created again, or an answer goes with the wrong issue."""
    server.post(BULK, **answer)
    assert [type(one) for one in jira.create_many([new("a"), new("b")])] == [error] * 2
    assert len(bodies(server, "POST", BULK)) == 1


def test_a_created_issue_that_cannot_be_read_is_uncertain(
    server: responses.RequestsMock, jira: Connector
) -> None:
    """Broken: an issue that was created is parked as if it had not been."""
    server.post(BULK, status=201, json={"issues": [made(1)], "errors": []})
    server.post(f"{REST}/issue/bulkfetch", status=400, json={})
    server.get(f"{REST}/issue/1", status=404, json={})
    [answer] = jira.create_many([new("a")])
    assert isinstance(answer, Uncertain)
    assert "created, but" in str(answer)


def test_the_place_without_a_type_is_asked_about_once(
    server: responses.RequestsMock, jira: Connector
) -> None:
    """Broken: fifty issues cost fifty questions for the project's issue types."""
    types = {"issueTypes": [{"id": "3", "name": "Task", "subtask": False, "hierarchyLevel": 0}]}
    server.get(f"{REST}/issue/createmeta/SUP/issuetypes", json=types)
    server.post(BULK, status=400, json={"issues": [], "errors": []})
    server.post(f"{REST}/issue", status=400, json={"errors": {"summary": "Bad."}})
    jira.create_many([replace(new(str(n)), place=replace(PLACE, kind="")) for n in range(3)])
    sent = bodies(server, "POST", BULK)[0]["issueUpdates"]
    assert [one["fields"]["issuetype"] for one in sent] == [{"id": "3"}] * 3
    asked = [call for call in server.calls if "createmeta" in str(call.request.url)]
    assert len(asked) == 1 + 3  # once for all, then for each alone
