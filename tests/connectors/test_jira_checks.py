"""What `check --live` is told: all that stands against working, each line with the way out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import responses

from connectors.base import Connector
from connectors.errors import Transient
from connectors.jira.checks import NEEDED
from connectors.jira.connector import connect
from mappings.boards import STAFF, Place, Readers
from tests.connectors.jira_payloads import (
    CUSTOM,
    FIELDS,
    PLACE,
    PROJECT,
    REST,
    SITE,
    configured,
    serving,
    status,
)

META = f"{REST}/issue/createmeta/SUP/issuetypes"
DESK = f"{SITE}/rest/servicedeskapi/servicedesk/SUP/requesttype/25"
SHOWN = ("summary", "description", "priority", "labels", "duedate", "issuetype", "project", *CUSTOM.values())


def field(id: str, **more: Any) -> dict[str, Any]:
    """Return a field of a create screen as Jira shows it."""
    return {"fieldId": id, "key": id, "name": id.title(), "required": False, "hasDefaultValue": False, **more}


PRIORITIES = [{"id": str(n), "name": f"P{n}"} for n in (1, 2, 3, 4)]
SCREEN = [field(id) for id in SHOWN if id != "priority"] + [field("priority", allowedValues=PRIORITIES)]
FLOW = [status("1", "new"), status("3", "indeterminate"), status("9", "done"), status("10090", "new")]


class Site:
    """A site on which nothing stands against working; each test breaks something."""

    def __init__(self, server: responses.RequestsMock) -> None:
        self.server = server
        have = {key: {"havePermission": True} for key in NEEDED}
        server.get(f"{REST}/mypermissions", json={"permissions": have})
        server.get(META, json={"issueTypes": [{"id": "10001", "name": "Task", "subtask": False}], "total": 1})
        server.get(f"{META}/10001", json={"fields": SCREEN, "total": len(SCREEN)})
        server.get(f"{REST}/resolution/search", json={"values": []})
        server.get(f"{REST}/project/SUP/statuses", json=[{"id": "10001", "name": "Task", "statuses": FLOW}])

    def says(self, url: str, answer: object, status: int = 200) -> None:
        """Have a call answer otherwise."""
        self.server.replace("GET", url, json=answer, status=status)


@pytest.fixture
def site() -> Iterator[Site]:
    """A site that is ready."""
    for mock in serving():
        yield Site(mock)


@pytest.fixture
def jira() -> Connector:
    """Return a connector that has made no call yet."""
    return connect(configured())


def test_a_site_that_is_ready_says_nothing(site: Site, jira: Connector) -> None:
    """Broken: people learn to ignore the check."""
    assert jira.problems([PLACE, PLACE, replace(PLACE, kind="")]) == []
    assert not [call for call in site.server.calls if call.request.method != "GET"]


def test_every_missing_permission_is_named(site: Site, jira: Connector) -> None:
    """Broken: the first write of the day fails instead of the check before it."""
    have = {key: {"havePermission": key != "SCHEDULE_ISSUES"} for key in NEEDED if key != "LINK_ISSUES"}
    site.says(f"{REST}/mypermissions", {"permissions": have})
    found = jira.problems([PLACE])
    assert [line.split("lacks ")[1].split(";")[0] for line in found] == ["SCHEDULE_ISSUES", "LINK_ISSUES"]


def test_a_project_that_is_not_there_stops_no_other_check(site: Site, jira: Connector) -> None:
    """Broken: problems come one by one, a run each."""
    site.server.get(f"{REST}/project/NOPE", status=404, json={"errorMessages": ["No project."]})
    site.says(f"{REST}/field", [*FIELDS[:1], {"id": "customfield_10052", "schema": {"type": "string"}}])
    found = "\n".join(jira.problems([replace(PLACE, key="NOPE"), replace(PLACE, kind="10009")]))
    for part in (
        "acme_jira NOPE: no such project",
        "no issue type '10009' can be created; there are Task (10001)",
        "no field customfield_10051 (for urgency)",
        "customfield_10052 is no date-time field",
    ):
        assert part in found


def test_the_create_screen_is_looked_at(site: Site, jira: Connector) -> None:
    """Broken: the first ticket fails on a required field, or its due date never arrives."""
    screen = [one for one in SCREEN if one["fieldId"] not in ("duedate", "customfield_10050")]
    screen += [field("customfield_7", required=True), field("reporter", required=True)]
    screen += [field("customfield_8", required=True, hasDefaultValue=True)]
    site.says(f"{META}/10001", {"fields": screen})
    found = jira.problems([PLACE])
    assert len(found) == 3
    for part in ("asks for Customfield_7", "duedate is not on the create screen", "customfield_10050 is not"):
        assert any(part in line for line in found)


def test_a_field_of_ours_that_is_asked_for_is_told(site: Site, jira: Connector) -> None:
    """Broken: each ticket without a component is parked on the day, and nobody had been told."""
    site.says(f"{META}/10001", {"fields": [*SCREEN, field("customfield_10050", required=True)]})
    said = "new issues must have Customfield_10050 (customfield_10050)"
    assert any(said in line for line in jira.remarks([PLACE]))
    assert not any(said in line for line in jira.problems([PLACE]))
    given = field("customfield_10050", required=True, hasDefaultValue=True)
    site.says(f"{META}/10001", {"fields": [*SCREEN, given]})
    assert not any(said in line for line in jira.remarks([PLACE]))


def test_every_word_must_be_readable_and_writable(site: Site, jira: Connector) -> None:
    """Broken: a status that no row names stops a ticket on a Saturday; one that none has is never set."""
    flow = [status("1", "new"), status("9", "done", "Solved"), status("5", "undefined", "Limbo")]
    flow += [status("8", "done", "Canceled"), status("7", "new", "Waiting")]
    site.says(f"{REST}/project/SUP/statuses", [{"id": "10001", "name": "Task", "statuses": flow}])
    odd = [*PRIORITIES[1:], {"id": "77", "name": "Blocker"}]
    site.says(f"{META}/10001", {"fields": [*SCREEN[:-1], field("priority", allowedValues=odd)]})
    problems, remarks = "\n".join(jira.problems([PLACE])), "\n".join(jira.remarks([PLACE]))
    for part in (
        "no status means in_progress",
        "no status means waiting_on_dev",
        "urgent is written as priority 1, which the project lacks",
    ):
        assert part in problems
    for part in ("status 'Limbo' (5) is read by no row", "priority 'Blocker' (77) is read by no row"):
        assert part in remarks
        assert part not in problems
    assert "resolved may become 'Solved' or 'Canceled', whichever is reached first" in remarks
    assert "open may become" not in remarks


def test_what_a_question_for_a_resolution_is_answered_with_is_said(site: Site, jira: Connector) -> None:
    """Broken: solved tickets stay open, or are closed as what nobody chose, and nobody knew."""

    def said(connector: Connector) -> str:
        (line,) = (line for line in connector.remarks([PLACE]) if "asks for a resolution" in line)
        return line

    site.server.get(
        f"{REST}/resolution", json=[{"id": "10000", "name": "Done"}, {"id": "1", "name": "Fixed"}]
    )
    assert "the status is not given: neither the settings name one (`resolution`) nor" in said(jira)
    site.says(f"{REST}/resolution/search", {"values": [{"id": "10000", "name": "Done"}]})
    assert said(connect(configured())).endswith("'Done' is given, the site's default")
    named = connect(configured(resolution="fixed"))
    assert said(named).endswith("'fixed' is given, as the settings say")
    assert named.problems([PLACE]) == []
    assert connect(configured(resolution="Gone fishing")).problems([PLACE]) == [
        "acme_jira: no resolution 'Gone fishing'; say resolution = \"Done\" (or Fixed)"
    ]
    for code in (401, 403, 404):  # a token whose scopes lack this must not stop the connection
        site.says(f"{REST}/resolution/search", {"errorMessages": ["no"]}, code)
        assert "the status is not given" in said(connect(configured()))


def test_a_key_in_other_letters_is_named(site: Site, jira: Connector) -> None:
    """Broken: Jira finds `sup`, but issues say SUP: the readers of the place are not theirs."""
    site.server.get(f"{REST}/project/sup", json=PROJECT)
    assert jira.problems([replace(PLACE, key="sup")]) == [
        "acme_jira sup: it is called SUP; write that into the settings"
    ]


def test_what_no_call_tells_is_said(site: Site, jira: Connector) -> None:
    """Broken: customers are mailed by a switch that nobody thought of, though nothing was wrong."""
    site.server.get(f"{REST}/project/NOPE", status=404, json={"errorMessages": ["No project."]})
    ordinary = "\n".join(jira.remarks([PLACE, PLACE, replace(PLACE, key="NOPE")]))
    assert "watchers, assignee and reporter" in ordinary
    assert "Customer notifications" not in ordinary
    site.says(f"{REST}/project/SUP", PROJECT | {"projectTypeKey": "service_desk"})
    service = "\n".join(jira.remarks([PLACE]))
    assert "Customer notifications" in service
    assert "without a request type is on no portal" in service
    assert not [call for call in site.server.calls if call.request.method != "GET"]


def test_a_request_type_must_be_able_to_take_a_ticket(site: Site, jira: Connector) -> None:
    """Broken: migrated tickets are invisible to their customers, or every create is refused."""
    place = Place("acme_jira", "SUP", Readers("lantern"), "request:25")
    assert "is for service projects" in jira.problems([place])[0]
    site.says(f"{REST}/project/SUP", PROJECT | {"projectTypeKey": "service_desk"})
    form = [{"fieldId": "summary", "required": True}, {"fieldId": "description", "required": True}]
    site.server.get(DESK, json={"id": "25", "name": "Help", "groupIds": ["1"], "issueTypeId": "10001"})
    site.server.get(f"{DESK}/field", json={"requestTypeFields": form})
    assert jira.problems([place]) == []
    assert "declare the place's readers" in jira.problems([replace(place, readers=STAFF)])[0]
    site.says(DESK, {"id": "25", "name": "Help", "groupIds": []})
    site.says(f"{DESK}/field", {"requestTypeFields": [{"fieldId": "customfield_1", "required": True}]})
    found = "\n".join(jira.problems([place]))
    for part in ("is in no group", "has no description", "asks for customfield_1"):
        assert part in found
    site.says(DESK, {"errorMessage": "No."}, 404)
    assert "no request type 25" in jira.problems([place])[0]


def test_an_odd_answer_is_a_line_and_no_end(site: Site, jira: Connector) -> None:
    """Broken: one refused question hides what the others would have found."""
    site.says(f"{REST}/mypermissions", {"errors": {"X": "Unrecognized permission"}}, 400)
    site.says(f"{META}/10001", {"fields": "?"})
    found = "\n".join(jira.problems([replace(PLACE, kind="10001")]))
    assert "Unrecognized permission" in found
    assert "the answer's" in found


def test_a_wrong_credential_is_said_alone(site: Site, jira: Connector) -> None:
    """Broken: twenty lines that all mean a wrong token; or an outage that looks like one."""
    site.says(f"{REST}/myself", {"message": "No."}, 401)
    [line] = jira.problems([PLACE])
    assert "user and token" in line
    site.says(f"{REST}/myself", {}, 503)
    with pytest.raises(Transient):
        jira.problems([PLACE])
