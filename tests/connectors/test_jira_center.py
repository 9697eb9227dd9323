"""Data Center, tokens with scopes, and how the connector learns which Jira it speaks to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import responses

from connectors.base import ConnectionConfig, Connector, TicketDraft, WrittenTicket
from connectors.capabilities import Part
from connectors.errors import Transient
from connectors.jira.connector import connect
from mappings.boards import BoardSpec
from mappings.ticket import Audience, Person, PersonRole, Status, TimeEntry
from tests.connectors.jira_payloads import (
    HUB,
    ISSUE,
    NOW,
    PLACE,
    PROJECT,
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
    serving,
    status,
)

CENTER = {"baseUrl": "https://jira.acme.test", "deploymentType": "Server", "versionNumbers": [9, 12, 0]}
US = {"name": "bridge", "key": "JIRAUSER1", "displayName": "Bridge", "timeZone": "UTC", "active": True}
LEE = {"name": "lee", "key": "JIRAUSER2", "displayName": "Lee", "emailAddress": "lee@acme.test"}
SILENT: dict[str, Any] = {"comments": [], "total": 0}


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    """A Data Center that knows us and our project, and nothing else."""
    for mock in serving():
        mock.replace("GET", f"{REST}/serverInfo", json=CENTER)
        mock.replace("GET", f"{REST}/myself", json=US)
        yield mock


@pytest.fixture
def jira() -> Connector:
    """Return a connector with a personal access token."""
    return connect(configured(user=""))


def test_a_personal_access_token_needs_no_user(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: Data Center sees a user without a name, and an unknown caller finds nothing."""
    assert jira.whoami().key == "JIRAUSER1"
    first: object = server.calls[0].request.headers["Authorization"]
    assert first == "Bearer s3cret-tokén".encode()
    connect(configured(user="bridge")).whoami()
    assert server.calls[1].request.headers["Authorization"].startswith("Basic ")
    assert "s3cret" not in repr(vars(jira))


def test_the_deployment_is_learned_once(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: a setting that nobody knows the answer to; or each thread, or each call, asks anew."""
    server.get(f"{REST}/search", json={"issues": [], "total": 0})
    threads = [threading.Thread(target=lambda: list(jira.changed(NOW))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    paths = [str(call.request.url).split("?")[0].removeprefix(REST) for call in server.calls]
    assert sorted(paths) == ["/search"] * 6 + ["/serverInfo"]


def test_a_site_that_cannot_be_asked_is_asked_again(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: a moment's outage at the start decides for ever which Jira this is."""
    server.replace("GET", f"{REST}/serverInfo", status=503, body="")
    with pytest.raises(Transient):
        list(jira.changed(NOW))
    server.replace("GET", f"{REST}/serverInfo", json=CENTER)
    server.get(f"{REST}/search", json={"issues": [], "total": 0})
    assert list(jira.changed(NOW)) == []


def test_people_are_known_by_what_stays(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: after a marriage somebody is a stranger, or our own texts come back as a person's."""
    told = [comment("1", "Mine", US), comment("2", "Theirs", LEE)]
    server.get(ISSUE, json=issue(comment={"comments": told, "total": 2}, creator=US, reporter=LEE))
    ticket = jira.fetch("10042").ticket
    people = [message.author for message in ticket.messages]
    assert [(who.key, who.role) for who in people] == [
        ("JIRAUSER1", PersonRole.HUB),
        ("JIRAUSER1", PersonRole.HUB),
        ("JIRAUSER2", PersonRole.STAFF),
    ]
    assert people[2].email == "lee@acme.test"


def test_a_service_project_says_otherwise_who_reads(server: responses.RequestsMock) -> None:
    """Broken: without ``jsdPublic`` customers' messages count as notes, or notes as customers' messages."""
    server.replace("GET", f"{REST}/project/SUP", json=PROJECT | {"projectTypeKey": "service_desk"})
    hidden = [{"key": "sd.public.comment", "value": {"internal": True}}]
    told = [comment("1", "Help", LEE, properties=[]), comment("2", "Hm", US, properties=hidden)]
    for one in told:
        del one["jsdPublic"]
    desk = PROJECT | {"projectTypeKey": "service_desk"}
    server.get(f"{SITE}/rest/servicedeskapi/servicedesk/SUP/requesttype", json={"values": []})
    server.get(ISSUE, json=issue(project=desk, reporter=LEE, comment={"comments": told[:1], "total": 2}))
    server.get(f"{ISSUE}/comment", json={"comments": told, "total": 2}, match=[query(expand="properties")])
    jira = connect(configured(user=""))
    messages = jira.fetch("10042").ticket.messages
    assert [(m.audience, m.author.role) for m in messages[1:]] == [
        (Audience.CUSTOMER, PersonRole.CUSTOMER),
        (Audience.STAFF, PersonRole.HUB),
    ]
    server.post(f"{ISSUE}/comment", status=201, json=told[1], match=[query(expand="properties")])
    assert jira.add_comment("10042", draft()).audience is Audience.STAFF
    silent = {name: value for name, value in told[1].items() if name != "properties"}
    server.replace("POST", f"{ISSUE}/comment", status=201, json=silent)
    assert jira.add_comment("10042", draft()).audience is Audience.CUSTOMER  # nobody relies on a silence


def test_files_lie_beside_the_api(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: files are asked for without the sign-in, and the sign-in page is mirrored (jira-api 6)."""
    shown = file("5", "a b.pdf", LEE) | {"content": f"{SITE}/secure/attachment/5/a+b.pdf"}
    server.get(ISSUE, json=issue(comment=SILENT, attachment=[shown], creator=LEE))
    server.get(f"{SITE}/secure/attachment/5/a%20b.pdf", body=b"pdf")
    [known] = jira.fetch("10042").ticket.messages[0].attachments
    with jira.open_file(known) as content:
        assert content.read() == b"pdf"
    assert "Authorization" in server.calls[-1].request.headers
    server.replace(
        "GET", f"{SITE}/secure/attachment/5/a%20b.pdf", status=302, headers={"Location": f"{SITE}/login.jsp"}
    )
    server.get(f"{SITE}/login.jsp", body=b"<html>Sign in</html>")
    with pytest.raises(Transient, match="20 bytes came of 3"), jira.open_file(known):
        pass


def test_history_comes_with_the_issue(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: a call that Data Center does not have makes every issue look deleted (jira-api 4.4)."""
    items = [{"field": "status", "from": "1", "to": "3", "fromString": "Open", "toString": "Doing"}]
    entry = {"id": "1", "author": LEE, "created": "2026-03-01T10:00:00.000+0000", "items": items}
    server.get(ISSUE, json=issue(comment=SILENT) | {"changelog": {"histories": [entry], "total": 3}})
    server.get(f"{REST}/status", json=[status("1", "new"), status("3", "indeterminate")])
    history = jira.fetch("10042", frozenset({Part.HISTORY})).ticket.history or ()
    assert [(h.before, h.after) for h in history] == [(Status.OPEN, Status.IN_PROGRESS)]


def test_time_is_booked_without_a_flag_that_needs_rights(
    server: responses.RequestsMock, jira: Connector
) -> None:
    """Broken: Data Center answers 403 to a caller without administration who asks for no mails."""
    server.post(f"{ISSUE}/worklog", status=201, json={"id": "1"})
    jira.add_time("10042", _entry())
    assert server.calls[-1].request.params == {"adjustEstimate": "leave"}  # type: ignore[attr-defined]


def test_many_are_created_and_read_singly(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: a call that only Cloud has fails, and created issues count as lost."""
    server.post(f"{REST}/issue/bulk", status=201, json={"issues": [{"id": "10042"}], "errors": []})
    server.get(ISSUE, json=issue())
    [made] = jira.create_many([_new()])
    assert isinstance(made, WrittenTicket)
    assert made.ref.key == "10042"


def test_organisations_are_looked_for_first(server: responses.RequestsMock) -> None:
    """Broken: Data Center makes a second organisation of the same name."""
    server.replace("GET", f"{REST}/project/SUP", json=PROJECT | {"projectTypeKey": "service_desk"})
    desk = f"{SITE}/rest/servicedeskapi"
    server.get(f"{desk}/organization", json={"values": [{"id": "3", "name": "Acme"}], "isLastPage": True})
    server.post(f"{desk}/servicedesk/SUP/organization", status=204)
    assert connect(configured()).add_organisation("Acme", ()).key == "3"
    assert not bodies(server, "POST", f"{desk}/organization")
    assert server.calls[-1].request.headers["X-ExperimentalApi"] == "opt-in"


def test_a_board_is_made_with_what_there_is(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: Data Center has no search for filters, no location of boards, no shares at the creation."""
    filters: list[dict[str, Any]] = []
    server.add_callback("GET", f"{REST}/filter/favourite", lambda r: (200, {}, json.dumps(filters)))

    def make(request: Any) -> tuple[int, dict[str, str], str]:
        body = json.loads(request.body)
        filters.append({"id": "900", **body, "sharePermissions": []})
        return 200, {}, json.dumps(filters[-1])

    agile = f"{SITE}/rest/agile/1.0"
    server.add_callback("POST", f"{REST}/filter", make)
    server.post(f"{REST}/filter/900/permission", status=201, json=[])
    server.get(f"{agile}/board", json={"values": [], "isLast": True})
    server.post(f"{agile}/board", status=201, json={"id": 84, "name": "Lantern"})
    server.put(f"{agile}/board/84/properties/deskbridge", status=201, json={})
    setup = {"filter": {"id": "900"}, "columnConfig": {"columns": []}}
    server.get(f"{agile}/board/84/configuration", json=setup)
    server.get(f"{REST}/project/SUP/statuses", json=[])
    assert jira.apply_board(BoardSpec("lantern", "Lantern", "SUP", "customer-lantern")) == []
    assert filters[0]["favourite"]
    assert bodies(server, "POST", f"{REST}/filter/900/permission") == [
        {"type": "project", "projectId": "10000"}
    ]
    assert "location" not in bodies(server, "POST", f"{agile}/board")[0]


# --- tokens with scopes


def test_a_token_with_scopes_goes_through_the_gateway() -> None:
    """Broken: links in every mirrored text lead to the gateway, or files to a host the token is not for."""
    gateway = "https://api.atlassian.com/ex/jira/1234"
    api = f"{gateway}/rest/api/2"
    config: ConnectionConfig = configured(url=gateway)
    with responses.RequestsMock() as server:
        server.get(f"{api}/serverInfo", json={"baseUrl": f"{SITE}/", "deploymentType": "Cloud"})
        server.get(f"{api}/myself", json=HUB)
        server.get(f"{api}/project/SUP", json=PROJECT)
        server.get(
            f"{gateway}/rest/api/3/issue/10042",
            json=issue(comment=SILENT, attachment=[file("5", "x.pdf")], creator=LEE),
        )
        media = "https://api.media.atlassian.com/file/5?token=t"
        server.get(f"{api}/attachment/content/5?redirect=true", status=303, headers={"Location": media})
        server.get(media, body=b"pdf")
        jira = connect(config)
        snapshot = jira.fetch("10042")
        assert snapshot.url == f"{SITE}/browse/SUP-12"
        [known] = snapshot.ticket.messages[0].attachments
        with jira.open_file(known) as content:
            assert content.read() == b"pdf"
        assert "Authorization" not in server.calls[-1].request.headers


@pytest.mark.parametrize("told", ["javascript:alert(1)", "http://evil.test", ""])
def test_an_odd_address_of_the_site_is_not_linked_to(told: str) -> None:
    """Broken: a hostile answer puts any address into every mirrored text."""
    gateway = "https://api.atlassian.com/ex/jira/1234"
    api = f"{gateway}/rest/api/2"
    with responses.RequestsMock() as server:
        server.get(f"{api}/serverInfo", json={"baseUrl": told, "deploymentType": "Cloud"})
        server.get(f"{api}/myself", json=HUB)
        server.get(f"{api}/project/SUP", json=PROJECT)
        server.get(f"{gateway}/rest/api/3/issue/10042", json=issue(comment=SILENT))
        assert connect(configured(url=gateway)).fetch("10042").url == f"{gateway}/browse/SUP-12"


def _entry() -> TimeEntry:
    who = Person("desk", "1", "Sam", PersonRole.STAFF)
    return TimeEntry("1", who, timedelta(hours=1), NOW, None, "On site")


def _new() -> TicketDraft:
    return TicketDraft(place=PLACE, values={"subject": "x"}, message=draft(), token=TOKEN)
