"""Freshdesk's webhooks: rules made and checked, and what they send."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import BadSignature, Hint, Hook
from connectors.errors import HubError, Rejected, Transient
from connectors.freshdesk.connector import Freshdesk
from connectors.freshdesk.webhook import HEADER, ticket_of
from tests.connectors.freshdesk_payloads import API, NOW, account, body, configuration, sent

HOOK = Hook("https://hub.example/hear/desk-4711", "the-webhooks-secret")
RULES = {1: f"{API}/automations/1/rules", 4: f"{API}/automations/4/rules"}


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    """Freshdesk's wire: tests add what they need."""
    with account() as mock:
        yield mock


@pytest.fixture
def desk() -> Freshdesk:
    """A connector that has made no call yet."""
    return Freshdesk(configuration())


class Rules:
    """An account's automation rules, read back as Freshdesk shows them."""

    def __init__(self, web: responses.RequestsMock) -> None:
        self.rules: dict[int, list[dict[str, Any]]] = {1: [], 4: []}
        for type, where in RULES.items():
            web.add_callback("GET", where, partial(self.listed, type))
            web.add_callback("POST", where, partial(self.make, type))
            web.add_callback("PUT", f"{where}/9", partial(self.change, type))

    def listed(self, type: int, request: Any) -> tuple[int, dict[str, str], str]:
        return 200, {}, json.dumps({"rules": self.rules[type], "meta": {"count": len(self.rules[type])}})

    def make(self, type: int, request: Any) -> tuple[int, dict[str, str], str]:
        rule = {**body(request), "id": 9, "position": 1, "outdated": False}
        rule["conditions"] = rule["conditions"] or [{"name": "condition_set_1", "properties": []}]
        self.rules[type].append(rule)
        return 201, {}, json.dumps(rule)

    def change(self, type: int, request: Any) -> tuple[int, dict[str, str], str]:
        self.rules[type][0] |= body(request)
        return 200, {}, json.dumps(self.rules[type][0])


@pytest.fixture
def rules(web: responses.RequestsMock) -> Rules:
    """An account without rules."""
    return Rules(web)


# Rules


def test_rules_are_made_once(rules: Rules, desk: Freshdesk) -> None:
    """Broken: each installation makes another rule, and every change is sent twice."""
    assert len(desk.plan_hook(HOOK)) == 2
    for _ in range(2):
        assert desk.apply_hook(HOOK) == []
        assert desk.plan_hook(HOOK) == []
    assert [len(made) for made in rules.rules.values()] == [1, 1]
    update = rules.rules[4][0]
    assert {event["field_name"] for event in update["events"]} >= {"status", "note_type", "reply_sent"}
    assert update["performer"] == {"type": 3}
    action = update["actions"][0]
    assert (action["url"], action["custom_headers"]) == (HOOK.url, {HEADER: HOOK.secret})
    assert "{{ticket.id}}" in str(action["content"])
    assert "subject" not in str(action)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"active": False}, "off"),
        ({"events": [{"field_name": "reply_sent"}]}, "events"),
        ({"events": None}, "events"),
        (
            {"conditions": [{"name": "condition_set_1", "properties": [{"field_name": "status"}]}]},
            "conditions",
        ),
        ({"actions": []}, "address"),
        ({"actions": "?"}, "address"),
    ],
)
def test_a_rule_that_drifted_is_corrected(
    rules: Rules, desk: Freshdesk, change: dict[str, Any], named: str
) -> None:
    """Broken: a rule that somebody switched off stays off, and nobody knows why it is quiet."""
    desk.apply_hook(HOOK)
    rules.rules[4][0] |= change
    steps = desk.plan_hook(HOOK)
    assert named in " ".join(step.what for step in steps)
    assert desk.apply_hook(HOOK) == []
    assert desk.plan_hook(HOOK) == []


def test_a_new_address_or_secret_is_drift(rules: Rules, desk: Freshdesk) -> None:
    """Broken: after the hub has moved nobody calls it any more."""
    desk.apply_hook(HOOK)
    for changed in (replace(HOOK, url="https://new.example/x"), replace(HOOK, secret="another")):
        assert len(desk.plan_hook(changed)) == 2


def test_what_is_shown_in_another_form_is_no_drift(rules: Rules, desk: Freshdesk) -> None:
    """Broken: a rule is written anew each time because its secret is masked or its content is a text."""
    desk.apply_hook(HOOK)
    for made in rules.rules.values():
        made[0]["actions"][0] |= {
            "custom_headers": {HEADER: "*****"},
            "content": '{"ticket_id": "{{ticket.id}}"}',
        }
        made[0]["actions"][0] |= {"extra": 1}
    rules.rules[4][0]["events"][-1] |= {"value": "--"}
    assert desk.plan_hook(HOOK) == []
    for made in rules.rules.values():
        del made[0]["actions"][0]["custom_headers"]
    assert desk.plan_hook(HOOK) == []


def test_a_second_rule_of_ours_is_a_persons_to_delete(rules: Rules, desk: Freshdesk) -> None:
    """Broken: a copied rule sends everything twice, unseen."""
    desk.apply_hook(HOOK)
    rules.rules[1] *= 2
    left = desk.apply_hook(HOOK)
    assert [(step.manual, "second" in step.what) for step in left] == [(True, True)]


def test_without_an_admins_key_the_way_is_told(web: responses.RequestsMock, desk: Freshdesk) -> None:
    """Broken: "403", and nobody knows what to do; or the secret stands on a screen."""
    for where in RULES.values():
        web.get(where, status=403, json={"code": "access_denied", "message": "You are not authorized."})
    for steps in (desk.plan_hook(HOOK), desk.apply_hook(HOOK)):
        assert [step.manual for step in steps] == [True, True]
        text = " ".join(step.what for step in steps)
        for word in ("Automations", "hub.example", HEADER, "{{ticket.id}}", "note", "reply"):
            assert word in text
        assert HOOK.secret not in text
        assert "4711" not in text


def test_other_errors_are_not_a_persons_to_solve(web: responses.RequestsMock, desk: Freshdesk) -> None:
    """Broken: a server that is down is answered with a manual step."""
    web.get(RULES[1], status=503)
    with pytest.raises(Transient):
        desk.plan_hook(HOOK)


# What they send


def hear(text: str | bytes, sent_secret: str = HOOK.secret, header: str = HEADER) -> tuple[Hint, ...]:
    """Return what the connector hears, without a wire."""
    body = text.encode() if isinstance(text, str) else text
    return Freshdesk(configuration()).hear({header: sent_secret}, body, HOOK.secret)


@pytest.mark.parametrize(
    "text",
    [
        '{"ticket_id": "42"}',
        '{"ticket_id": 42, "event": "{status:{from:2,to:5}}"}',
        '{"freshdesk_webhook": {"ticket_id": 42, "ticket_subject": "x"}}',
        '{"ticket": {"id": 42}}',
        '{"ticket_id":42,"ticket_subject":"It says "no" and stops\nhere"}',
        '{"ticket_subject":"a \\" b"x","ticket_id":"42","x":"y"}',
    ],
)
def test_a_webhook_names_its_ticket(text: str) -> None:
    """Broken: a quote in a subject makes a ticket's changes unheard."""
    assert hear(text) == (Hint("42", None, NOW),)
    assert hear(text, header=HEADER.lower()) == (Hint("42", None, NOW),)


@pytest.mark.parametrize("secret", ["", "the-webhooks-secre", "THE-WEBHOOKS-SECRET", "ü" * 19, "\ud800"])
def test_a_wrong_secret_is_believed_nothing(secret: str) -> None:
    """Broken: anybody who knows the address can make the hub work."""
    with pytest.raises(BadSignature) as bad:
        hear('{"ticket_id": 42}', secret)
    assert HOOK.secret not in str(bad.value)


def test_no_secret_opens_nothing() -> None:
    """Broken: a hub without a webhook secret believes everybody."""
    with pytest.raises(BadSignature):
        Freshdesk(configuration()).hear({HEADER: ""}, b'{"ticket_id": 42}', "")
    with pytest.raises(BadSignature):
        Freshdesk(configuration()).hear({}, b'{"ticket_id": 42}', HOOK.secret)


@pytest.mark.parametrize("text", ['{"ticket_id": null}', "{}", '{"ticket_id": "4 2"}', '{"ticket_id": true}'])
def test_an_event_of_no_ticket_gives_no_hint(text: str) -> None:
    """Broken: a test call from their page is an error, or a look at a ticket that is none."""
    assert hear(text) == ()


@pytest.mark.parametrize("text", ["", "[]", "null", "hello", "[" * 100_000, b"\xff\xfe", b"x" * (1 << 21)])
def test_what_is_none_of_ours_is_refused(text: str | bytes) -> None:
    """Broken: a hostile body is a traceback, or is worked on for seconds."""
    with pytest.raises(Rejected, match="desk: webhook"):
        hear(text)


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_any_body_ends_well(said: bytes) -> None:
    """Broken: somebody finds a body that ends in a traceback."""
    for sent_body in (said, b'{"ticket_id":' + said + b"}", b'{"ticket_id":7,"x":"' + said):
        try:
            key = ticket_of("desk", {HEADER: "s"}, sent_body, "s")
        except HubError:
            continue
        assert key is None or key.isdigit()
    with pytest.raises(BadSignature):
        ticket_of("desk", {HEADER: "t"}, said, "s")


def test_hearing_makes_no_call(web: responses.RequestsMock) -> None:
    """Broken: a webhook is answered only when Freshdesk has answered us."""
    hear('{"ticket_id": 42}')
    assert not sent(web, "GET")
