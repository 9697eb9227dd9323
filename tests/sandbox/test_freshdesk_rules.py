"""Automation rules of the fake Freshdesk, and the webhooks that they send."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sized
from typing import Any

import pytest

from tests.sandbox.freshdesk_desk import KIM, Desk, failing, serving
from tests.sandbox.receiver import Receiver, receiving, until

EVENTS = [
    {"field_name": "status", "from": "--", "to": "--"},
    {"field_name": "priority", "from": "--", "to": "--"},
    {"field_name": "note_type", "value": "public"},
    {"field_name": "note_type", "value": "private"},
    {"field_name": "reply_sent"},
]


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One server for all tests."""
    with serving(tmp_path_factory.mktemp("files")) as desk:
        yield desk


@pytest.fixture
def desk(account: Desk) -> Desk:
    """A freshly set-up account."""
    return account.renewed()


@pytest.fixture(scope="module")
def listening() -> Iterator[Receiver]:
    """One receiver for all tests."""
    with receiving() as made:
        yield made


@pytest.fixture
def receiver(listening: Receiver) -> Receiver:
    """Who gets the webhooks; nothing has come yet."""
    listening.got.clear()
    listening.answers.clear()
    return listening


def webhook(url: str, **more: Any) -> dict[str, Any]:
    """The action that calls `url`."""
    content = {"id": "{{ticket.id}}", "event": "{{triggered_event}}"}
    action = {"field_name": "trigger_webhook", "request_type": "POST", "url": url, "content_type": "JSON"}
    return action | {"content_layout": "2", "content": content} | more


def rule(desk: Desk, url: str, kind: int = 4, **more: Any) -> dict[str, Any]:
    """A rule that calls `url`."""
    body: dict[str, Any] = {"name": f"hub {kind}", "active": True, "conditions": []}
    body |= {"actions": [webhook(url, **more.pop("action", {}))]}
    if kind == 4:
        body |= {"performer": {"type": 3}, "events": EVENTS}
    else:
        condition = {
            "resource_type": "ticket",
            "field_name": "priority",
            "operator": "in",
            "value": [1, 2, 3, 4],
        }
        body["conditions"] = [{"name": "condition_set_1", "match_type": "all", "properties": [condition]}]
    made: dict[str, Any] = desk.done("POST", f"automations/{kind}/rules", **(body | more))
    return made


def events(receiver: Receiver, count: int) -> list[str]:
    """The events of the first `count` webhooks."""
    return [json.loads(got.body)["event"] for got in receiver.wait(count)]


def wait_for(log: Sized, count: int) -> None:
    """Wait until so many attempts were made."""
    until(lambda: len(log) == count)


class TestEvents:
    def test_creation_and_update_have_rules_of_their_own(self, desk: Desk, receiver: Receiver) -> None:
        """One rule alone misses either new tickets or what happens to them."""
        rule(desk, receiver.url, 1)
        rule(desk, receiver.url, 4)
        ticket = desk.ticket()["id"]
        assert events(receiver, 1) == ["{ticket_action:created}"]
        desk.done("PUT", f"tickets/{ticket}", status=3)
        assert events(receiver, 2)[1] == "{status:{from:2,to:3}}"
        assert json.loads(receiver.got[1].body)["id"] == str(ticket)

    def test_only_the_first_matching_event_is_told(self, desk: Desk, receiver: Receiver) -> None:
        """A hub that acts on the event alone never hears of the priority: it must read the ticket."""
        rule(desk, receiver.url)
        ticket = desk.ticket()["id"]
        desk.done("PUT", f"tickets/{ticket}", priority=4, status=3)
        assert events(receiver, 1) == ["{status:{from:2,to:3}}"]
        desk.note(ticket)
        assert events(receiver, 2)[1:] == ["{note_type:private}"]

    def test_the_hubs_own_writes_come_back(self, desk: Desk, receiver: Receiver) -> None:
        """API edits count as the key's agent: without a filter each write is an event (a loop)."""
        me = desk.get("agents/me")["id"]
        sam = desk.get("agents", email="sam@harbour.example")[0]["id"]
        made = rule(desk, receiver.url)
        ticket = desk.ticket()["id"]
        desk.note(ticket)
        receiver.wait(1)
        performer = {"type": 1, "members": [sam]}
        desk.done("PUT", f"automations/4/rules/{made['id']}", performer=performer)
        desk.note(ticket)
        desk.sam.post(f"{desk.url}/api/v2/tickets/{ticket}/notes", json={"body": "x"}, timeout=10)
        desk.act("customer_reply", ticket=ticket, email=KIM, html="y")
        receiver.wait(2)
        assert (me != sam, len(receiver.got)) == (True, 2)

    def test_customers_are_heard_and_reopening_is_the_systems(self, desk: Desk, receiver: Receiver) -> None:
        """The status goes back without any call; a rule for people does not see it."""
        ticket = desk.ticket(status=4)["id"]
        rule(desk, receiver.url, performer={"type": 2})
        desk.act("customer_reply", ticket=ticket, email=KIM, html="no!")
        assert events(receiver, 1) == ["{reply_sent:sent}"]
        assert desk.get(f"tickets/{ticket}")["status"] == 2

    def test_several_rules_that_match_send_several(self, desk: Desk, receiver: Receiver) -> None:
        """Or the first only: an account setting that nobody tells (6.16)."""
        for name in ("a", "b"):
            rule(desk, receiver.url, name=name)
        ticket = desk.ticket()["id"]
        desk.note(ticket)
        receiver.wait(2)
        desk.act("switch", name="all_rules", value=False)
        desk.note(ticket)
        receiver.wait(3)
        assert desk.get("automations/4/rules")["meta"] == {"count": 2, "cascading_rules": False}

    def test_deletion_spam_merge_and_edits_tell_nothing(self, desk: Desk, receiver: Receiver) -> None:
        """These need a poll."""
        ticket = desk.ticket()["id"]
        note = desk.note(ticket)["id"]
        rule(desk, receiver.url)
        desk.done("PUT", f"conversations/{note}", body="new")
        desk.call("DELETE", f"conversations/{note}")
        desk.done("POST", f"tickets/{ticket}/time_entries", time_spent="00:10")
        desk.call("DELETE", f"tickets/{ticket}")
        desk.act("mark_spam", ticket=desk.ticket()["id"])
        desk.later(1)
        desk.get("agents/me")
        assert receiver.got == []


class TestContent:
    def test_simple_content_is_wrapped_and_has_labels(self, desk: Desk, receiver: Receiver) -> None:
        """Underscores for dots, labels for numbers; comments have their author in front."""
        names = "id status priority requester.email latest_public_comment".split()
        content = {name: f"{{{{ticket.{name}}}}}" for name in names} | {
            "triggered_event": "{{triggered_event}}"
        }
        rule(desk, receiver.url, action={"content_layout": "1", "content": content})
        ticket = desk.ticket()["id"]
        desk.note(ticket, private=False, body="done & dusted")
        body = json.loads(receiver.wait(1)[0].body)
        assert body == {
            "freshdesk_webhook": {
                "ticket_id": str(ticket),
                "ticket_status": "Open",
                "ticket_priority": "Low",
                "ticket_requester_email": KIM,
                "ticket_latest_public_comment": "Deskbridge Hub : done & dusted",
                "triggered_event": "{note_type:public}",
            }
        }

    def test_a_quote_in_a_subject_breaks_advanced_json(self, desk: Desk, receiver: Receiver) -> None:
        """Placeholders are put into text: a hub must survive a body that is no JSON."""
        content = {"subject": "{{ticket.subject}}"}
        rule(desk, receiver.url, action={"content": content})
        ticket = desk.ticket(subject='say "hi"')["id"]
        desk.note(ticket)
        with pytest.raises(ValueError, match="delimiter"):
            json.loads(receiver.wait(1)[0].body)
        desk.act("switch", name="webhook_escapes", value=True)
        desk.note(ticket)
        assert json.loads(receiver.wait(2)[1].body) == {"subject": 'say "hi"'}

    def test_login_and_headers_but_no_signature(self, desk: Desk, receiver: Receiver) -> None:
        """A secret in the path, a header or a login is all that proves who calls."""
        login = {"auth_header": {"username": "u", "password": "p"}, "custom_headers": {"X-Hub": "s"}}
        rule(desk, receiver.url + "/{{ticket.id}}", action=login)
        ticket = desk.ticket()["id"]
        desk.note(ticket)
        got = receiver.wait(1)[0]
        assert got.path == f"/hook/{ticket}"
        assert got.headers["Authorization"] == "Basic " + base64.b64encode(b"u:p").decode()
        assert got.headers["X-Hub"] == "s"
        assert not [name for name in got.headers if "ignature" in name]

    def test_forms_and_xml(self, desk: Desk, receiver: Receiver) -> None:
        """Both are offered."""
        for kind in ("X-FORM-URLENCODED", "XML"):
            rule(
                desk,
                receiver.url,
                name=kind,
                action={"content_type": kind, "content": {"n": "{{ticket.id}}"}},
            )
        desk.note(desk.ticket()["id"])
        bodies = sorted(got.body for got in receiver.wait(2))
        assert bodies[1] == b"n=1"
        assert b"<n>1</n>" in bodies[0]


class TestDelivery:
    def test_tried_again_after_5_30_60_minutes_then_told_the_admins(
        self, desk: Desk, receiver: Receiver
    ) -> None:
        """An outage of two hours loses events for good."""
        receiver.answers += [500] * 4
        rule(desk, receiver.url)
        desk.note(desk.ticket()["id"])
        log = desk.world.hooks.log
        for number, wait in enumerate((300, 1800, 3600), 1):
            wait_for(log, number)
            desk.later(wait)
        wait_for(log, 4)
        assert [attempt.outcome for attempt in log] == ["failed", "failed", "failed", "gave up"]
        assert ("webhook failed", "noor@harbour.example", False) in desk.mails()

    def test_more_than_an_hours_share_waits_for_the_next(self, desk: Desk, receiver: Receiver) -> None:
        """1,000 an hour; what would wait a day is dropped."""
        desk.act("switch", name="webhooks_per_hour", value=1)
        rule(desk, receiver.url)
        ticket = desk.ticket()["id"]
        for _ in range(27):
            desk.note(ticket)
        receiver.wait(1)
        assert ("webhook dropped", "noor@harbour.example", False) in desk.mails()
        desk.later(3600)
        receiver.wait(2)
        until(lambda: desk.world.hooks.pending == 23)

    def test_a_foreign_address_is_not_called_but_logged(self, desk: Desk) -> None:
        """A slip in a test's settings reaches nobody."""
        rule(desk, "https://hub.example/fd")
        desk.note(desk.ticket()["id"])
        until(lambda: desk.world.hooks.log)
        assert "this machine only" in desk.world.hooks.log[0].error


class TestCalls:
    def test_incomplete_webhook_is_a_500(self, desk: Desk) -> None:
        """Not a 400: a client that retries on 500 would try for ever."""
        action = webhook("http://127.0.0.1:1/")
        action.pop("content")
        body = {
            "name": "x",
            "performer": {"type": 3},
            "events": EVENTS,
            "conditions": [],
            "actions": [action],
        }
        answer = desk.call("POST", "automations/4/rules", json=body)
        assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")

    def test_no_conditions_read_back_as_one_empty_set(self, desk: Desk) -> None:
        """A client that compares what it wrote with what it reads sees a difference for ever."""
        made = rule(desk, "http://127.0.0.1:1/")
        assert made["meta"] == {"total_active_count": 1, "total_count": 1}
        read = desk.get(f"automations/4/rules/{made['id']}")
        assert read["conditions"] == [{"name": "condition_set_1", "match_type": "all", "properties": []}]
        assert read["actions"][0]["content_layout"] == "2"

    def test_life_of_a_rule(self, desk: Desk, receiver: Receiver) -> None:
        """Renamed, switched off, deleted; the other types do not know it."""
        made = rule(desk, receiver.url)
        path = f"automations/4/rules/{made['id']}"
        assert desk.done("PUT", path, active=False)["meta"]["total_active_count"] == 0
        desk.note(desk.ticket()["id"])
        assert receiver.got == []
        assert desk.call("GET", path.replace("/4/", "/1/")).status_code == 404
        assert desk.call("GET", "automations/2/rules").status_code == 404
        again = desk.call("POST", "automations/4/rules", json={"name": "HUB 4"})
        assert failing(again)["events"] == "missing_field"
        assert desk.call("DELETE", path).status_code == 204
        assert desk.get("automations/4/rules")["rules"] == []

    def test_rules_are_for_admins(self, desk: Desk) -> None:
        """An ordinary key cannot install webhooks: somebody has to do it by hand."""
        desk.act("switch", name="hub_admin", value=False)
        assert desk.call("GET", "automations/4/rules").status_code == 403

    def test_what_is_not_played_says_so(self, desk: Desk) -> None:
        """A rule that would silently do nothing is refused."""
        body = {"name": "x", "conditions": [{"properties": []}], "actions": [{"field_name": "push_to_slack"}]}
        assert desk.call("POST", "automations/1/rules", json=body).status_code == 501


class TestActions:
    def test_rules_change_tickets_and_start_no_rules(self, desk: Desk, receiver: Receiver) -> None:
        """A tag and a priority appear that nobody sent."""
        condition = {
            "resource_type": "ticket",
            "field_name": "subject",
            "operator": "contains",
            "value": "fire",
        }
        actions = [{"field_name": "priority", "value": 4}, {"field_name": "add_tag", "value": ["hot"]}]
        conditions = [{"name": "condition_set_1", "match_type": "all", "properties": [condition]}]
        desk.done("POST", "automations/1/rules", name="r", conditions=conditions, actions=actions)
        rule(desk, receiver.url)
        hot, cold = desk.ticket(subject="A fire!")["id"], desk.ticket()["id"]
        read = desk.get(f"tickets/{hot}")
        assert (read["priority"], read["tags"], desk.get(f"tickets/{cold}")["priority"]) == (4, ["hot"], 1)
        assert receiver.got == []

    def test_hourly_rules(self, desk: Desk) -> None:
        """A ticket closes itself when nobody looks."""
        condition = {"resource_type": "ticket", "field_name": "status", "operator": "in", "value": [4]}
        conditions = [{"name": "condition_set_1", "match_type": "all", "properties": [condition]}]
        actions = [{"field_name": "status", "value": 5}]
        desk.done("POST", "automations/3/rules", name="r", conditions=conditions, actions=actions)
        ticket = desk.ticket(status=4)["id"]
        desk.later(3601)
        assert desk.get(f"tickets/{ticket}")["status"] == 5
