"""`init`: settings are written from what the sandbox's tools have, and work as they are."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from deskbridge.demo.people import Tool
from tests.app.program import Ended, Hub


@pytest.fixture
def bare(hub: Hub) -> Hub:
    """A folder without settings, and an environment without overrides."""
    hub.settings.unlink()
    for name in [name for name in hub.environment if name.startswith("DESKBRIDGE_CONNECTIONS")]:
        del hub.environment[name]
    return hub


def init(hub: Hub, *more: str, systems: Sequence[str] = ("freshdesk", "jira", "gitlab")) -> Ended:
    """Write settings for some of the sandbox's systems."""
    names = {"freshdesk": "desk", "jira": "acme_jira", "gitlab": "acme_gitlab"}
    words = [f"{names[s]}={s}:{hub.environment[f'{s.upper()}_URL']}" for s in systems]
    return hub.run("init", *(word for text in words for word in ("--connection", text)), *more)


def test_what_is_written_works(bare: Hub) -> None:
    """A newcomer's first file would be refused, or would copy nothing."""
    ended = init(bare, "--zone", "Europe/Rome")
    assert (ended.code, ended.err) == (0, "")
    text = bare.settings.read_text("utf-8")
    assert not [v for k, v in bare.environment.items() if k.endswith(("_KEY", "_TOKEN")) and v in text]
    assert bare.run("check").code == 0
    assert bare.run("check", "--live").code == 0
    ticket = bare.people.mail("kim@lantern.example", "Kim", "Import stops", "<p>At row 17.</p>")
    bare.people.sort(ticket, tags=["dev", "acme_gitlab"])
    assert bare.run("sync", "--once").code == 0
    assert bare.people.issue_of("Import stops").startswith("SUP-")
    assert bare.people.gitlab_issue_of("Import stops")
    labels = bare.people.jira("GET", f"api/2/issue/{bare.people.issue_of('Import stops')}")["fields"][
        "labels"
    ]
    assert "customer-lantern-books" in labels


def test_nothing_is_overwritten(bare: Hub) -> None:
    """Somebody would lose the settings that they had."""
    bare.settings.write_text("mine", "utf-8")
    ended = init(bare)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "deskbridge: settings.toml: it is there already and is not overwritten\n"
    assert bare.settings.read_text("utf-8") == "mine"


def test_what_is_missing_is_told_at_once(bare: Hub) -> None:
    """Somebody would correct one thing after the other, or get half a file."""
    del bare.environment["JIRA_TOKEN"]
    ended = bare.run(
        "init",
        *("--connection", "desk=freshdsk:https://a.example"),
        *("--connection", "acme_jira=jira:https://a.example"),
        *("--connection", "gitlab"),
    )
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines() == [
        "deskbridge: desk=freshdsk:https://a.example: no system 'freshdsk'; did you mean 'freshdesk'?",
        (
            "acme_jira=jira:https://a.example: put its secret into the environment, as ACME_JIRA_TOKEN or"
            " JIRA_TOKEN"
        ),
        "gitlab: write it like desk=freshdesk:https://you.freshdesk.com",
    ]
    assert not bare.settings.exists()


def test_a_wrong_credential(bare: Hub) -> None:
    """A file would be written from what nobody could be asked."""
    bare.environment["JIRA_TOKEN"] = "wrong-key-0123456789"
    ended = init(bare)
    assert (ended.code, ended.out) == (2, "")
    assert "acme_jira: GET " in ended.err
    assert not bare.settings.exists()


def test_a_project_that_customers_read_is_not_taken(bare: Hub) -> None:
    """What is for staff would be put where customers read it, because nobody was asked."""
    ended = init(bare, "--project", "acme_jira=NONE")
    assert (ended.code, ended.out) == (2, "")
    assert "choose one with --project acme_jira=KEY; there are SUP, HELP (a service project" in ended.err


def test_without_a_freshdesk(bare: Hub) -> None:
    """Two teams without a help desk would have to write their settings from nothing."""
    ended = init(bare, systems=("jira", "gitlab"))
    assert (ended.code, ended.err) == (0, "")
    assert bare.run("check", "--live").code == 0


def test_people_who_show_one_address_are_known(bare: Hub) -> None:
    """A table of people would be typed by hand, or mix up two who only share a name."""
    admin = Tool(f"{bare.environment['FRESHDESK_URL']}/api/v2", (bare.environment["FRESHDESK_API_KEY"], "X"))
    for name in ("dana", "only-here"):
        admin("POST", "agents", json={"email": f"{name}@harbour.example", "name": name, "ticket_scope": 1})
    ended = init(bare)
    assert (ended.code, ended.err) == (0, "")
    assert ended.lines[0] == "people.csv is written: 2 people with one address in several systems."
    rows = (bare.folder / "people.csv").read_text("utf-8").splitlines()
    dana = bare.people.jira("GET", "api/2/myself")["accountId"]
    assert rows[:2] == ["person,desk,acme_jira,acme_gitlab", f"dana,dana@harbour.example,{dana},"]
    assert [row.split(",")[1] for row in rows[2:]] == ["noor@harbour.example"]
    assert 'people = "people.csv"' in bare.settings.read_text("utf-8")


def test_a_table_that_is_there_is_kept(bare: Hub) -> None:
    """Somebody would lose the table that they had, or settings would name one that does not fit."""
    (bare.folder / "people.csv").write_text("mine", "utf-8")
    assert init(bare).code == 0
    assert (bare.folder / "people.csv").read_text("utf-8") == "mine"
    assert "people" not in bare.settings.read_text("utf-8")


def test_the_desks_own_rules_are_taken_over(bare: Hub) -> None:
    """Hours and promises would be typed from Freshdesk's pages, with a slip that a customer finds."""
    admin = Tool(f"{bare.environment['FRESHDESK_URL']}/api/v2", (bare.environment["FRESHDESK_API_KEY"], "X"))
    week = dict.fromkeys(("monday", "tuesday", "wednesday", "friday"), ("09:00", "18:30"))
    rome = {"name": "Rome office", "time_zone": "Rome", "hours": week, "holidays": []}
    assert bare.control("POST", "act/freshdesk/add_calendar", **rome)
    companies = {row["name"]: row["id"] for row in admin("GET", "companies")}
    target = {
        "respond_within": 1800,
        "resolve_within": 14400,
        "business_hours": True,
        "escalation_enabled": True,
    }
    for name, who in {
        "Gold": {"company_ids": [companies["Lantern Books"]]},
        "By mail": {"sources": [1]},
    }.items():
        targets = {f"priority_{n}": {**target, "respond_within": 1800 * n} for n in range(1, 5)}
        admin("POST", "sla_policies", json={"name": name, "sla_target": targets, "applicable_to": who})
    ended = init(bare)
    assert (ended.code, ended.err) == (0, "")
    text = bare.settings.read_text("utf-8")
    assert '[calendars.default]\nzone = "UTC"\nweek = { "mon-fri" = ["08:00-17:00"] }\n' in text
    assert (
        '[calendars.rome-office]\nzone = "Europe/Rome"\n'
        'week = { "mon-wed" = ["09:00-18:30"], "fri" = ["09:00-18:30"] }\n'
    ) in text
    assert (
        '# [policies.gold]\n# calendar = "default"\n# [policies.gold.targets]\n'
        '# urgent = { "first_response" = "2h", "resolve" = "4h" }\n'
        '# high = { "first_response" = "90m", "resolve" = "4h" }\n'
    ) in text
    assert "## it is for sources 1 only, which no policy here can ask for.\n## [policies.by-mail]\n" in text
    lantern = text.partition("[customers.lantern-books]")[2].partition("[customers.")[0]
    assert '# policy = "gold"\n' in lantern
    orbit = text.partition("[customers.orbit-cafe]")[2].partition("[customers.")[0]
    assert '# policy = "default-sla-policy"\n' in orbit
    start = text.index("## The tool's own SLA rules")
    used = text[:start] + re.sub(r"^# ", "", text[start:], flags=re.MULTILINE)
    bare.settings.write_text(used, "utf-8")
    assert bare.run("check").code == 0
