"""Jira's webhooks, received over real HTTP: what comes, how it is signed, what comes again (reference, 9)."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest

from deskbridge.sandbox.hooks import Chances
from deskbridge.sandbox.jira.events import signature
from tests.sandbox import jira_kit
from tests.sandbox.jira_kit import Json, Running
from tests.sandbox.receiver import Received, Receiver, until

served, site, receiver = jira_kit.served, jira_kit.site, jira_kit.receiver
served_dc, dc = jira_kit.served_dc, jira_kit.dc

HOOKS = "/rest/webhooks/1.0/webhook"
ISSUES = ["jira:issue_created", "jira:issue_updated", "jira:issue_deleted"]
COMMENTS = ["comment_created", "comment_updated", "comment_deleted"]
SECRET = "It's a Secret to Everybody"


def install(site: Running, receiver: Receiver, *events: str, **more: Any) -> Json:
    """Register a webhook as an administrator."""
    site.admin()
    body = {"name": "hub", "url": receiver.url, "events": list(events or (*ISSUES, *COMMENTS))} | more
    made: Json = site.hub.post(HOOKS, body)
    return made


def told(received: Received) -> Json:
    """Return a delivery's payload."""
    payload: Json = json.loads(received.body)
    return payload


def tried(site: Running, count: int) -> None:
    """Wait until so many attempts have ended."""
    until(lambda: len(site.world.hooks.log) >= count)


class TestRegistering:
    def test_only_administrators_may(self, site: Running) -> None:
        """A project administrator's token is refused."""
        assert site.hub.refused("GET", HOOKS)[0] == 403
        site.admin()
        assert site.hub.get(HOOKS) == []

    def test_the_secret_is_never_told(self, site: Running, receiver: Receiver) -> None:
        """Whoever lost it must set a new one; the answer says only that there is one."""
        made = install(site, receiver, secret=SECRET)
        assert (made["isSigned"], made["enabled"]) == (True, True)
        assert SECRET not in json.dumps(site.hub.get(HOOKS))

    def test_what_is_wrong_is_refused(self, site: Running) -> None:
        """Unknown events, no address, unreadable JQL."""
        site.admin()
        good = {"name": "x", "url": "http://127.0.0.1:9/", "events": ISSUES}
        filters = {"issue-related-events-section": "colour = red"}
        for wrong in ({"events": ["issue_made"]}, {"url": "x"}, {"name": ""}, {"filters": filters}):
            assert site.hub.refused("POST", HOOKS, good | wrong)[0] == 400

    def test_a_change_names_what_changes(self, site: Running, receiver: Receiver) -> None:
        """PUT keeps the rest, the secret included; deleted it is gone."""
        made = install(site, receiver, secret=SECRET)
        path = made["self"].removeprefix(site.url)
        shown = site.hub.put(path, {"enabled": False}, 200)
        assert (shown["enabled"], shown["isSigned"], shown["events"]) == (False, True, made["events"])
        site.hub.issue()
        assert receiver.got == []
        site.hub.delete(path)
        assert site.hub.refused("GET", path)[0] == 404

    def test_dynamic_ones_are_for_apps(self, site: Running) -> None:
        """An API token cannot have them, whatever its owner may."""
        site.admin()
        assert site.hub.refused("GET", "/rest/api/3/webhook")[0] == 403
        assert site.hub.refused("POST", "/rest/api/3/webhook", {"url": "x", "webhooks": []})[0] == 403


class TestDelivery:
    def test_the_documented_signature(self) -> None:
        """The vendor's own check vector."""
        wanted = "a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"
        assert signature(SECRET, b"Hello World!") == f"sha256={wanted}"

    def test_signed_over_the_raw_bytes(self, site: Running, receiver: Receiver) -> None:
        """A receiver that checks what it has parsed and written again refuses umlauts."""
        install(site, receiver, secret=SECRET)
        site.hub.issue(summary="Größe: 5\u202fm")
        got = receiver.wait(1)[0]
        digest = hmac.new(SECRET.encode(), got.body, hashlib.sha256).hexdigest()
        assert got.headers["X-Hub-Signature"] == f"sha256={digest}"
        assert "Größe".encode() in got.body
        assert got.headers["Content-Type"] == "application/json; charset=utf-8"

    def test_retries_keep_their_identifier(self, site: Running, receiver: Receiver) -> None:
        """The key to know a repeated delivery; the count is absent the first time."""
        install(site, receiver)
        receiver.answers = [503, 500]
        site.hub.issue()
        for count, wait in ((1, 300), (2, 450)):
            tried(site, count)
            site.world.clock.advance(wait)
        first, *more = receiver.wait(3)
        assert "X-Atlassian-Webhook-Retry" not in first.headers
        assert [one.headers["X-Atlassian-Webhook-Retry"] for one in more] == ["1", "2"]
        ids = {one.headers["X-Atlassian-Webhook-Identifier"] for one in receiver.got}
        assert len(ids) == 1

    def test_other_refusals_end_it(self, site: Running, receiver: Receiver) -> None:
        """A receiver that answers 401 by mistake never sees the event again."""
        install(site, receiver)
        receiver.answers = [401]
        site.hub.issue()
        until(lambda: site.world.hooks.log and site.world.hooks.log[-1].outcome == "gave up")
        assert (len(receiver.got), site.world.hooks.pending) == (1, 0)

    def test_five_retries_and_then_none(self, site: Running, receiver: Receiver) -> None:
        """After an hour the event is lost for good."""
        install(site, receiver)
        receiver.answers = [503] * 20
        site.hub.issue()
        for count in range(1, 6):
            tried(site, count)
            site.world.clock.advance(900)
        tried(site, 6)
        site.world.clock.advance(3600)
        # After half an hour of failures each event is tried once only.
        site.hub.issue()
        tried(site, 7)
        assert [one.outcome for one in site.world.hooks.log][4:] == ["failed", "gave up", "gave up"]

    def test_twice_and_out_of_order(self, site: Running, receiver: Receiver) -> None:
        """At least once, in any order."""
        install(site, receiver)
        site.world.hooks.chances["jira"] = Chances(duplicate=1.0)
        site.hub.issue()
        receiver.wait(1)
        site.world.clock.advance(3)
        first, second = receiver.wait(2)
        assert first.body == second.body

    def test_fallout_comes_later(self, site: Running, receiver: Receiver) -> None:
        """A deleted issue's comments go by a second, slower flow."""
        key = site.hub.issue()
        site.hub.post(f"issue/{key}/comment", {"body": "x"})
        install(site, receiver)
        site.hub.delete(f"issue/{key}")
        receiver.wait(1)
        site.world.clock.advance(5)
        flows = [
            (told(one)["webhookEvent"], one.headers["X-Atlassian-Webhook-Flow"]) for one in receiver.wait(2)
        ]
        assert flows == [("jira:issue_deleted", "Primary"), ("comment_deleted", "Secondary")]

    def test_filters_and_templates(self, site: Running, receiver: Receiver) -> None:
        """JQL narrows issue events; the address may name the issue."""
        filters = {"issue-related-events-section": "labels = urgent"}
        install(site, receiver, url=receiver.url + "?key=${issue.key}", filters=filters)
        site.hub.issue()
        key = site.hub.issue(labels=["urgent"])
        assert [one.path for one in receiver.wait(1)] == [f"/hook?key={key}"]

    def test_without_a_body(self, site: Running, receiver: Receiver) -> None:
        """``excludeBody`` leaves only the knock at the door."""
        install(site, receiver, excludeBody=True)
        site.hub.issue()
        assert receiver.wait(1)[0].body == b""


class TestPayloads:
    def test_an_issue_as_the_second_version_shows_it(self, site: Running, receiver: Receiver) -> None:
        """Texts are strings though the issue was written as a document; people have no address."""
        install(site, receiver)
        fields = {"project": {"key": "SUP"}, "issuetype": {"id": "10004"}, "summary": "s"}
        fields["description"] = jira_kit.doc("hello")
        site.hub.post("/rest/api/3/issue", {"fields": fields})
        shown = told(receiver.wait(1)[0])
        assert (shown["issue"]["fields"]["description"], shown["issue_event_type_name"]) == (
            "hello",
            "issue_created",
        )
        assert "emailAddress" not in shown["user"]
        assert "/rest/api/2/issue/" in shown["issue"]["self"]

    @pytest.mark.parametrize("text", [False, True])
    def test_changes_ride_along(self, site: Running, receiver: Receiver, text: bool) -> None:
        """The id of the change is a number or a text, by site."""
        site.switch("changelog_id_text", text)
        key = site.hub.issue()
        install(site, receiver)
        site.hub.post(f"issue/{key}/transitions", {"transition": {"id": "21"}}, 204)
        shown = told(receiver.wait(1)[0])
        assert isinstance(shown["changelog"]["id"], str) is text
        assert shown["changelog"]["items"][0]["toString"] == "In Progress"
        assert shown["issue_event_type_name"] == "issue_generic"

    def test_a_comment_has_a_stub_only(self, site: Running, receiver: Receiver) -> None:
        """No user, no description; the stub's own address is malformed."""
        key = site.hub.issue()
        install(site, receiver)
        site.hub.post(f"issue/{key}/comment", {"body": "*hello*"})
        shown = told(receiver.wait(1)[0])
        assert (shown["webhookEvent"], shown["comment"]["body"]) == ("comment_created", "*hello*")
        assert set(shown["issue"]["fields"]) == {
            "summary",
            "issuetype",
            "project",
            "assignee",
            "priority",
            "status",
        }
        assert "user" not in shown
        assert shown["issue"]["self"].endswith(f"/rest/api/2/{shown['issue']['id']}")

    def test_a_comment_may_come_twice(self, site: Running, receiver: Receiver) -> None:
        """Where it also counts as an update of the issue."""
        site.switch("comment_updates_issue", value=True)
        key = site.hub.issue()
        install(site, receiver)
        site.hub.post(f"issue/{key}/comment", {"body": "x"})
        both = {told(one)["webhookEvent"]: told(one) for one in receiver.wait(2)}
        assert both["jira:issue_updated"]["issue_event_type_name"] == "issue_commented"
        assert "changelog" not in both["jira:issue_updated"]

    def test_worklogs_and_files_name_no_issue(self, site: Running, receiver: Receiver) -> None:
        """A worklog has the issue's id; a file's event is of no use alone."""
        key = site.hub.issue()
        install(site, receiver, "worklog_created", "attachment_created", "issue_property_set")
        site.hub.post(f"issue/{key}/worklog", {"timeSpentSeconds": 600})
        site.hub.upload(key, "a.txt", b"x")
        site.hub.put(f"issue/{key}/properties/hub", {"a": 1}, 201)
        log, file, mark = sorted(
            (told(one) for one in receiver.wait(3)), key=lambda one: -len(one["webhookEvent"])
        )[::-1]
        by_name = {one["webhookEvent"]: one for one in (log, file, mark)}
        assert "issue" not in by_name["worklog_created"]
        assert by_name["worklog_created"]["worklog"]["issueId"] == "10000"
        assert set(by_name["attachment_created"]) == {"timestamp", "webhookEvent", "attachment"}
        assert by_name["issue_property_set"]["property"]["value"] == {"a": 1}

    def test_bulk_changes_say_so(self, site: Running, receiver: Receiver) -> None:
        """And they are fallout, which takes its time."""
        key = site.hub.issue()
        install(site, receiver)
        inputs = [{"selectedIssueIdsOrKeys": [key], "transitionId": "21"}]
        body = {"bulkTransitionInputs": inputs, "sendBulkNotification": False}
        site.hub.post("/rest/api/3/bulk/issues/transition", body)
        site.world.clock.advance(5)
        assert told(receiver.wait(1)[0])["bulkOperationMetaData"] == {"sendMail": False}

    def test_sprints_boards_and_versions(self, site: Running, receiver: Receiver) -> None:
        """Events without an issue know no JQL filter."""
        install(
            site, receiver, "jira:version_created", filters={"issue-related-events-section": "labels = x"}
        )
        site.hub.post("version", {"project": "SUP", "name": "1.0"})
        assert told(receiver.wait(1)[0])["version"]["name"] == "1.0"


class TestDataCenter:
    def test_no_identifier_no_signature_no_retry(self, dc: Running, receiver: Receiver) -> None:
        """An older Data Center says nothing by which to know or trust a delivery."""
        install(dc, receiver, secret=SECRET)
        receiver.answers = [503]
        dc.hub.issue()
        got = receiver.wait(1)[0]
        until(lambda: dc.world.hooks.log and not dc.world.hooks.pending)
        assert not {name for name in got.headers if name.startswith(("X-Atlassian", "X-Hub"))}
        assert dc.world.hooks.log[-1].outcome == "gave up"
        assert told(got)["user"]["name"] == "hub"

    def test_newer_ones_sign(self, dc: Running, receiver: Receiver) -> None:
        """By switch, as from version 10."""
        dc.switch("dc_webhook_identity", value=True)
        install(dc, receiver, secret=SECRET)
        dc.hub.issue()
        assert receiver.wait(1)[0].headers["X-Hub-Signature"].startswith("sha256=")

    def test_a_comment_is_always_an_update_too(self, dc: Running, receiver: Receiver) -> None:
        """Certain here, unlike on Cloud."""
        key = dc.hub.issue()
        install(dc, receiver)
        dc.hub.post(f"issue/{key}/comment", {"body": "x"})
        names = sorted(told(one)["webhookEvent"] for one in receiver.wait(2))
        assert names == ["comment_created", "jira:issue_updated"]
