"""`check --live` says which statuses a workflow does not let the hub write, over real HTTP."""

from __future__ import annotations

import pytest

from deskbridge.check import written_statuses
from mappings.ticket import Status
from sync.rules import HANDOVER, Handover, Role, Rules
from tests.app.program import Hub

DOWN = (Role.FRONT, Role.WORK)


def rules(*works: str, reopen: bool = False, handed: Status | None = None) -> Rules:
    """Rules of a front and some work sides."""
    given = {Status.CLOSED: Handover(handed, note=False)}
    return Rules(
        roles={"desk": Role.FRONT, **dict.fromkeys(works, Role.WORK)},
        trust=("desk", *works),
        places=(),
        handover={**HANDOVER, DOWN: given},
        reopen_work=reopen,
    )


@pytest.mark.parametrize(
    ("given", "name", "expected"),
    [
        (rules("jira"), "jira", ()),
        (rules("jira"), "desk", (Status.OPEN,)),
        (rules("jira", reopen=True), "jira", (Status.OPEN,)),
        (rules("jira", handed=Status.RESOLVED), "jira", (Status.RESOLVED,)),
        (rules("jira", "gitlab"), "jira", tuple(Status)),
    ],
)
def test_what_the_rules_may_write(given: Rules, name: str, expected: tuple[Status, ...]) -> None:
    """A way would be looked for that nobody needs, or the one that somebody needs would not."""
    assert written_statuses(given, name) == expected


def issue(hub: Hub, *steps: str) -> None:
    """Have an issue stand where issues begin, or where transitions bring it."""
    fields = {"project": {"key": "SUP"}, "issuetype": {"id": "10004"}, "summary": "Somewhere"}
    made = hub.people.jira("POST", "api/2/issue", json={"fields": fields})
    for step in steps:
        hub.people.jira("POST", f"api/2/issue/{made['key']}/transitions", json={"transition": {"id": step}})


def test_a_status_without_a_way_is_told_beforehand(hub: Hub) -> None:
    """A finished issue in one tool would stay open in the other, and a finding tell it ticket by ticket."""
    issue(hub)
    assert "no way leads" not in hub.run("check", "--live").out
    hub.control("POST", "act/jira/set_workflow", preset="directed")
    assert "no way leads" not in hub.run("check", "--live").out  # nobody has seen what follows In Progress
    issue(hub, "11")
    ended = hub.run("check", "--live")
    assert ended.code == 0
    way = "jira SUP: no way leads to resolved from To Do, In Progress: a change to it is skipped there"
    assert f"{way}; 'Resolve' asks for Resolution; say which in [connections.jira]: resolution" in ended.out
    assert "leads to in_progress" not in ended.out
    # An administrator gives the site a default, which answers that question.
    hub.control("POST", "act/jira/set_person", email="dana@harbour.example", site_admin=True)
    hub.people.jira("PUT", "api/3/resolution/default", json={"id": "10000"})
    ended = hub.run("check", "--live")
    assert "'Done' is given, the site's default" in ended.out
    assert "no way leads" not in ended.out
