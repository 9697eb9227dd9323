"""Webhooks: which hook hears of what, how it is called, and when it is not called any more (8.2)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from deskbridge.sandbox.gitlab import payloads
from deskbridge.sandbox.gitlab.payloads import Shape
from deskbridge.sandbox.gitlab.places import Milestone, Owner, Project, Token, User
from deskbridge.sandbox.gitlab.records import Award, Hook, Issue, Note, Sent
from deskbridge.sandbox.gitlab.site import Site
from deskbridge.sandbox.hooks import Attempt, Delivery

EVENTS = (
    *("push_events", "tag_push_events", "merge_requests_events", "repository_update_events"),
    *("issues_events", "confidential_issues_events", "note_events", "confidential_note_events"),
    *("pipeline_events", "wiki_page_events", "deployment_events", "feature_flag_events", "job_events"),
    *("releases_events", "milestone_events", "emoji_events", "resource_access_token_events"),
    *("resource_deploy_token_events", "vulnerability_events"),
)
"""The switches of a project's hook. All are off at first but `push_events` (8.1)."""
_GRACE = 3
_LAST = 39
"""Failures without consequence, and those after which nobody tries any more."""
_LONGEST = timedelta(days=1)
_LARGEST = 25 * 1024 * 1024
_LOGGED = 500
_CHAINS = 10_000
_LOG_KEPT = timedelta(days=7)


def listening(site: Site, owner: Owner, event: str) -> list[Hook]:
    """Return the hooks that want an event: the project's own, and on paid tiers its group's."""
    if not site.hooks:
        return []
    owners = (owner, owner.group) if isinstance(owner, Project) and site.premium else (owner,)
    return [hook for hook in site.hooks.values() if hook.owner in owners and hook.events.get(event)]


@dataclass(slots=True)
class Watch:
    """An issue about to change: tells the hooks what was different each time it is asked to."""

    site: Site
    issue: Issue
    before: Shape | None

    def tell(self, actor: User, action: str) -> None:
        """Send what changed since the last time."""
        if self.before is not None:
            after = payloads.facts(self.site, self.issue)
            issue(self.site, actor, self.issue, action, payloads.changed(self.before, after))
            self.before = after


def watch(site: Site, one: Issue) -> Watch:
    """Remember how an issue is, if any hook could want to know."""
    return Watch(site, one, payloads.facts(site, one) if site.hooks else None)


def issue(site: Site, actor: User, one: Issue, action: str, changes: Shape | None = None) -> None:
    """Tell of an issue: to other switches when it is confidential (8.1)."""
    event = "confidential_issues_events" if one.confidential else "issues_events"
    name = "Confidential Issue Hook" if one.confidential else "Issue Hook"
    if hooks := listening(site, one.project, event):
        data = payloads.issue(site, actor, one, action, changes or {})
        name = "Work Item Hook" if data["object_kind"] == "work_item" else name
        _fire(site, hooks, event, name, data)


def opened(site: Site, one: Issue, actor: User | None = None) -> None:
    """Tell of a new issue: its fields came from nothing."""
    after: Shape = {"author_id": one.author.id, "created_at": payloads.instant(site, one.created_at)}
    after |= {"id": one.id, "iid": one.iid, "project_id": one.project.id, "title": one.title}
    issue(site, actor or one.author, one, "open", payloads.changed({}, after))


def note(site: Site, one: Note, action: str) -> None:
    """Tell of a note, as confidential if it is internal or its issue is confidential (8.4)."""
    if one.system or (action == "update" and site.switches.release < (16, 11)):
        return
    event = "confidential_note_events" if one.internal or one.issue.confidential else "note_events"
    name = "Confidential Note Hook" if event.startswith("confidential") else "Note Hook"
    if hooks := listening(site, one.issue.project, event):
        _fire(site, hooks, event, name, payloads.note(site, one, action))


def emoji(site: Site, row: Award, thing: Issue | Note, action: str) -> None:
    """Tell of an emoji given or taken back."""
    place = thing.issue.project if isinstance(thing, Note) else thing.project
    if hooks := listening(site, place, "emoji_events"):
        _fire(site, hooks, "emoji_events", "Emoji Hook", payloads.emoji(site, row, thing, action))


def milestone(site: Site, one: Milestone, action: str) -> None:
    """Tell of a project's milestone."""
    place = one.owner
    if isinstance(place, Project) and (hooks := listening(site, place, "milestone_events")):
        _fire(site, hooks, "milestone_events", "Milestone Hook", payloads.milestone(site, one, place, action))


def token(site: Site, one: Token) -> None:
    """Warn of an access token that expires within a week."""
    event = "resource_access_token_events"
    if one.owner and (hooks := listening(site, one.owner, event)):
        _fire(site, hooks, event, "Resource Access Token Hook", payloads.token(site, one, one.owner))


def _fire(site: Site, hooks: list[Hook], event: str, name: str, data: Shape) -> None:
    chain = site.chain or _uuid(site)
    passed = site.chains.setdefault(chain, set())
    if len(site.chains) > _CHAINS:
        del site.chains[next(iter(site.chains))]
    for hook in hooks:
        # A hook never sees a consequence of its own call (8.2, recursion).
        blocked = site.chain is not None and hook.id in passed
        if executable(site, hook) and not blocked and _within(site, hook):
            passed.add(hook.id)
            site.world.hooks.send(delivery(site, hook, event, name, data, chain=chain))


def _within(site: Site, hook: Hook) -> bool:
    """Whether the top-level group may send one more this minute; what is above is dropped, not kept."""
    limit = site.switches.hooks_per_minute
    if not limit or not site.world.limits:
        return True
    group = hook.owner.group if isinstance(hook.owner, Project) else hook.owner
    window = f"hooks of {group.id} at {site.now():%Y-%m-%d %H:%M}"
    site.last[window] = site.last.get(window, 0) + 1
    return site.last[window] <= limit


def _uuid(site: Site) -> str:
    return str(uuid.UUID(int=site.world.rng.getrandbits(128), version=4))


def new_uuid(site: Site) -> str:
    """Return a UUID drawn from the world's chance."""
    return _uuid(site)


def delivery(
    site: Site, hook: Hook, event: str, name: str, data: Shape, *, chain: str = "", key: str = ""
) -> Delivery:
    """Return the call of a hook. A resent one has the `key` of the first."""
    key = key or _uuid(site)
    filled = _filled(hook, data)
    body = json.dumps(filled, ensure_ascii=False, separators=(",", ":")).encode()
    headers = _headers(site, hook, name, key, chain or _uuid(site))

    def told(attempt: Attempt) -> None:
        _log(site, hook, event, name, filled, attempt)

    return Delivery(
        "gitlab",
        target(hook),
        body,
        headers,
        hook=f"{hook.owner.full_path} {hook.id}",
        sign=lambda raw, number: _signature(site, hook, key, raw),
        told=told,
        wanted=lambda: hook.id in site.hooks and len(body) <= _LARGEST,
        verify=hook.verify,
    )


def target(hook: Hook) -> str:
    """Return the address to call, with the values of its variables."""
    return re.sub(r"\{(\w+)\}", lambda match: hook.variables.get(match[1], match[0]), hook.url)


def _headers(site: Site, hook: Hook, name: str, key: str, chain: str) -> dict[str, str]:
    headers = hook.headers | {
        "Content-Type": "application/json",
        "User-Agent": f"GitLab/{site.switches.version}",
        "X-Gitlab-Event": name,
        "X-Gitlab-Instance": site.base_url,
        "X-Gitlab-Webhook-UUID": hook.uuid,
        "X-Gitlab-Event-UUID": chain,
    }
    if site.switches.release >= (17, 4):
        headers["Idempotency-Key"] = key
    return headers | ({"X-Gitlab-Token": hook.token} if hook.token else {})


def _signature(site: Site, hook: Hook, key: str, raw: bytes) -> dict[str, str]:
    """Return the headers of Standard Webhooks: the MAC is over id, time and the raw body (8.2)."""
    if site.switches.release < (19, 0) or not hook.signing_token:
        return {}
    stamp = str(int(site.now().timestamp()))
    secret = signing_secret(hook.signing_token, plain=site.switches.signing_key == "plain")
    mac = hmac.digest(secret, f"{key}.{stamp}.".encode() + raw, hashlib.sha256)
    signed = f"v1,{base64.b64encode(mac).decode()}"
    return {"webhook-id": key, "webhook-timestamp": stamp, site.switches.signature_header: signed}


def signing_secret(token: str, *, plain: bool) -> bytes:
    """Return the key of a signing token: base64 behind ``whsec_``, or the token as it stands."""
    if plain or not token.startswith("whsec_"):
        return token.encode()
    try:
        return base64.b64decode(token.removeprefix("whsec_"), validate=True)
    except ValueError:
        return token.encode()


def _filled(hook: Hook, data: Shape) -> Any:
    """Return the body by the hook's own template; one that makes no JSON is sent as nothing."""
    if not hook.template:
        return data
    text = re.sub(r"\{\{(.+?)\}\}", lambda match: _dug(data, match[1]), hook.template)
    try:
        return json.loads(text)
    except ValueError:
        return {}


def _dug(data: Any, path: str) -> str:
    for name in path.split("."):
        data = data.get(name) if isinstance(data, dict) else None
    text = json.dumps(data, ensure_ascii=False)
    return text[1:-1] if isinstance(data, str) else text


def _log(site: Site, hook: Hook, event: str, name: str, data: Shape, attempt: Attempt) -> None:
    headers = {
        k: "[REDACTED]" if k == "X-Gitlab-Token" or k in hook.headers else v for k, v in _kept(attempt)
    }
    row = Sent(
        site.next("sent"), event, name, hook.url, headers, data, attempt.at, attempt.status, attempt.seconds
    )
    row.error = attempt.error
    hook.log = [*hook.log[-_LOGGED:], row]
    judge(site, hook, attempt.status, attempt.at)


def _kept(attempt: Attempt) -> list[tuple[str, str]]:
    return [(name, value) for name, value in attempt.headers.items() if not name.startswith("webhook-")]


def log(site: Site, hook: Hook) -> list[Sent]:
    """Return the deliveries of the last days, newest first."""
    since = site.now() - _LOG_KEPT
    return [row for row in reversed(hook.log) if row.at >= since]


def executable(site: Site, hook: Hook) -> bool:
    """Whether a hook is called."""
    return alert(site, hook) == "executable"


def alert(site: Site, hook: Hook) -> str:
    """Return how a hook is doing, in the API's word."""
    if not site.switches.auto_disable:
        return "executable"
    if hook.dead:
        return "disabled"
    waits = hook.disabled_until is not None and hook.disabled_until >= site.now()
    return "temporarily_disabled" if waits else "executable"


def judge(site: Site, hook: Hook, status: int, at: datetime) -> None:
    """Count an answer: four failures in a row disable a hook for a minute, then for longer each time."""
    if 200 <= status < 400:
        hook.failures, hook.disabled_until, hook.dead = 0, None, False
        return
    if not site.switches.auto_disable:
        return
    hook.failures += 1
    if hook.failures <= _GRACE:
        return
    fatal = 400 <= status < 500 and site.switches.disables_on_4xx
    if fatal or hook.failures > _LAST:
        hook.dead, hook.disabled_until = True, None
    else:
        wait = timedelta(minutes=2.0 ** (hook.failures - _GRACE - 1))
        hook.disabled_until = at + min(wait, _LONGEST)
