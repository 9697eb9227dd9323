"""Answers of 200 that are none: a proxy's page, half of the JSON, nothing, something else altogether."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest

from deskbridge.bootstrap import build
from deskbridge.demo.morning import Story
from deskbridge.demo.people import People, Tool
from deskbridge.sandbox.faults import kinds
from deskbridge.sandbox.run import Sandbox
from deskbridge.sandbox.world import Fault
from tests.sync.test_unheard import WRITES
from tests.sync.three_tools import (
    KIM,
    START,
    answers,
    environment_of,
    goes_on,
    opens,
    settings_in,
    whole,
)

GARBLED = ("html 200", "broken json", "wrong type", "no body")


def _fault(system: str, kind: str, *, done: bool, path: str = ".*", method: str = ".*") -> Fault:
    return Fault(system, method=method, path=path, done=done, **(kinds(system)[kind] | {"kind": "answer"}))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("kind", GARBLED)
def test_a_write_whose_answer_is_garbled_is_made_once(tmp_path: Path, kind: str, *, done: bool) -> None:
    """Otherwise a proxy that answers in a tool's place leaves two issues, or a comment that nobody writes."""
    with Sandbox.running(start=START, limits=False) as sandbox:
        environment = environment_of(sandbox)
        people, story, clock = People(environment), Story(), sandbox.world.clock
        application = build(settings_in(tmp_path), environment, now=clock.now)
        for act in (opens, answers):
            act(people, story)
            for system, paths in WRITES.items():
                sandbox.world.faults += [
                    _fault(system, kind, done=done, path=path, method="POST") for path in paths
                ]
            goes_on(application, clock, 8, 301)
        assert sum(fault.times for fault in sandbox.world.faults) <= 3, "all were played that could be"
        sandbox.world.faults.clear()
        whole(people, story, application)
        application.store.database.close()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", GARBLED)
def test_a_read_whose_answer_is_garbled_passes(tmp_path: Path, kind: str) -> None:
    """Otherwise a morning on which a proxy answers leaves tickets set aside, or people without names."""
    with Sandbox.running(start=START, limits=False) as sandbox:
        environment = environment_of(sandbox)
        people, story, clock = People(environment), Story(), sandbox.world.clock
        application = build(settings_in(tmp_path), environment, now=clock.now)
        for act in (opens, answers):
            act(people, story)
            for system in WRITES:
                fault = _fault(system, kind, done=False, method="GET")
                fault.times, fault.chance = 40, 0.2
                sandbox.world.faults.append(fault)
            goes_on(application, clock, 8, 901)
            assert sum(fault.times for fault in sandbox.world.faults) < 110, "they were played"
            sandbox.world.faults.clear()
            goes_on(application, clock, 3, 901)
        whole(people, story, application)
        application.store.database.close()


@pytest.mark.parametrize("kind", GARBLED)
def test_what_comes_in_place_of_a_file_is_not_sent_on(tmp_path: Path, kind: str) -> None:
    """Otherwise a proxy's page hangs on the ticket under the name of the log that a developer attached."""
    with Sandbox.running(start=START, limits=False) as sandbox:
        environment = environment_of(sandbox)
        people, clock = People(environment), sandbox.world.clock
        picture = {
            "name": "a.png",
            "content_base64": b64encode(b"\x89PNG").decode(),
            "content_type": "image/png",
            "inline_cid": "a.png",
        }
        words = {"subject": "It stops", "html": '<p>Here <img src="cid:a.png"></p>', "attachments": [picture]}
        mail = {"email": KIM, "name": "Kim", **words}
        control = Tool(environment["SANDBOX_CONTROL_URL"])
        ticket = control("POST", "act/freshdesk/customer_mail", json=mail)["ticket"]
        people.sort(ticket, tags=["dev", "firmware"])
        application = build(settings_in(tmp_path), environment, now=clock.now)

        sandbox.world.faults.append(_fault("freshdesk", kind, done=False, path=".*inline.*", method="GET"))
        goes_on(application, clock, 4, 301)
        log = {"file": ("new.log", b"{}", "application/json")}
        upload = people.gitlab("POST", "uploads", files=log)
        people.comment_in_gitlab(people.gitlab_issue_of("It stops"), f"The log\n\n{upload['markdown']}")
        sandbox.world.faults.append(_fault("gitlab", kind, done=False, path=".*uploads.*", method="GET"))
        goes_on(application, clock, 4, 301)
        assert sum(fault.times for fault in sandbox.world.faults) == 0, "both were played"
        issue = people.jira("GET", f"api/2/issue/{people.issue_of('It stops')}")
        ids = [file["id"] for file in issue["fields"]["attachment"]]
        contents = [people.jira.fetch(f"api/2/attachment/content/{id}?redirect=false") for id in ids]
        assert sorted(contents) == [b"{}", b"\x89PNG"]
        application.store.database.close()


@pytest.mark.parametrize("kind", GARBLED)
def test_an_edit_whose_answer_is_garbled_is_made(tmp_path: Path, kind: str) -> None:
    """Otherwise an edit, a tag or a deletion counts as made because a proxy answered in the tool's place."""
    with Sandbox.running(start=START, limits=False) as sandbox:
        environment = environment_of(sandbox)
        people, clock = People(environment), sandbox.world.clock
        ticket = people.mail(KIM, "Kim", "It stops", "<p>First words</p>")
        people.sort(ticket, tags=["dev", "firmware"])
        settings = settings_in(tmp_path)
        settings.write_text(f'{settings.read_text("utf-8")}\n[texts]\ndeleted = "delete"\n', "utf-8")
        application = build(settings, environment, now=clock.now)
        note = people.agent("POST", f"tickets/{ticket}/notes", json={"body": "Gone soon", "private": True})
        goes_on(application, clock, 3, 301)
        people.sort(ticket, tags=["dev", "firmware", "pump"], description="<p>Other words</p>")
        people.agent("DELETE", f"conversations/{note['id']}")
        for system, methods in {"jira": ("PUT", "DELETE"), "gitlab": ("PUT", "DELETE")}.items():
            faults = [_fault(system, kind, done=False, method=method) for method in methods]
            sandbox.world.faults += faults
        goes_on(application, clock, 6, 301)
        assert sum(fault.times for fault in sandbox.world.faults) == 0, "all were played"
        found = people.jira("GET", f"api/2/issue/{people.issue_of('It stops')}")["fields"]
        issue = people.gitlab("GET", f"issues/{people.gitlab_issue_of('It stops')}")
        notes = people.gitlab("GET", f"issues/{issue['iid']}/notes")
        for text, tags, said in (
            (found["description"], found["labels"], [c["body"] for c in found["comment"]["comments"]]),
            (issue["description"], issue["labels"], [note["body"] for note in notes]),
        ):
            assert "Other words" in text
            assert "pump" in tags
            assert not any("Gone soon" in one for one in said)
        application.store.database.close()
