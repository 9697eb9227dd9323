"""Fronts other than Freshdesk, over real HTTP: the customer is served in Jira or in GitLab, or by nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deskbridge.bootstrap import Application, build
from deskbridge.demo.people import People, Tool
from deskbridge.sandbox.run import Sandbox
from sync.outcome import Done, Outcome

HUB = """
may_mail = ["front"]
[hub]
store = "store.sqlite3"
secret = "env:DESKBRIDGE_SECRET"
since = 2020-01-01T00:00:00Z
"""
JIRA = """
[connections.{name}]
system = "jira"
role = "{role}"
url = "{JIRA_URL}"
user = "{JIRA_EMAIL}"
secret = "env:JIRA_TOKEN"
resolution = "done"
"""
GITLAB = """
[connections.{name}]
system = "gitlab"
role = "{role}"
url = "{GITLAB_URL}"
secret = "env:GITLAB_TOKEN"
"""
PLACES = """
[places.asked]
connection = "front"
key = "{asked}"
{readers}
[places.done]
connection = "work"
key = "{done}"
readers = "staff"
[[routes]]
name = "all"
to = "done"
{condition}
[handover.work_to_front.resolved]
status = "resolved"
note = true
[handover.front_to_work.closed]
status = "closed"
note = false
[handover.front_to_work.resolved]
status = "resolved"
note = false
"""
CUSTOMERS = """
[customers.lantern]
name = "Lantern Books"
domains = ["lantern.example"]
organisations = { front = ["1"] }
zone = "Europe/Rome"
[customers.orbit]
name = "Orbit Cafe"
domains = ["orbit.example"]
organisations = { front = ["2"] }
zone = "Europe/Rome"
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Three fake servers, at the present time."""
    with Sandbox.running(limits=False) as running:
        yield running


class Desk:
    """A hub between two of the sandbox's tools, and the people who use them."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self._folder = folder
        self.env = sandbox.environment() | {"DESKBRIDGE_SECRET": "a secret for one test"}
        self.control = Tool(self.env["SANDBOX_CONTROL_URL"])
        self.control("POST", "reset")
        self.people = People(self.env)
        self.noor = Tool(f"{self.env['JIRA_URL']}/rest", (self.env["JIRA_EMAIL"], self.env["JIRA_TOKEN"]))

    def settings(self, front: str, work: str, **places: str) -> None:
        """Write the settings of two systems, each in its role."""
        given = {"condition": "", "readers": "", **places}
        text = HUB + front.format(**self.env, name="front", role="front")
        text += work.format(**self.env, name="work", role="work") + PLACES.format(**given)
        (self._folder / "settings.toml").write_text(text + places.get("customers", ""), "utf-8")

    def sync(self) -> Application:
        """Reconcile until nothing is left, and return the hub; nothing may be parked or wait."""
        application = build(self._folder / "settings.toml", self.env)
        engine = application.engine
        for _ in range(4):
            assert [*engine.identify(), *engine.collect()] == []
            outcomes: list[Outcome] = [result.outcome for result in engine.work()]
            assert [o for o in outcomes if not isinstance(o, Done)] == []
        left = list(engine.plan(application.store.bundles.subjects()))
        assert [p for p in left if p.plan.writes or p.problem] == []
        return application

    def act(self, system: str, act: str, /, **given: Any) -> dict[str, Any]:
        """Do what has no API."""
        done: dict[str, Any] = self.control("POST", f"act/{system}/{act}", json=given)
        return done

    def notes(self, number: int) -> dict[str, bool]:
        """Return the notes of a GitLab issue: text -> whether it is internal."""
        found = self.people.gitlab("GET", f"issues/{number}/notes", params={"per_page": 100})
        return {note["body"]: note["internal"] for note in found if not note["system"]}

    def issue(self, title: str) -> dict[str, Any]:
        """Return the one GitLab issue of a title."""
        found = self.people.gitlab("GET", "issues", params={"scope": "all", "per_page": 100})
        (issue,) = [one for one in found if one["title"] == title]
        return dict(issue)

    def comments(self, key: str) -> dict[str, Any]:
        """Return the comments of a Jira issue: text -> whether its portal shows it."""
        found = self.noor("GET", f"api/2/issue/{key}/comment")["comments"]
        return {one["body"]: one.get("jsdPublic") for one in found}

    def share(self, key: str, organisation: int) -> None:
        """Share a request with an organisation, as service projects do by themselves if so set up."""
        kind = "com.atlassian.servicedesk:sd-customer-organizations"
        (field,) = [f["id"] for f in self.noor("GET", "api/2/field") if f["schema"].get("custom") == kind]
        self.noor("PUT", f"api/2/issue/{key}", json={"fields": {field: [organisation]}})

    def status(self, key: str) -> str:
        """Return the category of a Jira issue's status."""
        return str(self.fields(key)["status"]["statusCategory"]["key"])

    def fields(self, key: str) -> dict[str, Any]:
        """Return how a Jira issue stands."""
        asked = {"fields": "status,resolution"}
        return dict(self.noor("GET", f"api/2/issue/{key}", params=asked)["fields"])


@pytest.fixture
def desk(tmp_path: Path, sandbox: Sandbox) -> Desk:
    """A hub that has done nothing yet."""
    return Desk(tmp_path, sandbox)


def having(texts: dict[str, Any], words: str) -> list[Any]:
    """Return what is said of each text that has these words."""
    return [said for text, said in texts.items() if words in text]


def test_a_service_project_of_jira_is_the_front(desk: Desk) -> None:
    """A customer served in Jira would get no answer from GitLab's developers, or read what is for staff."""
    desk.settings(JIRA, GITLAB, asked="HELP", done="harbour/firmware", customers=CUSTOMERS)
    asked = {
        who: desk.act("jira", "customer_request", email=mail, request_type="Get help", summary=who)["key"]
        for who, mail in (("Ada", "ada@lantern.example"), ("Otto", "otto@orbit.example"))
    }
    for who, organisation in (("Ada", 1), ("Otto", 2)):
        desk.share(asked[who], organisation)
    mailed = len(desk.people.outbox())
    desk.sync()
    issues = {who: desk.issue(who) for who in asked}
    assert [i["labels"][0] for i in issues.values()] == ["customer-lantern", "customer-orbit"]
    assert len(desk.people.outbox()) == mailed

    desk.act("jira", "customer_comment", email="ada@lantern.example", key=asked["Ada"], text="It is blue")
    desk.people.comment_in_gitlab(issues["Ada"]["iid"], "A developer asks for the log")
    desk.people.close_in_gitlab(issues["Otto"]["iid"])
    desk.sync()
    assert len(having(desk.notes(issues["Ada"]["iid"]), "It is blue")) == 1
    assert having(desk.notes(issues["Otto"]["iid"]), "It is blue") == []
    assert having(desk.comments(asked["Ada"]), "A developer asks for the log") == [False]
    assert desk.status(asked["Ada"]) != "done"
    solved = desk.fields(asked["Otto"])  # the screen asks as what, and another way would have it canceled
    assert (solved["status"]["name"], solved["resolution"]["name"]) == ("Resolved", "Done")
    assert [public for text, public in desk.comments(asked["Otto"]).items() if "GitLab" not in text] == [
        False
    ] * len(desk.comments(asked["Otto"]))


def test_a_service_desk_of_gitlab_is_the_front(desk: Desk) -> None:
    """A customer who mails GitLab would be mailed what Jira's developers say among themselves."""
    path = "projects/harbour%2Fportal"
    hub = Tool(f"{desk.env['GITLAB_URL']}/api/v4", headers={"PRIVATE-TOKEN": desk.env["GITLAB_TOKEN"]})
    hub("PUT", path, json={"service_desk_enabled": True})
    desk.settings(GITLAB, JIRA, asked="harbour/portal", done="SUP", customers=CUSTOMERS)
    letter = {"project": "harbour/portal", "name": "K", "text": "It is broken"}
    kim = desk.act("gitlab", "service_desk_mail", email="kim@lantern.example", subject="Kim", **letter)
    gia = desk.act("gitlab", "service_desk_mail", email="gia@orbit.example", subject="Gia", **letter)
    desk.sync()
    mailed = len(desk.people.outbox())
    keys = {who: desk.people.issue_of(who) for who in ("Kim", "Gia")}

    desk.people.comment(keys["Kim"], "The cable is suspected")
    desk.people.finish(keys["Gia"])
    said = {"project": "harbour/portal", "iid": kim["iid"], "email": "kim@lantern.example"}
    desk.act("gitlab", "service_desk_reply", **said, text="It is blue")
    desk.sync()
    notes = hub("GET", f"{path}/issues/{kim['iid']}/notes", params={"per_page": 100})
    assert [n["internal"] for n in notes if "The cable is suspected" in n["body"]] == [True]
    assert len(having(desk.comments(keys["Kim"]), "It is blue")) == 1
    assert hub("GET", f"{path}/issues/{gia['iid']}")["state"] == "closed"
    mails = [m for m in desk.people.outbox()[mailed:] if "cable is suspected" in str(m) and m["customer"]]
    assert mails == []


@pytest.mark.parametrize("front", ["jira", "gitlab"])
def test_jira_and_gitlab_without_a_customer(desk: Desk, front: str) -> None:
    """Two teams could not work on the same matters without pretending that somebody is served."""
    sides = (JIRA, GITLAB) if front == "jira" else (GITLAB, JIRA)
    places = {"asked": "SUP", "done": "harbour/firmware"}
    if front == "gitlab":
        places = {"asked": "harbour/firmware", "done": "SUP"}
    desk.settings(*sides, **places, readers='readers = "staff"', condition='tags = ["shared"]')
    opened: Callable[[str], None] = _in_jira(desk) if front == "jira" else _in_gitlab(desk)
    for title in ("Import stops", "Export stops"):
        opened(title)
    desk.sync()
    numbers = {title: desk.issue(title)["iid"] for title in ("Import stops", "Export stops")}
    keys = {title: desk.people.issue_of(title) for title in numbers}

    desk.people.comment(keys["Import stops"], "Said in Jira")
    desk.people.comment_in_gitlab(numbers["Import stops"], "Said in GitLab")
    desk.people.finish(keys["Export stops"])
    desk.act("jira", "require_field", field="resolution", transition="31")
    desk.people.close_in_gitlab(numbers["Import stops"])
    desk.sync()
    assert len(having(desk.notes(numbers["Import stops"]), "Said in Jira")) == 1
    assert len(having(desk.comments(keys["Import stops"]), "Said in GitLab")) == 1
    assert desk.issue("Export stops")["state"] == "closed"
    assert desk.status(keys["Import stops"]) == "done"


def _in_jira(desk: Desk) -> Callable[[str], None]:
    def opened(title: str) -> None:
        fields = {"project": {"key": "SUP"}, "issuetype": {"id": "10004"}, "labels": ["shared"]}
        desk.people.jira("POST", "api/2/issue", json={"fields": {**fields, "summary": title}})

    return opened


def _in_gitlab(desk: Desk) -> Callable[[str], None]:
    def opened(title: str) -> None:
        desk.people.gitlab("POST", "issues", json={"title": title, "description": "d", "labels": "shared"})

    return opened
