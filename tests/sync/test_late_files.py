"""A file that its tool answers with 500, for long: the conversation goes on without it, and it follows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deskbridge.bootstrap import Application, build
from deskbridge.demo.people import File, People
from deskbridge.sandbox.run import Sandbox
from deskbridge.sandbox.world import Fault
from sync.store.decisions import WRITTEN
from tests.sync.three_tools import KIM, environment_of, goes_on, settings_in

LOG = File("log.bin", b"what the pump said " * 400, "application/octet-stream")
SUBJECT = "Pump stops"


class Desk:
    """A desk whose hub works every few minutes, and what stands on each side."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        """Begin with no ticket."""
        environment = environment_of(sandbox)
        self.sandbox, self.people, self.clock = sandbox, People(environment), sandbox.world.clock
        self.application: Application = build(settings_in(folder), environment, now=self.clock.now)

    def works(self, times: int, seconds: float = 61) -> None:
        """Have the hub work so many times, that long apart."""
        goes_on(self.application, self.clock, times, seconds)

    def breaks(self, system: str, path: str, kind: str = "answer") -> None:
        """Have a tool answer 500, or hang up, to whoever asks for its files."""
        self.sandbox.world.faults.append(Fault(system, kind, path=path, status=500, times=10**6))

    def heals(self) -> None:
        """Have all tools work again."""
        self.sandbox.world.faults.clear()

    def ticket(self, *files: File, tags: tuple[str, ...] = ("dev", "firmware")) -> int:
        """Have a customer write, and an agent send the ticket to the developers."""
        ticket = self.people.mail(KIM, "Kim", SUBJECT, "<p>Help wanted</p>", *files)
        self.people.sort(ticket, tags=list(tags))
        return ticket

    def in_desk(self, ticket: int) -> tuple[list[str], list[str]]:
        """Return the texts and the names of the files of a ticket's conversation."""
        said = self.people.agent("GET", f"tickets/{ticket}/conversations")
        return [text["body"] for text in said], [f["name"] for text in said for f in text["attachments"]]

    def in_jira(self) -> tuple[list[str], list[str]]:
        """Return the comments and the names of the files of the issue."""
        path = f"api/2/issue/{self.people.issue_of(SUBJECT)}?fields=comment,attachment,description"
        fields = self.people.jira("GET", path)["fields"]
        return [c["body"] for c in fields["comment"]["comments"]], [
            f["filename"] for f in fields["attachment"]
        ]

    def in_gitlab(self) -> list[str]:
        """Return the description and the notes of the issue, oldest first."""
        number = self.people.gitlab_issue_of(SUBJECT)
        notes = self.people.gitlab("GET", f"issues/{number}/notes", params={"sort": "asc"})
        issue = self.people.gitlab("GET", f"issues/{number}")
        return [issue["description"], *(n["body"] for n in notes if not n["system"])]

    def findings(self) -> list[str]:
        """Return the reasons of what stands open about files."""
        found = self.application.store.findings.open()
        return [f"{f.target}: {f.reason}" for f in found if f.what.startswith("file log.bin")]

    def wrote_texts(self, connection: str) -> int:
        """Return how many texts were written on a connection, by what was recorded."""
        store = self.application.store
        told = (decision for subject in store.bundles.subjects() for decision in store.decisions.of(subject))
        return sum(
            d.kind == "text" and d.target.connection == connection and d.result == WRITTEN for d in told
        )

    def left(self) -> list[object]:
        """Return what is left to be written."""
        engine = self.application.engine
        planned = list(engine.plan([*self.application.store.bundles.subjects(), *engine.pending()]))
        return [each.problem or each.plan.writes for each in planned if each.plan or each.problem]


@pytest.fixture
def desk(untouched: Sandbox, tmp_path: Path) -> Iterator[Desk]:
    """A hub before tools in which nothing has happened yet."""
    made = Desk(untouched, tmp_path)
    yield made
    made.application.store.database.close()


def among(texts: list[str], *words: str) -> list[str]:
    """Return the words that stand in texts, once for each, in the order of the texts."""
    return [word for text in texts for word in words if word in text]


def test_what_is_said_after_a_file_that_cannot_be_had_arrives_and_the_file_follows(desk: Desk) -> None:
    """Otherwise one broken file keeps all that a customer writes from the developers, for ever."""
    desk.breaks("freshdesk", ".*attachment.*")
    ticket = desk.ticket(LOG)
    desk.people.note(ticket, "<p>First thought</p>")
    desk.works(3)
    desk.people.answer(ticket, KIM, "<p>Second thought</p>")
    desk.works(10)
    said = ["First thought", "Second thought"]
    assert among(desk.in_jira()[0], *said) == said
    assert among(desk.in_gitlab(), *said) == said
    assert "log.bin" in desk.in_gitlab()[0]
    assert "could not be fetched yet" in desk.in_gitlab()[0]
    assert {line.partition(":")[0] for line in desk.findings()} == {"jira", "gitlab"}
    assert all("500" in line and "tried again by itself" in line for line in desk.findings())
    assert sum("was not copied to" in text for text in desk.in_desk(ticket)[0]) == 1, "staff is told, once"
    assert desk.application.engine.breakers.paused() == {}
    assert desk.application.store.inbox.parked() == []
    assert desk.left() == []

    desk.heals()
    desk.works(2, 3700)
    assert desk.in_jira()[1] == ["log.bin"]
    assert "could not be fetched" not in desk.in_gitlab()[0]
    assert among(desk.in_gitlab(), "/uploads/") == ["/uploads/"]
    assert among(desk.in_jira()[0], *said) == said
    assert among(desk.in_gitlab(), *said) == said
    assert desk.findings() == []
    assert desk.left() == []


def test_a_file_of_a_comment_follows_into_the_note_that_it_belongs_to(desk: Desk) -> None:
    """Otherwise agents never get a file that was not to be had at the moment when its text was copied."""
    ticket = desk.ticket(tags=("dev",))
    desk.works(3)
    desk.breaks("jira", ".*attachment/content.*", "reset")
    issue = desk.people.issue_of(SUBJECT)
    desk.people.attach(issue, LOG)
    desk.people.comment(issue, "Said after the file")
    desk.works(2)
    assert among(desk.in_desk(ticket)[0], "Said after the file") == [], "it waits a while"
    desk.works(10)
    assert among(desk.in_desk(ticket)[0], "Said after the file") == ["Said after the file"]
    assert desk.in_desk(ticket)[1] == []
    calls = desk.sandbox.world.calls["jira"]
    tried = desk.sandbox.world.faults[0].times
    desk.works(12, 3600)
    assert tried - desk.sandbox.world.faults[0].times <= 5, "it is asked for less and less often"
    assert desk.sandbox.world.calls["jira"] > calls
    assert desk.wrote_texts("desk") == 2, "a try that brought nothing is no write"

    desk.heals()
    desk.works(6, 6 * 3600)
    desk.works(2)  # clocks went on meanwhile
    assert desk.in_desk(ticket)[1] == ["log.bin"]
    assert among(desk.in_desk(ticket)[0], "could not be fetched yet") == []
    assert desk.findings() == []
    assert desk.left() == []
