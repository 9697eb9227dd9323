"""What a monitor is told, over HTTP: whether it is true, who may ask, and that nobody is named in it."""

from __future__ import annotations

import re
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from deskbridge.standing import STOPPED, standing
from deskbridge.tokens import make
from deskbridge.web.api.app import ROOT
from deskbridge.web.metrics.families import FAMILIES
from sync.store.accounts import Role
from tests.web.conftest import Answering
from tests.web.looking import let_in, signed_in
from tests.web.programs import program
from tests.web.seen import Desk

pytestmark = pytest.mark.timeout(180)
PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"


def asked(url: str, **headers: str) -> requests.Response:
    """Ask as a monitor does."""
    return requests.get(f"{url}/metrics", headers=headers, timeout=30)


def told(url: str) -> dict[tuple[str, tuple[str, ...]], float]:
    """Return each value by its name and the values of its labels."""
    answer = asked(url)
    assert answer.status_code == 200, answer.text
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_the_page_tells_every_figure_and_no_other() -> None:
    """Otherwise somebody watches a figure that is not there, or does not know of the one they need."""
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) \| (.*) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert rows == [
        (one.name, one.kind.value, ", ".join(f"`{label}`" for label in one.labels), one.means)
        for one in FAMILIES
    ]
    assert set(re.findall(r"`(deskbridge_\w+)", PAGE.read_text("utf-8"))) == {one.name for one in FAMILIES}


def test_what_is_told_is_what_the_families_say(looked_at: Desk) -> None:
    """Otherwise a figure is told under another name or with labels that nobody described."""
    known = {one.name.removesuffix("_total"): one for one in FAMILIES}
    for family in text_string_to_metric_families(asked(looked_at.url).text):
        if family.name.startswith("process_"):
            continue
        described = known[family.name]
        assert family.type == described.kind.value
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(described.labels), sample


def test_gauges_are_what_the_store_has(looked_at: Desk) -> None:
    """Otherwise nobody is woken when promises are broken, or everybody for nothing."""
    found, store = told(looked_at.url), looked_at.demo.application.store
    standings = store.lists.standings(looked_at.demo.application.now()).values()
    assert found["deskbridge_store_up", ()] == 1
    assert found["deskbridge_parked", ()] == len(store.inbox.parked()) >= 1
    assert found["deskbridge_clocks", ("breached",)] == sum(one.broken for one in standings) >= 1
    assert found["deskbridge_tickets_open", ()] == sum(one.open for one in standings) >= 2
    assert {found["deskbridge_connection_paused", (name,)] for name in ("desk", "jira", "gitlab")} == {0}
    assert found["deskbridge_poll_lag_seconds", ("desk",)] >= 0
    assert found["deskbridge_quota_left", ("desk",)] <= found["deskbridge_quota_limit", ("desk",)]


def test_calls_to_tools_and_requests_of_programs_are_counted(looked_at: Desk) -> None:
    """Otherwise a tool that grew slow, or a program that is refused all day, is seen by nobody."""
    viewer, agent = program(looked_at, Role.VIEWER), program(looked_at, Role.AGENT)
    before = told(looked_at.url)  # other tests ask the same hub
    agent.told("/tickets/desk:2/plan")
    viewer.get("/tickets/desk:2/plan")
    viewer.get("/nowhere/Kim")
    found = told(looked_at.url)
    assert found["deskbridge_calls_total", ("desk", "2xx")] >= 1
    assert (
        found["deskbridge_call_seconds_count", ("desk",)] == found["deskbridge_calls_total", ("desk", "2xx")]
    )
    asked_for = {
        name: value - before.get((what, name), 0)
        for (what, name), value in found.items()
        if what == "deskbridge_api_requests_total"
    }
    assert asked_for["plan", "200"] == 1
    assert asked_for["plan", "403"] == 1
    assert asked_for["none", "404"] == 1


def test_no_figure_names_anybody(looked_at: Desk) -> None:
    """Otherwise whoever watches the machine reads who is served, and what they wrote."""
    text = asked(looked_at.url).text.lower()
    for word in ("lantern", "orbit", "kim", "park", "till", "sup-1", "desk-key", "ada"):
        assert not re.search(rf'"[^"]*\b{word}\b[^"]*"', text), word
    secret = looked_at.demo.application.settings.hub.secret.get_secret_value()
    assert secret not in text


def in_the_old_version(url: str) -> str:
    """Ask in HTTP/1.0; return the first line of the answer."""
    place = urlsplit(url)
    with socket.create_connection((str(place.hostname), place.port or 0), timeout=10) as raw:
        raw.sendall(f"GET /metrics HTTP/1.0\r\nHost: {place.netloc}\r\n\r\n".encode())
        return raw.recv(200).decode("latin-1").partition("\r\n")[0]


def test_only_who_is_on_the_machine_or_has_a_token_is_told(looked_at: Desk) -> None:
    """Otherwise a proxy that passes everything on, or a page of another site, tells all how the hub is."""
    token, kept = make(looked_at.demo.application, "Vic", role=None, days=1, purpose="")
    for refused in (
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"Via": "1.1 proxy"},
        {"Host": "hub.example"},
        {"Host": "hub.example", "Authorization": f"Bearer {token}x"},
        {"Host": "hub.example", "Authorization": f"Basic {token}"},
    ):
        answer = asked(looked_at.url, **refused)
        assert answer.status_code == 401, refused
        assert "deskbridge_" not in answer.text
    assert "401" in in_the_old_version(looked_at.url), "in which nginx asks, under our own name"
    assert asked(looked_at.url, Host="hub.example", Authorization=f"Bearer {token}").status_code == 200
    looked_at.demo.application.store.tokens.remove(kept.id)
    assert asked(looked_at.url, Host="hub.example", Authorization=f"Bearer {token}").status_code == 401


def test_a_store_that_was_restored_is_told_wherever_people_look(answering: Answering) -> None:
    """Otherwise a hub that writes nothing until somebody recovers looks as if all were well."""
    app, url = answering.application, answering.url
    let_in(app)
    ada, (token, _) = signed_in(app, url, Role.ADMIN), make(app, "Ada", role=None, days=1, purpose="")
    said = {"Authorization": f"Bearer {token}"}
    for since in (None, app.now()):
        if since:
            app.store.database.recover(since)
        found = standing(app.connectors, app.store, app.budgets, app.now())
        assert any(STOPPED in line for line in found.lines()) == bool(since)
        assert (found.exit_code, bool(found.as_json()["recovering"])) == (4 if since else 0, bool(since))
        assert ("NOTHING IS WRITTEN" in ada.get("/").text) == bool(since)
        assert told(url)["deskbridge_recovering", ()] == bool(since)
        overview = requests.get(f"{url}{ROOT}/overview", headers=said, timeout=30).json()
        assert bool(overview["recovering"]) == bool(since)


def test_webhooks_looks_and_calls_without_an_answer_are_counted(answering: Answering) -> None:
    """Otherwise webhooks with a wrong signature, or tools that are dead, look like a quiet day."""
    let_in(answering.application)
    assert answering.from_desk(7).status_code == 200
    assert answering.from_jira(b"{}", secret="another").status_code == 401
    end = time.monotonic() + 20
    while True:
        found = told(answering.url)
        if ("deskbridge_looks_total", ("later",)) in found or time.monotonic() > end:
            break
        time.sleep(0.1)
    assert found["deskbridge_looks_total", ("later",)] >= 1
    assert found["deskbridge_calls_total", ("desk", "none")] >= 1
    assert found["deskbridge_webhooks_total", ("desk", "noted")] == 1
    assert found["deskbridge_webhooks_total", ("jira", "refused")] == 1
    assert found["deskbridge_webhook_seconds_count", ("desk",)] == 1
    assert found["deskbridge_workers", ("serve",)] == 1
