"""Nobody is told of what a migration writes: turned on, proved and taken back, over real HTTP."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import requests

from tests.app.program import Hub

HELP = """\
[places.history]
connection = "jira"
key = "HELP"
readers = "staff"

[migration]
to = "history"

"""
PUT = {"system": "jira", "method": "PUT", "path": ".*/project/HELP"}
DEFAULT, NOBODY = "Default Notification Scheme", "No notifications"


@pytest.fixture
def moving(hub: Hub) -> Hub:
    """A hub whose tickets are to go to the service desk, and which may administer its site."""
    hub.change(('[[routes]]\nname = "to the developers"', HELP + '[[routes]]\nname = "to the developers"'))
    permit(hub, allowed=True)
    return hub


def permit(hub: Hub, *, allowed: bool) -> None:
    """Give the hub's account the permission to administer its site, or take it."""
    for permission in ("ADMINISTER", "ADMINISTER_PROJECTS"):
        hub.control(
            "POST", "act/jira/permit", email="hub@harbour.example", permission=permission, allowed=allowed
        )


def jira(hub: Hub, method: str, path: str, **request: Any) -> Any:
    """Call Jira as the hub's account."""
    url = f"{hub.environment['JIRA_URL']}/rest/api/2/{path}"
    who = ("hub@harbour.example", hub.environment["JIRA_TOKEN"])
    answer = requests.request(method, url, auth=who, timeout=10, **request)
    answer.raise_for_status()
    return answer.json() if answer.content else None


def scheme(hub: Hub) -> str:
    """Return what the project's notifications are set to."""
    return str(jira(hub, "GET", "project/HELP/notificationscheme")["name"])


def standing(hub: Hub) -> dict[str, Any]:
    """Return what is told of the place."""
    (one,) = json.loads(hub.run("migrate", "quiet", "check", "--json").out)
    return dict(one)


def issues(hub: Hub) -> list[dict[str, Any]]:
    """Return the issues of the project."""
    asked = {"jql": "project = HELP", "fields": "summary"}
    return list(jira(hub, "GET", "search/jql", params=asked)["issues"])


class TestQuiet:
    def test_a_place_is_silenced_and_set_back_exactly(self, moving: Hub) -> None:
        """Broken: staff gets ten thousand mails, or never one again."""
        jira(moving, "POST", "notificationscheme", json={"name": "Ours", "description": "made with care"})
        ours = next(
            one["id"] for one in jira(moving, "GET", "notificationscheme")["values"] if one["name"] == "Ours"
        )
        jira(moving, "DELETE", f"notificationscheme/{ours}")
        assert scheme(moving) == DEFAULT
        assert moving.run("migrate", "quiet", "check").code == 5
        on = moving.run("migrate", "quiet", "on")
        assert (on.code, on.err) == (0, "")
        assert on.lines[0] == f"jira HELP: quiet; it was set to '{DEFAULT}' and will be again"
        assert scheme(moving) == NOBODY
        assert "jira HELP: is quiet already" in moving.run("migrate", "quiet", "on").out
        off = moving.run("migrate", "quiet", "off")
        assert off.lines == [f"jira HELP: set to '{DEFAULT}' again, as before"]
        assert scheme(moving) == DEFAULT
        assert moving.run("migrate", "quiet", "off").out == "Nothing is quiet because of us.\n"

    def test_without_the_permission_nothing_is_changed_and_the_way_by_hand_is_told(self, moving: Hub) -> None:
        """Broken: a run begins though nobody could silence the place."""
        permit(moving, allowed=False)
        moving.refuse_writes()
        on = moving.run("migrate", "quiet", "on")
        assert on.code == 5
        assert moving.writes_refused() == 0
        assert "the account lacks ADMINISTER" in on.err
        assert "Project settings > Notifications > Actions > Use a different scheme" in on.err
        moving.control("DELETE", "faults")
        permit(moving, allowed=True)
        assert moving.run("migrate", "quiet", "off").out == "Nothing is quiet because of us.\n"

    @pytest.mark.timeout(240)
    def test_a_kill_between_what_is_kept_and_what_is_done_loses_nothing(self, moving: Hub) -> None:
        """Broken: what a place was set to is forgotten, or taken for what it is set to now."""
        moving.control("POST", "faults", **PUT, kind="slow", seconds=60, times=1)
        process = moving.start("migrate", "quiet", "on")
        try:
            begun = time.monotonic()
            while not any("turning on" in row for row in moving.remembered()):
                assert time.monotonic() < begun + 90, "it never came to the write"
                time.sleep(0.05)
        finally:
            process.kill()
            process.communicate()
        moving.control("DELETE", "faults")
        assert not standing(moving)["quiet"]
        assert moving.run("migrate", "quiet", "on").code == 0
        assert scheme(moving) == NOBODY
        assert moving.run("migrate", "quiet", "off").code == 0
        assert scheme(moving) == DEFAULT

    def test_a_write_that_nobody_heard_of_is_looked_for(self, moving: Hub) -> None:
        """Broken: a lost answer leaves a place silent for ever, or loud in a run."""
        for command, kind, state in (("on", "lost", NOBODY), ("off", "reset", DEFAULT)):
            moving.control("POST", "faults", **PUT, kind=kind, times=9)
            failed = moving.run("migrate", "quiet", command)
            assert (failed.code, "jira: PUT" in failed.err) == (1, True)
            moving.control("DELETE", "faults")
            assert not standing(moving)["quiet"]
            assert moving.run("migrate", "quiet", command).code == 0
            assert scheme(moving) == state

    def test_nothing_is_made_loud_while_a_run_is_at_work(self, moving: Hub) -> None:
        """Broken: whoever tidies up too early has everybody mailed of the other half of the past."""
        moving.change(('to = "history"', 'to = "support-development"'))
        assert moving.run("migrate", "quiet", "on").code == 0
        lists = {"system": "freshdesk", "method": "GET", "path": ".*/tickets", "kind": "slow"}
        moving.control("POST", "faults", **lists, seconds=60, times=9)
        process = moving.start("migrate", "run", "--apply")
        try:
            begun = time.monotonic()
            while not any("running" in row for row in moving.remembered()):
                assert time.monotonic() < begun + 40, "it never began"
                time.sleep(0.1)
            refused = moving.run("migrate", "quiet", "off")
        finally:
            process.kill()
            process.communicate()
        moving.control("DELETE", "faults")
        assert (refused.code, "is worked on by another process" in refused.err) == (5, True), refused.err
        assert moving.run("migrate", "quiet", "off").code == 0

    def test_what_people_set_meanwhile_stays(self, moving: Hub) -> None:
        """Broken: an administrator's own choice of this morning is undone on Sunday night."""
        assert moving.run("migrate", "quiet", "on").code == 0
        rows = [{"event": {"id": "6"}, "notifications": [{"notificationType": "Reporter"}]}]
        made = jira(
            moving, "POST", "notificationscheme", json={"name": "Mine", "notificationSchemeEvents": rows}
        )
        jira(moving, "PUT", "project/HELP", json={"notificationScheme": int(made["id"])})
        assert not standing(moving)["quiet"]
        off = moving.run("migrate", "quiet", "off")
        assert "somebody set it to 'Mine' meanwhile; it stays so" in off.out
        assert scheme(moving) == "Mine"

    def test_a_place_that_is_gone_keeps_no_other_one_silent(self, moving: Hub) -> None:
        """Broken: a project that somebody deleted leaves all others without mail, and the switch refused."""
        route = '[[migration.routes]]\nname = "orbit"\nto = "support-development"\ncustomers = ["orbit"]\n'
        moving.change(('to = "history"\n', f'to = "history"\n{route}'))
        assert moving.run("migrate", "quiet", "on").code == 0
        jira(moving, "DELETE", "project/HELP")
        off = moving.run("migrate", "quiet", "off")
        assert (off.code, "jira HELP: is not there any more" in off.out) == (0, True), off.out + off.err
        assert jira(moving, "GET", "project/SUP/notificationscheme")["name"] == DEFAULT

    @pytest.mark.timeout(240)
    def test_customers_are_proved_not_to_be_mailed(self, moving: Hub) -> None:
        """Broken: the scheme is silent, and every customer gets a mail from the portal all the same."""
        assert moving.run("migrate", "quiet", "confirm", "--by", "Noor").code == 5
        assert moving.run("migrate", "quiet", "on").code == 0
        refused = moving.run("migrate", "quiet", "confirm", "--by", "Noor")
        assert (refused.code, "no mailbox was tried out" in refused.err) == (5, True)
        request = moving.control(
            "POST",
            "act/jira/customer_request",
            email="iris@lantern.example",
            request_type="Get help",
            summary="Canary",
        )["key"]
        before = moving.customers_mailed()
        tried = moving.run("migrate", "quiet", "canary", request)
        assert (tried.code, tried.err) == (0, "")
        assert moving.customers_mailed() > before  # the switch of the user interface is still on
        moving.control("POST", "act/jira/set_switch", name="customer_mails", value=False)
        before = moving.customers_mailed()
        again = moving.run("migrate", "quiet", "canary", request)
        assert "look into their mailbox" in again.lines[-1]
        assert moving.customers_mailed() == before
        assert not standing(moving)["quiet"]
        confirmed = moving.run("migrate", "quiet", "confirm", "--by", "Noor")
        assert f"Noor says that nothing came to the customer of jira {request}" in confirmed.out
        assert moving.run("migrate", "quiet", "check").code == 0
        ticket = moving.people.mail("iris@lantern.example", "Iris Quill", "Moved", "<p>It stops</p>")
        moving.people.reply(ticket, "<p>We look</p>")
        before = moving.customers_mailed()
        moved = moving.run("migrate", "run", "--apply")
        assert moved.code == 0, moved.err
        assert "Moved" in {issue["fields"]["summary"] for issue in issues(moving)}
        assert moving.customers_mailed() == before
        assert moving.run("migrate", "quiet", "off").code == 0
        assert moving.run("migrate", "run", "--apply").code == 5
        assert moving.run("migrate", "quiet", "on").code == 0
        assert not standing(moving)["quiet"]  # a proof is for the silence that was proved

    def test_a_place_that_is_not_quiet_has_no_canary(self, moving: Hub) -> None:
        """Broken: trying out whether customers are mailed mails staff."""
        moving.refuse_writes()
        tried = moving.run("migrate", "quiet", "canary", "HELP-1")
        assert tried.code in (2, 5)
        assert moving.writes_refused() == 0
