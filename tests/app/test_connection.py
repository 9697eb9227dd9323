"""A connection that answers as another account or at another address, over real HTTP."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.app.program import Hub

NOBODY = "nothing to adopt"


def linked(hub: Hub) -> dict[str, str]:
    """Have a ticket with an issue and a text on each, and return the settings of another Jira account."""
    ticket = hub.people.mail("kim@lantern.example", "Kim Park", "Import stops", "<p>At row 17.</p>")
    hub.people.sort(ticket, tags=["dev"])
    hub.people.note(ticket, "<p>An agent thinks</p>")
    assert hub.run("sync", "--once").code == 0
    return {
        "DESKBRIDGE_CONNECTIONS__JIRA__USER": hub.environment["JIRA_DEV_EMAIL"],
        "JIRA_TOKEN": hub.environment["JIRA_DEV_TOKEN"],
    }


def at_another_address(hub: Hub) -> dict[str, str]:
    """Return the settings of the same Jira under another name."""
    url = hub.environment["JIRA_URL"].replace("127.0.0.1", "localhost")
    return {"DESKBRIDGE_CONNECTIONS__JIRA__URL": url}


def forget_copies(hub: Hub) -> None:
    """Have the store forget which texts in Jira are the hub's: only their markers tell it then."""
    with closing(sqlite3.connect(hub.folder / "store.sqlite3")) as store:
        store.execute("DELETE FROM mirrors WHERE target_connection = 'jira' AND origin_id NOT LIKE 'hub:%'")
        store.execute("DELETE FROM intents WHERE target_connection = 'jira'")
        store.commit()


class TestCheck:
    def test_a_connection_that_is_another_one_is_told_with_the_way_out(self, hub: Hub) -> None:
        """`check --live` would say that all is well, and then nothing would start."""
        other = linked(hub)
        said = hub.run("check", "--live", **other)
        assert said.code == 2
        (line,) = [line for line in said.lines if "connections.jira: it was account" in line]
        assert "`deskbridge connection adopt jira`" in line
        assert "jira: ready" not in said.out
        assert hub.run("connection", "adopt", "jira", "--apply", **other).code == 0
        assert "it was account" not in hub.run("check", "--live", **other).out

    def test_without_a_store_nobody_was_anybody(self, hub: Hub) -> None:
        """A check before the first sync would make a store, or fail for want of one."""
        (hub.folder / "store.sqlite3").unlink()
        assert "it was account" not in hub.run("check", "--live").out
        assert not (hub.folder / "store.sqlite3").exists()
        (hub.folder / "store.sqlite3").write_text("no store", "utf-8")
        assert "it was account" not in hub.run("check", "--live").out


class TestAdopt:
    def test_addresses_are_those_of_today(self, hub: Hub) -> None:
        """`explain` and the pages would lead people to a site that is not there any more."""
        linked(hub)
        moved = at_another_address(hub)
        before, now = hub.environment["JIRA_URL"], moved["DESKBRIDGE_CONNECTIONS__JIRA__URL"]
        assert f"{before}/browse/SUP-1" in hub.run("explain", "desk:1").out
        assert hub.run("connection", "adopt", "jira", "--apply", **moved).code == 0
        said = hub.run("explain", "desk:1", **moved).out
        assert f"{now}/browse/SUP-1" in said
        assert before not in said

    def test_an_issue_that_got_another_name_is_called_by_it(self, hub: Hub) -> None:
        """A project that was renamed would stand under its old name for ever."""
        linked(hub)
        hub.control("POST", "act/jira/set_person", email="hub@harbour.example", site_admin=True)
        admin = hub.environment["JIRA_EMAIL"], hub.environment["JIRA_TOKEN"]
        hub.people.jira("PUT", "api/2/project/SUP", json={"key": "CARE"}, auth=admin)
        hub.change(('key = "SUP"', 'key = "CARE"'))
        hub.people.comment("CARE-1", "A developer looks")
        assert hub.run("sync", "--once").code == 0
        said = hub.run("explain", "desk:1").out
        assert "CARE-1" in said
        assert "/browse/SUP-1" not in said

    def test_the_hub_goes_on_under_another_account(self, hub: Hub) -> None:
        """A hub whose account was replaced would need a new store, or take its own texts for a person's."""
        other = linked(hub)
        assert hub.run("sync", "--once", **other).code == 2
        shown = hub.run("connection", "adopt", "jira", **other)
        assert (shown.code, shown.err) == (0, "")
        assert "1 of its 1 newest tickets have texts of ours there" in shown.out
        assert "wrote until now counts as ours" in shown.out
        assert shown.lines[-1].endswith("say --apply")
        refused = hub.run("sync", "--once", **other)
        assert refused.code == 2
        assert "deskbridge connection adopt jira" in refused.err
        assert hub.run("connection", "adopt", "jira", "--apply", **other).code == 0
        assert NOBODY in hub.run("connection", "adopt", "jira", **other).out
        forget_copies(hub)
        assert "Nothing to write" in hub.run("plan", "--all", **other).out
        assert hub.run("sync", "--once").code == 2  # the old one is not ours any more

    def test_what_the_old_account_writes_later_is_a_persons(self, hub: Hub) -> None:
        """An account that was given back to its owner would never be heard again."""
        other = linked(hub)
        assert hub.run("connection", "adopt", "jira", "--apply", **other).code == 0
        hub.people.comment(hub.people.issue_of("Import stops"), "By whom the hub is now")
        issue = f"{hub.environment['JIRA_URL']}/rest/api/2/issue/SUP-1/comment"
        before = hub.environment["JIRA_EMAIL"], hub.environment["JIRA_TOKEN"]
        hub.people.jira("POST", issue.partition("/rest/")[2], json={"body": "By hand"}, auth=before)
        planned = hub.run("plan", **other).out
        assert planned.count("desk: add note") == 1

    def test_another_address_of_the_same_site(self, hub: Hub) -> None:
        """A tool that got a new address would end the sync for good."""
        linked(hub)
        moved = {
            "DESKBRIDGE_CONNECTIONS__JIRA__URL": hub.environment["JIRA_URL"].replace("127.0.0.1", "localhost")
        }
        assert hub.run("sync", "--once", **moved).code == 2
        assert hub.run("connection", "adopt", "jira", "--apply", **moved).code == 0
        assert "Nothing to write" in hub.run("plan", "--all", **moved).out

    def test_another_site_is_refused(self, hub: Hub) -> None:
        """Tickets of another site with the same numbers would be taken for those that are linked."""
        linked(hub)
        hub.control("POST", "reset")
        moved = {
            "DESKBRIDGE_CONNECTIONS__JIRA__URL": hub.environment["JIRA_URL"].replace("127.0.0.1", "localhost")
        }
        ended = hub.run("connection", "adopt", "jira", "--apply", **moved)
        assert ended.code == 1
        assert "that is another site" in ended.err
        assert hub.run("sync", "--once", **moved).code == 2

    @pytest.mark.parametrize(
        ("name", "code", "said"), [("jira", 0, NOBODY), ("nowhere", 2, "there are desk")]
    )
    def test_nothing_to_adopt(self, hub: Hub, name: str, code: int, said: str) -> None:
        """A slip of the hand would end in a traceback, or record something."""
        ended = hub.run("connection", "adopt", name, "--apply")
        assert ended.code == code
        assert said in ended.out + ended.err
