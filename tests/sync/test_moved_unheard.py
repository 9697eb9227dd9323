"""Issues that are moved to another project while nobody has heard yet what came of the hub's writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from deskbridge.bootstrap import build
from deskbridge.demo.people import People, Tool
from deskbridge.sandbox.run import Sandbox
from deskbridge.sandbox.world import Fault
from tests.app.test_moved import PLACE, in_project, notes_of
from tests.sync.three_tools import KIM, START, environment_of, goes_on, settings_in


@pytest.mark.parametrize("system", ["freshdesk", "gitlab"])
def test_a_copy_that_nobody_heard_of_is_found_though_the_issue_was_moved(tmp_path: Path, system: str) -> None:
    """Otherwise it is written a second time, as its marker names the issue by what it was called before."""
    with Sandbox.running(start=START, limits=False) as sandbox:
        environment = environment_of(sandbox)
        people, clock = People(environment), sandbox.world.clock
        other, settings = environment["GITLAB_PROJECT2"], settings_in(tmp_path)
        settings.write_text(f"{settings.read_text('utf-8')}\n{PLACE.format(project=other)}", "utf-8")
        ticket = people.mail(KIM, "Kim", "It stops", "<p>Help wanted</p>")
        people.sort(ticket, tags=["firmware"])
        application = build(settings, environment, now=clock.now)
        goes_on(application, clock, 2, 301)
        issue = people.gitlab_issue_of("It stops")
        if system == "gitlab":
            people.note(ticket, "<p>Said once</p>")
        else:
            people.comment_in_gitlab(issue, "Said once")
        sandbox.world.faults.append(Fault(system, "lost", method="POST", path=".*/notes"))
        goes_on(application, clock, 1, 1)
        assert sandbox.world.faults[0].times == 0
        elsewhere: Tool = in_project(environment, other)
        target = elsewhere("GET", "")["id"]
        moved = people.gitlab("POST", f"issues/{issue}/move", json={"to_project_id": target})
        goes_on(application, clock, 4, 301)
        there = notes_of(elsewhere, moved["iid"])
        here = [str(text["body"]) for text in people.agent("GET", f"tickets/{ticket}/conversations")]
        for texts in (here, there):
            assert sum("Said once" in text for text in texts) == 1
        application.store.database.close()


def test_an_issue_that_was_moved_before_it_was_found_is_found_where_it_is(tmp_path: Path) -> None:
    """Otherwise what the customer wrote meanwhile goes to the old place, which is closed, and no further."""
    with Sandbox.running(start=START, limits=False) as sandbox:
        environment = environment_of(sandbox)
        people, clock = People(environment), sandbox.world.clock
        other, settings = environment["GITLAB_PROJECT2"], settings_in(tmp_path)
        settings.write_text(f"{settings.read_text('utf-8')}\n{PLACE.format(project=other)}", "utf-8")
        ticket = people.mail(KIM, "Kim", "It stops", "<p>Help wanted</p>")
        people.sort(ticket, tags=["firmware"])
        application = build(settings, environment, now=clock.now)
        sandbox.world.faults.append(Fault("gitlab", "lost", method="POST", path=".*/issues"))
        goes_on(application, clock, 1, 1)
        assert sandbox.world.faults[0].times == 0
        elsewhere: Tool = in_project(environment, other)
        issue, target = people.gitlab_issue_of("It stops"), elsewhere("GET", "")["id"]
        moved = people.gitlab("POST", f"issues/{issue}/move", json={"to_project_id": target})
        people.answer(ticket, KIM, "<p>It is the blue one</p>")
        goes_on(application, clock, 4, 301)
        assert sum("the blue one" in text for text in notes_of(elsewhere, moved["iid"])) == 1
        assert len(elsewhere("GET", "issues")) == 1
        application.store.database.close()
