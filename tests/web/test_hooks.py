"""What the hub answers to webhooks, over real HTTP, while no system answers the hub."""

from __future__ import annotations

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests

from deskbridge.web import body
from tests.web.conftest import Answering

CANARY = "canary-words-of-a-customer"


def test_a_webhook_is_noted_though_every_system_is_dead(answering: Answering) -> None:
    """Otherwise the answer waits for a system, and the sender switches the webhook off."""
    answer = answering.from_desk(7)
    assert answer.status_code == 200
    assert answer.elapsed.total_seconds() < 1
    wait(lambda: "ref:desk:7" in answering.waiting())


def test_two_events_are_one_look(answering: Answering) -> None:
    """Otherwise a busy ticket is read as often as it is touched."""
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(answering.from_desk, [5, 6] * 20))
    assert {answer.status_code for answer in answers} == {200}
    wait(lambda: set(answering.waiting()) == {"ref:desk:5", "ref:desk:6"})


def test_a_work_sides_unlinked_ticket_is_no_row(answering: Answering) -> None:
    """Otherwise every issue that developers touch is fetched, though it is nobody's."""
    assert answering.from_jira(b'{"webhookEvent": "jira:issue_updated", "issue": {"id": "10001"}}').ok
    wait(lambda: answering.application.store.health.pulse("jira").heard is not None)
    assert answering.application.store.inbox.row("ref:jira:10001") is None


def test_a_wrong_signature_is_refused_counted_and_told(
    answering: Answering, capfd: pytest.CaptureFixture[str]
) -> None:
    """Otherwise anybody has tickets looked at, or a wrong secret is never noticed, or a body is logged."""
    said = json.dumps({"issue": {"id": "10001"}, "summary": CANARY}).encode()
    forged = [
        answering.from_jira(said, secret="guessed"),
        answering.post("jira", said),
        answering.post("desk", said, X_Deskbridge_Token="guessed"),
        answering.post("gitlab", said, X_Gitlab_Token="gu\xe9ssed"),
        answering.post("gitlab", said, Webhook_Signature="v1,AAAA", Webhook_Timestamp="1"),
    ]
    assert [answer.status_code for answer in forged] == [401] * 5
    store = answering.application.store
    wait(lambda: sum(p.refused for p in store.health.pulses().values()) == 5)
    wait(lambda: len([f for f in store.findings.all() if "webhooks" in f.what]) >= 3)
    told = [f for f in store.findings.all() if "webhooks" in f.what]
    assert {f.target for f in told} == {"desk", "jira", "gitlab"}
    assert len(told) == 3
    assert answering.waiting() == {}
    assert CANARY not in "".join((*capfd.readouterr(), *(a.text for a in forged), *map(str, told)))


def test_an_alarm_is_said_once(answering: Answering) -> None:
    """Otherwise somebody who guesses all night fills the list of findings."""
    for _ in range(20):
        assert answering.from_jira(b"{}", secret="guessed").status_code == 401
    store = answering.application.store
    wait(lambda: store.health.pulse("jira").refused == 20)
    assert len([f for f in store.findings.of("connection:jira") if "webhooks" in f.what]) == 1


ODD = (
    b"",
    b"not JSON",
    b'{"issue": {"id": "1000',
    b"[" * 100_000,
    b'{"issue": ' * 50_000,
    b"\xff\xfe\x00{}",
    b'{"issue": {"id": "../../etc"}}',
    b'{"issue": {"id": ' + b"9" * 5_000 + b"}}",
    b'"just a text"',
    b'{"issue": {"id": "1; DROP TABLE inbox"}, "timestamp": 1e999}',
)


def test_an_odd_body_of_the_systems_own_gets_200_and_a_poll(answering: Answering) -> None:
    """Otherwise one broken event has the sender switch the webhook off, or is forgotten."""
    store = answering.application.store
    assert [answering.from_jira(raw).status_code for raw in ODD] == [200] * len(ODD)
    wait(lambda: store.health.pulse("jira").unread == len(ODD))
    assert answering.from_desk(9).status_code == 200
    wait(lambda: "ref:desk:9" in answering.waiting())


def test_a_body_that_is_too_large_is_not_read(answering: Answering) -> None:
    """Otherwise anybody fills the hub's memory."""
    answer = answering.post("desk", b"x" * (body.LARGEST + 1))
    assert answer.status_code == 413
    chunks = (b"x" * 65536 for _ in range(body.LARGEST // 65536 + 2))
    try:
        said = requests.post(f"{answering.url}/hooks/desk", data=chunks, timeout=20).status_code
    except requests.ConnectionError:
        said = 413  # it answered, and closed, before all was sent
    assert said == 413
    assert answering.from_desk(3).ok


def test_a_body_that_is_cut_off_is_forgotten(answering: Answering) -> None:
    """Otherwise half an event, or a sender that never finishes, keeps the hub from others."""
    parts = urlsplit(answering.url)
    head = b"POST /hooks/desk HTTP/1.1\r\nHost: hub\r\nContent-Length: 100\r\n\r\nhalf"
    with socket.create_connection((parts.hostname, parts.port)) as gone:
        gone.sendall(head)
    with socket.create_connection((parts.hostname, parts.port)) as slow:
        slow.sendall(head)
        assert answering.from_desk(4).ok
    wait(lambda: set(answering.waiting()) == {"ref:desk:4"})


def test_other_addresses_and_methods(answering: Answering) -> None:
    """Otherwise a mistyped address looks as if it worked."""
    assert answering.post("nobody", b"{}").status_code == 404
    assert answering.post("desk/../jira", b"{}").status_code in (401, 404)
    assert requests.get(f"{answering.url}/hooks/desk", timeout=5).status_code == 405
    assert requests.get(f"{answering.url}/nowhere", timeout=5).status_code == 404


def test_health_is_told(answering: Answering) -> None:
    """Otherwise nobody's monitor sees that a system refuses us, or a dead tool takes the hub off the air."""
    assert requests.get(f"{answering.url}/healthz", timeout=5).status_code == 200
    store, now = answering.application.store, answering.application.now()
    store.health.pause("jira", now, now, "GET myself: 401", denied=True)
    answer = requests.get(f"{answering.url}/readyz", timeout=5)
    assert answer.status_code == 200
    assert answer.json()["ready"] is True
    assert answer.json()["connections"]["jira"] in ("refuses our credential", "does not answer")
    assert "401" not in answer.text


def test_a_locked_store_delays_no_answer_and_loses_nothing(answering: Answering) -> None:
    """Otherwise a backup of the store has the senders switch their webhooks off."""
    with answering.application.store.database.writing():
        begun = time.monotonic()
        answers = [answering.from_desk(n) for n in range(1, 6)]
        assert time.monotonic() - begun < 2
    assert {a.status_code for a in answers} == {200}
    wait(lambda: set(answering.waiting()) == {f"ref:desk:{n}" for n in range(1, 6)})


def test_a_burst_is_noted_whole(answering: Answering) -> None:
    """Otherwise a bulk edit in a tool loses some of its tickets."""
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(answering.from_desk, range(1, 301)))
    assert {a.status_code for a in answers} == {200}
    wait(lambda: len(answering.waiting()) == 300)


def wait(true: object) -> None:
    """Wait for something that another thread does."""
    assert callable(true)
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)
