"""Pages that are asked for again and again, and lists that are narrowed down, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from deskbridge.bootstrap import Application
from deskbridge.web.pages.wording import html
from deskbridge.web.serving import looking
from mappings.ticket import Raw, Ref, TextFormat
from sync.operations import Skip
from sync.store.accounts import Role
from sync.store.audit import Act
from tests.web.conftest import Hand, hub_in
from tests.web.kept import Wrote, keep
from tests.web.looking import Browser, let_in, signed_in

LIVE = {"X-Deskbridge-Live": "1"}
PAGES = ("/", "/board/lantern", "/ticket/desk/1")


@dataclass(frozen=True)
class World:
    """A hub with some tickets, and its clock."""

    app: Application
    url: str
    hand: Hand

    def browser(self, role: Role = Role.AGENT) -> Browser:
        """Return the browser of somebody who signed in at this moment."""
        return signed_in(self.app, self.url, role)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One hub for all tests of this file; its clock goes on."""
    hand = Hand()
    app = hub_in(tmp_path_factory.mktemp("live"), hand)
    let_in(app)
    keep(app, "8", "lantern", "Being worked on", status="in_progress")
    for number, owner in (("1", "Bo"), ("2", ""), ("3", "Ada")):
        keep(app, number, "lantern", f"Subject {number} {'0' * 32}", Wrote("Bo", "We look."), owner=owner)
    keep(app, "4", "orbit", "Of another one")
    with looking(app) as url:
        yield World(app, url, hand)
    app.store.database.close()


@pytest.mark.parametrize("path", PAGES)
def test_who_has_a_page_hears_only_that_it_is_the_same(world: World, path: str) -> None:
    """Otherwise everybody who looks has a page made every few seconds, or sees an old one for ever."""
    bo = world.browser()
    first = bo.get(path)
    sign = first.headers["ETag"]
    assert f"data-live={sign}" in first.text
    same = bo.get(path, **{"If-None-Match": sign}, **LIVE)
    assert (same.status_code, same.content) == (304, b"")
    world.hand.move(seconds=30)
    assert bo.get(path, **{"If-None-Match": sign}, **LIVE).status_code == 304, "made anew, it is the same"
    subject = world.app.store.bundles.subject(Ref("desk", "1"))
    world.app.store.findings.record(subject, [Skip("jira", path, "why")], world.hand.at)
    keep(world.app, "5", "lantern", f"New for {path}", created=world.hand.at)
    world.hand.move(seconds=5)
    changed = bo.get(path, **{"If-None-Match": sign}, **LIVE)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != sign


def test_a_second_reader_costs_no_page(world: World) -> None:
    """Otherwise thirty people before one board keep the hub at making it."""
    world.hand.move(minutes=1)
    sign = world.browser().get("/board/lantern").headers["ETag"]
    keep(world.app, "6", "lantern", "Not seen at once", created=world.hand.at)
    other = world.browser()
    assert other.get("/board/lantern", **{"If-None-Match": sign}, **LIVE).status_code == 304
    fresh = other.get("/board/lantern")
    assert fresh.status_code == 200, "who asks for the page gets it as it is"
    assert "Not seen at once" in fresh.text
    vic = world.browser(Role.VIEWER)
    assert vic.get("/ticket/desk/1", **{"If-None-Match": sign}, **LIVE).status_code == 200


def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(world: World) -> None:
    """Otherwise a screen that was left open is open for ever, whatever the settings say."""
    gone, here = world.browser(), world.browser()
    idle = world.app.settings.pages.idle
    for _ in range(4):
        world.hand.move(seconds=idle.total_seconds() / 3)
        here.get("/")
        gone.get("/", **LIVE)
    assert gone.get("/", **LIVE).status_code == 303
    assert here.get("/").status_code == 200
    world.hand.move(seconds=timedelta(minutes=1).total_seconds())


def test_nobody_who_may_not_see_a_page_hears_that_it_is_the_same(world: World) -> None:
    """Otherwise a stranger finds out by signs what a page says."""
    sign = world.browser().get("/").headers["ETag"]
    assert Browser(world.url).get("/", **{"If-None-Match": sign}, **LIVE).status_code == 303


def test_a_board_is_narrowed_down(world: World) -> None:
    """Otherwise whoever looks for their own cards reads those of all."""
    bo = world.browser()
    mine = bo.get("/board/lantern?owner=Bo").text
    assert "Subject 1" in mine
    assert "Subject 2" not in mine
    assert "Subject 2" in bo.get("/board/lantern?owner=-").text
    assert "Subject 3" in bo.get("/board/lantern?q=subject+3").text
    assert "Subject 1" not in bo.get("/board/lantern?q=subject+3").text
    assert "Subject" not in bo.get("/board/lantern?q=another").text
    assert "Orbit" not in bo.get("/boards?q=lant").text.replace("Orbit Cafe</option>", "")
    column = bo.get("/tickets?customer=lantern&status=new").text
    assert "Subject 1" in column
    assert "Being worked on" not in column, "the rest of a column is that column's"
    assert "No customer is like that." in bo.get("/boards?q=xyz").text


def test_what_is_parked_and_what_was_done_is_found_by_words(world: World) -> None:
    """Otherwise one of two hundred parked tickets is looked for by eye."""
    for number, reason in (("1", "jira: 400 no such type"), ("2", "gitlab: 403\n  forbidden\n")):
        subject = world.app.store.bundles.subject(Ref("desk", number))
        world.app.store.inbox.put(subject, world.hand.at, "changed")
        row = world.app.store.inbox.row(subject)
        assert row
        world.app.store.inbox.park(row, reason)
    bo = world.browser()
    assert "Subject 1" in bo.get("/parked?q=such+TYPE").text
    assert "Subject 2" not in bo.get("/parked?q=such+type").text
    assert "Subject 2" in bo.get("/parked?q=subject+2").text
    assert "Nothing that is parked is like that." in bo.get("/parked?q=nothing").text
    [again] = [form for form in bo.forms("/parked") if "forbidden" in form.get("reason", "")]
    assert bo.post(again.pop("action"), again).status_code == 303, "a reason has several lines"
    for who in ("Bo", "Ada"):
        world.app.store.audit.note(Act(at=world.hand.at, who=who, act="retry", detail=f"100% of {who}"))
    ada = world.browser(Role.ADMIN)
    found = ada.get("/audit?q=100%25+bo").text
    assert "100% of Bo" in found
    assert "100% of Ada" not in found
    assert "Nobody did anything like that." in ada.get("/audit?q=_%25_").text


def test_a_month_is_taken_along_whole(world: World) -> None:
    """Otherwise the page of a month with thousands of promises is too large, or some are nowhere."""
    vic = world.browser(Role.VIEWER)
    table = vic.get("/reports/lantern/2026-01/csv")
    assert table.headers["Content-Type"].startswith("text/csv")
    assert table.text.startswith("ticket,")


@pytest.mark.parametrize(
    ("text", "files", "shown"),
    [
        ("<img> and <img>", ["a.png", "b<i>.png"], "[picture: a.png] and [picture: b&lt;i&gt;.png]"),
        ("<img> and <img>", ["a.png"], "[picture: without a name] and [picture: without a name]"),
        ('<img alt="a.png"> and <img>', ["a.png", "b.png"], "[picture: a.png] and [picture: b.png]"),
        ("none", ["a.png"], "none"),
    ],
)
def test_a_picture_is_called_by_its_name(text: str, files: list[str], shown: str) -> None:
    """Otherwise nobody knows which of the files a text speaks of, or a wrong one is named."""
    assert shown in html(Raw(TextFormat.HTML, f"<p>{text}</p>"), files)
