"""Jira's webhooks: installed, checked, heard, and never believed more than their signature."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import BadSignature, Connector, Hook
from connectors.errors import HubError, Rejected, Transient
from connectors.jira import webhook
from connectors.jira.connector import connect
from tests.connectors.jira_payloads import NOW, SITE, bodies, comment, configured, issue, serving

HOOKS = f"{SITE}/rest/webhooks/1.0/webhook"
HOOK = Hook("https://hub.test/hooks/jira/s3cret-path", "s3cret of the hook")
SECRET = "It's a Secret to Everybody"


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    """A Jira of which each test says what it answers; any other call is an error."""
    yield from serving()


@pytest.fixture
def jira() -> Connector:
    """Return a connector that has made no call yet."""
    return connect(configured())


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """Return the headers of a delivery."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"x-hub-signature": f"sha256={digest}", "x-atlassian-webhook-identifier": "1"}


def hear(jira: Connector, payload: object) -> list[str]:
    """Return the issues that a rightly signed delivery names."""
    body = json.dumps(payload).encode()
    return [hint.key for hint in jira.hear(signed(body), body, SECRET)]


class Installed:
    """The webhooks of a site."""

    def __init__(self, server: responses.RequestsMock, *, signs: bool = True) -> None:
        self.hooks: list[dict[str, Any]] = []
        self.signs = signs
        server.add_callback("GET", HOOKS, callback=lambda r: (200, {}, json.dumps(self.hooks)))
        server.add_callback("POST", HOOKS, callback=self._make)
        server.add_callback("PUT", f"{HOOKS}/72", callback=self._change)

    def _make(self, request: Any) -> tuple[int, dict[str, str], str]:
        self.hooks.append(self._shown(request))
        return 201, {}, json.dumps(self.hooks[-1])

    def _change(self, request: Any) -> tuple[int, dict[str, str], str]:
        self.hooks[-1] = self._shown(request)
        return 200, {}, json.dumps(self.hooks[-1])

    def _shown(self, request: Any) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(request.body)
        secret = told.pop("secret")
        return {**told, "self": f"{HOOKS}/72", "isSigned": bool(secret) and self.signs}


def test_the_documented_signature_verifies(jira: Connector) -> None:
    """Broken: every webhook is refused, or none (the vector of jira-api 9.2)."""
    told = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"
    for name in ("X-Hub-Signature", "x-hub-signature"):
        with pytest.raises(Rejected, match="not JSON"):
            jira.hear({name: told}, b"Hello World!", SECRET)
    for wrong in (
        told[:-1] + "8",
        told.replace("256", "1"),
        told.removeprefix("sha256="),
        "",
        "sha256=ü",
        "=",
    ):
        with pytest.raises(BadSignature):
            jira.hear({"X-Hub-Signature": wrong}, b"Hello World!", SECRET)
    with pytest.raises(BadSignature):
        jira.hear({"X-Hub-Signature": told}, b"Hello World! ", SECRET)
    empty = hmac.new(b"", b"{}", hashlib.sha256).hexdigest()
    with pytest.raises(BadSignature):
        jira.hear({"X-Hub-Signature": f"sha256={empty}"}, b"{}", "")


@pytest.mark.parametrize(
    ("payload", "keys"),
    [
        ({"webhookEvent": "jira:issue_updated", "issue": issue(), "user": {}}, ["10042"]),
        ({"webhookEvent": "jira:issue_deleted", "issue": issue()}, ["10042"]),
        (
            {
                "webhookEvent": "comment_created",
                "comment": comment("1", "x"),
                "issue": {"id": "10509", "self": "https://x/rest/api/2/10509", "key": "SUP-1"},
            },
            ["10509"],
        ),
        ({"webhookEvent": "worklog_created", "worklog": {"id": "5", "issueId": "10042"}}, ["10042"]),
        (
            {
                "webhookEvent": "issuelink_created",
                "issueLink": {"id": 1, "sourceIssueId": 10042, "destinationIssueId": 10043},
            },
            ["10042", "10043"],
        ),
        ({"webhookEvent": "attachment_created", "attachment": {"id": "7"}}, []),
        ({"webhookEvent": "project_deleted", "project": {"id": 7}}, []),
        ({}, []),
    ],
)
def test_events_name_their_issues(jira: Connector, payload: dict[str, Any], keys: list[str]) -> None:
    """Broken: an edit, a comment, booked work or a deletion is noticed at the next poll only."""
    assert hear(jira, payload) == keys


@pytest.mark.parametrize(
    ("event", "ours"),
    [
        ({"user": {"accountId": "us"}}, True),
        ({"user": {"accountId": "them"}}, False),
        ({"user": {"key": "us", "name": "hub"}}, True),
        ({"comment": {"author": {"accountId": "us"}, "updateAuthor": {"accountId": "us"}}}, True),
        ({"comment": {"author": {"accountId": "us"}, "updateAuthor": {"accountId": "them"}}}, False),
        ({"comment": {"author": {"accountId": "us"}}, "user": {"accountId": "them"}}, False),
        ({"user": "us", "comment": ["us"]}, False),
        ({}, False),
    ],
)
def test_an_event_tells_whether_we_did_it(event: dict[str, Any], ours: bool) -> None:
    """Broken: a person's change waits as the hub's own may, one to a comment of ours too."""
    body = json.dumps({**event, "issue": {"id": "1"}}).encode()
    (hint,) = webhook.hear("jira", NOW, signed(body), body, SECRET, "us")
    assert hint.ours == ours
    (hint,) = webhook.hear("jira", NOW, signed(body), body, SECRET)
    assert not hint.ours, "nobody knows who we are before it was asked for"


def test_a_hint_tells_when_and_no_version(jira: Connector) -> None:
    """Broken: a late delivery says that an issue has not changed since, and nobody looks."""
    body = json.dumps({"timestamp": 1606480436302, "issue": {"id": "1"}}).encode()
    [hint] = jira.hear(signed(body), body, SECRET)
    assert hint.version is None
    assert hint.changed == datetime(2020, 11, 27, 12, 33, 56, 302000, tzinfo=UTC)
    body = b'{"issue": {"id": "1"}}'
    assert jira.hear(signed(body), body, SECRET)[0].changed == NOW


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"[]", "body"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"issue": {"id": "../../secret"}}', "issue.id"),
        (b'{"issue": {"id": true}}', "issue.id"),
        (b'{"issue": {"id": "1\\n"}}', "issue.id"),
        (b'{"issue": [1]}', "issue"),
        (b'{"timestamp": 1e400}', "timestamp"),
        (b'{"timestamp": -5}', "timestamp"),
        (b'{"worklog": {"issueId": {}}}', "worklog.issueId"),
        (b" " * 10_000_001, "more than"),
    ],
)
def test_odd_bodies_are_refused_by_name(jira: Connector, body: bytes, field: str) -> None:
    """Broken: one malformed delivery takes the receiver down, or a forged id ends in an address."""
    with pytest.raises(Rejected) as refused:
        jira.hear(signed(body), body, SECRET)
    assert "webhook" in str(refused.value)
    assert field in str(refused.value)


_NAMES = st.sampled_from(["issue", "id", "worklog", "issueId", "issueLink", "timestamp", "sourceIssueId"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(payload=_JSON)
def test_only_our_errors_come_of_a_webhook(payload: object) -> None:
    """Broken: somebody who knows the secret, or a change of Jira's, crashes the receiver."""
    body = json.dumps(payload).encode()
    jira = connect(configured())
    with suppress(HubError):
        hints = jira.hear(signed(body), body, SECRET)
        assert all(hint.key.isdecimal() for hint in hints)


@given(signature=st.text(max_size=90), body=st.binary(max_size=30))
def test_no_other_signature_is_believed(signature: str, body: bytes) -> None:
    """Broken: an odd header ends in something else than a refusal."""
    with pytest.raises(BadSignature):
        connect(configured()).hear({"X-Hub-Signature": signature}, body, SECRET)


# --- installing


def test_a_hook_is_installed_once_and_repaired(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: every event comes twice, or a hook that somebody switched off stays dead unnoticed."""
    site = Installed(server)
    assert [step.manual for step in jira.plan_hook(HOOK)] == [False]
    assert not site.hooks
    assert jira.apply_hook(HOOK) == jira.apply_hook(HOOK) == jira.plan_hook(HOOK) == []
    [sent] = bodies(server, "POST", HOOKS)
    assert (sent["url"], sent["secret"], sent["excludeBody"]) == (HOOK.url, HOOK.secret, False)
    assert sent["filters"] == {"issue-related-events-section": 'project in ("SUP")'}
    assert {"jira:issue_deleted", "comment_updated", "worklog_created", "issuelink_created"} <= set(
        sent["events"]
    )
    for drift, step in (
        ({"enabled": False}, "switch on the calls"),
        ({"events": ["jira:issue_created"]}, "add the events"),
        ({"filters": {}}, "change the filter"),
        ({"excludeBody": True}, "switch on the bodies"),
        ({"isSigned": False}, "set the secret"),
        ({"url": "https://old.test/"}, "change the address"),
    ):
        site.hooks[0] |= drift
        [found] = jira.plan_hook(HOOK)
        assert step in found.what
        assert jira.apply_hook(HOOK) == jira.plan_hook(HOOK) == []
    assert len(site.hooks) == 1


def test_a_new_secret_is_noticed_and_none_is_told(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: after a change of the secret every webhook is refused; or a plan prints secrets."""
    site = Installed(server)
    jira.apply_hook(HOOK)
    other = Hook(HOOK.url, "another secret")
    [step] = jira.plan_hook(other)
    assert "set the secret" in step.what
    moved = jira.plan_hook(Hook("https://hub.test/hooks/jira/other-path", HOOK.secret))
    text = repr(jira.plan_hook(HOOK)) + repr(moved) + step.what + site.hooks[0]["description"]
    assert "s3cret" not in text
    assert "path" not in text


@pytest.mark.parametrize("refusal", [401, 403, 404])
def test_without_the_right_a_person_is_told_how(
    server: responses.RequestsMock, jira: Connector, refusal: int
) -> None:
    """Broken: an account without administration gets an error and not the way by hand (jira-api 9.1)."""
    server.get(HOOKS, status=refusal, json={"message": "Admins only."})
    for steps in (jira.plan_hook(HOOK), jira.apply_hook(HOOK)):
        [step] = steps
        assert step.manual
        for part in ("Settings > System > WebHooks", "Secret", 'project in ("SUP")', "comment_created"):
            assert part in step.what
        assert "s3cret" not in step.what


def test_a_site_that_is_down_is_no_manual_step(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: while Jira is down people are told to click around in it."""
    server.get(HOOKS, status=503, body="")
    with pytest.raises(Transient):
        jira.plan_hook(HOOK)


def test_a_jira_that_signs_nothing_is_told(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: an old Data Center calls for ever, and every call raises an alarm."""
    Installed(server, signs=False)
    [step] = jira.apply_hook(HOOK)
    assert step.manual
    assert "signs no webhooks" in step.what


def test_an_odd_list_of_hooks_is_refused(server: responses.RequestsMock, jira: Connector) -> None:
    """Broken: the id out of a hostile address becomes a path of ours."""
    kept = {
        "self": "https://x/rest/webhooks/1.0/webhook/..%2f",
        "url": HOOK.url,
        "name": "deskbridge acme_jira",
    }
    server.get(HOOKS, json=[kept])
    [step] = jira.apply_hook(HOOK)
    assert "has no id" in step.what
    assert not bodies(server, "PUT", HOOKS)
