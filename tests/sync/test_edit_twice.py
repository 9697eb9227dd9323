"""A text that is edited again before the hub has heard that its edit of the copy was made, over real HTTP."""

from __future__ import annotations

import json
from pathlib import Path

from deskbridge.bootstrap import build
from deskbridge.demo.morning import BOTH
from deskbridge.demo.people import People
from deskbridge.sandbox.run import Sandbox
from deskbridge.sandbox.world import Fault
from tests.sync.three_tools import KIM, START, TAGS, environment_of, goes_on, settings_in

SYSTEMS = ("freshdesk", "jira", "gitlab")


def test_a_text_that_is_edited_again_before_its_edit_was_heard_has_one_copy(tmp_path: Path) -> None:
    """Otherwise the wording between stays as if a person had written it into the copy, the newest below it.

    On three tools, whose servers each write a text anew in their own way; the description and a comment.
    """
    with Sandbox.running(start=START, limits=False) as sandbox:
        environment = environment_of(sandbox)
        people, clock = People(environment), sandbox.world.clock
        ticket = people.mail(KIM, "Kim", "It stops", "<p>Begun <b>one</b>, see https://a.example/x?y=1</p>")
        people.sort(ticket, tags=TAGS[BOTH])
        application = build(settings_in(tmp_path), environment, now=clock.now)
        goes_on(application, clock, 2, 301)
        issue, other = people.issue_of("It stops"), people.gitlab_issue_of("It stops")
        said = people.jira("POST", f"api/2/issue/{issue}/comment", json={"body": "Remark *one*"})["id"]
        goes_on(application, clock, 2, 301)

        def edits(word: str) -> None:
            text = f"<p>Begun <b>{word}</b>, see https://a.example/x?y=1</p><ul><li>&lt;a&gt;</li></ul>"
            people.agent("PUT", f"tickets/{ticket}", json={"description": text})
            people.jira("PUT", f"api/2/issue/{issue}/comment/{said}", json={"body": f"Remark *{word}*"})

        edits("Second wording")
        sandbox.world.faults += [Fault(system, "lost", method="PUT", times=9) for system in SYSTEMS]
        goes_on(application, clock, 1, 1)
        assert all(fault.times < 9 for fault in sandbox.world.faults)
        sandbox.world.faults.clear()
        edits("Third wording")
        goes_on(application, clock, 4, 301)
        sides = (
            people.agent("GET", f"tickets/{ticket}/conversations"),
            people.jira("GET", f"api/2/issue/{issue}"),
            [people.gitlab("GET", f"issues/{other}"), people.gitlab("GET", f"issues/{other}/notes")],
        )
        there = [json.dumps(side) for side in sides]
        assert [text.count("Second wording") for text in there] == [0, 0, 0]
        assert ["Third wording" in text for text in there] == [True, True, True]
        application.store.database.close()
