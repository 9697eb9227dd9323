"""Answers that no documented Jira gives: each ends in a named error, soon, and tells no secret."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.base import Connector
from connectors.capabilities import Part
from connectors.errors import HubError, Rejected
from connectors.jira import part_translate, service_wire, translate, wire
from connectors.jira.abilities import ordinary
from connectors.jira.connector import connect
from connectors.jira.part_translate import MOODS
from connectors.jira.side import DeskFields, Service, Side
from tests.connectors.jira_payloads import (
    HUB,
    ISSUE,
    NOW,
    REST,
    SIDE,
    SITE,
    comment,
    configured,
    issue,
    seen,
    serving,
)

ALL = frozenset(Part)
HERE = ordinary(configured(), known=True)
DESK = DeskFields("customfield_1", "customfield_2", "customfield_3", "customfield_4")

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
_STAMPS = st.sampled_from(
    ["0001-01-01T00:00:00.000+1400", "9999-12-31T23:59:59.999-1200", "2026-03-01T10:00:00", "", "-1", 10**30]
)
_ODD = _JSON | _STAMPS | st.sampled_from([[None], {"id": None}, {"value": []}, "9" * 5000, "\ud800", [[[]]]])
_FIELDS = st.sampled_from(
    [
        *("summary", "description", "status", "priority", "issuetype", "labels", "duedate", "resolution"),
        *("attachment", "creator", "reporter", "assignee", "created", "updated", "project", "comment"),
        *("worklog", "issuelinks", "parent", "subtasks", "watches", "archiveddate", "resolutiondate"),
        *("customfield_10050", "customfield_10051", "customfield_10052"),
        *("customfield_1", "customfield_2", "customfield_3", "customfield_4"),
    ]
)


@given(odd=st.dictionaries(_FIELDS, _ODD, max_size=4), service=st.booleans())
@settings(max_examples=150, deadline=None)
def test_only_our_errors_come_of_an_odd_issue(odd: dict[str, Any], service: bool) -> None:
    """Broken: one strange value ends the worker instead of parking its ticket."""
    side = Side(SIDE.connection, SITE, SIDE.custom, SIDE.lenses, "hub-1", desk=DESK, service=Service.SOME)
    project = {"id": "1", "key": "HELP", "projectTypeKey": "service_desk" if service else "software"}
    payload = issue(project=project, **{k: v for k, v in odd.items() if k != "project"})
    with suppress(HubError):
        read = wire.parse(wire.Issue, payload, "acme_jira", "GET issue")
        told = read.fields.comments.comments if read.fields.comments else []
        snapshot = translate.snapshot(side, read, told, read.fields.updated, HERE)
        part_translate.relations(read.fields)
        assert snapshot.ref.key == "10042"


@given(
    odd=st.dictionaries(st.sampled_from(["id", "author", "body", "created", "updated", "visibility"]), _ODD)
)
@settings(max_examples=80, deadline=None)
def test_only_our_errors_come_of_an_odd_comment(odd: dict[str, Any]) -> None:
    """Broken: one strange comment ends the worker instead of parking its ticket."""
    with suppress(HubError):
        told = wire.parse(wire.Comment, comment("1", "x") | odd, "acme_jira", "GET comment")
        head = wire.parse(wire.Head, issue(), "acme_jira", "GET issue")
        assert translate.written_comment(SIDE, head, told).id == told.id


@given(
    odd=st.dictionaries(st.sampled_from(["id", "author", "created", "items"]), _ODD),
    item=st.dictionaries(st.sampled_from(["field", "fieldId", "from", "to"]), _ODD),
)
@settings(max_examples=80, deadline=None)
def test_only_our_errors_come_of_an_odd_history(odd: dict[str, Any], item: dict[str, Any]) -> None:
    """Broken: a change of thirty years ago keeps a ticket from being migrated."""
    entry = {"id": "1", "author": HUB, "created": "2026-03-01T10:00:00.000+0000", "items": [item], **odd}
    with suppress(HubError):
        page = wire.parse(wire.ChangePage, {"values": [entry], "total": 1}, "acme_jira", "GET changelog")
        part_translate.history(SIDE, page.changes, {})


BODIES: list[dict[str, Any]] = [
    {"body": b""},
    {"body": b"\xff\xfe{}"},
    {"body": b"["},
    {"body": b"[" * 100_000},
    {"body": b'{"issues": ' + b"9" * 6000 + b"}"},
    {"json": []},
    {"json": "x"},
    {"json": None},
    {"json": {"id": "1", "key": "X-1", "fields": None}},
    {"body": "<html>Sign in</html>", "content_type": "text/html"},
    {"status": 400, "body": b"[" * 100_000},
    {"status": 400, "json": {"errors": {"x": {"deep": [1]}}, "errorMessages": {"y": 1}}},
    {"status": 403, "json": {"errors": [None, 7, {"failedElementNumber": True}]}},
    {"status": 302, "headers": {"Location": "//evil.test"}},
]


@pytest.mark.parametrize("answer", BODIES)
def test_odd_answers_end_in_our_errors(answer: dict[str, Any]) -> None:
    """Broken: a proxy's page, or a hostile server, ends in a traceback with the body or a secret in it."""
    for server in serving():
        urls = ("issue/10042", "issue/10042/comment", "search/jql", "project/SUP/statuses", "issueLinkType")
        for url in urls:
            server.get(f"{REST}/{url}", **answer)
        for url in ("issue", "issue/bulk", "issue/10042/comment", "issue/10042/worklog"):
            server.post(f"{REST}/{url}", **answer)
        jira = connect(configured())
        for call in _calls(jira):
            with pytest.raises(HubError) as raised:
                call()
            assert "acme_jira" in str(raised.value)
            assert "s3cret" not in str(raised.value)
            assert len(str(raised.value)) < 900


def _calls(jira: Connector) -> list[Any]:
    return [
        lambda: jira.fetch("10042", ALL),
        lambda: list(jira.changed(NOW)),
        lambda: list(jira.walk()),
        lambda: jira.find_created("x", NOW),
    ]


def test_an_odd_first_answer_is_named_too() -> None:
    """Broken: what is learned once is believed whatever it is."""
    for server in serving():
        server.replace("GET", f"{REST}/serverInfo", json={"deploymentType": 7})
        with pytest.raises(Rejected, match=r"serverInfo.*deploymentType"):
            connect(configured()).fetch("10042")
        server.replace("GET", f"{REST}/serverInfo", json={"deploymentType": "Cloud"})
        server.replace("GET", f"{REST}/project/SUP", json={"id": "1"})
        with pytest.raises(Rejected, match=r"project/SUP.*key"):
            connect(configured()).fetch("10042")


def test_an_endless_list_of_comments_ends() -> None:
    """Broken: a server that always has one more page keeps a worker busy for ever."""
    for server in serving():
        server.get(ISSUE, json=issue())
        page = {"comments": [comment("1", "x")], "total": 10**9, "startAt": 0}
        server.get(f"{ISSUE}/comment", json=page)
        with pytest.raises(HubError):
            connect(configured()).fetch("10042")


def test_an_endless_changelog_ends() -> None:
    """Broken: the same of the history, the worklogs."""
    for server in serving():
        change = {"id": "1", "created": "2026-03-01T10:00:00.000+0000", "items": []}
        told = {"values": [change], "histories": [change], "total": 10**9}
        silent: dict[str, Any] = {"comments": [], "total": 0}
        server.get(ISSUE, json=issue(comment=silent) | {"changelog": told})
        server.get(f"{ISSUE}/changelog", json=told)
        with pytest.raises(HubError):
            connect(configured()).fetch("10042", frozenset({Part.HISTORY}))


@given(rating=st.integers() | st.floats(allow_nan=False) | st.text(max_size=3) | st.none())
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_only_our_errors_come_of_an_odd_rating(rating: object) -> None:
    """Broken: six stars out of five keep a ticket from being migrated."""
    payload = json.loads(json.dumps({"type": "csat", "rating": rating}))
    with suppress(HubError):
        told = wire.parse(service_wire.Feedback, payload, "acme_jira", "GET feedback")
        fields = wire.parse(wire.Issue, issue(), "acme_jira", "GET issue").fields
        assert all(one.mood in MOODS for one in part_translate.rating(SIDE, fields, told))


def test_a_number_field_takes_numbers_only() -> None:
    """Broken: a version like 1.2.3 in a number field ends in a ValueError, or as NaN in Jira."""
    for server in serving():
        number = {"id": "customfield_10050", "name": "Part", "schema": {"type": "number"}}
        server.replace("GET", f"{REST}/field", json=[number])
        server.put(ISSUE, status=204)
        server.get(ISSUE, json=issue())
        for odd in ("1.2.3", "nan", "inf"):
            with pytest.raises(Rejected) as refused:
                connect(configured()).set_fields(seen(issue()), {"component": odd})
            assert "component" in refused.value.fields
