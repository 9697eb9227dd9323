"""Administrators' webhooks, and the dynamic ones that API tokens may not have (reference, 9.1)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from starlette.responses import Response

from deskbridge.sandbox.jira import errors, jql_match
from deskbridge.sandbox.jira.api_worklogs import millis
from deskbridge.sandbox.jira.events import EVENTS
from deskbridge.sandbox.jira.jql_parse import JqlSyntax
from deskbridge.sandbox.jira.model import Json
from deskbridge.sandbox.jira.permissions import administer
from deskbridge.sandbox.jira.records import Hook
from deskbridge.sandbox.jira.wire import Call, Rule, optional
from deskbridge.sandbox.kernel import reply

SECTION = "issue-related-events-section"


def _shown(call: Call, hook: Hook) -> Json:
    who = call.site.users[hook.by]
    return {
        "name": hook.name,
        "description": hook.description,
        "url": hook.url,
        "excludeBody": hook.exclude_body,
        "filters": {SECTION: hook.jql},
        "events": hook.events,
        "enabled": hook.enabled,
        # The secret itself is never told again.
        **({"isSigned": bool(hook.secret)} if _modern(call) else {}),
        "self": f"{call.base}/rest/webhooks/1.0/webhook/{hook.id}",
        "lastUpdatedUser": who.account_id if call.site.cloud else who.key,
        "lastUpdatedDisplayName": who.name,
        "lastUpdated": millis(hook.updated),
    }


def _modern(call: Call) -> bool:
    return call.site.cloud or call.site.switches.dc_webhook_identity


def listed(call: Call) -> Response:
    """Return all webhooks."""
    administer(call.user)
    return reply([_shown(call, hook) for hook in call.site.hooks.values()])


def _hook(call: Call) -> Hook:
    administer(call.user)
    found = call.site.hooks.get(call.id())
    if found is None:
        raise errors.refusal(404, f"No webhook with id {call.path('id')} exists.")
    return found


def get(call: Call) -> Response:
    """Return one webhook."""
    return reply(_shown(call, _hook(call)))


def create(call: Call) -> Response:
    """Register a webhook."""
    administer(call.user)
    hook = Hook(0, "", "", [], "", call.user.account_id, call.site.now())
    _take(call, hook, call.object())
    hook.id = call.site.next_id("hook", 1)
    call.site.hooks[hook.id] = hook
    return reply(_shown(call, hook), 201)


def put(call: Call) -> Response:
    """Change what a body names of a webhook."""
    hook = _hook(call)
    _take(call, hook, call.object())
    return reply(_shown(call, hook))


def delete(call: Call) -> Response:
    """Remove a webhook; what waits for it is never sent."""
    del call.site.hooks[_hook(call).id]
    return reply(status=204)


def _take(call: Call, hook: Hook, body: Json) -> None:
    """Take over what a body says, or refuse all of it."""
    name, url = optional(body, "name", str, hook.name), optional(body, "url", str, hook.url)
    events: list[Any] = optional(body, "events", list, hook.events)
    jql = _jql(optional(body, "filters", dict, {SECTION: hook.jql}))
    wrong = [text for text in (_wrong_name(name), _wrong_url(url), _wrong_events(events)) if text]
    if wrong:
        raise errors.refusal(400, *wrong)
    _check_jql(call, jql)
    flags = {"enabled": hook.enabled, "exclude_body": hook.exclude_body}
    hook.enabled = optional(body, "enabled", bool, flags["enabled"])
    hook.exclude_body = optional(body, "excludeBody", bool, flags["exclude_body"])
    hook.description = optional(body, "description", str, hook.description)
    hook.secret = optional(body, "secret", str, hook.secret)
    hook.name, hook.url, hook.events, hook.jql = name, url, [str(one) for one in events], jql
    hook.by, hook.updated = call.user.account_id, call.site.now()


def _jql(filters: Json) -> str:
    value = filters.get(SECTION) or ""
    if not isinstance(value, str):
        raise errors.invalid_payload()
    return value


def _wrong_name(name: str) -> str:
    return "" if name.strip() else "The name must not be empty."


def _wrong_url(url: str) -> str:
    parts = urlsplit(url)
    good = parts.scheme in ("http", "https") and parts.hostname
    return "" if good else f"The URL '{url}' is not valid."


def _wrong_events(events: list[Any]) -> str:
    unknown = [str(one) for one in events if not isinstance(one, str) or one not in EVENTS]
    return f"Unknown webhook events: {', '.join(unknown)}" if unknown else ""


def _check_jql(call: Call, jql: str) -> None:
    if not jql.strip():
        return
    try:
        found = jql_match.prepare(call.site, call.caller, jql)
    except JqlSyntax as error:
        raise errors.refusal(400, str(error)) from error
    if found.errors:
        raise errors.refusal(400, *found.errors)


def dynamic(call: Call) -> Response:
    """Refuse: dynamic webhooks are for Connect and OAuth apps only."""
    raise errors.forbidden("Only Connect and OAuth 2.0 apps can use this operation.")


_H, _D = "/rest/webhooks/1.0/webhook", "/rest/api/{v}/webhook"
RULES = [
    Rule("GET", _H, listed, sign_in=True),
    Rule("POST", _H, create, sign_in=True),
    Rule("GET", _H + "/{id}", get, sign_in=True),
    Rule("PUT", _H + "/{id}", put, sign_in=True),
    Rule("DELETE", _H + "/{id}", delete, sign_in=True, bare=True),
    *(
        Rule(method, path, dynamic, sign_in=True, bare=True, on="cloud")
        for method, path in (
            ("GET", _D),
            ("POST", _D),
            ("DELETE", _D),
            ("PUT", _D + "/refresh"),
            ("GET", _D + "/failed"),
        )
    ),
]
