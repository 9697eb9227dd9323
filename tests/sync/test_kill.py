"""A hub that is killed again and again, between real servers: nothing twice, nothing lost."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from random import Random

import pytest

from deskbridge.bootstrap import Application, build
from deskbridge.demo.checks import checks, read
from deskbridge.demo.morning import BOTH, GITLAB, JIRA, Story
from deskbridge.demo.people import File, People
from deskbridge.sandbox.run import Sandbox
from sync.store.inbox import LEASE

START = datetime(2026, 1, 12, 9, 0, tzinfo=UTC)
KIM = "kim@lantern.example"
FILES = {name: name.encode() * 400 for name in ("log.bin", "more.bin", "patch.bin")}
ROUTES = {"Order import stops": BOTH, "Battery drains": GITLAB, "Printer prints nothing": JIRA}
TAGS = {BOTH: ["dev", "firmware"], GITLAB: ["firmware"], JIRA: ["dev"]}


Workers = subprocess.Popen[str]


class Hub:
    """A hub that runs in processes that can be killed."""

    def __init__(self, workers: Workers, settings: Path, environment: Mapping[str, str]) -> None:
        self._workers, self._settings, self._environment = workers, settings, dict(environment)

    def work(self, *, killed_after: float | None = None) -> bool:
        """Sync once, and return whether that ended by itself rather than by a SIGKILL."""
        assert self._workers.stdin
        assert self._workers.stdout
        job = {"settings": str(self._settings), "environment": self._environment}
        self._workers.stdin.write(json.dumps(job | {"killed_after": killed_after}) + "\n")
        self._workers.stdin.flush()
        ended = int(self._workers.stdout.readline())
        assert ended in (0, -signal.SIGKILL), "the hub failed by itself"
        return ended == 0

    def application(self, sandbox: Sandbox) -> Application:
        """Return the same hub in this process, to ask it things."""
        return build(self._settings, self._environment, now=sandbox.world.clock.now)


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """A process with the hub's code in it, out of which hubs are forked."""
    command = [sys.executable, "-m", "tests.sync.hub_process"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin
        process.stdin.close()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_hub_that_is_killed_loses_nothing_and_doubles_nothing(
    seed: int, workers: Workers, tmp_path: Path
) -> None:
    """Otherwise a crash, a deploy or a power cut leaves two issues, half a conversation, or a leak."""
    chance = Random(seed)
    with Sandbox.running(start=START, seed=seed, limits=False) as sandbox:
        hub = Hub(workers, _settings(tmp_path), environment := _environment(sandbox))
        people, story = People(environment), Story()
        _opens(people, story)
        _killed(hub, sandbox, chance)
        _answers(people, story)
        _killed(hub, sandbox, chance)
        tools = read(people, story)
        application = hub.application(sandbox)
        engine = application.engine
        planned = list(engine.plan([*application.store.bundles.subjects(), *engine.pending()]))
        assert [p for p in planned if p.plan or p.problem] == []
        verdict = checks(tools, story, plan_is_empty=True, parked=["no customer is known for nobody"])
        assert {check.name: check.faults for check in verdict if check.faults} == {}
        assert application.store.inbox.parked() == []
        for side, subjects in _subjects(people).items():
            wanted = {subject: 1 for subject, sides in ROUTES.items() if side in sides}
            assert subjects == wanted, side
        application.store.database.close()


def _settings(folder: Path) -> Path:
    settings = folder / "settings.toml"
    settings.write_text((files("deskbridge.demo") / "settings.toml").read_text("utf-8"), "utf-8")
    return settings


def _environment(sandbox: Sandbox) -> dict[str, str]:
    environment = sandbox.environment() | {"DESKBRIDGE_SECRET": "a secret for one test"}
    for connection, system in {"DESK": "FRESHDESK", "JIRA": "JIRA", "GITLAB": "GITLAB"}.items():
        environment[f"DESKBRIDGE_CONNECTIONS__{connection}__URL"] = environment[f"{system}_URL"]
    return environment


def _killed(hub: Hub, sandbox: Sandbox, chance: Random) -> None:
    """Have the hub work, killed four times on the way, until nothing is left to do."""
    for _ in range(4):
        hub.work(killed_after=chance.uniform(0.05, 0.5))
        sandbox.world.clock.advance(LEASE.total_seconds() + 1)  # nobody waits for a dead worker's claim
    for _ in range(3):
        assert hub.work()
        sandbox.world.clock.advance(LEASE.total_seconds() + 1)


def _opens(people: People, story: Story) -> None:
    """Customers write three mails, one with a file; an agent routes them and adds a note."""
    for number, (subject, sides) in enumerate(ROUTES.items()):
        attached = [File("log.bin", FILES["log.bin"], "application/octet-stream")] if sides == BOTH else []
        ticket = people.mail(KIM, "Kim", subject, f"<p>Help number {number} wanted</p>", *attached)
        people.sort(ticket, tags=TAGS[sides])
        story.tickets[subject], story.routed[subject] = ticket, sides
        people.note(ticket, f"<p>An internal thought {number}</p>")
        story.texts(subject, f"Help number {number} wanted")
        story.texts(subject, f"An internal thought {number}", private=True)
        story.files += [(subject, side, FILES["log.bin"]) for side in sides if attached]


def _answers(people: People, story: Story) -> None:
    """The developer answers with a file, the agent replies, the customer writes again."""
    subject = "Order import stops"
    issue, ticket = people.issue_of(subject), story.tickets[subject]
    people.comment(issue, "A developer suspects the cable")
    people.attach(issue, File("patch.bin", FILES["patch.bin"], "application/octet-stream"))
    people.comment_in_gitlab(people.gitlab_issue_of(subject), "A firmware engineer agrees")
    people.reply(ticket, "<p>An agent asks for the model</p>")
    people.answer(ticket, KIM, "<p>A customer says blue</p>")
    people.finish(people.issue_of("Printer prints nothing"))
    story.texts(subject, "A developer suspects the cable", "A firmware engineer agrees", private=True)
    story.texts(subject, "An agent asks for the model", "A customer says blue")
    story.files += [(subject, side, FILES["patch.bin"]) for side in ("freshdesk", "gitlab")]


def _subjects(people: People) -> dict[str, Counter[str]]:
    """Return how many issues have which subject."""
    jira = people.jira("POST", "api/2/search/jql", json={"jql": "project = SUP", "fields": ["summary"]})
    gitlab = people.gitlab("GET", "issues", params={"scope": "all", "per_page": 100})
    return {
        "jira": Counter(issue["fields"]["summary"] for issue in jira["issues"]),
        "gitlab": Counter(issue["title"] for issue in gitlab),
    }
