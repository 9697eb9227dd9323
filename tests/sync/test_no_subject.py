"""A mail without a subject, as customers send them."""

from __future__ import annotations

from pathlib import Path

from deskbridge.bootstrap import build
from deskbridge.demo.people import People
from deskbridge.sandbox.run import Sandbox
from tests.sync.three_tools import KIM, START, environment_of, settings_in


def test_it_reaches_the_work_tools_and_settles(tmp_path: Path) -> None:
    """They refuse an empty title: the ticket would be parked, and nobody would work on it."""
    with Sandbox.running(start=START, limits=False) as sandbox:
        environment = environment_of(sandbox)
        people, clock = People(environment), sandbox.world.clock
        application = build(settings_in(tmp_path), environment, now=clock.now)
        ticket = people.mail(KIM, "Kim", "", "<p>The import stops</p>")
        people.sort(ticket, tags=["dev", "firmware"])
        for _ in range(4):
            application.engine.collect()
            for _ in application.engine.work():
                pass
            clock.advance(301)
        asked = {"jql": "project = SUP", "fields": ["summary"]}
        issues = people.jira("POST", "api/2/search/jql", json=asked)["issues"]
        assert [issue["fields"]["summary"] for issue in issues] == ["(no subject)"]
        titles = [issue["title"] for issue in people.gitlab("GET", "issues", params={"scope": "all"})]
        assert titles == ["(no subject)"]
        assert application.store.inbox.parked() == []
        subjects = [*application.store.bundles.subjects(), *application.engine.pending()]
        assert [p for p in application.engine.plan(subjects) if p.plan or p.problem] == []
        application.store.database.close()
