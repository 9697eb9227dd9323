"""Looks at issues that were made lately: how old one may be, how many one call tells of, what is kept."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest
import responses

from connectors.base import TicketDraft, Upload
from connectors.errors import Gone
from connectors.jira import wire
from connectors.jira.client import Client
from connectors.jira.connector import Jira
from connectors.jira.looks import Looks
from mappings.ticket import Status
from tests.connectors.jira_payloads import (
    ISSUE,
    PLACE,
    REST,
    TOKEN,
    bodies,
    comment,
    configured,
    draft,
    file,
    issue,
    serving,
    status,
)


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


class Site:
    """A project of issues that people change, told in bulk."""

    def __init__(self, server: responses.RequestsMock) -> None:
        self.there = {str(n): issue() | {"id": str(n), "key": f"SUP-{n}"} for n in range(1, 131)}
        self.asked: list[list[str]] = []
        self.down = False
        self.slow: Callable[[], None] = lambda: None
        server.add_callback("POST", f"{REST}/issue/bulkfetch", callback=self._fetch)

    def change(self, id: str, **fields: Any) -> None:
        """Have a person change an issue."""
        self.there[id] = {**self.there[id], "fields": {**self.there[id]["fields"], **fields}}

    def _fetch(self, request: Any) -> tuple[int, dict[str, str], str]:
        self.asked.append(json.loads(request.body)["issueIdsOrKeys"])
        self.slow()
        if self.down:
            return 400, {}, json.dumps({"errorMessages": ["No."]})
        return 200, {}, json.dumps({"issues": [self.there[id] for id in self.asked[-1] if id in self.there]})


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    """A Jira of which each test says what it answers; any other call is an error."""
    yield from serving()


@pytest.fixture
def site(server: responses.RequestsMock) -> Site:
    """Its issues."""
    return Site(server)


@pytest.fixture
def clock() -> Clock:
    """The seconds by which looks grow old."""
    return Clock()


@pytest.fixture
def looks(site: Site, clock: Clock) -> Looks:
    """Ten issues that were made just now."""
    made = Looks(Client(configured()), lambda: ["summary", "description", "status"], clock)
    for n in range(1, 11):
        made.made(wire.Issue.model_validate(site.there[str(n)]))
    return made


def shown(looks: Looks, id: str) -> str:
    """Return the summary that a look at an issue tells; empty where there is no look."""
    found = looks.issue(id)
    return found.fields.summary if found else ""


def test_a_look_holds_for_a_second_and_then_one_call_looks_at_all(
    site: Site, clock: Clock, looks: Looks
) -> None:
    """Broken: each text costs a call of its own, or it is written by what an issue was long ago."""
    site.change("2", summary="A person's")
    clock.at += 0.5
    assert (shown(looks, "2"), site.asked) == ("Printer smokes", [])
    clock.at += 0.6
    assert shown(looks, "2") == "A person's"
    assert [sorted(asked) for asked in site.asked] == [sorted(str(n) for n in range(1, 11))]
    assert shown(looks, "7")
    assert len(site.asked) == 1
    assert looks.issue("99") is None, "nobody of us made it"


def test_those_who_wait_for_a_look_share_it_however_long_it_took(
    site: Site, clock: Clock, looks: Looks
) -> None:
    """Broken: before a slow server eight workers look one after the other, and write next to nothing."""
    clock.at += 2
    site.slow = lambda: setattr(clock, "at", clock.at + 3)
    assert all(shown(looks, str(n)) for n in range(1, 9))
    assert len(site.asked) == 1


def test_those_who_ask_at_one_moment_share_a_look(site: Site, clock: Clock, looks: Looks) -> None:
    """Broken: whoever waited for a look that was made at this very moment makes another one."""
    clock.at += 2
    others: list[threading.Thread] = []

    def slow() -> None:
        if not others:
            others.append(threading.Thread(target=lambda: shown(looks, "3")))
            others[0].start()
            time.sleep(0.2)  # it waits for this look by now

    site.slow = slow
    assert shown(looks, "2")
    others[0].join()
    assert len(site.asked) == 1


def test_a_clock_that_is_set_back_makes_no_look_younger(site: Site, clock: Clock, looks: Looks) -> None:
    """Broken: an issue is written to for an hour by how it once stood."""
    site.change("2", summary="A person's")
    clock.at -= 3600
    assert shown(looks, "2") == "A person's"
    assert len(site.asked) == 1


def test_an_issue_that_cannot_be_seen_is_looked_at_by_itself(site: Site, clock: Clock, looks: Looks) -> None:
    """Broken: a deleted issue, or one that we may not read any more, is written to by an old look."""
    del site.there["3"]
    clock.at += 2
    assert (shown(looks, "3"), shown(looks, "4")) == ("", "Printer smokes")
    site.down = True
    clock.at += 2
    assert shown(looks, "4") == ""


def test_what_is_old_or_complete_is_not_looked_at_for_ever(site: Site, clock: Clock, looks: Looks) -> None:
    """Broken: a run of 100,000 tickets looks at all of them every second, or keeps them all in memory."""
    looks.forget("5")
    clock.at += 2
    assert shown(looks, "5") == ""
    assert site.asked == []
    assert shown(looks, "6")
    assert "5" not in site.asked[-1]
    clock.at += 59
    assert shown(looks, "6")
    clock.at += 30
    assert shown(looks, "6")
    assert site.asked[-1] == ["6"]
    clock.at += 61
    looks.made(wire.Issue.model_validate(site.there["11"]))
    assert len(looks) == 1, "what nobody writes to any more is not kept"
    for n in range(1, 131):
        looks.made(wire.Issue.model_validate(site.there[str(n)]))
    clock.at += 2
    assert shown(looks, "130")
    assert len(site.asked[-1]) == 100


def test_files_of_ours_are_known_though_a_look_was_under_way(site: Site, clock: Clock, looks: Looks) -> None:
    """Broken: two files of one name, of which `!name!` shows the wrong one."""
    looks.attached("1", wire.File.model_validate(file("9", "shot.png")))
    clock.at += 2
    found = looks.issue("1")
    assert found is not None
    assert [one.name for one in found.fields.files] == ["shot.png"]
    site.change("1", attachment=[file("9", "shot.png"), file("10", "theirs.png")])
    clock.at += 2
    found = looks.issue("1")
    assert found is not None
    assert [one.name for one in found.fields.files] == ["shot.png", "theirs.png"]


def test_data_center_has_no_such_call(server: responses.RequestsMock, clock: Clock) -> None:
    """Broken: every text on Data Center begins with a call that it does not know."""
    server.replace("GET", f"{REST}/serverInfo", json={"baseUrl": REST, "deploymentType": "Server"})
    looks = Looks(Client(configured()), lambda: ["summary"], clock)
    looks.made(wire.Issue.model_validate(issue()))
    assert looks.issue("10042") is None


def created(server: responses.RequestsMock, **fields: Any) -> Jira:
    """Return a connection that has just made an issue."""
    server.post(f"{REST}/issue", status=201, json={"id": "10042", "key": "SUP-12"})
    server.get(ISSUE, json=issue(**fields))
    jira = Jira(configured())
    jira.create(TicketDraft(place=PLACE, values={}, message=draft(), token=TOKEN))
    return jira


def looked(server: responses.RequestsMock) -> int:
    """Return how often the issue itself was read."""
    return sum(
        call.request.method == "GET" and "/issue/10042?" in str(call.request.url) for call in server.calls
    )


def test_texts_and_files_of_a_new_issue_need_no_look(server: responses.RequestsMock) -> None:
    """Broken: a migration makes two calls for each text where one is enough."""
    jira = created(server)
    server.post(f"{ISSUE}/comment", status=201, json=comment("77", "Hello"))
    server.get(f"{ISSUE}/comment/77", json=comment("77", "Hello"))
    server.post(f"{ISSUE}/attachments", json=[file("9", "shot.png")])
    jira.add_comment("10042", draft())
    jira.add_file("10042", Upload("o", "shot.png", "image/png", BytesIO(b"png")))
    jira.add_file("10042", Upload("p", "shot.png", "image/png", BytesIO(b"png")))
    assert looked(server) == 1, "the one that reads back what was made"
    sent = [str(call.request.body) for call in server.calls if "attachments" in str(call.request.url)]
    assert ['filename="shot.png"' in body for body in sent] == [True, False]


def test_a_text_for_staff_is_internal_wherever_the_issue_goes(server: responses.RequestsMock) -> None:
    """Broken: an issue that a person moves to a service project that second shows a note to its customer."""
    jira = created(server)
    server.post(f"{ISSUE}/comment", status=201, json=comment("77", "Hello"))
    server.get(f"{ISSUE}/comment/77", json=comment("77", "Hello"))
    jira.add_comment("10042", draft())
    [body] = bodies(server, "POST", f"{ISSUE}/comment")
    assert {"key": "sd.public.comment", "value": {"internal": True}} in body["properties"]


class Moving:
    """An issue whose status answers to transitions."""

    def __init__(self, server: responses.RequestsMock) -> None:
        self.here, self.ways = "1", {"1": {"31": "9"}, "9": {"11": "1"}}
        self.calls: list[str] = []
        for verb, path, answer in (
            ("GET", "", self._show),
            ("GET", "/transitions", self._list),
            ("POST", "/transitions", self._take),
        ):
            server.add_callback(verb, f"{ISSUE}{path}", callback=answer)

    def _at(self, id: str) -> dict[str, Any]:
        return status(id, {"1": "new", "9": "done"}.get(id, "indeterminate"))

    def _show(self, request: Any) -> tuple[int, dict[str, str], str]:
        self.calls.append("look")
        return 200, {}, json.dumps(issue(status=self._at(self.here)))

    def _list(self, request: Any) -> tuple[int, dict[str, str], str]:
        self.calls.append("ways")
        found = [{"id": id, "name": id, "to": self._at(to)} for id, to in self.ways[self.here].items()]
        return 200, {}, json.dumps({"transitions": found})

    def _take(self, request: Any) -> tuple[int, dict[str, str], str]:
        self.calls.append("move")
        way = self.ways[self.here].get(json.loads(request.body)["transition"]["id"])
        self.here = way or self.here
        return (204, {}, "") if way else (400, {}, json.dumps({"errorMessages": ["Not valid."]}))


def test_ways_that_are_known_are_not_asked_for_again(server: responses.RequestsMock) -> None:
    """Broken: each of a hundred thousand closed tickets asks again by which way one closes it."""
    flow = Moving(server)
    jira = Jira(configured())
    present = jira.standing("10042")
    jira.set_fields(present, {"status": Status.RESOLVED})
    flow.here = "1"
    flow.calls.clear()
    assert jira.set_fields(present, {"status": Status.RESOLVED}).native["status"] == "9"
    assert flow.calls == ["look", "move", "look"]


def test_a_known_way_that_leads_there_no_more_is_asked_for_anew(server: responses.RequestsMock) -> None:
    """Broken: after an administrator edited a workflow, no ticket is closed until the hub is restarted."""
    flow = Moving(server)
    jira = Jira(configured())
    present = jira.standing("10042")
    jira.set_fields(present, {"status": Status.RESOLVED})
    flow.here, flow.ways["1"] = "1", {"41": "2"}
    flow.ways["2"] = {"51": "9"}
    flow.calls.clear()
    assert jira.set_fields(present, {"status": Status.RESOLVED}).native["status"] == "9"
    assert flow.calls == ["look", "move", "look", "ways", "move", "look", "ways", "move", "look"]


def test_a_gone_issue_stands_nowhere(server: responses.RequestsMock) -> None:
    """Broken: what somebody deleted counts as it was when we made it."""
    server.get(f"{REST}/issue/4", status=404, json={"errorMessages": ["Gone."]})
    with pytest.raises(Gone):
        Jira(configured()).standing("4")
