"""The webhook by which Jira calls the hub: one an administrator makes, for our projects (jira-api 9.1)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from typing import Any

from pydantic import RootModel

from connectors.base import Hook
from connectors.errors import Gone, Rejected, Unauthorised, WireError
from connectors.jira import service_wire
from connectors.jira.client import Client
from connectors.jira.search import quoted
from mappings.boards import Step

_PATH = "webhooks/1.0/webhook"
_SECTION = "issue-related-events-section"
_EVENTS = (
    "jira:issue_created",
    "jira:issue_updated",
    "jira:issue_deleted",
    "comment_created",
    "comment_updated",
    "comment_deleted",
    "worklog_created",
    "worklog_updated",
    "worklog_deleted",
    "issuelink_created",
    "issuelink_deleted",
)
"""What names an issue; files show as `jira:issue_updated` (jira-api 9.4)."""


class _Hooks(RootModel[list[service_wire.Hooked]]):
    """The webhooks of the site."""


class Hooks:
    """Plans and makes the webhook of one connection."""

    def __init__(self, client: Client, name: str, projects: tuple[str, ...]) -> None:
        self._client, self._name, self._projects = client, f"deskbridge {name}", projects

    def plan(self, hook: Hook) -> list[Step]:
        """Return what would make Jira call the hub; for an account without the right, the way by hand."""
        try:
            kept = self._kept(hook)
        except WireError as error:
            return [self._by_hand(error)]
        if kept is None:
            return [Step(f"register webhook {self._name!r} for projects {', '.join(self._projects)}")]
        return [Step(f"{what} of webhook {kept.name!r}") for what in self._drift(kept, hook)]

    def apply(self, hook: Hook) -> list[Step]:
        """Register or repair the webhook, and return what a person must still do."""
        try:
            kept = self._kept(hook)
            if kept is not None and not list(self._drift(kept, hook)):
                return []
            self._write(kept, hook)
            kept = self._kept(hook)
        except WireError as error:
            return [self._by_hand(error)]
        if kept is not None and kept.signed is False:
            text = "this Jira signs no webhooks (before Data Center 10), and the hub believes no other:"
            return [Step(f"{text} remove webhook {self._name!r}; changes are found by polling", manual=True)]
        return []

    def _kept(self, hook: Hook) -> service_wire.Hooked | None:
        """Return our webhook: the one with this address, else the one with our name."""
        found = self._client.get(_Hooks, _PATH).root
        ours = [one for one in found if one.url == hook.url] or [f for f in found if f.name == self._name]
        return ours[0] if ours else None

    def _drift(self, kept: service_wire.Hooked, hook: Hook) -> Iterator[str]:
        """Yield what is wrong with the webhook there is; its secret address is never told."""
        wanted = self._body(hook)
        if kept.url != hook.url:
            yield "change the address"
        if not kept.enabled:
            yield "switch on the calls"
        if lacking := sorted(set(_EVENTS) - set(kept.events)):
            yield f"add the events {', '.join(lacking)}"
        if (kept.filters or {}).get(_SECTION) != wanted["filters"][_SECTION]:
            yield "change the filter"
        if kept.bodiless:
            yield "switch on the bodies"
        if kept.signed is False or kept.description != wanted["description"]:
            yield "set the secret"

    def _write(self, kept: service_wire.Hooked | None, hook: Hook) -> None:
        body = self._body(hook)
        if kept is None:
            self._client.http.call("POST", _PATH, idempotent=False, json=body)
            return
        id = kept.self.rstrip("/").rpartition("/")[2]  # an address that is never followed
        if not (id.isascii() and id.isalnum()):
            raise Rejected(self._client.http.connection, f"PUT {_PATH}", "the webhook has no id")
        self._client.http.call("PUT", f"{_PATH}/{id}", idempotent=True, json=body)

    def _body(self, hook: Hook) -> dict[str, Any]:
        # Jira never tells a secret again: the description says which one it is, and nothing about it.
        digest = hmac.new(hook.secret.encode(), b"deskbridge webhook", hashlib.sha256).hexdigest()
        return {
            "name": self._name,
            "url": hook.url,
            "description": f"calls the deskbridge hub (secret {digest[:8]})",
            "events": list(_EVENTS),
            "filters": {_SECTION: f"project in ({', '.join(map(quoted, self._projects))})"},
            "excludeBody": False,
            "enabled": True,
            "secret": hook.secret,
        }

    def _by_hand(self, error: WireError) -> Step:
        """Return the way by hand, where the account may not; raises what has nothing to do with that."""
        elsewhere = error.text.startswith("404")  # newer Data Centers have the call at another address
        if not (elsewhere or isinstance(error, (Unauthorised, Rejected, Gone))):
            raise error
        jql = self._body(Hook("", ""))["filters"][_SECTION]
        return Step(
            f"the account may not manage webhooks ({error.text}). As a Jira administrator open Settings > "
            f"System > WebHooks and create {self._name!r}: the hub's address of this connection as URL, its "
            f"webhook secret as Secret, {jql} as JQL, the events {', '.join(_EVENTS)}, bodies not excluded",
            manual=True,
        )
