"""Three tickets between the sandbox's three tools: what people do, and what must stand there afterwards."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from deskbridge.bootstrap import Application
from deskbridge.demo.checks import checks, read
from deskbridge.demo.morning import BOTH, GITLAB, JIRA, Story
from deskbridge.demo.people import File, People
from deskbridge.sandbox.run import Sandbox
from deskbridge.sandbox.world import Clock
from tests.sync.empty import empty_store

START = datetime(2026, 1, 12, 9, 0, tzinfo=UTC)
KIM = "kim@lantern.example"
FILES = {name: name.encode() * 400 for name in ("log.bin", "patch.bin")}
ROUTES = {"Order import stops": BOTH, "Battery drains": GITLAB, "Printer prints nothing": JIRA}
TAGS = {BOTH: ["dev", "firmware"], GITLAB: ["firmware"], JIRA: ["dev"]}


def settings_in(folder: Path) -> Path:
    """Write the demo's settings beside an empty store, and return where."""
    empty_store(folder / "store.sqlite3")
    settings = folder / "settings.toml"
    settings.write_text((files("deskbridge.demo") / "settings.toml").read_text("utf-8"), "utf-8")
    return settings


def environment_of(sandbox: Sandbox) -> dict[str, str]:
    """Return the addresses and credentials of a hub before this sandbox."""
    environment = sandbox.environment() | {"DESKBRIDGE_SECRET": "a secret for one test"}
    for connection, system in {"DESK": "FRESHDESK", "JIRA": "JIRA", "GITLAB": "GITLAB"}.items():
        environment[f"DESKBRIDGE_CONNECTIONS__{connection}__URL"] = environment[f"{system}_URL"]
    return environment


def opens(people: People, story: Story) -> None:
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


def answers(people: People, story: Story) -> None:
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


def whole(people: People, story: Story, application: Application) -> None:
    """Check that everything stands where it must, once, and that nothing is left to do."""
    engine = application.engine
    planned = list(engine.plan([*application.store.bundles.subjects(), *engine.pending()]))
    assert [p for p in planned if p.plan or p.problem] == []
    verdict = checks(
        read(people, story), story, plan_is_empty=True, parked=["no customer is known for nobody"]
    )
    faults = {check.name: check.faults for check in verdict if check.faults}
    assert faults == {}, faults
    assert application.store.inbox.parked() == []
    for side, subjects in _subjects(people).items():
        wanted = {subject: 1 for subject, sides in ROUTES.items() if side in sides}
        assert subjects == wanted, side


def goes_on(application: Application, clock: Clock, times: int, seconds: float) -> None:
    """Have the hub sync again and again, that long apart: what was postponed comes due in between."""
    for _ in range(times):
        application.engine.collect()
        for _ in application.engine.work():
            pass
        clock.advance(seconds)
