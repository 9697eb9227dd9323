"""A migration as a page shows it, and what the tools last said to the settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import insert

from deskbridge.bootstrap import Application
from deskbridge.migration.building import machine_of
from deskbridge.migration.progress import Progress
from deskbridge.service import worker_of
from deskbridge.web.serving import looking
from sync.migrate.run import Loop
from sync.store import schema as t
from sync.store.accounts import Role
from sync.store.checked import keep as keep_answer
from sync.store.runs import Listed, Rank, RunState, Which
from tests.web.conftest import Hand, hub_in
from tests.web.looking import Browser, let_in, signed_in
from tests.web.seen import HOSTILE, Made


@dataclass(frozen=True)
class World:
    """A hub with a run of ten tickets."""

    app: Application
    hand: Hand
    ada: Browser
    run: int


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A run that has settled six of ten tickets."""
    hand = Hand()
    app = hub_in(tmp_path_factory.mktemp("runs"), hand, '\n[migration]\nto = "support-development"\n')
    let_in(app)
    run = app.store.runs.begin("desk", "digest", "Ada", {}, hand.at)
    states = ["migrated"] * 3 + ["parked"] * 2 + ["skipped"] + ["waiting"] * 4
    with app.store.database.writing() as tx:
        for number, state in enumerate(states, 1):
            refused = f"Jira refused 'TICKET-{number}' {HOSTILE}"
            why = {"parked": refused, "skipped": "a rule: spam"}.get(state, "")
            row = {"connection": "desk", "key": str(number), "number": number, "state": state, "reason": why}
            empty = dict.fromkeys(("version", "presence", "status", "whose"), "")
            tx.execute(insert(t.items).values(**row, **empty, rank=int(Rank.OPEN), run=run.id))
    with looking(app) as url:
        yield World(app, hand, signed_in(app, url, Role.ADMIN), run.id)
    app.store.database.close()


PROGRESS = {
    "phase": "migrating",
    "listed": 10,
    "settled": 6,
    "created": 3,
    "parked": 2,
    "waiting": 4,
    "rate": 0.5,
    "left_seconds": 8000,
    "quota": {"jira": 0.41},
    "waits_for": {"gitlab": "it wants no calls"},
}


def test_a_run_tells_how_far_it_is_and_what_it_set_aside(world: World) -> None:
    """Otherwise whoever waits for a migration of days sees it only in the terminal that started it."""
    world.app.store.runs.go_on(world.run, "digest", {}, world.hand.at)
    world.app.store.runs.beat(world.run, PROGRESS, world.hand.at)
    page = Made(world.ada.get(f"/runs/{world.run}").text)
    words = " ".join(page.words.split())
    for said in (
        "running",
        "60 %: 6 of 10 tickets",
        "0.5 tickets a second",
        "2 h 13",
        "41 % of its limit",
        "it wants no calls",
        "a rule: spam",
        "deskbridge parked list --group",
    ):
        assert said in words, said
    assert page.dangers() == []
    bars = [said for tag, said in page.elements if tag == "progress"]
    assert (bars[0]["value"], bars[0]["max"]) == ("6", "10")
    assert all(said["aria-label"] for said in bars)
    parked = words[words.index("Parked, by reason") :]
    assert ("TICKET-4" in parked) != ("TICKET-5" in parked), "reasons that differ in a number are one"
    assert "a rule: spam" not in world.ada.get(f"/runs/{world.run}?q=refused").text
    assert f"run {world.run} of desk" in Made(world.ada.get("/runs").text).words


def test_a_run_that_was_killed_or_stopped_says_so(world: World) -> None:
    """Otherwise somebody waits for a run that nobody works on."""
    world.app.store.runs.go_on(world.run, "digest", {}, world.hand.at - timedelta(minutes=5))
    assert "interrupted" in world.ada.get(f"/runs/{world.run}").text
    world.app.store.runs.end(world.run, RunState.PAUSED, "many tickets fail", world.hand.at)
    page = world.ada.get(f"/runs/{world.run}").text
    assert "many tickets fail" in page
    assert "goes on where it was" in page
    for wrong in ("99", "x", "-1", "9" * 40, "²"):
        assert world.ada.get(f"/runs/{wrong}").status_code == 404, wrong


def test_what_is_done_and_what_is_left_agree_from_round_to_round(world: World) -> None:
    """Otherwise a line says that 54 are done and 105 left of 116, or that tickets are undone each second."""
    made, store = machine_of(world.app), world.app.store
    worker = worker_of(world.app, "run", 1)
    progress = Progress(made, world.run, worker, Which(), hours=None, late=lambda why: None)
    assert (progress.now()["phase"], progress.now()["waiting"]) == ("listing", 4)
    for took, done in ((3, 3), (1, 4)):
        loop = Loop(
            store=store, breakers=made.engine.breakers, connections=("desk",), now=world.hand, crews=[]
        )
        progress.works(loop, Which())
        assert progress.now()["waiting"] == 4
        loop.tally.settled += took
        told = progress.now()
        assert (told["settled"], told["waiting"]) == (done, 4 - took)
        assert told["rate"] >= 0


def test_the_lists_of_a_source_may_not_be_known_yet(world: World) -> None:
    """Otherwise the page of a run that has just begun fails, when everybody looks."""
    fresh = world.app.store.runs.begin("jira", "digest", "Ada", {}, world.hand.at)
    world.app.store.runs.beat(fresh.id, PROGRESS | {"phase": "listing", "left_seconds": None}, world.hand.at)
    words = Made(world.ada.get(f"/runs/{fresh.id}").text).words
    assert "10 rows so far" in words
    assert "nobody can tell yet" in words
    listed = Listed(
        key="1", version="", presence="", status="", whose="", changed=None, created=None, rank=Rank.OPEN
    )
    world.app.store.runs.listed("jira", [listed], world.hand.at)
    assert "0 of 1 tickets" in world.ada.get(f"/runs/{fresh.id}").text


def test_what_the_tools_said_stands_beside_the_settings(world: World) -> None:
    """Otherwise an admin does not know whether the settings ever worked, or since when they do not."""
    assert "Nobody has asked the tools yet" in world.ada.get("/settings").text
    answer = {"ready": ["desk"], "problems": [f"jira: {HOSTILE}"], "remarks": ["gitlab: no webhook"]}
    assert keep_answer(world.app.store.database.address, answer, world.hand.at - timedelta(hours=2))
    page = Made(world.ada.get("/settings").text)
    assert page.dangers() == []
    told = ("2 h ago", "desk ready", f"jira: {HOSTILE}", "gitlab: no webhook", "1 of 3 connections")
    for said in (*told, "1 problem"):
        assert said in page.words, said


def test_settings_are_found_by_words(world: World) -> None:
    """Otherwise an admin reads all settings for one of them."""
    found = world.ada.get("/settings?q=lantern").text
    assert "Lantern Books" in found
    assert "Orbit" not in found
    assert "No setting is like that." in world.ada.get("/settings?q=nothing-like-this").text


def test_an_answer_makes_no_store(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Otherwise a check before the first start leaves a store behind, or breaks what is none."""
    path = tmp_path_factory.mktemp("none") / "store.sqlite3"
    assert not keep_answer(path, {}, Hand().at)
    assert not path.exists()
    path.touch()
    assert not keep_answer(path, {}, Hand().at)
    assert path.stat().st_size == 0
