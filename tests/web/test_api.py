"""What programs are told of a desk, and have done there, over HTTP, as it is described."""

from __future__ import annotations

import re

import pytest

from sync.operations import Skip
from sync.store.accounts import Role
from tests.web.programs import Program, program
from tests.web.seen import DEAD, ODD, Desk

pytestmark = pytest.mark.timeout(180)
WORDS = "Only for us."


@pytest.fixture(scope="module")
def bo(looked_at: Desk) -> Program:
    """A program of an agent."""
    return program(looked_at, Role.AGENT)


@pytest.fixture(scope="module")
def ada(looked_at: Desk) -> Program:
    """A program of an admin."""
    return program(looked_at, Role.ADMIN)


# -- reading


def test_a_list_of_tickets_is_told_page_by_page(bo: Program, looked_at: Desk) -> None:
    """Otherwise a program that copies the list misses tickets, or has some twice."""
    whole = [item["key"] for item in bo.told("/tickets", limit="200")["items"]]
    found, asked = list[str](), {"limit": "1"}
    while True:
        page = bo.told("/tickets", **asked)
        found += [item["key"] for item in page["items"]]
        if page["next"] is None:
            break
        asked["cursor"] = page["next"]
    assert found == whole
    assert len(set(found)) == len(found) >= 2
    [dead] = bo.told("/tickets", q=DEAD, status="open", late="true")["items"]
    assert (dead["subject"], dead["customer"]) == (DEAD, "lantern")
    assert [clock["clock"] for clock in dead["clocks"]] == ["first_response"]
    assert bo.told("/tickets", q=DEAD, customer="-")["items"] == []


def test_a_ticket_is_told_with_who_can_read_each_text_and_without_its_words(bo: Program) -> None:
    """Otherwise a program shows a note for staff to a customer, or texts leave the tools that guard them."""
    told = bo.told("/tickets/desk:2")
    assert told["linked"]
    assert {side["connection"] for side in told["sides"]} == {"desk", "jira", "gitlab"}
    assert told["ticket"]["subject"] == ODD
    audiences = {text["audience"] for text in told["texts"] if text["side"].startswith("desk")}
    assert audiences == {"customer", "staff"}
    [note] = [t for t in told["texts"] if t["audience"] == "staff" and t["side"].startswith("desk")]
    assert {copy["side"].partition(" ")[0] for copy in note["copies"]} == {"jira", "gitlab"}
    assert [event for event in told["events"] if {"what": "status", "value": "open"} in event["changes"]]
    answers = [bo.get(f"/tickets/desk:2{more}") for more in ("", "/explain", "/history")]
    assert all(WORDS not in answer.text and "executed" not in answer.text for answer in answers)


def test_a_program_is_told_why_as_a_person_is(bo: Program, looked_at: Desk) -> None:
    """Otherwise a program knows less than `deskbridge explain`, or something else."""
    told = bo.told("/tickets/desk:2/explain")
    assert {side["connection"] for side in told["sides"]} == {"desk", "jira", "gitlab"}
    assert [copy for copy in told["texts"] if copy["readers"] == "staff" and copy["copy"]]
    clocks = bo.told("/tickets/desk:1/explain")["clocks"]
    [clock] = [one for one in clocks if one["clock"] == "first_response"]
    assert re.match(r"09:05(:00)?-12:4", clock["cycles"][0]["ledger"])
    decided = bo.told("/tickets/desk:2/history")["items"]
    assert decided
    assert all(re.fullmatch(r"(bundle|ref):.+/[0-9]+", one["look"]) for one in decided)
    assert bo.told("/tickets/desk:2/plan")["writes"] == []
    [aside] = bo.told("/parked")["items"]
    assert "jira: POST api/3/issue: 400" in aside["reason"]
    assert aside["sides"][0]["key"] == "1"


def test_figures_are_those_of_the_pages(bo: Program, looked_at: Desk) -> None:
    """Otherwise two answers of the hub differ about what was promised and kept."""
    at = looked_at.demo.application.now()
    found = looked_at.demo.application.store.lists.standings(at)
    overview, customers = bo.told("/overview"), bo.told("/customers")
    assert overview["open"] == sum(one.open for one in found.values())
    assert overview["broken"] >= 1
    assert overview["parked"] >= 1
    lantern = next(one for one in customers["items"] if one["key"] == "lantern")
    assert (lantern["open"], lantern["broken"]) == (found["lantern"].open, found["lantern"].broken)
    board = bo.told("/boards/lantern")
    assert sum(column["count"] for column in board["columns"]) >= lantern["open"]
    assert {one["state"] for one in bo.told("/connections")["items"]} == {"answers"}
    month = bo.told("/reports/lantern/2026-01")
    assert month["issue"] is None
    assert sum(clock["missed"] for clock in month["data"]["clocks"]) >= 1


# -- acting


def test_tickets_are_linked_and_parted_by_a_program(bo: Program, looked_at: Desk) -> None:
    """Otherwise a program cannot do what people at the command line do, or does it twice."""
    looked_at.jira_takes_issues()
    people = looked_at.demo.people
    ticket = people.mail("kim@lantern.example", "Kim Park", "An old one", "<p>Long ago.</p>")
    issue = people.jira("POST", "api/2/issue", json={"fields": _ISSUE})["id"]
    order = {"one": f"desk:{ticket}", "other": f"jira:{issue}"}
    assert [bo.post("/links", order).json()["changed"] for _ in range(2)] == [True, False]
    told = bo.told(f"/tickets/jira:{issue}")
    assert {(side["connection"], side["key"]) for side in told["sides"]} == {
        ("desk", str(ticket)),
        ("jira", issue),
    }
    parted = [bo.post(f"/tickets/jira:{issue}/unlink", None).json()["changed"] for _ in range(2)]
    assert parted == [True, False]
    nowhere = bo.post("/links", {**order, "other": "jira:999999"})
    assert nowhere.status_code == 409
    assert "no such ticket" in nowhere.json()["detail"]


_ISSUE = {"project": {"key": "SUP"}, "issuetype": {"id": "10002"}, "summary": "Older"}


def test_a_parked_ticket_is_tried_again_and_dismissed(bo: Program, looked_at: Desk) -> None:
    """Otherwise what waits for a person can only be helped on by hand."""
    store, woken = looked_at.demo.application.store, looked_at.demo.application.now()
    store.inbox.put("ref:desk:77", woken, "a test")
    row = store.inbox.row("ref:desk:77")
    assert row
    store.inbox.park(row, "a test of parking")
    assert bo.told("/parked", reason="test of")["count"] == 1
    assert bo.post("/tickets/desk:77/retry", {"allow": True}).status_code == 403
    done = [bo.post("/tickets/desk:77/retry", {}).json()["changed"] for _ in range(2)]
    assert done == [True, False]
    row = store.inbox.row("ref:desk:77")
    assert row
    store.inbox.park(row, "a test of parking")
    order = {"reason": "it is a test"}
    done = [bo.post("/tickets/desk:77/dismiss", order).json()["changed"] for _ in range(2)]
    assert done == [True, False]
    decided = bo.told("/tickets/desk:77/history")["items"]
    assert [one["why"] for one in decided] == ["it is a test (Bo)"]


def test_an_act_is_noted_and_changes_nothing_the_second_time(ada: Program, looked_at: Desk) -> None:
    """Otherwise a program whose answer was lost does a thing twice, or nobody knows who did it."""
    store, at = looked_at.demo.application.store, looked_at.demo.application.now()
    store.findings.record("bundle:2", [Skip("jira", "a thing", "for a test")], at)
    [found] = [one for one in ada.told("/findings")["items"] if one["what"] == "a thing"]
    path = f"/findings/{found['id']}/answer"
    done = [ada.post(path, {"answer": "we know"}).json()["changed"] for _ in range(2)]
    assert done == [True, False]
    other = ada.post(path, {"answer": "we do not"})
    assert other.status_code == 409
    assert "we know" in other.json()["detail"]
    [mine] = [one for one in ada.told("/audit", limit="200")["items"] if one["act"] == "answer"]
    assert re.fullmatch(r"Ada \(token [0-9a-f]{12}\)", mine["who"])
    assert (mine["place"], mine["subject"]) == ("127.0.0.1", "bundle:2")
