"""A hub whose own clock is wrong, before tools whose clocks are right: nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from deskbridge.bootstrap import build
from deskbridge.check import ask
from deskbridge.demo.people import People
from deskbridge.sandbox.run import Sandbox
from deskbridge.sandbox.world import Fault
from mappings.ticket import Ref
from tests.sync.three_tools import KIM, environment_of, settings_in

HOUR = timedelta(hours=1)


class Apart:
    """People and tools at one time, a hub at another."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        """Begin with a hub that is an hour ahead."""
        environment = environment_of(sandbox)
        self.sandbox, self.people, self.apart = sandbox, People(environment), HOUR
        self.application = build(settings_in(folder), environment, now=self.now)

    def now(self) -> datetime:
        """Return the hub's time."""
        return self.sandbox.world.clock.now() + self.apart

    def sync(self, times: int = 1) -> None:
        """Let a minute pass, have the hub work, and so on."""
        for _ in range(times):
            self.sandbox.world.clock.advance(61)
            assert self.application.engine.collect() == []
            for _ in self.application.engine.work():
                pass

    def opened(self) -> tuple[int, str]:
        """Return a ticket of the desk and its issue."""
        ticket = self.people.mail(KIM, "Kim", "It stops", "<p>Help wanted</p>")
        self.people.sort(ticket, tags=["dev"])
        self.sync(3)
        return ticket, self.people.issue_of("It stops")

    def notes(self, ticket: int) -> str:
        """Return what stands on a ticket."""
        return " ".join(text["body"] for text in self.people.agent("GET", f"tickets/{ticket}/conversations"))


@pytest.fixture
def made(untouched: Sandbox, tmp_path: Path) -> Iterator[Apart]:
    """A hub whose clock is an hour ahead; a test may say otherwise."""
    made = Apart(untouched, tmp_path)
    yield made
    made.application.store.database.close()


@pytest.mark.parametrize("apart", [HOUR, -HOUR])
def test_what_is_said_between_two_polls_is_heard_whatever_the_hubs_clock_says(
    made: Apart, apart: timedelta
) -> None:
    """Otherwise a hub whose clock is an hour ahead is blind for what people do, and says nothing of it."""
    made.apart = apart
    ticket, issue = made.opened()
    for number in range(3):
        made.sandbox.world.clock.advance(300)
        made.people.comment(issue, f"Thought {number}")
        made.sync(2)
        assert f"Thought {number}" in made.notes(ticket)
    assert made.application.store.inbox.due(made.now()) == []


def test_a_hub_whose_clock_is_put_right_has_no_gap(made: Apart) -> None:
    """Otherwise what was said in the hour before the clock was put right is never heard, or a day is read."""
    ticket, issue = made.opened()
    made.people.comment(issue, "Said while nobody polled")
    made.sandbox.world.clock.advance(3 * 3600)
    made.apart = timedelta(0)
    read = made.application.engine.poller.since("jira")
    assert timedelta(hours=3) < made.now() - read < timedelta(hours=4)
    made.sync(2)
    assert "Said while nobody polled" in made.notes(ticket)


def test_an_issue_whose_creation_nobody_heard_is_found_by_a_clock_that_is_ahead(made: Apart) -> None:
    """Otherwise the developers get a second issue of the same ticket."""
    ticket = made.people.mail(KIM, "Kim", "Battery drains", "<p>Help wanted</p>")
    made.people.sort(ticket, tags=["firmware"])
    made.sandbox.world.faults.append(Fault("gitlab", "lost", method="POST", path=".*/issues"))
    made.sync(8)
    made.sandbox.world.faults.clear()
    found = made.people.gitlab("GET", "issues", params={"scope": "all", "search": "Battery drains"})
    assert len(found) == 1
    made.people.comment_in_gitlab(found[0]["iid"], "It is the same one")
    made.sync(2)
    assert "It is the same one" in made.notes(ticket)


def test_what_is_said_after_a_link_by_a_clock_that_is_ahead_travels(made: Apart) -> None:
    """Otherwise an hour of what developers say counts as older than the link, and stays in Jira."""
    fields = {"project": {"key": "SUP"}, "issuetype": {"id": "10004"}, "summary": "It stops"}
    issue = made.people.jira("POST", "api/2/issue", json={"fields": fields})
    ticket = made.people.mail(KIM, "Kim", "It stops", "<p>Help wanted</p>")
    made.sync()
    made.application.links.link(Ref("desk", str(ticket)), Ref("jira", issue["id"]))
    made.sandbox.world.clock.advance(60)
    made.people.comment(issue["key"], "Said after the link")
    made.sync(2)
    assert "Said after the link" in made.notes(ticket)


@pytest.mark.parametrize(
    ("apart", "told"),
    [(HOUR, "60 minutes ahead of"), (-HOUR, "60 minutes behind"), (timedelta(seconds=30), "")],
)
def test_check_tells_of_a_clock_that_is_wrong(made: Apart, apart: timedelta, told: str) -> None:
    """Otherwise nobody learns why due times are an hour off before a customer says so."""
    made.apart = apart
    answer = ask(made.application.settings, made.application.connectors, made.now())
    said = [line for line in answer.remarks if "this machine's clock" in line]
    assert [line.partition(":")[0] for line in said] == (["desk", "jira", "gitlab"] if told else [])
    assert all(told in line for line in said)
