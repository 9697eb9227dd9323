"""Old numbers and addresses lead to new ones, as a list and on a page, and nowhere else."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert

from deskbridge.bootstrap import Application
from deskbridge.migration.redirects import HEAD, csv_rows, json_rows
from deskbridge.web.serving import looking
from mappings.ticket import Ref
from sync.store.accounts import Role
from sync.store.moved import Moved
from sync.store.schema import bundles, links
from tests.web.conftest import Hand, hub_in
from tests.web.looking import Browser, let_in, signed_in


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Application]:
    """A hub with accounts, whose tools are all dead: whatever is answered comes from the store."""
    made = hub_in(tmp_path, Hand())
    let_in(made)
    yield made
    made.store.database.close()


def link(hub: Application, *sides: tuple[str, str, str, str], unlinked: bool = False) -> None:
    """Link sides, each (connection, key, what it is called, address)."""
    at = hub.now()
    with hub.store.database.writing() as tx:
        bundle = tx.execute(insert(bundles).values(created=at)).inserted_primary_key
        assert bundle is not None
        for connection, key, display, url in sides:
            values = {"connection": connection, "key": key, "display": display, "url": url}
            gone = at if unlinked else None
            tx.execute(insert(links).values(bundle=bundle[0], created=at, unlinked=gone, **values))


def at(hub: Application, connection: str, path: str) -> str:
    """Return an address in a tool."""
    return f"{hub.settings.connections[connection].url}{path}"


def moved(hub: Application, number: int, key: str) -> None:
    """Link a ticket of the desk with an issue."""
    old = ("desk", str(number), f"#{number}", at(hub, "desk", f"/a/tickets/{number}"))
    link(hub, old, ("jira", str(9000 + number), key, at(hub, "jira", f"/browse/{key}")))


def sent(browser: Browser, path: str) -> tuple[int, str]:
    """Return how a page answers, and where it sends."""
    answer = browser.get(path)
    return answer.status_code, answer.headers.get("Location", "")


class TestPage:
    def test_old_numbers_and_addresses_are_sent_on(self, hub: Application) -> None:
        """Broken: ten years of links in mails and wikis lead nowhere."""
        moved(hub, 42, "SUP-7")
        there = at(hub, "jira", "/browse/SUP-7")
        with looking(hub) as url:
            browser = signed_in(hub, url, Role.VIEWER)
            assert sent(browser, "/old/desk/42") == (302, there)
            for asked in (
                "42",
                "%2342",
                at(hub, "desk", "/a/tickets/42"),
                at(hub, "desk", "/support/tickets/42"),
            ):
                assert sent(browser, f"/old?ticket={asked}") == (302, there)
            assert sent(browser, "/old/desk/43")[0] == 404
            assert sent(browser, "/old/nowhere/42")[0] == 404
            assert "<form" in browser.get("/old").text

    def test_nobody_is_sent_elsewhere(self, hub: Application) -> None:
        """Broken: a link to the hub leads to whoever wrote it."""
        evil = "https://evil.example/phish"
        link(hub, ("desk", "1", "#1", at(hub, "desk", "/a/tickets/1")), ("jira", "2", "SUP-2", evil))
        script = "javascript:alert(1)"
        link(hub, ("desk", "2", "#2", at(hub, "desk", "/a/tickets/2")), ("jira", "3", "SUP-3", script))
        lookalike = f"{at(hub, 'jira', '')}.evil.example/browse/SUP-4"
        link(hub, ("desk", "3", "#3", at(hub, "desk", "/a/tickets/3")), ("jira", "4", "SUP-4", lookalike))
        with looking(hub) as url:
            browser = signed_in(hub, url, Role.ADMIN)
            for asked in ("desk/1", "desk/2", "desk/3", f"desk/{evil}", "//evil.example"):
                assert sent(browser, f"/old/{asked}")[0] == 404
            for asked in (evil, script, "//evil.example", "<script>alert(1)</script>"):
                code, where = sent(browser, f"/old?ticket={asked}")
                assert code == 404 or where.startswith(at(hub, "desk", "/"))
            assert "<script>alert" not in browser.get("/old?ticket=<script>alert(1)</script>").text

    def test_strangers_are_asked_who_they_are(self, hub: Application) -> None:
        """Broken: anybody on the internet learns which tickets there are."""
        moved(hub, 42, "SUP-7")
        with looking(hub) as url:
            for number in (42, 43):
                code, where = sent(Browser(url), f"/old/desk/{number}")
                assert (code, where.startswith("/sign-in?next=")) == (303, True)

    def test_what_was_unlinked_is_not_known(self, hub: Application) -> None:
        """Broken: staff is sent to a ticket of somebody else's matter."""
        sides = (
            ("desk", "5", "#5", at(hub, "desk", "/a/tickets/5")),
            ("jira", "6", "SUP-6", at(hub, "jira", "/6")),
        )
        link(hub, *sides, unlinked=True)
        with looking(hub) as url:
            assert sent(signed_in(hub, url, Role.VIEWER), "/old/desk/5")[0] == 404

    def test_what_the_switch_took_out_leads_on(self, hub: Application) -> None:
        """Broken: on the day of the switch every old number is forgotten."""
        moved(hub, 42, "SUP-7")
        hub.store.carrying.hand_over("desk", "jira", hub.now())
        with looking(hub) as url:
            browser = signed_in(hub, url, Role.VIEWER)
            for asked in ("/old/desk/42", "/old?ticket=%2342", f"/old?ticket={at(hub, 'desk', '/x/42')}"):
                assert sent(browser, asked) == (302, at(hub, "jira", "/browse/SUP-7"))
            assert sent(browser, "/old?ticket=https://evil.example/a/tickets/42")[0] == 404

    def test_a_name_that_several_bear_is_listed(self, hub: Application) -> None:
        """Broken: one of two tickets of the same number can never be found."""
        moved(hub, 7, "SUP-1")
        old = ("gitlab", "70", "7", at(hub, "gitlab", "/issues/7"))
        link(hub, old, ("jira", "71", "SUP-2", at(hub, "jira", "/browse/SUP-2")))
        with looking(hub) as url:
            browser = signed_in(hub, url, Role.VIEWER)
            text = browser.get("/old?ticket=7").text
            assert at(hub, "jira", "/browse/SUP-1") in text
            assert at(hub, "jira", "/browse/SUP-2") in text
            assert sent(browser, "/old/gitlab/7") == (302, at(hub, "jira", "/browse/SUP-2"))


class TestList:
    def test_everything_that_is_linked_is_listed_once(self, hub: Application) -> None:
        """Broken: whatever serves the old addresses misses some."""
        numbers = range(1, 1503)
        for number in numbers:
            moved(hub, number, f"SUP-{number}")
        found = hub.store.movings.all("desk")
        rows = list(csv.DictReader(io.StringIO("".join(csv_rows(found)))))
        assert len(rows) == len(numbers)
        assert {row["number"]: row["new_key"] for row in rows} == {str(n): f"SUP-{n}" for n in numbers}
        assert tuple(rows[0]) == HEAD
        again = json.loads("".join(json_rows(hub.store.movings.all("desk", "jira"))))
        assert again == rows
        assert list(hub.store.movings.all("desk", "gitlab")) == []
        assert json.loads("".join(json_rows([]))) == []

    def test_the_list_is_written_as_it_is_read(self) -> None:
        """Broken: a list of two hundred thousand tickets fills the memory."""

        def many() -> Iterator[Moved]:
            for number in range(50_000):
                yield Moved(Ref("desk", str(number)), "x" * 200, Ref("jira", str(number)), "y" * 200)

        tracemalloc.start()
        for written in (csv_rows, json_rows):
            for _ in written(many()):
                pass
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 1_000_000
