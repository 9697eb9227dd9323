"""Files of an issue that a person linked by hand: the older ones stay, those that come later travel."""

from __future__ import annotations

from pathlib import Path

import pytest

from deskbridge.bootstrap import build
from deskbridge.demo.people import File, People
from deskbridge.sandbox.run import Sandbox
from mappings.ticket import Ref
from tests.sync.three_tools import KIM, START, environment_of, settings_in

OLD, NEW = (File(f"{name}.bin", name.encode() * 400, "application/octet-stream") for name in ("old", "new"))


@pytest.mark.parametrize("history", [False, True])
def test_a_file_that_is_attached_after_the_link_travels(tmp_path: Path, *, history: bool) -> None:
    """Otherwise the log that a developer attaches to a linked issue never reaches the agent who wants it."""
    with Sandbox.running(start=START, limits=False) as sandbox:
        environment = environment_of(sandbox)
        people, clock = People(environment), sandbox.world.clock
        fields = {"project": {"key": "SUP"}, "issuetype": {"id": "10004"}, "summary": "It stops"}
        issue = people.jira("POST", "api/2/issue", json={"fields": {**fields, "description": "as seen"}})
        clock.advance(60)
        people.attach(issue["key"], OLD)
        ticket = people.mail(KIM, "Kim", "It stops here too", "<p>Help wanted</p>")
        application = build(settings_in(tmp_path), environment, now=clock.now)
        clock.advance(60)
        application.links.link(Ref("desk", str(ticket)), Ref("jira", issue["id"]), history=history)
        clock.advance(60)
        people.attach(issue["key"], NEW)
        for _ in range(4):
            clock.advance(61)
            application.engine.collect()
            for _ in application.engine.work():
                pass
        said = people.agent("GET", f"tickets/{ticket}/conversations")
        there = [file["name"] for text in said for file in text["attachments"]]
        assert there == (["old.bin"] if history else []) + ["new.bin"]
        assert all(text["private"] for text in said)
        application.store.database.close()
