"""Issues that are moved to another project while nobody has heard yet what came of the hub's writes."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deskbridge.bootstrap import build
from deskbridge.demo.morning import BOTH
from deskbridge.demo.people import People, Tool
from deskbridge.sandbox.run import Sandbox
from deskbridge.sandbox.world import Fault
from tests.app.test_moved import PLACE, in_project, notes_of
from tests.sync.three_tools import KIM, START, TAGS, environment_of, goes_on, settings_in


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


@pytest.mark.parametrize("act", ["says", "edits", "narrows"])
def test_what_is_written_just_when_an_issue_is_moved_stands_where_it_is_now(tmp_path: Path, act: str) -> None:
    """Otherwise it stands in the old place alone, which is closed; or few's text is emptied there alone."""
    with Sandbox.running(start=START, limits=False) as sandbox:
        environment = environment_of(sandbox)
        people, clock = People(environment), sandbox.world.clock
        other, settings = environment["GITLAB_PROJECT2"], settings_in(tmp_path)
        settings.write_text(f"{settings.read_text('utf-8')}\n{PLACE.format(project=other)}", "utf-8")
        ticket = people.mail(KIM, "Kim", "It stops", "<p>Help wanted</p>")
        people.sort(ticket, tags=TAGS[BOTH])
        application = build(settings, environment, now=clock.now)
        goes_on(application, clock, 2, 301)
        comments = f"api/2/issue/{people.issue_of('It stops')}/comment"
        said = people.jira("POST", comments, json={"body": "First words"})["id"]
        goes_on(application, clock, 2, 301)
        issue, elsewhere = people.gitlab_issue_of("It stops"), in_project(environment, other)
        target = elsewhere("GET", "")["id"]
        if act == "says":
            people.jira("POST", comments, json={"body": "Second words"})
        else:
            few = {"visibility": {"type": "role", "value": "Administrators"}} if act == "narrows" else {}
            people.jira("PUT", f"{comments}/{said}", json={"body": "Second words", **few})
        write = Fault("gitlab", "slow", method="PUT|POST", path=".*/notes.*", seconds=2)
        sandbox.world.faults.append(write)

        def moves() -> int:
            while write.times:
                time.sleep(0.01)
            moved = people.gitlab("POST", f"issues/{issue}/move", json={"to_project_id": target})
            return int(moved["iid"])

        with ThreadPoolExecutor(1) as pool:
            moving = pool.submit(moves)
            goes_on(application, clock, 1, 301)
            moved = moving.result(20)
        goes_on(application, clock, 4, 301)
        there = notes_of(elsewhere, moved)
        stands = [sum(words in text for text in there) for words in ("First words", "Second words")]
        assert stands == {"says": [1, 1], "edits": [0, 1], "narrows": [0, 0]}[act]
        application.store.database.close()
