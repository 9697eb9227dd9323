"""The metrics over HTTP: what a lead reads, draws and takes into a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from deskbridge.tokens import make
from deskbridge.web.serving import looking
from mappings.ticket import Mood, Rating
from sync.sla.facts import Fact, FactKind
from sync.store.accounts import Role
from tests.web.conftest import Hand, hub_in
from tests.web.kept import keep
from tests.web.looking import PEOPLE, Browser, let_in, signed_in
from tests.web.programs import Program
from tests.web.seen import HOSTILE, Made


@pytest.fixture(scope="module")
def lead(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Browser, Program]]:
    """The browser and the program of a viewer of a hub with three tickets; it is Monday."""
    hand = Hand()
    app = hub_in(tmp_path_factory.mktemp("figures"), hand)
    let_in(app)
    for number, customer, days in (("1", "lantern", 6), ("2", "lantern", 6), ("3", "orbit", 20)):
        created = hand.at - timedelta(days=days)
        then = created + timedelta(hours=3)
        told = (Fact(FactKind.ANSWER, "7", then, then), Fact(FactKind.STATUS, "resolved", then, then))
        facts = told if number == "1" else ()
        keep(app, number, customer, f"Odd {HOSTILE}", created=created, told=facts)
        said = Rating(number, None, Mood.HAPPY if number == "1" else Mood.UNHAPPY, "1", HOSTILE, created)
        app.store.ratings.keep("desk", [(number, said)], created)
    token, _ = make(app, PEOPLE[Role.VIEWER], role=None, days=9, purpose="")
    with looking(app) as url:
        yield signed_in(app, url, Role.VIEWER), Program(url, token)
    app.store.database.close()


@pytest.fixture(scope="module")
def vic(lead: tuple[Browser, Program]) -> Browser:
    """The browser."""
    return lead[0]


def test_a_lead_reads_each_week(vic: Browser) -> None:
    """Otherwise nobody sees that more comes in than is done, or it is drawn otherwise than it is told."""
    answer = vic.get("/figures?weeks=4")
    page = Made(answer.text)
    assert answer.status_code == 200
    assert page.dangers() == []
    assert len([tag for tag, said in page.elements if tag == "svg" and said.get("aria-label")]) == 4
    rows = re.findall(r'<th scope="row">(.*?)</tr>', answer.text, re.DOTALL)
    cells = [[re.sub("<.*?>", "", cell) for cell in re.findall(r"<td.*?>(.*?)</td>", row)] for row in rows]
    assert [row[:5] for row in cells] == [
        ["0", "0", "0", "0", "2"],
        ["2", "1", "1", "0", "2"],
        ["0", "0", "0", "0", "1"],
        ["1", "0", "0", "0", "1"],
    ]
    assert cells[1][5].startswith("3 h")
    assert [row[7] for row in cells[:2]] == ["–", "50 % happy; 0 neutral, 1 unhappy of 2"]
    assert "33 % of 3 ratings happy" in page.words
    assert "<strong>3</strong> of 2 customers" in answer.text
    assert "No ticket of these weeks is given to a group." in page.words


def test_the_same_stands_in_a_spreadsheet(vic: Browser) -> None:
    """Otherwise whoever reckons on types numbers from a screen."""
    answer = vic.get("/figures.csv?weeks=4&customer=lantern")
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["created"] for row in rows] == ["0", "0", "2", "0"]
    assert rows[2] | {"answer_median_seconds": "10800", "backlog": "1"} == rows[2]
    assert rows[0]["answer_median_seconds"] == ""
    assert [(row["happy"], row["unhappy"]) for row in rows] == [
        ("0", "0"),
        ("0", "0"),
        ("1", "1"),
        ("0", "0"),
    ]


@pytest.mark.parametrize("more", [{}, {"customer": "lantern"}, {"customer": "-"}, {"team": "-", "work": "-"}])
def test_a_program_is_told_the_same_weeks(lead: tuple[Browser, Program], more: dict[str, str]) -> None:
    """Otherwise a wallboard shows other figures than the page beside it."""
    vic, program = lead
    told = program.told("/metrics", weeks="4", **more)
    asked = "&".join(f"{name}={value}" for name, value in {"weeks": "4", **more}.items())
    rows = list(csv.DictReader(io.StringIO(vic.get(f"/figures.csv?{asked}").text)))
    assert [_as_row(week) for week in told["weeks"]] == rows
    assert sum(week["created"] for week in told["weeks"]) == told["whole"]["created"]
    assert told["whole"]["created"] == {"lantern": 2, "-": 0}.get(more.get("customer", ""), 3)
    assert {one["name"] for one in told["customers"]} == {
        "lantern": {"lantern"},
        "-": set(),
    }.get(more.get("customer", ""), {"lantern", "orbit"})


def _as_row(week: dict[str, Any]) -> dict[str, str]:
    """Return a week as a line of the table has it."""
    row = {name: str(value) for name, value in week.items() if name not in ("begins", "answer", "resolution")}
    for name in ("answer", "resolution"):
        took = week[name] or {"median_seconds": "", "p90_seconds": ""}
        row |= {f"{name}_{which}": str(took[which]) for which in ("median_seconds", "p90_seconds")}
    return {"week": week["begins"], **row}


def test_a_program_that_asks_for_what_there_is_not_is_told(lead: tuple[Browser, Program]) -> None:
    """Otherwise a slip in a wallboard's settings shows figures of something else."""
    for asked in ({"weeks": "53"}, {"weeks": "0"}, {"weeks": "x"}, {"since": "2026-01-01"}):
        assert lead[1].get("/metrics", **asked).status_code == 422, asked
    for asked in ({"customer": "nobody"}, {"team": "None such"}, {"work": "desk"}):
        assert lead[1].told("/metrics", **asked)["whole"]["created"] == 0, asked


def test_a_ticket_shows_how_it_was_rated(vic: Browser) -> None:
    """Otherwise whoever opens a ticket answers a customer without knowing that they were unhappy."""
    page = Made(vic.get("/ticket/desk/2").text)
    assert page.dangers() == []
    assert "Ratings unhappy:" in " ".join(page.words.split())


@pytest.mark.parametrize("asked", ["weeks=x", "weeks=9999", "customer=%00", "team=%27", "team=-&customer=-"])
def test_what_nobody_offers_is_answered_all_the_same(vic: Browser, asked: str) -> None:
    """Otherwise an address that was typed, or an old one, ends in an error."""
    for path in ("/figures", "/figures.csv"):
        assert vic.get(f"{path}?{asked}").status_code == 200
