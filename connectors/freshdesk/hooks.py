"""Webhooks as automation rules: planned, made, checked (freshdesk-api 6.15, 6.16).

Freshdesk has no webhooks to subscribe to; an automation rule can have the action of calling one. Each
type of rule gets one rule of ours, known by its name, because it is open whether a second one would run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from connectors.base import ConnectionConfig, Hook
from connectors.errors import Rejected
from connectors.freshdesk import answers, wire
from connectors.freshdesk.webhook import HEADER
from connectors.http import Http
from mappings.boards import Step

_TYPES: Mapping[int, str] = {1: "new tickets", 4: "ticket updates"}
"""The types of rules that see tickets change."""
_ANY = "--"
_EVENTS: tuple[Mapping[str, str], ...] = (
    {"field_name": "status", "from": _ANY, "to": _ANY},
    {"field_name": "priority", "from": _ANY, "to": _ANY},
    {"field_name": "note_type", "value": "public"},
    {"field_name": "note_type", "value": "private"},
    {"field_name": "reply_sent"},
)
"""The updates that rules are known to see; the rest is found by asking."""
_CONTENT = {"ticket_id": "{{ticket.id}}"}
"""What is sent: no words of anybody's, so that it is always JSON."""
_ACTION = "trigger_webhook"


@dataclass(frozen=True, slots=True)
class Hooks:
    """The rules of one account that call the hub."""

    config: ConnectionConfig
    http: Http

    def plan(self, hook: Hook) -> list[Step]:
        """Return what would make Freshdesk call; one manual step for each rule if the key is no admin's."""
        try:
            return [step for type in _TYPES for step in self._steps(type, hook)]
        except Rejected as error:
            if not error.text.startswith("403"):
                raise
            return [self._by_hand(type, hook) for type in _TYPES]

    def apply(self, hook: Hook) -> list[Step]:
        """Make or correct our rules; return what a person must still do."""
        try:
            for type in _TYPES:
                self._make(type, hook)
        except Rejected as error:
            if not error.text.startswith("403"):
                raise
        return [step for step in self.plan(hook) if step.manual]

    def _steps(self, type: int, hook: Hook) -> list[Step]:
        ours = self._ours(type)
        if not ours:
            return [Step(f"make the automation rule {self._name(type)!r}")]
        rule = f"automation rule {self._name(type)!r}"
        steps = [Step(f"correct the {part} of the {rule}") for part in self._drift(type, ours[0], hook)]
        twice = [Step(f"delete the second {rule}", manual=True)] if len(ours) > 1 else []
        return steps + twice

    def _make(self, type: int, hook: Hook) -> None:
        ours, path = self._ours(type), f"automations/{type}/rules"
        if not ours:
            self.http.call("POST", path, json=self._rule(type, hook), idempotent=False)
        elif self._drift(type, ours[0], hook):
            rule = self._rule(type, hook)
            self.http.call("PUT", f"{path}/{ours[0].id}", json=rule, idempotent=True)

    def _ours(self, type: int) -> list[wire.Rule]:
        """Return our rules of a type, by name, on all pages."""
        path, found = f"automations/{type}/rules", list[wire.Rule]()
        turning = self.http.turning(f"GET {path}", "page")
        for number in count(1):
            asked = {"page": number} if number > 1 else None
            response = self.http.call("GET", path, params=asked, idempotent=True)
            rules = answers.read(self.http, response, wire.Rules).rules
            found += [rule for rule in rules if rule.name == self._name(type)]
            if not rules or "next" not in response.links:
                break
            turning.page(tuple(rule.id for rule in rules))
        return found

    def _name(self, type: int) -> str:
        return f"Deskbridge {self.config.name}: {_TYPES[type]}"

    def _rule(self, type: int, hook: Hook) -> dict[str, Any]:
        """Return a rule whole: one that lacks a part of its action is answered with a 500 (6.15)."""
        rule: dict[str, Any] = {
            "name": self._name(type),
            "active": True,
            "conditions": [],
            "actions": [
                {
                    "field_name": _ACTION,
                    "request_type": "POST",
                    "url": hook.url,
                    "content_type": "JSON",
                    "content_layout": "2",
                    "content": _CONTENT,
                    "custom_headers": {HEADER: hook.secret},
                }
            ],
        }
        return rule | ({"performer": {"type": 3}, "events": list(_EVENTS)} if type == 4 else {})

    def _drift(self, type: int, rule: wire.Rule, hook: Hook) -> list[str]:
        """Return which parts of a rule are not as we made it; parts that are shown masked are believed."""
        action = next((a for a in _dicts(rule.actions) if a.get("field_name") == _ACTION), {})
        headers = action.get("custom_headers")
        shown = headers.get(HEADER) if isinstance(headers, dict) else None
        lacking = [event for event in _EVENTS if type == 4 and not _has(rule.events, event)]
        wrong = {
            "switch (it is off)": rule.active is not True,
            "events": bool(lacking),
            "conditions (it has some)": _narrowed(rule.conditions),
            "address": action.get("url") != hook.url or action.get("request_type") != "POST",
            "content": _content(action.get("content")) != _CONTENT,
            f"header {HEADER}": isinstance(shown, str) and set(shown) != {"*"} and shown != hook.secret,
        }
        return [part for part, is_wrong in wrong.items() if is_wrong]

    def _by_hand(self, type: int, hook: Hook) -> Step:
        """Return what an admin must do; the address and the secret are named, not shown."""
        seen = "status or priority is changed, a note is added or a reply is sent, by agent or requester"
        events = f" When {seen}." if type == 4 else ""
        text = (
            f"as an admin, under Admin > Workflows > Automations > {_TYPES[type]}, make a rule"
            f" {self._name(type)!r} without conditions.{events} Action: trigger webhook, POST, to the hub's"
            f" webhook address for this connection (on {urlsplit(hook.url).netloc}), custom header {HEADER}"
            f" with this connection's webhook secret, encoding JSON, content advanced: {json.dumps(_CONTENT)}"
        )
        return Step(text, manual=True)


def _dicts(value: object) -> list[dict[str, Any]]:
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def _has(events: object, ours: Mapping[str, str]) -> bool:
    """Whether an event of ours is among a rule's; further keys of theirs mean nothing to us."""
    return any(all(event.get(key) == word for key, word in ours.items()) for event in _dicts(events))


def _content(said: object) -> object:
    """Return what is sent, given as an object or as its text."""
    if not isinstance(said, str):
        return said
    try:
        return json.loads(said)
    except (ValueError, RecursionError):
        return None


def _narrowed(conditions: object) -> bool:
    """Whether a rule is for some tickets only; without conditions it reads back with one empty set (6.15)."""
    return any(part.get("properties") for part in _dicts(conditions))
