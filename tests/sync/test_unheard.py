"""Each kind of write to a real server, once with an answer that nobody hears."""

from __future__ import annotations

from pathlib import Path

from deskbridge.bootstrap import build
from deskbridge.demo.morning import Story
from deskbridge.demo.people import People
from deskbridge.sandbox.run import Sandbox
from deskbridge.sandbox.world import Fault
from tests.sync.three_tools import START, answers, environment_of, goes_on, opens, settings_in, whole

WRITES = {
    "jira": (
        "/rest/api/./issue",
        "/rest/api/./issue/[^/]+/comment",
        "/rest/api/./issue/[^/]+/attachments",
    ),
    "gitlab": ("/api/v4/projects/.*/issues", "/api/v4/projects/.*/notes", "/api/v4/projects/.*/uploads"),
    "freshdesk": ("/api/v2/tickets/[0-9]+/notes",),
}


def test_a_write_whose_answer_is_lost_is_made_once(tmp_path: Path) -> None:
    """Otherwise a line that breaks after a write leaves two issues, comments, files or notes."""
    with Sandbox.running(start=START, limits=False) as sandbox:
        environment = environment_of(sandbox)
        people, story, clock = People(environment), Story(), sandbox.world.clock
        application = build(settings_in(tmp_path), environment, now=clock.now)
        for act in (opens, answers):
            act(people, story)
            for system, paths in WRITES.items():
                faults = [Fault(system, "lost", method="POST", path=path) for path in paths]
                sandbox.world.faults.extend(faults)
            goes_on(application, clock, 8, 301)
        # The second act makes no issues and uploads nothing to Jira: three faults have no call to break.
        assert sum(fault.times for fault in sandbox.world.faults) <= 3, "all were played that could be"
        sandbox.world.faults.clear()
        whole(people, story, application)
        application.store.database.close()
