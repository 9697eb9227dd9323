"""Files that texts show and issues hold: what a person linked by hand, and what a text quotes of ours."""

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


def test_a_text_that_shows_a_file_of_ours_does_not_bring_it_back(tmp_path: Path) -> None:
    """Otherwise a log hangs on the ticket twice as soon as a developer quotes the text that it came with."""
    with Sandbox.running(start=START, limits=False) as sandbox:
        environment = environment_of(sandbox)
        people, clock = People(environment), sandbox.world.clock
        ticket = people.mail(KIM, "Kim", "It stops", "<p>Help wanted</p>")
        people.sort(ticket, tags=["dev", "firmware"])
        application = build(settings_in(tmp_path), environment, now=clock.now)

        def work() -> None:
            for _ in range(3):
                clock.advance(61)
                application.engine.collect()
                for _ in application.engine.work():
                    pass

        work()
        upload = people.gitlab("POST", "uploads", files={"file": (NEW.name, NEW.content, NEW.content_type)})
        people.comment_in_gitlab(people.gitlab_issue_of("It stops"), f"The log\n\n{upload['markdown']}")
        work()
        issue = people.issue_of("It stops")
        (file,) = people.jira("GET", f"api/2/issue/{issue}")["fields"]["attachment"]
        people.comment(issue, f"I agree\n\n{{quote}}see [^{file['filename']}]{{quote}}")
        work()
        said = people.agent("GET", f"tickets/{ticket}/conversations")
        assert sum("I agree" in text["body"] for text in said) == 1
        assert [file["name"] for text in said for file in text["attachments"]] == ["new.bin"]
        assert not any("Not here" in text["body"] for text in said)
        application.store.database.close()
