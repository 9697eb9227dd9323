"""GitLab's webhooks, received over real HTTP: what comes, when, and when nothing comes any more."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest

from deskbridge.sandbox.gitlab.server import GitLab
from deskbridge.sandbox.hooks import Chances
from tests.sandbox import gitlab_kit
from tests.sandbox.gitlab_kit import DESK, PROJECT, Api, path_of
from tests.sandbox.receiver import Received, Receiver, receiving, until

served, gitlab, ticket = gitlab_kit.served, gitlab_kit.gitlab, gitlab_kit.ticket
caller, hub, dana = gitlab_kit.caller, gitlab_kit.hub, gitlab_kit.dana
lee, guest = gitlab_kit.lee, gitlab_kit.guest

HOOKS = f"{PROJECT}/hooks"
ALL = ("issues_events", "confidential_issues_events", "note_events", "confidential_note_events")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Yield somebody who receives."""
    with receiving() as one:
        yield one


def install(caller: Api, receiver: Receiver, *events: str, path: str = HOOKS, **more: Any) -> Any:
    """Make a hook for some events and nothing else."""
    switches = dict.fromkeys(events or ALL, True)
    return caller.post(path, url=receiver.url, push_events=False, **switches, **more)


def quiet(gitlab: GitLab) -> None:
    """Wait until nothing is on its way any more."""
    until(lambda: not gitlab.site.world.hooks.pending)


def bodies(got: list[Received]) -> list[Any]:
    """Return what came as JSON."""
    return [json.loads(one.body) for one in got]


def event(one: Received) -> str:
    """Return the event's header."""
    return one.headers["X-Gitlab-Event"]


class TestManaging:
    def test_pushes_are_on_unless_switched_off(self, hub: Api) -> None:
        """A hub that names only what it wants gets every push as well."""
        hook = hub.post(HOOKS, url="http://127.0.0.1:9/x", issues_events=True, token="secret")
        on = [name for name, value in hook.items() if name.endswith("_events") and value]
        assert on == ["push_events", "issues_events"]
        assert hook["enable_ssl_verification"] is True
        assert (hook["alert_status"], hook["disabled_until"]) == ("executable", None)
        assert "secret" not in json.dumps(hook)

    def test_an_edit_keeps_what_it_does_not_name(self, hub: Api) -> None:
        hook = hub.post(HOOKS, url="http://127.0.0.1:9/x", issues_events=True, name="hub")
        after = hub.put(f"{HOOKS}/{hook['id']}", note_events=True)
        assert (after["issues_events"], after["note_events"], after["name"]) == (True, True, "hub")

    @pytest.mark.parametrize(
        ("body", "status", "error"),
        [
            ({}, 400, {"error": "url is missing"}),
            ({"url": "ftp://x"}, 422, {"error": "Invalid url given"}),
            ({"url": "http://x", "note_events": "maybe"}, 400, {"error": "note_events is invalid"}),
            (
                {"url": "http://x", "custom_headers": [{"key": "a b", "value": "c"}]},
                422,
                {"error": "Illegal key or value"},
            ),
        ],
    )
    def test_refusals(self, hub: Api, body: object, status: int, error: object) -> None:
        answer = hub("POST", HOOKS, json=body)
        assert (answer.status_code, answer.json()) == (status, error)

    def test_developers_have_no_hooks(self, dana: Api) -> None:
        """A token with too low a role cannot even see whether its hook is there."""
        assert dana("GET", HOOKS).status_code == 403

    def test_group_hooks_are_paid_and_for_owners(self, gitlab: GitLab, hub: Api, lee: Api) -> None:
        path = "/groups/harbour/hooks"
        assert hub("GET", path).status_code == 403
        assert lee.post(path, url="http://127.0.0.1:9/x")["group_id"] == 31
        gitlab.switches.tier = "free"
        assert lee("GET", path).status_code == 403

    def test_headers_and_variables_are_never_told(self, gitlab: GitLab, hub: Api, receiver: Receiver) -> None:
        hook = install(hub, receiver)
        one = f"{HOOKS}/{hook['id']}"
        assert hub("PUT", f"{one}/custom_headers/X-Team", json={"value": "dock"}).status_code == 204
        url = receiver.url.replace("hook", "{place}")
        hub.put(one, url=url, url_variables=[{"key": "place", "value": "there"}])
        shown = hub.get(one)
        assert (shown["custom_headers"], shown["url_variables"]) == ([{"key": "X-Team"}], [{"key": "place"}])
        hub.issue()
        (got,) = receiver.wait(1)
        assert (got.path, got.headers["X-Team"]) == ("/there", "dock")
        assert hub("DELETE", f"{one}/custom_headers/X-Team").status_code == 204
        assert hub("DELETE", f"{one}/custom_headers/X-Team").status_code == 404


class TestEvents:
    def test_an_issue_hook(self, gitlab: GitLab, hub: Api, dana: Api, receiver: Receiver) -> None:
        """The payload has other words than the API: `title` for a label's name, `url` for the page."""
        install(hub, receiver, token="s3cret")
        issue = dana.issue(labels="type::bug", assignee_ids=[12])
        (got,) = receiver.wait(1)
        assert event(got) == "Issue Hook"
        assert (got.headers["X-Gitlab-Token"], got.headers["Content-Type"]) == ("s3cret", "application/json")
        assert got.headers["User-Agent"] == "GitLab/18.5.0-ee"
        assert got.headers["X-Gitlab-Instance"] == gitlab.site.base_url
        assert len(got.headers["Idempotency-Key"]) == 36
        body = json.loads(got.body)
        assert (body["object_kind"], body["event_type"]) == ("issue", "issue")
        assert body["user"] == {
            "id": 11,
            "name": "Dana Novak",
            "username": "dana",
            "avatar_url": None,
            "email": "[REDACTED]",
        }
        attributes = body["object_attributes"]
        assert (attributes["id"], attributes["iid"]) == (issue["id"], issue["iid"])
        assert (attributes["action"], attributes["state"], attributes["state_id"]) == ("open", "opened", 1)
        assert attributes["url"] == issue["web_url"]
        assert attributes["created_at"].endswith(" UTC")
        assert [label["title"] for label in body["labels"]] == ["type::bug"]
        assert [user["username"] for user in body["assignees"]] == ["lee"]

    def test_one_call_can_be_two_hooks(self, gitlab: GitLab, hub: Api, receiver: Receiver) -> None:
        """A PUT that closes and labels tells it apart; a client that keeps one loses the other."""
        issue = hub.issue()
        install(hub, receiver)
        hub.put(path_of(issue), state_event="close", labels="type::bug", title="New")
        close, update = sorted(bodies(receiver.wait(2)), key=lambda b: b["object_attributes"]["action"])
        assert close["object_attributes"]["action"] == "close"
        assert close["changes"]["state_id"] == {"previous": 1, "current": 2}
        assert "labels" not in close["changes"]
        changes = update["changes"]
        assert changes["title"] == {"previous": "A pump fails", "current": "New"}
        assert [label["title"] for label in changes["labels"]["current"]] == ["type::bug"]
        assert changes["labels"]["previous"] == []
        quiet(gitlab)
        assert len(receiver.got) == 2

    def test_confidential_ones_have_switches_of_their_own(
        self, gitlab: GitLab, hub: Api, receiver: Receiver
    ) -> None:
        """With the ordinary switches alone nothing of a Service Desk ticket ever arrives."""
        hook = install(hub, receiver, "issues_events", "note_events")
        secret = hub.issue(confidential=True)
        hub.note(secret, "x")
        public = hub.issue()
        hub.note(public, "internal", internal=True)
        quiet(gitlab)
        assert [event(one) for one in receiver.got] == ["Issue Hook"]
        hub.put(f"{HOOKS}/{hook['id']}", confidential_issues_events=True, confidential_note_events=True)
        hub.put(path_of(secret), title="y")
        hub.note(secret, "z")
        got = receiver.wait(3)[1:]
        assert sorted(event(one) for one in got) == ["Confidential Issue Hook", "Confidential Note Hook"]

    def test_a_confidential_note_hook_is_not_an_internal_note(self, hub: Api, receiver: Receiver) -> None:
        """The main leak path: only `internal` tells who reads it, `event_type` does not (8.4)."""
        issue = hub.issue(confidential=True)
        install(hub, receiver)
        note = hub.note(issue, "for the customer")
        (got,) = bodies(receiver.wait(1))
        assert got["event_type"] == "confidential_note"
        attributes = got["object_attributes"]
        assert (attributes["internal"], attributes["action"]) == (False, "create")
        assert (attributes["id"], attributes["note"]) == (note["id"], attributes["description"])
        assert len(attributes["discussion_id"]) == 40
        assert got["issue"]["iid"] == issue["iid"]

    def test_an_edited_note_is_told_in_its_authors_name(
        self, hub: Api, dana: Api, receiver: Receiver
    ) -> None:
        """The actor of the hook is not who edited: no echo control by actor alone."""
        issue = dana.issue()
        note = dana.note(issue, "x")
        install(hub, receiver)
        hub.put(f"{path_of(issue)}/notes/{note['id']}", body="y")
        (got,) = bodies(receiver.wait(1))
        assert (got["object_attributes"]["action"], got["user"]["username"]) == ("update", "dana")

    def test_what_sends_nothing(self, gitlab: GitLab, hub: Api, lee: Api, receiver: Receiver) -> None:
        """Deletions, the same value again, system notes, a label's new name: only a sweep finds them."""
        issue, own = hub.issue(), hub.post(f"{PROJECT}/labels", name="own")
        note = hub.note(issue, "x")
        install(hub, receiver)
        hub.put(path_of(issue), title=issue["title"])
        hub.put(f"{path_of(issue)}/notes/{note['id']}", body="x")
        hub.put(f"{PROJECT}/labels/{own['id']}", new_name="other")
        hub("DELETE", f"{path_of(issue)}/notes/{note['id']}")
        assert lee("DELETE", path_of(issue)).status_code == 204
        assert hub("GET", path_of(issue)).status_code == 404
        quiet(gitlab)
        assert receiver.got == []

    def test_commands_alone_are_an_issue_hook(self, gitlab: GitLab, hub: Api, receiver: Receiver) -> None:
        issue = hub.issue()
        install(hub, receiver)
        hub.note(issue, "/label ~type::bug")
        receiver.wait(1)
        quiet(gitlab)
        assert [event(one) for one in receiver.got] == ["Issue Hook"]

    def test_a_move_closes_here_and_opens_there(self, hub: Api, lee: Api, receiver: Receiver) -> None:
        issue = hub.issue()
        install(lee, receiver, path="/groups/harbour/hooks")
        moved = hub.post(f"{path_of(issue)}/move", to_project_id=102)
        told = {b["object_attributes"]["action"]: b["object_attributes"] for b in bodies(receiver.wait(2))}
        assert (told["open"]["id"], told["open"]["project_id"]) == (moved["id"], 102)
        assert (told["close"]["id"], told["close"]["moved_to_id"]) == (issue["id"], moved["id"])

    def test_pictures_have_whole_addresses(self, gitlab: GitLab, hub: Api, receiver: Receiver) -> None:
        """The text of a hook differs from the API's: hashes of the two never compare."""
        install(hub, receiver)
        issue = hub.issue(description="![p](/uploads/0123456789abcdef0123456789abcdef/p.png)")
        (got,) = bodies(receiver.wait(1))
        assert f"{gitlab.site.base_url}/-/project/101/uploads/" in got["object_attributes"]["description"]
        assert got["object_attributes"]["description"] != issue["description"]

    def test_dates_come_in_two_forms(self, gitlab: GitLab, hub: Api, receiver: Receiver) -> None:
        gitlab.switches.hook_dates = "iso"
        install(hub, receiver)
        hub.issue()
        (got,) = bodies(receiver.wait(1))
        assert got["object_attributes"]["created_at"].endswith("Z")

    def test_emoji_and_milestones(self, hub: Api, receiver: Receiver) -> None:
        issue = hub.issue()
        install(hub, receiver, "emoji_events", "milestone_events")
        given = hub.post(f"{path_of(issue)}/award_emoji", name="tada")
        hub("DELETE", f"{path_of(issue)}/award_emoji/{given['id']}")
        hub.post(f"{PROJECT}/milestones", title="v1")
        got = {(b["object_kind"], b.get("event_type")) for b in bodies(receiver.wait(3))}
        assert got == {("emoji", "award"), ("emoji", "revoke"), ("milestone", "milestone")}

    def test_a_ticket_by_mail_is_told(self, gitlab: GitLab, hub: Api, receiver: Receiver) -> None:
        """Of a real Ticket the hook is a `work_item` one: route both (7.1)."""
        install(hub, receiver, path=f"{DESK}/hooks")
        mail = {"project": 102, "email": "jane@acme.example", "name": "Jane", "subject": "s", "text": "t"}
        gitlab.acts["service_desk_mail"](**mail)
        gitlab.switches.tickets = True
        gitlab.acts["service_desk_mail"](**mail)
        kinds = sorted((b["object_kind"], b["object_attributes"]["type"]) for b in bodies(receiver.wait(2)))
        assert kinds == [("issue", "Issue"), ("work_item", "Ticket")]

    def test_old_servers_tell_no_edits_and_have_no_key(
        self, gitlab: GitLab, hub: Api, receiver: Receiver
    ) -> None:
        gitlab.switches.version = "16.10.0"
        issue = hub.issue()
        install(hub, receiver)
        note = hub.note(issue, "x")
        hub.put(f"{path_of(issue)}/notes/{note['id']}", body="y")
        (got,) = receiver.wait(1)
        quiet(gitlab)
        assert len(receiver.got) == 1
        assert "Idempotency-Key" not in got.headers

    def test_a_token_about_to_end_is_told(self, gitlab: GitLab, lee: Api, receiver: Receiver) -> None:
        """The warning comes seven days before sync would stop with 401."""
        install(lee, receiver, "resource_access_token_events")
        soon = (gitlab.site.now().date()).toordinal() + 5
        until_then = gitlab.site.now().date().fromordinal(soon).isoformat()
        lee.post(f"{PROJECT}/access_tokens", name="hub", scopes=["api"], expires_at=until_then)
        assert gitlab.acts["warn_of_tokens"]() == {"warned": ["hub"]}
        (got,) = receiver.wait(1)
        assert event(got) == "Resource Access Token Hook"
        assert json.loads(got.body)["object_attributes"]["expires_at"] == until_then


class TestDelivery:
    def test_a_signature_is_over_the_raw_body(self, gitlab: GitLab, hub: Api, receiver: Receiver) -> None:
        """Standard Webhooks, from 19.0 on: id, time and body in one MAC."""
        key = b"0123456789abcdef0123456789abcdef"
        token = "whsec_" + base64.b64encode(key).decode()
        gitlab.switches.version = "19.0.0-ee"
        hook = install(hub, receiver, signing_token=token)
        assert (hook["signing_token_present"], "signing_token" in hook) == (True, False)
        hub.issue()
        (got,) = receiver.wait(1)
        assert got.headers["webhook-id"] == got.headers["Idempotency-Key"]
        signed = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
        mac = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        assert got.headers["webhook-signature"] == f"v1,{mac}"

    def test_the_signatures_header_can_have_another_name(
        self, gitlab: GitLab, hub: Api, receiver: Receiver
    ) -> None:
        gitlab.switches.version, gitlab.switches.signature_header = "19.0.0-ee", "X-Gitlab-Signature"
        install(hub, receiver, signing_token="plain")
        hub.issue()
        (got,) = receiver.wait(1)
        assert got.headers["X-Gitlab-Signature"].startswith("v1,")

    def test_before_19_nothing_is_signed(self, hub: Api, receiver: Receiver) -> None:
        hook = install(hub, receiver, signing_token="x")
        hub.issue()
        (got,) = receiver.wait(1)
        assert "webhook-signature" not in got.headers
        assert "signing_token_present" not in hook

    def test_the_log_and_sending_again(self, gitlab: GitLab, hub: Api, receiver: Receiver) -> None:
        """A receiver knows a repetition by its Idempotency-Key only."""
        hook = install(hub, receiver, token="s")
        receiver.answers = [500]
        hub.issue()
        quiet(gitlab)
        path = f"{HOOKS}/{hook['id']}/events"
        (row,) = hub.get(path)
        assert (row["response_status"], row["trigger"]) == ("500", "issues_hooks")
        assert row["request_headers"]["X-Gitlab-Token"] == "[REDACTED]"
        assert hub.get(path, status="successful") == []
        answer = hub("POST", f"{path}/{row['id']}/resend")
        assert (answer.status_code, answer.json()) == (201, {"response_status": 200})
        first, again = receiver.got
        assert first.headers["Idempotency-Key"] == again.headers["Idempotency-Key"]
        assert first.body == again.body
        assert len(hub.get(path, status="server_failure,200")) == 2

    def test_tests_are_limited(self, gitlab: GitLab, hub: Api, receiver: Receiver) -> None:
        gitlab.site.world.clock.advance(61)
        gitlab.switches.hook_tests_per_minute = 1
        hook = install(hub, receiver)
        path = f"{HOOKS}/{hook['id']}/test"
        nothing = hub("POST", f"{path}/issues_events")
        assert (nothing.status_code, nothing.json()) == (422, {"message": "Ensure the project has issues."})
        assert hub("POST", f"{path}/issues_events").status_code == 429
        assert hub("POST", f"{path}/nonsense").status_code == 400

    def test_four_failures_disable_for_a_while_that_grows(
        self, gitlab: GitLab, hub: Api, receiver: Receiver
    ) -> None:
        """A receiver that was down gets nothing for a minute, then for two: polls must cover it."""
        gitlab.switches.auto_disable = True
        hook = install(hub, receiver)
        receiver.answers = [500] * 5
        for title in "abcd":
            hub.issue(title)
        quiet(gitlab)
        shown = hub.get(f"{HOOKS}/{hook['id']}")
        assert shown["alert_status"] == "temporarily_disabled"
        hub.issue("lost")
        quiet(gitlab)
        assert len(receiver.got) == 4
        gitlab.site.world.clock.advance(61)
        hub.issue("fails again")
        quiet(gitlab)
        gitlab.site.world.clock.advance(61)
        assert hub.get(f"{HOOKS}/{hook['id']}")["alert_status"] == "temporarily_disabled"
        gitlab.site.world.clock.advance(61)
        hub.issue("arrives")
        receiver.wait(6)
        quiet(gitlab)
        assert hub.get(f"{HOOKS}/{hook['id']}")["alert_status"] == "executable"

    @pytest.mark.parametrize(
        ("version", "status"), [("17.8.0-ee", "disabled"), ("18.5.0-ee", "temporarily_disabled")]
    )
    def test_answers_of_4xx_can_be_the_end(
        self, gitlab: GitLab, hub: Api, receiver: Receiver, version: str, status: str
    ) -> None:
        """Never answer 4xx to an event that is of no use: older servers then stop for ever."""
        gitlab.switches.auto_disable, gitlab.switches.version = True, version
        hook = install(hub, receiver)
        receiver.answers = [404] * 4
        for title in "abcd":
            hub.issue(title)
        quiet(gitlab)
        one = f"{HOOKS}/{hook['id']}"
        assert hub.get(one)["alert_status"] == status
        gitlab.site.world.clock.advance(61)
        assert hub("POST", f"{one}/test/issues_events").status_code == 201
        assert hub.get(one)["alert_status"] == "executable"

    def test_a_namespace_can_send_too_much(self, gitlab: GitLab, hub: Api, receiver: Receiver) -> None:
        """What is above the limit is dropped, not kept: no log tells of it."""
        gitlab.site.world.clock.advance(60 - gitlab.site.now().second)
        gitlab.switches.hooks_per_minute = 2
        install(hub, receiver)
        for title in "abc":
            hub.issue(title)
        quiet(gitlab)
        assert len(receiver.got) == 2

    def test_deliveries_come_twice_or_never(self, gitlab: GitLab, hub: Api, receiver: Receiver) -> None:
        gitlab.site.world.hooks.chances["gitlab"] = Chances(duplicate=1)
        install(hub, receiver)
        hub.issue()
        gitlab.site.world.clock.advance(3)
        one, two = receiver.wait(2)
        assert one.headers["Idempotency-Key"] == two.headers["Idempotency-Key"]
        gitlab.site.world.hooks.chances["gitlab"] = Chances(lose=1)
        hub.issue()
        quiet(gitlab)
        assert len(receiver.got) == 2

    def test_a_forwarded_event_id_silences_the_consequence(
        self, gitlab: GitLab, hub: Api, receiver: Receiver
    ) -> None:
        """A hub that passes X-Gitlab-Event-UUID on into its writes never hears of these (8.2)."""
        install(hub, receiver)
        issue = hub.issue()
        (got,) = receiver.wait(1)
        chain = {"X-Gitlab-Event-UUID": got.headers["X-Gitlab-Event-UUID"]}
        hub("PUT", path_of(issue), json={"title": "silent"}, headers=chain)
        quiet(gitlab)
        assert len(receiver.got) == 1

    def test_a_template_makes_the_body(self, gitlab: GitLab, hub: Api, receiver: Receiver) -> None:
        template = '{"kind": "{{object_kind}}", "iid": {{object_attributes.iid}}}'
        install(hub, receiver, custom_webhook_template=template)
        hub.issue(title='with "quotes"')
        assert bodies(receiver.wait(1)) == [{"kind": "issue", "iid": 1}]
