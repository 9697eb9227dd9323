"""The action "trigger webhook": its text from placeholders, its delivery with limits (reference 6.16)."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode
from xml.sax.saxutils import escape

from deskbridge.sandbox.freshdesk import fields, mails
from deskbridge.sandbox.freshdesk.events import Event
from deskbridge.sandbox.freshdesk.persons import User
from deskbridge.sandbox.freshdesk.records import Conversation, Ticket
from deskbridge.sandbox.freshdesk.setup import AutomationRule
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.freshdesk.text import plain
from deskbridge.sandbox.hooks import Attempt, Delivery

RETRIES = (300, 1800, 3600)
_LONGEST_WAIT = 24
"""Hours: what would have to wait longer for a free hour is dropped."""
_PLACEHOLDER = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")
_TYPES = {
    "JSON": "application/json",
    "XML": "application/xml",
    "X-FORM-URLENCODED": "application/x-www-form-urlencoded",
}


def send(
    account: Account, ticket: Ticket, rule: AutomationRule, action: Mapping[str, Any], event: Event
) -> None:
    """Have the webhook of a rule's action delivered, in this hour or a later one."""
    wait = _wait(account)
    if wait is None:
        mails.to_admins(account, f"A webhook of the rule {rule.name} was dropped", "webhook dropped")
        return
    kind = str(action["content_type"]).upper()
    values = _Values(account, ticket, event)
    account.world.hooks.send(
        Delivery(
            "freshdesk",
            _filled(action["url"], values, lambda text: quote(text, safe="")),
            _body(account, action, kind, values).encode(),
            _headers(action, kind),
            hook=f"rule {rule.id}",
            method=str(action["request_type"]).upper(),
            delay=wait,
            retries=RETRIES,
            told=lambda attempt: _told(account, rule, attempt),
            wanted=lambda: rule.id in account.rules,
        )
    )


def _wait(account: Account) -> float | None:
    """Return the seconds until an hour with room begins; None when none does within a day."""
    now = account.now()
    first = int(now.timestamp() // 3600)
    for hour in range(first, first + _LONGEST_WAIT + 1):
        if account.hook_hours.get(hour, 0) < account.switches.webhooks_per_hour:
            account.hook_hours[hour] = account.hook_hours.get(hour, 0) + 1
            return max(0.0, hour * 3600 - now.timestamp())
    return None


def _told(account: Account, rule: AutomationRule, attempt: Attempt) -> None:
    if attempt.outcome == "gave up":
        mails.to_admins(account, f"The webhook of the rule {rule.name} keeps failing", "webhook failed")


def _headers(action: Mapping[str, Any], kind: str) -> dict[str, str]:
    """Return the headers: a login if one is set, none that would prove who sent it (6.16)."""
    headers = {"Content-Type": _TYPES[kind], "Accept": "*/*", "User-Agent": "Freshdesk"}
    login = action.get("auth_header") or {}
    pair = (login.get("username", ""), login.get("password", ""))
    if action.get("api_key"):
        pair = (action["api_key"], "X")
    if any(pair):
        headers["Authorization"] = "Basic " + base64.b64encode(":".join(pair).encode()).decode()
    return headers | {str(name): str(value) for name, value in (action.get("custom_headers") or {}).items()}


def _body(account: Account, action: Mapping[str, Any], kind: str, values: _Values) -> str:
    if action["request_type"].upper() == "GET":
        return ""
    content, simple = action["content"], str(action["content_layout"]) == "1"
    if simple:
        return _encoded({"freshdesk_webhook": _simple(content, values)}, kind)
    if kind == "JSON" and account.switches.webhook_escapes:
        text = content if isinstance(content, str) else json.dumps(content)
        return _filled(text, values, lambda value: json.dumps(value)[1:-1])
    if isinstance(content, str):
        return _filled(content, values, str)
    if kind == "JSON":
        # Text put into text: a quote in a subject breaks the JSON, as it does there.
        return _filled(json.dumps(content), values, str)
    return _encoded({name: _filled(str(value), values, str) for name, value in content.items()}, kind)


def _simple(content: Any, values: _Values) -> dict[str, str]:
    """Return the ticked values; their names are the placeholders' with underscores for dots."""
    text = json.dumps(content)
    return {name.replace(".", "_"): values[name] for name in dict.fromkeys(_PLACEHOLDER.findall(text))}


def _encoded(content: Mapping[str, Any], kind: str) -> str:
    if kind == "JSON":
        return json.dumps(content)
    flat = content.get("freshdesk_webhook", content)
    if kind == "XML":
        parts = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in flat.items())
        return f'<?xml version="1.0" encoding="UTF-8"?><freshdesk-webhook>{parts}</freshdesk-webhook>'
    return urlencode(flat)


def _filled(text: str, values: _Values, written: Callable[[str], str]) -> str:
    return _PLACEHOLDER.sub(lambda match: written(values[match[1]]), text)


class _Values:
    """What stands for which placeholder: labels instead of ids; an unknown one is empty."""

    def __init__(self, account: Account, ticket: Ticket, event: Event) -> None:
        self._account, self._ticket, self._event = account, ticket, event

    def __getitem__(self, name: str) -> str:
        if name == "triggered_event":
            return self._event.text()
        if name == "helpdesk_name":
            return "Harbour Support"
        subject, _, rest = name.partition(".")
        if subject != "ticket":
            return ""
        value = self._of_ticket(rest)
        return "" if value is None else str(value)

    def _of_ticket(self, name: str) -> Any:
        ticket, account = self._ticket, self._account
        who, _, part = name.partition(".")
        if name.startswith("cf_"):
            return ticket.custom_fields.get(name)
        if who in ("agent", "requester", "contact"):
            return self._person(who, part)
        if name in _COMMENTS:
            return self._latest(**_COMMENTS[name])
        if part == "name" and who in ("group", "company"):
            rows = account.groups if who == "group" else account.companies
            return getattr(rows.get(getattr(ticket, f"{who}_id") or 0), "name", None)
        return _OWN[name](account, ticket) if name in _OWN else None

    def _person(self, who: str, part: str) -> Any:
        number = self._ticket.responder_id if who == "agent" else self._ticket.requester_id
        user = self._account.users.get(number or 0)
        return getattr(user, part, None) if part in _OF_PEOPLE else None

    def _latest(self, *, private: bool, html: bool) -> str:
        """Return the last message of a kind, its author's name in front (6.16)."""
        for message in reversed(self._ticket.conversations):
            if message.private == private:
                return _prefixed(self._account.users.get(message.user_id), message, html=html)
        return ""


_OF_PEOPLE = ("name", "email", "phone", "mobile", "unique_external_id")
_COMMENTS = {
    "latest_public_comment": {"private": False, "html": False},
    "latest_public_comment_html": {"private": False, "html": True},
    "latest_private_comment": {"private": True, "html": False},
}


def _url(account: Account, ticket: Ticket) -> str:
    return f"{account.base_url}/a/tickets/{ticket.id}"


_OWN: dict[str, Callable[[Account, Ticket], Any]] = {
    "id": lambda account, ticket: ticket.id,
    "url": _url,
    "public_url": _url,
    "portal_url": _url,
    "portal_name": lambda account, ticket: "Harbour Support",
    "subject": lambda account, ticket: ticket.subject,
    "description": lambda account, ticket: ticket.description,
    "description_text": lambda account, ticket: plain(ticket.description),
    "status": lambda account, ticket: account.statuses[ticket.status].label,
    "priority": lambda account, ticket: fields.PRIORITIES[ticket.priority],
    "ticket_type": lambda account, ticket: ticket.type,
    "source": lambda account, ticket: fields.SOURCES.get(ticket.source),
    "tags": lambda account, ticket: ", ".join(ticket.tags),
    "due_by_time": lambda account, ticket: (
        ticket.due.due_by and ticket.due.due_by.strftime("%a, %d %b %Y at %I:%M %p")
    ),
}


def _prefixed(author: User | None, message: Conversation, *, html: bool) -> str:
    name = author.name if author else ""
    return f"{name} : {message.body if html else plain(message.body)}"
